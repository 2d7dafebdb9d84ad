//! `wiring/produced-twice`.

use std::collections::BTreeMap;

use crate::facts::{Certainty, Facts, Kind, Produced};
use crate::model::Severity;
use crate::places;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/produced-twice",
    severity: Severity::Error,
    summary: "two producers of one Secret in one environment",
    check: Check::Environment(check),
    doc: "\
## What it finds
Two objects that each make a Secret of one name and namespace: two ExternalSecrets with one target, a Secret beside an
ExternalSecret, one of two releases each; also a Secret that the matrix file says somebody outside makes.

## Why it matters
The two overwrite each other, or the second installation fails; which value wins depends on who wrote last.

## Example
`ExternalSecret/graph-db-credentials-sync` in the layer-15 bundle and once more in the chart of `graph`.

## What to do instead
Keep one producer. If one only adds keys, give it `creationPolicy: Merge`. If the `external` entry holds for some environments
only, say which: `environments: [staging]`.

## When it stays silent
With `creationPolicy: Merge`; for what several may name without harm (cert-manager's annotations, copies into other namespaces,
a Secret without entries that a program fills); for operators that the tool does not know.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let mut by_name: BTreeMap<(&str, &str), Vec<(&Facts, &Produced)>> = BTreeMap::new();
    for facts in view.facts {
        for produced in facts.produces.iter().filter(|p| is_sole(p)) {
            by_name.entry((&produced.namespace, &produced.name)).or_default().push((facts, produced));
        }
    }
    let externals = view.matrix.secrets.iter().flat_map(|s| &s.external);
    for ((namespace, name), all) in &by_name {
        let external = externals.clone().find(|e| {
            e.secret == *name
                && e.namespace.as_deref().unwrap_or(&view.matrix.helm.namespace) == *namespace
                && (e.environments.is_empty() || e.environments.contains(&view.environment.name))
        });
        if all.len() < 2 && external.is_none() {
            continue;
        }
        let place = |(facts, produced): (&Facts, &Produced)| {
            places::of_maker(view.sources, view.matrix, facts, produced, &produced.name)
        };
        let told = |(facts, produced): (&Facts, &Produced)| {
            format!("{} of release {}", facts.object(produced.object).short(), facts.release())
        };
        let (first, last) = (all[0], all[all.len() - 1]);
        let mut finding = RULE
            .finding(format!("Secret {name} has more than one producer"))
            .identity(format!("{namespace}/{name}"))
            .at(place(last))
            .label(format!("made by {}", told(last)))
            .help("keep one producer, or let one only add keys (creationPolicy: Merge)");
        if all.len() > 1 {
            finding = finding.related(place(first), format!("and by {}", told(first)));
        }
        if let Some(external) = external {
            finding = finding.related(external.place.clone(), format!("and by {}, says the matrix file", external.by));
        }
        for (facts, produced) in all {
            finding = finding.shown(places::in_render(facts, produced.object, &produced.path, produced.line));
        }
        findings.push(finding);
    }
}

fn is_sole(produced: &Produced) -> bool {
    produced.kind == Kind::Secret
        && produced.certainty == Certainty::Sole
        && produced.namespace != "*"
        && !produced.name.contains('*')
}
