//! What a name means: is `adminPassword` the name of a credential, is `passwordSecretName`? Words decide, and the last
//! meaningful word most of all. Values never come in here.

use super::lexicon::Lexicon;

/// What the value under a name would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Says nothing about credentials: `replicas`.
    None,
    /// Says that it is no credential itself, although a credential word is in it: `passwordFile`, `tokenTTL`.
    Not,
    /// May hold one; the value must look random: `stripeKey`, `salt`, `tokenForBuild`.
    Weak,
    /// Holds one, or the name of a Secret: `clientSecret`, `apiKey`, `token`.
    Token,
    /// Holds a password, however weak: `password`, `DB_PWD`, `requirepass`.
    Password,
}

/// A judged name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// What the value would be.
    pub class: Class,
    /// The word for messages: `password`, `token`, `API key`, …
    pub kind: &'static str,
}

/// What says nothing.
pub const NONE: Name = Name { class: Class::None, kind: "value" };
/// A user, with which a password may stand.
pub const USER: Name = Name { class: Class::None, kind: "user" };
const NOT: Name = Name { class: Class::Not, kind: "value" };

const MAX_NAME: usize = 128;
const MAX_WORDS: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Password,
    Secret,
    Token,
    Key,
    /// A whole credential of the token class by itself: `apikey`, `privkey`.
    WholeToken,
    /// Needs a random value: `salt`, `credentials`.
    NeedsRandom,
    /// Left out when it comes last: `password_value`, `token2`.
    Modifier,
    /// As last word it makes the name no credential.
    Head,
    Other,
}

