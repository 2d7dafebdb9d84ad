//! Secrets and `ConfigMaps` that operators make from their custom resources: one table row per name, and what no table knows.

use super::fields::{items, line, node_at, text};
use super::{At, Certainty, Keys, Kind, Made};
use yaml::Node;

/// What an operator makes of one kind of custom resource.
struct Row {
    group: &'static str,
    kind: &'static str,
    makes: Kind,
    /// The name: `{path}` stands for a field, `{a|b}` for the first that is set, `[]` in a path for every item of a list,
    /// `*` for what only the operator knows.
    name: &'static str,
    /// The namespace, in the same language; empty for the resource's own.
    namespace: &'static str,
    /// Its keys; empty when they are not known.
    keys: &'static [&'static str],
    /// A field that says that the user brings the Secret, so that none is made.
    unless: &'static str,
    /// A field, and what it must say; empty when nothing is asked for.
    when: (&'static str, &'static str),
    certainty: Certainty,
}

impl Row {
    const fn keys(mut self, keys: &'static [&'static str]) -> Self {
        self.keys = keys;
        self
    }
    const fn unless(mut self, path: &'static str) -> Self {
        self.unless = path;
        self
    }
    const fn when(mut self, path: &'static str, says: &'static str) -> Self {
        self.when = (path, says);
        self
    }
    const fn namespace(mut self, namespace: &'static str) -> Self {
        self.namespace = namespace;
        self
    }
    const fn config_map(mut self) -> Self {
        self.makes = Kind::ConfigMap;
        self
    }
    const fn shared(mut self) -> Self {
        self.certainty = Certainty::Shared;
        self
    }
}

const fn row(group: &'static str, kind: &'static str, name: &'static str) -> Row {
    Row {
        group,
        kind,
        makes: Kind::Secret,
        name,
        namespace: "",
        keys: &[],
        unless: "",
        when: ("", ""),
        certainty: Certainty::Sole,
    }
}

const OWN: &str = "{metadata.name}";
const CNPG: &str = "postgresql.cnpg.io";
const CNPG_KEYS: &[&str] = &[
    "dbname",
    "fqdn-jdbc-uri",
    "fqdn-uri",
    "host",
    "jdbc-uri",
    "password",
    "pgpass",
    "port",
    "uri",
    "user",
    "username",
];
const USER: &[&str] = &["password", "username"];
const TLS: &[&str] = &["tls.crt", "tls.key"];
const STRIMZI: &str = "kafka.strimzi.io";
const VAULT: &str = "secrets.hashicorp.com";

