//! Places where programs, servers and languages take a credential, a line each: the one thing that is found must be what stands
//! at the `§`, which is random and put there at run time.

use leaks::{LeakRule, MaskKey, ScanFile, scan};

const MARK: &str = "§";

const LEAKS: &[(&str, &str)] = &[
    ("a.sh", "docker login -u bot -p § registry.example.org"),
    ("a.sh", "helm registry login -u bot -p § registry.example.org"),
    ("a.sh", "sudo sshpass -p '§' ssh root@host"),
    ("a.sh", "sshpass -p§ ssh root@host"),
    ("a.sh", "echo '§' | docker login -u bot --password-stdin"),
    ("a.sh", "printf '%s' § | helm registry login -u bot --password-stdin x"),
    ("a.sh", "echo 'root:§' | chpasswd"),
    ("a.sh", "htpasswd -bc auth admin §"),
    ("a.sh", "htpasswd -nbB admin \"§\""),
    ("a.sh", "openssl enc -aes-256-cbc -k § -in a"),
    ("a.sh", "vault login §"),
    ("a.sh", "openssl pkcs12 -export -in a -passout pass:§"),
    ("a.sh", "az login --service-principal -u app -p § --tenant t"),
    ("a.sh", "ldapsearch -x -D cn=admin -w § -b dc=x"),
    ("a.sh", "rabbitmqctl add_user app §"),
    ("a.sh", "mongodump -u app -p § -d x"),
    ("a.sh", "smbclient //h/s -U app%§"),
    ("a.sh", "mc alias set local http://minio:9000 admin §"),
    ("a.yaml", "command: [sh, -c, \"sshpass -p § ssh root@host\"]"),
    ("a.sh", "docker login \\\n  -u bot \\\n  -p § registry.example.org"),
    ("a.sh", "podman login --tls-verify=false -p=§ registry.example.org"),
    ("a.sh", "az acr login -n x -u app -p §"),
    ("a.sh", "aws configure set aws_secret_access_key §"),
    ("a.sh", "gitlab-runner register -n -r §"),
    ("a.sh", "cargo login §"),
    ("a.sh", "kubectl exec -it db -- mysql -uroot -p§ -e 'select 1'"),
    ("a.sh", "/usr/bin/mariadb-dump -h db -p'§' app | gzip > a"),
    ("a.sh", "mysqldump -h mysql -u mysql \"-p§\" app"),
    ("a.sh", "redis-cli -h redis -p 6379 -a § ping"),
    ("a.sh", "redis-cli AUTH §"),
    ("a.sh", "mongosh -u root -p § --port 27017"),
    ("a.sh", "cqlsh db 9042 -u app -p §"),
    ("a.sh", "nodetool -u app -pw § status"),
    ("a.sh", "/opt/mssql-tools/bin/sqlcmd -S db,1433 -U sa -P '§' -Q 'SELECT 1'"),
    ("a.sh", "etcdctl --user root:§ get x"),
    ("a.sh", "rabbitmqctl -n rabbit@a change_password app §"),
    ("a.sh", "rabbitmqadmin -u app -p § list queues"),
    ("a.sh", "mosquitto_pub -h mqtt -u app -P § -t a/b -m x"),
    ("a.sh", "mosquitto_passwd -b /etc/passwd app §"),
    ("a.sh", "vault login -method github -no-print §"),
    ("a.sh", "ldappasswd -x -D cn=admin -w $PW -s § cn=app"),
    ("a.sh", "kcadm.sh config credentials --server x --realm master --user admin --password §"),
    ("a.sh", "kcadm.sh set-password -r apps --username app -p §"),
    ("a.sh", "argocd login argo.example.org --username admin --password §"),
    ("a.sh", "htpasswd -nbBC 10 admin §"),
    ("a.sh", "htpasswd -C 10 -b /etc/auth $(whoami) §"),
    ("a.sh", "mc admin user add local {{ .user }} §"),
    ("a.sh", "mc --insecure alias set local http://minio:9000 admin § --api S3v4"),
    ("a.sh", "rclone config create box s3 provider Minio secret_access_key §"),
    ("a.sh", "openssl rsa -in a.key -passin pass:§ -out b.key"),
    ("a.sh", "openssl enc -aes-256-cbc -pass pass:§ -in a"),
    ("a.sh", "keytool -importkeystore -storepass § -alias a"),
    ("a.sh", "ssh-keygen -t ed25519 -N '§' -f a"),
    ("a.sh", "curl -sku admin:§ https://example.org"),
    ("a.sh", "curl -u\"admin:§\" https://example.org | jq .a"),
    ("a.sh", "curl --user='admin:§' https://example.org"),
    ("a.sh", "bash -c \"curl -u 'admin:§' https://example.org\" && echo \"done\""),
    ("a.sh", "wget --user=app --password=§ https://example.org"),
    ("a.sh", "lftp -u app,§ ftp.example.org"),
    ("a.sh", "ipmitool -I lanplus -H bmc -U root -P § power on"),
    ("a.sh", "PGPASSWORD=§ psql -h db -U app"),
    ("a.sh", "psql \"host=db user=app password=§\""),
    ("Dockerfile", "RUN docker login -u bot -p § registry.example.org && docker pull x"),
    ("Dockerfile", "CMD [\"mysqladmin\", \"-uroot\", \"-p§\", \"ping\"]"),
    ("Dockerfile", "ENTRYPOINT [\"/bin/sh\", \"-c\", \"redis-cli -a § ping\"]"),
    ("a.py", "subprocess.run([\"sshpass\", \"-p\", \"§\", \"ssh\", host])"),
    ("a.yaml", "command: [docker, login, -u, x, -p, §]"),
    ("a.yaml", "command: [sudo, /usr/bin/docker, --config, /x, login, -p§, registry.example.org]"),
    ("a.yaml", "command:\n  - htpasswd\n  - -nb\n  - admin\n  - §\n"),
    ("a.yaml", "command: [openssl, pkcs12, -passout, \"pass:§\"]"),
    ("a.yaml", "command: [rabbitmqctl, add_user, app, §]"),
    ("a.yaml", "- command: [curl]\n  args: [-sS, -u, \"admin:§\", https://example.org]\n"),
    ("a.yaml", "- command: [\"mysqladmin\"]\n  args: [\"-u\", \"root\", \"-p§\"]\n"),
    ("a.yaml", "- command:\n    - redis-cli\n  args:\n    - -a\n    - §\n"),
    ("a.json", "{\"command\": [\"mongosh\"], \"args\": [\"-u\", \"root\", \"-p\", \"§\"]}"),
    ("a.yaml", "command: [sh, -c]\nargs: [\"mc alias set a http://b:9000 c §\"]\n"),
    ("a.yaml", "healthcheck:\n  test: [\"CMD\", \"mysqladmin\", \"ping\", \"-p§\"]\n"),
    ("a.yaml", "healthcheck:\n  test: mysqladmin ping -p§\n"),
    ("a.yaml", "command: redis-cli -a § ping\n"),
    ("a.yaml", "args: [serve, --db-password, §]"),
    ("a.yaml", "args: [serve, --token=§]"),
    ("README.md", "Log in with `mysql -uroot -p§`."),
    ("redis.conf", "user app on >§ ~* +@all"),
    ("users.acl", "user app on ~* +@all >§"),
    ("haproxy.cfg", "    user admin insecure-password §"),
    ("haproxy.cfg", "    stats auth admin:§"),
    ("userlist.txt", "\"app\" \"§\""),
    ("a.yaml", "data:\n  userlist.txt: |\n    \"app\" \"§\"\n"),
    ("nginx.conf", "proxy_set_header X-Api-Key \"§\";"),
    ("nginx.conf", "fastcgi_param DB_PASSWORD §;"),
    ("httpd.conf", "SetEnv DB_PASSWORD §"),
    ("a.php", "$db_password = '§';"),
    ("wp-config.php", "define( 'DB_PASSWORD', '§' );"),
    ("a.json", "{\"kty\": \"oct\", \"k\": \"§\", \"alg\": \"HS256\"}"),
    ("a.yaml", "kind: Secret\nstringData:\n  value: §\n"),
    ("a.xml", "<Pass encoding=\"plain\">§</Pass>"),
    ("a.xml", "<settings>\n  <password>\n    §\n  </password>\n</settings>"),
    ("a.xml", "<property name=\"db.password\">\n  <value>§</value>\n</property>"),
    (".env", "DB_PASSWORD=§"),
    ("app.properties", "db.password=§"),
    ("nginx.conf", "set $apikey §;"),
    ("a.sh", "git clone https://§@git.example.org/a.git"),
    (".git-credentials", "https://app@example.org:§@git.example.org"),
    ("a.sh", "curl --proxy-user app:§ https://example.org"),
    ("a.mk", "DB_PASSWORD ::= §"),
    ("a.yaml", "api_keys: [§]"),
    ("a.sql", "CREATE USER a IDENTIFIED WITH mysql_native_password BY '§'"),
    ("a.ps1", "$password = \"§\""),
    ("a.ps1", "ConvertTo-SecureString \"§\" -AsPlainText -Force"),
    ("a.py", "requests.get(url, auth=('bot', '§'))"),
    ("a.py", "client = Client(HTTPBasicAuth('bot', '§'))"),
    ("a.py", "password = os.getenv('X', '§')"),
    ("a.js", "const password = process.env.DB_PASSWORD || '§';"),
    ("a.ts", "const apiKey = process.env.API_KEY ?? '§';"),
    ("a.tpl", "password: {{ .Values.password | default (printf \"§\") }}"),
    ("a.tpl", "password: {{ coalesce .Values.a.password .Values.b \"§\" | b64enc }}"),
    ("a.tpl", "{{ if .Values.x }}password: §{{ end }}\n"),
    ("a.tpl", "{{- if .Values.x }}\npassword: §{{- else if .Values.y -}}\n"),
    ("values.yaml", "extraEnv: |\n  - name: KEYCLOAK_PASSWORD\n    value: §\n"),
    ("values.yaml", "proxyPassword: §"),
    ("a.yaml", "patch: |-\n  - op: replace\n    path: /data/db-password\n    value: §\n"),
    ("a.json", "[{\"op\": \"add\", \"path\": \"/stringData/password\", \"value\": \"§\"}]"),
    ("a.yaml", "credentials:\n- type: password\n  value: §\n"),
    ("a.yaml", "arguments:\n  parameters:\n  - {name: db-password, value: §}\n"),
    ("a.tpl", "data:\n  app.conf: |\n    smtp_password = {{ .password | default \"§\" }}\n"),
    ("a.tpl", "x: |\n  requirepass: {{ default \"§\" .Values.y }}\n"),
    ("a.tpl", "{{/* old password: § */}}"),
    ("a.tpl", "kind: Secret\ndata:\n  root: {{ b64enc \"§\" }}\n"),
    ("a.sql", "SET PASSWORD FOR 'root'@'%' = PASSWORD('§');"),
    ("a.sql", "set password for 'root'@'%' = '§';"),
    ("a.toml", "tokens = [\"§\"]"),
    ("a.py", "api_keys = ['§', 'main']"),
    ("README.md", "The admin password is `§`."),
    ("values.yaml", "# The old root password was §."),
    ("README.md", "| `db.password` | of the database | `\"§\"` |"),
    ("values.yaml", "ldap_default_authtok: §\n"),
    ("a.yaml", "args:\n  - --password={{ .Values.pw | default \"§\" }}\n"),
    ("a.yaml", "command: [sh, -c, 'PGPASSWORD={{ default \"§\" .Values.pg }} psql']\n"),
    ("a.yaml", "db_password: \"{{ lookup('env', 'PW') | default('§') }}\"\n"),
    ("a.yaml", "password: <%= ENV['PW'] || '§' %>\n"),
    ("a.yaml", "password: <%= ENV.fetch(\"PW\", \"§\") %>\n"),
    ("a.tf", "values = [<<-YAML\n  auth:\n    password: §\n  YAML\n]\n"),
    ("Jenkinsfile", "withEnv([\"DB_PASSWORD=§\"]) {"),
    ("a.sql", "INSERT INTO users (name, password) VALUES ('admin', '§');"),
    ("a.sql", "insert into clients (id, client_secret, scope) values (1, '§', 'all')"),
    ("a.sql", "CREATE LOGIN app WITH PASSWORD = N'§'"),
    ("a.sh", "redis-cli -h x CONFIG SET requirepass §"),
    ("a.sh", "aws configure set aws_secret_access_key §"),
    ("mail.md", "The login is `bot` with password `§`."),
    ("mail.md", "API key: `§`"),
    ("mail.md", "pw: §"),
    (".env", "PW=§"),
    ("jaas.conf", "KafkaServer {\n  x.PlainLoginModule required\n  username=\"a\"\n  user_app=\"§\"\n};"),
    ("ipsec.secrets", "@moon.example.org : PSK §"),
    ("ipsec.secrets", ": RSA moonKey.pem \"§\""),
    ("sentinel.conf", "sentinel auth-pass main §"),
    ("haproxy.cfg", "  stats auth    admin:§"),
    ("a.sh", "expect \"*assword:*\"\nsend \"§\\r\"\n"),
    ("a.sh", "echo '§' | sudo -S mount /x"),
    ("a.xml", "<credential-reference clear-text=\"§\"/>"),
    ("client.properties", "sasl.client.passwords[0]=§"),
    ("a.sh", "helm install x . --set hub.keeper.keys[0]=§"),
    ("snmp.yml", "auths:\n  main:\n    community: §\n"),
    ("postfix/sasl_passwd", "[smtp.example.org]:587  app@example.org:§"),
    ("main.cf", "smtp_sasl_password_maps = static:app:§"),
    ("shiro.ini", "[users]\nadmin = §, role1\n[roles]\nrole1 = a4Bkz9XmQ2wLp7\n"),
    ("README.md", "| auth.secret | string | `\"§\"` | of the tokens |"),
    ("a.sql", "GRANT ALL ON app.* TO 'app'@'%' IDENTIFIED BY '§';"),
    ("values.yaml", "secretRefs:\n  existingSecret: \"\"\n  env:\n    APP_ENCRYPTION_KEY: §\n"),
    ("values.yaml", "encryption:\n  primaryKey: §\n"),
    ("kong.yaml", "keyauth_credentials:\n- key: §\n"),
    ("a.sh", "export DC_SCHPWD=§"),
    (".env", "REDIS_AUTH=§"),
    ("a.py", "EXAMPLES = r\"\"\"\n- name: x\n  app:\n    password: §\n\"\"\"\n"),
    ("README.md", "    vrrp_instance x {\n        auth_pass §\n    }\n"),
    ("README.md", "CREATE USER app WITH PASSWORD '§';"),
    ("a.ks", "rootpw --plaintext §"),
    ("a.ks", "sshpw --username=root --plaintext §"),
    ("cloud-init.yaml", "chpasswd:\n  expire: false\n  list: |\n    root:§\n"),
    ("unattend.xml", "<AdministratorPassword>\n  <Value>§</Value>\n  <PlainText>true</PlainText>\n"),
    ("a.ps1", "[string]$userPassword = '§'"),
    ("a.yaml", "test: [\"CMD\", \"mariadb-admin\", \"ping\", \"-uroot\", \"-p${DB_PASSWORD:-§}\"]"),
    ("README.md", "kubectl create secret generic x \\\n  --from-literal=app__installation__key=\"§\" \\\n"),
    ("a.cs", "var x = \"Password=§;Server=db\";"),
    ("a.tf", "  Default = \"Server=db;User Id=app;Password=§;TrustServerCertificate=True;\""),
    ("a.yaml", "kind: Secret\nstringData:\n  operator: §\n"),
    ("values.yaml", "api_keys: §\n"),
    ("a.cfg", "snmp-server community § RO"),
    ("README.md", "    MySQL [(none)]> SET PASSWORD = PASSWORD('§');"),
    ("README.md", "    PS C:\\> $Passphrase = ConvertTo-SecureString -string \"§\" -AsPlainText -Force"),
];

