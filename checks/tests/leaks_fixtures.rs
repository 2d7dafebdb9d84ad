//! Runs the scan over `checks/fixtures/leaks/<rule>/{bad,good}*`: in a bad file each line with a mark has a leak of the folder's
//! rule and no other line has any; a good file has none.
//!
//! `@@NAME@@` is filled in here, from parts, so that no scanner finds a credential in the repository. `@@NAME!@@` is filled in
//! and is no leak; `#@@` marks a line without filling anything in.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use leaks::{LeakRule, MaskKey, ScanFile};

const STRONG: [&str; 2] = ["kX82hQz91", "vT7bLm4Rw"];
const LETTERS: &str = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW3xY5zA7bC9dE2fG4hJ6kL8mN1pQ3rS5tU7vW9xY2zA4bC6dE8fG";

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let at = (word >> (18 - 6 * digit) & 63) as usize;
            out.push(if digit <= chunk.len() { char::from(DIGITS[at]) } else { '=' });
        }
    }
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(bytes).expect("memory takes it");
    zip.finish().expect("memory takes it")
}

/// A body of thirty characters with the checksum that GitHub and npm use.
fn summed(prefix: [&str; 2]) -> String {
    let body = &LETTERS[..30];
    let mut crc = u32::MAX;
    for b in body.bytes() {
        crc ^= u32::from(b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut left = !crc;
    let mut sum = [b'0'; 6];
    for place in sum.iter_mut().rev() {
        *place = digits[(left % 62) as usize];
        left /= 62;
    }
    format!("{}{body}{}", prefix.concat(), String::from_utf8_lossy(&sum))
}

fn block(label: &str) -> Vec<String> {
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    lines.extend((0..6).map(|at| format!("MI{}", &LETTERS[at..at + 62])));
    lines.push(format!("-----END {label}-----"));
    lines
}

fn filling(name: &str) -> String {
    let strong = STRONG.concat();
    let weak = ["dragon", "2971"].concat();
    let private = ["PRI", "VATE KEY"].concat();
    let env = format!("LOG=1\nDB_PASSWORD={strong}\n");
    let jwt = |signature: &str| {
        let part = |text: &str| base64(text.as_bytes()).trim_end_matches('=').to_owned();
        format!("{}.{}.{signature}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(r#"{"sub":"app","iat":1700000000}"#))
    };
    match name {
        "STRONG" => strong,
        "WEAK" => weak,
        "GHP" => summed(["gh", "p_"]),
        "GHPWRONG" => format!("{}{}", ["gh", "p_"].concat(), &LETTERS[..36]),
        "NPM" => summed(["np", "m_"]),
        "GLPAT" => format!("{}{}", ["gl", "pat-"].concat(), &LETTERS[..20]),
        "AIZA" => format!("{}{}", ["AI", "za"].concat(), &LETTERS[..35]),
        "STRIPE" => format!("{}{}", ["sk_", "live_"].concat(), &LETTERS[..24]),
        "PKLIVE" => format!("{}{}", ["pk_", "live_"].concat(), &LETTERS[..24]),
        "HF" => format!("{}{}", ["h", "f_"].concat(), &LETTERS[..34]),
        "ANTHROPIC" => format!("{}{}", ["sk-", "ant-api03-"].concat(), &LETTERS[..70]),
        "AGE" => format!("{}{}", ["AGE-SECRET", "-KEY-1"].concat(), LETTERS[..58].to_uppercase()),
        "PEM" => block(&private).join("\n    "),
        "PEMJSON" => block(&private).join("\\n"),
        "CERT" => block("CERTIFICATE").join("\n    "),
        "JWT" => jwt(&LETTERS[..43]),
        "JWTUNSIGNED" => jwt(""),
        "B64GHP" => base64(summed(["gh", "p_"]).as_bytes()),
        "B64PEM" => base64(block(&private).join("\n").as_bytes()),
        "B64WEAK" => base64(weak.as_bytes()),
        "B64B64STRONG" => base64(base64(env.as_bytes()).as_bytes()),
        "B64ENV" => base64(env.as_bytes()),
        "GZENV" => base64(&gzip(env.as_bytes())),
        "B64LONG" => base64(LETTERS.as_bytes()),
        "B64DOCKER" => {
            let pair = base64(format!("robot:{strong}").as_bytes());
            base64(format!(r#"{{"auths":{{"registry.example.org":{{"auth":"{pair}"}}}}}}"#).as_bytes())
        }
        other => panic!("a fixture has an unknown filling {other}"),
    }
}

/// The text, and the lines that have a leak.
fn fill(template: &str) -> (String, BTreeSet<usize>) {
    let (mut text, mut marked) = (String::new(), BTreeSet::new());
    for line in template.split_inclusive('\n') {
        let number = text.matches('\n').count() + 1;
        let plain = line.replace(" #@@", "");
        if plain != line {
            marked.insert(number);
        }
        for (at, part) in plain.split("@@").enumerate() {
            if at % 2 == 0 {
                text.push_str(part);
            } else {
                if !part.ends_with('!') {
                    marked.insert(number);
                }
                text.push_str(&filling(part.trim_end_matches('!')));
            }
        }
    }
    (text, marked)
}

#[test]
fn bad_lines_are_found_by_their_rule_and_good_files_are_clean() {
    let key = MaskKey::new([3; 32]);
    let mut failures = Vec::new();
    for rule in LeakRule::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(rule.id());
        let mut files: Vec<_> = std::fs::read_dir(&folder).expect("every rule has fixtures").flatten().collect();
        files.sort_by_key(std::fs::DirEntry::path);
        let mut kinds = BTreeSet::new();
        for file in files {
            let path = file.path();
            let name = file.file_name().to_string_lossy().into_owned();
            let (text, marked) = fill(&std::fs::read_to_string(&path).expect("a readable fixture"));
            let marked = if name.starts_with("bad") { marked } else { BTreeSet::new() };
            kinds.insert(name.starts_with("bad"));
            let leaks = leaks::scan(&ScanFile { path: &name, bytes: text.as_bytes() }, &key).leaks;
            // `leaks/placeholder` is about what the other rules' files may hold too.
            let of_rule = |l: &&leaks::Leak| l.rule == rule;
            let found: BTreeSet<usize> = leaks.iter().filter(of_rule).map(|l| l.line).collect();
            let others: Vec<_> = leaks.iter().filter(|l| l.rule != rule).map(|l| (l.rule.id(), l.line)).collect();
            if found != marked || !others.is_empty() {
                failures
                    .push(format!("{}: expected {marked:?}, found {found:?} and of others {others:?}", path.display()));
            }
        }
        assert_eq!(kinds.len(), 2, "{} has good and bad fixtures", rule.id());
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn a_leak_knows_its_place_in_characters_and_prints_no_value() {
    let strong = STRONG.concat();
    let text = format!("a: é\nb: {{ü: x, password: {strong}}}\n");
    let leaks = leaks::scan(&ScanFile { path: "x.yaml", bytes: text.as_bytes() }, &MaskKey::new([1; 32])).leaks;
    let leak = &leaks[0];
    assert_eq!((leak.line, leak.column, leak.end_line, leak.end_column), (2, 21, 2, 21 + strong.len()));
    assert_eq!(&text[leak.range.clone()], strong);
    assert_eq!((leak.path.as_str(), leak.name()), ("b.password", "password"));
    assert_eq!(leak.secrets[0].expose(), strong);
    assert!(!format!("{leak:?} {}", leak.masked).contains(&strong[..3]));
}

#[test]
fn masks_show_two_characters_at_most_and_hashes_depend_on_the_key() {
    let (one, other) = (MaskKey::new([1; 32]), MaskKey::new([2; 32]));
    let mask = one.mask(STRONG.concat().as_bytes());
    assert_eq!((mask.head.as_str(), mask.length), ("kX", "17–24 characters"));
    assert_eq!(mask, one.mask(STRONG.concat().as_bytes()));
    assert_ne!(mask.hash, other.mask(STRONG.concat().as_bytes()).hash);
    assert_eq!(one.mask(b"short").head.as_str(), "");
}

#[test]
fn chart_archives_are_opened_and_binaries_are_said_so() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, bytes).expect("memory takes it");
    };
    add("app/values.yaml", format!("auth:\n  password: {}\n", STRONG.concat()).as_bytes());
    add("app/logo.png", b"\x89PNG\0\0\0");
    let bytes = gzip(&tar.into_inner().expect("memory takes it"));
    let scanned = leaks::scan(&ScanFile { path: "app-1.0.0.tgz", bytes: &bytes }, &MaskKey::new([1; 32]));
    assert_eq!(scanned.leaks.len(), 1);
    assert_eq!((scanned.leaks[0].member.as_str(), scanned.leaks[0].line), ("app/values.yaml", 2));
    assert_eq!(scanned.binary, ["app/logo.png"]);
}

#[test]
fn too_much_nesting_is_a_limit_that_is_told() {
    let lines: Vec<String> = (0..300).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let text = lines.concat();
    let scanned = leaks::scan(&ScanFile { path: "x.yaml", bytes: text.as_bytes() }, &MaskKey::new([1; 32]));
    assert_eq!(scanned.limits.len(), 1);
    assert!(scanned.limits[0].words.contains("200"));
}

#[test]
fn texts_that_the_fuzzer_found_are_no_fault() {
    for text in [
        "a: |",
        "key: x |",
        "- |",
        "- >-",
        "a:\n  - |",
        "a: \"{{",
        "a: '",
        "Authorization: \"Basic \"",
        "token: Bearer ",
        "x = \" pwd=\u{c} y\"",
        "setPassword(\"\u{c}\")\nx.login(\"a\", \"\u{c}\")",
    ] {
        for path in ["x.yaml", "x.env", "x.go"] {
            leaks::scan(&ScanFile { path, bytes: text.as_bytes() }, &MaskKey::new([1; 32]));
        }
    }
}

#[test]
fn hostile_texts_come_to_an_end() {
    let many = |part: &str| part.repeat(40_000);
    let texts = [
        many("["),
        many("{\"a\":"),
        many("---\na: 1\n"),
        many("a: \"\n"),
        many("{{ \"a\" "),
        many("a: {\n"),
        many("# # x\n"),
        many("identified by "),
        many("password="),
        many("mc alias set "),
        many("jwt.sign({ id }, "),
        many("\"host=x password="),
        many("old token was: a1"),
        many("\\\"password\\\":\\\"x\\\","),
        many("- "),
        many("a: b: c: "),
        many("a://b:c@"),
        many("eyJ"),
        many("-----BEGIN "),
        many("<password>"),
        many("${PASSWORD:-"),
        many("curl -u "),
        many("password x "),
        many("'{{"),
        many("%41"),
        many("\t"),
        many("QUJD"),
        many("data:\n"),
    ];
    for text in &texts {
        for path in ["x.yaml", "x.json", "x.env", "x.md", "x.go"] {
            leaks::scan(&ScanFile { path, bytes: text.as_bytes() }, &MaskKey::new([1; 32]));
        }
    }
}
