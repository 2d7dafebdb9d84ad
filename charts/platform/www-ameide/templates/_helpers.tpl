{{- define "www-ameide.authSecret" -}}
{{- required (include "common.ask" (list . "auth.existingSecret" "the Secret with AUTH_SECRET and AUTH_KEYCLOAK_SECRET, which the release's own ExternalSecret makes")) .Values.auth.existingSecret -}}
{{- end -}}