static PASSWORDS: Lexicon = Lexicon::new(
    "authtok bindpw contrasena masterauth motdepasse pass passcode passphrase passwd password passwords passwort pswd psw \
     pw pwd requirepass rootpw senha userpw wachtwoord",
);
static TOKENS: Lexicon = Lexicon::new("accesstoken authtoken bearer bearertoken jwt pat refreshtoken token tokens");
static TOKEN_WORDS: Lexicon = Lexicon::new(
    "accesskey accountkey apikey apikeys apitoken appkey authkey authorization clientkey deploykey encryptionkey \
     erlangcookie fernetkey licensekey masterkey privatekey privkey psk secretkey sessionkey sharedkey signingkey \
     sshkey unsealkey writekey",
);
static WEAK_WORDS: Lexicon = Lexicon::new(
    "auth basicauth community cred credential credentials creds encrypt htpasswd mnemonic otp pepper rocommunity \
     rwcommunity salt sas seed totp",
);
static MODIFIERS: Lexicon = Lexicon::new(
    "b b64 backup base base64 clear cleartext content current data default dev development encoded literal live \
     local main new next old override plain plaintext previous primary prod production qa raw secondary staging str \
     string test text uat unencrypted v val value was wo",
);
/// As the last word, these say that a name with a credential word in it is about something else.
static HEADS: Lexicon = Lexicon::new(
    "account accounts action addr address addresses age alg algo algorithm alias allow allowed alphabet annotation \
     annotations arg args arn attribute audience auto automount backend bits bucket budget bytes ca cache cert \
     certificate certificates certs change changed chars charset check checksum cidr claim claims class clean cmd \
     column command comment complexity config configmap controller copy count created crt days description digest \
     dir directory disable disabled domain driver duration email enable enabled encoding encryption endpoint \
     endpoints engine env envvar error errors event events example exchange exists expiration expire expires \
     expiry extractor failed field fields file filename filepath files folder force form format from generate \
     generated generation generator grant group groups handler hash hashed hashes header headers help helper hint \
     history host hostname hours id identifier ids image index info input interval introspection issuer \
     iterations key keyname keys keystore kind label labels len length lifespan lifetime limit limits link list \
     location login lookup mac management manager map mapping mappings max md5 message method methods metrics min \
     minutes mode model mount mountpath name names namespace object operator option optional options page param \
     parameter path paths pattern percent period placeholder plugin policies policy pool port prefix profile \
     prompt property props provider providers pub public query quota rate ref reference references refresh refs \
     regex regexp region registry renew repo repository require required requirement requirements reset retention \
     retries review reviewer reviews role roles rotate rotation schema scope scopes script seconds selector \
     server service services setting settings sha sha1 sha256 sha512 size source state status store stores \
     strategy strength subject suffix supported sync syncer tag template templates time timeout title total \
     truststore ttl type types update updated uri url urls usage use user username users validation validator \
     validity var variable vars verification verify version view volume window",
);
/// What may stand before `key` and make it a credential.
static KEY_OWNERS: Lexicon = Lexicon::new(
    "access account admin aes algolia anthropic api app application auth authentication cipher client consumer cookie \
     crypt crypto datadog dd decryption deploy encrypt encryption fernet firebase github gitlab google heroku hmac \
     ingest insert integration jwt licence license mailgun master openai private recovery root secret segment \
     sendgrid sentry server service session shared sign signature signing slack ssh storage stripe subscription \
     symm symmetric twilio unseal webhook write",
);
/// What may stand before `key` and make it the name of something.
static KEY_NAMES: Lexicon = Lexicon::new(
    "annotation anon bucket cache ca cert column config configmap correlation credential credentials dedup \
     email existing field file foreign gpg group header host hostname hot id idempotency index instrumentation \
     item label lookup map message metric name node object order param partition passphrase passwd password path \
     pgp prefix project property pub public pwd redis registry remote s3 selector site sort taint \
     toleration topology translation unique uri url user username usr value verification verify version websocket",
);
/// What may stand before `pass`, `token` or `secret` and take the credential out of it.
static HARMLESS_OWNERS: Lexicon = Lexicon::new(
    "all bos by cls continuation continue eos existing hashed image mask max min new next num output pad page per prompt \
     pull sep single special stop tls total unk use input volume",
);
/// Before `pass` these pass something on; `proxySecret` is a secret all the same.
static PASSERS: Lexicon = Lexicon::new("fastcgi grpc memcached proxy scgi uwsgi");
/// The first words that make even `…Password` a switch or a question: `useTokenAuth`, `allowEmptyPassword`.
static SWITCHES: Lexicon = Lexicon::new(
    "allow auto automount create disable disabled enable existing force generate has hide is require requires should show \
     skip use uses with without",
);
/// Words that stand before `pass`, `key`, `pw` when people write names in one word.
static GLUED: Lexicon = Lexicon::new(
    "admin api app auth bind client db default deploy dest destkey deststore email es ftp git http imap jdbc kafka \
     keystore ldap login mail master mongo mq my mysql pg postgres private proxy rabbitmq redis repl replication root \
     sasl secret smtp sql src srckey srcstore ssl store svc sys truststore user",
);

/// Words that end in `pass` and have none.
static PASSES: Lexicon = Lexicon::new(
    "allpass bandpass bypass compass cutpass encompass fieldpass firstpass fullpass getpass highpass keepass lastpass \
     lowpass metricpass multipass namepass tagpass wrongpass \
     nopass onepass outcompass overpass prepass secondpass singlepass subpass surpass trespass twopass underpass",
);

/// Words that are found at the end of others that they are written together with.
const LONG: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "secretkey",
    "accesskey",
    "accountkey",
    "signingkey",
    "encryptionkey",
    "privatekey",
    "masterkey",
    "sessionkey",
    "authkey",
    "token",
    "secret",
];

/// Splits a name into words of lower case: `camelCase`, `snake_case`, `kebab-case`, dots and digits.
struct Words {
    text: [u8; MAX_NAME],
    ends: [(u8, u8); MAX_WORDS],
    count: usize,
}

impl Words {
    fn of(name: &[u8]) -> Words {
        let name = &name[name.len().saturating_sub(MAX_NAME)..];
        let mut words = Words { text: [0; MAX_NAME], ends: [(0, 0); MAX_WORDS], count: 0 };
        for (at, &b) in name.iter().enumerate() {
            words.text[at] = b.to_ascii_lowercase();
        }
        let base = name.as_ptr() as usize;
        for run in super::words::runs(name) {
            if run[0].is_ascii_digit() {
                continue;
            }
            let start = run.as_ptr() as usize - base;
            words.split_glued(start, start + run.len());
        }
        words
    }

