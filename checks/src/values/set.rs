//! `--set`: a value at a path that may lead through lists, typed as Helm types it.

use std::sync::Arc;

use super::coalesce::{Merge, unset};
use super::tree::{Held, Map, Origin, Slot};
use crate::model::{Cell, SetValue};
use yaml::{Entry, Node, Pos, Span, Style, Value};

/// The longest list that `--set` may make, as in Helm.
const MOST_ITEMS: usize = 65_536;

/// One step of a path.
enum Step {
    Key(String),
    Index(usize),
}

impl Merge {
    /// Sets a value over all files.
    pub(super) fn set(&mut self, values: Map, set: &SetValue, cell: &Cell) {
        let Some(steps) = steps(&set.path) else {
            self.problem(format!("`{}` is no path of a value", set.path));
            return;
        };
        let pos = |line, column| Pos { offset: 0, line, column };
        let place = &cell.place;
        let span = Span { start: pos(place.line, place.column), end: pos(place.end_line, place.end_column) };
        let origin = Arc::new(Origin { file: place.file.as_str().into(), packed: false, key: span, value: span });
        let value = Node { value: typed(set), span, tag: None };
        if !self.set_in_map(values, &steps, value, &origin) {
            self.problem(format!("`{}` leads through something that is no map", set.path));
        }
    }

    fn set_in_map(&mut self, map: Map, steps: &[Step], value: Node, origin: &Arc<Origin>) -> bool {
        let Some((Step::Key(key), rest)) = steps.split_first() else { return false };
        let old = self.tree.get(map, key).cloned();
        let held = match rest.first() {
            None => Held::Leaf(Arc::new(value)),
            Some(Step::Key(_)) => {
                let below = match &old {
                    None => self.tree.empty(),
                    Some(slot) => match slot.map() {
                        Some(below) => below,
                        None => return false,
                    },
                };
                if !self.set_in_map(below, rest, value, origin) {
                    return false;
                }
                let slot = old.unwrap_or_else(|| unset(below));
                self.tree.insert(map, &key.as_str().into(), slot);
                return true;
            }
            Some(Step::Index(_)) => {
                let mut list = match old.as_ref().map(|slot| &slot.held) {
                    Some(Held::Leaf(node)) if node.is_sequence() => (**node).clone(),
                    _ => Node { value: Value::Sequence(Vec::new()), span: value.span, tag: None },
                };
                if !set_in_node(&mut list, rest, value) {
                    return false;
                }
                Held::Leaf(Arc::new(list))
            }
        };
        let mut slot = Slot { held, origin: Some(origin.clone()), lost: Vec::new() };
        if let Some(old) = &old {
            slot.beats(old);
        }
        self.tree.insert(map, &key.as_str().into(), slot);
        true
    }
}

/// Inside of a list nothing is merged: items are changed where they stand.
fn set_in_node(node: &mut Node, steps: &[Step], value: Node) -> bool {
    let span = value.span;
    let null = || Node { value: Value::Scalar(String::new(), Style::Plain), span, tag: None };
    let Some((step, rest)) = steps.split_first() else {
        *node = value;
        return true;
    };
    match step {
        Step::Index(at) => {
            if node.is_null() {
                node.value = Value::Sequence(Vec::new());
            }
            let Value::Sequence(items) = &mut node.value else { return false };
            if *at >= items.len() {
                items.resize_with(at + 1, null);
            }
            set_in_node(&mut items[*at], rest, value)
        }
        Step::Key(key) => {
            if node.is_null() {
                node.value = Value::Mapping(Vec::new());
            }
            let Value::Mapping(entries) = &mut node.value else { return false };
            let at = entries.iter().position(|entry| entry.key.to_text().as_ref() == Some(key)).unwrap_or_else(|| {
                let key = Node { value: Value::Scalar(key.clone(), Style::Quoted), span, tag: None };
                entries.push(Entry { key, value: null() });
                entries.len() - 1
            });
            set_in_node(&mut entries[at].value, rest, value)
        }
    }
}

/// `typedVal`: anything but booleans, null and whole numbers is text.
fn typed(set: &SetValue) -> Value {
    let text = &set.value;
    let plain = |text: &str| Value::Scalar(text.to_owned(), Style::Plain);
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        _ if set.string => Value::Scalar(text.clone(), Style::Quoted),
        "true" | "false" | "null" | "0" => plain(&lower),
        _ if !text.starts_with('0') && text.parse::<i64>().is_ok() => plain(text),
        _ => Value::Scalar(text.clone(), Style::Quoted),
    }
}

/// `a.b\.c[0].d`
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut key = String::new();
    let mut chars = path.chars();
    let mut after_index = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => key.push(chars.next()?),
            '.' if after_index => after_index = false,
            '.' => steps.push(Step::Key(std::mem::take(&mut key))),
            '[' => {
                if !after_index {
                    steps.push(Step::Key(std::mem::take(&mut key)));
                }
                let number: String = chars.by_ref().take_while(|c| *c != ']').collect();
                steps.push(Step::Index(number.parse().ok().filter(|at| *at <= MOST_ITEMS)?));
                after_index = true;
            }
            _ if after_index => return None,
            c => key.push(c),
        }
    }
    if !after_index {
        steps.push(Step::Key(key));
    }
    steps.iter().all(|step| !matches!(step, Step::Key(key) if key.is_empty())).then_some(steps)
}
