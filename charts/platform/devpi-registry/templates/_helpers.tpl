{{/* The Secrets, which the workloads name and the ExternalSecrets make. */}}
{{- define "devpi-registry.rootSecret" -}}
{{- required (include "common.ask" (list . "auth.root.existingSecret" "the Secret with the password of devpi's root user")) .Values.auth.root.existingSecret -}}
{{- end -}}

{{- define "devpi-registry.uploadSecret" -}}
{{- required (include "common.ask" (list . "auth.upload.existingSecret" "the Secret with the user that may publish")) .Values.auth.upload.existingSecret -}}
{{- end -}}

{{- define "devpi-registry.packagesEnvSecret" -}}
{{- required (include "common.ask" (list . "auth.packagesEnv.existingSecret" "the Secret with TWINE_USERNAME and TWINE_PASSWORD")) .Values.auth.packagesEnv.existingSecret -}}
{{- end -}}
