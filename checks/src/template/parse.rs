//! From words to a tree.

use std::ops::Range;

use super::lex::{self, Kind, Piece, Token};
use super::{Branch, Command, Expr, ExprKind, Node, Pipe};

/// Nesting beyond which a template is not looked at.
const MOST_LEVELS: usize = 100;

/// What ends a list of nodes.
enum Stop {
    File,
    Close,
    /// `else`, with the words after it.
    Else(Vec<Token>, Range<usize>),
}

struct Parser<'a> {
    text: &'a str,
    pieces: std::vec::IntoIter<Piece>,
}

/// Reads a template.
///
/// # Errors
/// What Go would refuse, roughly; nothing here decides whether a template is right.
pub fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser { text, pieces: lex::pieces(text)?.into_iter() };
    match parser.nodes(0)? {
        (nodes, Stop::File) => Ok(nodes),
        _ => Err("an `end` or `else` has no beginning".to_owned()),
    }
}

impl Parser<'_> {
    fn nodes(&mut self, level: usize) -> Result<(Vec<Node>, Stop), String> {
        if level > MOST_LEVELS {
            return Err(format!("more than {MOST_LEVELS} levels"));
        }
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (span, inside) = match piece {
                Piece::Text(span) => {
                    nodes.push(Node::Text(span));
                    continue;
                }
                Piece::Action(span, inside) => (span, inside),
            };
            let tokens = lex::tokens(self.text, inside)?;
            let keyword = match tokens.first().map(|t| &t.kind) {
                Some(Kind::Word(word)) => word.clone(),
                _ => String::new(),
            };
            match keyword.as_str() {
                "if" | "with" | "range" => {
                    let node = self.branch(&keyword, &tokens[1..], span, level)?;
                    nodes.push(node);
                }
                "end" => return Ok((nodes, Stop::Close)),
                "else" => return Ok((nodes, Stop::Else(tokens[1..].to_vec(), span))),
                "define" | "block" => {
                    let Some(Kind::Text(name)) = tokens.get(1).map(|t| t.kind.clone()) else {
                        return Err(format!("`{keyword}` without a name"));
                    };
                    let (body, Stop::Close) = self.nodes(level + 1)? else {
                        return Err(format!("`{keyword}` without an end"));
                    };
                    nodes.push(Node::Define { name: name.clone(), body });
                    if keyword == "block" {
                        nodes.push(Node::Call { name, pipe: Some(pipe(&tokens[2..], level)?), span });
                    }
                }
                "template" => {
                    let Some(Kind::Text(name)) = tokens.get(1).map(|t| t.kind.clone()) else {
                        return Err("`template` without a name".to_owned());
                    };
                    let pipe = if tokens.len() > 2 { Some(pipe(&tokens[2..], level)?) } else { None };
                    nodes.push(Node::Call { name, pipe, span });
                }
                "break" | "continue" => {}
                _ => nodes.push(Node::Action { pipe: pipe(&tokens, level)?, span }),
            }
        }
        Ok((nodes, Stop::File))
    }

    fn branch(&mut self, keyword: &str, tokens: &[Token], span: Range<usize>, level: usize) -> Result<Node, String> {
        let kind = match keyword {
            "if" => Branch::If,
            "with" => Branch::With,
            _ => Branch::Range,
        };
        let pipe = pipe(tokens, level)?;
        let (body, end) = self.nodes(level + 1)?;
        let otherwise = match end {
            Stop::Close => Vec::new(),
            Stop::File => return Err(format!("`{keyword}` without an end")),
            Stop::Else(more, else_span) => match more.split_first() {
                None => match self.nodes(level + 1)? {
                    (nodes, Stop::Close) => nodes,
                    _ => return Err("`else` without an end".to_owned()),
                },
                // `else if …` shares the `end` of what it belongs to.
                Some((first, rest)) => match &first.kind {
                    Kind::Word(word) if word == "if" || word == "with" => {
                        vec![self.branch(&word.clone(), rest, else_span, level + 1)?]
                    }
                    _ => return Err("`else` is followed by neither `if` nor `with`".to_owned()),
                },
            },
        };
        Ok(Node::Branch { kind, pipe, body, otherwise, span })
    }
}

/// A pipeline with its declarations.
fn pipe(tokens: &[Token], level: usize) -> Result<Pipe, String> {
    let mut variables = Vec::new();
    let mut declares = false;
    let mut rest = tokens;
    let mark = tokens.iter().position(|t| matches!(t.kind, Kind::Declare | Kind::Assign));
    if let Some(mark) = mark
        && tokens[..mark].iter().all(|t| matches!(t.kind, Kind::Variable(..) | Kind::Comma))
    {
        for token in &tokens[..mark] {
            if let Kind::Variable(name, _) = &token.kind {
                variables.push(name.clone());
            }
        }
        declares = tokens[mark].kind == Kind::Declare;
        rest = &tokens[mark + 1..];
    }
    let mut at = 0;
    let commands = commands(rest, &mut at, level)?;
    if at < rest.len() {
        return Err("a parenthesis too many".to_owned());
    }
    Ok(Pipe { variables, declares, commands })
}

/// Commands up to a closing parenthesis, which is left.
fn commands(tokens: &[Token], at: &mut usize, level: usize) -> Result<Vec<Command>, String> {
    if level > MOST_LEVELS {
        return Err(format!("more than {MOST_LEVELS} levels"));
    }
    let mut commands = Vec::new();
    let mut words: Vec<Expr> = Vec::new();
    let mut flush = |words: &mut Vec<Expr>| {
        if let (Some(first), Some(last)) = (words.first(), words.last()) {
            let span = first.span.start..last.span.end;
            commands.push(Command { words: std::mem::take(words), span });
        }
    };
    while let Some(token) = tokens.get(*at) {
        let kind = match &token.kind {
            Kind::Close => break,
            Kind::Bar => {
                flush(&mut words);
                *at += 1;
                continue;
            }
            Kind::Open => {
                *at += 1;
                let inside = commands_of(tokens, at, level)?;
                let close = tokens.get(*at).ok_or("a parenthesis has no end")?;
                let mut span = token.span.start..close.span.end;
                let mut fields = Vec::new();
                if let Some(Token { kind: Kind::Field(chain), span: field }) = tokens.get(*at + 1)
                    && field.start == span.end
                {
                    fields.clone_from(chain);
                    span.end = field.end;
                    *at += 1;
                }
                *at += 1;
                words.push(Expr { kind: ExprKind::Paren(Box::new(inside), fields), span });
                continue;
            }
            Kind::Word(word) => match word.as_str() {
                "true" => ExprKind::Flag(true),
                "false" => ExprKind::Flag(false),
                "nil" => ExprKind::Nil,
                _ => ExprKind::Function(word.clone()),
            },
            Kind::Field(fields) => ExprKind::Field(fields.clone()),
            Kind::Variable(name, fields) => ExprKind::Variable(name.clone(), fields.clone()),
            Kind::Text(text) => ExprKind::Text(text.clone()),
            Kind::Number(number) => ExprKind::Number(number.clone()),
            Kind::Declare | Kind::Assign | Kind::Comma => return Err("an assignment in the wrong place".to_owned()),
        };
        words.push(Expr { kind, span: token.span.clone() });
        *at += 1;
    }
    flush(&mut words);
    Ok(commands)
}

fn commands_of(tokens: &[Token], at: &mut usize, level: usize) -> Result<Pipe, String> {
    Ok(Pipe { variables: Vec::new(), declares: false, commands: commands(tokens, at, level + 1)? })
}
