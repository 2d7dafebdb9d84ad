//! What other projects write: charts' values, manifests, applications' configuration. `LEAKY` has credentials in it, each
//! marked; `CLEAN` has what looks like some and is none.

pub mod code;

/// One convention.
pub struct Template {
    /// For the table.
    pub kind: &'static str,
    /// The file's name, which says what it is.
    pub path: &'static str,
    /// May stand in a `ConfigMap`.
    pub nests: bool,
    /// The text.
    pub text: &'static str,
}

const fn yaml(kind: &'static str, text: &'static str) -> Template {
    Template { kind, path: "values.yaml", nests: false, text }
}

const fn file(kind: &'static str, path: &'static str, text: &'static str) -> Template {
    Template { kind, path, nests: true, text }
}

const fn alone(kind: &'static str, path: &'static str, text: &'static str) -> Template {
    Template { kind, path, nests: false, text }
}

/// Credentials, each marked.
pub static LEAKY: &[Template] = &[
    yaml(
        "bitnami values",
        "auth:\n  enablePostgresUser: true\n  postgresPassword: \"«%PW%»\"\n  username: %APP%\n  password: «%PW%»\n  existingSecret: \"\"\n  secretKeys:\n    adminPasswordKey: postgres-password\n",
    ),
    yaml(
        "bitnami values",
        "externalDatabase:\n  host: db.%WORD%.svc\n  user: bn_%WORD%\n  password: '«%PW%»'\n  existingSecretPasswordKey: db-password\nsmtp:\n  user: mailer@example.org\n  password: «%STRONG%»\n",
    ),
    yaml(
        "bitnami values",
        "auth:\n  rootUser: admin\n  rootPassword: «%PW%»\n  replicationPassword: «%PW%»\n  forcePassword: false\nmetrics:\n  enabled: true\n",
    ),
    yaml(
        "bitnami values",
        "redis:\n  auth: {enabled: true, sentinel: false, password: «%PW%»}\n  master: {count: 1}\n",
    ),
    yaml(
        "rabbitmq values",
        "auth:\n  username: user\n  password: «%PW%»\n  erlangCookie: «%STRONG%»\n  tls:\n    existingSecret: rabbit-tls\n",
    ),
    yaml(
        "minio values",
        "rootUser: root%WORD%\nrootPassword: «%PW%»\nusers:\n  - accessKey: console\n    secretKey: «%STRONG%»\n    policy: consoleAdmin\n",
    ),
    yaml(
        "kube-prometheus-stack",
        "grafana:\n  adminUser: admin\n  adminPassword: «%PW%»\n  grafana.ini:\n    auth.generic_oauth:\n      client_id: grafana\n      client_secret: «%STRONG%»\n    smtp:\n      password: «%PW%»\n",
    ),
    yaml(
        "kube-prometheus-stack",
        "alertmanager:\n  config:\n    global:\n      smtp_auth_username: alerts\n      smtp_auth_password: «%PW%»\n    receivers:\n      - name: pager\n        pagerduty_configs:\n          - service_key: «%HEX32%»\n",
    ),
    yaml(
        "kube-prometheus-stack",
        "prometheus:\n  prometheusSpec:\n    remoteWrite:\n      - url: https://metrics.example.org/push\n        basic_auth:\n          username: \"%NUM%\"\n          password: «%LONG%»\n",
    ),
    yaml(
        "grafana datasources",
        "datasources:\n  datasources.yaml:\n    apiVersion: 1\n    datasources:\n      - name: pg\n        type: postgres\n        user: reader\n        secureJsonData:\n          password: «%PW%»\n",
    ),
    yaml(
        "argo parameters",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: %APP%\nspec:\n  source:\n    helm:\n      parameters:\n        - name: replicas\n          value: \"2\"\n        - name: postgresql.auth.password\n          value: «%PW%»\n        - value: «%STRONG%»\n          name: oauth.clientSecret\n",
    ),
    yaml(
        "argo values text",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      values: |\n        auth:\n          adminPassword: «%PW%»\n        replicas: 1\n      valuesObject:\n        redis:\n          password: «%PW%»\n",
    ),
    yaml(
        "argo repository",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: repo-%APP%\n  labels:\n    argocd.argoproj.io/secret-type: repository\nstringData:\n  type: git\n  url: https://git.example.org/%APP%.git\n  username: deploy\n  password: «%PW%»\n",
    ),
    yaml(
        "helmfile",
        "releases:\n  - name: %APP%\n    chart: bitnami/postgresql\n    set:\n      - name: auth.postgresPassword\n        value: «%PW%»\n    values:\n      - auth:\n          password: «%PW%»\n",
    ),
    yaml(
        "flux release",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: %APP%\nspec:\n  values:\n    config:\n      jwtSecret: «%LONG%»\n      database:\n        password: «%PW%»\n",
    ),
    yaml(
        "env list",
        "containers:\n  - name: %APP%\n    env:\n      - name: LOG_LEVEL\n        value: info\n      - name: %ENV%_DB_PASSWORD\n        value: \"«%PW%»\"\n      - name: %ENV%_API_TOKEN\n        value: «%STRONG%»\n",
    ),
    yaml(
        "env list",
        "env:\n- value: «%PW%»\n  name: PGPASSWORD\n- {name: REDIS_PASSWORD, value: «%PW%»}\n- name: AWS_SECRET_ACCESS_KEY\n  value: «%LONG%»\n",
    ),
    yaml(
        "env map",
        "extraEnv:\n  LOG_LEVEL: debug\n  SECRET_KEY_BASE: «%HEX64%»\n  DATABASE_PASSWORD: «%PW%»\n  SESSION_SECRET: «%STRONG%»\n",
    ),
    yaml(
        "env with a URL",
        "env:\n  - name: DATABASE_URL\n    value: postgresql://%APP%:«%URLPW%»@db:5432/%APP%?sslmode=require\n  - name: BROKER\n    value: \"amqp://%APP%:«%URLPW%»@mq:5672/vhost\"\n  - name: CACHE\n    value: redis://:«%URLPW%»@cache:6379/0\n",
    ),
    yaml(
        "env with a DSN",
        "env:\n  - name: DSN\n    value: \"%APP%:«%URLPW%»@tcp(mysql:3306)/%APP%?parseTime=true\"\n  - name: CONN\n    value: \"Server=db;Database=%APP%;User Id=sa;Password=«%URLPW%»;Encrypt=true\"\n  - name: LIBPQ\n    value: host=db user=%APP% password=«%URLPW%» dbname=x\n",
    ),
    yaml(
        "env with JDBC",
        "env:\n  - name: SPRING_DATASOURCE_URL\n    value: jdbc:postgresql://db:5432/%APP%?user=%APP%&password=«%URLPW%»&ssl=true\n",
    ),
    yaml(
        "airflow",
        "fernetKey: «%B6432%»\nwebserverSecretKey: «%HEX32%»\ndata:\n  metadataConnection:\n    user: airflow\n    pass: «%PW%»\n    protocol: postgresql\n",
    ),
    yaml(
        "airflow",
        "env:\n  - name: AIRFLOW__CORE__FERNET_KEY\n    value: «%B6432%»\n  - name: AIRFLOW__DATABASE__SQL_ALCHEMY_CONN\n    value: postgresql+psycopg2://airflow:«%URLPW%»@pg/airflow\n",
    ),
    yaml(
        "langfuse",
        "langfuse:\n  salt:\n    value: «%B6432%»\n  nextauth:\n    secret:\n      value: «%B6432%»\n  encryptionKey:\n    value: «%HEX64%»\n",
    ),
    yaml(
        "gitlab omnibus",
        "env:\n  GITLAB_OMNIBUS_CONFIG: |\n    external_url 'https://git.example.org'\n    gitlab_rails['smtp_password'] = \"«%STRONG%»\"\n    gitlab_rails['initial_root_password'] = '«%PW%»'\n",
    ),
    yaml(
        "config map",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %APP%\ndata:\n  LOG_LEVEL: info\n  DB_PASSWORD: «%PW%»\n  STRIPE_WEBHOOK_SECRET: «%STRONG%»\n  PORT: \"8080\"\n",
    ),
    yaml(
        "config map json",
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.json: |\n    {\n      \"db\": {\"host\": \"db\", \"password\": \"«%STRONG%»\"},\n      \"apiKey\": \"«%STRONG%»\"\n    }\n",
    ),
    yaml(
        "config map json",
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.json: '{\"smtp\": {\"user\": \"x\", \"password\": \"«%STRONG%»\"}, \"debug\": false}'\n",
    ),
    yaml(
        "json in an env",
        "env:\n  - name: CONFIG\n    value: \"{\\\"db\\\": {\\\"password\\\": \\\"«%STRONG%»\\\", \\\"port\\\": 5432}}\"\n",
    ),
    yaml(
        "json in annotation",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"«%STRONG%»\"}]}]}}}}\n",
    ),
    yaml(
        "annotation",
        "metadata:\n  annotations:\n    %APP%.example.org/api-token: «%STRONG%»\n    prometheus.io/scrape: \"true\"\n",
    ),
    yaml(
        "secret data",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: %APP%\ntype: Opaque\ndata:\n  username: YWRtaW4=\n  password: «%B64PW%»\n  api-key: «%B64LONG%»\n",
    ),
    yaml(
        "secret data",
        "apiVersion: v1\ndata:\n  DB_PASSWORD: \"«%B64PW%»\"\n  DB_HOST: ZGIuc3Zj\nkind: Secret\nmetadata:\n  name: %APP%\n",
    ),
    yaml(
        "secret string data",
        "apiVersion: v1\nkind: Secret\nstringData:\n  POSTGRES_USER: %APP%\n  POSTGRES_PASSWORD: «%PW%»\n  token: «%STRONG%»\n",
    ),
    yaml(
        "secret with a file",
        "apiVersion: v1\nkind: Secret\nstringData:\n  application.yaml: |\n    spring:\n      datasource:\n        username: app\n        password: «%PW%»\n  config.ini: |\n    [db]\n    password = «%STRONG%»\n",
    ),
    yaml("secret encoded file", "apiVersion: v1\nkind: Secret\ndata:\n  .env: «%B64ENV%»\n  app.yaml: «%B64YAML%»\n"),
    yaml("secret encoded twice", "apiVersion: v1\nkind: Secret\ndata:\n  password: «%B64TWICE%»\n"),
    yaml(
        "registry credentials",
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: «%B64DOCKER%»\n",
    ),
    yaml(
        "registry credentials",
        "imageCredentials:\n  registry: registry.example.org\n  username: robot$ci\n  password: «%STRONG%»\n",
    ),
    yaml(
        "tls secret",
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\ndata:\n  tls.crt: %B64CERT%\n  tls.key: «%B64PEM%»\n",
    ),
    yaml("private key", "apiVersion: v1\nkind: Secret\nstringData:\n  key: |\n    «%PEM4%»\n"),
    yaml(
        "private key in json",
        "config:\n  serviceAccount: '{\"type\": \"service_account\", \"private_key\": \"«%PEM%»\", \"client_id\": \"1\"}'\n",
    ),
    yaml(
        "secret list",
        "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Secret\n    metadata:\n      name: a\n    stringData:\n      password: «%PW%»\n  - apiVersion: v1\n    kind: ConfigMap\n    data:\n      A: b\n",
    ),
    yaml(
        "external secret template",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: %APP%\nspec:\n  secretStoreRef:\n    name: vault\n    kind: ClusterSecretStore\n  target:\n    name: %APP%-credentials\n    template:\n      data:\n        username: app\n        password: «%PW%»\n        url: postgres://app:«%URLPW%»@db/app\n  data:\n    - secretKey: password\n      remoteRef:\n        key: secret/data/%APP%\n        property: value\n",
    ),
    yaml(
        "args",
        "containers:\n  - name: x\n    args:\n      - --config=/etc/x.yaml\n      - --db-password=«%PW%»\n      - --token-ttl=30m\n",
    ),
    yaml(
        "args split",
        "containers:\n  - name: x\n    command: [\"/bin/app\"]\n    args:\n      - --username\n      - admin\n      - --password\n      - «%PW%»\n      - --verbose\n",
    ),
    yaml(
        "args split",
        "containers:\n  - args: [\"--log-level\", \"debug\", \"--client-secret\", \"«%STRONG%»\", \"--port\", \"80\"]\n    name: x\n",
    ),
    yaml(
        "args mysql",
        "containers:\n  - name: db\n    command: [\"mysqladmin\", \"-uroot\", \"-p«%STRONG%»\", \"ping\"]\n",
    ),
    yaml(
        "args redis",
        "containers:\n  - name: redis\n    command:\n      - redis-server\n      - --requirepass\n      - «%PW%»\n",
    ),
    yaml("shell string", "command: [\"sh\", \"-c\", \"export PGPASSWORD=«%STRONG%»; psql -h db -U app\"]\n"),
    yaml(
        "shell string",
        "containers:\n  - name: init\n    command:\n      - /bin/bash\n      - -ec\n      - |\n        set -eu\n        mysql -uroot -p«%STRONG%» -h db -e 'select 1'\n        curl -u admin:«%STRONG%» https://api.example.org/health\n        redis-cli -a «%STRONG%» ping\n",
    ),
    yaml(
        "shell header",
        "lifecycle:\n  postStart:\n    exec:\n      command:\n        - sh\n        - -c\n        - 'curl -H \"Authorization: Bearer «%LONG%»\" https://api.example.org'\n",
    ),
    yaml(
        "java options",
        "env:\n  - name: JAVA_OPTS\n    value: -Xmx512m -Dspring.datasource.password=«%STRONG%» -Dserver.port=80\n",
    ),
    alone(
        "template literal",
        "templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}\nstringData:\n  password: {{ .Values.auth.password | default \"«%STRONG%»\" | quote }}\n  token: {{ default \"«%STRONG%»\" .Values.token }}\n",
    ),
    alone(
        "template literal",
        "templates/deployment.yaml",
        "{{- $password := \"«%STRONG%»\" }}\napiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - name: {{ .Chart.Name }}\n          env:\n            - name: DB_PASSWORD\n              value: \"«%PW%»\"\n            {{- if .Values.x }}\n            - name: API_KEY\n              value: {{ .Values.key | default \"«%STRONG%»\" }}\n            {{- end }}\n",
    ),
    alone(
        "template literal",
        "templates/cm.yaml",
        "kind: ConfigMap\ndata:\n  url: \"postgres://app:«%URLPW%»@{{ .Values.db.host }}:5432/app\"\n  {{ .Values.name }}-password: «%STRONG%»\n",
    ),
    alone(
        "template literal",
        "templates/_helpers.tpl",
        "{{- define \"x.auth\" -}}\n{{- dict \"username\" \"app\" \"password\" \"«%STRONG%»\" | toYaml }}\n{{- end }}\n",
    ),
    yaml(
        "commented out",
        "auth:\n  existingSecret: %APP%-auth\n  # password: «%STRONG%»\n  # clientSecret: \"«%STRONG%»\"\n",
    ),
    yaml("commented out", "env:\n  # - name: API_TOKEN\n  #   value: «%STRONG%»\n  - name: A\n    value: b\n"),
    alone(
        "notes",
        "templates/NOTES.txt",
        "Thank you for installing {{ .Chart.Name }}.\n\n  export %ENV%_TOKEN=«%TOKEN%»\n  kubectl port-forward svc/x 80\n",
    ),
    alone(
        "notes",
        "templates/NOTES.txt",
        "Connect with:\n  mysql -h db -uroot -p«%STRONG%»\n  psql postgres://app:«%STRONG%»@db:5432/app\n",
    ),
    yaml("provider token", "config:\n  something: «%TOKEN%»\n  other: value\n"),
    yaml("provider token", "a:\n  # used by CI: «%TOKEN%»\n  b: [x, \"«%TOKEN%»\"]\n"),
    file("provider token", "run.sh", "#!/bin/sh\nset -e\nlogin --with «%TOKEN%» --host a\n"),
    yaml("jwt", "config:\n  headers:\n    Authorization: Bearer «%JWT%»\n"),
    file(
        "dotenv",
        ".env",
        "APP_ENV=production\nAPP_KEY=base64:«%B6432%»\nDB_PASSWORD=«%PW%»\nMAIL_PASSWORD=\"«%PW%»\"\nAWS_SECRET_ACCESS_KEY=«%LONG%»\nexport API_TOKEN='«%STRONG%»'\n",
    ),
    file(
        "properties",
        "application.properties",
        "spring.datasource.username=app\nspring.datasource.password=«%PW%»\nspring.mail.password = «%STRONG%»\nserver.ssl.key-store-password=«%PW%»\nserver.port=8443\njwt.secret=«%LONG%»\n",
    ),
    file(
        "spring yaml",
        "application.yml",
        "spring:\n  datasource:\n    url: jdbc:postgresql://db/x\n    username: app\n    password: «%PW%»\n  security:\n    oauth2:\n      client:\n        registration:\n          keycloak:\n            client-id: app\n            client-secret: «%STRONG%»\n",
    ),
    file(
        "ini",
        "grafana.ini",
        "[security]\nadmin_user = admin\nadmin_password = «%PW%»\nsecret_key = «%STRONG%»\n[smtp]\nhost = mail:25\npassword = \"\"\"«%STRONG%»\"\"\"\n",
    ),
    file(
        "toml",
        "config.toml",
        "[database]\nhost = \"db\"\npassword = \"«%PW%»\"\n\n[auth]\njwt_secret = '«%LONG%»'\nenabled = true\n",
    ),
    file(
        "xml",
        "settings.xml",
        "<settings>\n  <servers>\n    <server>\n      <id>central</id>\n      <username>ci</username>\n      <password>«%PW%»</password>\n    </server>\n  </servers>\n  <property name=\"connection.password\" value=\"«%STRONG%»\"/>\n  <entry key=\"apiKey\">«%STRONG%»</entry>\n</settings>\n",
    ),
    file(
        "django",
        "settings.py",
        "import os\nDEBUG = False\nSECRET_KEY = 'django-insecure-«%LONG%»'\nDATABASES = {\n    'default': {\n        'ENGINE': 'django.db.backends.postgresql',\n        'USER': 'app',\n        'PASSWORD': '«%PW%»',\n    }\n}\nEMAIL_HOST_PASSWORD = \"«%STRONG%»\"\nTOKEN = os.environ.get('TOKEN')\n",
    ),
    file(
        "rails",
        "database.yml",
        "default: &default\n  adapter: postgresql\n  pool: 5\nproduction:\n  <<: *default\n  username: app\n  password: «%PW%»\n",
    ),
    file("rails", "secrets.yml", "production:\n  secret_key_base: «%HEX64%»\n  smtp_password: «%STRONG%»\n"),
    file(
        "node",
        "config.js",
        "module.exports = {\n  port: 80,\n  db: { user: 'app', password: '«%STRONG%»' },\n  jwtSecret: \"«%LONG%»\",\n  token: process.env.TOKEN,\n};\n",
    ),
    file(
        "go",
        "main.go",
        "package main\n\nconst dbPassword = \"«%STRONG%»\"\n\nvar apiKey string = \"«%STRONG%»\"\n\nfunc token() string { return os.Getenv(\"TOKEN\") }\n",
    ),
    file(
        "json",
        "appsettings.json",
        "{\n  \"ConnectionStrings\": {\n    \"Default\": \"Server=db;User Id=sa;Password=«%URLPW%»;\"\n  },\n  \"Jwt\": {\n    \"SigningKey\": \"«%LONG%»\",\n    \"Issuer\": \"me\"\n  },\n  \"parameters\": [\n    {\"name\": \"admin.password\", \"value\": \"«%STRONG%»\"}\n  ]\n}\n",
    ),
    file(
        "terraform",
        "main.tf",
        "variable \"db_password\" {\n  type    = string\n  default = \"«%PW%»\"\n}\nresource \"helm_release\" \"x\" {\n  name = \"x\"\n  set {\n    name  = \"auth.password\"\n    value = \"«%STRONG%»\"\n  }\n}\nprovider \"x\" {\n  api_token = \"«%STRONG%»\"\n  region    = var.region\n}\n",
    ),
    file(
        "sql",
        "init.sql",
        "CREATE USER app WITH PASSWORD '«%PW%»';\nALTER USER 'root'@'%%' IDENTIFIED BY '«%STRONG%»';\nGRANT ALL ON x TO app;\n",
    ),
    file(
        "nginx",
        "nginx.conf",
        "server {\n  location / {\n    proxy_set_header Authorization \"Basic «%BASIC%»\";\n    proxy_pass http://up;\n  }\n}\n",
    ),
    file("redis", "redis.conf", "port 6379\nrequirepass «%PW%»\nmasterauth «%STRONG%»\nmaxmemory 1gb\n"),
    file("rabbitmq", "rabbitmq.conf", "default_user = app\ndefault_pass = «%PW%»\nlisteners.tcp.default = 5672\n"),
    file(
        "kafka",
        "client.properties",
        "security.protocol=SASL_SSL\nsasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"app\" password=\"«%STRONG%»\";\nssl.truststore.password=«%PW%»\n",
    ),
    file(
        "logstash",
        "logstash.conf",
        "output {\n  elasticsearch {\n    hosts => [\"https://es:9200\"]\n    user => \"elastic\"\n    password => \"«%STRONG%»\"\n  }\n}\n",
    ),
    file(
        "fluentd",
        "fluent.conf",
        "<match **>\n  @type elasticsearch\n  host es\n  user elastic\n  password «%STRONG%»\n</match>\n",
    ),
    file(
        "npmrc",
        ".npmrc",
        "registry=https://npm.example.org/\n//npm.example.org/:_authToken=«%UUID%»\n//npm.example.org/:always-auth=true\n",
    ),
    file("netrc", ".netrc", "machine git.example.org login ci password «%STRONG%»\n"),
    file("pgpass", ".pgpass", "db.example.org:5432:%APP%:app:«%STRONG%»\n"),
    file("pip", "pip.conf", "[global]\nindex-url = https://ci:«%URLPW%»@pypi.example.org/simple\n"),
    file(
        "dockerfile",
        "Dockerfile",
        "FROM alpine:3.20\nARG NPM_TOKEN=«%STRONG%»\nENV DB_PASSWORD=«%PW%»\nENV API_KEY «%STRONG%»\nRUN echo hi\n",
    ),
    file(
        "compose",
        "compose.yaml",
        "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: «%PW%»\n  app:\n    environment:\n      - LOG=1\n      - DB_PASSWORD=«%PW%»\n    command: --admin-password=«%STRONG%»\n",
    ),
    file(
        "shell",
        "deploy.sh",
        "#!/bin/bash\nDB_PASSWORD=\"«%PW%»\"\nexport SECRET_TOKEN=«%STRONG%»\nkubectl create secret generic x --from-literal=password=«%STRONG%»\nhelm upgrade x . --set auth.password=«%STRONG%» --set replicas=1\ndocker login -u ci --password «%STRONG%» registry.example.org\n",
    ),
    file("shell default", "entry.sh", "#!/bin/sh\nDB_PASSWORD=${DB_PASSWORD:-«%STRONG%»}\nexport DB_PASSWORD\n"),
    file("spring default", "application.yaml", "app:\n  db:\n    password: ${DB_PASSWORD:«%STRONG%»}\n"),
    file(
        "keycloak realm",
        "realm.json",
        "{\"realm\": \"x\", \"clients\": [{\"clientId\": \"app\", \"secret\": \"«%UUID%»\"}],\n\"users\": [{\"username\": \"a\", \"credentials\": [\n{\"type\": \"password\", \"value\": \"«%STRONG%»\"}]}]}\n",
    ),
    file(
        "consul",
        "consul.json",
        "{\n  \"datacenter\": \"dc1\",\n  \"encrypt_key\": \"«%B6432%»\",\n  \"acl\": {\"tokens\": {\"agent_token\": \"«%UUID%»\"}}\n}\n",
    ),
    file(
        "wireguard",
        "wg0.conf",
        "[Interface]\nAddress = 10.0.0.1/24\nPrivateKey = «%B6432%»\n[Peer]\nPublicKey = %B6432%\n",
    ),
    yaml("loki s3", "loki:\n  storage_config:\n    aws:\n      s3: s3://app:«%STRONG%»@eu-west-1/bucket\n"),
    yaml(
        "alertmanager slack",
        "alertmanager:\n  config:\n    receivers:\n      - name: chat\n        slack_configs:\n          - api_url: https://hooks.slack«».com/services/T0%NUM%/B0%NUM%/«%STRONG%»KQ7a\n",
    ),
    yaml(
        "prometheus text",
        "serverFiles:\n  prometheus.yml: |\n    scrape_configs:\n      - job_name: x\n        basic_auth:\n          username: prom\n          password: «%STRONG%»\n      - job_name: y\n        authorization:\n          credentials: «%LONG%»\n",
    ),
    yaml(
        "text in text",
        "data:\n  bundle: |\n    files:\n      app.env: |\n        LOG=1\n        API_SECRET=«%STRONG%»\n      app.json: |\n        {\"password\": \"«%STRONG%»\"}\n",
    ),
    yaml(
        "percent",
        "env:\n  - name: HOOK\n    value: https://x.example.org/cb?cfg=%%7B%%22client_secret%%22%%3A%%22«%STRONG%»%%22%%7D\n",
    ),
    yaml("base64 in config", "config:\n  init: «%B64ENV%»\n"),
    yaml("value below", "adminPassword:\n  «%STRONG%»\ntoken: >-\n  «%LONG%»\n"),
    yaml(
        "list of passwords",
        "passwords:\n  - «%STRONG%»\n  - «%STRONG%»\nusers:\n  - name: a\n    password: «%PW%»\n",
    ),
    yaml("anchors", "defaults: &d\n  password: &pw «%PW%»\nother:\n  <<: *d\n  again: *pw\n"),
    yaml("broken yaml", "a: [1, 2\nb: }\n  password: «%STRONG%»\n\tc: d\nauth:\n    clientSecret: \"«%STRONG%»\"\n"),
];

/// What looks like a credential and is none.
pub static CLEAN: &[Template] = &[
    yaml(
        "names of secrets",
        "auth:\n  existingSecret: %APP%-auth\n  existingSecretPasswordKey: password\n  secretName: %APP%-db-credentials\n  passwordSecret: my-%APP%-secret\n  secretKeys:\n    adminPasswordKey: admin-password\n    userPasswordKey: user-password\n  tokenSecretRef: %APP%-token\n",
    ),
    yaml(
        "names of secrets",
        "imagePullSecrets:\n  - name: %APP%-pull-secret\ntls:\n  - secretName: wildcard-tls\n    hosts: [a.example.org]\nexistingSecretKey: token\nclientSecretName: oauth-%APP%\n",
    ),
    yaml(
        "key refs",
        "env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: %APP%-db\n        key: db-password\n  - name: TOKEN\n    valueFrom:\n      secretKeyRef: {name: %APP%, key: api-token, optional: true}\nenvFrom:\n  - secretRef:\n      name: %APP%-env\n",
    ),
    yaml(
        "variables",
        "env:\n  - name: DATABASE_URL\n    value: postgres://app:$(DB_PASSWORD)@db:5432/app\n  - name: REDIS_URL\n    value: \"redis://:${REDIS_PASSWORD}@cache:6379\"\n  - name: DB_PASSWORD\n    value: $(VAULT_DB_PASSWORD)\n  - name: TOKEN\n    value: ${TOKEN}\n",
    ),
    alone(
        "templates",
        "templates/d.yaml",
        "env:\n  - name: DB_PASSWORD\n    value: {{ .Values.db.password | quote }}\n  - name: URL\n    value: \"postgres://{{ .Values.user }}:{{ .Values.password }}@{{ .Values.host }}/x\"\n  - name: API_TOKEN\n    value: {{ include \"x.token\" . }}\n  - name: SECRET\n    valueFrom:\n      secretKeyRef:\n        name: {{ default \"%APP%-secret\" .Values.existingSecret }}\n        key: {{ .Values.secretKey | default \"password\" }}\n",
    ),
    alone(
        "templates",
        "templates/s.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ include \"x.fullname\" . }}\ndata:\n  password: {{ randAlphaNum 24 | b64enc | quote }}\n  token: {{ required \"set auth.token\" .Values.auth.token | b64enc }}\n  {{- with (lookup \"v1\" \"Secret\" .Release.Namespace \"x-password\") }}\n  old: {{ index .data \"admin-password\" }}\n  {{- end }}\n",
    ),
    yaml(
        "stores",
        "password: ref+vault://secret/data/%APP%#/password\ntoken: op://Infra/%APP%/token\nclientSecret: <path:secret/data/%APP%#client-secret>\napiKey: vault:secret/data/%APP%#api-key\nsecret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:%APP%-AbCdEf\nadminPassword: ENC[AES256_GCM,data:%STRONG%,iv:%STRONG%=,tag:%STRONG%=,type:str]\n",
    ),
    yaml(
        "stores",
        "vault:\n  path: secret/data/%APP%/db\n  role: %APP%\n  tokenPath: /var/run/secrets/kubernetes.io/serviceaccount/token\n  passwordFile: /run/secrets/db-password\n  secretId: approle-%WORD%\n",
    ),
    yaml(
        "sealed",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: x\nspec:\n  encryptedData:\n    password: AgB%B64LONG%%B64LONG%\n    token: AgC%B64LONG%%B64LONG%\n  template:\n    type: Opaque\n",
    ),
    yaml(
        "external secret",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: %APP%\nspec:\n  refreshInterval: 1h\n  secretStoreRef: {name: vault, kind: ClusterSecretStore}\n  target:\n    name: %APP%-db\n    template:\n      data:\n        url: \"postgres://app:{{ .password }}@db/app\"\n        password: \"{{ .password }}\"\n  data:\n    - secretKey: password\n      remoteRef: {key: secret/data/%APP%-db-password, property: value}\n",
    ),
    yaml(
        "digests",
        "image:\n  repository: ghcr.io/x/%APP%\n  tag: 1.2.3@sha256:%HEX64%\n  digest: sha256:%HEX64%\nannotations:\n  checksum/secret: %HEX64%\n  checksum/config: %HEX64%\n  git.commit: %HEX40%\nrevision: %HEX40%\n",
    ),
    yaml(
        "identifiers",
        "tenantId: %UUID%\nclientId: %UUID%\nsubscriptionId: %UUID%\nkeyId: %UUID%\naws:\n  kmsKeyArn: arn:aws:kms:eu-west-1:123456789012:key/%UUID%\ndashboard:\n  uid: %STRONG%\nAZURE_CLIENT_ID: %UUID%\n",
    ),
    yaml(
        "hashes",
        "htpasswd: admin:%BCRYPT%\nadminPasswordHash: %BCRYPT%\nusers:\n  - name: admin\n    password: \"%BCRYPT%\"\n    passwordSha256: %HEX64%\n",
    ),
    yaml(
        "durations and sizes",
        "tokenTTL: 30m\naccessTokenLifespan: 300\nsecretRefreshInterval: 1h\npasswordMinLength: 12\nmaxTokens: 4096\ntokenExpiry: 24h\nPASSWORD_RESET_TIMEOUT: \"3600\"\nkeySize: 4096\n",
    ),
    yaml(
        "switches",
        "usePasswordFiles: false\nallowEmptyPassword: true\nautomountServiceAccountToken: true\nforcePassword: true\nenableTokenAuth: yes\nauth:\n  enabled: true\n  password: \"\"\n  token: null\n  secret: ~\ncreateSecret: false\npasswordAuthentication: \"no\"\n",
    ),
    yaml(
        "public keys",
        "publicKey: |\n    %PUB4%\ncaCert: |\n    %CERT4%\nauthorizedKeys:\n  - %SSHPUB%\nsshPublicKey: %SSHPUB%\njwtPublicKey: |\n    %PUB4%\n",
    ),
    yaml(
        "certificates",
        "apiVersion: v1\nkind: Secret\ntype: Opaque\ndata:\n  ca.crt: %B64CERT%\n  tls.crt: %B64CERT%\n---\nkind: ValidatingWebhookConfiguration\nwebhooks:\n  - clientConfig:\n      caBundle: %B64CERT%\n",
    ),
    yaml(
        "secret with configuration",
        "apiVersion: v1\nkind: Secret\nstringData:\n  username: %APP%\n  host: db.%WORD%.svc.cluster.local\n  port: \"5432\"\n  database: %APP%\n  sslmode: require\n  password: \"\"\n  endpoint: https://s3.example.org\n",
    ),
    yaml(
        "headers and names",
        "tokenHeader: X-Auth-Token\nauthorizationHeader: Authorization\ncookieName: session_token\nusernameClaim: email\ntokenAudience: api://default\nauthType: Bearer\ntokenType: JWT\npasswordField: user_password\nsecretEngine: kv-v2\nkeyAlgorithm: RS256\nsigningKeyId: key-2024-01\n",
    ),
    yaml(
        "policies",
        "passwordPolicy: length(12) and notUsername(undefined) and digits(1)\ntokenPolicies: [default, %WORD%-read]\npasswordRegex: \"^[A-Za-z0-9]{8,}$\"\nsecretRotation: enabled\ntokenIssuer: https://id.example.org/realms/x\ntokenUrl: https://id.example.org/oauth/token\nresetPasswordUrl: https://x.example.org/reset?step=1\n",
    ),
    yaml(
        "rbac and schemas",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nrules:\n  - apiGroups: [\"\"]\n    resources: [secrets, serviceaccounts/token]\n    verbs: [get, create]\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n    - schema:\n        openAPIV3Schema:\n          properties:\n            password: {type: string, default: none, description: the password of the user}\n            secretKey:\n              type: string\n",
    ),
    yaml(
        "comments",
        "## @param auth.password Password for the user\n## @param auth.token [string] Token to use, see https://example.org/docs\n# Set the password with --set auth.password=$PASSWORD\n# password: \"\"\n# The secret key must have 32 characters\n# e.g. postgres://user:password@host:5432/db\nauth:\n  # existingSecret: name-of-secret\n  password: \"\"   # taken from Vault: secret/data/%APP%\n",
    ),
    file(
        "pages",
        "README.md",
        "# %APP%\n\n| name | description | default |\n|---|---|---|\n| `auth.password` | Password of the user | `\"\"` |\n| `auth.existingSecret` | Name of the Secret | `nil` |\n\nSet the password: run `kubectl get secret x -o jsonpath='{.data.password}'`.\nThe token: see [the docs](https://example.org/token).\n\n```sh\nexport PASSWORD=$(kubectl get secret x -o jsonpath=\"{.data.password}\" | base64 -d)\nhelm install x --set auth.password=\"$PASSWORD\"\n```\n",
    ),
    alone(
        "notes",
        "templates/NOTES.txt",
        "Get the password:\n  export PASSWORD=$(kubectl get secret --namespace {{ .Release.Namespace }} {{ include \"x.fullname\" . }} -o jsonpath=\"{.data.admin-password}\" | base64 --decode)\n  echo Password: $PASSWORD\n  psql postgres://app:$PASSWORD@db\n",
    ),
    file(
        "scripts",
        "run.sh",
        "#!/bin/sh\nDB_PASSWORD=\"$(cat /run/secrets/db-password)\"\nTOKEN=$(vault read -field=token secret/x)\nexport API_KEY=\"${API_KEY:?must be set}\"\nPASSWORD=\"$1\"\nmysql -u root -p\"$DB_PASSWORD\" -h db\ncurl -u \"$USER:$PASS\" -H \"Authorization: Bearer $TOKEN\" https://api.example.org\nif [ -z \"$SECRET_KEY\" ]; then echo 'SECRET_KEY: missing'; fi\nread -s -p 'Password: ' PW\n",
    ),
    file(
        "code",
        "app.py",
        "import os\npassword = os.environ['DB_PASSWORD']\ntoken = get_token(user)\nSECRET_KEY = config('SECRET_KEY')\napi_key: str = ''\nif password == other_password:\n    raise ValueError('password: must not be empty')\nclient = Client(token=settings.token, secret=self.secret)\nlog.info('token expired for %%s', user)\n",
    ),
    file(
        "code",
        "app.js",
        "const token = req.headers['x-auth-token'];\nconst password = process.env.PASSWORD || '';\nconst secretKey = await vault.read('secret/data/x');\nform.append('password', password);\nexport const TOKEN_KEY = 'auth-token';\nconst cookieSecretName = 'cookie-secret';\n",
    ),
    file(
        "code",
        "main.go",
        "package main\n\nvar passwordFlag = flag.String(\"password\", \"\", \"the password\")\n\nconst secretName = \"app-secret\"\n\nfunc (c *Config) Password() string { return c.password }\n\ntype T struct {\n\tPassword string `json:\"password\"`\n\tToken    string `yaml:\"token,omitempty\"`\n}\n",
    ),
    file(
        "properties",
        "application.properties",
        "spring.datasource.password=${DB_PASSWORD}\nspring.datasource.username=app\ntoken.expiration=3600\npassword.encoder=bcrypt\njwt.secret=${JWT_SECRET:}\nssl.key-store=/etc/tls/keystore.p12\nsecurity.token.header=X-Token\n",
    ),
    file(
        "dotenv",
        ".env.example",
        "DB_PASSWORD=\nAPI_KEY=\nTOKEN_FILE=/run/secrets/token\nSSH_AUTH_SOCK=/tmp/ssh/agent\nAUTH_METHOD=oidc\nSECRET_STORE=vault\nSESSION_COOKIE_NAME=sid\nKEY_PREFIX=app:\nPUBLIC_KEY_PATH=/etc/keys/pub.pem\n",
    ),
    file(
        "json",
        "schema.json",
        "{\n  \"properties\": {\n    \"password\": {\"type\": \"string\", \"title\": \"Password\", \"minLength\": 8},\n    \"token\": {\"type\": \"string\", \"description\": \"The token of the user\"}\n  },\n  \"required\": [\"password\", \"token\"]\n}\n",
    ),
    file(
        "lock",
        "package-lock.json",
        "{\n  \"packages\": {\n    \"node_modules/jsonwebtoken\": {\n      \"version\": \"9.0.2\",\n      \"resolved\": \"https://registry.npmjs.org/jsonwebtoken/-/jsonwebtoken-9.0.2.tgz\",\n      \"integrity\": \"sha512-%LONG%%LONG%==\",\n      \"license\": \"BSD-3-Clause\"\n    },\n    \"js-tokens\": \"^4.0.0\"\n  }\n}\n",
    ),
    file(
        "translations",
        "en.json",
        "{\n  \"login.password\": \"Your password\",\n  \"forgotPassword\": \"Forgot your password?\",\n  \"login.passwordHint\": \"At least 8 characters\",\n  \"token.expired\": \"The token has expired, please sign in again\"\n}\n",
    ),
    file(
        "terraform",
        "main.tf",
        "variable \"db_password\" {\n  type      = string\n  sensitive = true\n}\nresource \"x\" \"y\" {\n  password   = var.db_password\n  token      = data.vault_generic_secret.x.data[\"token\"]\n  secret_id  = aws_secretsmanager_secret.x.id\n  kms_key_id = \"arn:aws:kms:eu-west-1:1:key/%UUID%\"\n  master_password = random_password.master.result\n}\n",
    ),
    file(
        "nginx",
        "nginx.conf",
        "location / {\n  proxy_pass http://backend;\n  auth_basic \"Restricted\";\n  auth_basic_user_file /etc/nginx/.htpasswd;\n  ssl_certificate_key /etc/tls/tls.key;\n  proxy_set_header Authorization $http_authorization;\n}\n",
    ),
    file(
        "xml",
        "pom.xml",
        "<project>\n  <password>${env.NEXUS_PASSWORD}</password>\n  <passphrase>${gpg.passphrase}</passphrase>\n  <property name=\"password.length\" value=\"12\"/>\n  <token-validity>3600</token-validity>\n</project>\n",
    ),
    file(
        "sql",
        "schema.sql",
        "CREATE TABLE users (id int, password varchar(255) NOT NULL, token text);\nCREATE USER app WITH PASSWORD :'app_password';\nALTER TABLE users ADD COLUMN password_hash text DEFAULT '';\nUPDATE users SET password = crypt($1, gen_salt('bf'));\n",
    ),
    yaml(
        "placeholders",
        "auth:\n  password: CHANGEME\n  token: <your-token>\n  apiKey: your-api-key\n  secret: xxxxxxxxxxxxxxxx\n  clientSecret: REPLACE_ME\nurl: postgres://user:<password>@host/db\n",
    ),
    yaml(
        "documented examples",
        "aws:\n  accessKeyId: AKIAIOSFODNN7EXAMPLE\n  secretAccessKey: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    ),
    yaml(
        "places",
        "secretsDir: /etc/secrets\npasswordPath: secret/data/%APP%/db\ntokenEndpoint: https://id.example.org/token\nkeystorePath: /etc/kafka/keystore.jks\nauthUrl: https://auth.example.org\nsecretProviderClass: %APP%-spc\nkeyVaultName: kv-%WORD%\n",
    ),
    yaml(
        "cert-manager",
        "apiVersion: cert-manager.io/v1\nkind: Certificate\nspec:\n  secretName: %APP%-tls\n  privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}\n  issuerRef: {name: letsencrypt, kind: ClusterIssuer}\n---\nkind: ClusterIssuer\nspec:\n  acme:\n    privateKeySecretRef:\n      name: letsencrypt-account-key\n    solvers:\n      - dns01:\n          cloudflare:\n            apiTokenSecretRef: {name: cloudflare-api-token, key: api-token}\n",
    ),
    yaml(
        "volumes and hooks",
        "volumes:\n  - name: credentials\n    secret:\n      secretName: %APP%-credentials\n      items:\n        - key: password\n          path: db-password.txt\n  - name: token\n    projected:\n      sources:\n        - serviceAccountToken: {path: token, expirationSeconds: 3600, audience: vault}\n",
    ),
    yaml(
        "vault agent",
        "metadata:\n  annotations:\n    vault.hashicorp.com/agent-inject: \"true\"\n    vault.hashicorp.com/role: %APP%\n    vault.hashicorp.com/agent-inject-secret-db: secret/data/%APP%/db\n    vault.hashicorp.com/agent-inject-template-db: |\n      {{- with secret \"secret/data/%APP%/db\" -}}\n      password={{ .Data.data.password }}\n      {{- end }}\n",
    ),
    yaml(
        "ingress auth",
        "metadata:\n  annotations:\n    nginx.ingress.kubernetes.io/auth-secret: %APP%-basic-auth\n    nginx.ingress.kubernetes.io/auth-realm: Authentication Required\n    nginx.ingress.kubernetes.io/auth-type: basic\n    external-dns.alpha.kubernetes.io/hostname: a.example.org\n",
    ),
    yaml(
        "arguments",
        "containers:\n  - args:\n      - --password-file=/run/secrets/pw\n      - --token-ttl=1h\n      - --secret-name=%APP%-tls\n      - --password=$(DB_PASSWORD)\n      - --tls-private-key-file=/etc/tls/tls.key\n      - --service-account-key-file\n      - /etc/k/sa.pub\n      - --token\n      - $(TOKEN)\n    command: [\"sh\", \"-c\", \"redis-cli -a $REDIS_PASSWORD ping && mysql -p$MYSQL_PASSWORD -e 1\"]\n",
    ),
    yaml(
        "checksums of tokens",
        "token_prefix: %WORD%\nbuild: gh%WORD%_notatoken\ncommit_token_count: 12\nkeys: [a, b]\nkey: %WORD%\nsecretsStoreCsiDriver: {enabled: true, rotationPollInterval: 2m}\nserviceAccountTokenCreation: true\n",
    ),
];
