//! The canary: secrets of several kinds in every place where people leave them. Whatever command runs over the repository, in
//! whatever format, loudness and colour, no line that it prints and no file that it leaves holds one of them.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Repository, workspace};

/// Characters of a secret in a row that give it away.
const WINDOW: usize = 10;

/// Made while the test runs, so that no scanner finds them in the repository.
struct Secrets {
    password: String,
    url_password: String,
    token: String,
    key: String,
}

/// Letters and digits that look random and are the same in every run.
fn noise(seed: u64, length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    };
    (0..length).map(|_| char::from(LETTERS[next() % LETTERS.len()])).collect()
}

impl Secrets {
    fn new() -> Self {
        let mark = |what: &str| ["-----", what, " PRIVATE", " KEY-----"].concat();
        let body: Vec<String> = (10..18).map(|seed| noise(seed, 64)).collect();
        Self {
            password: noise(1, 18),
            url_password: noise(2, 16),
            token: ["gl", "pat-", &noise(3, 20)].concat(),
            key: format!("{}\n{}\n{}", mark("BEGIN"), body.join("\n"), mark("END")),
        }
    }

    fn url(&self) -> String {
        format!("postgres://app:{}@db.example.com:5432/app", self.url_password)
    }

    /// What must not be found: every secret, and its base64, in pieces.
    fn pieces(&self) -> Vec<String> {
        let lines = self.key.lines().filter(|l| !l.starts_with("-----"));
        let mut texts: Vec<String> = [&self.password, &self.url_password, &self.token]
            .into_iter()
            .cloned()
            .chain(lines.map(str::to_owned))
            .collect();
        let encoded: Vec<String> =
            texts.iter().chain([&self.key, &self.url()]).map(|text| base64(text.as_bytes())).collect();
        texts.extend(encoded);
        let mut pieces: Vec<String> = Vec::new();
        for text in texts {
            let chars: Vec<char> = text.chars().collect();
            pieces.extend(chars.windows(WINDOW).map(|w| w.iter().collect::<String>()));
        }
        // What every key and URL has in common is no secret.
        let harmless =
            ["PRIVATE", base64(b"-----BEGIN PRIVATE").as_str(), base64(self.url().as_bytes()).get(..20).unwrap()]
                .map(str::to_owned);
        pieces.retain(|piece| !harmless.iter().any(|h| h.contains(piece.as_str())));
        pieces.sort();
        pieces.dedup();
        pieces
    }

    /// As values: one key for each.
    fn values(&self) -> String {
        format!(
            "db:\n  password: {}\n  url: {}\napi:\n  token: {}\ntls:\n  privateKey: |\n{}\n",
            self.password,
            self.url(),
            self.token,
            indented(&self.key, 4)
        )
    }
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}", " ".repeat(by))).collect::<Vec<_>>().join("\n")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..=chunk.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text
}

const FROM_VALUES: &str = r"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
    - name: app
      image: example.com/app:1
      env:
        - name: DB_PASSWORD
          value: {{ .Values.db.password | quote }}
        - name: DB_URL
          value: {{ .Values.db.url }}
        - name: API_TOKEN
          value: {{ .Values.api.token | quote }}
---
apiVersion: v1
kind: Secret
metadata:
  name: app
data:
  key: {{ .Values.tls.privateKey | b64enc }}
  password: {{ .Values.db.password | b64enc }}
";

