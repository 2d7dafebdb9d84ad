{{- define "my part" }}
{{ .Values.absent.key }}
{{- end }}
