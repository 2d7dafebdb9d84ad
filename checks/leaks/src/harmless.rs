//! Values that stand for others or that nothing has to hide: references to stores and variables, hashes, public keys, paths,
//! hosts, sentences. What is left may be a credential; that is judged elsewhere.

use super::lexicon::Lexicon;
use super::words::{find_pair, runs, word_share, wordlike};

/// A value that begins as a reference to a store or an encrypted text does.
pub fn is_store_reference(value: &[u8]) -> bool {
    static STARTS: Lexicon = Lexicon::new(
        "ENC[ ref+ secretref+ <path: op:// vault: vault:// !vault secretref: secretRef: arn: env: env. file: \
     process.env os.environ ENV[ getenv awssm:// awsssm:// gcpsecretmanager:// azurekeyvault:// bws:// doppler:// \
     infisical:// keyvault: sm:// ssm: ssm:// gsm: asm: k8s: k8s:// kube: secret:// secrets:// secret: secrets. \
     avp: !Ref !Sub !GetAtt !reference * AQICAHh @Microsoft.KeyVault %env( conjur: akeyless: pass:// bitwarden:// \
     lastpass:// 1password: sops: gcp-sm:// aws-sm:// cyberark: data. var. local. module. terraform. ssm. params. \
     _env: inputs. steps. github. vars. @/ @./ wcFMA wcBMA hQEMA hQIMA",
    );
    STARTS.starts(value)
}

/// A value that stands for another.
pub fn is_reference(value: &[u8]) -> bool {
    // Argo CD's Vault plugin inside a text, Grafana's files and variables.
    if memchr::memchr(b'<', value).is_some_and(|at| value[at..].starts_with(b"<path:")) || value.starts_with(b"$__") {
        return true;
    }
    // What a shell reckons, what Go prints of a structure, what HAProxy computes.
    if [b"$((".as_slice(), b"&{", b"%["].iter().any(|start| value.starts_with(start)) {
        return true;
    }
    // What a statement of SQL is given.
    if let Some(name) = value.strip_prefix(b":")
        && name.iter().all(|b| b.is_ascii_lowercase() || *b == b'_')
        && words_only(name)
    {
        return true;
    }
    // An escaped reference, in a pattern for one.
    if value.starts_with(b"\\$") || value.starts_with(b"\\\\$") {
        return true;
    }
    // What CUE puts into a string.
    if value.starts_with(b"\\(") && value.ends_with(b")") {
        return true;
    }
    // A gap for a name, in guillemets.
    if value.starts_with("«".as_bytes()) && value.ends_with("»".as_bytes()) {
        return true;
    }
    // What only a controller of SealedSecrets opens begins with the length of its key.
    if value.len() > 600 && value.starts_with(b"Ag") && matches!(value[2], b'A'..=b'D') {
        return true;
    }
    if is_store_reference(value) {
        // `*` opens an alias only before a name, and stars alone are a mask.
        return value[0] != b'*' || value.get(1).is_some_and(u8::is_ascii_alphabetic);
    }
    let mut at = 0;
    while let Some(found) = memchr::memchr3(b'$', b'{', b'%', &value[at..]) {
        let here = at + found;
        let next = value.get(here + 1).copied().unwrap_or(0);
        let hit = match value[here] {
            b'$' => {
                next == b'{'
                    || next == b'(' && names_inside(&value[here + 2..])
                    || (here + 2 == value.len() && next.is_ascii_digit() && here < 6)
                    || (here == 0 && next == b'$')
                    || here == 0 && is_below_a_variable(&value[1..])
                    || (here == 0 && value.len() <= 3 && !next.is_ascii_alphabetic())
                    || (here == 0 && (next.is_ascii_alphabetic() || next == b'_') && is_variable(&value[1..]))
            }
            // `{@code x}` of documentation comments.
            b'{' => matches!(next, b'{' | b'@') || (here == 0 && value.ends_with(b"}")),
            // `%s` is a format.
            _ => {
                next == b'{'
                    || next == b'(' && names_inside(&value[here + 2..])
                    || (value.len() <= 3 && next.is_ascii_alphabetic())
                    || (here == 0 && value.len() > 2 && value.ends_with(b"%"))
            }
        };
        if hit {
            return true;
        }
        at = here + 1;
    }
    // An owner of code: `@company/team`.
    if let Some(team) = value.strip_prefix(b"@")
        && team.contains(&b'/')
        && team.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'/'))
    {
        return true;
    }
    (value.starts_with(b"#{") || value.starts_with(b"<%") || value.starts_with(b"[[") || value.starts_with(b"`"))
        || (value.len() > 4 && value.starts_with(b"__") && value.ends_with(b"__"))
        || (value.len() > 4 && value.starts_with(b"@") && value.ends_with(b"@"))
        || (value[0] == b'.' && value.get(1).is_some_and(u8::is_ascii_alphabetic) && words_only(&value[1..]))
}

