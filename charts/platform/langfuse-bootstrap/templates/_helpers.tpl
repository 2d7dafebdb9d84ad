{{/* The Secrets, which the Job names and the ExternalSecrets make. */}}
{{- define "langfuse-bootstrap.secret" -}}
{{- required (include "common.ask" (list . "secrets.existingSecret" "the Secret that Langfuse itself reads")) .Values.secrets.existingSecret -}}
{{- end -}}

{{- define "langfuse-bootstrap.credentialsSecret" -}}
{{- required (include "common.ask" (list . "bootstrap.existingSecret" "the Secret with the project's API keys and the administrator's password")) .Values.bootstrap.existingSecret -}}
{{- end -}}
