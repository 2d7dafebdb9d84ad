//! A finding on one line for people, as compilers of old tell theirs: `file:line:column: error[rule]: message label`.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::{Finding, Severity};

/// Writes a finding on a line of its own, in colours where they can be shown.
pub fn text_line(finding: &Finding, colours: bool, out: &mut Vec<u8>) {
    const RED: Style = AnsiColor::Red.on_default().bold();
    const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
    const DIM: Style = Style::new().dimmed();
    if let Some(place) = &finding.place {
        if place.file.contains(char::is_control) {
            out.extend(place.file.replace(char::is_control, "·").as_bytes());
        } else {
            out.extend(place.file.as_bytes());
        }
        let _ = write!(out, ":{}:{}: ", place.line, place.column);
    }
    let (style, word) = if finding.severity == Severity::Warning { (YELLOW, "warning") } else { (RED, "error") };
    let (style, dim) = if colours { (style, DIM) } else { (Style::new(), Style::new()) };
    let _ = write!(out, "{style}{word}[");
    out.extend(finding.rule.as_bytes());
    let _ = write!(out, "]{style:#}: ");
    out.extend(finding.message.as_bytes());
    let _ = write!(out, " {dim}");
    out.extend(finding.label.as_bytes());
    let _ = writeln!(out, "{dim:#}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;

    #[test]
    fn one_line_whatever_the_file_is_called() {
        let finding = Finding::new("a/b", Severity::Error, "m").at(Place::line("x\ny", 3)).label("l");
        let mut line = Vec::new();
        text_line(&finding, true, &mut line);
        text_line(&finding, false, &mut line);
        let expected =
            "x·y:3:1: \u{1b}[1m\u{1b}[31merror[a/b]\u{1b}[0m: m \u{1b}[2ml\u{1b}[0m\nx·y:3:1: error[a/b]: m l\n";
        assert_eq!(String::from_utf8_lossy(&line), expected);
    }
}
