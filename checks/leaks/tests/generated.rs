//! Labelled cases from a seed: other projects' conventions, random names, values, contexts and nesting. What the scan finds is
//! compared with the labels; a table by kind says where it misses and where it cries wolf.
//!
//! In a template `«…»` marks a credential on its line, `%X%` is filled in at random. A case without marks must have no finding.

mod conventions;

use std::collections::{BTreeMap, BTreeSet};

use conventions::{CLEAN, LEAKY, Template, code};
use leaks::{LeakRule, MaskKey, ScanFile};

const ROUNDS: usize = 24;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).expect("it is below a usize")
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn of(&mut self, alphabet: &str, length: usize) -> String {
        let bytes = alphabet.as_bytes();
        (0..length).map(|_| char::from(bytes[self.below(bytes.len())])).collect()
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SPECIAL: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#*+=_-";

/// A password as people and generators make them.
fn password(random: &mut Random) -> String {
    let words = ["dragon", "sunshine", "Winter", "falcon", "monkey", "Berlin", "coffee", "Orange", "thunder", "pepper"];
    let programs = ["postgres", "grafana", "keycloak", "minioadmin", "rabbitmq", "airflow", "nextcloud", "sonar"];
    match random.below(8) {
        0 => format!("{}{}", random.pick(&words), random.below(9000) + 10),
        1 => format!("{}{}!", random.pick(&words), 2015 + random.below(12)),
        2 => random.pick(&programs).to_owned(),
        3 => random.of(HEX, 32),
        4 => strong(random, 12),
        5 => strong(random, 24),
        6 => format!("{}-{}-{}", random.pick(&words), random.of("23456789", 2), random.pick(&words)),
        _ => special(random),
    }
}

fn special(random: &mut Random) -> String {
    let length = 10 + random.below(12);
    format!("{}{}9", random.of(LOWER, 1), random.of(SPECIAL, length))
}

/// Random letters and digits, some of each.
fn strong(random: &mut Random, length: usize) -> String {
    let mut text = random.of(ALNUM, length - 3);
    text.push_str(&random.of("23456789", 2));
    text.push_str(&random.of("KQXZ", 1));
    text
}

fn uuid(random: &mut Random) -> String {
    [8, 4, 4, 4, 12].map(|n| random.of(HEX, n)).join("-")
}

fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let at = (word >> (18 - 6 * digit) & 63) as usize;
            out.push(if digit <= chunk.len() { char::from(BASE64.as_bytes()[at]) } else { '=' });
        }
    }
    out
}

