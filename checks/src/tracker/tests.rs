//! Which box what opens.

use super::*;
use crate::model::{Cell, Place, Release, Retired, Severity};
use crate::secrets::Value;
use crate::sources::{Source, SourceKind};

const ALL: [&str; 8] = ["boundary", "docs", "externalsecrets", "golden", "guards", "leaks", "order", "render"];

struct Case {
    matrix: Matrix,
    sources: Sources,
    facts: BTreeMap<String, Facts>,
    findings: Vec<Finding>,
    excused: Vec<Finding>,
    inventory: Inventory,
    equal: BTreeSet<String>,
    checked: BTreeSet<&'static str>,
}

/// One release in two environments, with nothing open.
fn aligned() -> Case {
    let cell = |env: &str| Cell { env: env.to_owned(), release: "web".to_owned(), ..Cell::default() };
    let cells = vec![cell("local"), cell("production")];
    let release =
        Release { name: "web".to_owned(), docs: Some("charts/web/README.md".to_owned()), ..Release::default() };
    let retired = |name: &str| Retired {
        kind: RetiredKind::Release,
        name: name.to_owned(),
        reason: "merged into web".to_owned(),
        place: Place::default(),
    };
    let page = Source { bytes: Vec::new(), kind: SourceKind::Docs, cells: std::sync::Arc::default() };
    Case {
        facts: cells.iter().map(|c| (c.name(), Facts::default())).collect(),
        equal: cells.iter().map(Cell::name).collect(),
        matrix: Matrix { cells, releases: vec![release], retired: vec![retired("old-web")], ..Matrix::default() },
        sources: Sources::from([("charts/web/README.md".to_owned(), page)]),
        findings: Vec::new(),
        excused: Vec::new(),
        inventory: Inventory {
            releases: vec![ReleaseValues { release: "web".to_owned(), ..ReleaseValues::default() }],
            ..Inventory::default()
        },
        checked: ALL.iter().copied().chain(["wiring"]).collect(),
    }
}

fn tracker(case: &Case) -> Tracker {
    Tracker::of(&Evidence {
        matrix: &case.matrix,
        sources: &case.sources,
        facts: &case.facts,
        findings: &case.findings,
        excused: &case.excused,
        inventory: &case.inventory,
        equal: &case.equal,
        checked: &case.checked,
    })
}

/// Which boxes of `web` are not ticked.
fn open(case: &Case) -> Vec<String> {
    let tracker = tracker(case);
    let web = tracker.services.iter().find(|s| s.name == "web").unwrap();
    web.boxes.iter().filter(|b| b.state != State::Done).map(|b| format!("{} {:?}", b.name, b.state)).collect()
}

#[test]
fn what_only_a_cluster_shows_is_never_done() {
    let case = aligned();
    assert!(open(&case).is_empty());
    let markdown = tracker(&case).document().to_markdown();
    assert!(markdown.contains("| web | ✅ Complete, as far as can be checked offline |"), "{markdown}");
    assert!(markdown.contains("- [ ] Roll-out in each environment: not verified"), "{markdown}");
    assert!(!markdown.contains("[x] Roll-out"), "{markdown}");
    assert!(markdown.contains("[README.md](../charts/web/README.md)"), "{markdown}");
}

#[test]
fn a_finding_opens_the_box_of_its_family() {
    for (rule, name) in [
        ("parity/overlay-key", "Inventory"),
        ("boundary/foreign-environment", "Classify"),
        ("leaks/jwt", "Classify"),
        ("order/produced-too-late", "Refactor"),
        ("retired/name", "Refactor"),
        ("docs/missing", "Document"),
        ("render/failed", "Validate"),
        ("something/else", "Validate"),
    ] {
        let mut case = aligned();
        case.findings.push(Finding::new(rule, Severity::Error, "m").cell("local/web"));
        assert_eq!(open(&case), [format!("{name} Open")], "{rule}");
    }
}

#[test]
fn what_was_not_looked_at_is_not_done() {
    let mut case = aligned();
    case.checked.remove("guards");
    assert_eq!(open(&case), ["Refactor NotVerified"]);
    assert!(tracker(&case).document().to_markdown().contains("- [ ] Refactor: not looked at: `guards`"));
}

#[test]
fn what_a_waiver_excuses_is_done_and_told() {
    let mut case = aligned();
    case.excused.push(Finding::new("leaks/placeholder", Severity::Warning, "m").cell("local/web"));
    assert!(open(&case).is_empty());
    assert!(tracker(&case).document().to_markdown().contains("- [x] Classify: excused: `leaks/placeholder`\n"));
}

#[test]
fn the_boxes_look_for_themselves_too() {
    let mut case = aligned();
    case.equal.remove("production/web");
    assert_eq!(open(&case), ["Validate Open"]);
    let mut case = aligned();
    case.sources.clear();
    assert_eq!(open(&case), ["Document Open"]);
    let mut case = aligned();
    case.facts.remove("local/web");
    assert_eq!(open(&case), ["Inventory Open"]);
    let mut case = aligned();
    let (path, class) = ("auth.password".to_owned(), Class::SecretLiteral);
    case.inventory.releases[0].values.push(Value { path, class, names: BTreeSet::new(), set: BTreeMap::new() });
    assert_eq!(open(&case), ["Refactor Open"]);
}

#[test]
fn retired_systems_stand_beside_the_others() {
    let mut case = aligned();
    case.findings.push(Finding::new("waivers/stale", Severity::Error, "m"));
    let markdown = tracker(&case).document().to_markdown();
    assert!(markdown.contains("| old-web | ✅ Retired | – | – | – | – | – | – | merged into web | – |"), "{markdown}");
    assert!(markdown.contains("### old-web (retired)\n\nRetired: merged into web."), "{markdown}");
    assert!(markdown.contains("- `waivers/stale`: 1"), "{markdown}");
}
