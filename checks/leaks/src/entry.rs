//! One key and its value, wherever they stand: what the place means, and what is done with the value. Shared by the walk over
//! lines of YAML and the walk over flow maps and JSON.

use std::ops::Range;

use super::decode;
use super::leak::{LeakRule, Where};
use super::lines::{self, Bare, Lines};
use super::memory::{self, Known};
use super::names::{self, Class, Name};
use super::programs::{self, Command};
use super::sink::{Charge, Scan, Text};
use super::verdict::{self, Trust};
use super::words::{self, has_pair};
use super::{actions, harmless, nested, tokens};

/// What a Kubernetes object is, as far as the scan cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Other,
    /// A Secret.
    Secret,
    /// A `ConfigMap`.
    Config,
    /// An `ExternalSecret` or `ClusterExternalSecret`.
    External,
    /// Encrypted: a `SealedSecret`.
    Sealed,
    /// A definition of fields, which hold no values.
    Definition,
}

impl Kind {
    /// Of the text after `kind:`.
    pub fn of(name: &[u8]) -> Self {
        match name.trim_ascii() {
            b"Secret" => Self::Secret,
            b"ConfigMap" => Self::Config,
            b"ExternalSecret" | b"ClusterExternalSecret" => Self::External,
            b"SealedSecret" => Self::Sealed,
            b"CustomResourceDefinition" | b"CustomResourceDefinitionList" => Self::Definition,
            _ => Self::Other,
        }
    }
}

/// What the map means in which a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Fields.
    Fields,
    /// Base64 of a Secret's values.
    Data,
    /// A Secret's values as they are.
    StringData,
    /// Arguments.
    Args,
    /// Names of things that are elsewhere.
    References,
}

/// The circumstances of a map or list.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// What kind of place it is.
    pub place: Where,
    /// What its entries are.
    pub zone: Zone,
    /// The object's kind, for the object's own fields.
    pub kind: Kind,
}

impl Around {
    /// The top of a text.
    pub fn top(place: Where) -> Self {
        Self { place, zone: Zone::Fields, kind: Kind::Other }
    }

    /// Below a key. `parent` is the key above that one.
    pub fn below(self, parent: &[u8], key: &[u8], known: Known) -> Self {
        let below = self.meant(parent, key, known);
        // What is commented out stays a comment.
        if self.place == Where::Comment { Self { place: Where::Comment, ..below } } else { below }
    }

    fn meant(self, parent: &[u8], key: &[u8], known: Known) -> Self {
        // A map among arguments has fields: the parameters of a workflow.
        let zone = if self.zone == Zone::Args { Zone::Fields } else { self.zone };
        let fields = Self { kind: Kind::Other, zone, ..self };
        // A chart's values may give variables beside the names of Secrets.
        if self.zone == Zone::References && self.kind == Kind::Other && matches!(key, b"env" | b"stringData") {
            return Self { zone: Zone::Fields, ..fields };
        }
        if self.zone == Zone::References || matches!(self.kind, Kind::Definition) {
            return Self { zone: Zone::References, ..fields };
        }
        match (self.kind, key) {
            (Kind::Secret, b"data") => return Self { place: Where::Secret, zone: Zone::Data, ..fields },
            (Kind::Secret, b"stringData") => return Self { place: Where::Secret, zone: Zone::StringData, ..fields },
            (Kind::Config, b"data") => return Self { place: Where::Config, ..fields },
            (Kind::Config, b"binaryData") => return Self { place: Where::Config, zone: Zone::Data, ..fields },
            (Kind::External, b"spec" | b"externalSecretSpec" | b"target") => return self,
            (Kind::External, b"template") if parent == b"target" => {
                return Self { place: Where::Target, kind: Kind::External, ..self };
            }
            (Kind::External, b"data" | b"stringData") if self.place == Where::Target => {
                return Self { zone: Zone::StringData, ..fields };
            }
            (Kind::External, b"data" | b"dataFrom") => return Self { zone: Zone::References, ..fields },
            _ => {}
        }
        match key {
            // Prose about fields.
            b"description" | b"summary" | b"documentation" | b"helpText" | b"$comment" => {
                Self { place: Where::Comment, ..fields }
            }
            b"annotations" => Self { place: Where::Annotation, zone: Zone::Fields, ..fields },
            b"args"
            | b"command"
            | b"cmd"
            | b"entrypoint"
            | b"extraArgs"
            | b"extraFlags"
            | b"arguments"
            | b"extraCommandLineArgs"
            | b"Cmd"
            | b"Entrypoint" => Self { place: Where::Args, zone: Zone::Args, ..fields },
            b"labels" | b"encryptedData" | b"matchLabels" | b"selector" | b"valueFrom" | b"secretKeyRef"
            | b"configMapKeyRef" | b"secretRef" | b"remoteRef" | b"sops" | b"fieldRef" | b"matchExpressions" => {
                Self { zone: Zone::References, ..fields }
            }
            _ if known.references => Self { zone: Zone::References, ..fields },
            _ => fields,
        }
    }
}

