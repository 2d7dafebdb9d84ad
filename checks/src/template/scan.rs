//! Follows values through the templates of a chart and of everything below it: which values are read, which functions are
//! reached, where the guards stand. Nothing is run. Where something cannot be known, both ways are taken; given a cell's
//! values, branches that they decide are not.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::print::Printed;
use super::{Branch, Command, Expr, ExprKind, Node, Pipe, Symbol, parse, span};
use crate::chart::{Chart, File};
use crate::model::Place;
use crate::sources::Sources;
use crate::values::Effective;

/// Steps of one scan beyond which it is given up.
const MOST_STEPS: usize = 200_000;
/// Calls inside calls beyond which it is given up.
const MOST_CALLS: usize = 40;
/// Items of a list or map that are walked one by one.
const MOST_ITEMS: usize = 64;

/// The templates of a chart and of everything below it, read.
pub struct Program<'a> {
    /// In the order of the charts, then by name.
    pub templates: Vec<Loaded<'a>>,
    /// Every `define`: template and position among its nodes. Names are the same in all charts.
    pub(super) defines: BTreeMap<String, Vec<(usize, usize)>>,
    /// True when a template could not be read: what it holds is not known.
    pub broken: bool,
    pub(super) sources: &'a Sources,
    /// Every chart with its names.
    pub charts: Vec<(Vec<String>, &'a Chart)>,
}

/// One template.
pub struct Loaded<'a> {
    /// Names of the charts that lead to its own.
    pub scope: Vec<String>,
    /// The file.
    pub file: &'a File,
    /// Its text.
    pub text: &'a str,
    /// Its tree; empty when it cannot be read.
    pub nodes: Vec<Node>,
    /// Its path in Helm's `# Source:`.
    pub name: String,
    /// Whether Helm renders it by itself.
    pub rendered: bool,
}

impl Loaded<'_> {
    /// The place of a range of it.
    pub fn place(&self, range: &Range<usize>) -> Place {
        self.file.place(span(self.text, range))
    }
}

impl<'a> Program<'a> {
    /// Reads all templates below a chart, in the charts that it has.
    pub fn new(chart: &'a Chart, sources: &'a Sources) -> Self {
        let mut program =
            Self { templates: Vec::new(), defines: BTreeMap::new(), broken: false, sources, charts: Vec::new() };
        for (scope, below) in chart.walk() {
            let scope: Vec<String> = scope.into_iter().map(str::to_owned).collect();
            let prefix = scope.iter().fold(chart.name.clone(), |path, step| format!("{path}/charts/{step}"));
            for file in below.templates.iter() {
                let partial = file.name.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
                if below.library && !partial {
                    continue;
                }
                let text = file.text(sources);
                let nodes = parse(text).unwrap_or_else(|_| {
                    program.broken = true;
                    Vec::new()
                });
                let at = program.templates.len();
                for (index, node) in nodes.iter().enumerate() {
                    if let Node::Define { name, .. } = node {
                        program.defines.entry(name.clone()).or_default().push((at, index));
                    }
                }
                let name = format!("{prefix}/{}", file.name);
                program.templates.push(Loaded { scope: scope.clone(), file, text, nodes, name, rendered: !partial });
            }
            program.charts.push((scope, below));
        }
        // Helm reads the deepest templates first, and of equal depth the last by name: what it reads last it runs.
        let Self { templates, defines, .. } = &mut program;
        for all in defines.values_mut() {
            all.sort_by_key(|(at, node)| {
                let name = templates[*at].name.as_str();
                (std::cmp::Reverse((name.matches('/').count(), name)), *node)
            });
        }
        program
    }

    /// What the names of a chart's templates begin with.
    fn prefix(&self, scope: &[String]) -> String {
        let root = self.charts.first().map_or("", |(_, chart)| chart.name.as_str());
        scope.iter().fold(root.to_owned(), |path, step| format!("{path}/charts/{step}"))
    }