/// `$folder/file`, `$NAME (as in the page)`.
fn is_below_a_variable(value: &[u8]) -> bool {
    let name = value.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    name > 1 && matches!(value.get(name), Some(b'/' | b' ')) && !value[..name].iter().any(u8::is_ascii_digit)
}

/// `NAME` of `$NAME`, perhaps with the quote after it that a shell's line has.
fn is_variable(value: &[u8]) -> bool {
    let end = value.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
    let (name, after) = value.split_at(end);
    name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'$' | b'-'))
        && after.iter().all(|b| matches!(b, b'_' | b'.' | b':' | b'$' | b'-' | b'"' | b'\'' | b'\\' | b' '))
        && (!name.iter().any(u8::is_ascii_lowercase)
            || name.iter().all(|b| b.is_ascii_lowercase() || *b == b'_')
            || value.len() < 24 && words_only(name))
}

/// Whether a bracket that was opened holds something that starts like a name, and is closed: `$(NAME)`, `%(name)s`, but not `$()x`.
fn names_inside(rest: &[u8]) -> bool {
    let named = rest
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b' ' | b'$' | b'<' | b'.' | b'/' | b'('));
    // A line's value may be cut off where the bracket closes.
    named
        && (rest.iter().any(|b| matches!(b, b')' | b' '))
            || rest.iter().all(|b| b.is_ascii_alphanumeric() || b"_$./-".contains(b)))
}

pub fn words_only(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && runs(value).all(|r| r.len() <= 3 || wordlike(r))
}

pub fn is_hash(value: &[u8]) -> bool {
    static STARTS: Lexicon = Lexicon::new(
        "$2a$ $2b$ $2x$ $2y$ $apr1$ $1$ $5$ $6$ $7$ $y$ $argon2 $pbkdf2 $scrypt $shiro1$ {SHA {SSHA {sha {ssha {crypt} \
     {CRYPT} {bcrypt} {MD5} {noop}$2 {pbkdf2} {ARGON2 {PBKDF2 {BCRYPT pbkdf2 scrypt: bcrypt: argon2 SCRAM-SHA- \
     sha256: sha512: sha1: sha384: md5: SHA256: MD5: sha256- sha384- sha512- bcrypt_sha256 h1:",
    );
    let starts = |v: &[u8]| STARTS.starts(v);
    // Postgres' own form of a password.
    let postgres = value.len() == 35 && value.starts_with(b"md5") && value[3..].iter().all(u8::is_ascii_hexdigit);
    // `user:$apr1$…`, the line of an htpasswd file.
    postgres
        || starts(value)
        || memchr::memchr(b':', value).is_some_and(|at| at < 64 && value.len() > at + 8 && starts(&value[at + 1..]))
        || memchr::memchr_iter(b'@', value).any(|at| value[at..].starts_with(b"@sha256:"))
}

pub fn is_public(value: &[u8]) -> bool {
    static STARTS: Lexicon = Lexicon::new(
        "ssh-rsa ssh-ed25519 ssh-dss ecdsa-sha2- sk-ssh-ed25519 age1 pk_live_ pk_test_ pk-lf- phc_ \
         pk.eyJ ZWNkc2Etc2hh LS0tLS1CRUdJTiBDRVJ LS0tLS1CRUdJTiBQVUJ LS0tLS1CRUdJTiBYNTA LS0tLS1CRUdJTiBUUlVT c3NoLXJzYS \
         c3NoLWVkMjU1MTk MIIBIjANBgkqhkiG9w0B MIICIjANBgkqhkiG9w0B MFkwEwYHKoZIzj0C MCowBQYDK2Vw data:image/",
    );
    STARTS.starts(value)
        || value.starts_with(b"-----END ")
        || value.strip_prefix(b"-----BEGIN ").is_some_and(is_public_block)
        || is_known_host(value)
        || is_der_certificate(value)
}

/// `host ssh-ed25519 AAAA…`, a line of `known_hosts`.
fn is_known_host(value: &[u8]) -> bool {
    let Some(space) = memchr::memchr(b' ', value) else { return false };
    [b"ssh-".as_slice(), b"ecdsa-sha2-"].iter().any(|kind| value[space + 1..].starts_with(kind))
        && memchr::memmem::find(&value[space + 1..], b" AAAA").is_some()
}

