//! What a value looks like: a reference, a number, the name of a Secret, a placeholder, a weak password, a random string.
//! Names do not come in here; `verdict` puts both together.

use super::harmless::{is_hash, is_location, is_prose_or_code, is_public, is_reference, is_store_reference};
use super::lexicon::Lexicon;
use super::placeholders::{is_placeholder, spells_placeholder};
use super::words::{is_stepped, monotonous, runs, variety, word_share, wordlike};

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing there.
    Empty,
    /// Stands for a value that is elsewhere: a template, a variable, a store's path, an encrypted text.
    Reference,
    /// Something that no credential looks like: a number, a duration, a path, a hash, a public key, a sentence.
    Harmless,
    /// The name of a Secret, of a key, of a variable.
    Name,
    /// Fills the place of a value: `changeme`, `<token>`, `xxxx`.
    Placeholder,
    /// A run over keyboard or alphabet: `12345678`, `abcdef`.
    Sequence,
    /// Six digits or more.
    Digits,
    /// Words only, which could be a weak password: `postgres`, `prom-operator`.
    Words,
    /// Words and digits: `hunter2`, `admin123`.
    Weak,
    /// A UUID.
    Uuid,
    /// Looks random, or as if somebody had made it hard to guess.
    Strong,
}

/// The longest value that is judged as one: longer ones are texts, and are judged part by part.
pub const MAX_VALUE: usize = 8 * 1024;

/// Judges the shape of a value that is already out of its quotes.
pub fn judge(value: &[u8]) -> Shape {
    let value = unquoted(value.trim_ascii()).trim_ascii();
    if value.is_empty() || matches!(value, b"''" | b"\"\"" | b"\\\"\\\"" | b"~" | b"-" | b"|" | b">") {
        return Shape::Empty;
    }
    if value.len() > MAX_VALUE {
        return Shape::Harmless;
    }
    if is_hash(value) || is_public(value) {
        return Shape::Harmless;
    }
    // What generators make needs no further look, and is most of what is judged.
    if is_generated(value) && !is_store_reference(value) {
        return if spells_placeholder(value) { Shape::Placeholder } else { Shape::Strong };
    }
    if is_reference(value) {
        return Shape::Reference;
    }
    if is_location(value) {
        return Shape::Harmless;
    }
    if is_placeholder(value) {
        return Shape::Placeholder;
    }
    if is_scalar(value) || is_prose_or_code(value) {
        return Shape::Harmless;
    }
    if value.iter().all(u8::is_ascii_digit) {
        return if value.len() >= 6 { Shape::Digits } else { Shape::Harmless };
    }
    if is_uuid(value) {
        return Shape::Uuid;
    }
    if is_name(value) {
        return Shape::Name;
    }
    if monotonous(value) {
        return if value.len() < 4 { Shape::Weak } else { Shape::Sequence };
    }
    strength(value)
}

/// Whether what follows an issuer's prefix is a placeholder.
pub fn fills_place(body: &[u8]) -> bool {
    if is_generated(body) { spells_placeholder(body) } else { is_placeholder(body) }
}

/// Letters of both cases and digits, nothing else, that change too often to be words: `aX4kk9Bz…`; or less often, where no part
/// sounds like a word.
fn is_generated(value: &[u8]) -> bool {
    if !(12..=64).contains(&value.len()) {
        return false;
    }
    let (mut counts, mut changes, mut before) = ([0usize; 4], 0, 0);
    for &b in value {
        let class = CLASSES[usize::from(b)];
        counts[usize::from(class & 3)] += 1;
        changes += usize::from(class != before);
        before = class;
    }
    let [other, lower, upper, digits] = counts;
    let often = changes * 2 > value.len();
    other == 0
        && lower >= 2
        && upper >= 2
        && changes * 5 > value.len() * 2
        && (digits >= 2 && often || word_share(value) == 0)
        && variety(value) >= 8
        && !is_stepped(value)
}

/// Lower case, upper case and digits as one, two and three; anything else is none.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut b = 0;
    while b < 256 {
        #[allow(clippy::cast_possible_truncation)]
        let byte = b as u8;
        classes[b] =
            byte.is_ascii_lowercase() as u8 + byte.is_ascii_uppercase() as u8 * 2 + byte.is_ascii_digit() as u8 * 3;
        b += 1;
    }
    classes
};

/// Without a pair of quotes that another pair was around: `'"$PASSWORD"'`, `${PASSWORD:-"x"}`.
fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] if !inner.is_empty() => inner,
        _ => value,
    }
}