    /// `dbpassword` is `db` and `password`, `tokenfile` is `token` and `file`.
    fn split_glued(&mut self, start: usize, end: usize) {
        let mut word = [0; MAX_NAME];
        word[..end - start].copy_from_slice(&self.text[start..end]);
        let word = &word[..end - start];
        if kind_of(word) == Word::Other && word.len() > 5 {
            // `dbpasswordold`
            let time = ["old", "new"].iter().find_map(|time| word.strip_suffix(time.as_bytes()));
            if let Some(rest) = time.filter(|rest| LONG.iter().any(|long| rest.ends_with(long.as_bytes()))) {
                self.split_glued(start, start + rest.len());
                self.push(start + rest.len(), end);
                return;
            }
            for long in LONG {
                if let Some(rest) = word.strip_suffix(long.as_bytes())
                    && !rest.is_empty()
                {
                    self.push(start, start + rest.len());
                    self.push(start + rest.len(), end);
                    return;
                }
                if let Some(rest) = word.strip_prefix(long.as_bytes())
                    && (HEADS.has(rest) || WEAK_WORDS.has(rest))
                {
                    self.push(start, start + long.len());
                    self.push(start + long.len(), end);
                    return;
                }
            }
            for short in ["pass", "pwd", "key", "pw", "psw"] {
                // No other word ends so, or few do.
                let any = short == "pwd" || short == "pass" && !PASSES.has(word);
                if let Some(rest) = word.strip_suffix(short.as_bytes())
                    && (any || GLUED.has(rest))
                {
                    self.push(start, start + rest.len());
                    self.push(start + rest.len(), end);
                    return;
                }
            }
        }
        self.push(start, end);
    }

    fn push(&mut self, start: usize, end: usize) {
        if self.count == MAX_WORDS {
            self.ends.copy_within(1.., 0);
            self.count -= 1;
        }
        #[allow(clippy::cast_possible_truncation)]
        let pair = (start as u8, end as u8);
        self.ends[self.count] = pair;
        self.count += 1;
    }

    fn get(&self, at: usize) -> &[u8] {
        let (start, end) = self.ends[at];
        &self.text[usize::from(start)..usize::from(end)]
    }
}

fn kind_of(word: &[u8]) -> Word {
    if PASSWORDS.has(word) {
        Word::Password
    } else if word == b"secret" || word == b"secrets" {
        Word::Secret
    } else if TOKENS.has(word) {
        Word::Token
    } else if word == b"key" {
        Word::Key
    } else if TOKEN_WORDS.has(word) {
        Word::WholeToken
    } else if WEAK_WORDS.has(word) {
        Word::NeedsRandom
    } else if MODIFIERS.has(word) {
        Word::Modifier
    } else if HEADS.has(word) {
        Word::Head
    } else {
        Word::Other
    }
}

/// Whether a name could be judged as anything but `None`: cheap, and never wrong about a yes.
fn worth_a_look(name: &[u8]) -> bool {
    // Every credential word has one of these pairs of letters.
    name.windows(2).any(|pair| {
        matches!(
            [pair[0] | 0x20, pair[1] | 0x20],
            [b'p', b'a' | b'w' | b's' | b'e']
                | [b's', b'e' | b'a']
                | [b't', b'o']
                | [b'k', b'e']
                | [b'c', b'r' | b'o']
                | [b'a', b'u']
                | [b'l', b'i']
                | [b'm', b'n' | b'o']
                | [b'o', b't']
                | [b'h', b'm' | b't']
                | [b'j', b'w']
                | [b'b', b'e' | b'i']
                | [b'u', b's']
        )
    })
}

