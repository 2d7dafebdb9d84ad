{{/* The Secret, which the Deployment names and the ExternalSecret makes. */}}
{{- define "go-module-uploader.tokenSecret" -}}
{{- required (include "common.ask" (list . "uploadToken.existingSecret" "the Secret with the token that uploads must bring")) .Values.uploadToken.existingSecret -}}
{{- end -}}