#[rustfmt::skip]
static ROWS: &[Row] = &[
    // cert-manager
    row("cert-manager.io", "Issuer", "{spec.acme.privateKeySecretRef.name}").shared(),
    row("cert-manager.io", "ClusterIssuer", "{spec.acme.privateKeySecretRef.name}").namespace("*").shared(),
    row("trust.cert-manager.io", "Bundle", "{spec.target.configMap.key>metadata.name}").config_map().namespace("*").shared(),
    row("trust.cert-manager.io", "Bundle", "{spec.target.secret.key>metadata.name}").namespace("*").shared(),
    // Secrets from elsewhere
    row("secrets-store.csi.x-k8s.io", "SecretProviderClass", "{spec.secretObjects[].secretName}").shared(),
    row("onepassword.com", "OnePasswordItem", OWN),
    row("k8s.bitwarden.com", "BitwardenSecret", "{spec.secretName}"),
    row("secrets.infisical.com", "InfisicalSecret", "{spec.managedSecretReference.secretName}").namespace("{spec.managedSecretReference.secretNamespace|metadata.namespace}"),
    row("secrets.infisical.com", "InfisicalSecret", "{spec.managedKubeSecretReferences[].secretName}").namespace("*"),
    row("secrets.infisical.com", "InfisicalDynamicSecret", "{spec.managedSecretReference.secretName}").namespace("{spec.managedSecretReference.secretNamespace|metadata.namespace}"),
    row("secrets.doppler.com", "DopplerSecret", "{spec.managedSecret.name}").namespace("{spec.managedSecret.namespace|metadata.namespace}"),
    row("spv.no", "AzureKeyVaultSecret", "{spec.output.secret.name}"),
    row("spv.no", "AzureKeyVaultSecret", "{spec.output.configMap.name}").config_map(),
    row("kubernetes-client.io", "ExternalSecret", OWN),
    row("ricoberger.de", "VaultSecret", OWN),
    row("redhatcop.redhat.io", "VaultSecret", "{spec.output.name}"),
    row("koudingspawn.de", "Vault", OWN),
    row("secret-manager.tuenti.io", "SecretDefinition", "{spec.name}"),
    row("isindir.github.com", "SopsSecret", "{spec.secretTemplates[].name}"),
    row("craftypath.github.io", "SopsSecret", OWN),
    row("k8s.nirmata.io", "SecretSync", "{spec.secretName}"),
    row("secret-sync.x-k8s.io", "SecretSync", OWN),
    row("secretgenerator.mittwald.de", "StringSecret", OWN),
    row("secretgenerator.mittwald.de", "BasicAuth", OWN),
    row("secretgenerator.mittwald.de", "SSHKeyPair", OWN),
    row("secretgen.k14s.io", "Password", OWN),
    row("secretgen.k14s.io", "RSAKey", OWN),
    row("secretgen.k14s.io", "SSHKey", OWN),
    row("secretgen.k14s.io", "Certificate", OWN),
    row("secretgen.carvel.dev", "SecretTemplate", OWN),
    row("secretgen.carvel.dev", "SecretImport", OWN),
    // PostgreSQL
    row(CNPG, "Cluster", "{metadata.name}-app").keys(CNPG_KEYS).unless("spec.bootstrap.initdb.secret.name"),
    row(CNPG, "Cluster", "{metadata.name}-superuser").keys(CNPG_KEYS).unless("spec.superuserSecret.name"),
    row(CNPG, "Cluster", "{metadata.name}-ca").keys(&["ca.crt", "ca.key"]).unless("spec.certificates.serverCASecret"),
    row(CNPG, "Cluster", "{metadata.name}-server").keys(TLS).unless("spec.certificates.serverTLSSecret"),
    row(CNPG, "Cluster", "{metadata.name}-replication").keys(TLS).unless("spec.certificates.replicationTLSSecret"),
    row(CNPG, "Pooler", "{metadata.name}-pooler"),
    row("acid.zalan.do", "postgresql", "*.{metadata.name}.credentials.postgresql.acid.zalan.do").keys(USER),
    row("acid.zalan.do", "postgresql", "*.{metadata.name}.credentials").keys(USER),
    row("postgres-operator.crunchydata.com", "PostgresCluster", "{metadata.name}-pguser-*"),
    row("postgres-operator.crunchydata.com", "PostgresCluster", "{metadata.name}-*cert*"),
    row("pgv2.percona.com", "PerconaPGCluster", "{metadata.name}-pguser-*"),
    row("db.movetokube.com", "PostgresUser", "{spec.secretName}-{metadata.name}"),
    row("stackgres.io", "SGCluster", OWN),
    row("stackgres.io", "SGCluster", "{metadata.name}-*"),
    // other databases
    row("k8s.mariadb.com", "MariaDB", "{metadata.name}-*").shared(),
    row("k8s.mariadb.com", "Connection", "{spec.secretName|metadata.name}"),
    row("pxc.percona.com", "PerconaXtraDBCluster", "{spec.secretsName}").shared(),
    row("pxc.percona.com", "PerconaXtraDBCluster", "{metadata.name}-secrets").shared().unless("spec.secretsName"),
    row("pxc.percona.com", "PerconaXtraDBCluster", "{metadata.name}-ssl*").shared(),
    row("ps.percona.com", "PerconaServerMySQL", "{spec.secretsName}").shared(),
    row("ps.percona.com", "PerconaServerMySQL", "{metadata.name}-*").shared(),
    row("psmdb.percona.com", "PerconaServerMongoDB", "{spec.secrets.users}").shared(),
    row("psmdb.percona.com", "PerconaServerMongoDB", "{metadata.name}-*").shared(),
    row("mysql.oracle.com", "InnoDBCluster", "{metadata.name}-*").shared(),
    row("mongodbcommunity.mongodb.com", "MongoDBCommunity", "{spec.users[].connectionStringSecretName}"),
    row("mongodbcommunity.mongodb.com", "MongoDBCommunity", "{metadata.name}-*"),
    row("mongodb.com", "MongoDBUser", "{spec.connectionStringSecretName|metadata.name}"),
    row("cassandra.datastax.com", "CassandraDatacenter", "{spec.clusterName}-superuser").unless("spec.superuserSecretName"),
    row("k8ssandra.io", "K8ssandraCluster", "{spec.cassandra.clusterName|metadata.name}-superuser").unless("spec.cassandra.superuserSecretRef.name"),
    row("scylla.scylladb.com", "ScyllaCluster", "{metadata.name}-*"),
    row("app.redislabs.com", "RedisEnterpriseDatabase", "{spec.databaseSecretName}").shared(),
    row("app.redislabs.com", "RedisEnterpriseDatabase", "redb-{metadata.name}").unless("spec.databaseSecretName"),
    row("app.redislabs.com", "RedisEnterpriseCluster", OWN),
    row("crdb.cockroachlabs.com", "CrdbCluster", "{metadata.name}-*"),
    row("cluster.x-k8s.io", "Cluster", "{metadata.name}-kubeconfig").keys(&["value"]),
    // messaging
    row(STRIMZI, "KafkaUser", OWN).when("spec.authentication.type", "tls").keys(&["ca.crt", "user.crt", "user.key", "user.p12", "user.password"]),
    row(STRIMZI, "KafkaUser", OWN).when("spec.authentication.type", "scram-sha-512").keys(&["password", "sasl.jaas.config"]),
    row(STRIMZI, "Kafka", "{metadata.name}-*-ca-cert"),
    row(STRIMZI, "Kafka", "{metadata.name}-*-ca"),
    row(STRIMZI, "Kafka", "{metadata.name}-*-certs"),
    row(STRIMZI, "KafkaUser", OWN).unless("spec.authentication.type").keys(&["ca.crt", "password", "sasl.jaas.config", "user.crt", "user.key", "user.p12", "user.password"]),
    row("rabbitmq.com", "RabbitmqCluster", "{metadata.name}-default-user").keys(&["connection_string", "default_user.conf", "host", "password", "port", "provider", "type", "username"]),
    row("rabbitmq.com", "RabbitmqCluster", "{metadata.name}-erlang-cookie").keys(&[".erlang.cookie"]),
    row("rabbitmq.com", "User", "{metadata.name}-user-credentials").keys(USER),
    row("jetstream.nats.io", "Account", "{metadata.name}-*"),
    row("aiven.io", "*", "{spec.connInfoSecretTarget.name|metadata.name}"),
    row("redpanda.vectorized.io", "Cluster", "{metadata.name}-*"),
    row("cluster.redpanda.com", "Redpanda", "{metadata.name}-*"),
    // Elastic, search, observability
    row("elasticsearch.k8s.elastic.co", "Elasticsearch", "{metadata.name}-es-*"),
    row("kibana.k8s.elastic.co", "Kibana", "{metadata.name}-kb-*"),
    row("apm.k8s.elastic.co", "ApmServer", "{metadata.name}-apm-*"),
    row("enterprisesearch.k8s.elastic.co", "EnterpriseSearch", "{metadata.name}-ent-*"),
    row("agent.k8s.elastic.co", "Agent", "{metadata.name}-agent-*"),
    row("logstash.k8s.elastic.co", "Logstash", "{metadata.name}-ls-*"),
    row("opensearch.opster.io", "OpenSearchCluster", "{metadata.name}-*"),
    row("grafana.integreatly.org", "Grafana", "{metadata.name}-admin-credentials").keys(&["GF_SECURITY_ADMIN_PASSWORD", "GF_SECURITY_ADMIN_USER"]),
    row("monitoring.coreos.com", "Prometheus", "prometheus-{metadata.name}*"),
    row("monitoring.coreos.com", "Prometheus", "prometheus-{metadata.name}-rulefiles-*").config_map(),
    row("monitoring.coreos.com", "Alertmanager", "alertmanager-{metadata.name}-*"),
    // identity, storage
    row("k8s.keycloak.org", "Keycloak", "{metadata.name}-initial-admin").keys(USER),
    row("keycloak.org", "Keycloak", "credential-{metadata.name}"),
    row("keycloak.org", "KeycloakClient", "keycloak-client-secret-{spec.client.clientId}"),
    row("hydra.ory.sh", "OAuth2Client", "{spec.secretName}"),
    row("vault.banzaicloud.com", "Vault", "{metadata.name}-unseal-keys"),
    row("vault.banzaicloud.com", "Vault", "{metadata.name}-tls"),
    row("vault.banzaicloud.com", "Vault", "{metadata.name}-raw-config"),
    row("objectbucket.io", "ObjectBucketClaim", OWN).keys(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
    row("objectbucket.io", "ObjectBucketClaim", OWN).config_map().keys(&["BUCKET_HOST", "BUCKET_NAME", "BUCKET_PORT", "BUCKET_REGION", "BUCKET_SUBREGION"]),
    row("ceph.rook.io", "CephObjectStoreUser", "rook-ceph-object-user-{spec.store}-{metadata.name}"),
    row("ceph.rook.io", "CephCluster", "rook-*"),
    row("minio.min.io", "Tenant", "{metadata.name}-*"),
    row("sts.min.io", "PolicyBinding", "{metadata.name}-*"),
    row("iam.cnrm.cloud.google.com", "IAMServiceAccountKey", OWN).keys(&["key.json"]),
    row("argoproj.io", "ArgoCD", "{metadata.name}-*"),
    row("jenkins.io", "Jenkins", "jenkins-operator-credentials-{metadata.name}"),
    row("camel.apache.org", "Integration", "{metadata.name}-*").config_map(),
    row("tailscale.com", "Connector", "ts-{metadata.name}-*"),
];

/// Groups whose custom resources name Secrets that they read: a name in them says nothing about who makes it.
const READERS: &[&str] = &[
    "acme.cert-manager.io",
    "actions.github.com",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "argoproj.io",
    "authentication.k8s.io",
    "autoscaling",
    "batch",
    "bitnami.com",
    "cert-manager.io",
    "cilium.io",
    "configuration.konghq.com",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.eventstreaming.k8s.io",
    "extensions",
    "external-secrets.io",
    "flagger.app",
    "gateway.envoyproxy.io",
    "gateway.networking.k8s.io",
    "generators.external-secrets.io",
    "getambassador.io",
    "helm.toolkit.fluxcd.io",
    "image.toolkit.fluxcd.io",
    "k8s.nginx.org",
    "keda.sh",
    "kustomize.toolkit.fluxcd.io",
    "kyverno.io",
    "metacontroller.k8s.io",
    "monitoring.coreos.com",
    "networking.istio.io",
    "networking.k8s.io",
    "notification.toolkit.fluxcd.io",
    "operator.victoriametrics.com",
    "policy",
    "projectcontour.io",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "secrets.hashicorp.com",
    "security.istio.io",
    "serving.knative.dev",
    "source.toolkit.fluxcd.io",
    "storage.k8s.io",
    "tekton.dev",
    "traefik.containo.us",
    "traefik.io",
    "velero.io",
];

pub fn read(at: &mut At<'_>) {
    let object = at.object;
    if object.id.group.is_empty() {
        return;
    }
    let mut known = false;
    for row in ROWS.iter().filter(|r| r.group == object.id.group && (r.kind == object.id.kind || r.kind == "*")) {
        known = true;
        let brought = !row.unless.is_empty() && text(&object.root, row.unless).is_some();
        let (field, says) = row.when;
        if !brought && (field.is_empty() || text(&object.root, field) == Some(says)) {
            apply(at, row);
        }
    }
    match object.id.group.as_str() {
        VAULT => vault(at),
        "kyverno.io" => kyverno(at),
        _ => {}
    }
    connection(at);
    if !known && !READERS.contains(&object.id.group.as_str()) {
        perhaps(at, &object.root, &mut String::new(), false);
    }
}

fn apply(at: &mut At<'_>, row: &Row) {
    let object = at.object;
    let namespace = match row.namespace {
        "" => object.id.namespace.clone(),
        "*" => "*".to_owned(),
        written => {
            let named = expand(&object.root, written).into_iter().next().map(|(name, _)| name);
            named.unwrap_or_else(|| object.id.namespace.clone())
        }
    };
    for (name, place) in expand(&object.root, row.name) {
        at.produce(Made {
            kind: row.makes,
            namespace: namespace.clone(),
            name,
            keys: if row.keys.is_empty() { Keys::open() } else { Keys::closed(row.keys.iter().copied()) },
            certainty: row.certainty,
            path: "metadata.name",
            line: place.map_or_else(|| line(object.span), |node| line(node.span)),
        });
    }
}

/// The names that a row's pattern gives, each with the last field that is in it. None where a field is not set.
fn expand<'a>(root: &'a Node, pattern: &str) -> Vec<(String, Option<&'a Node>)> {
    let mut names: Vec<(String, Option<&Node>)> = vec![(String::new(), None)];
    let mut rest = pattern;
    while let Some(at) = rest.find('{') {
        let Some(end) = rest[at..].find('}') else { return Vec::new() };
        let values = field_values(root, &rest[at + 1..at + end]);
        names = names
            .iter()
            .flat_map(|(start, _)| {
                values.iter().map(move |node| {
                    (format!("{start}{}{}", &rest[..at], node.text().unwrap_or_default()), Some(*node))
                })
            })
            .collect();
        rest = &rest[at + end + 1..];
    }
    for (name, _) in &mut names {
        name.push_str(rest);
    }
    names.retain(|(name, _)| !name.is_empty());
    names
}