/// Judges a name by itself.
pub fn judge(name: &[u8]) -> Name {
    // What Vault gives a role: a UUID, or it is no credential.
    if name.eq_ignore_ascii_case(b"secret_id") || name == b"secretId" {
        return Name { class: Class::Weak, kind: "secret" };
    }
    // Consul's first token, and headers with a key that their names keep to themselves.
    let header = |end: &[u8]| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end);
    if name == b"initial_management" || header(b"x-honeycomb-team") || header(b"x-jfrog-art-api") {
        return Name { class: Class::Token, kind: "token" };
    }
    if name.len() < 2 || !worth_a_look(name) {
        return NONE;
    }
    // An annotation's or label's prefix is an owner, not a part of the name.
    let name = match name.iter().rposition(|&b| b == b'/') {
        Some(at) if !name[..at].contains(&b'.') && HEADS.has_lower(&name[..at]) => return NOT,
        Some(at) => &name[at + 1..],
        None => name,
    };
    // `auth.existingSecret`: the last part says what it is.
    if let Some(dot) = name.iter().rposition(|&b| b == b'.') {
        let part = Words::of(&name[dot + 1..]);
        if part.count > 1 && SWITCHES.has(part.get(0)) && part.get(0) != b"auto" {
            return NOT;
        }
    }
    let words = Words::of(name);
    let mut last = words.count;
    let mut credential = false;
    let mut kinds = [Word::Other; MAX_WORDS];
    for (at, kind) in kinds.iter_mut().enumerate().take(words.count) {
        *kind = kind_of(words.get(at));
        credential |=
            matches!(kind, Word::Password | Word::Secret | Word::Token | Word::WholeToken | Word::NeedsRandom);
    }
    while last > 1 && kinds[last - 1] == Word::Modifier {
        last -= 1;
    }
    if last == 0 {
        return NONE;
    }
    let head = last - 1;
    let before = if head > 0 { words.get(head - 1) } else { b"".as_slice() };
    let found = |class, kind| Name { class, kind };
    // `NOPASSWD` of sudo asks for none; `no.db.password` is Norway's.
    let switch = SWITCHES.has(words.get(0)) && words.get(0) != b"auto" || words.count == 2 && words.get(0) == b"no";
    // What a router calls its own password.
    if words.count == 2 && words.get(0) == b"enable" && name.contains(&b'_') && credential {
        return found(Class::Token, "password");
    }
    if last > 1 && switch {
        return if credential { NOT } else { NONE };
    }
    match kinds[head] {
        // .NET's token of a public key.
        Word::Token if before == b"key" && head > 1 && words.get(head - 2) == b"public" => NOT,
        Word::Token if before == b"public" => NOT,
        // `PROXY_PASS` is a variable's.
        Word::Password
            if words.get(head) == b"pass" && PASSERS.has(before) && name.iter().any(u8::is_ascii_lowercase) =>
        {
            NOT
        }
        Word::Password | Word::Token | Word::Secret if HARMLESS_OWNERS.has(before) => {
            // `proxy_pass` passes something on; `proxyPassword` is a password all the same, but no `maxPassword`.
            let short = matches!(words.get(head), b"pass" | b"pw");
            let number = matches!(before, b"max" | b"min" | b"num" | b"per" | b"use" | b"existing" | b"special");
            if kinds[head] == Word::Password && (!short && !number || matches!(before, b"new" | b"tls" | b"all")) {
                found(Class::Password, "password")
            } else {
                NOT
            }
        }
        Word::Password => found(Class::Password, "password"),
        Word::Token => found(Class::Token, "token"),
        Word::Secret => found(Class::Token, "secret"),
        Word::WholeToken => found(Class::Token, "key"),
        // What Redis and Neo4j call their password; a digit parts words.
        Word::NeedsRandom
            if words.get(head) == b"auth" && matches!(before, b"j" | b"redis" | b"rediscli" | b"valkey") =>
        {
            found(Class::Password, "password")
        }
        Word::NeedsRandom => found(Class::Weak, "credential"),
        Word::Key if head == 0 => NONE,
        Word::Key => {
            if KEY_OWNERS.has(before) {
                // `accessKeySecretKey` and `secretKeyRef` are caught by their last words; `apiKey` is one.
                found(Class::Token, if before == b"api" { "API key" } else { "key" })
            } else if KEY_NAMES.has(before) {
                NOT
            } else {
                found(Class::Weak, "key")
            }
        }
        // `basic.auth.user.info` of Confluent: the user and the password.
        Word::Head if words.get(head) == b"info" && before == b"user" => USER,
        Word::Head => {
            if credential || kinds[..head].contains(&Word::Key) {
                NOT
            } else if matches!(words.get(head), b"user" | b"users") {
                USER
            } else {
                NONE
            }
        }
        Word::Other if words.get(head) == b"cookie" && before == b"erlang" => found(Class::Token, "cookie"),
        Word::Modifier | Word::Other => {
            // `username_in`: what it is about stands before the small word.
            let about = kinds[..head].iter().rev().find(|k| !matches!(k, Word::Other | Word::Modifier));
            if credential && about == Some(&Word::Head) {
                return NOT;
            }
            let key = (1..head).any(|at| kinds[at] == Word::Key && KEY_OWNERS.has(words.get(at - 1)));
            if credential || key { found(Class::Weak, "credential") } else { NONE }
        }
    }
}

