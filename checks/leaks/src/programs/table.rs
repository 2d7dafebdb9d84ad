//! The rows: programs that take their credential in the same place.

use super::At::{self, Batch, Flag, Glued, Lead, Part, Skip, Word};
use super::Row;

const fn row(names: &'static str, under: &'static str, takes: &'static [At]) -> Row {
    Row { names, under, takes }
}

/// All rows. Long flags whose name says what they take (`--password`, `-storepass`) need none.
pub(super) static PROGRAMS: &[Row] = &[
    // Registries and clouds.
    row("docker podman nerdctl buildah skopeo crane oras regctl cosign ko helm oc cf", "login", &[Flag("-p")]),
    row("cf", "auth", &[Word(2)]),
    row("az ibmcloud", "login", &[Flag("-p")]),
    row("aws", "set", &[Flag("aws_secret_access_key"), Flag("aws_session_token")]),
    row("doctl codecov", "", &[Flag("-t")]),
    row("ngrok", "authtoken add-authtoken", &[Word(1)]),
    row("gitlab-runner", "register", &[Flag("-r"), Flag("-t")]),
    // The installation of a system.
    row("rootpw sshpw", "", &[Flag("--plaintext")]),
    // Packages.
    row("cargo", "login", &[Word(1)]),
    row("snyk", "auth", &[Word(1)]),
    row("twine", "upload", &[Flag("-p")]),
    row("poetry", "publish", &[Flag("-p")]),
    row("dotnet", "push", &[Flag("-k")]),
    // Databases.
    row(
        "mysql mysqladmin mysqldump mysqlcheck mysqlimport mysqlshow mysqlslap mysqlbinlog mysqlpump mysql_upgrade \
         mysqlsh mariadb mariadb-admin mariadb-dump mariadb-check mariadb-import mariadb-show mariadb-binlog \
         mariadb-upgrade mariadb-backup mariabackup xtrabackup 7z 7za",
        "",
        &[Glued("-p")],
    ),
    row("mydumper myloader mycli", "", &[Flag("-p")]),
    row("redis-cli redis-benchmark valkey-cli valkey-benchmark keydb-cli", "", &[Flag("-a")]),
    row("redis-cli valkey-cli keydb-cli", "auth", &[Word(1)]),
    row(
        "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop mongofiles",
        "",
        &[Flag("-p")],
    ),
    row("cqlsh cypher-shell beeline hdbsql", "", &[Flag("-p")]),
    row("nodetool", "", &[Flag("-pw")]),
    row("neo4j-admin", "set-initial-password", &[Word(1)]),
    row("sqlcmd bcp isql tsql", "", &[Flag("-P")]),
    row("vsql", "", &[Flag("-w")]),
    row("influx", "", &[Flag("-t")]),
    row("influx", "setup", &[Flag("-p"), Flag("-t")]),
    row("etcdctl", "", &[Part("--user", ":")]),
    row("elasticsearch-users", "", &[Flag("-p")]),
    // Messages.
    row("rabbitmqctl", "add_user change_password authenticate_user", &[Word(2)]),
    row("rabbitmqadmin", "", &[Flag("-p")]),
    row("ejabberdctl prosodyctl", "register", &[Word(3)]),
    row("mosquitto_pub mosquitto_sub mosquitto_rr", "", &[Flag("-P")]),
    row("swaks", "", &[Flag("-ap")]),
    row("doveadm", "pw", &[Flag("-p")]),
    // Stores of secrets, directories, identities.
    row("vault bao", "login", &[Skip("-method"), Skip("-path"), Skip("-address"), Word(1)]),
    row("vault bao", "unseal", &[Word(1)]),
    row("samba-tool", "create add", &[Word(2)]),
    row("bw", "login", &[Word(2)]),
    row("bw", "unlock", &[Word(1)]),
    row("ldapsearch ldapadd ldapmodify ldapdelete ldapcompare ldapmodrdn ldapexop ldapwhoami", "", &[Flag("-w")]),
    row("ldappasswd", "", &[Flag("-w"), Flag("-s"), Flag("-a")]),
    row("slappasswd", "", &[Flag("-s")]),
    row("kadmin ipa-client-install ipa-replica-install", "", &[Flag("-w")]),
    row("addprinc", "", &[Flag("-pw")]),
    row("ipa-server-install", "", &[Flag("-a"), Flag("-p")]),
    row("kcadm.sh kcadm", "set-password", &[Flag("-p")]),
    row("add-user-keycloak.sh add-user.sh", "", &[Flag("-p")]),
    row("grafana-cli grafana", "reset-admin-password", &[Word(1)]),
    row("airflow", "create", &[Flag("-p")]),
    row("jenkins-cli.jar", "", &[Part("-auth", ":")]),
    row("htpasswd mosquitto_passwd", "", &[Batch]),
    row("caddy", "hash-password", &[Flag("-p"), Flag("--plaintext")]),
    row("mkpasswd", "", &[Skip("-m"), Skip("-S"), Word(1)]),
    // Files and keys.
    row("mc mcli", "alias host", &[Word(5)]),
    row("mc mcli", "user", &[Word(4)]),
    row("mc mcli", "svcacct", &[]),
    row("rclone", "obscure", &[Word(1)]),
    row("rclone", "create", &[Flag("pass"), Flag("secret_access_key"), Flag("client_secret")]),
    row("openssl", "", &[Part("-passin", "pass:"), Part("-passout", "pass:")]),
    row("openssl", "enc", &[Flag("-k"), Flag("-K")]),
    row("ssh-keygen", "", &[Flag("-N"), Flag("-P")]),
    row("zip unzip", "", &[Flag("-P")]),
    // Other machines.
    row("curl", "", &[Part("-u", ":"), Part("--user", ":"), Part("-U", ":"), Part("--proxy-user", ":")]),
    row("lftp", "", &[Part("-u", ",")]),
    row("sshpass", "", &[Lead("-p")]),
    row("plink pscp psftp", "", &[Flag("-pw")]),
    row("smbclient rpcclient smbcacls smbget", "", &[Part("-U", "%")]),
    row("snmpwalk snmpget snmpgetnext snmpset snmpbulkwalk snmpbulkget snmptrap", "", &[Flag("-A"), Flag("-X")]),
    row("ipmitool", "", &[Flag("-P")]),
    row("tacacs-server radius-server", "key", &[Word(1)]),
    row("snmp-server", "community", &[Word(1)]),
    row("createUser", "", &[Skip("-e"), Word(3), Word(5)]),
    row("nsupdate", "", &[Part("-y", ":")]),
    row("radtest", "", &[Skip("-t"), Word(2), Word(5)]),
    row("turnadmin", "", &[Flag("-p")]),
    row("wpa_passphrase", "", &[Word(2)]),
    row("nmcli", "connect", &[Flag("password")]),
];