const NONE: &[(&str, &str)] = &[
    ("a.sh", "docker login -u bot -p $PASSWORD registry.example.org"),
    ("a.sh", "docker run -p 8080:80 nginx"),
    ("a.sh", "docker run -p 127.0.0.1:54321:5432 postgres:17"),
    ("a.sh", "sshpass -e ssh -p 2222 root@host"),
    ("a.sh", "sshpass -p \"$PASS\" scp -P 2222 a root@host:"),
    ("a.sh", "mysql -h db -P 33060 -p app"),
    ("a.sh", "mysql --protocol=tcp -protocol=tcp -port=3306 -p$PASS"),
    ("a.sh", "nc -z -h mongo -p 27017"),
    ("a.sh", "wait-for --host=mongo -p 27017"),
    ("a.sh", "redis-cli -a \"$REDIS_PASSWORD\" ping"),
    ("a.sh", "redis-cli -a $(cat /run/secrets/redis) ping"),
    ("a.sh", "redis-cli -a `cat redis` ping"),
    ("a.sh", "sh -c \"redis-cli -a \\\"$REDIS_PASSWORD\\\" ping\""),
    ("a.sh", "mysqldump | grep -a password17 && mkdir -p some1dir && tar -a some2dir"),
    ("a.sh", "docker login -p \"{{ .x }}\" registry"),
    ("a.sh", "docker login -p {{ .Values.registry.password }} registry"),
    ("a.sh", "docker login --password-stdin registry2 < secret"),
    ("a.sh", "helm registry login -u bot --password-file=/x3 registry"),
    ("a.sh", "helm registry login -help registry2"),
    ("a.sh", "vault token create --token-ttl 30m"),
    ("a.go", "const help = \"vault login \\\\\\n  -method=oidc\\n\""),
    ("a.go", "const help = \"Connect with:\\n  mysql -uroot -p«PASS17»\\n\""),
    ("a.sh", "influx -token $TOKEN bucket list"),
    ("a.sh", "ssh root@host mysql -p"),
    ("a.sh", "vault login -method userpass username=app2"),
    ("a.yaml", "text: the vault login page\n"),
    ("a.sh", "kubectl -n prod2 get pods && ssh -p 22222 host"),
    ("a.sh", "curl -u \"$USER:$PASS\" -o out:file1 https://example.org"),
    ("a.sh", "curl -fsSLO https://example.org/a:b3 -XPUT:4"),
    ("a.sh", "rabbitmqctl add_user $(cat /run/user1) $(cat /run/pass1)"),
    ("a.sh", "rabbitmqctl add_user \"$RABBIT_USER\" \"$RABBIT_PASS\""),
    ("a.sh", "mc alias set local http://minio1:9000 $KEY $SECRET"),
    ("a.sh", "mc admin user svcacct add local app17"),
    ("a.sh", "mc cp a1/b2 c3/d4 e5/f6 g7/h8"),
    ("a.sh", "htpasswd -B /etc/auth4 admin4 x"),
    ("a.sh", "openssl rsa -in a.key -passin file:/run/pass1 -passout env:KEYPASS1"),
    ("a.sh", "sqlcmd -P \"$SA_PASSWORD\" -Q 'SELECT 1'"),
    ("a.sh", "ssh-keygen -q -N \"\" -t rsa4096"),
    ("Dockerfile", "CMD [\"mysqld\", \"-p3306x\"]\nRUN mysql -p${PASS} -e x"),
    ("a.py", "run([\"sshpass\", \"-p\", word17, \"ssh\", \"-p\", port22])"),
    ("a.yaml", "command: [docker, run, -p, \"8080:8017\", nginx]"),
    ("a.yaml", "command: [mkdir, -p, /data/x17a]\nargs: [-u, root17]\n"),
    ("a.yaml", "command: [app, --host, mongo, -p, \"27017\"]"),
    ("a.yaml", "command: [docker, login, -u, x, -p, $(PASSWORD)]"),
    ("a.yaml", "command: [docker, login, -u, x, --password-stdin, registry17]"),
    ("a.yaml", "command: [redis-cli, -a, $REDIS_PASSWORD, -p, \"6379\"]"),
    ("a.yaml", "command: [redis-cli]\nenv: []\n---\nargs: [-a, some17thing]\n"),
    ("a.yaml", "command: [curl]\nargs: [-u, \"$(USER):$(PASS)\", \"http://a:80/b1\"]\n"),
    ("a.yaml", "command: [grep, -a, word17]\ntest: [a, b]\n"),
    ("a.yaml", "args: [--password-file=/x17, --token-ttl, 30m, -P, \"5432\"]\n"),
    ("a.sh", "echo $TOKEN | docker login -u bot --password-stdin"),
    ("a.sh", "sshpass -p \"$(cat /run/secrets/ssh)\" ssh root@host"),
    ("a.sh", "htpasswd -c /etc/nginx/auth admin"),
    ("a.sh", "mkdir -p data/mongo && mongo --eval 'db.stats()'"),
    ("a.sh", "vault login -method=oidc"),
    ("a.sh", "openssl x509 -in tls.crt -noout"),
    ("README.md", "Then run `docker login -u USER -p PASSWORD registry.example.org`."),
    ("a.conf", "user nginx;"),
    ("a.py", "requests.get(url, auth=(user, password))"),
    ("a.go", "LoginOptBasicAuth(\"myuser\", \"nosuchword\")"),
    ("a.php", "if ($password == 'x') { $password = get($x); }"),
    ("a.js", "const maxPassword = limits.password || defaults.password;"),
    ("ci.yaml", "# curl -H \"Authorization: Bearer $API_KEY\" https://api.example.org"),
    ("A.java", " * What is between {@code <secret>} and {@code </secret>}."),
    ("a.yaml", "password: '\" \"'"),
    ("a.json", "{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}"),
    (
        "realm.json",
        "{\"secretData\": \"{\\\"value\\\":\\\"KqABIiReBuRWbP4pBct3W067pNvYzeN7\\\",\\\"salt\\\":\\\"EPgscX9CQ\\\"}\"}",
    ),
    ("a.yaml", "pattern: \"apiKey: \\\\$MY_OWN_VAR\"\n"),
    ("a.go", "return `pwd: `+dir+``"),
    ("a.html", "<label for=\"password\">Password:</label>"),
    (".env", "DB_PASSWORD=${DB_PASSWORD_FROM_STORE}"),
    ("a.sh", "curl -u USERNAME:ACCESS_KEY https://example.org"),
    ("a.yaml", "config: $__file{/etc/secrets/password}\npassword: $__file{/etc/secrets/password}\n"),
    ("a.tpl", "kind: Secret\nstringData:\n  x: {{ set . \"appKey\" \"vlinsert\" }}\n"),
    (
        "a.yaml",
        "kind: Secret\nstringData:\n  username: admin1234\n  tenant: 6ba7b810-9dad-11d1-80b4-00c04fd430c8\n  value: db-main-1\n",
    ),
    ("a.yaml", "kind: Secret\nstringData:\n  token: HOSTNAME\n"),
    ("a.yaml", "metadata:\n  annotations:\n    nginx.ingress.kubernetes.io/auth-secret: secret1\n"),
    ("a.json", "{\"description\": \"- base64: binary data - password: any kind of string - token: a word\"}"),
    ("a.go", "updateSecretV3 = \"UpdateSecretV3\""),
    ("a.go", "tokenForm = regexp.MustCompile(`client_token\":\"s\\.([A-Za-z0-9]+)\"`)"),
    ("a.sh", "openssl pkcs12 -export -in $3 -password pass:$2 -out $1"),
    ("a.sh", "PASSWORD=${PASSWORD:-\"auto\"}"),
    ("a.sh", "echo \"CREATE USER x IDENTIFIED BY '\"$MYSQL_PASSWORD\"' ;\""),
    ("a.sh", "vault login \\\n  -method=oidc\n"),
    ("values.yaml", "# Example: https://user:access-token@git.example.com/user/repo.git"),
    ("nginx.conf", "proxy_pass http://app:8080;"),
    ("a.tpl", "password: {{ coalesce .Values.auth.password (genPrivateKey \"rsa\") }}"),
    ("a.tpl", "{{ if .Values.x }}password: {{ .Values.y }}{{ end }}\n"),
    ("values.yaml", "description: two words 12 here\npasswordPolicy: at least 12 characters\n"),
    ("a.yaml", "- op: add\n  path: /spec/passwordSecretRef\n  value: main-db\n"),
    ("a.yaml", "- name: note\n  type: password\n  path: /password\n  value: main\n"),
    ("a.yaml", "arguments:\n  parameters:\n  - name: db-password-secret-name\n    value: main-db\n"),
    ("a.yaml", "publicKeyToken: b77a5c561934e089\n"),
    ("a.json", "{\"hashed_secret\": \"0fd2d59a96ae0c28ef5ee6e9e6dfa1d01b9b1a1c\"}"),
    (
        "de.json",
        "{\"password\": \"Passwort\", \"forgotPassword\": \"Passwort vergessen?\", \"apiKey\": \"API-Schlüssel\"}",
    ),
    ("pl.yaml", "password: Hasło\ntoken: Żeton\n"),
    ("ja.yaml", "password: パスワード\n"),
    ("values.yaml", "rotatePassword: \"@monthly\"\n"),
    ("a.sh", "vault write auth/kubernetes/login jwt=@/run/secrets/token"),
    (
        "renovate.json",
        "{\"encrypted\": {\"password\": \"wcFMAguhmUwg9Kly6XPuDytwS5a1AcT9RJHY2EUI4m5DPh8COQoHqnbPST\"}}",
    ),
    ("a.tpl", "{{/* The password: see the Secret; token: none. */}}"),
    (
        "a.tpl",
        "kind: Secret\ndata:\n  mode: {{ \"replication\" | b64enc }}\n  file: {{ .Values.x | default \"a-b-c\" }}\n",
    ),
    ("a.tpl", "  level = {{ .level | default \"information\" }}"),
    (
        "README.md",
        "The password is `at least 12 characters` long. Your password is base64-encoded, the token is Base64Encoded2.",
    ),
    ("README.md", "| `db.password` | of the database | `admin123` |"),
    ("a.sql", "UPDATE users SET password = crypt('x', gen_salt('bf'));"),
    ("a.toml", "keywords = [\"password\", \"secret\"]\ntokens = [\"main\", \"ci-runner\"]"),
    ("values.yaml", "certificateSecret: wildcard-halcyon-io\n"),
    ("values.yaml", "credentials: team:backup-v2\n"),
    (
        "a.yaml",
        "kind: Secret\nstringData:\n  brokers: b-1.x7kq2z.kafka.example.org:9096,b-2.x7kq2z.kafka.example.org:9096\n",
    ),
    ("CODEOWNERS", "/docs/passwords.md @company/team2"),
    (
        "a.yaml",
        "db_password: \"{{ lookup('env', 'PW') | default('') }}\"\nargs: ['--token-path={{ default \"/run/token\" .Values.x }}']\n",
    ),
    ("a.yaml", "password: <%= ENV['PASSWORD1'] %>\n"),
    ("a.java", "\"ssl.keystore.password=${secrets:space/name-4:tls-9093.key}\""),
    ("a.sql", "INSERT INTO roles (name) VALUES ('password.reset'), ('token.create2');"),
    ("a.tf", "x = <<-YAML\n  replicas: 1\n  YAML\npassword = random_password.db1.result\n"),
    ("a.rs", "let text = format!(\"DB_PASSWORD={}\\nAPI_KEY=\\n\", secret1);"),
    ("a.go", "query := \"token=\" + value1\nname := \"password=%s\""),
    ("README.md", "The primary key: `user_id2` is an API key: no."),
    ("a.sh", "user_name=\"x17Qz9mLk2Wp\"\n"),
    ("a.sh", "secret \"$rndc_secret\";\n"),
    ("a.sh", "curl -H \"X-XSRF-TOKEN: $CSRF_TOKEN\" \\\n"),
    ("a.sh", "echo '//registry.example.org/:_authToken=$(NPMTOKEN)' > .npmrc"),
    ("a.yaml", "environment:\n- WEB_PASSWORD= #optional\n"),
    ("build.xml", "<filter token=\"VERSION_MAJOR\" value=\"${version.major}\"/>"),
    ("fi.json", "{\"no-match-password\": \"Salasanat eivät täsmää\"}"),
    ("a.yaml", "password: .*\ntoken: Bearer .+\n"),
    ("a.go", "x := `\npassword: get(x, y1)\ntoken: cfg.Token2\n`\n"),
    ("a_test.go", "x := `\nkind: Secret\ndata:\n  password: Q0hBTkdFTUUh\n`\n"),
    ("a.ini", "[hosts]\nweb1 = a4Bkz9XmQ2wLp7\n"),
    ("a.yaml", "kind: Secret\nstringData:\n  IMAGE: ghcr.io/team/app:1.2.3-4f2a9c1\n"),
    ("compose.yaml", "user: 1000:1000\nusers: app:group\n"),
    ("a.yaml", "update_password: on_create\n"),
    ("cloud-init.yaml", "users:\n- sudo: ALL=(ALL) NOPASSWD:ALL\n"),
    ("a.sh", "echo \"vagrant ALL=(ALL) NOPASSWD: ALL\" > /etc/sudoers.d/vagrant"),
    ("a.cfg", "user admin group administrators password ciphertext <removed>"),
    ("a.yaml", "pattern: \"certificatePassword=.{0,4}map\\\\[\\\\]\"\n"),
    ("a.sh", "sed -i \"s/^wpa_passphrase=.*/wpa_passphrase=\"$pw\"/\" /etc/hostapd.conf"),
    ("a.cs", "var x = $\"Password={password};\" + y;"),
    ("a.txt", "http://localdomain.pw:80#@www.example.org/ http://localdomain.pw:80?@www.example.org/"),
    ("a.yaml", "secrets: \"GH-APP-ID,GH-APP-KEY\"\n"),
    ("a.properties", "sonar.issue.S5145.ruleKey = javasecurity:S5145\n"),
    ("README.md", "```ruby\nkeychain_password = SecureRandom.base64\n```\n\nldap_default_authtok = str, None\n"),
    ("a.sh", "local PASSWORD=$($jq \".auth.credentials.password\" $tmpfile)"),
    ("config.yml", "s3_secret_key: _env:AWS_S3_SECRET_KEY\npassword: _env:CACHE_PASSWORD\n"),
    ("a.sh", "tests=(\n\"testDecryptPassword:It_should_create_and_decrypt_a_password\"\n)"),
    ("a.k", "\"password-0\" = ocds[\"accesskey-0\"]?.ConnectionDetails?.password or \"\""),
    ("a.yaml", "DATABASE_PASSWORD: '\\(values.db.password)'\n"),
    ("README.md", "Deleting Secret=\"capi-openstack-md-0-t44gj\" Namespace=\"default\""),
    ("zh.properties", "Credentials=\\u51ED\\u636E\npassword=\\u5BC6\\u7801\n"),
    (
        "a.yaml",
        "kind: Secret\nstringData:\n  known_hosts: hv1.internal ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkV2b9Qz7Lm4kXw\n",
    ),
    ("values.yaml", "topologyKeys: [\"kubernetes.io/hostname\"]\nsecretKeys: db-password\n"),
    ("a.ps1", "$ldapuser = ConvertTo-SecureString -string \"uid=admin,ou=system\" -asplaintext -force"),
];

