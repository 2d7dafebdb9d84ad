//! Version ranges as `Chart.yaml` writes them: `^1.2`, `~1.2.3`, `>=1 <2`, `1.x`, `1.2 - 1.4`, `a || b`.

use std::cmp::Ordering;

/// A version: three numbers and what comes before the release.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    numbers: [u64; 3],
    /// How many of the three were written; the others are wildcards in a range.
    given: usize,
    pre: Vec<String>,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(core, _)| core);
        let (core, pre) = text.split_once('-').map_or((text, ""), |(core, pre)| (core, pre));
        let mut version = Self { numbers: [0; 3], given: 0, pre: Vec::new() };
        if !matches!(core, "" | "*" | "x" | "X") {
            for part in core.split('.') {
                if matches!(part, "*" | "x" | "X") {
                    break;
                }
                *version.numbers.get_mut(version.given)? = part.parse().ok()?;
                version.given += 1;
            }
        }
        if !pre.is_empty() {
            version.pre = pre.split('.').map(str::to_owned).collect();
        }
        Some(version)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => pre_order(&self.pre, &other.pre),
        })
    }

    /// The first version after all that share the first `parts` numbers.
    fn after(&self, parts: usize) -> Self {
        let mut numbers = [0; 3];
        numbers[..parts].copy_from_slice(&self.numbers[..parts]);
        if let Some(last) = numbers[..parts].last_mut() {
            *last = last.saturating_add(1);
        }
        Self { numbers, given: 3, pre: Vec::new() }
    }
}

fn pre_order(a: &[String], b: &[String]) -> Ordering {
    for (x, y) in a.iter().zip(b) {
        let order = match (x.parse::<u64>(), y.parse::<u64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => x.cmp(y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Whether a version lies in a range. What is no version or no range is in none, as in Helm.
pub fn in_range(range: &str, version: &str) -> bool {
    let Some(version) = Version::parse(version).filter(|v| v.given > 0) else { return false };
    range.split("||").any(|all| {
        let all = all.trim();
        if let Some((low, high)) = all.split_once(" - ") {
            return holds(">=", low, &version) && holds("<=", high, &version);
        }
        conditions(all).iter().all(|(operator, bound)| holds(operator, bound, &version))
    })
}

/// Operators with their versions; blanks may stand between the two.
fn conditions(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let operator_end = rest.find(|c: char| !"=!<>~^".contains(c)).unwrap_or(rest.len());
        let (operator, after) = rest.split_at(operator_end);
        let after = after.trim_start();
        let end = after.find(|c: char| c == ',' || c.is_whitespace() || "=!<>~^".contains(c)).unwrap_or(after.len());
        if found.is_empty() || !operator.is_empty() || end > 0 {
            found.push((operator.to_owned(), after[..end].to_owned()));
        }
        rest = &after[end..];
        if rest.is_empty() {
            return found;
        }
    }
}

fn holds(operator: &str, bound: &str, version: &Version) -> bool {
    let Some(bound) = Version::parse(bound) else { return false };
    // A pre-release is only wanted where the range names one.
    if !version.pre.is_empty() && bound.pre.is_empty() && operator != "!=" {
        return false;
    }
    let from = version.order(&bound) != Ordering::Less;
    let below = |parts: usize| parts == 0 || version.order(&bound.after(parts)) == Ordering::Less;
    match operator {
        "" | "=" if bound.given == 3 => version.order(&bound) == Ordering::Equal,
        "" | "=" => from && below(bound.given),
        "!=" if bound.given == 3 => version.order(&bound) != Ordering::Equal,
        "!=" => !(from && below(bound.given)),
        ">" if bound.given == 3 => version.order(&bound) == Ordering::Greater,
        ">" => !below(bound.given),
        ">=" | "=>" => from,
        "<" => version.order(&bound) == Ordering::Less,
        "<=" | "=<" if bound.given == 3 => version.order(&bound) != Ordering::Greater,
        "<=" | "=<" => below(bound.given),
        "~" | "~>" => from && below(bound.given.min(2)),
        "^" => {
            let first = bound.numbers[..bound.given].iter().position(|n| *n != 0);
            from && below(first.map_or(bound.given, |at| at + 1))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (range, inside, outside) in [
            ("1.2.3", "1.2.3", "1.2.4"),
            ("v1.2.3", "1.2.3+build", "1.2.2"),
            ("1.2", "1.2.9", "1.3.0"),
            ("1.x", "1.9.9", "2.0.0"),
            ("*", "0.0.1", "0.1.0-beta"),
            ("", "3.0.0", "nonsense"),
            ("^1.2.3", "1.9.0", "2.0.0"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("~1", "1.9.9", "2.0.0"),
            (">= 1.2, < 2", "1.9.9", "2.0.0"),
            (">=1.2.0 <1.4.0", "1.3.0", "1.4.0"),
            ("1.2 - 1.4", "1.4.9", "1.5.0"),
            ("<1 || >2.0.0", "2.0.1", "1.5.0"),
            ("!=1.2.3", "1.2.4", "1.2.3"),
            (">=1.0.0-0", "1.0.0-rc.1", "0.9.0"),
            ("1.2.3-rc.2", "1.2.3-rc.2", "1.2.3-rc.10"),
        ] {
            assert!(in_range(range, inside), "{inside} in {range}");
            assert!(!in_range(range, outside), "{outside} not in {range}");
        }
    }
}