/// `a|b` is the first that is set; `a>b` is b if a is set; `[]` goes over a list.
fn field_values<'a>(root: &'a Node, field: &str) -> Vec<&'a Node> {
    let field = match field.split_once('>') {
        Some((condition, field)) if text(root, condition).is_some() => field,
        Some(_) => return Vec::new(),
        None => field,
    };
    for alternative in field.split('|') {
        let found: Vec<&Node> = match alternative.split_once("[].") {
            Some((list, inner)) => items(root, list).iter().filter_map(|item| node_at(item, inner)).collect(),
            None => node_at(root, alternative).into_iter().collect(),
        };
        let set: Vec<&Node> =
            found.into_iter().filter(|n| !n.is_null() && n.text().is_some_and(|t| !t.is_empty())).collect();
        if !set.is_empty() {
            return set;
        }
    }
    Vec::new()
}

/// Vault's own operator makes the destination, or fills one that exists.
fn vault(at: &mut At<'_>) {
    let object = at.object;
    let Some(node) = node_at(&object.root, "spec.destination.name") else { return };
    let creates = super::fields::is_true(&object.root, "spec.destination.create");
    let mut known = super::fields::keys(&object.root, "spec.destination.transformation.templates");
    let only_templates = super::fields::is_true(&object.root, "spec.destination.transformation.excludeRaw")
        && items(&object.root, "spec.destination.transformation.transformationRefs").is_empty()
        && !known.is_empty();
    known.push("_raw".to_owned());
    let mut keys = Keys::closed(known);
    keys.open = !only_templates;
    at.produce(Made {
        kind: Kind::Secret,
        namespace: object.id.namespace.clone(),
        name: node.text().unwrap_or_default().to_owned(),
        keys,
        certainty: if creates { Certainty::Sole } else { Certainty::Merges },
        path: "spec.destination.name",
        line: line(node.span),
    });
}

