//! What a scan returns: leaks with their places, masked; the values themselves only for the redactor.

use std::fmt;
use std::ops::Range;

use super::words;

/// Which rule a leak belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeakRule {
    /// A token of a known issuer.
    ProviderToken,
    /// A PEM, OpenSSH or age private key.
    PrivateKey,
    /// A signed token.
    Jwt,
    /// A password inside a URL, DSN or connection string.
    PasswordInUrl,
    /// A literal in a Secret or in an `ExternalSecret`'s template.
    InlineSecret,
    /// A password on a command line.
    CredentialInArgs,
    /// A literal under a name that means a credential.
    LiteralCredential,
    /// Something that fills the place of a credential.
    Placeholder,
}

impl LeakRule {
    /// All of them, the most telling first.
    pub const ALL: [LeakRule; 8] = [
        LeakRule::ProviderToken,
        LeakRule::PrivateKey,
        LeakRule::Jwt,
        LeakRule::PasswordInUrl,
        LeakRule::InlineSecret,
        LeakRule::CredentialInArgs,
        LeakRule::LiteralCredential,
        LeakRule::Placeholder,
    ];

    /// The rule's identifier.
    pub fn id(self) -> &'static str {
        match self {
            Self::ProviderToken => "leaks/provider-token",
            Self::PrivateKey => "leaks/private-key",
            Self::Jwt => "leaks/jwt",
            Self::PasswordInUrl => "leaks/password-in-url",
            Self::InlineSecret => "leaks/inline-secret",
            Self::CredentialInArgs => "leaks/credential-in-args",
            Self::LiteralCredential => "leaks/literal-credential",
            Self::Placeholder => "leaks/placeholder",
        }
    }
}

/// In what kind of place a leak stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Where {
    /// A key of a YAML or JSON file: values, a manifest's field.
    Value,
    /// The value of a name and value pair: an env variable, a parameter.
    Env,
    /// An entry of a `ConfigMap`.
    Config,
    /// An entry of `data` or `stringData` of a Secret.
    Secret,
    /// The template of an `ExternalSecret`'s target.
    Target,
    /// An annotation.
    Annotation,
    /// Command or args of a container.
    Args,
    /// A literal inside a template's action.
    Template,
    /// A comment.
    Comment,
    /// Text that is no YAML.
    Text,
}

impl Where {
    /// For messages.
    pub fn words(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Env => "name and value pair",
            Self::Config => "ConfigMap entry",
            Self::Secret => "Secret entry",
            Self::Target => "template of an ExternalSecret",
            Self::Annotation => "annotation",
            Self::Args => "command line",
            Self::Template => "template",
            Self::Comment => "comment",
            Self::Text => "text",
        }
    }
}

/// A value that no output may show. `Debug` does not print it and there is no `Display`; only a redactor should ask.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Hides a value.
    pub fn new(value: &[u8]) -> Self {
        Self(words::text(value).into_owned())
    }

    /// The value itself, to look for it and mask it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// The key of the short hashes in masks. Equal values have equal hashes under one key, and nothing can be learned from a hash
/// without it.
#[derive(Clone)]
pub struct MaskKey([u8; 32]);

impl MaskKey {
    /// From random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From any secret text.
    pub fn from_text(text: &str) -> Self {
        Self(blake3::derive_key("xtask leaks mask", text.as_bytes()))
    }

    /// What may be shown of a value: at most its first two characters, its length class, a short keyed hash.
    pub fn mask(&self, value: &[u8]) -> Masked {
        let text = words::text(value);
        let count = if value.is_ascii() { value.len() } else { text.chars().count() };
        let shown = match count {
            0..8 => 0,
            8..12 => 1,
            _ => 2,
        };
        let mut head = Head::default();
        for c in text.chars().take(shown) {
            head.push(if c.is_control() { '·' } else { c });
        }
        let length = match count {
            0..4 => "1–3 characters",
            4..8 => "4–7 characters",
            8..12 => "8–11 characters",
            12..17 => "12–16 characters",
            17..25 => "17–24 characters",
            25..33 => "25–32 characters",
            33..49 => "33–48 characters",
            49..65 => "49–64 characters",
            65..129 => "65–128 characters",
            129..513 => "129–512 characters",
            _ => "more than 512 characters",
        };
        let [a, b, c, d, ..] = *blake3::keyed_hash(&self.0, value).as_bytes();
        Masked { head, length, hash: [a, b, c, d] }
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKey(…)")
    }
}

/// The first characters of a value, two at most.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    bytes: [u8; 8],
    length: u8,
}

impl Head {
    fn push(&mut self, c: char) {
        let start = usize::from(self.length);
        if let Some(free) = self.bytes.get_mut(start..start + c.len_utf8()) {
            c.encode_utf8(free);
            self.length += u8::try_from(c.len_utf8()).unwrap_or_default();
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// A value as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// At most the first two characters.
    pub head: Head,
    /// `12–16 characters`.
    pub length: &'static str,
    /// The first four bytes of a keyed hash.
    pub hash: [u8; 4],
}

impl Masked {
    pub(super) fn write(&self, told: &mut String) {
        for part in [self.head.as_str(), "•••••••• (", self.length, ", #"] {
            told.push_str(part);
        }
        for byte in self.hash {
            for half in [byte >> 4, byte & 15] {
                told.push(char::from_digit(u32::from(half), 16).unwrap_or_default());
            }
        }
        told.push(')');
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = String::new();
        self.write(&mut told);
        f.write_str(&told)
    }
}

/// One credential found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The rule.
    pub rule: LeakRule,
    /// The member of an archive in which it stands, `chart/templates/x.yaml`; the file itself when empty.
    pub member: String,
    /// Bytes of the value in the file (or member). For something encoded, of the encoded text.
    pub range: Range<usize>,
    /// First line, from 1.
    pub line: usize,
    /// First column, in characters, from 1.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// One past the last column.
    pub end_column: usize,
    /// What it is: `password`, `GitHub personal access token`.
    pub kind: &'static str,
    /// Why it was taken for one.
    pub reason: &'static str,
    /// The name it stands under: `postgresql.auth.password`, `env THREADS_DB_PASSWORD`; may be empty.
    pub path: String,
    /// What kind of place it is.
    pub place: Where,
    /// How the value was encoded: `base64`, `base64, gzip`; empty when it stands there as it is.
    pub encoding: &'static str,
    /// The value as it may be shown.
    pub masked: Masked,
    /// The value, and what else an output could show of it: its encoded form.
    pub secrets: Vec<Hidden>,
}

impl Leak {
    /// The last name alone, `THREADS_DB_PASSWORD`; may be empty.
    pub fn name(&self) -> &str {
        let last = self.path.rsplit(" › ").next().unwrap_or_default();
        last.rsplit(['.', ' ']).next().unwrap_or_default()
    }
}
