{{/*
The two scripts of the Job. They name variables and never print a value.
*/}}

{{/* Fails before Flyway, and says which variables are missing and how to get them. */}}
{{- define "db-migrations.preflight" -}}
set -eu
failed=0
need() {
  missing=""
  for part in URL USER PASSWORD; do
    if [ -z "$(printenv "$2_$part" || true)" ]; then
      missing="$missing $2_$part"
    fi
  done
  if [ -n "$missing" ]; then
    echo "db-migrations: the database $1 cannot be migrated, missing:$missing" >&2
    echo "  next: kubectl annotate externalsecret $3 force-sync=\$(date +%s) --overwrite -n {{ .Release.Namespace }}" >&2
    failed=1
  fi
}
{{- range .Values.migrations.databases }}
need {{ .name }} {{ .envPrefix }} {{ .externalSecretName }}
{{- end }}
if [ "$failed" -ne 0 ]; then
  echo "db-migrations: nothing was migrated; once the ExternalSecrets are ready, run the upgrade again" >&2
  exit 1
fi
echo "db-migrations: the credentials of all databases are there"
{{- end -}}

{{/*
Migrates one database after another; the first failure ends the Job. JDBC takes user and password apart from the URL, so
whatever the URL says of them is left out.
*/}}
{{- define "db-migrations.migrate" -}}
set -eu
migrate() {
  echo "db-migrations: migrating $1"
  url="$(printenv "$2_URL" | sed -e 's#^postgres:#postgresql:#' -e 's#//[^/@]*@#//#')"
  FLYWAY_URL="jdbc:$url" \
  FLYWAY_USER="$(printenv "$2_USER")" \
  FLYWAY_PASSWORD="$(printenv "$2_PASSWORD")" \
  FLYWAY_LOCATIONS="filesystem:/flyway/sql/$1" \
    flyway migrate
}
{{- range .Values.migrations.databases }}
migrate {{ .name }} {{ .envPrefix }}
{{- end }}
echo "db-migrations: all databases are up to date"
{{- end -}}