/// One way in which people leave secrets.
type Place = (&'static str, fn(&Repository, &Secrets));

const PLACES: &[Place] = &[
    ("shared values", |r, s| {
        r.write("charts/values/web.yaml", format!("logLevel: info\n{}", s.values()));
        r.write("charts/web/templates/app.yaml", FROM_VALUES);
    }),
    ("overlay", |r, s| {
        for env in ["staging", "production"] {
            r.write(&format!("environments/{env}/web.yaml"), format!("bucket: b\nregion: e\n{}", s.values()));
        }
        r.write("charts/web/templates/app.yaml", FROM_VALUES);
    }),
    ("chart defaults", |r, s| {
        r.write("charts/web/values.yaml", s.values());
        r.write("charts/web/templates/app.yaml", FROM_VALUES);
    }),
    ("template", |r, s| {
        let template = format!(
            "# password: {0}\nkind: ConfigMap\napiVersion: v1\nmetadata:\n  name: app\n  annotations:\n    example.com/token: {1}\ndata:\n  DB_PASSWORD: {{{{ .Values.x | default \"{0}\" | quote }}}}\n  url: {2}\n  app.properties: |\n    db.password={0}\n    api.token={1}\n  key.pem: |\n{3}\n",
            s.password,
            s.token,
            s.url(),
            indented(&s.key, 4)
        );
        r.write("charts/web/templates/app.yaml", template);
    }),
    ("args", |r, s| {
        let template = format!(
            "kind: Pod\napiVersion: v1\nmetadata: {{name: app}}\nspec:\n  containers:\n    - name: app\n      args: [--db-password={}, --api-token, {}, '--url={}']\n      command:\n        - sh\n        - -c\n        - |\n          export DB_PASSWORD={}\n          exec app\n",
            s.password,
            s.token,
            s.url(),
            s.password
        );
        r.write("charts/web/templates/app.yaml", template);
    }),
    ("a message of fail", |r, s| {
        r.write("charts/web/values.yaml", s.values());
        let guard = "{{ fail (printf \"cannot use %s and %q:\\n%s\\n%s\" .Values.db.password .Values.api.token .Values.db.url .Values.tls.privateKey) }}\n";
        r.write("charts/web/templates/guard.yaml", guard);
    }),
    ("an error of a function", |r, s| {
        r.write("charts/web/values.yaml", s.values());
        r.write("charts/web/templates/guard.yaml", "a: {{ mustToDate \"2006\" .Values.db.password }}\n");
        r.write("charts/web/templates/key.yaml", "a: {{ mustFromJson .Values.api.token }}\n");
    }),
    ("a schema", |r, s| {
        r.write("charts/web/values.yaml", s.values());
        let text = "{\"type\": \"string\", \"pattern\": \"^x$\"}";
        let of =
            |name: &str, inner: String| format!("\"{name}\": {{\"type\": \"object\", \"properties\": {{{inner}}}}}");
        let properties = [
            of("db", format!("\"password\": {text}, \"url\": {text}")),
            of("api", format!("\"token\": {{\"enum\": [\"a\", \"b\"]}}, \"other\": {text}")),
            of("tls", format!("\"privateKey\": {text}")),
        ];
        let schema = format!("{{\"type\": \"object\", \"properties\": {{{}}}}}", properties.join(", "));
        r.write("charts/web/values.schema.json", schema);
    }),
    ("broken YAML", |r, s| {
        r.write("charts/web/values.yaml", s.values());
        let template = "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  password: {{ .Values.db.password }}\n  url: {{ .Values.db.url }}\n  x: {{ .Values.api.token }}: {{ .Values.db.password }}: [\n  key: |\n{{ .Values.tls.privateKey | indent 4 }}\n";
        r.write("charts/web/templates/app.yaml", template);
    }),
    ("broken values", |r, s| {
        r.write("environments/staging/web.yaml", format!("bucket: b\n{}  password: {}: [\n", s.values(), s.password));
    }),
    ("names of files", |r, s| {
        r.write(&format!("charts/web/templates/{}.yaml", s.token), "{{ .Values.none.at.all }}\n");
        r.write(&format!("charts/web/files/{}.txt", s.token), "text\n");
    }),
    ("set in the matrix file", |r, s| {
        let matrix = r.read("environments/matrix.yaml").replace(
            "web: {}",
            &format!("web: {{set: {{db.password: {}, api.token: {}, db.url: '{}'}}}}", s.password, s.token, s.url()),
        );
        r.write("environments/matrix.yaml", matrix);
        r.write("charts/web/templates/app.yaml", "a: {{ .Values.db.password }}\nb: {{ .Values.api.token }}\n");
    }),
    ("a matrix file with a mistake", |r, s| {
        let matrix = r.read("environments/matrix.yaml").replace(
            "web: {}",
            &format!("web: {{sett: 1, set: {{db.password: {}, api.token: {}}}}}", s.password, s.token),
        );
        r.write("environments/matrix.yaml", matrix);
    }),
    ("a golden", |r, s| {
        let golden = format!(
            "---\nkind: ConfigMap\nmetadata:\n  name: old\ndata:\n  DB_PASSWORD: {}\n  url: {}\n  t: {}\n",
            s.password,
            s.url(),
            s.token
        );
        r.write("tests/golden/staging/web.yaml", golden);
    }),
];

/// Every command with its arguments. Those that write goldens and the baseline come last.
const COMMANDS: &[&[&str]] = &[
    &["validate"],
    &["validate", "staging/web", "--check", "golden"],
    &["validate", "--skip", "leaks", "--fail-on", "warning"],
    &["validate", "--check", "guards"],
    &["render", "staging/web"],
    &["secrets", "inventory"],
    &["secrets", "rotation", "--format", "json"],
    &["tracker"],
    &["list"],
    &["list", "--env", "staging"],
    &["leaks"],
    &["leaks", "charts", "environments"],
    &["bless"],
    &["bless", "--allow-removed", "--force"],
    &["baseline", "--adopt"],
    &["baseline"],
];
/// Those that look at no cell.
const OTHERS: &[&[&str]] = &[&["matrix", "--shards", "2"], &["setup"], &["explain"], &["explain", "leaks/jwt"]];
const LOUDNESS: &[&[&str]] = &[&["-q"], &[], &["-v"], &["-vv"]];
const FILES: &[&str] = &["--report", "json=out/r.json", "--report", "sarif=out/r.sarif", "--report", "human=out/r.txt"];

#[test]
fn no_output_and_no_file_holds_a_secret() {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(place) = PLACES.get(number) else { return };
                    let found = tried(number, place);
                    failures.lock().unwrap().extend(found);
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} leaks:\n{}", failures.len(), failures.join("\n"));
}

