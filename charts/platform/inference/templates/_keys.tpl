{{/*
What the release reads from Vault: variable → Vault key. The ExternalSecret and the Deployment both go by it.
*/}}
{{- define "inference.vaultKeys" -}}
INFERENCE_DATABASE_URL: inference-db-url
INFERENCE_DATABASE_USER: inference-db-user
INFERENCE_DATABASE_PASSWORD: inference-db-password
LANGFUSE_PUBLIC_KEY: langfuse-api-public-key
LANGFUSE_SECRET_KEY: langfuse-api-secret-key
LANGSMITH_API_KEY: langsmith-api-key
OPENAI_API_KEY: openai-api-key
{{- end -}}
