//! `wiring/produced-twice`.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Certainty, Facts, Kind, Produced};
use crate::model::Severity;
use crate::places;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/produced-twice",
    severity: Severity::Error,
    summary: "two producers of one Secret, or one object twice, in one environment",
    check: Check::Environment(check),
    doc: "\
## What it finds
Two objects that each make a Secret of one name and namespace: two ExternalSecrets with one target, a Secret beside an
ExternalSecret, one of two releases each; also a Secret that the matrix file says somebody outside makes. And any object (of one
group, kind, namespace and name) that a release renders twice, or that two releases render.

## Why it matters
The two overwrite each other, or the second installation fails; which value wins depends on who wrote last. Helm refuses to
create an object that is there already or belongs to another release.

## Example
`ExternalSecret/graph-db-credentials-sync` in the layer-15 bundle and once more in the chart of `graph`.

## What to do instead
Keep one producer, or give the two names of their own. If one only adds keys, give it `creationPolicy: Merge`. If the `external` entry holds for some environments
only, say which: `environments: [staging]`.

## When it stays silent
With `creationPolicy: Merge`; for what several may name without harm (cert-manager's annotations, copies into other namespaces,
a Secret without entries that a program fills); for operators that the tool does not know. For hooks, which Helm deletes before it
creates them anew, and for CustomResourceDefinitions, which charts bring along in case nobody has. For what is cluster-wide and
rendered by two releases, which may go to two clusters.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    secrets(view, findings);
    objects(view, findings);
}

fn secrets(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
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

/// Group, kind, namespace and name.
type Identity<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Any object that is rendered twice, but for Secrets, which have been told by who makes them.
fn objects(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let mut by_name: BTreeMap<Identity<'_>, Vec<(&Facts, u32)>> = BTreeMap::new();
    for facts in view.facts {
        let makers: BTreeSet<u32> = facts.produces.iter().filter(|p| is_sole(p)).map(|p| p.object).collect();
        for (index, object) in (0u32..).zip(&facts.objects) {
            let once = object.hook.is_none() && !object.name.is_empty() && object.kind != "CustomResourceDefinition";
            if once && !makers.contains(&index) {
                let identity = (object.group(), object.kind.as_str(), object.namespace.as_str(), object.name.as_str());
                by_name.entry(identity).or_default().push((facts, index));
            }
        }
    }
    for ((_, kind, namespace, name), all) in by_name {
        let (Some((first_in, first)), Some((last_in, last))) = (all.first(), all.last()) else { continue };
        let one_release = first_in.cell == last_in.cell;
        if all.len() < 2 || (namespace.is_empty() && !one_release) {
            continue;
        }
        let place = |facts: &Facts, index: u32| places::of_identity(view.sources, view.matrix, facts, index);
        let whose = if one_release { "the same release".to_owned() } else { format!("release {}", first_in.release()) };
        let mut finding = RULE
            .finding(format!("{kind} {name} is rendered more than once"))
            .identity(format!("{kind} {namespace}/{name} of {} and {whose}", last_in.release()))
            .at(place(last_in, *last))
            .label(format!("once more, in release {}", last_in.release()))
            .related(place(first_in, *first), format!("first in {whose}"))
            .help("render it once, or give the two names of their own");
        for (facts, index) in all {
            let line = facts.object(index).line;
            finding = finding.shown(places::in_render(facts, index, "metadata.name", line));
        }
        findings.push(finding);
    }
}