/// What follows `-----BEGIN `, where it is no private key.
pub fn is_public_block(label: &[u8]) -> bool {
    memchr::memmem::find(&label[..label.len().min(60)], b"PRIVATE").is_none()
}

/// Base64 of a DER certificate: a sequence that begins with a sequence. A private key's begins with a version number.
pub fn is_der_certificate(value: &[u8]) -> bool {
    if value.len() < 200 || !value.starts_with(b"MII") {
        return false;
    }
    super::decode::base64(&value[..8]).is_some_and(|der| der.len() >= 5 && der[4] == 0x30)
}

/// Letters of both cases and digits that change all the time, as in base64.
fn is_dense(value: &[u8]) -> bool {
    let mixed = value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_digit);
    value.len() >= 16 && mixed && runs(value).count() * 10 > value.len() * 3 && word_share(value) < 40
}

/// Paths, hosts, URLs, e-mail addresses, file names.
pub fn is_location(value: &[u8]) -> bool {
    static ENDS: Lexicon = Lexicon::new(
        ".yaml .yml .json .pem .key .crt .txt .env .conf .jks .p12 .pfx .toml .ini .properties .xml .sh .cer .tpl \
     .pub .svc .local .com .io .org .net .dev .internal .token .secret .password",
    );
    let allowed = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'-' | b'_' | b'.' | b'/' | b'#' | b':' | b'@' | b'~' | b'?' | b'=' | b'&' | b',' | b'*' | b'+' | b'%'
            )
    };
    if !value.iter().all(allowed) {
        return false;
    }
    if are_hosts(value) || is_image(value) || is_entry(value) {
        return true;
    }
    if is_dense(value) {
        return false;
    }
    if let Some(at) = memchr::memchr_iter(b':', value).find(|&at| value[at..].starts_with(b"://")) {
        return at < 32
            && value[..at].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b':'));
    }
    let segments_are_words = |separator: u8| {
        value.split(|&b| b == separator).all(|part| {
            part.is_empty()
                || (part.len() <= 40
                    && (word_share(part) >= 50
                        || runs(part).all(|r| r.len() <= 3 || (!r[0].is_ascii_digit() && wordlike(r)))
                            && !is_jumble(part)))
        })
    };
    let has = |c: u8| memchr::memchr(c, value).is_some();
    if value[0] == b'/' && ENDS.ends(value) && !is_jumble(value) {
        return true;
    }
    if has(b'/')
        && (value[0] == b'/'
            || value.starts_with(b"./")
            || value.starts_with(b"../")
            || value.starts_with(b"~/")
            || value[0].is_ascii_alphabetic())
    {
        return segments_are_words(b'/');
    }
    if ENDS.ends(value) && !has(b'+') && !has(b'=') {
        return true;
    }
    if is_dotted_phrase(value) {
        return false;
    }
    if let Some(at) = memchr::memchr(b'@', value) {
        let host = &value[at + 1..];
        return at > 0
            && value[..at].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
            && memchr::memrchr(b'.', host).is_some_and(|dot| {
                let top = &host[dot + 1..];
                top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic)
            })
            && segments_are_words(b'.')
            && host.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    }
    // Hosts with a port and dotted names.
    memchr::memchr_iter(b'.', value).count() >= 2
        && segments_are_words(b'.')
        && !is_jumble(value)
        && !value[1..].iter().any(|b| matches!(b, b'=' | b'&' | b'?' | b'~' | b'+' | b'%' | b'#' | b'*'))
}

/// Words with dots between them, one of which ends in digits as no host's or module's does: `Fox.River4711.Lamp`.
fn is_dotted_phrase(value: &[u8]) -> bool {
    value.split(|&b| b == b'.').any(|part| {
        let digits = part.iter().filter(|b| b.is_ascii_digit()).count();
        let letters = part.iter().filter(|b| b.is_ascii_alphabetic()).count();
        let written = value.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'.');
        written && digits >= 2 && letters >= 3
    })
}

/// Three words or more with dots between them that are no host's, no module's and no property's: `lantern.violet.falcon`.
pub fn is_dotted_words(value: &[u8]) -> bool {
    static OTHERS: Lexicon = Lexicon::new(
        "com org net io dev app apps local internal svc cluster corp lan cloud java javax jakarta spring config env secret \
         secrets password passwd pass token key auth user username db database datasource values value data default \
         system service services api www github gitlab kubernetes",
    );
    let parts = value.split(|&b| b == b'.');
    parts.clone().count() >= 3
        && parts.clone().all(|part| {
            part.len() >= 4 && part.iter().all(u8::is_ascii_lowercase) && wordlike(part) && !OTHERS.has(part)
        })
}