/// The test must be able to fail: what it looks for is in the input, and its own eyes see it there.
#[test]
fn the_secrets_are_where_they_are_said_to_be() {
    let secrets = Secrets::new();
    let pieces = secrets.pieces();
    for (name, place) in PLACES {
        let repository = Repository::base();
        place(&repository, &secrets);
        let held = files(repository.0.path())
            .iter()
            .any(|(path, bytes)| seen(&pieces, bytes, &path.to_string_lossy()).is_some());
        assert!(held, "{name} holds no secret");
    }
    let values = secrets.values();
    for text in [&secrets.password, &secrets.token, &secrets.url_password] {
        assert!(values.contains(text.as_str()) && seen(&pieces, text.as_bytes(), "").is_some());
        assert!(seen(&pieces, base64(text.as_bytes()).as_bytes(), "").is_some());
    }
}

fn tried(number: usize, (name, place): &Place) -> Vec<String> {
    let secrets = Secrets::new();
    let pieces = secrets.pieces();
    let repository = Repository::base();
    let matrix = repository.read("environments/matrix.yaml");
    repository.write("environments/matrix.yaml", format!("{matrix}baseline: environments/baseline.json\n"));
    place(&repository, &secrets);
    let input = files(repository.0.path());
    let mut failures = Vec::new();
    let mut run = |arguments: &[&str]| {
        let output = repository.run(arguments);
        assert!(output.status.code().is_some(), "{arguments:?} was killed");
        let outputs = [("standard output", output.stdout), ("standard error", output.stderr)];
        for (stream, bytes) in outputs {
            if let Some(line) = seen(&pieces, &bytes, "") {
                failures.push(format!("{name}: {arguments:?}, {stream}: {line}"));
            }
        }
        for (path, bytes) in files(repository.0.path()) {
            let relative = path.strip_prefix(repository.0.path()).unwrap().to_string_lossy().into_owned();
            if input.get(&path) != Some(&bytes)
                && let Some(line) = seen(&pieces, &bytes, &relative)
            {
                failures.push(format!("{name}: {arguments:?}, {relative}: {line}"));
            }
        }
        let _ = fs::remove_dir_all(repository.path("out"));
        // A golden that was written over is as it was for the next command.
        for (path, bytes) in &input {
            fs::write(path, bytes).unwrap();
        }
    };
    for (index, command) in COMMANDS.iter().enumerate() {
        // The plain commands are tried with everything at every place, the others in turns: over all places each of them meets each
        // loudness.
        let thorough = command.len() == 1 && ["validate", "leaks"].contains(&command[0]);
        for (turn, loudness) in LOUDNESS.iter().enumerate() {
            let often = ["validate", "render", "bless"].contains(&command[0]) && !command.contains(&"guards");
            let every = if often { 2 } else { 4 };
            if !thorough && !(turn + index + number).is_multiple_of(every) {
                continue;
            }
            let colour = if (turn + number).is_multiple_of(2) { "always" } else { "never" };
            let reports = ["validate", "leaks"].contains(&command[0]);
            let to: &[&str] = if turn < 2 && reports { FILES } else { &[] };
            run(&[*command, *loudness, &["--color", colour], to].concat());
        }
        if thorough {
            for format in ["human", "json", "sarif"] {
                run(&[*command, &["--report", format, "--color", "always"][..]].concat());
            }
        }
    }
    for command in OTHERS.iter().filter(|_| number == 0) {
        run(command);
    }
    failures
}

