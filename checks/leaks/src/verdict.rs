//! Name and shape judged together: what is a leak, what a placeholder, what nothing.

use super::harmless::is_dotted_words;
use super::issuers::{NAMED, is_documented};
use super::leak::{LeakRule, Where};
use super::lexicon::Lexicon;
use super::names::{self, Class, Name};
use super::shapes::{self, Shape};
use super::sink::Charge;
use super::words::{holds, monotonous, variety, word_share, wordlike};

/// How sure one can be that a value is a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Prose and comments: only what looks like a credential.
    Low,
    /// Text in which a bare word could be something else.
    Middle,
    /// A field whose value is what is written.
    High,
}

/// What a value under a name is.
pub fn judge(name: Name, full_name: &[u8], value: &[u8], place: Where, trust: Trust) -> Option<Charge> {
    if is_documented(value) {
        return None;
    }
    let value = value.trim_ascii();
    // Neo4j's user stands before its password.
    let value = value.strip_prefix(b"neo4j/").unwrap_or(value);
    let trust = if place == Where::Comment { Trust::Low } else { trust };
    let secret = matches!(place, Where::Secret | Where::Target);
    let class = match name.class {
        Class::Not if secret => Class::None,
        class => class,
    };
    // What Vault gives a role with its name.
    let role = full_name.eq_ignore_ascii_case(b"secret_id") || full_name == b"secretId";
    let class = match (role, shapes::is_uuid(value)) {
        (true, true) => Class::Token,
        (true, false) => Class::None,
        _ => class,
    };
    // Two characters hide nothing, and `updateSecretV3 = "UpdateSecretV3"` names itself.
    let itself = class == Class::Token && value.eq_ignore_ascii_case(full_name);
    if matches!(class, Class::Not | Class::None) || value.len() < 3 || itself {
        return None;
    }
    let shape = shapes::judge(value);
    let leak = |reason| {
        let rule = match place {
            Where::Secret | Where::Target => LeakRule::InlineSecret,
            Where::Args => LeakRule::CredentialInArgs,
            _ => LeakRule::LiteralCredential,
        };
        Some(named(full_name, value, Charge { rule, kind: name.kind, reason }))
    };
    match (class, shape) {
        (Class::Password | Class::Token, Shape::Placeholder) => placeholder(value, class, trust).then_some(Charge {
            rule: LeakRule::Placeholder,
            kind: name.kind,
            reason: "a placeholder stands where a credential belongs",
        }),
        (_, Shape::Empty | Shape::Reference | Shape::Placeholder) => None,
        (Class::Password, Shape::Harmless) => {
            // A short number is a password only where nothing else could stand.
            let round = matches!(value, b"1024" | b"2048" | b"4096" | b"8192") || value.ends_with(b"00");
            let pin =
                trust == Trust::High && !round && (4..6).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
            if pin || (trust == Trust::High && (is_phrase(value) || is_dotted_words(value))) {
                leak("a literal under a name that means a password")
            } else {
                None
            }
        }
        (Class::Token, Shape::Harmless) if secret && value.len() >= 24 && !holds(value, b"://") => None,
        (_, Shape::Harmless) => None,
        (Class::Password, Shape::Name) => {
            if secret && trust == Trust::High {
                leak("a literal under a name that means a password")
            } else {
                None
            }
        }
        (_, Shape::Name) => None,
        (Class::Password, Shape::Words) => {
            if trust >= Trust::High && !is_word_of_prose(value) {
                leak("a literal under a name that means a password")
            } else {
                None
            }
        }
        (Class::Password, Shape::Weak | Shape::Digits | Shape::Sequence) => {
            if (trust >= Trust::Middle || (shape == Shape::Weak && value.len() >= 6)) && !is_word_of_prose(value) {
                leak("a literal under a name that means a password")
            } else {
                None
            }
        }
        (Class::Password, Shape::Strong | Shape::Uuid) => leak("a random value under a name that means a password"),
        (Class::Token, Shape::Strong | Shape::Uuid) => {
            if shape == Shape::Strong && (names_an_object(value) || (trust == Trust::Low && value.len() < 12)) {
                None
            } else {
                leak("a random value under a name that means a credential")
            }
        }
        (Class::Token, Shape::Weak) if trust == Trust::Middle && is_numbered_phrase(value) => {
            leak("a literal under a name that means a credential")
        }
        (Class::Token, Shape::Weak) => {
            let digit = value.iter().any(u8::is_ascii_digit);
            let letter = value.iter().any(u8::is_ascii_alphabetic);
            if trust == Trust::High
                && value.len() >= 6
                && digit
                && letter
                && !names_an_object(value)
                && !is_numbered_noun(value)
            {
                leak("a literal under a name that means a credential")
            } else {
                None
            }
        }
        (Class::Token, Shape::Sequence) if value.len() >= 12 && trust >= Trust::Middle => Some(Charge {
            rule: LeakRule::Placeholder,
            kind: name.kind,
            reason: "a run of characters stands where a credential belongs",
        }),
        (Class::Token, Shape::Digits) if trust == Trust::High && value.len() >= 16 && variety(value) >= 6 => {
            leak("a long number under a name that means a credential")
        }
        (Class::Token, Shape::Words | Shape::Digits | Shape::Sequence) => {
            // `tokenValue: HOST` names a variable.
            if secret && !value.iter().all(u8::is_ascii_uppercase) && trust == Trust::High && value.len() >= 4 {
                leak("a literal of a Secret under a name that means a credential")
            } else {
                None
            }
        }
        (Class::Weak, Shape::Strong | Shape::Weak) if trust == Trust::High && is_user_and_password(value) => {
            leak("a user and a password under a name that means credentials")
        }
        (Class::Weak, Shape::Strong) => {
            if value.len() >= 12 && trust >= Trust::Middle && !names_an_object(value) && looks_random(value) {
                leak("a random value under a name that may mean a credential")
            } else {
                None
            }
        }
        (Class::Weak, Shape::Weak | Shape::Words) if secret && trust == Trust::High && value.len() >= 6 => {
            (shape == Shape::Weak && !names_an_object(value))
                .then(|| leak("a literal of a Secret under a name that may mean a credential"))
                .flatten()
        }
        _ => None,
    }
}