/// What a form must be filled in with: `required|min:12`.
fn is_validation(value: &[u8]) -> bool {
    let word = |text: &[u8]| {
        text.len() >= 3 && text.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_') && runs(text).all(wordlike)
    };
    let rule = |part: &[u8]| match memchr::memchr(b':', part) {
        Some(colon) => word(&part[..colon]),
        None => word(part),
    };
    let parts = value.split(|&b| b == b'|');
    parts.clone().count() >= 2 && parts.clone().all(rule)
}

/// Letters of both cases and digits in short turns: `aB3x9F`, but neither `k8s` nor `v2Beta1`.
fn is_jumble(part: &[u8]) -> bool {
    let any = |of: fn(&u8) -> bool| part.iter().any(of);
    part.len() >= 6
        && any(u8::is_ascii_uppercase)
        && any(u8::is_ascii_lowercase)
        && any(u8::is_ascii_digit)
        && runs(part).count() * 2 > part.len()
}

/// What a form in another language calls a credential: a word with a capital that means one, or one in another script.
fn is_translation(value: &[u8]) -> bool {
    static WORDS: Lexicon = Lexicon::new(
        "passwort kennwort wachtwoord senha salasana lösenord passord adgangskode contraseña contrasenya hasło heslo \
         jelszó palavra parool parola parolă Şifre geslo lozinka zaporka slaptažodis schlüssel zugangsschlüssel geheimnis clé clave \
         llave chiave Żeton klucz jeton poświadczenia sekret sandi pasahitza",
    );
    if value.len() > 64 || value.iter().any(u8::is_ascii_digit) {
        return false;
    }
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let marks = |c: char| matches!(c, '-' | ' ' | '?' | '!' | ':' | '…');
    if text.chars().any(|c| !c.is_alphabetic() && !marks(c)) {
        return false;
    }
    let foreign = value.iter().filter(|b| !b.is_ascii()).count();
    if foreign > 0 && text.trim().contains(' ') {
        return true;
    }
    let capital = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    // `Zurücksetzen`: one word, written as the first of a sentence.
    let small = |word: &str| word.chars().skip(1).all(char::is_lowercase);
    if foreign > 0 && value.len() >= 6 && capital(text) && small(text) {
        return true;
    }
    foreign * 100 > value.len() * 60
        || text.split(marks).any(|word| {
            // `Engangspassord` ends in one.
            let lower = word.to_lowercase();
            capital(word) && (WORDS.has(lower.as_bytes()) || lower.len() > 8 && WORDS.ends(lower.as_bytes()))
        })
}

/// `@daily` and the like, which say how often something happens.
fn is_schedule(value: &[u8]) -> bool {
    matches!(
        value,
        b"@yearly" | b"@annually" | b"@monthly" | b"@weekly" | b"@daily" | b"@midnight" | b"@hourly" | b"@reboot"
    ) || value.starts_with(b"@every ")
}

/// The name of an entry of LDAP: `uid=admin,ou=system`.
fn is_entry(value: &[u8]) -> bool {
    let attribute = |part: &[u8]| {
        memchr::memchr(b'=', part).is_some_and(|at| {
            [b"cn".as_slice(), b"uid", b"ou", b"dc", b"o", b"c"]
                .iter()
                .any(|name| part[..at].eq_ignore_ascii_case(name))
        })
    };
    value.contains(&b',') && value.split(|&b| b == b',').all(|part| attribute(part.trim_ascii()))
}