/// Every file, also below `target/` and hidden ones, but git's.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let walk = ignore::WalkBuilder::new(root).standard_filters(false).build();
    let files = walk.flatten().filter(|e| e.file_type().is_some_and(|t| t.is_file()));
    files.map(|e| (e.path().to_owned(), fs::read(e.path()).unwrap())).collect()
}

/// The first line of a text, or the name of a file, that holds a piece of a secret.
fn seen(pieces: &[String], bytes: &[u8], name: &str) -> Option<String> {
    // The pinned Helm may lie below `target/`; it is not ours.
    if bytes.len() > 16 << 20 {
        return None;
    }
    let finder = finder(pieces);
    let text = String::from_utf8_lossy(bytes);
    let plain = anstream::adapter::strip_str(&text).to_string();
    for text in [&*text, &plain] {
        if let Some(line) = text.lines().find(|line| finder.is_match(line)) {
            return Some(line.to_owned());
        }
    }
    finder.is_match(name).then(|| name.to_owned())
}

fn finder(pieces: &[String]) -> &'static aho_corasick::AhoCorasick {
    static FINDER: std::sync::OnceLock<aho_corasick::AhoCorasick> = std::sync::OnceLock::new();
    FINDER.get_or_init(|| aho_corasick::AhoCorasick::new(pieces).unwrap())
}

/// A new command has its place in this test.
#[test]
fn every_command_is_tried() {
    let help = Repository::empty().run(&["--help"]);
    let help = common::stdout(&help);
    let commands = help.lines().skip_while(|l| !l.starts_with("Commands:")).skip(1).take_while(|l| l.starts_with("  "));
    let names: Vec<&str> = commands
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() > 8, "{help}");
    for name in names {
        assert!(COMMANDS.iter().chain(OTHERS).any(|c| c[0] == name), "`{name}` is not tried");
    }
    assert!(workspace().join("tests/canary.rs").is_file());
}