/// Values in files where a value goes to the end of its line hold anything.
#[test]
fn a_value_goes_to_the_end_of_its_line() {
    let key = MaskKey::new([7; 32]);
    for (path, name) in [(".env", "API_KEY="), ("app.properties", "db.password = "), ("a.ini", "secret_key=")] {
        for marks in ["}<;(&", "$,)|!", ">{];#"] {
            let value = format!("{}{marks}{}", &random(5)[..7], &random(6)[..7]);
            let text = format!("{name}{value}\n");
            let leaks = scan(&ScanFile { path, bytes: text.as_bytes() }, &key).leaks;
            assert!(leaks.len() == 1 && leaks[0].range == (name.len()..name.len() + value.len()), "{path}: {text}");
        }
    }
}

fn random(seed: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789";
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text: String = (0..18)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(LETTERS[usize::try_from(state % LETTERS.len() as u64).unwrap_or_default()])
        })
        .collect();
    text.insert(7, '4');
    text
}

/// A private key in base64 without a label, and npm's base64 of a user and a password.
#[test]
fn encoded_credentials_are_told_by_what_they_encode() {
    let key = MaskKey::new([7; 32]);
    let body: String = (1..30).map(random).collect();
    for start in ["MIIEow|IBAAKCAQEA", "MIIEvQ|IBADANBgkqhkiG9w0BAQEFAASC"] {
        let value = start.replace('|', "") + &body;
        let text = format!("a: [{value}]\n");
        let leaks = scan(&ScanFile { path: "a.yaml", bytes: text.as_bytes() }, &key).leaks;
        assert!(leaks.len() == 1 && leaks[0].rule == LeakRule::PrivateKey && leaks[0].range == (4..4 + value.len()));
    }
    let public = format!("a: MIIBCgKCAQEA{body}\nb: MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A{body}\n");
    assert!(scan(&ScanFile { path: "a.yaml", bytes: public.as_bytes() }, &key).leaks.is_empty());
    let text = format!("//registry.example.org/:_auth={}\n", base64(&format!("ci:{}", random(40))));
    let leaks = scan(&ScanFile { path: ".npmrc", bytes: text.as_bytes() }, &key).leaks;
    assert!(leaks.len() == 1 && leaks[0].range == (30..text.len() - 1), "{text}");
}