fn strength(value: &[u8]) -> Shape {
    let (mut lower, mut upper, mut digit, mut other) = (0, 0, 0, 0);
    for &b in value {
        match b {
            b'a'..=b'z' => lower += 1,
            b'A'..=b'Z' => upper += 1,
            b'0'..=b'9' => digit += 1,
            _ => other += 1,
        }
    }
    let letters = lower + upper;
    let joined = value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let words = runs(value).filter(|r| !r[0].is_ascii_digit()).all(wordlike);
    if digit == 0 && joined && words && word_share(value) >= 50 {
        return Shape::Words;
    }
    let share = word_share(value);
    let long = value.len() >= 8;
    let classes = usize::from(lower > 0) + usize::from(upper > 0) + usize::from(digit > 0) + usize::from(other > 0);
    if long && share < 55 && (classes >= 2 || !words || digit > 0) && letters + digit >= 4 && variety(value) >= 5 {
        // Words in plain lower case and joined by separators are names, however rare the words.
        if digit == 0 && upper == 0 && joined && words {
            return Shape::Words;
        }
        return Shape::Strong;
    }
    // Words, but made hard: `Tr0ub4dor&3`, `Correct-Horse7!`.
    if value.len() >= 10 && classes >= 4 {
        return Shape::Strong;
    }
    if digit > 0 || other > 0 { Shape::Weak } else { Shape::Words }
}

/// Booleans, numbers, sizes, durations, versions, addresses of the network, dates.
fn is_scalar(value: &[u8]) -> bool {
    static WORDS: Lexicon = Lexicon::new(
        "true false yes no on off null enabled disabled required optional always never auto automatic basic digest \
     bearer plain md5 scram scram-sha-256 ldap oauth oauth2 oidc saml rotate opaque generate generated manual \
     on_create file env vault kubernetes memory cookie header body query post get hs256 hs512 rs256 es256 aes256 \
     aes-256-gcm sha256 sha512 bcrypt argon2id write read readonly text integer number object array boolean \
     username client_credentials password_grant authorization_code refresh_token id_token access_token \
     client_secret_basic client_secret_post private_key_jwt authorization x-api-key latest jwt scram-sha-512",
    );
    if WORDS.has_lower(value) {
        return true;
    }
    let Some(&first) = value.first() else { return true };
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    if digits == value.len() {
        return value.len() < 6;
    }
    // `183.va_a5a3eaf6b0a9`, as Jenkins counts its plugins.
    let number = value.iter().take_while(|b| b.is_ascii_digit()).count();
    if number > 0
        && value[number..].starts_with(b".v")
        && value[number + 2..].iter().all(|b| b.is_ascii_hexdigit() || *b == b'_')
    {
        return true;
    }
    // Ranges of versions.
    if matches!(first, b'^' | b'~' | b'>' | b'<') && digits > 0 && value.contains(&b'.') {
        return value.iter().all(|b| {
            b.is_ascii_digit() || matches!(b, b'^' | b'~' | b'>' | b'<' | b'=' | b'.' | b' ' | b'|' | b'x' | b'-')
        });
    }
    if digits == 0 || !(first.is_ascii_digit() || matches!(first, b'v' | b'-' | b'+' | b'.' | b'P')) {
        return false;
    }
    // 10Gi, 500m, 1h30m, 1.5, 2024-01-31T10:00:00Z, 10.0.0.0/8, 3%, v1.2.3-rc1
    let mut letters = 0;
    let mut longest = 0;
    for run in runs(value) {
        if !run[0].is_ascii_digit() {
            letters += run.len();
            longest = longest.max(run.len());
        }
    }
    let joined = value.iter().all(|b| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-' | b'+' | b'/' | b'%' | b'_' | b' ' | b',')
    });
    let separators = value.iter().filter(|b| matches!(b, b'.' | b':' | b'-' | b'/' | b'%' | b' ')).count();
    joined
        && (letters == 0
            || (value.len() <= 12 && letters <= 3 && longest <= 2 && is_quantity(value))
            || (first == b'v' && separators >= 1 && letters <= 6 && is_version(&value[1..]))
            || (separators >= 2 && letters <= 3 && digits >= 4))
}

/// Numbers with dots, and what may follow after a dash: `1.2.3-rc1`, `4.0b2`.
fn is_version(value: &[u8]) -> bool {
    let numbers = value.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let after = &value[numbers..];
    numbers > 0
        && after.first().is_none_or(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'+' | b'_'))
        && !after.contains(&b'%')
}

/// Pairs of a number and a unit: `10Gi`, `1h30m`, `250ms`, `90d`.
fn is_quantity(value: &[u8]) -> bool {
    static UNITS: Lexicon = Lexicon::new("s m h d w y ms us ns k K M G T P Ki Mi Gi Ti KB MB GB kB B b e E mo min");
    let mut expects_number = true;
    for run in runs(value) {
        if run[0].is_ascii_digit() != expects_number && !run[0].is_ascii_digit() {
            return false;
        }
        if !run[0].is_ascii_digit() && !UNITS.has(run) {
            return false;
        }
        expects_number = !run[0].is_ascii_digit();
    }
    true
}

/// `8-4-4-4-12` hexadecimal digits.
pub fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value
            .iter()
            .enumerate()
            .all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// The name of a Secret, of a key in one, of a variable.
