//! Names as they stand in manifests: literal, with placeholders, with `*`.

/// Whether a name is one that Kubernetes could look up: no placeholder of another tool stands in it.
pub fn is_literal(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// Replaces `{{ … }}`, `${…}` and `$(…)` by `*`.
pub fn pattern(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some((at, close)) = [("{{", "}}"), ("${", "}"), ("$(", ")")]
        .iter()
        .filter_map(|(open, close)| rest.find(open).map(|at| (at, *close)))
        .min()
    {
        out.push_str(&rest[..at]);
        out.push('*');
        match rest[at..].find(close) {
            Some(end) => rest = &rest[at + end + close.len()..],
            None => return out,
        }
    }
    out.push_str(rest);
    out
}

/// Whether a name fits a pattern in which `*` stands for anything.
pub fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.len() >= last.len() && name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_a_person_would_read_them() {
        assert!(fits("*.db.credentials", "app.db.credentials"));
        assert!(fits("a-*-b-*", "a-x-b-y"));
        assert!(!fits("a-*-b", "a-b"));
        assert!(!fits("abc", "abcd"));
        assert_eq!(pattern("x-{{request.object.metadata.name}}-y"), "x-*-y");
        assert_eq!(pattern("x-{{broken"), "x-*");
        assert!(is_literal("a-b.c") && !is_literal("$(NAME)") && !is_literal(""));
    }
}
