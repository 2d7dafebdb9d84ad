{{- define "h.x" -}}
{{ .Values.image.tag }}
{{- end -}}
