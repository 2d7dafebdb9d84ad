//! What a plain scalar means to Helm: the table of Go's YAML 1.1 reader (`go.yaml.in/yaml/v2`), which Helm and kubectl share.

use super::Style;

/// A scalar's value as Helm sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolved<'a> {
    /// `null`, `~`, nothing.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// An integer, in base 2, 8, 10 or 16.
    Int(i64),
    /// A number that is no 64-bit integer.
    Float(f64),
    /// Everything else.
    Str(&'a str),
}

impl Resolved<'_> {
    /// The value as JSON. Infinities and NaN, which JSON lacks, become null.
    pub fn to_json(self) -> serde_json::Value {
        match self {
            Resolved::Null => serde_json::Value::Null,
            Resolved::Bool(b) => b.into(),
            Resolved::Int(i) => i.into(),
            Resolved::Float(f) => f.into(),
            Resolved::Str(s) => s.into(),
        }
    }
}

/// Resolves one scalar.
pub(super) fn resolve<'a>(text: &'a str, style: Style, tag: Option<&str>) -> Resolved<'a> {
    match tag {
        Some("tag:yaml.org,2002:str" | "tag:yaml.org,2002:binary" | "!") => return Resolved::Str(text),
        Some(
            "tag:yaml.org,2002:int" | "tag:yaml.org,2002:float" | "tag:yaml.org,2002:bool" | "tag:yaml.org,2002:null",
        ) => {}
        None if style == Style::Plain => {}
        // A tag of somebody's own says nothing to Go: what it marks stays text.
        _ => return Resolved::Str(text),
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Bool(false);
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Resolved::Str(text);
    }
    number(text).unwrap_or(Resolved::Str(text))
}

/// Go's `strconv.ParseInt(text, 0, 64)` after dropping underscores, then a decimal float.
fn number<'a>(text: &str) -> Option<Resolved<'a>> {
    let plain = text.replace('_', "");
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain.as_str()),
    };
    let (radix, body) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !body.is_empty()
        && body.bytes().all(|b| (b as char).is_digit(radix))
        && let Ok(magnitude) = i128::from_str_radix(body, radix)
    {
        let value = if negative { -magnitude } else { magnitude };
        #[allow(clippy::cast_precision_loss, reason = "Go keeps such numbers as floats too")]
        return Some(i64::try_from(value).map_or(Resolved::Float(value as f64), Resolved::Int));
    }
    if !is_decimal_float(&plain) {
        return None;
    }
    // What overflows a float stays a string in Go.
    plain.parse::<f64>().ok().filter(|f| f.is_finite()).map(Resolved::Float)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_decimal_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e.strip_prefix(['-', '+']).unwrap_or(e))),
        None => (text, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    mantissa_ok && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_go_takes_them_for() {
        let cases = [
            ("yes", Resolved::Bool(true)),
            ("on", Resolved::Bool(true)),
            ("n", Resolved::Bool(false)),
            ("0644", Resolved::Int(420)),
            ("0o644", Resolved::Int(420)),
            ("0x1F", Resolved::Int(31)),
            ("-0b11", Resolved::Int(-3)),
            ("1_000", Resolved::Int(1000)),
            ("089", Resolved::Float(89.0)),
            ("1e3", Resolved::Float(1000.0)),
            ("1.", Resolved::Float(1.0)),
            (".5", Resolved::Float(0.5)),
            ("1.2.3", Resolved::Str("1.2.3")),
            ("2026-03-01", Resolved::Str("2026-03-01")),
            ("12:30:45", Resolved::Str("12:30:45")),
            ("-", Resolved::Str("-")),
            ("0b2", Resolved::Str("0b2")),
            ("1e400", Resolved::Str("1e400")),
            ("~", Resolved::Null),
            ("nULL", Resolved::Str("nULL")),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text, Style::Plain, None), expected, "{text}");
            assert_eq!(resolve(text, Style::Quoted, None), Resolved::Str(text), "quoted {text}");
        }
    }
}
