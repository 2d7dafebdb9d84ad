//! The right name nearest to a wrong one.

/// Up to three candidates that are a slip of the fingers away, nearest first. The name itself is none: whoever asks has looked for
/// it.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let bound = (name.chars().count() / 3).clamp(1, 4);
    let mut near: Vec<(usize, &str)> =
        candidates.into_iter().map(|c| (distance(name, c), c)).filter(|(d, _)| (1..=bound).contains(d)).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, c)| c.to_owned()).collect()
}

/// `did you mean …?`, or nothing.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let near = nearest(name, candidates);
    if near.is_empty() { String::new() } else { format!("did you mean `{}`?", near.join("` or `")) }
}

/// Edits (insert, delete, replace) between two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slip_finds_its_name() {
        assert_eq!(super::nearest("agnets", ["agents", "graph"]), ["agents"]);
        assert!(super::nearest("x", ["agents"]).is_empty());
        assert!(super::nearest("agents", ["agents"]).is_empty());
    }
}