/// A value of a Secret under a name that says nothing: random text is one. Under `value` and the like so is whatever looks like a
/// password, since the Secret itself says what it is.
pub fn unnamed(name: &[u8], value: &[u8]) -> Option<Charge> {
    let value = value.trim_ascii();
    let charge = |reason| Some(Charge { rule: LeakRule::InlineSecret, kind: "secret", reason });
    // What is compressed is looked into, and says nothing by itself.
    let compressed = value.starts_with(b"H4sI");
    if value.len() < 8 || compressed || is_documented(value) || names_an_object(value) {
        return None;
    }
    let mixed = || value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    let telling = names::says_nothing(name) || names::is_account(name);
    match shapes::judge(value) {
        Shape::Strong if looks_random(value) => charge("a random value inside a Secret"),
        Shape::Strong | Shape::Uuid if telling => charge("a literal inside a Secret"),
        Shape::Weak if mixed() && telling => charge("a literal inside a Secret"),
        _ => None,
    }
}

/// A user with a password, under the name of a user.
pub fn user(value: &[u8]) -> Option<Charge> {
    let value = value.trim_ascii();
    let password = &value[memchr::memchr(b':', value)? + 1..];
    (is_user_and_password(value) && !is_documented(value) && !is_documented(password)).then_some(Charge {
        rule: LeakRule::LiteralCredential,
        kind: "password",
        reason: "a user and a random value under the name of a user",
    })
}

/// `admin:x`, where what follows the colon mixes letters with digits.
fn is_user_and_password(value: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', value) else { return false };
    let (user, password) = (&value[..colon], &value[colon + 1..]);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (2..=32).contains(&user.len())
        && user.iter().all(plain)
        && password.len() >= 8
        && !password.iter().any(|b| matches!(b, b':' | b'/'))
        && password.iter().any(u8::is_ascii_digit)
        && password.iter().filter(|b| b.is_ascii_alphabetic()).count() >= 3
        && !names_an_object(password)
        && matches!(shapes::judge(password), Shape::Strong | Shape::Weak)
}

/// Two or three words, one of which mixes digits with something else: `Summer 2024!`, `blue moon7`.
fn is_phrase(value: &[u8]) -> bool {
    let words = value.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    let mixed = |w: &[u8]| {
        let digits = w.iter().filter(|b| b.is_ascii_digit()).count();
        let marks = w.iter().filter(|b| b.is_ascii_punctuation()).count();
        digits > 0 && digits < w.len() && w.len() >= 5 && marks <= 1
    };
    let plain = value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'!' | b'?' | b'#' | b'*' | b'+'));
    plain && (2..=3).contains(&words.clone().count()) && words.clone().any(mixed)
}

/// `password: string`, `password: required`: what documentation writes behind a colon.
fn is_word_of_prose(value: &[u8]) -> bool {
    matches!(
        value,
        b"string"
            | b"String"
            | b"str"
            | b"bytes"
            | b"object"
            | b"any"
            | b"number"
            | b"text"
            | b"the"
            | b"a"
            | b"is"
            | b"for"
            | b"of"
            | b"in"
            | b"to"
            | b"and"
            | b"or"
            | b"if"
            | b"with"
            | b"will"
            | b"must"
            | b"may"
            | b"can"
    )
}

/// The Secret's or object's name: `grafana-admin-7f`, `cluster-issuer-account-key`.
fn names_an_object(value: &[u8]) -> bool {
    if is_passphrase(value) {
        return false;
    }
    let any = |of: fn(&u8) -> bool| value.iter().any(of);
    any(|b| matches!(b, b'-' | b'_' | b'.' | b'/' | b':'))
        && (shapes::is_object_name(value)
            || names_a_secret(value)
            || is_kebab(value)
            || (!any(u8::is_ascii_uppercase) && word_share(value) >= 60))
        || (!any(u8::is_ascii_digit) && word_share(value) >= 75)
        || is_compound(value)
}

