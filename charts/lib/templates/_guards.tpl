{{/*
The words of a guard: the value's path and what to do. The guard itself stands in the chart:
  required (include "common.ask" (list . "config.minio.bucket")) .Values.config.minio.bucket
A hint as third element goes behind it, e.g. which Secret is meant.
*/}}
{{- define "common.ask" -}}
{{- $scope := index . 0 -}}
set `{{ index . 1 }}` in the environment's overlay (environments/<env>/platform/{{ $scope.Chart.Name }}.yaml)
{{- if gt (len .) 2 }}: {{ index . 2 }}{{ end -}}
{{- end -}}