/// An image of a registry with its tag: `ghcr.io/team/app:1.2.3-4f2a9c1`.
fn is_image(value: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', value) else { return false };
    let (host, rest) = (&value[..slash], &value[slash + 1..]);
    let Some(colon) = memchr::memrchr(b':', rest) else { return false };
    let (path, tag) = (&rest[..colon], &rest[colon + 1..]);
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_' | b'/');
    host.iter().all(|b| plain(b) || *b == b':')
        && host.contains(&b'.')
        && !path.is_empty()
        && path.iter().all(plain)
        && !tag.is_empty()
        && tag.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// Hosts with ports, one or more: `b-1.x7kq2.kafka.example.com:9096,b-2.x7kq2.kafka.example.com:9096`.
fn are_hosts(value: &[u8]) -> bool {
    value.split(|&b| b == b',').all(|part| {
        let Some(colon) = memchr::memchr(b':', part) else { return false };
        let (host, port) = (&part[..colon], &part[colon + 1..]);
        memchr::memchr_iter(b'.', host).count() >= 2
            && host.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
            && (2..=5).contains(&port.len())
            && port.iter().all(u8::is_ascii_digit)
    })
}

/// Regular expressions. Dots that repeat stand in passwords too, where no words are around them.
fn is_pattern(value: &[u8]) -> bool {
    let begins = |at: usize| {
        matches!(
            &value[at..],
            [b'\\', b'd' | b's' | b'S' | b'w' | b'b', ..]
                | [b'[', b'^', ..]
                | [b'(', b'?', b':', ..]
                | [b'.', b'{', b'0'..=b'9', ..]
                | [b'[', b'a' | b'A' | b'0', b'-', b'z' | b'Z' | b'9', ..]
                | [b'{', b'3' | b'8', b'}', ..]
                | [b'{', b'1', b'6', b'}', ..]
                | [b'{', b'3', b'2', b'}', ..]
                | [b'{', b'6', b'4', b'}', ..]
        )
    };
    let repeated = || value.windows(2).any(|pair| pair[0] == b'.' && matches!(pair[1], b'*' | b'+'));
    (0..value.len()).any(begins)
        || value.starts_with(b".*")
        || repeated() && runs(value).all(|run| !run[0].is_ascii_digit() && (run.len() < 2 || wordlike(run)))
}

/// Sentences, calls, comparisons, lists, regular expressions, names of fields in other languages.
pub fn is_prose_or_code(value: &[u8]) -> bool {
    // Colours of a terminal, a flag's name.
    if [b"\\e[".as_slice(), b"\\033[", b"\\x1b["].iter().any(|start| value.starts_with(start))
        || value.starts_with(b"--") && value.iter().all(|b| b.is_ascii_lowercase() || *b == b'-') && words_only(value)
    {
        return true;
    }
    if value.first() == Some(&b'@') && is_schedule(value)
        || is_translation(value)
        || is_pattern(value)
        || is_validation(value)
    {
        return true;
    }
    // A sentence whose words are joined: `It_should_create_and_decrypt_a_password`.
    let joined = value.split(|&b| b == b'_');
    let words = || joined.clone().all(|word| word.iter().all(u8::is_ascii_alphabetic));
    if joined.clone().count() >= 6 && words() && word_share(value) >= 50 {
        return true;
    }
    // Text of a language that is not written in ASCII, also where it is escaped.
    if value.starts_with(b"\\u")
        && value.chunks(6).all(|c| c.len() == 6 && c.starts_with(b"\\u") && c[2..].iter().all(u8::is_ascii_hexdigit))
    {
        return true;
    }
    if value.len() > 24 && value.iter().filter(|b| !b.is_ascii()).count() * 100 > value.len() * 60 {
        return true;
    }
    let spaces = value.iter().filter(|b| b.is_ascii_whitespace()).count();
    if spaces > 0 {
        let words = value.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let (mut all, mut plain_words) = (0, 0);
        for word in words {
            all += 1;
            let letters = word.iter().filter(|b| b.is_ascii_alphabetic()).count();
            plain_words += usize::from(letters * 100 >= word.len() * 70 && runs(word).all(wordlike));
        }
        return spaces >= 4 || plain_words * 2 >= all;
    }
    // `get(x)`, `a[b]`, `(x)`, `a==b`
    let call = memchr::memchr(b'(', value).is_some_and(|at| {
        let closes = memchr::memrchr(b')', &value[at..]).map(|close| value.get(at + close + 1));
        // What follows is a member, an item, another argument.
        closes.is_some_and(|next| {
            next.is_none_or(|b| matches!(b, b'.' | b',' | b';' | b'[' | b'?' | b':' | b'"' | b'\''))
        }) && value[..at].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'*' | b'&'))
            && words_only(
                &value[..at]
                    .iter()
                    .map(|&b| if matches!(b, b':' | b'*' | b'&') { b'_' } else { b })
                    .collect::<Vec<_>>(),
            )
    });
    let index = value.ends_with(b"]") && memchr::memchr(b'[', value).is_some_and(|at| words_only(&value[..at]));
    call || index
        || find_pair(value, *b"==").is_some_and(|at| {
            at > 0
                && at + 2 < value.len()
                && !value[..at].iter().any(u8::is_ascii_digit)
                && words_only(&value[..at])
                && words_only(&value[at + 2..])
        })
}
