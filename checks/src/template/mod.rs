//! Helm's templates, read but never run: a tree of Go's template language, and a scan that follows values through it.

mod comments;
mod functions;
mod lex;
mod parse;
mod print;
mod scan;
mod symbol;

use std::ops::Range;

pub use comments::without_comments;
pub use parse::parse;
pub use scan::{Call, Guard, GuardKind, Program, Scan};
pub use symbol::Symbol;

use functions::Constant;

use yaml::{Pos, Span};

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

    /// A chart of one template, and what a scan of it finds.
    fn scanned<T>(template: &str, look: impl FnOnce(&Scan<'_>) -> T) -> T {
        use crate::sources::{Source, SourceKind, Sources};
        let source =
            |text: &str| Source { bytes: text.into(), kind: SourceKind::Other, cells: std::sync::Arc::default() };
        let sources: Sources = [("c/Chart.yaml", "name: c\nversion: 1.0.0\n"), ("c/templates/t.yaml", template)]
            .map(|(path, text)| (path.to_owned(), source(text)))
            .into();
        let chart = crate::chart::Chart::load("c", &sources);
        let program = Program::new(&chart, &sources);
        look(&Scan::run(&program, None, &["now"]))
    }

    #[test]
    fn values_are_followed() {
        let reads = |template: &str| {
            scanned(template, |scan| {
                let join = |path: &Vec<String>| path.join(".");
                assert!(!scan.everything, "{template}");
                (scan.whole.iter().map(join).collect::<Vec<_>>(), scan.touched.iter().map(join).collect::<Vec<_>>())
            })
        };
        let whole = |template: &str, expected: &[&str]| assert_eq!(reads(template).0, expected, "{template}");
        whole("{{ .Values.a.b }}{{ $.Values.c }}", &["a.b", "c"]);
        whole("{{ $v := .Values.a }}{{ with $v.b }}{{ .c }}{{ end }}", &["a.b.c"]);
        whole("{{ range rest (list . .Values.a) }}{{ . }}{{ end }}{{ (last (list 1 .)).Values.b }}", &["a", "b"]);
        whole("{{ range initial (list .Values.a .) }}{{ . }}{{ end }}", &["a"]);
        whole("{{ (index .Values \"a\" \"b-c\").d }}", &["a.b-c.d"]);
        whole(
            "{{ define \"d\" }}{{ .x.y }}{{ $.z }}{{ end }}{{ include \"d\" (dict \"x\" .Values.a \"z\" 1) }}",
            &["a.y"],
        );
        whole("{{ define \"d\" }}{{ (index . 0).Values.a }}{{ end }}{{ include \"d\" (list $ \"x\") }}", &["a"]);
        whole("{{ $c := dict }}{{ $_ := set $c \"k\" .Values.a }}{{ $c.k.b }}", &["a.b"]);
        whole("{{ .Values.a | default .Values.b | quote }}", &["a", "b"]);
        whole("{{ (.Values.a | default dict).b }}", &["a.b"]);
        whole("{{ $m := merge (dict) .Values.a .Values.b }}{{ $m.c }}", &["a.c", "b.c"]);
        assert_eq!(reads("{{ if and .Values.a (eq .Values.b \"x\") }}{{ end }}").1, ["a", "b"]);
        assert!(scanned("{{ toYaml . }}", |scan| scan.everything));
        assert!(scanned("{{ if }}{{ end", |scan| scan.everything));
    }

    #[test]
    fn a_template_that_never_ends_is_given_up() {
        for body in ["{{ include \"r\" . }}", "{{ include \"r\" (dict \"c\" .) }}{{ include \"r\" (dict \"d\" .) }}"] {
            let text = format!("{{{{ define \"r\" }}}}{{{{ now }}}}{body}{{{{ end }}}}{{{{ include \"r\" . }}}}");
            assert_eq!(scanned(&text, |scan| scan.calls.len()), 1);
        }
    }
}