/// What passwords are made of by chance may look like a pattern, a call, a host, an address, a version or an abbreviation.
#[test]
fn passwords_that_look_like_something_else_are_found() {
    let (a, b) = (&random(51)[..8], &random(52)[..8]);
    let forms = [
        format!("{a}.+{b}"),
        format!("{a}.*{b}"),
        format!("{a}...{b}~x!"),
        format!("4({a})!{b}"),
        format!("n?{a}$(){b}"),
        format!("v9%{}.pm_k", &a[..1]),
        "i?3~..3%_Bf__fX".to_owned(),
        ["V1qi", "XE9B", "xn96"].join("."),
        format!("{a}@8t.e"),
        format!("{a}%(5{b}"),
    ];
    let key = MaskKey::new([7; 32]);
    for value in forms {
        let text = format!("password: \"{value}\"\n");
        let leaks = scan(&ScanFile { path: "values.yaml", bytes: text.as_bytes() }, &key).leaks;
        assert!(leaks.len() == 1 && leaks[0].rule == LeakRule::LiteralCredential, "{text}");
    }
}

/// Keys whose inside proves what they are, wherever they stand: Ceph's, and `OpenVPN`'s in its own kind of block.
#[test]
fn keys_are_told_by_their_inside() {
    let key = MaskKey::new([7; 32]);
    let body: Vec<u8> = [&[1, 0, 9, 8, 7, 6, 5, 4, 3, 2, 16, 0][..], &random(61).as_bytes()[..16]].concat();
    let ceph = base64(std::str::from_utf8(&body).expect("text"));
    let leaks = |text: &str| scan(&ScanFile { path: "a.conf", bytes: text.as_bytes() }, &key).leaks;
    let found = leaks(&format!("[client.admin]\n\tkey = {ceph}\n"));
    assert!(found.len() == 1 && found[0].kind == "Ceph key", "{ceph}: {found:?}");
    assert!(leaks(&format!("key = {}\n", ceph.replacen("AQA", "AQE", 1))).is_empty());
    let block = (70..78).map(random).collect::<Vec<_>>().join("\n");
    let label = ["OpenVPN", "Static", "key", "V1"].join(" ");
    let found = leaks(&format!("-----BEGIN {label}-----\n{block}\n-----END {label}-----\n"));
    assert!(found.len() == 1 && found[0].rule == LeakRule::PrivateKey, "{found:?}");
}

