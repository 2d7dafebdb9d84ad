{{/*
Parts of a Deployment and its pods.
*/}}

{{/*
Replicas, strategy and selector of a Deployment. An autoscaler owns the replicas where there is one. `single` is for what must
never run twice, as it owns a volume: the old pod ends before the new one starts.
*/}}
{{- define "common.rollout" -}}
revisionHistoryLimit: 3
{{- if .single }}
replicas: 1
strategy:
  type: Recreate
{{- else }}
{{- if not (.Values.autoscaling).enabled }}
replicas: {{ .Values.replicaCount }}
{{- end }}
strategy:
  type: RollingUpdate
  rollingUpdate:
    maxSurge: 1
    maxUnavailable: 0
{{- end }}
selector:
  matchLabels:
    {{- include "common.selectorLabels" . | nindent 4 }}
{{- end -}}

{{/*
What every pod spec says first; only replicas are spread. `user` names another user than the default one, `serviceAccountName`
another account than the release's own.
*/}}
{{- define "common.podDefaults" -}}
serviceAccountName: {{ .serviceAccountName | default (include "common.fullname" .) }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.terminationGracePeriodSeconds }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- include "common.podSecurityContext" . | nindent 2 }}
{{- if hasKey .Values "replicaCount" }}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "common.selectorLabels" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "common.podSecurityContext" -}}
{{- $user := .user | default 65532 -}}
runAsNonRoot: true
runAsUser: {{ $user }}
runAsGroup: {{ $user }}
fsGroup: {{ $user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Hash of rendered templates, so that pods restart when their configuration changes: list . "configmap.yaml" … */}}
{{- define "common.checksum" -}}
{{- $scope := index . 0 -}}
{{- $text := "" -}}
{{- range rest . -}}
{{- $text = print $text (include (print $scope.Template.BasePath "/" .) $scope) -}}
{{- end -}}
{{- sha256sum $text -}}
{{- end -}}
