{{/*
An ExternalSecret by the platform's convention: one store, and each Vault key holds its credential under `value`.
  include "common.externalSecret" (dict "root" . "name" "graph-db-credentials-sync" "target" "graph-db-credentials"
    "data" (dict "GRAPH_DATABASE_URL" "graph-db-url"))
`data` maps the Secret's keys to Vault keys; `refreshInterval` is an hour unless it is given. A Vault key that goes away
leaves the last credential in place, so that what runs keeps running.
*/}}
{{- define "common.externalSecret" -}}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ .name }}
  labels:
    {{- include "common.labels" .root | nindent 4 }}
spec:
  refreshInterval: {{ .refreshInterval | default "1h" }}
  secretStoreRef:
    kind: ClusterSecretStore
    name: ameide-vault
  target:
    name: {{ .target }}
    creationPolicy: Owner
    deletionPolicy: Retain
  data:
    {{- range $key, $vault := .data }}
    - secretKey: {{ $key }}
      remoteRef:
        key: secret/data/{{ $vault }}
        property: value
    {{- end }}
{{- end -}}
