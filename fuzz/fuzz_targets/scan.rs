//! The leak scan: any bytes under any kind of name give leaks whose places lie inside them, in order, one after the other.
#![no_main]

use leaks::{MaskKey, ScanFile, scan};
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 10] =
    ["x.yaml", "x.json", ".env", "x.md", "x.go", "x.tpl", "x.xml", ".pgpass", "NOTES.txt", "Dockerfile"];

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let path = PATHS[usize::from(first) % PATHS.len()];
    let scanned = scan(&ScanFile { path, bytes }, &MaskKey::new([5; 32]));
    let compressed = bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let mut last = 0;
    for leak in &scanned.leaks {
        assert!(leak.line >= 1 && leak.column >= 1 && leak.end_line >= leak.line);
        assert!(compressed || (leak.range.start >= last && leak.range.end <= bytes.len()));
        last = leak.range.start;
        assert!(leak.masked.head.as_str().chars().count() <= 2);
    }
});