/// What each of several is: `api_keys` are API keys.
pub fn judge_each(name: &[u8]) -> Option<Name> {
    let encoded = [b"_b64".as_slice(), b"_base64", b"_hex"].iter().find_map(|encoding| name.strip_suffix(*encoding));
    let name = encoded.unwrap_or(name);
    let one = name.strip_suffix(b"s").or_else(|| name.strip_suffix(b"S"))?;
    Some(judge(one)).filter(|one| one.class >= Class::Weak)
}

/// Names that say nothing by themselves: the value belongs to the name above.
pub fn is_generic(name: &[u8]) -> bool {
    static GENERIC: Lexicon = Lexicon::new(
        "value default data plain plaintext literal text content string raw val inline defaultvalue stringvalue cleartext",
    );
    GENERIC.has_lower(name)
}

/// Judges a name together with the one above it: `password: {value: …}`, `encryption: {key: …}`, `passwords: {admin: …}`.
pub fn judge_under(parent: &[u8], name: &[u8]) -> Name {
    let own = judge(name);
    match own.class {
        Class::None => {}
        Class::Token if name.eq_ignore_ascii_case(b"secret") && judge(parent).class == Class::Not => return NOT,
        _ => return own,
    }
    if parent.is_empty() {
        return own;
    }
    if is_generic(name) {
        return judge(parent);
    }
    if name.eq_ignore_ascii_case(b"key") {
        // Spring's server of configurations.
        if parent == b"encrypt" {
            return Name { class: Class::Token, kind: "key" };
        }
        let words = Words::of(parent);
        let owner = |word: &[u8]| KEY_OWNERS.has(word) || matches!(word, b"credential" | b"credentials" | b"creds");
        return if words.count > 0 && owner(words.last()) { Name { class: Class::Weak, kind: "key" } } else { own };
    }
    // A map of credentials: the plural says what each entry is.
    let words = Words::of(parent);
    if words.count > 0 && kind_of(Words::of(name).last()) != Word::Head {
        return match words.get(words.count - 1) {
            b"passwords" => Name { class: Class::Password, kind: "password" },
            b"tokens" | b"apikeys" => Name { class: Class::Token, kind: "token" },
            b"credentials" | b"creds" | b"secrets" => Name { class: Class::Weak, kind: "credential" },
            b"keys" if words.count > 1 && KEY_OWNERS.has(words.get(words.count - 2)) => {
                Name { class: Class::Weak, kind: "key" }
            }
            _ => own,
        };
    }
    own
}

impl Words {
    fn last(&self) -> &[u8] {
        if self.count == 0 { b"" } else { self.get(self.count - 1) }
    }
}