/// Words that are joined, one of which ends in three digits or more: `fox_river471`, but of a name that may be an object's three.
fn is_passphrase(value: &[u8]) -> bool {
    static NOUNS: Lexicon = Lexicon::new(
        "app auth backup ca cert certs cluster config cred creds credential credentials db dev key keys password pod prod \
         registry release secret secrets server service staging test tls token tokens user",
    );
    let joined = |separator: u8, least: usize| {
        let parts = value.split(|&b| b == separator);
        let (mut count, mut numbered) = (0, 0);
        for part in parts {
            let letters = part.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            let digits = part.len() - letters;
            // A number by itself may be a year.
            let number =
                letters == 0 && digits >= 3 && !(digits == 4 && (part.starts_with(b"20") || part.starts_with(b"19")));
            let noun = NOUNS.has_lower(part);
            if noun
                || letters < 3 && !number
                || !part[letters..].iter().all(u8::is_ascii_digit)
                || !wordlike(&part[..letters])
            {
                return false;
            }
            count += 1;
            numbered += usize::from(digits >= 3);
        }
        count >= least && numbered == 1
    };
    joined(b'_', 2) || joined(b'.', 3) || joined(b'-', 4)
}

/// `EmberCopper659`: words with capitals, and digits at the end that number nothing.
fn is_numbered_phrase(value: &[u8]) -> bool {
    let digits = value.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let words = &value[..value.len() - digits];
    digits >= 3
        && words.len() >= 6
        && words.iter().all(u8::is_ascii_alphabetic)
        && words.iter().filter(|b| b.is_ascii_uppercase()).count() >= 2
        && words.iter().any(u8::is_ascii_lowercase)
}

/// A short word that ends in a credential's: `cfgtoken`.
fn is_compound(value: &[u8]) -> bool {
    value.len() <= 14
        && value.iter().all(u8::is_ascii_lowercase)
        && [b"token".as_slice(), b"secret", b"key"].iter().any(|word| value.ends_with(word))
}

/// Three parts or more in lower case without a digit, as nobody generates: `wildcard-example-io`.
fn is_kebab(value: &[u8]) -> bool {
    let parts = value.split(|&b| b == b'-');
    parts.clone().count() >= 3
        && parts.clone().all(|part| (1..=16).contains(&part.len()) && part.iter().all(u8::is_ascii_lowercase))
}

/// Parts in lower case, one of which is a word that names of Secrets have: `pgpool-tls-secret`, `x509-creds`.
fn names_a_secret(value: &[u8]) -> bool {
    let mut noun = false;
    let plain = value.split(|b| matches!(b, b'-' | b'.')).all(|part| {
        noun |= matches!(
            part,
            b"secret"
                | b"secrets"
                | b"tls"
                | b"cert"
                | b"certs"
                | b"creds"
                | b"credentials"
                | b"credential"
                | b"password"
                | b"passwords"
                | b"token"
                | b"tokens"
                | b"key"
                | b"keys"
                | b"auth"
                | b"ca"
                | b"config"
        );
        let digits = part.iter().filter(|b| b.is_ascii_digit()).count();
        part.len() <= 16
            && part.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && (digits == 0 || digits == part.len() || part.len() <= 4 || digits <= 1)
    });
    noun && plain && value.contains(&b'-')
}

/// `secret1`, `token2`: the name of the first, of the second.
fn is_numbered_noun(value: &[u8]) -> bool {
    let letters = value.iter().take_while(|b| b.is_ascii_lowercase()).count();
    let digits = &value[letters..];
    (1..=2).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(
            &value[..letters],
            b"secret" | b"token" | b"key" | b"apikey" | b"credential" | b"auth" | b"base" | b"sha"
        )
}

/// Digits among letters, or both cases mixed as nobody writes words.
fn looks_random(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    digits * 12 >= value.len() && word_share(value) < 60
        || (digits >= 2 && word_share(value) < 30)
        || word_share(value) < 15
}

/// Whether a placeholder is worth a warning: it was written to be replaced.
fn placeholder(value: &[u8], class: Class, trust: Trust) -> bool {
    if trust == Trust::Low {
        return false;
    }
    // `secretKey: password` names a key; `password: password` is one.
    let noun = value.iter().all(|b| b.is_ascii_alphabetic() || *b == b'-') && value.len() <= 24 && !monotonous(value);
    let explicit =
        [b"change".as_slice(), b"replace", b"your", b"todo", b"fixme", b"insert", b"example", b"dummy", b"fake"]
            .iter()
            .any(|word| holds(value, word));
    class == Class::Password || explicit || !noun
}

/// A value under an issuer's name with the issuer's length and alphabet is the issuer's.
fn named(name: &[u8], value: &[u8], charge: Charge) -> Charge {
    for &(kind, word, alphabet, length) in NAMED {
        if value.len() == length && holds(name, word.as_bytes()) && value.iter().all(|&b| alphabet.has(b)) {
            return Charge {
                rule: LeakRule::ProviderToken,
                kind,
                reason: "the issuer's name, and the length and characters of its tokens",
            };
        }
    }
    charge
}
