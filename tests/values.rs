//! The effective values are Helm's own: compared with what a probe template prints, on cases that people stumble over, on
//! random trees, and on every cell of this repository.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use checks::model::{Cell, Matrix, SetValue, ValuesFile};
use checks::sources::Sources;
use checks::values::{Charts, Effective, Lost};
use common::{Repository, path_with_helm, stderr, stdout, workspace};
use serde_json::Value as Json;

/// Every source of one cell's repository.
fn sources(root: &Path, cells: &[&Cell]) -> Sources {
    let matrix = Matrix { cells: cells.iter().map(|cell| (*cell).clone()).collect(), ..Matrix::default() };
    xtask::sources::read(&root.canonicalize().unwrap(), &matrix)
}

const PROBE: &str = "probe: {{ .Values | toJson }}\n";

fn cell(chart: &str, values: &[&str]) -> Cell {
    let values = values.iter().map(|path| ValuesFile { path: (*path).to_owned(), overlay: true, part: None }).collect();
    Cell { release: "r".into(), chart: chart.into(), values, ..Cell::default() }
}

/// What Helm's templates see, by `# Source:`; the words of a refusal otherwise.
fn helm(root: &Path, cell: &Cell, only: Option<&str>) -> Result<BTreeMap<String, Json>, String> {
    let mut command = Command::new("helm");
    command.current_dir(root).env("PATH", path_with_helm()).args(["template", "r", &cell.chart]);
    for file in &cell.values {
        command.args(["-f", &file.path]);
    }
    for set in &cell.set {
        command.args([if set.string { "--set-string" } else { "--set" }, &format!("{}={}", set.path, set.value)]);
    }
    if let Some(only) = only {
        command.args(["--show-only", only]);
        command.args(["--kube-version", &cell.kube.version, "--namespace", &cell.namespace]);
        command.args(cell.kube.apis.iter().flat_map(|api| ["--api-versions", api]));
    }
    let output = command.output().unwrap();
    if !output.status.success() {
        return Err(stderr(&output));
    }
    let text = stdout(&output);
    let mut seen = BTreeMap::new();
    let mut source = "";
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("# Source: ") {
            source = path;
        } else if let Some(json) = line.strip_prefix("probe: ") {
            seen.insert(source.to_owned(), serde_json::from_str(json).unwrap());
        }
    }
    Ok(seen)
}

/// Go keeps every number of JSON as a float.
fn floats(value: &Json) -> Json {
    match value {
        Json::Number(n) => n.as_f64().into(),
        Json::Array(items) => items.iter().map(floats).collect(),
        Json::Object(map) => Json::Object(map.iter().map(|(k, v)| (k.clone(), floats(v))).collect()),
        other => other.clone(),
    }
}