/// Names of maps whose values are names, keys or references and never credentials themselves.
pub fn holds_references(name: &[u8]) -> bool {
    // Nearly all names are turned away by how they begin and end.
    let ends = |ends: &[&[u8]]| {
        ends.iter().any(|end| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end))
    };
    let could = name.last().is_none_or(|b| !b.is_ascii_alphabetic())
        || ends(&[b"ref", b"refs", b"selector", b"mapping", b"mappings", b"names", b"reference", b"keys", b"secret"])
        || name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"existing"));
    if name.len() < 3 || !could {
        return false;
    }
    let words = Words::of(name);
    let Some(at) = words.count.checked_sub(1) else { return false };
    match words.get(at) {
        b"ref" | b"refs" | b"selector" | b"mapping" | b"mappings" | b"names" | b"reference" => true,
        b"keys" => at > 0 && matches!(words.get(at - 1), b"secret" | b"existing" | b"password" | b"credential"),
        b"secret" => at > 0 && words.get(at - 1) == b"existing",
        _ => words.count >= 2 && words.get(0) == b"existing",
    }
}

/// Whether a name is an account's of a database: under it a Secret holds its password, as Percona's operators have it.
pub fn is_account(name: &[u8]) -> bool {
    static ACCOUNTS: Lexicon = Lexicon::new(
        "admin clustercheck exporter monitor operator pmmserver postgres proxyadmin repl replication replicator root \
         superuser xtrabackup",
    );
    ACCOUNTS.has(name)
}

/// Whether a name consists of words such as `value`, `data`, `current`: it says nothing of what stands under it.
pub fn says_nothing(name: &[u8]) -> bool {
    let words = Words::of(name);
    words.count > 0 && (0..words.count).all(|at| kind_of(words.get(at)) == Word::Modifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn all(names: &[&str], class: Class) {
        for name in names {
            assert_eq!(judge(name.as_bytes()).class, class, "{name}");
        }
    }

    #[test]
    fn passwords() {
        all(
            &[
                "password",
                "adminPassword",
                "DB_PASSWORD",
                "db-pwd",
                "MYSQL_ROOT_PASSWORD",
                "dbpassword",
                "smtp_pass",
                "requirepass",
                "spring.datasource.password",
                "PGPASSWORD",
                "passphrase",
                "rootpw",
                "newPassword",
                "password_value",
                "POSTGRES_PASSWORD_PROD",
                "PASSWORD2",
                "userpass",
                "keystorePassword",
            ],
            Class::Password,
        );
    }

    #[test]
    fn tokens() {
        all(
            &[
                "token",
                "apiKey",
                "api-key",
                "API_KEY",
                "apikey",
                "clientSecret",
                "client_secret",
                "SECRET_KEY_BASE",
                "AWS_SECRET_ACCESS_KEY",
                "secretKey",
                "jwtSecret",
                "accessToken",
                "webhookSecret",
                "privateKey",
                "authToken",
                "example.com/api-token",
                "encryption-key",
                "MASTER_KEY",
                "erlangCookie",
                "vpn-psk",
            ],
            Class::Token,
        );
    }

    #[test]
    fn no_credentials() {
        all(
            &[
                "passwordSecretName",
                "tokenTTL",
                "passwordFile",
                "passwordPolicy",
                "secretRef",
                "secretName",
                "tokenUrl",
                "passwordKey",
                "existingSecret",
                "imagePullSecret",
                "apiKeyHeader",
                "allowEmptyPassword",
                "tokenReview",
                "secretKeyRef",
                "usePasswordFile",
                "automountServiceAccountToken",
                "proxy_pass",
                "max_tokens",
                "tokenfile",
                "password_hash",
                "secretStore",
                "tokenAudience",
                "passwordLength",
                "next_page_token",
            ],
            Class::Not,
        );
        all(&["replicas", "image", "key", "host", "name", "compass", "monkey", "topologyKeys"], Class::None);
    }

    #[test]
    fn random_values_only() {
        all(&["stripeProdKey", "credentials", "salt", "tokenForBuild", "PASSWORD_ADMIN"], Class::Weak);
    }

    #[test]
    fn the_name_above_counts() {
        assert_eq!(judge_under(b"password", b"value").class, Class::Password);
        assert_eq!(judge_under(b"passwords", b"admin").class, Class::Password);
        assert_eq!(judge_under(b"encryption", b"key").class, Class::Weak);
        assert_eq!(judge_under(b"image", b"tag").class, Class::None);
        assert!(holds_references(b"secretKeys"));
        assert!(holds_references(b"existingSecret"));
        assert!(!holds_references(b"auth"));
    }
}