/// The six characters that GitHub and npm put at the end of their tokens.
fn checksum(body: &str) -> String {
    let mut crc = u32::MAX;
    for b in body.bytes() {
        crc ^= u32::from(b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut left = !crc;
    let mut out = [b'0'; 6];
    for place in out.iter_mut().rev() {
        *place = digits[(left % 62) as usize];
        left /= 62;
    }
    out.iter().map(|b| char::from(*b)).collect()
}

/// A token of an issuer, put together here so that no scanner finds one in the repository.
fn token(random: &mut Random) -> String {
    let mut parts = |prefix: [&str; 2], alphabet: &str, length: usize| {
        let body = format!("{}{}", random.of(alphabet, length - 4), "7f3b");
        format!("{}{}{body}", prefix[0], prefix[1])
    };
    let made = [
        parts(["gl", "pat-"], ALNUM, 20),
        parts(["AK", "IA"], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16).to_uppercase(),
        parts(["AI", "za"], ALNUM, 35),
        parts(["sk_", "live_"], ALNUM, 24),
        parts(["hv", "s."], ALNUM, 90),
        parts(["hf", "_"], ALNUM, 34),
        parts(["dop_", "v1_"], HEX, 64),
        parts(["sk-", "lf-"], HEX, 36),
        parts(["lin_", "api_"], ALNUM, 40),
        parts(["NR", "AK-"], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 27).to_uppercase(),
        parts(["shp", "at_"], HEX, 32),
        parts(["dap", "i"], HEX, 32),
        parts(["rubyg", "ems_"], HEX, 48),
        parts(["dckr_", "pat_"], ALNUM, 27),
        parts(["pul", "-"], HEX, 40),
        parts(["sq", "p_"], HEX, 40),
        parts(["sb", "p_"], HEX, 40),
    ];
    let slack =
        format!("{}xb-{}-{}-{}", "xo", random.of("123456789", 12), random.of("123456789", 12), strong(random, 24));
    let github = random.of(ALNUM, 30);
    let github = format!("{}{}{github}{}", "gh", "p_", checksum(&github));
    let npm = random.of(ALNUM, 30);
    let npm = format!("{}{}{npm}{}", "np", "m_", checksum(&npm));
    let openai = format!("{}-{}{}{}", "sk", strong(random, 20), "T3Blbk", ["FJ", &strong(random, 20)].concat());
    let anthropic = format!("{}-ant-api03-{}-{}AA", "sk", strong(random, 40), strong(random, 40));
    let sendgrid = format!("S{}.{}.{}", "G", strong(random, 22), strong(random, 43));
    let mut all = made.to_vec();
    all.extend([slack, github, npm, openai, anthropic, sendgrid]);
    let at = random.below(all.len());
    all.swap_remove(at)
}

fn jwt(random: &mut Random) -> String {
    let part = |text: &str| base64(text.as_bytes()).trim_end_matches('=').to_owned();
    let header = part(r#"{"alg":"RS256","typ":"JWT"}"#);
    let payload = part(&format!(r#"{{"sub":"{}","iat":17000{}}}"#, random.of(HEX, 12), random.of("0123456789", 5)));
    format!("{header}.{payload}.{}", random.of(ALNUM, 86))
}

fn pem(random: &mut Random, label: &str) -> Vec<String> {
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    lines.extend((0..8).map(|_| format!("MI{}", random.of(BASE64, 62))));
    lines.push(format!("-----END {label}-----"));
    lines
}

/// Fills a template in. Values that stand several times in one case (`%APP%`) are the same in all of it.
fn fill(template: &str, random: &mut Random) -> String {
    let apps = ["threads", "billing", "graph", "keycloak", "gitea", "web", "orders", "metrics", "auth-proxy", "loki"];
    let app = random.pick(&apps).to_owned();
    let mut out = String::new();
    let mut parts = template.split('%');
    out.push_str(parts.next().unwrap_or_default());
    while let Some(name) = parts.next() {
        let value = match name {
            "APP" => app.clone(),
            "ENV" => app.to_uppercase().replace('-', "_"),
            "PW" => password(random),
            "STRONG" => strong(random, 20),
            "LONG" => strong(random, 40),
            "URLPW" => {
                if random.below(2) == 0 {
                    strong(random, 14)
                } else {
                    format!("{}{}", random.pick(&["dragon", "Winter", "falcon"]), random.below(900) + 10)
                }
            }
            "WEAK" => format!("{}{}", random.pick(&["dragon", "sunshine", "Winter", "falcon"]), random.below(900) + 10),
            "DOTS" => {
                let words = ["Harbor", "fox", "Lamp", "river", "Ginger", "tulip"];
                let number = random.below(9000) + 10;
                format!("{}.{}{number}.{}", random.pick(&words), random.pick(&words), random.pick(&words))
            }
            "HEX32" => random.of(HEX, 32),
            "HEX40" => random.of(HEX, 40),
            "HEX64" => random.of(HEX, 64),
            "UUID" => uuid(random),
            "NUM" => random.of("123456789", 9),
            "B64PW" => base64(password(random).as_bytes()),
            "B64LONG" => base64(strong(random, 48).as_bytes()),
            "B6432" => {
                let bytes: Vec<u8> = (0..32).map(|_| u8::try_from(random.below(256)).expect("a byte")).collect();
                base64(&bytes)
            }
            "B64TWICE" => base64(base64(password(random).as_bytes()).as_bytes()),
            "B64ENV" => base64(format!("LOG_LEVEL=info\nDB_PASSWORD={}\n", strong(random, 16)).as_bytes()),
            "B64YAML" => base64(format!("db:\n  user: app\n  password: {}\n", strong(random, 16)).as_bytes()),
            "B64DOCKER" => {
                let pair = base64(format!("robot:{}", strong(random, 20)).as_bytes());
                base64(format!(r#"{{"auths":{{"registry.example.org":{{"auth":"{pair}"}}}}}}"#).as_bytes())
            }
            "B64PEM" => base64((pem(random, &["RSA PRI", "VATE KEY"].concat()).join("\n") + "\n").as_bytes()),
            "B64CERT" => base64((pem(random, "CERTIFICATE").join("\n") + "\n").as_bytes()),
            "BASIC" => base64(format!("admin:{}", strong(random, 12)).as_bytes()),
            "PEM" => pem(random, &["PRI", "VATE KEY"].concat()).join("\\n"),
            "PEM4" => pem(random, &["EC PRI", "VATE KEY"].concat()).join("\n    "),
            "CERT4" => pem(random, "CERTIFICATE").join("\n    "),
            "PUB4" => pem(random, "PUBLIC KEY").join("\n    "),
            "SSHPUB" => {
                format!("ssh-{} AAAAB3Nza{} me@example.org", random.pick(&["rsa", "ed25519"]), random.of(BASE64, 60))
            }
            "JWT" => jwt(random),
            "TOKEN" => token(random),
            "BCRYPT" => format!("$2y$10${}", random.of(ALNUM, 53)),
            "PORT" => (1024 + random.below(60_000)).to_string(),
            "WORD" => random.pick(&["orders", "staging", "primary", "north", "backend"]).to_owned(),
            "" => "%".to_owned(),
            other => panic!("a template has an unknown filling {other}"),
        };
        out.push_str(&value);
        out.push_str(parts.next().unwrap_or_default());
    }
    out
}

/// Puts a case into a larger one, where its form allows it.
fn nest(template: &Template, text: String, random: &mut Random) -> (String, String) {
    let path = template.path.to_owned();
    let yaml = path.ends_with(".yaml");
    let plain = !text.starts_with("apiVersion") && !text.starts_with("{{") && !text.starts_with("# ");
    let indent = |text: &str, by: usize| {
        text.lines()
            .map(|l| if l.is_empty() { l.to_owned() } else { format!("{}{l}", " ".repeat(by)) })
            .collect::<Vec<_>>()
            .join("\n")
    };
    match random.below(6) {
        // Under keys of a values file.
        0 | 1 if yaml && plain => {
            let depth = 1 + random.below(3);
            let keys = ["global", "subchart", "config", "app", "overrides", "service"];
            let mut head = String::from("# values\nreplicas: 2\n");
            for level in 0..depth {
                head.push_str(&format!("{}{}:\n", " ".repeat(2 * level), random.pick(&keys)));
            }
            (path, format!("{head}{}\nimage:\n  tag: 1.2.3\n", indent(&text, 2 * depth)))
        }
        // A file in a ConfigMap.
        2 | 3 if !yaml && template.nests => {
            let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
            let head = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  {name}: |\n");
            ("cm.yaml".to_owned(), format!("{head}{}\n  other: value\n", indent(&text, 4)))
        }
        // One of several documents.
        4 if yaml && !text.starts_with("{{") => {
            let other = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n    - port: 80\n---\n";
            (path, format!("{other}{text}\n---\n{other}"))
        }
        // Windows' line ends.
        5 if !text.contains('\u{2028}') => (path, text.replace('\n', "\r\n")),
        _ => (path, text),
    }
}

#[derive(Default)]
struct Row {
    labels: usize,
    found: usize,
    wrong: usize,
    cases: usize,
}

#[test]
fn labelled_cases_are_found_and_nothing_else() {
    let key = MaskKey::new([7; 32]);
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut examples: BTreeSet<String> = BTreeSet::new();
    for (number, template) in LEAKY.iter().chain(code::LEAKY).chain(CLEAN).chain(code::CLEAN).enumerate() {
        for round in 0..ROUNDS {
            let mut random = Random((number * 1000 + round) as u64 + 20_240_601);
            let filled = fill(template.text, &mut random);
            let (path, marked) = nest(template, filled, &mut random);
            let mut labels: BTreeSet<usize> = BTreeSet::new();
            for (line, content) in marked.lines().enumerate() {
                if content.contains('«') {
                    labels.insert(line + 1);
                }
            }
            let text: String = marked.chars().filter(|c| !matches!(c, '«' | '»')).collect();
            let scanned = leaks::scan(&ScanFile { path: &path, bytes: text.as_bytes() }, &key);
            let found: Vec<_> = scanned.leaks.iter().filter(|l| l.rule != LeakRule::Placeholder).collect();
            let row = rows.entry(template.kind).or_default();
            row.cases += 1;
            row.labels += labels.len();
            for &label in &labels {
                if found.iter().any(|l| (l.line..=l.end_line).contains(&label)) {
                    row.found += 1;
                } else {
                    examples.insert(format!(
                        "missed  {:<26} {}",
                        template.kind,
                        text.lines().nth(label - 1).unwrap_or_default().trim()
                    ));
                }
            }
            for leak in found {
                if !labels.iter().any(|label| (leak.line..=leak.end_line).contains(label)) {
                    row.wrong += 1;
                    examples.insert(format!(
                        "wrong   {:<26} {}",
                        template.kind,
                        text.lines().nth(leak.line - 1).unwrap_or_default().trim()
                    ));
                }
            }
        }
    }
    let total = rows.values().fold(Row::default(), |mut all, row| {
        all.labels += row.labels;
        all.found += row.found;
        all.wrong += row.wrong;
        all.cases += row.cases;
        all
    });
    println!("{:<28} {:>6} {:>7} {:>7} {:>6}", "kind", "cases", "labels", "found", "wrong");
    for (kind, row) in rows.iter().chain([(&"all", &total)]) {
        println!("{kind:<28} {:>6} {:>7} {:>7} {:>6}", row.cases, row.labels, row.found, row.wrong);
    }
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for example in &examples {
        let count = shown.entry(example.get(..30).unwrap_or_default()).or_default();
        *count += 1;
        if *count <= 4 {
            println!("{example}");
        }
    }
    #[allow(clippy::cast_precision_loss)]
    let (recall, precision) =
        (total.found as f64 / total.labels as f64, total.found as f64 / (total.found + total.wrong) as f64);
    println!("recall {recall:.4}, precision {precision:.4}");
    assert!(recall >= 0.98, "recall {recall:.4}");
    assert!(precision >= 0.99, "precision {precision:.4}");
}
