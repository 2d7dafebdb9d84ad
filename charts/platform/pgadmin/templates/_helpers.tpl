{{/* The Secrets, which the Deployment names and the ExternalSecrets make. */}}
{{- define "pgadmin.oauthSecret" -}}
{{- required (include "common.ask" (list . "oauth.existingSecret" "the Secret with the OIDC client")) .Values.oauth.existingSecret -}}
{{- end -}}

{{- define "pgadmin.bootstrapSecret" -}}
{{- required (include "common.ask" (list . "bootstrap.existingSecret" "the Secret with the first administrator")) .Values.bootstrap.existingSecret -}}
{{- end -}}
