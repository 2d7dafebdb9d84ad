{{- define "www-ameide-platform.authSecret" -}}
{{- required (include "common.ask" (list . "auth.existingSecret" "the Secret with AUTH_SECRET and AUTH_KEYCLOAK_SECRET, which the release's own ExternalSecret makes")) .Values.auth.existingSecret -}}
{{- end -}}
{{- define "www-ameide-platform.databaseSecret" -}}
{{- required (include "common.ask" (list . "postgresql.auth.existingSecret" "the Secret with the database's credentials, which the release's own ExternalSecret makes")) .Values.postgresql.auth.existingSecret -}}
{{- end -}}
