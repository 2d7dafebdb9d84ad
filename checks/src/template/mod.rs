//! Helm's templates, read but never run: a tree of Go's template language, and a scan that follows values through it.

mod functions;
mod lex;
mod parse;
mod scan;
mod symbol;

use std::ops::Range;

pub use parse::parse;
pub use scan::{Call, Guard, GuardKind, Program, Scan};
pub use symbol::Symbol;

use crate::yaml::{Pos, Span};

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// What is printed as it is.
    Text(Range<usize>),
    /// `{{ … }}`
    Action {
        /// What is evaluated, and printed unless it is assigned.
        pipe: Pipe,
        /// The whole action.
        span: Range<usize>,
    },
    /// `if`, `with`, `range`.
    Branch {
        /// Which.
        kind: Branch,
        /// What decides.
        pipe: Pipe,
        /// What follows when it does.
        body: Vec<Node>,
        /// What follows when it does not.
        otherwise: Vec<Node>,
        /// The opening action.
        span: Range<usize>,
    },
    /// `define`, and the body of a `block`.
    Define {
        /// Its name, the same in all charts of a render.
        name: String,
        /// What it holds.
        body: Vec<Node>,
    },
    /// `template`, and the call of a `block`.
    Call {
        /// What is called.
        name: String,
        /// With what.
        pipe: Option<Pipe>,
        /// The whole action.
        span: Range<usize>,
    },
}

/// A keyword that opens a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// `if`
    If,
    /// `with`
    With,
    /// `range`
    Range,
}

/// Commands with `|` between them, and the variables that take the result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pipe {
    /// `$x`, without the dollar.
    pub variables: Vec<String>,
    /// `:=` rather than `=`.
    pub declares: bool,
    /// In order.
    pub commands: Vec<Command>,
}

/// A function with its arguments, or one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The function first.
    pub words: Vec<Expr>,
    /// From the first word to the last.
    pub span: Range<usize>,
}

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Range<usize>,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A function's name.
    Function(String),
    /// `.a.b`; `.` has no parts.
    Field(Vec<String>),
    /// `$x.a`; `$` has an empty name.
    Variable(String, Vec<String>),
    /// A string.
    Text(String),
    /// A number or a character, as written.
    Number(String),
    /// `true`, `false`
    Flag(bool),
    /// `nil`
    Nil,
    /// `( … )`, with the fields behind it.
    Paren(Box<Pipe>, Vec<String>),
}

/// The place of a byte range of a text.
pub fn span(text: &str, range: &Range<usize>) -> Span {
    let pos = |offset: usize| {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Pos { offset, line, column }
    };
    Span { start: pos(range.start), end: pos(range.end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_read_as_go_reads_it() {
        let text = "a: {{- .Values.a | quote -}}\n{{/* } }} \" */}}{{ if (index .Values \"b-c\").d }}x{{ else if not $.y }}y{{ else }}z{{ end }}\
            {{ range $k, $v := $m.n }}{{ $k }}{{ end }}{{ define \"d\" }}{{ . }}{{ end }}{{ printf `}}` '\\'' -1.5 }}";
        let nodes = parse(text).unwrap();
        let Node::Action { pipe, span: at } = &nodes[1] else { panic!("{nodes:?}") };
        assert_eq!(pipe.commands[0].words[0].kind, ExprKind::Field(vec!["Values".into(), "a".into()]));
        assert_eq!((&text[at.clone()], pipe.commands.len()), ("{{- .Values.a | quote -}}", 2));
        let Node::Branch { kind: Branch::If, pipe, otherwise, .. } = &nodes[3] else { panic!("{nodes:?}") };
        assert!(matches!(&pipe.commands[0].words[0].kind, ExprKind::Paren(_, fields) if fields == &["d"]));
        assert!(matches!(&otherwise[0], Node::Branch { otherwise, .. } if otherwise.len() == 1));
        assert!(matches!(&nodes[4], Node::Branch { kind: Branch::Range, pipe, .. } if pipe.variables == ["k", "v"]));
        assert!(matches!(&nodes[5], Node::Define { name, .. } if name == "d"));
        assert_eq!(span(text, &(29..31)).start.line, 2);
    }

    #[test]
    fn what_go_refuses_is_refused_and_nothing_panics() {
        for text in
            ["{{ if .a }}", "{{ end }}", "{{ ( }}", "{{ \"a }}", "{{ .a", "{{ /* ", "{{ ? }}", "{{ ) }}", "{{ '"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        let deep = "{{ if a }}".repeat(5000);
        assert!(parse(&deep).is_err());
        let deep = format!("{{{{ {} }}}}", "(".repeat(5000));
        assert!(parse(&deep).is_err());
        assert!(parse("ä{{ $ü := \"ö\" }}{{ .Values.ü }}").is_ok());
    }
}