/// A user and a password stand together under a name for both.
#[test]
fn a_user_with_a_password_is_one_value() {
    for (path, name) in
        [("values.yaml", "basicAuth: "), ("values.yaml", "ADD_USER: "), ("a.properties", "x.basic.auth.user.info=")]
    {
        let text = format!("{name}app:{}\n", random(41));
        let leaks = scan(&ScanFile { path, bytes: text.as_bytes() }, &MaskKey::new([7; 32])).leaks;
        assert!(leaks.len() == 1 && leaks[0].range == (name.len()..text.len() - 1), "{text}");
    }
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().chain([&0; 3]).take(3).fold(0usize, |bits, &b| bits << 8 | usize::from(b));
        for at in 0..=chunk.len() {
            encoded.push(char::from(DIGITS[bits >> (18 - 6 * at) & 63]));
        }
        encoded.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    encoded
}

#[test]
fn each_place_gives_its_value_away() {
    let key = MaskKey::new([7; 32]);
    let mut wrong = String::new();
    for (number, (path, text)) in LEAKS.iter().enumerate() {
        let secret = random(number + 1);
        let at = text.find(MARK).expect("a mark");
        let text = text.replace(MARK, &secret);
        let leaks = scan(&ScanFile { path, bytes: text.as_bytes() }, &key).leaks;
        if leaks.len() != 1 || leaks[0].range != (at..at + secret.len()) {
            let found: Vec<_> = leaks.iter().map(|l| (l.rule, l.range.clone())).collect();
            wrong += &format!("{path}: {text}\n  {found:?}, not {:?}\n", at..at + secret.len());
        }
    }
    for (path, text) in NONE {
        for leak in scan(&ScanFile { path, bytes: text.as_bytes() }, &key).leaks {
            wrong += &format!("{path}: {text}\n  no credential: {:?} {:?}\n", leak.rule, leak.range);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
