//! What code, its comments, its pages and its tables write.

use super::{Template, alone, file, yaml};

/// Credentials, each marked.
pub static LEAKY: &[Template] = &[
    alone(
        "calls",
        "Config.java",
        "void init() { ds.setPassword(\"«%STRONG%»\"); }\nConnection c = DriverManager.getConnection(\"jdbc:postgresql://db/x\", \"admin\", \"«%STRONG%»\");\n",
    ),
    alone(
        "calls",
        "Options.cs",
        "public string SmtpPassword { get; set; } = \"«%WEAK%»\";\nreadonly NetworkCredential c = new NetworkCredential(\"deploy\", \"«%STRONG%»\");\n",
    ),
    alone("calls", "main.rs", "r.basic_auth(\"svc\", Some(\"«%STRONG%»\"))\nconst API_SECRET: &str = \"«%HEX40%»\";\n"),
    alone(
        "calls",
        "db.php",
        "$pdo = new PDO('mysql:host=db', 'root', '«%STRONG%»');\n$db = new mysqli('db', 'app', '«%STRONG%»', 'shop');\n",
    ),
    alone(
        "calls",
        "mail.py",
        "server.login(\"app@example.org\", \"«%STRONG%»\")\nconn = connect(host=\"db\", user=\"app\", password=\"«%DOTS%»\")\n",
    ),
    alone(
        "strings of code",
        "Database.cs",
        "const string A = \"host=db port=5432 user=app password=«%STRONG%» dbname=x\";\nconst string B = \"jdbc:mysql://db/x?user=app&password=«%STRONG%»&useSSL=false\";\nconst string C = \"host=db password='«%STRONG%»' dbname=x\";\n",
    ),
    alone(
        "comments of code",
        "main.go",
        "// - vpn-token: «%STRONG%»\n// old %WORD%-secret was: «%HEX40%»\n// imap_jwt_secret=«%HEX32%»\nvar x = 1\n",
    ),
    alone(
        "comments of code",
        "Service.java",
        "/*\n * TODO remove - ADMIN_PASSWORD: «%STRONG%»\n * --set api_token=«%LONG%»\n */\n",
    ),
    yaml("comments of code", "a: 1\n# old session-api-secret was: «%HEX40%»\n# old pwd was: «%STRONG%»\nb: 2\n"),
    alone(
        "tables",
        "users.csv",
        "name,email,password,role\nann,ann@example.org,«%STRONG%»,admin\nben,ben@example.org,«%WEAK%»,none\n",
    ),
    alone("tables", "accounts.tsv", "host\tlogin\tpassword\ndb1\tann\t«%STRONG%»\n"),
    alone(
        "tables",
        "access.md",
        "| System | User | Password |\n|---|---|---|\n| shop | ann | `«%WEAK%»` |\n| %APP% | ben | «%STRONG%» |\n",
    ),
    alone("tables", "users.htpasswd", "ann:{PLAIN}«%STRONG%»\nben:«%STRONG%»\n"),
    alone("pages", "NOTES.txt", "Login: admin / «%WEAK%»\nLog in as \"admin\" with password \"«%STRONG%»\".\n"),
    file(
        "programs",
        "seed.sh",
        "keytool -importkeystore -srcstorepass «%STRONG%» -deststorepass «%STRONG%» -srckeystore a.jks\nvault operator unseal «%B6432%»\nsamba-tool user create ann «%STRONG%» --userou=OU=Users\n",
    ),
    yaml(
        "words with dots",
        "env:\n  - name: ELASTIC_PASSWORD\n    value: «%DOTS%»\n  - name: MQ_URL\n    value: amqp://app:«%DOTS%»@mq.svc\nauth:\n  password: \"«%DOTS%»\"\n",
    ),
    yaml(
        "names",
        "proxySecret: «%STRONG%»\nenv:\n  - name: PROXY_PASS\n    value: «%STRONG%»\n  - name: REDISCLI_AUTH\n    value: «%UUID%»\n  - name: ENCRYPTION_KEY_MAIN\n    value: «%UUID%»\n  - name: SSHPASS\n    value: «%STRONG%»\nsaslsigningkey: «%LONG%»\njenkinstokenold: «%HEX40%»\n",
    ),
    alone(
        "names",
        "secret.tpl",
        "apiVersion: v1\nkind: Secret\ndata:\n  proxy-pass: {{ \"«%STRONG%»\" | b64enc }}\n  api-token: {{ ternary \"«%STRONG%»\" .Values.redisPassword .Values.dev | b64enc }}\n",
    ),
    alone("files of one word", ".erlang.cookie", "«%STRONG%»\n"),
    alone("files of one word", "config/master.key", "«%HEX32%»"),
    alone("files of one word", "db-password.txt", "«%WEAK%»\n"),
    alone("files of one word", "example.org.signing.key", "ed25519 a_6Ats «%LONG%»\n"),
    alone("files of one word", "mongo/keyfile", "«%LONG%»\n%LONG%\n"),
    alone("files of one word", "openvpn/auth.txt", "app\n«%WEAK%»\n"),
    alone("calls", "sync.py", "conn = Connection(server, \"cn=sync,dc=corp\", \"«%STRONG%»\", auto_bind=True)\n"),
    file(
        "routers",
        "rtr.cfg",
        "enable password «%STRONG%»\ntacacs-server key «%STRONG%»\nsnmp-server community «%STRONG%» RW\n",
    ),
    yaml(
        "keys",
        "tunnels:\n  wg0:\n    mode: wireguard\n    key: «%B6432%»\nencrypt:\n  key: «%STRONG%»\nenv:\n  NEO4J_AUTH: neo4j/«%STRONG%»\n",
    ),
    alone("tables", "tokens.csv", "«%HEX32%»,bootstrap,10001,\"system:bootstrap\"\n"),
    alone("calls", "auth.ts", "export const token = (id) => jwt.sign({ id }, '«%STRONG%»', { expiresIn: '1h' });\n"),
    alone(
        "calls",
        "mail.go",
        "auth := smtp.PlainAuth(\"\", \"me@example.org\", \"«%STRONG%»\", \"smtp.example.org\")\n",
    ),
    alone(
        "terraform",
        "terraform.tfstate",
        "{\"resources\": [{\"type\": \"random_password\", \"instances\": [{\"attributes\": {\"length\": 24,\n\"result\": \"«%STRONG%»\"}}]}]}\n",
    ),
    alone(
        "consul",
        "agent.hcl",
        "encrypt = \"«%B6432%»\"\nacl {\n  tokens {\n    initial_management = \"«%UUID%»\"\n  }\n}\n",
    ),
    alone("vault", "init.json", "{\"unseal_keys_b64\": [\n\"«%B6432%»\",\n\"«%B6432%»\"],\n\"threshold\": 2}\n"),
    file("programs", "bind.sh", "nsupdate -y hmac-sha256:acme:«%B6432%» <<ZONE\n"),
    file(
        "telephony",
        "register.conf",
        "register => 2198436:«%STRONG%»@sip.example.org/31\ncache_peer 10.0.0.1 parent 3128 0 login=app:«%STRONG%»\n",
    ),
    file("snmp", "snmpd.conf", "createUser monitor SHA \"«%STRONG%»\" AES \"«%STRONG%»\"\n"),
    alone("pages", "onboarding.md", "Log in at https://grafana.example.org with admin / «%STRONG%»\n"),
    yaml(
        "actions in flow maps",
        "releases:\n  - values:\n      - db: {password: {{ env \"DB_PASS\" | default \"«%STRONG%»\" }} }\n",
    ),
    yaml(
        "headers",
        "exporters:\n  otlp:\n    headers:\n      x-honeycomb-team: «%HEX32%»\nsecret_id: «%UUID%»\nvalue.converter.basic.auth.user.info: sr:«%WEAK%»\n",
    ),
    yaml(
        "words with dots",
        "password: «lantern.violet.falcon»\ndsn: mysql://app:«maple.igloo.marble.walnut»@mysql:3306/shop\n",
    ),
    yaml(
        "comments",
        "# FIXME: prod pw is «Autumn2021!», staging is the same\n# old: password: «%WEAK%» (rotated? ask core)\na: 1\n",
    ),
    alone(
        "pages",
        "CHANGELOG.md",
        "- rotate: database password changed to `«%STRONG%»`\n- Grafana login is `admin` / `«%WEAK%»`.\n",
    ),
    alone(
        "calls",
        "jobs.groovy",
        "def c = new UsernamePasswordCredentialsImpl(CredentialsScope.GLOBAL, \"git\", \"\", \"ci\", \"«%STRONG%»\")\n",
    ),
    file("comparisons", "nginx.conf", "if ($http_x_internal_token != \"«%HEX40%»\") { return 403; }\n"),
    file("programs", "mc.sh", "mc alias set store http://minio:9000 grafana «%LONG%»\n"),
];