/// A scalar, its quotes taken off.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// Its bytes.
    pub range: Range<usize>,
    /// In double quotes, so that a backslash escapes.
    pub escaped: bool,
}

/// Longer base64 is looked into before it is judged by its looks.
const LONG: usize = 100;

/// Judges a key and its scalar.
pub fn judge(
    scan: &mut Scan,
    text: &Text<'_>,
    around: Around,
    key: &[u8],
    name: Name,
    value: &Scalar,
    path: &dyn Fn() -> String,
) {
    let bytes = &text.bytes[value.range.clone()];
    if bytes.is_empty() {
        return;
    }
    // `password: x (who wrote it)`
    if around.place == Where::Comment
        && bytes.ends_with(b")")
        && let Some(at) = memchr::memmem::find(bytes, b" (").filter(|at| *at > 0)
    {
        let range = value.range.start..value.range.start + at;
        return judge(scan, text, around, key, name, &Scalar { range, ..value.clone() }, path);
    }
    let token = scan.adopt(text, &value.range, around.place, path);
    if has_pair(bytes, *b"{{") {
        if let Some(before) = closed_by_action(bytes) {
            let range = value.range.start..value.range.start + before;
            return judge(scan, text, around, key, name, &Scalar { range, ..value.clone() }, path);
        }
        actions::scan(scan, text, value.range.clone(), key, path, around.place);
        if lines::worth_a_look(bytes) {
            let how = Lines { bare: Bare::Literal, place: around.place };
            scan.inside(path(), |scan| lines::one(scan, text, value.range.clone(), how));
        }
        return;
    }
    match around.zone {
        Zone::References => return,
        Zone::Data => return data(scan, text, around, key, name, value, path),
        Zone::StringData => return secret_text(scan, text, around, key, name, value.range.clone(), value, path),
        // No judgement is more telling than the issuer's own prefix.
        Zone::Fields | Zone::Args if token => return,
        Zone::Fields | Zone::Args => {}
    }
    // A key of 32 bytes, as WireGuard's tunnels have it; what is public is called so.
    let name = if name.class < Class::Weak && key == b"key" && is_key_of_32_bytes(bytes) {
        Name { class: Class::Token, kind: "key" }
    } else {
        name
    };
    // What Keycloak exports of a credential is its hash.
    if key == b"secretData" && memchr::memmem::find(bytes, b"salt").is_some() {
        return;
    }
    let mut looked = false;
    // `auth` of a registry's configuration, `Authorization`.
    if name.class >= Class::Weak {
        let lower = key.to_ascii_lowercase();
        if matches!(lower.as_slice(), b"auth" | b"_auth") {
            let count = scan.found.len();
            lines::basic(scan, text, value.range.start, bytes, around.place, path().as_bytes());
            if scan.found.len() > count {
                return;
            }
        }
        for scheme in lines::SCHEMES {
            // Nearly no value begins like one.
            if scheme[0] == bytes[0]
                && let Some(rest) = bytes.strip_prefix(*scheme)
            {
                let start = value.range.start + scheme.len();
                // `"Authorization: Bearer x"` in a comment or a plain scalar: the quote is none of it.
                let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'');
                let rest = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
                if scheme.eq_ignore_ascii_case(b"basic ") {
                    lines::basic(scan, text, start, rest, around.place, path().as_bytes());
                } else if let Some(charge) =
                    verdict::judge(Name { class: Class::Token, kind: "token" }, key, rest, around.place, Trust::High)
                {
                    scan.report(charge, text, start..start + rest.len(), around.place, path(), rest);
                }
                return;
            }
        }
        if bytes.starts_with(b"${") && bytes.ends_with(b"}") {
            let how = Lines { bare: Bare::Literal, place: around.place };
            lines::default_of(scan, text, value.range.clone(), name, &path(), how);
            return;
        }
        if bytes.starts_with(b"<%") {
            lines::default_of_ruby(scan, text, value.range.clone(), name, &path(), around.place);
            return;
        }
        // What a long text encodes says more than that it looks random: a key, a file of credentials.
        if bytes.len() > LONG && nested::is_base64(bytes) {
            let count = scan.found.len();
            nested::value(scan, text, value.range.clone(), value.escaped, &words::text(key), around.place);
            if scan.found.len() > count {
                return;
            }
            looked = true;
        }
        if let Some(charge) = verdict::judge(name, key, bytes, around.place, Trust::High) {
            scan.report(charge, text, value.range.clone(), around.place, path(), bytes);
            return;
        }
    }
    if name == names::USER
        && let Some(charge) = verdict::user(bytes)
    {
        scan.report(charge, text, value.range.clone(), around.place, path(), bytes);
        return;
    }
    if looked || harmless::is_store_reference(bytes) {
        return;
    }
    if bytes.len() >= 8
        && (nested::is_base64(bytes) || bytes.iter().any(|b| matches!(b, b'=' | b':' | b' ' | b'%' | b'\\' | b'>')))
    {
        let key_name = words::text(key);
        nested::value(scan, text, value.range.clone(), value.escaped, &key_name, around.place);
    }
}