    /// The templates of a name: the name, the text that holds it, its nodes.
    pub fn defined(&self, name: &str) -> Vec<(&str, &str, &[Node])> {
        let Some((name, all)) = self.defines.get_key_value(name) else { return Vec::new() };
        let found = all.iter().filter_map(|(template, node)| {
            let template = &self.templates[*template];
            match &template.nodes[*node] {
                Node::Define { body, .. } => Some((name.as_str(), template.text, body.as_slice())),
                _ => None,
            }
        });
        found.collect()
    }

    /// The names of templates that stand in a tree's actions as strings.
    pub fn named_in(&self, text: &str, nodes: &[Node]) -> Vec<String> {
        let mut found = Vec::new();
        for node in nodes {
            match node {
                Node::Action { span, .. } => found.extend(self.names(&text[span.clone()])),
                Node::Call { name, .. } => found.push(name.clone()),
                Node::Branch { span, body, otherwise, .. } => {
                    found.extend(self.names(&text[span.clone()]));
                    found.extend(self.named_in(text, body));
                    found.extend(self.named_in(text, otherwise));
                }
                Node::Text(_) | Node::Define { .. } => {}
            }
        }
        found
    }

    fn names(&self, action: &str) -> Vec<String> {
        let texts = action.split(['"', '`']).skip(1).step_by(2);
        texts.filter(|text| self.defines.contains_key(*text)).map(str::to_owned).collect()
    }

    /// Whether a path is where a chart's values begin.
    pub fn is_scope(&self, path: &[String]) -> bool {
        self.charts.iter().any(|(scope, _)| scope == path)
    }
}

/// A function that was looked for, reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The function.
    pub function: String,
    /// Index of the template that holds it.
    pub template: usize,
    /// Where in its text.
    pub start: usize,
    /// And to where.
    pub end: usize,
    /// Index of the rendered template that reaches it.
    pub from: usize,
    /// The text that `tpl` runs at that place and that holds the call, and where in it.
    pub text: Option<(String, usize, usize)>,
}

/// How a guard refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuardKind {
    /// `required`
    Required,
    /// `fail`
    Fail,
}

/// A `required` or `fail`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// Index of the template that holds it.
    pub template: usize,
    /// Where its command begins.
    pub start: usize,
    /// And ends.
    pub end: usize,
    /// How it refuses.
    pub kind: GuardKind,
    /// The values that it guards; for `fail`, those that its condition asks about.
    pub paths: BTreeSet<Vec<String>>,
    /// The `define` that holds it.
    pub define: Option<String>,
    /// Whether it stands behind an `if`, `with` or `range`.
    pub conditional: bool,
}

/// What a scan found.
pub struct Scan<'p> {
    pub(super) program: &'p Program<'p>,
    pub(super) values: Option<&'p Effective>,
    looked_for: &'p [&'p str],
    /// Values that are used with all that is below them.
    pub whole: BTreeSet<Vec<String>>,
    /// Values that are only asked about: `if`, `eq`, `hasKey`.
    pub touched: BTreeSet<Vec<String>>,
    /// True when nothing can be said: a whole context went somewhere unknown, or the scan was given up.
    pub everything: bool,
    /// True when text that is no template is run as one, and the values were not given.
    pub runs_text: bool,
    /// What was looked for.
    pub calls: BTreeSet<Call>,
    /// Guards, by place.
    pub guards: BTreeMap<(usize, usize), Guard>,
    /// What was run already with a context: what it prints, and what it reaches.
    visited: BTreeMap<(usize, usize, Symbol), (Symbol, BTreeSet<Call>)>,
    ran: BTreeMap<(String, Symbol), (Symbol, BTreeSet<Call>)>,
    /// What is being printed, the innermost last.
    printed: Vec<Printed>,
    /// What was reached so far by each body that is being run, the innermost last.
    reached: Vec<BTreeSet<Call>>,
    /// The texts that `tpl` is running, the innermost last.
    texts: Vec<String>,
    steps: usize,
    depth: usize,
    from: usize,
    /// Where the text that is being run was handed to `tpl`.
    text_at: Option<(usize, Range<usize>)>,
}

