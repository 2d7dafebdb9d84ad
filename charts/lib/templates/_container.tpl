{{/*
Parts of a container.
*/}}

{{/*
Image, security context, resources and probes. `writable` is for software that must write to its root file system,
`capabilities` for software that does not start without them.
*/}}
{{- define "common.containerDefaults" -}}
image: {{ include "common.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "common.containerSecurityContext" . | nindent 2 }}
{{ include "common.resources" . }}
{{- with .Values.probes }}
{{ include "common.probes" $ }}
{{- end }}
{{- end -}}

{{/* A digest wins over a tag, and a tag over the version of the application that the chart was made for. */}}
{{- define "common.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest | quote -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote -}}
{{- end -}}
{{- end -}}

{{- define "common.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: {{ not .writable }}
capabilities:
  drop:
    - ALL
  {{- with .capabilities }}
  add:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "common.resources" -}}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end -}}

{{/* The kinds of `probes`, each a probe as Kubernetes writes it. */}}
{{- define "common.probes" -}}
{{- $probes := dict -}}
{{- range $kind, $probe := .Values.probes -}}
{{- $_ := set $probes (printf "%sProbe" $kind) $probe -}}
{{- end -}}
{{- toYaml $probes -}}
{{- end -}}

{{- define "common.containerPorts" -}}
ports:
  {{- range $name, $port := .Values.service.ports }}
  - name: {{ $name }}
    containerPort: {{ $port }}
    protocol: TCP
  {{- end }}
{{- end -}}

{{/* One environment variable out of a Secret: dict "name" "MINIO_ACCESS_KEY" "secret" $secret "key" "access-key" */}}
{{- define "common.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{/*
URL, user and password of a database; the Secret's keys are called like the variables, so that the migrations can take the
Secret in whole: dict "secret" $secret "prefix" "AGENTS_DATABASE"
*/}}
{{- define "common.databaseEnv" -}}
{{- $vars := list -}}
{{- range $part := list "URL" "USER" "PASSWORD" -}}
{{- $name := printf "%s_%s" $.prefix $part -}}
{{- $vars = append $vars (include "common.secretEnv" (dict "name" $name "secret" $.secret "key" $name)) -}}
{{- end -}}
{{- join "\n" $vars -}}
{{- end -}}