/// Ours equals Helm's in the chart and in every subchart; a refusal of Helm's is known to us. How many charts were compared.
fn assert_equal(root: &Path, cell: &Cell, what: &str) -> usize {
    let sources = sources(root, &[cell]);
    let ours = Effective::of(cell, &sources);
    assert_eq!(ours.to_json(), Charts::new(&sources).effective(cell).to_json());
    let theirs = match helm(root, cell, None) {
        Ok(theirs) => theirs,
        Err(words) => {
            assert!(ours.problem.is_some(), "{what}: Helm refuses and we do not: {words}");
            return 0;
        }
    };
    assert_eq!(ours.problem, None, "{what}: Helm renders");
    let json = floats(&ours.to_json());
    let mut expected = BTreeMap::new();
    for (scope, chart) in ours.chart.walk() {
        if chart.templates.iter().any(|t| t.name == "templates/probe.yaml") {
            let mut path = ours.chart.name.clone();
            for step in &scope {
                write!(path, "/charts/{step}").unwrap();
            }
            let values = scope.iter().fold(&json, |value, step| &value[*step]);
            expected.insert(format!("{path}/templates/probe.yaml"), values.clone());
        }
    }
    let theirs: BTreeMap<String, Json> = theirs.iter().map(|(path, value)| (path.clone(), floats(value))).collect();
    for (path, value) in &theirs {
        assert_eq!(expected.get(path), Some(value), "{what}: {path}\n left: ours\nright: Helm's");
    }
    assert_eq!(expected.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{what}: the same charts");
    theirs.len()
}

/// A chart with a probe.
fn chart(repository: &Repository, folder: &str, metadata: &str, values: &str) {
    let name = folder.rsplit('/').next().unwrap();
    repository
        .write(&format!("{folder}/Chart.yaml"), format!("apiVersion: v2\nname: {name}\nversion: 1.2.3\n{metadata}"));
    repository.write(&format!("{folder}/values.yaml"), values);
    repository.write(&format!("{folder}/templates/probe.yaml"), PROBE);
}

#[test]
fn what_people_stumble_over_is_as_helm_has_it() {
    // Name; chart defaults; the values chain.
    let cases: &[(&str, &str, &[&str])] = &[
        ("null deletes a default", "a: {b: 1, c: 2}\nd: 4", &["a: {b: null}\nd: ~"]),
        ("null of nothing stays", "a: 1", &["x: null\ny: {z: null}"]),
        ("a null default is no value", "a: null\nb: {c: null, d: 1}", &["b: {e: 1}"]),
        ("null, then set again", "a: {b: 1}", &["a: null", "a: {c: 2}"]),
        ("set, then null", "a: {b: 1}", &["a: {c: 2}", "a: null"]),
        ("null over a null default", "a: {b: null}", &["a: {b: null}"]),
        ("lists are replaced", "a: [1, 2, {b: 1}]", &["a: [3]", "a: []"]),
        ("a scalar over a map", "a: {b: {c: 1}}", &["a: text", "a: {b: 5}"]),
        ("a map over a scalar", "a: 1\nb: {c: 1}\nl: []", &["a: {x: 1}\nb: {c: {d: 1}}\nl: {m: 1}"]),
        ("a list over a map", "a: {b: 1}", &["a: [x]"]),
        ("empty maps", "a: {}\nb: {c: {}}", &["b: {}\nd: {}"]),
        (
            "scalars are YAML 1.1",
            "a: [yes, off, 0644, 0x1F, 1_000, 1e3, ~, '1', 2026-03-01, 12:30:45, 089, .5]",
            &["b: on"],
        ),
        ("keys are strings of what they mean", "on: 1\n0644: 2\n1.5: 3\n'on': 4\n010: 5", &["yes: {n: 1}\n~x: 1"]),
        ("large numbers", "a: 9007199254740993\nb: 18446744073709551616\nc: 1.0\nd: -0.0", &["e: 1e21"]),
        ("several documents", "a: 1\nb: {c: 1}\n---\nb: {d: 2}\n---\n# nothing\n---\na: 3", &["a: 4\n---\ne: 5"]),
        ("anchors and merge keys", "x: &x {a: 1, b: 2}\nv: {<<: *x, b: 3}\nz: *x\nw: {b: 4, <<: *x}", &["v: {a: 5}"]),
        ("merge keys of several", "p: &p {a: 1}\nq: &q {a: 2, b: 2}\nr: {<<: [*p, *q], c: 3}", &[""]),
        ("the same key twice", "a: 1\na: 2\nb: {c: 1}\nb: {d: 2}", &["e: 1\ne: {f: 1}"]),
        ("tags", "a: !!str 12\nb: !!int \"12\"\nc: !local 12\nd: !!float 3", &["e: !own yes"]),
        ("text", "a: |\n  one\n  two\nb: >-\n  one\n  two\nc: \"\\u00e4\\n\"\nd: 'it''s'", &["e: \"tab\\tx\""]),
        ("no map at all", "- 1", &["a: 1"]),
        ("a values file that is a list", "a: 1", &["- 1"]),
        ("an empty file", "", &["", "# only words", "a: 1"]),
        ("dots in keys", "a.b: 1\na: {b: 2, 'c.d': 3}", &["a: {'c.d': null}"]),
        ("global without subcharts", "global: {a: 1, b: {c: 1}}", &["global: {b: null}"]),
    ];
    let repository = Repository::empty();
    for (at, (what, defaults, chain)) in cases.iter().enumerate() {
        let folder = format!("case{at}");
        chart(&repository, &folder, "", defaults);
        let mut values = Vec::new();
        for (index, text) in chain.iter().enumerate() {
            values.push(format!("{folder}-{index}.yaml"));
            repository.write(&values[index], text);
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert_equal(repository.0.path(), &cell(&folder, &values), what);
    }
}

#[test]
fn what_the_matrix_file_sets_is_as_helm_has_it() {
    let repository = Repository::empty();
    chart(&repository, "web", "", "a: {b: 1, c: [1, {d: 2}]}\ntext: {x: 1}\ngone: {y: 1}\n");
    repository.write("one.yaml", "a: {c: [{d: 3}, 4]}\ns: text\n");
    let cases: &[&[(&str, &str, bool)]] = &[
        &[("a.b", "5", false), ("a.n", "007", false), ("a.f", "1.5", false), ("t", "TRUE", false), ("e", "", false)],
        &[("a.b", "5", true), ("gone", "null", false), ("gone2.deep", "null", false), ("a.k\\.l", "x", false)],
        &[("a.c[0].d", "6", false), ("a.c[3]", "x", false), ("new[1].a[0].b", "y", false), ("m[0][1]", "z", false)],
        &[("s.t", "1", false)],
        &[("text", "x", false)],
    ];
    for set in cases {
        let mut cell = cell("web", &["one.yaml"]);
        cell.set = set
            .iter()
            .map(|(path, value, string)| SetValue { path: (*path).into(), value: (*value).into(), string: *string })
            .collect();
        assert_equal(repository.0.path(), &cell, &format!("{set:?}"));
    }
}

#[test]
fn subcharts_are_as_helm_has_them() {
    let dependencies = "\
dependencies:
- {name: sub, version: 1.x, condition: 'nosuch,sub.enabled', repository: ''}
- {name: sub, version: ^1.2, alias: twin, tags: [front], repository: ''}
- {name: tagged, version: '>=1', tags: [front, back], repository: ''}
- {name: exports, version: '*', repository: '', import-values: [data, {child: deep.er, parent: here.too}]}
- {name: linked, version: ~1.2.0, repository: '', condition: linked.on}
";
    let defaults = "\
sub: {a: parent, m: {x: 1}, gone: null}
twin: {nested: {b: parent}}
tags: {front: true, back: false}
global: {g: parent, deep: {p: 1}}
here: {too: {keep: parent}}
linked: {on: true}
";
    let values: &[(&str, &str)] = &[
        ("nothing set", ""),
        ("a condition off", "sub: {enabled: false}"),
        ("a condition that is no boolean", "sub: {enabled: 'false'}"),
        ("tags", "tags: {front: false, back: false}"),
        ("a condition beats tags", "tags: {front: false}\nlinked: {on: false}"),
        ("globals", "global: {g: user, deep: {q: 2}, own: null}\nsub: {global: {g: lost, deep: {r: 3}}}"),
        ("globals of a nested chart", "twin: {nested: {global: {deep: {n: 1}}}}\nglobal: {deep: {p: null}}"),
        ("a scalar where globals are maps", "global: {deep: 5}"),
        ("globals that are no map", "global: text"),
        ("a subchart's globals that are no map", "sub: {global: [1]}"),
        ("nulls for a subchart", "sub: {a: null, m: {x: null, y: null}, nosuch: null}\ntwin: null"),
        ("a map over a subchart's scalar", "sub: {a: {b: 1}, m: text}"),
        ("a subchart that is no map", "sub: text"),
        ("imports that are overridden", "exported: {a: user}\nhere: {too: {keep: user, n: null}}"),
        ("imports from changed values", "exports: {exports: {data: {exported: {b: user}}}, deep: {er: null}}"),
    ];
    let repository = Repository::empty();
    let sub =
        "a: sub\nm: {x: sub, y: sub, z: {n: 1}}\nl: [1]\ngone: here\nglobal: {deep: {s: sub}, g: sub, own: sub}\n";
    let nested_dependency = "dependencies: [{name: nested, version: 1.2.3, repository: '', condition: nested.on}]\n";
    chart(&repository, "top", dependencies, defaults);
    chart(&repository, "top/charts/sub", nested_dependency, sub);
    chart(&repository, "top/charts/sub/charts/nested", "", "b: nested\nglobal: {deep: {t: nested}}\n");
    chart(&repository, "top/charts/tagged", "", "t: 1\nglobal: {g: tagged}\n");
    let exports = "exports: {data: {exported: {a: 1, b: 2}}}\ndeep: {er: {n: 1, keep: child}}\n";
    chart(&repository, "top/charts/exports", "", exports);
    chart(&repository, "top/charts/undeclared", "", "u: 1\n");
    chart(&repository, "elsewhere/linked", "", "k: 1\nm: {n: null}\n");
    repository.write("top/charts/_off/Chart.yaml", "name: off\n");
    std::os::unix::fs::symlink("../../elsewhere/linked", repository.path("top/charts/linked")).unwrap();
    // A packed copy of a chart is the chart.
    chart(&repository, "packed", "", "p: 1\nq: {r: null, s: 2}\n");
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    archive.append_dir_all("packed", repository.path("packed")).unwrap();
    repository.write("top/charts/packed-1.2.3.tgz", archive.into_inner().unwrap().finish().unwrap());
    for (at, (what, text)) in values.iter().enumerate() {
        let file = format!("values{at}.yaml");
        repository.write(&file, text);
        assert_equal(repository.0.path(), &cell("top", &[&file]), what);
    }
}

/// A small generator of our own: the same trees at each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len())]
    }

    fn map(&mut self, keys: &[&str], depth: usize) -> String {
        let chosen: BTreeSet<&str> = (0..=self.roll(5)).map(|_| self.of(keys)).collect();
        let entries: Vec<String> = chosen.into_iter().map(|key| format!("{key}: {}", self.value(depth))).collect();
        format!("{{{}}}", entries.join(", "))
    }

    fn value(&mut self, depth: usize) -> String {
        const SCALARS: &[&str] =
            &["1", "0", "yes", "no", "text", "'quoted'", "0o17", "0644", "1.5", "\"\"", "2026-01-01", "1e3", "!!str 1"];
        match self.roll(10) {
            0 | 1 => self.of(&["null", "~"]).to_owned(),
            2 => "[]".to_owned(),
            3 => format!("[{}, {}]", self.of(SCALARS), self.map(&["a", "b"], 0)),
            4 => "{}".to_owned(),
            5..=7 if depth > 0 => self.map(&["a", "b", "c", "d"], depth - 1),
            _ => self.of(SCALARS).to_owned(),
        }
    }

    /// A file's text: keys of its own, globals, and maps for subcharts.
    fn file(&mut self, subcharts: &[&str]) -> String {
        let mut text = String::new();
        for key in ["a", "b", "c"] {
            if self.roll(3) > 0 {
                writeln!(text, "{key}: {}", self.value(3)).unwrap();
            }
        }
        if self.roll(2) > 0 {
            writeln!(text, "global: {}", self.map(&["a", "b", "c"], 3)).unwrap();
        }
        if self.roll(3) == 0 {
            writeln!(text, "tags: {{x: {}, z: {}}}", self.of(&["yes", "no", "1"]), self.of(&["yes", "no"])).unwrap();
        }
        for sub in subcharts {
            if self.roll(3) > 0 {
                let global = self.map(&["a", "b", "c"], 2);
                let nested = self.map(&["a", "b", "use"], 2);
                let own = self.map(&["a", "b", "c", "use"], 3);
                let own = &own[1..own.len() - 1];
                let more = [String::new(), format!(", global: {global}"), format!(", inner: {nested}")];
                writeln!(text, "{sub}: {{{own}{}}}", more[self.roll(3)]).unwrap();
            }
        }
        text
    }
}

