{{/*
Jobs beside a workload.
*/}}

{{/*
Labels of the pods of a Job that a workload's release has beside it: another name than the workload's, whose Service would
send requests to them. The scope's component is the Job.
*/}}
{{- define "common.jobPodLabels" -}}
app.kubernetes.io/name: {{ printf "%s-%s" .Chart.Name .component }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: ameide
{{- end -}}
