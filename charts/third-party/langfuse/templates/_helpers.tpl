{{- define "langfuse.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select the pods of a component: list . "web" */}}
{{- define "langfuse.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels of an object: list . "web" */}}
{{- define "langfuse.labels" -}}
{{- $root := index . 0 -}}
{{ include "langfuse.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end -}}

{{/* The words of a guard: list . "existingSecret" "what it is". As a dependency the chart's values stand under its name. */}}
{{- define "langfuse.ask" -}}
{{- $root := index . 0 -}}
set `{{ if not $root.Chart.IsRoot }}{{ $root.Chart.Name }}.{{ end }}{{ index . 1 }}` in the values of the environment: {{ index . 2 }}
{{- end -}}

{{- define "langfuse.existingSecret" -}}
{{- required (include "langfuse.ask" (list . "existingSecret" "the name of the Secret with all credentials of Langfuse")) .Values.existingSecret -}}
{{- end -}}

{{- define "langfuse.s3Endpoint" -}}
{{- if .Values.s3.deploy -}}
http://{{ include "langfuse.fullname" . }}-s3:{{ .Values.s3.port }}
{{- else -}}
{{- required (include "langfuse.ask" (list . "s3.endpoint" "the URL of the object store, or s3.deploy for a small one")) .Values.s3.endpoint -}}
{{- end -}}
{{- end -}}

{{/* One variable out of the Secret: list . "SALT" "salt" */}}
{{- define "langfuse.secretEnv" -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ include "langfuse.existingSecret" (index . 0) }}
      key: {{ index . 2 }}
{{- end -}}

{{/* The credentials that the web server and the worker share. */}}
{{- define "langfuse.env" -}}
{{ include "langfuse.secretEnv" (list . "DATABASE_URL" "database-url") }}
{{ include "langfuse.secretEnv" (list . "SALT" "salt") }}
{{ include "langfuse.secretEnv" (list . "ENCRYPTION_KEY" "encryption-key") }}
{{ include "langfuse.secretEnv" (list . "CLICKHOUSE_PASSWORD" "clickhouse-password") }}
{{ include "langfuse.secretEnv" (list . "REDIS_AUTH" "redis-password") }}
{{- range $use := list "EVENT" "MEDIA" }}
{{ include "langfuse.secretEnv" (list $ (printf "LANGFUSE_S3_%s_UPLOAD_ACCESS_KEY_ID" $use) "s3-access-key") }}
{{ include "langfuse.secretEnv" (list $ (printf "LANGFUSE_S3_%s_UPLOAD_SECRET_ACCESS_KEY" $use) "s3-secret-key") }}
{{- end }}
{{- end -}}

{{/* What every pod spec says first. */}}
{{- define "langfuse.pod" -}}
serviceAccountName: {{ include "langfuse.fullname" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1001
  runAsGroup: 1001
  fsGroup: 1001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "langfuse.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{/* Whole objects of a component: list . "web" .Values.web */}}
{{- define "langfuse.service" -}}
{{- $root := index . 0 -}}
{{- $values := index . 2 -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "langfuse.fullname" $root }}-{{ index . 1 }}
  labels:
    {{- include "langfuse.labels" (list $root (index . 1)) | nindent 4 }}
spec:
  type: {{ $values.service.type }}
  selector:
    {{- include "langfuse.selectorLabels" (list $root (index . 1)) | nindent 4 }}
  ports:
    - name: http
      port: {{ $values.service.port }}
      targetPort: http
      protocol: TCP
{{- end -}}

{{- define "langfuse.horizontalPodAutoscaler" -}}
{{- $root := index . 0 -}}
{{- $values := index . 2 -}}
{{- if $values.autoscaling.enabled -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "langfuse.fullname" $root }}-{{ index . 1 }}
  labels:
    {{- include "langfuse.labels" (list $root (index . 1)) | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "langfuse.fullname" $root }}-{{ index . 1 }}
  minReplicas: {{ $values.autoscaling.minReplicas }}
  maxReplicas: {{ $values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $values.autoscaling.targetCPUUtilizationPercentage }}
{{- end -}}
{{- end -}}

{{- define "langfuse.podDisruptionBudget" -}}
{{- $root := index . 0 -}}
{{- $values := index . 2 -}}
{{- if $values.podDisruptionBudget.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "langfuse.fullname" $root }}-{{ index . 1 }}
  labels:
    {{- include "langfuse.labels" (list $root (index . 1)) | nindent 4 }}
spec:
  maxUnavailable: {{ $values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "langfuse.selectorLabels" (list $root (index . 1)) | nindent 6 }}
{{- end -}}
{{- end -}}
