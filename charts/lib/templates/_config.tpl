{{/*
Entries that the ConfigMaps of several services share, so that one knob has one name and one meaning.
*/}}

{{/* Without `config.useSsl` a connection is not encrypted: each overlay says it. */}}
{{- define "common.databaseConfig" -}}
DATABASE_SSL: {{ .Values.config.useSsl | default false | quote }}
DATABASE_POOL_MIN: {{ .Values.config.pool.min | quote }}
DATABASE_POOL_MAX: {{ .Values.config.pool.max | quote }}
DATABASE_POOL_IDLE_TIMEOUT_MS: {{ .Values.config.pool.idleTimeoutMs | int64 | quote }}
{{- end -}}

{{- define "common.otelAttributes" -}}
service.namespace=ameide,deployment.environment.name={{ .Values.observability.deploymentEnvironment | default .Values.environment }}
{{- end -}}
