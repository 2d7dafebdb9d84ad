//! What the functions of Helm's templates do to symbols: those that hand values on, those that only ask, those that decide.
//! Any other function uses what it is given, whole, and returns something unknown.

use std::collections::BTreeMap;

use super::scan::{Frame, Scan};
use super::{Command, Expr, GuardKind, Symbol};
use crate::values::LeafValue;
use yaml::Resolved;

impl Scan<'_> {
    /// Evaluates one call. What is not needed is not evaluated, as far as the cell's values tell.
    pub(super) fn function(
        &mut self,
        name: &str,
        command: &Command,
        words: &[Expr],
        piped: Option<Symbol>,
        dot: &Symbol,
        frame: &mut Frame<'_>,
    ) -> Symbol {
        match name {
            "default" => return self.default(words, piped, dot, frame),
            "and" | "or" | "coalesce" => return self.choice(name == "and", words, piped.as_ref(), dot, frame),
            "ternary" => return self.ternary(words, piped, dot, frame),
            _ => {}
        }
        let mut arguments: Vec<Symbol> = words.iter().map(|word| self.word(word, dot, frame)).collect();
        arguments.extend(piped);
        match (name, arguments.as_slice()) {
            ("date" | "dateInZone" | "date_in_zone" | "htmlDate" | "htmlDateInZone", arguments) => {
                // Of a string these make the time of today.
                let value = if name.starts_with("html") { arguments.first() } else { arguments.get(1) };
                if value.is_some_and(|value| matches!(self.constant(value), Some(Constant::Text(_)))) {
                    self.call(name, &command.span, frame);
                }
            }
            _ => self.call(name, &command.span, frame),
        }
        match (name, arguments.as_slice()) {
            ("include", [template, context]) => {
                // A text is whatever Helm prints: the values in it are used where it was printed.
                self.include(template, context)
            }
            ("tpl", [text, context]) => {
                let before = self.text_at(&command.span, frame);
                let printed = self.tpl(text, context);
                self.back_to(before);
                printed
            }
            ("required", [.., value]) => {
                self.touch(value);
                self.guard(GuardKind::Required, &command.span, Some(value), frame);
                value.clone()
            }
            ("fail", _) => {
                self.guard(GuardKind::Fail, &command.span, None, frame);
                Symbol::Unknown
            }
            ("not" | "empty", [value]) => {
                self.touch(value);
                self.truth(value).map_or(Symbol::Unknown, |truth| Symbol::Flag(!truth))
            }
            ("eq" | "ne", [value, others @ ..]) => {
                self.touch_all(&arguments);
                let equal = others.iter().map(|other| Some(self.constant(value)? == self.constant(other)?));
                let equal: Option<Vec<bool>> = equal.collect();
                equal.map_or(Symbol::Unknown, |equal| Symbol::Flag(equal.contains(&true) == (name == "eq")))
            }
            ("lt" | "le" | "gt" | "ge", [a, b]) => {
                self.touch_all(&arguments);
                match (self.constant(a), self.constant(b)) {
                    (Some(Constant::Number(a)), Some(Constant::Number(b))) => Symbol::Flag(match name {
                        "lt" => a < b,
                        "le" => a <= b,
                        "gt" => a > b,
                        _ => a >= b,
                    }),
                    _ => Symbol::Unknown,
                }
            }
            ("len", [value]) => {
                self.touch(value);
                self.length(value).and_then(|length| i64::try_from(length).ok()).map_or(Symbol::Unknown, Symbol::Number)
            }
            ("lt" | "le" | "gt" | "ge" | "len" | "kindOf" | "typeOf" | "typeIs" | "typeIsLike", _) => {
                self.touch_all(&arguments);
                Symbol::Unknown
            }
            ("kindIs", [Symbol::Text(kind), value]) => {
                self.touch(value);
                self.kind(value).map_or(Symbol::Unknown, |known| Symbol::Flag(known == kind))
            }
            ("hasKey", [map, Symbol::Text(key)]) => {
                let value = map.field(key);
                self.touch(&value);
                match (&value, self.values) {
                    (Symbol::Values(path), Some(values)) => Symbol::Flag(values.has(path)),
                    _ => Symbol::Unknown,
                }
            }
            ("get", [map, Symbol::Text(key)]) => map.field(key),
            ("index", [value, keys @ ..]) => self.index(value, keys),
            ("dig", [keys @ .., fallback, map]) => match texts(keys) {
                Some(keys) => map.fields(&keys).or(fallback.clone()),
                None => self.unknown(&arguments),
            },
            ("pick", [map, keys @ ..]) => match texts(keys) {
                Some(keys) => Symbol::Dict(keys.into_iter().map(|key| (key.clone(), map.field(&key))).collect()),
                None => self.unknown(&arguments),
            },
            ("dict", pairs) => self.dict(pairs),
            ("list" | "tuple", items) => Symbol::List(items.to_vec()),
            ("append" | "mustAppend", [Symbol::List(items), item]) => {
                Symbol::List(items.iter().chain([item]).cloned().collect())
            }
            ("first" | "mustFirst", [Symbol::List(items)]) => items.first().cloned().unwrap_or(Symbol::Nil),
            ("last" | "mustLast", [Symbol::List(items)]) => items.last().cloned().unwrap_or(Symbol::Nil),
            ("rest" | "mustRest", [Symbol::List(items)]) => Symbol::List(items.iter().skip(1).cloned().collect()),
            ("initial" | "mustInitial", [Symbol::List(items)]) => {
                Symbol::List(items[..items.len().saturating_sub(1)].to_vec())
            }
            ("set", [map, key, value]) => {
                let changed = match key {
                    Symbol::Text(key) => Symbol::Dict(BTreeMap::from([(key.clone(), value.clone())])),
                    _ => self.unknown(std::slice::from_ref(value)),
                };
                let changed = match (map, changed) {
                    (Symbol::Dict(old), Symbol::Dict(new)) => {
                        Symbol::Dict(old.iter().chain(&new).map(|(k, v)| (k.clone(), v.clone())).collect())
                    }
                    (map, changed) => map.clone().or(changed),
                };
                self.widen(&words[0], changed.clone(), frame);
                changed
            }
            ("merge" | "mergeOverwrite" | "mustMerge" | "mustMergeOverwrite", [_, ..]) => {
                let merged = arguments.iter().cloned().reduce(Symbol::or).unwrap_or(Symbol::Unknown);
                if let Some(first) = words.first() {
                    self.widen(first, merged.clone(), frame);
                }
                merged
            }
            ("deepCopy" | "mustDeepCopy" | "omit" | "unset", [value, ..]) => value.clone(),
            ("reverse" | "mustReverse", [Symbol::List(items)]) => Symbol::List(items.iter().rev().cloned().collect()),
            ("concat", lists) if lists.iter().all(|list| matches!(list, Symbol::List(_))) => {
                let items =
                    lists.iter().flat_map(|list| if let Symbol::List(items) = list { items.as_slice() } else { &[] });
                Symbol::List(items.cloned().collect())
            }
            ("int" | "int64" | "float64" | "toString" | "quote" | "squote" | "b64enc" | "trim", [value]) => {
                self.use_whole(value);
                self.of_text(name, &arguments).unwrap_or_else(|| value.clone())
            }
            ("print" | "printf", _) => self.print(name == "printf", &arguments),
            ("lookup", _) => {
                self.use_all(&arguments);
                // Nothing answers while a chart is only rendered.
                Symbol::Dict(BTreeMap::new())
            }
            _ => {
                self.use_all(&arguments);
                self.of_text(name, &arguments).unwrap_or(Symbol::Unknown)
            }
        }
    }

    fn use_all(&mut self, symbols: &[Symbol]) {
        for symbol in symbols {
            self.use_whole(symbol);
        }
    }

    fn touch_all(&mut self, symbols: &[Symbol]) {
        for symbol in symbols {
            self.touch(symbol);
        }
    }

    fn unknown(&mut self, arguments: &[Symbol]) -> Symbol {
        self.use_all(arguments);
        Symbol::Unknown
    }

    /// `default FALLBACK VALUE`
    fn default(&mut self, words: &[Expr], piped: Option<Symbol>, dot: &Symbol, frame: &mut Frame<'_>) -> Symbol {
        let value = match (piped, words) {
            (Some(piped), _) => piped,
            (None, [_, value, ..]) => self.word(value, dot, frame),
            _ => Symbol::Nil,
        };
        self.touch(&value);
        let truth = self.truth(&value);
        match (truth, words.first()) {
            (Some(true), _) | (_, None) => value,
            (Some(false), Some(fallback)) => self.word(fallback, dot, frame),
            (None, Some(fallback)) => value.or(self.word(fallback, dot, frame)),
        }
    }

    /// `and`, `or`, `coalesce`: the first that decides.
    fn choice(
        &mut self,
        and: bool,
        words: &[Expr],
        piped: Option<&Symbol>,
        dot: &Symbol,
        frame: &mut Frame<'_>,
    ) -> Symbol {
        let mut result: Option<Symbol> = None;
        let mut certain = true;
        for at in 0..words.len() + usize::from(piped.is_some()) {
            let value = match words.get(at) {
                Some(word) => self.word(word, dot, frame),
                None => piped.cloned().unwrap_or(Symbol::Nil),
            };
            self.touch(&value);
            let truth = self.truth(&value);
            result = Some(match result {
                Some(earlier) if !certain => earlier.or(value),
                _ => value,
            });
            match truth {
                Some(truth) if truth != and => break,
                Some(_) => {}
                None => certain = false,
            }
        }
        result.unwrap_or(Symbol::Nil)
    }

    /// `ternary YES NO CONDITION`
    fn ternary(&mut self, words: &[Expr], piped: Option<Symbol>, dot: &Symbol, frame: &mut Frame<'_>) -> Symbol {
        let [yes, no, rest @ ..] = words else { return Symbol::Unknown };
        let condition = match (piped, rest) {
            (Some(piped), _) => piped,
            (None, [condition, ..]) => self.word(condition, dot, frame),
            _ => Symbol::Unknown,
        };
        self.touch(&condition);
        match self.truth(&condition) {
            Some(true) => self.word(yes, dot, frame),
            Some(false) => self.word(no, dot, frame),
            None => self.word(yes, dot, frame).or(self.word(no, dot, frame)),
        }
    }

    fn index(&mut self, value: &Symbol, keys: &[Symbol]) -> Symbol {
        let mut found = value.clone();
        for key in keys {
            found = match (&found, key) {
                (_, Symbol::Text(key)) => found.field(key),
                (Symbol::List(items), Symbol::Number(at)) => {
                    usize::try_from(*at).ok().and_then(|at| items.get(at)).cloned().unwrap_or(Symbol::Nil)
                }
                _ => {
                    self.use_whole(&found);
                    self.use_whole(key);
                    Symbol::Unknown
                }
            };
        }
        found
    }

    fn dict(&mut self, pairs: &[Symbol]) -> Symbol {
        let mut map = BTreeMap::new();
        for pair in pairs.chunks(2) {
            match pair {
                [Symbol::Text(key), value] => {
                    map.insert(key.clone(), value.clone());
                }
                _ => return self.unknown(pairs),
            }
        }
        Symbol::Dict(map)
    }

    /// What is known of a printed string: all of it, or its end.
    fn print(&mut self, formatted: bool, arguments: &[Symbol]) -> Symbol {
        self.use_all(arguments);
        let mut parts: Vec<Option<String>> = Vec::new();
        if formatted {
            let Some((Symbol::Text(format), rest)) = arguments.split_first() else { return Symbol::Unknown };
            let mut rest = rest.iter();
            let format = format.replace("%v", "%s").replace("%d", "%s");
            let mut literal = format.split("%s");
            parts.push(literal.next().map(str::to_owned));
            for text in literal {
                parts.push(rest.next().and_then(|value| self.text(value)));
                parts.push(Some(text.to_owned()));
            }
            if parts.iter().flatten().any(|part| part.contains('%')) {
                return Symbol::Unknown;
            }
        } else {
            parts.extend(arguments.iter().map(|value| self.text(value)));
        }
        let unknown = parts.iter().rposition(Option::is_none);
        let tail: String = parts.iter().skip(unknown.map_or(0, |at| at + 1)).flatten().map(String::as_str).collect();
        match (unknown, tail.is_empty()) {
            (None, _) => Symbol::Text(tail),
            (Some(_), false) => Symbol::Tail(tail),
            (Some(_), true) if parts.iter().flatten().any(|part| !part.is_empty()) => Symbol::Filled,
            (Some(_), true) => Symbol::Unknown,
        }
    }

    fn text(&self, value: &Symbol) -> Option<String> {
        match self.constant(value)? {
            Constant::Text(text) => Some(text),
            Constant::Number(number) if number.abs() < 1_000_000 => Some(number.to_string()),
            _ => None,
        }
    }

    /// How many there are, where that is known.
    fn length(&self, symbol: &Symbol) -> Option<usize> {
        match symbol {
            Symbol::Text(text) => Some(text.len()),
            Symbol::List(items) => Some(items.len()),
            Symbol::Dict(map) => Some(map.len()),
            Symbol::Values(path) => {
                let values = self.values?;
                if values.is_map(path) {
                    return Some(values.keys(path).len());
                }
                match values.leaf_at(path)?.value {
                    LeafValue::EmptyMap => Some(0),
                    LeafValue::List(node) => Some(node.items().len()),
                    LeafValue::Scalar(Resolved::Str(text)) => Some(text.len()),
                    LeafValue::Scalar(_) => None,
                }
            }
            _ => None,
        }
    }

    /// Functions of texts that are known; whether something is left of one that is not.
    fn of_text(&self, name: &str, arguments: &[Symbol]) -> Option<Symbol> {
        self.values?;
        let (value, rest) = arguments.split_last()?;
        let Some(text) = self.printed_text(value) else {
            let keeps =
                matches!(name, "quote" | "squote" | "b64enc" | "toString" | "lower" | "upper" | "indent" | "nindent");
            return (keeps && self.prints_something(value)).then_some(Symbol::Filled);
        };
        let nil = matches!(self.truth(value), Some(false)) && self.constant(value).is_none();
        let first = rest.first().and_then(|first| self.text(first));
        let text = match (name, first, rest.len()) {
            ("toString", ..) => text,
            ("quote" | "squote", None, 0) if nil => String::new(),
            ("quote" | "squote", None, 0) => return Some(Symbol::Filled),
            ("b64enc", None, 0) if !text.is_empty() => return Some(Symbol::Filled),
            ("b64enc", None, 0) => text,
            ("int" | "int64", None, 0) => {
                return match self.constant(value)? {
                    Constant::Number(number) => Some(Symbol::Number(number)),
                    Constant::Text(text) => text.parse().ok().map(Symbol::Number),
                    Constant::Flag(_) => None,
                };
            }
            ("trim", None, 0) => text.trim().to_owned(),
            ("lower", None, 0) => text.to_lowercase(),
            ("upper", None, 0) => text.to_uppercase(),
            ("trimSuffix", Some(suffix), 1) => text.strip_suffix(&suffix).unwrap_or(&text).to_owned(),
            ("trimPrefix", Some(prefix), 1) => text.strip_prefix(&prefix).unwrap_or(&text).to_owned(),
            ("trunc", Some(length), 1) => {
                let length: usize = length.parse().ok()?;
                text.get(..length).unwrap_or(&text).to_owned()
            }
            ("contains", Some(part), 1) => return Some(Symbol::Flag(text.contains(&part))),
            ("hasPrefix", Some(part), 1) => return Some(Symbol::Flag(text.starts_with(&part))),
            ("hasSuffix", Some(part), 1) => return Some(Symbol::Flag(text.ends_with(&part))),
            ("splitList", Some(separator), 1) if !separator.is_empty() => {
                return Some(Symbol::List(text.split(&separator).map(|part| Symbol::Text(part.to_owned())).collect()));
            }
            _ => return None,
        };
        Some(Symbol::Text(text))
    }

    /// `tpl TEXT CONTEXT`
    fn tpl(&mut self, text: &Symbol, context: &Symbol) -> Symbol {
        self.use_whole(text);
        let Some(values) = self.values else {
            self.runs_text = true;
            if let Symbol::Text(text) = text {
                self.run_text(text, context);
            }
            return Symbol::Unknown;
        };
        match text {
            Symbol::Text(text) => return self.run_text(text, context),
            Symbol::Values(path) => {
                let texts = values.texts(path);
                for text in &texts {
                    self.run_text(text, context);
                }
                if let ([text], Some(_)) = (texts.as_slice(), self.constant(&Symbol::Values(path.clone()))) {
                    return self.run_text(text, context);
                }
            }
            // Texts out of files and of what was made from values: all that could be meant.
            _ => {
                for text in values.texts(&[]) {
                    self.run_text(&text, context);
                }
                let program = self.program;
                for (_, chart) in &program.charts {
                    for file in chart.files.iter().filter(|file| !file.name.starts_with("templates/")) {
                        let text = file.text(program.sources);
                        if text.contains(".Values") && file.name != "values.yaml" && !file.name.ends_with(".md") {
                            self.run_text(text, context);
                        }
                    }
                }
            }
        }
        Symbol::Unknown
    }

    /// Whether a value counts as true, if that is known.
    pub(super) fn truth(&self, symbol: &Symbol) -> Option<bool> {
        match symbol {
            Symbol::Root(_) | Symbol::Tail(_) | Symbol::Filled => Some(true),
            Symbol::Dict(map) => Some(!map.is_empty()),
            Symbol::List(items) => Some(!items.is_empty()),
            Symbol::Text(text) => Some(!text.is_empty()),
            Symbol::Number(number) => Some(*number != 0),
            Symbol::Flag(flag) => Some(*flag),
            Symbol::Nil => Some(false),
            Symbol::Any(all) => {
                let mut truths = all.iter().map(|one| self.truth(one));
                let first = truths.next()??;
                truths.all(|truth| truth == Some(first)).then_some(first)
            }
            Symbol::Values(path) => {
                let values = self.values?;
                if values.is_map(path) {
                    return Some(!values.keys(path).is_empty());
                }
                let Some(leaf) = values.leaf_at(path) else { return Some(false) };
                Some(match leaf.value {
                    LeafValue::EmptyMap | LeafValue::Scalar(Resolved::Null) => false,
                    LeafValue::List(node) => !node.items().is_empty(),
                    LeafValue::Scalar(Resolved::Bool(flag)) => flag,
                    LeafValue::Scalar(Resolved::Int(number)) => number != 0,
                    LeafValue::Scalar(Resolved::Float(number)) => number != 0.0,
                    LeafValue::Scalar(Resolved::Str(text)) => !text.is_empty(),
                })
            }
            Symbol::Subcharts(_) | Symbol::Unknown => None,
        }
    }

    /// The scalar that a symbol stands for, if that is known.
    pub(super) fn constant(&self, symbol: &Symbol) -> Option<Constant> {
        match symbol {
            Symbol::Text(text) => Some(Constant::Text(text.clone())),
            Symbol::Flag(flag) => Some(Constant::Flag(*flag)),
            Symbol::Number(number) => Some(Constant::Number(*number)),
            Symbol::Values(path) => match self.values?.leaf_at(path)?.value {
                LeafValue::Scalar(Resolved::Str(text)) => Some(Constant::Text(text.to_owned())),
                LeafValue::Scalar(Resolved::Bool(flag)) => Some(Constant::Flag(flag)),
                LeafValue::Scalar(Resolved::Int(number)) => Some(Constant::Number(number)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Go's kind of a value, if that is known.
    fn kind(&self, symbol: &Symbol) -> Option<&'static str> {
        match symbol {
            Symbol::Dict(_) => Some("map"),
            Symbol::List(_) => Some("slice"),
            Symbol::Text(_) | Symbol::Tail(_) | Symbol::Filled => Some("string"),
            Symbol::Flag(_) => Some("bool"),
            Symbol::Values(path) => {
                let values = self.values?;
                if values.is_map(path) {
                    return Some("map");
                }
                let Some(leaf) = values.leaf_at(path) else { return Some("invalid") };
                Some(match leaf.value {
                    LeafValue::EmptyMap => "map",
                    LeafValue::List(_) => "slice",
                    LeafValue::Scalar(Resolved::Null) => "invalid",
                    LeafValue::Scalar(Resolved::Bool(_)) => "bool",
                    LeafValue::Scalar(Resolved::Int(_) | Resolved::Float(_)) => "float64",
                    LeafValue::Scalar(Resolved::Str(_)) => "string",
                })
            }
            _ => None,
        }
    }
}

/// A scalar.
#[derive(Debug, PartialEq)]
pub(super) enum Constant {
    Text(String),
    Flag(bool),
    Number(i64),
}

fn texts(symbols: &[Symbol]) -> Option<Vec<String>> {
    let text = |symbol: &Symbol| match symbol {
        Symbol::Text(text) => Some(text.clone()),
        _ => None,
    };
    symbols.iter().map(text).collect()
}
