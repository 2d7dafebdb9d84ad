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
    file("shell", "run.sh", "pass=$((pass + 1))\nmysql --ssl-key=\"$TMPD/tls.key\"\nproxy_pass http://%APP%.svc;\n"),
];