/// Policies that generate or clone Secrets and `ConfigMaps` into namespaces.
fn kyverno(at: &mut At<'_>) {
    let object = at.object;
    for rule in items(&object.root, "spec.rules") {
        let Some(generate) = rule.get("generate") else { continue };
        let kind = match text(generate, "kind") {
            Some("Secret") => Kind::Secret,
            Some("ConfigMap") => Kind::ConfigMap,
            _ => continue,
        };
        let namespace = match text(generate, "namespace") {
            Some(namespace) if super::names::is_literal(namespace) => namespace.to_owned(),
            _ => "*".to_owned(),
        };
        let Some(name) = generate.get("name") else { continue };
        at.produce(Made {
            kind,
            namespace,
            name: super::names::pattern(name.text().unwrap_or_default()),
            keys: Keys::open(),
            certainty: Certainty::Shared,
            path: "spec.rules",
            line: line(name.span),
        });
    }
}

/// Crossplane's connection Secrets, which any kind may write, and passwords that an operator is asked to generate.
fn connection(at: &mut At<'_>) {
    let object = at.object;
    for field in
        ["spec.writeConnectionSecretToRef", "spec.publishConnectionDetailsTo", "spec.writeConnectionSecretsToRef"]
    {
        let Some(node) = node_at(&object.root, field) else { continue };
        let Some(name) = text(node, "name") else { continue };
        at.produce(Made {
            kind: Kind::Secret,
            namespace: text(node, "namespace").unwrap_or(&object.id.namespace).to_owned(),
            name: name.to_owned(),
            keys: Keys::open(),
            certainty: Certainty::Sole,
            path: &format!("{field}.name"),
            line: line(node.span),
        });
    }
    for entry in object.root.get("spec").map(Node::entries).unwrap_or_default() {
        if super::fields::is_true(&entry.value, "generate") {
            let Some(name) = text(&entry.value, "name") else { continue };
            at.produce(Made {
                kind: Kind::Secret,
                namespace: object.id.namespace.clone(),
                name: name.to_owned(),
                keys: Keys::open(),
                certainty: Certainty::Shared,
                path: &format!("spec.{}.name", entry.key.text().unwrap_or_default()),
                line: line(entry.value.span),
            });
        }
    }
}