fn is_name(value: &[u8]) -> bool {
    static NOUNS: Lexicon = Lexicon::new(
        "secret secrets password passwd credential credentials creds auth token tokens key keys cert certs tls ref \
     pass pwd config username user apikey passphrase env value cred",
    );
    // Names of Secrets, one after the other: `GH-APP-ID,GH-APP-KEY`.
    if value.contains(&b'-') && value.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_' | b',' | b' ')) {
        return true;
    }
    if !value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':'))
        || !value[0].is_ascii_alphabetic()
    {
        return false;
    }
    let (mut lower, mut upper, mut separated, mut under, mut digits) = (false, false, false, false, 0);
    for b in value {
        match b {
            b'a'..=b'z' => lower = true,
            b'A'..=b'Z' => upper = true,
            b'0'..=b'9' => digits += 1,
            b'_' => (separated, under) = (true, true),
            b'-' | b'.' => separated = true,
            _ => {}
        }
    }
    let constant = upper && !lower && under && digits <= 4;
    if !constant && digits * 3 > value.len() {
        return false;
    }
    let (mut odd, mut good, mut count) = (0usize, 0usize, 0usize);
    for run in runs(value) {
        count += 1;
        if run[0].is_ascii_digit() {
            odd += usize::from(run.len() > 4);
        } else if wordlike(run) || run.len() <= 3 {
            good += usize::from(run.len() >= 3);
        } else {
            odd += 1;
        }
        if odd > 2 {
            return false;
        }
    }
    // Capitals joined by dashes below are what nobody generates, however rare the words.
    if constant && digits == 0 && good > 0 && odd <= 1 {
        return true;
    }
    let noun = || runs(value).any(|run| NOUNS.has_lower(run));
    if constant && noun() {
        return true;
    }
    if odd > usize::from(count >= 4) || good == 0 || digits * 3 > value.len() || count < 2 {
        return false;
    }
    // A credential's word as one part of several: `db-password`, `grafana-admin-credentials`, `DB_PASSWORD`, `tokenSecret`.
    let camel = lower && upper && !separated && value[0].is_ascii_lowercase();
    ((separated || camel) && digits <= 4 && noun()) || (constant && odd == 0)
}

/// Several words in lower case, joined as the names of Kubernetes objects are: `wildcard-tls`, `my-app-2`, `my-app-x4k2z`.
pub fn is_object_name(value: &[u8]) -> bool {
    let short = |part: &[u8]| part.iter().all(u8::is_ascii_digit) && part.len() <= 4;
    let word = |part: &[u8]| part[0].is_ascii_alphabetic() && (word_share(part) >= 50 || part.len() <= 4);
    // What Kubernetes appends to the name of a template has no vowel.
    let drawn = |part: &[u8]| part.len() == 5 && part.iter().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(b));
    let parts = value.split(|&b| b == b'-' || b == b'.').filter(|part| !part.is_empty());
    let last = parts.clone().count().saturating_sub(1);
    value.len() <= 253
        && value.contains(&b'-')
        && value.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        && parts.enumerate().all(|(at, part)| short(part) || word(part) || at == last && last >= 2 && drawn(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn all(values: &[&str], shape: Shape) {
        for value in values {
            assert_eq!(judge(value.as_bytes()), shape, "{value}");
        }
    }

    #[test]
    fn references() {
        all(
            &[
                "{{ .Values.a }}",
                "$(DB_PASSWORD)",
                "${DB_PASSWORD}",
                "$DB_PASSWORD",
                "ENC[AES256_GCM,data:x]",
                "op://vault/item/field",
                "ref+vault://secret/data/x#y",
                "<path:secret/data/x#password>",
                "arn:aws:secretsmanager:eu-west-1:1:secret:x",
                "%DB_PASSWORD%",
                "prefix-${X}-suffix",
                "vault:secret/data/x#y",
            ],
            Shape::Reference,
        );
    }

    #[test]
    fn harmless() {
        all(
            &[
                "true",
                "30s",
                "1h30m",
                "10Gi",
                "12",
                "1.5",
                "2024-01-31",
                "/etc/secrets/password",
                "./x/y.txt",
                "v1.2.3",
                "https://example.com/a",
                "db.example.com",
                "secret/data/prod/db",
                "the password of the user",
                "os.getenv(X)",
                "10.0.0.0/8",
                "kv/prod/db#password",
            ],
            Shape::Harmless,
        );
    }

    #[test]
    fn names_and_placeholders() {
        all(
            &["db-password", "grafana-admin-credentials", "DB_PASSWORD", "adminPassword", "my-app-secret"],
            Shape::Name,
        );
        all(
            &["changeme", "CHANGE_ME", "<token>", "xxxxxxxx", "********", "your-api-key", "password", "example"],
            Shape::Placeholder,
        );
    }

    #[test]
    fn weak_and_strong() {
        all(&["postgres", "prom-operator", "admin", "minioadmin"], Shape::Words);
        all(&["hunter2", "admin123"], Shape::Weak);
        let strong = ["kX82h", "Qz91vT"].concat();
        all(&[&strong], Shape::Strong);
    }
}