/// Base64 of 32 bytes.
fn is_key_of_32_bytes(value: &[u8]) -> bool {
    value.len() == 44 && value.ends_with(b"=") && decode::base64(value).is_some_and(|key| key.len() == 32)
}

/// The length of a value that an action ends, not being part of it: `{{ if .x }}password: y{{ end }}`.
fn closed_by_action(bytes: &[u8]) -> Option<usize> {
    let inner = bytes.strip_suffix(b"}}")?;
    let open = memchr::memmem::rfind(inner, b"{{")?;
    let word = inner[open + 2..].trim_ascii();
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let word = word.strip_suffix(b"-").unwrap_or(word).trim_ascii();
    let control = word == b"end" || word == b"else" || word.starts_with(b"else ");
    let before = bytes[..open].trim_ascii_end();
    (control && !has_pair(before, *b"{{")).then_some(before.len())
}

/// An entry of a Secret's `data`.
fn data(
    scan: &mut Scan,
    text: &Text<'_>,
    around: Around,
    key: &[u8],
    name: Name,
    value: &Scalar,
    path: &dyn Fn() -> String,
) {
    let bytes = text.bytes[value.range.clone()].trim_ascii();
    let Some(mut decoded) = decode::base64(bytes) else {
        secret_text(scan, text, around, key, name, value.range.clone(), value, path);
        return;
    };
    let mut encoding = if text.encoding().is_empty() { "base64" } else { "base64, twice" };
    if let Some(unfolded) = decode::gunzip(&decoded) {
        decoded = unfolded;
        encoding = "base64, gzip";
    }
    if decode::is_text(&decoded) {
        let below = Text::decoded(&decoded, text.place(value.range.clone()), encoding);
        let whole = Scalar { range: 0..decoded.len(), escaped: false };
        let path_text = path();
        tokens::scan(scan, &below, around.place);
        secret_text(scan, &below, around, key, name, 0..decoded.len(), &whole, &|| path_text.clone());
        return;
    }
    let store = [b".jks".as_slice(), b".p12", b".pfx", b".keystore", b".keytab", b".kdbx", b".pkcs12"]
        .iter()
        .any(|ending| key.ends_with(ending));
    let key_like = name.class >= Class::Weak && (8..=96).contains(&decoded.len());
    let charge = |kind, reason| Charge { rule: LeakRule::InlineSecret, kind, reason };
    if store {
        let charge = charge("key store", "a key store inside a Secret");
        scan.report(charge, text, value.range.clone(), around.place, path(), bytes);
    } else if key_like {
        // What is no base64 of text may be a literal that somebody forgot to encode.
        let charge = charge(name.kind, "base64 of random bytes, or a literal, under a name that means a credential");
        scan.report(charge, text, value.range.clone(), around.place, path(), bytes);
    }
}