/// Names under a key that speaks of a Secret, in a custom resource that we do not know: its operator may be who makes it. A
/// `{name, key}` selects from a Secret that is there, and a name under `existing…` belongs to one, too.
fn perhaps(at: &mut At<'_>, node: &Node, path: &mut String, in_secret: bool) {
    if node.get("name").is_some() && node.get("key").is_some() {
        return;
    }
    for entry in node.entries() {
        let Some(key) = entry.key.text() else { continue };
        let lower = key.to_ascii_lowercase();
        if lower.starts_with("existing")
            || matches!(lower.as_str(), "metadata" | "imagepullsecrets" | "env" | "envfrom")
        {
            continue;
        }
        let speaks = lower.contains("secret");
        let length = path.len();
        path.push_str(if path.is_empty() { "" } else { "." });
        path.push_str(key);
        match entry.value.as_str() {
            Some(name) if speaks || (in_secret && matches!(key, "name" | "secretName")) => {
                if name.len() <= 253 && super::names::is_literal(name) {
                    at.produce(Made {
                        kind: Kind::Secret,
                        namespace: "*".to_owned(),
                        name: name.to_owned(),
                        keys: Keys::open(),
                        certainty: Certainty::Perhaps,
                        path,
                        line: line(entry.value.span),
                    });
                }
            }
            Some(_) => {}
            None => perhaps(at, &entry.value, path, speaks),
        }
        for item in entry.value.items() {
            perhaps(at, item, path, speaks);
        }
        path.truncate(length);
    }
}
