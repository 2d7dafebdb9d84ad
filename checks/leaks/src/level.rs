//! One map or list that is open while a text is walked: its current key, what stands above it, and the name of a name and value
//! pair.

use std::ops::Range;

use super::actions;
use super::entry::{self, Args, Around, Kind, Scalar, Zone};
use super::leak::Where;
use super::memory::{self, Known};
use super::names::{self, Class, Name};
use super::sink::{Scan, Text};
use super::words::{self, has_pair};

/// An open map or list.
#[derive(Debug, Clone)]
pub struct Level {
    /// Of its entries.
    pub around: Around,
    /// Of what is below its current key.
    pub child: Around,
    /// The current key.
    pub key: Range<usize>,
    /// The key above.
    parent: Range<usize>,
    /// What the current key means by itself.
    known: Known,
    /// The key above has a credential's word in it.
    telling: bool,
    name: Option<Range<usize>>,
    value: Option<Scalar>,
    /// Arguments so far, for a list of them.
    pub args: Args,
    /// A key is open whose value may follow on the next line.
    pub waits: bool,
    /// The object's kind was looked for already.
    pub looked: bool,
}

enum Role {
    Name,
    Value,
    None,
}

fn role(key: &[u8], value: &[u8]) -> Role {
    match key {
        // A patch's pointer; `type: password` of Keycloak's users.
        b"path" if value.starts_with(b"/") => Role::Name,
        b"type" if value == b"password" => Role::Name,
        b"name" | b"key" | b"variable" | b"parameter" | b"var" | b"Name" | b"Key" | b"ParameterKey" => Role::Name,
        b"value" | b"defaultValue" | b"default" | b"Value" | b"val" | b"plaintextValue" | b"ParameterValue" => {
            Role::Value
        }
        _ => Role::None,
    }
}

impl Level {
    /// The top of a text.
    pub fn top(around: Around) -> Self {
        Self {
            around,
            child: around,
            key: 0..0,
            parent: 0..0,
            known: Known::NONE,
            telling: false,
            name: None,
            value: None,
            args: Args::default(),
            waits: false,
            looked: false,
        }
    }

    /// A map below the current key.
    pub fn map(&self) -> Self {
        let mut level = Self::top(self.child);
        level.parent = self.key.clone();
        level.telling = self.known.telling;
        level
    }

    /// A list below the current key.
    pub fn list(&self) -> Self {
        Self { name: None, value: None, ..self.clone() }
    }

    /// Whether the map stands under a key.
    pub fn is_under(&self, text: &Text<'_>, key: &[u8]) -> bool {
        text.bytes[self.parent.clone()] == *key
    }

    /// Goes on to a key.
    pub fn set_key(&mut self, text: &Text<'_>, key: Range<usize>) {
        let bytes = &text.bytes[key.clone()];
        self.known = memory::known(bytes);
        self.child = self.around.below(&text.bytes[self.parent.clone()], bytes, self.known);
        let before = std::mem::replace(&mut self.key, key);
        let follows = text.bytes[self.key.clone()] == *b"args" && text.bytes[before.clone()] == *b"command";
        let between = text.bytes.get(before.end..self.key.start).filter(|_| follows);
        self.args = between.map_or_else(Args::default, Args::after);
        self.waits = true;
    }

    /// The object's kind has become known.
    pub fn set_kind(&mut self, kind: Kind) {
        self.looked = true;
        if self.around.zone == Zone::Fields && self.around.kind == Kind::Other {
            self.around.kind = kind;
        }
    }

    /// The value of the current key.
    pub fn scalar(&mut self, scan: &mut Scan, text: &Text<'_>, value: &Scalar, path: &dyn Fn() -> String) {
        self.waits = false;
        let key = &text.bytes[self.key.clone()];
        if key == b"kind" {
            self.set_kind(Kind::of(&text.bytes[value.range.clone()]));
        }
        if self.around.zone == Zone::Fields {
            match role(key, &text.bytes[value.range.clone()]) {
                Role::Name if self.name.is_some() && matches!(key, b"path" | b"type") => {}
                Role::Name => {
                    self.name = Some(value.range.clone());
                    if let Some(known) = self.value.take() {
                        self.pair(scan, text, &known, path);
                        return;
                    }
                }
                Role::Value if self.name.is_some() => {
                    self.pair(scan, text, value, path);
                    return;
                }
                Role::Value => self.value = Some(value.clone()),
                Role::None => {}
            }
        }
        let name = self.named(text);
        entry::judge(scan, text, self.child, key, name, value, path);
    }

    /// What the current key means here.
    fn named(&self, text: &Text<'_>) -> Name {
        let key = &text.bytes[self.key.clone()];
        // A route passes on.
        if key == b"pass" && self.is_under(text, b"action") {
            return names::NONE;
        }
        // What Terraform remembers of a password that it has made.
        if key == b"result" && self.is_under(text, b"attributes") {
            return Name { class: Class::Weak, kind: "password" };
        }
        if (self.telling || key.eq_ignore_ascii_case(b"key")) && self.around.zone == Zone::Fields {
            return memory::known_under(&text.bytes[self.parent.clone()], key);
        }
        self.known.alone()
    }

    fn pair(&mut self, scan: &mut Scan, text: &Text<'_>, value: &Scalar, path: &dyn Fn() -> String) {
        let Some(range) = self.name.clone() else { return };
        let name_text = &text.bytes[range];
        let name = memory::known(name_text).name;
        let place = match self.around.place {
            Where::Value | Where::Args => Where::Env,
            other => other,
        };
        let around = Around { place, zone: Zone::Fields, kind: Kind::Other };
        let whole = || {
            let mut whole = path();
            whole.truncate(whole.rfind('.').unwrap_or_default());
            if !whole.is_empty() {
                whole.push(' ');
            }
            whole.push_str(&words::text(name_text));
            whole
        };
        entry::judge(scan, text, around, name_text, name, value, &whole);
    }

    /// An item of the list under the current key.
    pub fn item(&mut self, scan: &mut Scan, text: &Text<'_>, value: &Scalar, path: &dyn Fn() -> String) {
        self.waits = false;
        match self.child.zone {
            Zone::References => {}
            Zone::Args => {
                if has_pair(&text.bytes[value.range.clone()], *b"{{") {
                    actions::scan(scan, text, value.range.clone(), b"", path, Where::Args);
                }
                self.args.item(scan, text, value, path);
            }
            // The health check of a compose file.
            _ if text.bytes[self.key.clone()] == *b"test" => self.args.item(scan, text, value, path),
            _ => {
                let key = &text.bytes[self.key.clone()];
                let name = self.known.in_list();
                // A list of names: `tokens: [a, b]` are tokens, but weak ones are names of them.
                let name = if name.class == Class::Token { Name { class: Class::Weak, ..name } } else { name };
                entry::judge(scan, text, self.child, key, name, value, path);
            }
        }
    }
}
