//! What a file may hold too much of.

use leaks::{MaskKey, ScanFile, scan};

#[test]
fn of_a_hundred_thousand_credentials_half_are_told_and_the_limit_is_named() {
    use std::fmt::Write;
    let mut text = String::new();
    for number in 0..110_000 {
        let _ = writeln!(text, "password: {}{number}", ["kX82", "hQz9"].concat());
    }
    let scanned = scan(&ScanFile { path: "values.yaml", bytes: text.as_bytes() }, &MaskKey::new([7; 32]));
    assert_eq!(scanned.leaks.len(), 50_000);
    assert_eq!(scanned.leaks[0].line, 1);
    let words: Vec<_> = scanned.limits.iter().map(|limit| limit.words).collect();
    assert_eq!(words, ["more than 50000 credentials in one file; the rest is not told"]);
}