/// Where a scan is.
pub(super) struct Frame<'n> {
    pub(super) template: usize,
    dollar: Symbol,
    /// With each, how many branches around its declaration are not decided.
    variables: Vec<(String, Symbol, usize)>,
    /// Branches around that the values do not decide.
    undecided: usize,
    /// What the conditions around ask about, the innermost last.
    conditions: Vec<BTreeSet<Vec<String>>>,
    define: Option<&'n str>,
}

impl<'p> Scan<'p> {
    /// Scans every template that Helm renders. With `values`, branches that they decide are not taken both ways.
    pub fn run(program: &'p Program<'p>, values: Option<&'p Effective>, looked_for: &'p [&'p str]) -> Self {
        let mut scan = Self {
            program,
            values,
            looked_for,
            whole: BTreeSet::new(),
            touched: BTreeSet::new(),
            everything: program.broken,
            runs_text: false,
            calls: BTreeSet::new(),
            guards: BTreeMap::new(),
            visited: BTreeMap::new(),
            ran: BTreeMap::new(),
            printed: Vec::new(),
            reached: Vec::new(),
            texts: Vec::new(),
            steps: 0,
            depth: 0,
            from: 0,
            text_at: None,
        };
        for (at, template) in program.templates.iter().enumerate() {
            if template.rendered {
                scan.from = at;
                scan.body(at, &template.nodes, &Symbol::Root(template.scope.clone()), None);
            }
        }
        scan
    }

    /// Runs a text as a template with the whole context of a chart. What it prints is returned.
    pub fn run_text(&mut self, text: &str, context: &Symbol) -> Symbol {
        if !text.contains("{{") {
            return Symbol::Text(text.to_owned());
        }
        let key = (text.to_owned(), context.clone());
        if let Some((printed, calls)) = self.ran.get(&key).cloned() {
            self.reach(calls);
            return printed;
        }
        self.ran.insert(key.clone(), (Symbol::Unknown, BTreeSet::new()));
        let Ok(nodes) = parse(text) else {
            self.everything = true;
            return Symbol::Unknown;
        };
        self.texts.push(text.to_owned());
        // Places inside of it are nobody's: it belongs to no template.
        let (printed, calls) = self.body(usize::MAX, &nodes, context, None);
        self.texts.pop();
        self.ran.insert(key, (printed.clone(), calls));
        printed
    }

    /// What was reached before is reached from here too.
    fn reach(&mut self, calls: BTreeSet<Call>) {
        let calls: Vec<Call> = calls.into_iter().map(|call| Call { from: self.from, ..call }).collect();
        if let Some(around) = self.reached.last_mut() {
            around.extend(calls.iter().cloned());
        }
        self.calls.extend(calls);
    }

    /// Runs the nodes of a template: what they print, and what they reach.
    fn body(
        &mut self,
        template: usize,
        nodes: &[Node],
        dot: &Symbol,
        define: Option<&str>,
    ) -> (Symbol, BTreeSet<Call>) {
        if self.depth > MOST_CALLS {
            // What calls itself is not followed any further, nor is anything else.
            self.steps = MOST_STEPS;
        }
        self.depth += 1;
        self.printed.push(Printed::default());
        self.reached.push(BTreeSet::new());
        let mut frame = Frame {
            template,
            dollar: dot.clone(),
            variables: Vec::new(),
            undecided: 0,
            conditions: Vec::new(),
            define,
        };
        self.nodes(nodes, dot, &mut frame);
        self.depth -= 1;
        let calls = self.reached.pop().unwrap_or_default();
        if let Some(around) = self.reached.last_mut() {
            around.extend(calls.iter().cloned());
        }
        let printed = self.printed.pop().unwrap_or_default();
        // Without values nothing is decided, and what has been given up has not been printed to its end.
        let known = self.values.is_some() && self.steps < MOST_STEPS;
        (if known { printed.symbol() } else { Symbol::Unknown }, calls)
    }

    fn print_symbol(&mut self, symbol: &Symbol) {
        let (text, filled) = (self.printed_text(symbol), self.prints_something(symbol));
        if let Some(out) = self.printed.last_mut() {
            out.add(text.as_deref(), filled);
        }
    }

    fn text_of(&self, template: usize) -> &str {
        let program = self.program;
        let running = self.texts.last().map_or("", String::as_str);
        program.templates.get(template).map_or(running, |template| template.text)
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Symbol, frame: &mut Frame<'_>) {
        for node in nodes {
            self.steps += 1;
            if self.steps > MOST_STEPS {
                self.everything = true;
                return;
            }
            match node {
                Node::Define { .. } => {}
                Node::Text(range) => {
                    let text = self.text_of(frame.template).get(range.clone()).map(str::to_owned);
                    if let Some(out) = self.printed.last_mut() {
                        out.add(text.as_deref(), true);
                    }
                }
                Node::Action { pipe, .. } => {
                    let result = self.pipe(pipe, dot, frame);
                    if pipe.variables.is_empty() {
                        self.use_whole(&result);
                        self.print_symbol(&result);
                    }
                }
                Node::Call { name, pipe, .. } => {
                    let context = pipe.as_ref().map_or(Symbol::Nil, |pipe| self.pipe(pipe, dot, frame));
                    let printed = self.include(&Symbol::Text(name.clone()), &context);
                    self.print_symbol(&printed);
                }
                Node::Branch { kind, pipe, body, otherwise, .. } => {
                    self.branch(*kind, pipe, body, otherwise, dot, frame);
                }
            }
        }
    }

    fn branch(
        &mut self,
        kind: Branch,
        pipe: &Pipe,
        body: &[Node],
        otherwise: &[Node],
        dot: &Symbol,
        frame: &mut Frame<'_>,
    ) {
        let depth = frame.variables.len();
        let (touched, whole) = (std::mem::take(&mut self.touched), std::mem::take(&mut self.whole));
        let result = self.pipe(&Pipe { variables: Vec::new(), ..pipe.clone() }, dot, frame);
        match kind {
            Branch::Range => self.use_whole(&result),
            Branch::If | Branch::With => self.touch(&result),
        }
        let asked = self.touched.iter().chain(&self.whole).cloned().collect();
        self.touched.extend(touched);
        self.whole.extend(whole);
        frame.conditions.push(asked);
        let items = if kind == Branch::Range { self.items(&result) } else { None };
        // A list that is walked item by item is as good as decided.
        let truth = items.as_ref().map(|items| !items.is_empty()).or_else(|| self.truth(&result));
        let decided = truth.is_some() && (kind != Branch::Range || items.is_some() || truth == Some(false));
        let mut arms = (Printed::default(), Printed::default());
        frame.undecided += usize::from(!decided);
        if truth != Some(false) {
            let rounds: Vec<(Symbol, Symbol)> = match (kind, items) {
                (Branch::If, _) => vec![(Symbol::Unknown, dot.clone())],
                (Branch::With, _) => vec![(Symbol::Unknown, result.clone())],
                (Branch::Range, Some(items)) => items,
                (Branch::Range, None) => match &result {
                    Symbol::List(items) => {
                        vec![(Symbol::Unknown, items.iter().cloned().reduce(Symbol::or).unwrap_or(Symbol::Unknown))]
                    }
                    _ => vec![(Symbol::Unknown, Symbol::Unknown)],
                },
            };
            self.printed.push(Printed::default());
            for (key, inner) in rounds {
                let last = pipe.variables.len().saturating_sub(1);
                for (at, name) in pipe.variables.iter().enumerate() {
                    let value = match kind {
                        Branch::Range if at == last => inner.clone(),
                        Branch::Range => key.clone(),
                        Branch::If | Branch::With => result.clone(),
                    };
                    frame.variables.push((name.clone(), value, frame.undecided));
                }
                self.nodes(body, &inner, frame);
                frame.variables.truncate(depth);
            }
            arms.0 = self.printed.pop().unwrap_or_default();
        }
        if truth != Some(true) {
            self.printed.push(Printed::default());
            self.nodes(otherwise, dot, frame);
            frame.variables.truncate(depth);
            arms.1 = self.printed.pop().unwrap_or_default();
        }
        frame.undecided -= usize::from(!decided);
        if let Some(out) = self.printed.last_mut() {
            match (decided, truth) {
                (true, Some(true)) => out.append(&arms.0),
                (true, _) => out.append(&arms.1),
                // How often the body of a `range` runs is not known.
                (false, _) if kind == Branch::Range => out.append(&Printed::default().or(&arms.0.or(&arms.1))),
                (false, _) => out.append(&arms.0.or(&arms.1)),
            }
        }
        frame.conditions.pop();
    }

    /// What a `range` walks, key and value, where that is known.
    fn items(&self, symbol: &Symbol) -> Option<Vec<(Symbol, Symbol)>> {
        let values = self.values?;
        let items: Vec<(Symbol, Symbol)> = match symbol {
            Symbol::List(items) => (0..).zip(items).map(|(at, item)| (Symbol::Number(at), item.clone())).collect(),
            Symbol::Dict(map) => map.iter().map(|(key, value)| (Symbol::Text(key.clone()), value.clone())).collect(),
            Symbol::Values(path) if values.is_map(path) => {
                let keys = values.keys(path);
                keys.into_iter().map(|key| (Symbol::Text(key.to_owned()), symbol.field(key))).collect()
            }
            _ => return None,
        };
        (items.len() <= MOST_ITEMS).then_some(items)
    }

    /// Evaluates a pipeline and gives its variables their values.
    fn pipe(&mut self, pipe: &Pipe, dot: &Symbol, frame: &mut Frame<'_>) -> Symbol {
        let mut result: Option<Symbol> = None;
        for command in &pipe.commands {
            result = Some(self.command(command, result, dot, frame));
        }
        let result = result.unwrap_or(Symbol::Nil);
        for name in &pipe.variables {
            if pipe.declares {
                frame.variables.push((name.clone(), result.clone(), frame.undecided));
            } else {
                self.assign(name, result.clone(), frame);
            }
        }
        result
    }

    /// A variable that is assigned again may keep its old value: the branch that does it may not be taken.
    fn assign(&mut self, name: &str, value: Symbol, frame: &mut Frame<'_>) {
        let undecided = frame.undecided;
        if let Some((_, old, declared)) = frame.variables.iter_mut().rev().find(|(known, ..)| known == name) {
            // Between the two nothing stands that may not happen.
            let certain = self.values.is_some() && *declared == undecided;
            *old = if certain { value } else { std::mem::replace(old, Symbol::Unknown).or(value) };
        } else {
            self.use_whole(&value);
        }
    }

    /// Widens a variable that a function changes in place.
    pub(super) fn widen(&mut self, word: &Expr, value: Symbol, frame: &mut Frame<'_>) {
        if let ExprKind::Variable(name, fields) = &word.kind
            && fields.is_empty()
            && !name.is_empty()
        {
            self.assign(name, value, frame);
        }
    }

    fn command(&mut self, command: &Command, piped: Option<Symbol>, dot: &Symbol, frame: &mut Frame<'_>) -> Symbol {
        self.steps += 1;
        let Some((first, rest)) = command.words.split_first() else { return Symbol::Unknown };
        if let ExprKind::Function(name) = &first.kind {
            return self.function(name, command, rest, piped, dot, frame);
        }
        let value = self.word(first, dot, frame);
        if rest.is_empty() && piped.is_none() {
            return value;
        }
        // A method: `.Files.Get "x"`, `.Capabilities.APIs.Has "v1"`.
        for word in rest {
            let argument = self.word(word, dot, frame);
            self.use_whole(&argument);
        }
        if let Some(piped) = piped {
            self.use_whole(&piped);
        }
        Symbol::Unknown
    }

    pub(super) fn word(&mut self, word: &Expr, dot: &Symbol, frame: &mut Frame<'_>) -> Symbol {
        match &word.kind {
            ExprKind::Field(fields) => self.fields(dot, fields),
            ExprKind::Variable(name, fields) if name.is_empty() => self.fields(&frame.dollar, fields),
            ExprKind::Variable(name, fields) => frame
                .variables
                .iter()
                .rev()
                .find(|(known, ..)| known == name)
                .map_or(Symbol::Unknown, |(_, value, _)| self.fields(value, fields)),
            ExprKind::Text(text) => Symbol::Text(text.clone()),
            ExprKind::Number(number) => number.parse().map_or(Symbol::Unknown, Symbol::Number),
            ExprKind::Flag(flag) => Symbol::Flag(*flag),
            ExprKind::Nil => Symbol::Nil,
            ExprKind::Paren(pipe, fields) => {
                let value = self.pipe(pipe, dot, frame);
                self.fields(&value, fields)
            }
            ExprKind::Function(name) => {
                let command = Command { words: vec![word.clone()], span: word.span.clone() };
                self.function(name, &command, &[], None, dot, frame)
            }
        }
    }

    /// A chain of fields. Of a template's context more is known than its values, where a cell renders it.
    fn fields(&self, symbol: &Symbol, fields: &[String]) -> Symbol {
        let names: Vec<&str> = fields.iter().map(String::as_str).collect();
        match symbol {
            Symbol::Root(scope) if self.values.is_some() => match names.as_slice() {
                ["Template", "BasePath"] => Symbol::Text(format!("{}/templates", self.program.prefix(scope))),
                // `helm template` renders for an installation.
                ["Release", "IsInstall"] => Symbol::Flag(true),
                ["Release", "IsUpgrade"] => Symbol::Flag(false),
                ["Release", "Name" | "Namespace" | "Service"]
                | ["Chart", "Name" | "Version"]
                | ["Template", "Name"] => Symbol::Filled,
                _ => symbol.fields(fields),
            },
            // A context that was handed on inside of something.
            Symbol::Dict(_) if fields.len() > 1 => {
                let (first, rest) = fields.split_at(1);
                self.fields(&symbol.fields(first), rest)
            }
            _ => symbol.fields(fields),
        }
    }

    /// Runs the templates of a name, or all whose names end with what is known of it. What is printed is returned.
    pub(super) fn include(&mut self, name: &Symbol, context: &Symbol) -> Symbol {
        let program = self.program;
        let defines: Vec<(&str, usize, usize)> = match name {
            Symbol::Text(name) => {
                let found = program.defines.get_key_value(name);
                let all = found.map_or(&[][..], |(_, all)| all.as_slice());
                // Of one name the last is what Helm runs; without a cell it is not known which charts there are.
                let from = if self.values.is_some() { all.len().saturating_sub(1) } else { 0 };
                found.iter().flat_map(|(name, _)| all[from..].iter().map(|(t, n)| (name.as_str(), *t, *n))).collect()
            }
            Symbol::Tail(tail) => {
                let all = program.defines.iter().filter(|(name, _)| name.ends_with(tail.as_str()));
                all.flat_map(|(name, all)| all.iter().map(|(t, n)| (name.as_str(), *t, *n))).collect()
            }
            _ => Vec::new(),
        };
        let files: Vec<usize> = match name {
            Symbol::Text(name) if program.templates.iter().any(|t| t.name == *name) => {
                let all = program.templates.iter().enumerate();
                all.filter(|(_, t)| t.name == *name).map(|(at, _)| at).collect()
            }
            Symbol::Text(tail) | Symbol::Tail(tail) => {
                let all = program.templates.iter().enumerate();
                all.filter(|(_, t)| t.name.ends_with(tail.as_str())).map(|(at, _)| at).collect()
            }
            _ => Vec::new(),
        };
        if defines.is_empty() && files.is_empty() {
            self.use_whole(context);
            return Symbol::Unknown;
        }
        let mut printed = Vec::new();
        for (name, template, index) in defines {
            if let Node::Define { body, .. } = &program.templates[template].nodes[index] {
                printed.push(self.once((template, index, context.clone()), body, Some(name)));
            }
        }
        for at in files {
            printed.push(self.once((at, usize::MAX, context.clone()), &program.templates[at].nodes, None));
        }
        // Of a name of which only the end is known, one that is not here may be meant.
        let certain = matches!(name, Symbol::Text(_));
        printed.into_iter().reduce(Symbol::or).filter(|_| certain).unwrap_or(Symbol::Unknown)
    }

    /// Runs nodes with a context, once.
    fn once(&mut self, key: (usize, usize, Symbol), nodes: &[Node], define: Option<&str>) -> Symbol {
        if let Some((printed, calls)) = self.visited.get(&key).cloned() {
            self.reach(calls);
            return printed;
        }
        // What calls itself meanwhile prints something that is not known.
        self.visited.insert(key.clone(), (Symbol::Unknown, BTreeSet::new()));
        let (printed, calls) = self.body(key.0, nodes, &key.2.clone(), define);
        self.visited.insert(key, (printed.clone(), calls));
        printed
    }

    /// Notes a function that is looked for.
    pub(super) fn call(&mut self, function: &str, at: &Range<usize>, frame: &Frame<'_>) {
        if !self.looked_for.contains(&function) {
            return;
        }
        let inside = frame.template == usize::MAX;
        let text = self.texts.last().filter(|_| inside).map(|text| (text.clone(), at.start, at.end));
        let (template, at) = match &self.text_at {
            Some((template, at)) if inside => (*template, at.clone()),
            _ if inside => (self.from, 0..0),
            _ => (frame.template, at.clone()),
        };
        let call =
            Call { function: function.to_owned(), template, start: at.start, end: at.end, from: self.from, text };
        if let Some(around) = self.reached.last_mut() {
            around.insert(call.clone());
        }
        self.calls.insert(call);
    }

    /// Remembers where `tpl` stands while it runs a text; what was there before is returned.
    pub(super) fn text_at(&mut self, at: &Range<usize>, frame: &Frame<'_>) -> Option<(usize, Range<usize>)> {
        let before = self.text_at.clone();
        if frame.template != usize::MAX {
            self.text_at = Some((frame.template, at.clone()));
        }
        before
    }

    /// Takes up what [`Self::text_at`] returned.
    pub(super) fn back_to(&mut self, before: Option<(usize, Range<usize>)>) {
        self.text_at = before;
    }

    /// Notes a guard.
    pub(super) fn guard(&mut self, kind: GuardKind, at: &Range<usize>, value: Option<&Symbol>, frame: &Frame<'_>) {
        if frame.template == usize::MAX {
            return;
        }
        let paths: BTreeSet<Vec<String>> = match value {
            Some(value) => value.paths().into_iter().collect(),
            None => frame.conditions.last().cloned().unwrap_or_default(),
        };
        let guard = self.guards.entry((frame.template, at.start)).or_insert_with(|| Guard {
            template: frame.template,
            start: at.start,
            end: at.end,
            kind,
            paths: BTreeSet::new(),
            define: frame.define.map(str::to_owned),
            conditional: !frame.conditions.is_empty(),
        });
        guard.paths.extend(paths);
    }

    /// The value is printed, or goes where it cannot be followed.
    pub(super) fn use_whole(&mut self, symbol: &Symbol) {
        match symbol {
            Symbol::Root(_) | Symbol::Subcharts(_) => self.everything = true,
            Symbol::Values(path) => {
                self.whole.insert(path.clone());
            }
            Symbol::Dict(map) => map.values().for_each(|value| self.use_whole(value)),
            Symbol::List(all) | Symbol::Any(all) => all.iter().for_each(|value| self.use_whole(value)),
            _ => {}
        }
    }

    /// The value is asked about: whether it is there, whether it equals something.
    pub(super) fn touch(&mut self, symbol: &Symbol) {
        for path in symbol.paths() {
            self.touched.insert(path);
        }
    }
}
