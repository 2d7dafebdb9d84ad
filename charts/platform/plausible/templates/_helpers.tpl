{{/* The Secrets, which the workloads name and the ExternalSecrets make. */}}
{{- define "plausible.secret" -}}
{{- .Values.secret.existingSecret | default "plausible-secret" -}}
{{- end -}}

{{- define "plausible.adminSecret" -}}
{{- .Values.admin.existingSecret | default "plausible-admin" -}}
{{- end -}}

{{/* What Plausible needs out of its Secret, whichever command it runs. */}}
{{- define "plausible.secretEnv" -}}
{{- $secret := include "plausible.secret" . -}}
{{- $vars := list -}}
{{- range list "SECRET_KEY_BASE" "DATABASE_URL" "CLICKHOUSE_DATABASE_URL" -}}
{{- $vars = append $vars (include "common.secretEnv" (dict "name" . "secret" $secret "key" .)) -}}
{{- end -}}
{{- join "\n" $vars -}}
{{- end -}}

{{- define "plausible.adminEnv" -}}
{{- $secret := include "plausible.adminSecret" . -}}
{{ include "common.secretEnv" (dict "name" "ADMIN_USER_EMAIL" "secret" $secret "key" "email") }}
{{ include "common.secretEnv" (dict "name" "ADMIN_USER_PASSWORD" "secret" $secret "key" "password") }}
{{- end -}}