/// What looks like credentials and is none.
pub static CLEAN: &[Template] = &[
    alone(
        "code",
        "auth.php",
        "$this->validate(['password' => 'required|min:12']);\n$ok = check_password(\"%WORD%\");\n$naspass = \"$confdir/naspasswd\";\n",
    ),
    alone(
        "code",
        "test_users.py",
        "d.lock_passwd(\"bob1\")\nuser = auth.hash_password(\"me2you\")\npassword = getpass.getpass(\"Password: \")\npool = db.get_password(\"app1\")\nassert auth.starts_with(\"AWS4-HMAC-SHA256\")\n",
    ),
    alone(
        "code",
        "db_test.go",
        "dsn := \"host=db user=test password=test dbname=test\"\nurl := fmt.Sprintf(\"host={} password={}\", h, p)\nkube.SealedSecret(\"foo12345\")\nkey, err := wg.ParseKey(pub)\n",
    ),
    yaml(
        "translations",
        "resetPassword: Zurücksetzen\npassword_confirm: Passwort bestätigen\npassword_show: Passwort anzeigen\nnewPassword: Réinitialiser\n",
    ),
    yaml(
        "public ones",
        "mapboxPublicToken: pk.eyJ1IjoibWFyYmxlIiwiYSI6ImNsbHhvcWkz%HEX32%.JYO0uc_Iz5Qw2vwXgp_FqI\nrecaptchaSiteKey: 6LcQ3fBNUAAAAAmIoFWDi_%HEX32%\n",
    ),
    alone(
        "tables",
        "README.md",
        "| Name | Type | Default |\n|---|---|---|\n| auth.password | string | `\"\"` |\n| zones[0].labels | object | `{}` |\n\nrfc2548\tMS-CHAP-Password\nrfc3162\tNAS-IPv6-Address\n",
    ),
    alone(
        "telegraf",
        "telegraf.conf",
        "namepass = [\"metric1\", \"metric2\"]\nfieldpass = [\"value1\"]\nprivate_key = $dir/ca.key\n",
    ),
    yaml(
        "names",
        "kind: signature\nhmac: %HEX64%\nspec:\n  secretMAC: %B6432%\naction:\n  pass: backend1-v2\nKAFKA_LISTENERS: PLAIN://kafka3:9093,TOKEN://kafka3:10093\n",
    ),
    alone(
        "sql",
        "query.sql",
        "UPDATE users SET password = :password WHERE reset_token = :token;\nCREATE TABLE users (pass VARCHAR(64), salt CHAR(16));\n",
    ),
    alone("pages", "setup.md", "-e PASS= `#optional` \\\n- Password: $POSTGRES_PW (see .env)\n"),
    alone(
        "lists of users",
        "mosquitto/passwd",
        "app:$7$101$7HO5q1QvC0YQ49cf$CrCwJCoC2Bf8BuFwnxA2j0qLX1b6Qml2WMVh3SFjwvSbSh4VERZuDNvL3PIoMqkQ==\n",
    ),
    file("shell", "run.sh", "pass=$((pass + 1))\nmysql --ssl-key=\"$TMPD/tls.key\"\nproxy_pass http://%APP%.svc;\n"),
    yaml(
        "names",
        "plugins:\n  - plain-credentials:183.va_a5a3eaf6b0a9\npassword: spring.datasource.password\nauthHost: lantern.violet.falcon\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\n",
    ),
];