/// An entry of `stringData`, a decoded one of `data`, or one of an `ExternalSecret`'s template.
#[allow(clippy::too_many_arguments)]
fn secret_text(
    scan: &mut Scan,
    text: &Text<'_>,
    around: Around,
    key: &[u8],
    name: Name,
    range: Range<usize>,
    value: &Scalar,
    path: &dyn Fn() -> String,
) {
    let bytes = &text.bytes[range.clone()];
    let trimmed = bytes.trim_ascii();
    if has_pair(bytes, *b"{{") {
        let how = Lines { bare: Bare::Literal, place: around.place };
        scan.inside(path(), |scan| lines::one(scan, text, range, how));
        return;
    }
    let one_line = memchr::memchr(b'\n', trimmed).is_none();
    if one_line {
        if let Some(charge) = verdict::judge(name, key, trimmed, around.place, Trust::High)
            .or_else(|| (name.class <= Class::Not).then(|| verdict::unnamed(key, trimmed)).flatten())
        {
            scan.report(charge, text, range, around.place, path(), trimmed);
            return;
        }
        if matches!(key, b"auth" | b".dockercfg") {
            lines::basic(scan, text, range.start, trimmed, around.place, &path().into_bytes());
        }
    }
    let key_name = path();
    nested::value(scan, text, range, value.escaped, &key_name, around.place);
}

/// Arguments in their order: a flag whose value is the next item, and what the program takes by itself.
#[derive(Debug, Clone, Default)]
pub struct Args {
    flag: Option<Range<usize>>,
    command: Command,
}

impl Args {
    /// Those of a container, whose `command` is the text before.
    pub fn after(command: &[u8]) -> Self {
        const LONGEST: usize = 256;
        let mut args = Self::default();
        let ends = |b: &u8| b.is_ascii_whitespace() || b"[],:\"'".contains(b);
        for word in command[..command.len().min(LONGEST)].split(ends).filter(|word| !word.is_empty() && *word != b"-") {
            if !args.command.begins(word) {
                args.command.word(word);
            }
        }
        args
    }

    /// Judges the next item.
    pub fn item(&mut self, scan: &mut Scan, text: &Text<'_>, item: &Scalar, path: &dyn Fn() -> String) {
        let bytes = &text.bytes[item.range.clone()];
        scan.adopt(text, &item.range, Where::Args, path);
        let part = if self.command.begins(bytes) { None } else { self.command.word(bytes) };
        if let Some(part) = part {
            let range = item.range.start + part.start..item.range.start + part.end;
            programs::tell(scan, text, range, Lines { bare: Bare::Literal, place: Where::Args }, &path());
            return;
        }
        if let Some(flag) = self.flag.take()
            && !bytes.starts_with(b"-")
        {
            let flag = &text.bytes[flag];
            if let Some(charge) = verdict::judge(memory::known(flag).name, flag, bytes, Where::Args, Trust::High) {
                let path = format!("{} {}", path(), words::text(flag));
                scan.report(charge, text, item.range.clone(), Where::Args, path, bytes);
            }
            return;
        }
        let dashes = bytes.iter().take_while(|&&b| b == b'-').count();
        let rest = &bytes[dashes..];
        let plain = rest.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if (1..=2).contains(&dashes) && plain && memory::known(rest).name.class >= Class::Weak {
            self.flag = Some(item.range.start + dashes..item.range.end);
            return;
        }
        if lines::worth_a_look(bytes) || (bytes.len() > 24 && nested::is_base64(bytes)) {
            nested::value(scan, text, item.range.clone(), item.escaped, &path(), Where::Args);
        }
    }
}