#[test]
fn random_trees_are_as_helm_has_them() {
    const SUBCHARTS: &[&str] = &["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];
    let mut compared = 0;
    // One start of Helm merges the trees of one chart, its eight subcharts and what is below them.
    for seed in 0..25 {
        let mut dice = Dice(seed);
        let repository = Repository::empty();
        let mut metadata = String::from("dependencies:\n");
        for name in SUBCHARTS {
            let condition = dice.of(&["", ", condition: NAME.use", ", tags: [x]", ", tags: [x, z]", ", alias: NAMEx"]);
            let import = dice.of(&[
                "",
                "",
                ", import-values: [{child: a, parent: b}]",
                ", import-values: [{child: global, parent: .}]",
            ]);
            let more = format!("{condition}{import}").replace("NAME", name);
            writeln!(metadata, "- {{name: {name}, version: '*', repository: ''{more}}}").unwrap();
            let nested = if dice.roll(2) > 0 {
                "dependencies: [{name: inner, version: 1.x, repository: '', condition: inner.use}]\n"
            } else {
                ""
            };
            chart(&repository, &format!("top/charts/{name}"), nested, &dice.file(&["inner"]));
            chart(&repository, &format!("top/charts/{name}/charts/inner"), "", &dice.file(&[]));
        }
        chart(&repository, "top", &metadata, &dice.file(SUBCHARTS));
        for file in ["one.yaml", "two.yaml"] {
            repository.write(file, dice.file(SUBCHARTS));
        }
        compared += assert_equal(repository.0.path(), &cell("top", &["one.yaml", "two.yaml"]), &format!("seed {seed}"));
    }
    assert!(compared >= 200, "only {compared} trees were compared");
}

#[test]
fn every_cell_of_this_repository_is_as_helm_has_it() {
    let root = workspace();
    // The cases' base stands in where the repository itself has no matrix.
    let from = if root.join(xtask::matrix::FILE).is_file() { root } else { workspace().join("tests/cases/_base") };
    let matrix = xtask::matrix::load(&from).unwrap();
    assert!(!matrix.cells.is_empty());
    let repository = Repository::empty();
    for folder in ["charts", "environments"] {
        repository.copy_into(&from.join(folder), folder);
    }
    for chart in matrix.cells.iter().map(|c| &c.chart).collect::<BTreeSet<_>>() {
        repository.write(&format!("{chart}/templates/zz-probe.yaml"), PROBE);
    }
    let sources = xtask::sources::read(&repository.0.path().canonicalize().unwrap(), &matrix);
    let charts = Charts::new(&sources);
    std::thread::scope(|scope| {
        let half = matrix.cells.len().div_ceil(2);
        for cells in matrix.cells.chunks(half) {
            let (repository, charts) = (&repository, &charts);
            scope.spawn(move || {
                for cell in cells {
                    let ours = charts.effective(cell);
                    let theirs = helm(repository.0.path(), cell, Some("templates/zz-probe.yaml")).unwrap();
                    assert_eq!(ours.problem, None, "{}", cell.name());
                    assert_eq!(
                        Some(&floats(&ours.to_json())),
                        theirs.values().map(floats).next().as_ref(),
                        "{}",
                        cell.name()
                    );
                }
            });
        }
    });
}

#[test]
fn each_leaf_knows_who_set_it_and_who_lost() {
    let repository = Repository::empty();
    chart(&repository, "web", "", "a: {b: default, c: 1}\nkept: {}\nlist:\n- 1\n");
    repository.write("shared.yaml", "a:\n  b: shared\nlist: [2]\n");
    repository.write("overlay.yaml", "a:\n  b: overlay\nm: {o: 1}\nkept: text\n");
    let cell = cell("web", &["shared.yaml", "overlay.yaml"]);
    let values = Effective::of(&cell, &sources(repository.0.path(), &[&cell]));
    let b = values.leaf("a.b").unwrap();
    let at = |place: &checks::model::Place| format!("{}:{}:{}", place.file, place.line, place.column);
    assert_eq!(at(&b.place().unwrap()), "overlay.yaml:2:6");
    assert_eq!(at(&b.key_place().unwrap()), "overlay.yaml:2:3");
    assert_eq!(b.lost().iter().map(at).collect::<Vec<_>>(), ["shared.yaml:2:6", "web/values.yaml:1:8"]);
    let list = values.leaf("list").unwrap();
    assert_eq!(at(&list.place().unwrap()), "shared.yaml:3:7");
    assert_eq!(list.lost().iter().map(at).collect::<Vec<_>>(), ["web/values.yaml:3:1"]);
    let paths: Vec<String> = values.leaves().iter().map(checks::values::Leaf::dotted).collect();
    assert_eq!(paths, ["a.b", "a.c", "kept", "list", "m.o"]);
    let [conflict] = values.conflicts.as_slice() else { panic!("{:?}", values.conflicts) };
    assert_eq!((conflict.path.as_str(), conflict.lost), ("kept", Lost::Map));
    assert_eq!((at(&conflict.winner), at(&conflict.loser)), ("overlay.yaml:4:1".into(), "web/values.yaml:2:1".into()));
}
