//! Waivers: what a repository has decided to accept, why, and until when. Pure: findings and waivers in, what is left out.
//!
//! A waiver hides a finding from the verdict, never from the books: what it excused is counted and stands in the machines'
//! reports as suppressed. It never holds the value that it excuses.

mod date;
mod glob;
pub mod inline;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

pub use date::Date;
pub use glob::Glob;

use crate::model::Place;
use crate::nearest::did_you_mean;
use crate::rules;
use finding::Finding;

/// What a waiver speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Paths or cells.
    Where(Glob),
    /// Lines of a file, both ends included.
    Lines(String, RangeInclusive<usize>),
}

/// One waiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// `family/rule`, as written.
    pub rule: String,
    /// Where it holds.
    pub scope: Scope,
    /// Only for these objects: `Kind/name`, or `Kind namespace/name`.
    pub object: Option<Glob>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Date,
    /// Where it is written.
    pub place: Place,
    /// The cells that read the file in which it is written; empty for the waivers file.
    pub cells: BTreeSet<String>,
}

/// A comment that wants to be a waiver and cannot be read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub why: String,
    /// The cells that read the file.
    pub cells: BTreeSet<String>,
}

/// All waivers of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// From the waivers file and from comments.
    pub waivers: Vec<Waiver>,
    /// Comments that are none.
    pub malformed: Vec<Malformed>,
    /// Files and lines with `gitleaks:allow`.
    pub gitleaks: BTreeSet<(String, usize)>,
}

impl Allowed {
    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.waivers.is_empty() && self.malformed.is_empty() && self.gitleaks.is_empty()
    }

    /// Adds others.
    pub fn extend(&mut self, other: Allowed) {
        self.waivers.extend(other.waivers);
        self.malformed.extend(other.malformed);
        self.gitleaks.extend(other.gitleaks);
    }
}

/// What a run has looked at: a waiver is called stale only by a run that could have found what it excuses.
pub struct Run<'a> {
    /// Every installed cell.
    pub all: BTreeSet<String>,
    /// The selected ones.
    pub selected: BTreeSet<String>,
    /// Those of the selected that did not render, so that nothing is known of them.
    pub unjudged: BTreeSet<String>,
    /// Whether every check was asked for and the run was not stopped, and it looks at every cell, alone or as one of several parts.
    pub complete: bool,
    /// Whether the run tells what belongs to no cell: a complete one, or the first of several parts.
    pub speaks_for_all: bool,
    /// Whether a rule was looked for.
    pub looked_for: &'a dyn Fn(&str) -> bool,
    /// What was found in cells that other parts tell of, as far as this one knows: a waiver that excuses it is not stale.
    pub elsewhere: &'a [Finding],
    /// The date of the commit. Without one no waiver is past its date.
    pub today: Option<Date>,
}

/// Who excused a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A waiver: where it is written, and its reason.
    Waiver(Place, String),
    /// A comment of another scanner on the line.
    Gitleaks,
    /// The baseline.
    Baseline,
}

/// A finding that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excused {
    /// The finding, with the cells for which it is excused.
    pub finding: Finding,
    /// Who excused it.
    pub by: By,
}

/// What is left.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Findings that count, in their order; those about waivers come last.
    pub kept: Vec<Finding>,
    /// Findings that do not.
    pub excused: Vec<Excused>,
}

/// Rules that no waiver excuses: one about waivers would let a waiver vouch for itself.
pub fn can_be_waived(rule: &str) -> bool {
    !rule.starts_with("waivers/")
}

/// Takes out what is waived, and says which waivers are stale, past their date, or of no rule.
pub fn apply(findings: Vec<Finding>, allowed: &Allowed, run: &Run<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut used = vec![false; allowed.waivers.len()];
    for (waiver, used) in allowed.waivers.iter().zip(&mut used) {
        *used = findings.iter().chain(run.elsewhere).any(|f| waiver.excuses(f));
    }
    for finding in findings {
        let rule = finding.rule.clone();
        let mut left = Some(finding);
        for waiver in allowed.waivers.iter().filter(|w| w.rule == rule && !w.is_past(run.today)) {
            let Some(finding) = left.take() else { break };
            let (excused, rest) = waiver.split(&finding);
            left = rest;
            verdict.excused.extend(
                excused.map(|finding| Excused { finding, by: By::Waiver(waiver.place.clone(), waiver.reason.clone()) }),
            );
        }
        let Some(finding) = left else { continue };
        let is_theirs = |p: &Place| allowed.gitleaks.contains(&(p.file.clone(), p.line));
        if finding.rule.starts_with("leaks/") && finding.place.as_ref().is_some_and(is_theirs) {
            verdict.excused.push(Excused { finding, by: By::Gitleaks });
        } else {
            verdict.kept.push(finding);
        }
    }
    for (waiver, used) in allowed.waivers.iter().zip(used) {
        verdict.kept.extend(about(waiver, used, run));
    }
    for malformed in allowed.malformed.iter().filter(|m| run.sees(&m.cells)) {
        let finding = rules::find("waivers/malformed")
            .map(|r| r.finding(format!("this comment is no waiver: {}", malformed.why)));
        verdict.kept.extend(finding.map(|f| {
            f.at(malformed.place.clone()).help("write `# xtask:allow RULE until=YYYY-MM-DD: why it is acceptable`")
        }));
    }
    verdict
}

/// The waivers that excuse none of these findings, though it is for this run to say whether they excuse anything.
pub fn idle<'a>(findings: &[Finding], allowed: &'a Allowed, run: &Run<'_>) -> Vec<&'a Waiver> {
    let known = |f: &&Waiver| can_be_waived(&f.rule) && (run.looked_for)(&f.rule);
    let owned = allowed.waivers.iter().filter(|w| run.complete && w.is_told_by(run)).filter(known);
    owned.filter(|w| !findings.iter().chain(run.elsewhere).any(|f| w.excuses(f))).collect()
}

/// What is wrong with one waiver.
fn about(waiver: &Waiver, used: bool, run: &Run<'_>) -> Option<Finding> {
    let found = |rule: &str, message: String| Some(rules::find(rule)?.finding(message).at(waiver.place.clone()));
    if !can_be_waived(&waiver.rule) || rules::find(&waiver.rule).is_none() {
        if !run.sees(&waiver.cells) {
            return None;
        }
        let hint = did_you_mean(&waiver.rule, rules::registry().iter().map(|r| r.id));
        let (message, hint) = if can_be_waived(&waiver.rule) {
            let else_ = "`cargo xtask explain` lists them all".to_owned();
            (format!("no rule is called `{}`", waiver.rule), if hint.is_empty() { else_ } else { hint })
        } else {
            (format!("`{}` cannot be waived", waiver.rule), "mend the waiver that it is about".to_owned())
        };
        return found("waivers/unknown-rule", message).map(|f| f.help(hint));
    }
    if waiver.is_past(run.today) {
        let day = run.today.map(|d| d.to_string()).unwrap_or_default();
        let message = format!("the waiver of {} held until {}", waiver.rule, waiver.until);
        let help = if used {
            "mend what it excused, or decide anew and set another date; it is shown again meanwhile"
        } else {
            "delete it: nothing is there that it would excuse"
        };
        let note = format!("the commit is of {day}");
        // Where it excused something the finding is back, and this says why.
        let speaks = if run.complete { waiver.is_told_by(run) } else { run.sees(&waiver.cells) };
        return (used || speaks).then(|| found("waivers/expired", message))?.map(|f| f.note(note).help(help));
    }
    let is_known = run.complete && (run.looked_for)(&waiver.rule) && !waiver.may_concern(run);
    if used || !is_known || !waiver.is_told_by(run) {
        return None;
    }
    let message = format!("nothing is left that the waiver of {} excuses", waiver.rule);
    found("waivers/stale", message).map(|f| f.help("delete it"))
}

impl Run<'_> {
    /// Whether the run speaks of a file that these cells read.
    fn sees(&self, cells: &BTreeSet<String>) -> bool {
        if cells.is_empty() { self.speaks_for_all } else { !cells.is_disjoint(&self.selected) }
    }
}

impl Waiver {
    /// Whether its day is over.
    fn is_past(&self, today: Option<Date>) -> bool {
        today.is_some_and(|today| self.until < today)
    }

    /// Whether this of several parts says that nothing is left to excuse: of a waiver for cells the one with the first of them, of
    /// any other the one that speaks for all. A run over everything is such a part of all.
    fn is_told_by(&self, run: &Run<'_>) -> bool {
        let first = match &self.scope {
            Scope::Where(glob) => run.all.iter().find(|cell| glob.matches(cell)),
            Scope::Lines(..) => None,
        };
        first.map_or(run.speaks_for_all, |cell| run.selected.contains(cell))
    }

    /// Whether it is about a file.
    pub fn is_about(&self, path: &str) -> bool {
        match &self.scope {
            Scope::Where(glob) => glob.matches(path),
            Scope::Lines(file, _) => file == path,
        }
    }

    /// Whether it excuses anything of a finding.
    fn excuses(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.split(finding).0.is_some()
    }

    /// Whether it could be about a cell of which nothing is known.
    fn may_concern(&self, run: &Run<'_>) -> bool {
        match &self.scope {
            Scope::Lines(..) => !self.cells.is_disjoint(&run.unjudged),
            Scope::Where(glob) if run.all.iter().any(|cell| glob.matches(cell)) => {
                run.unjudged.iter().any(|cell| glob.matches(cell))
            }
            Scope::Where(_) => !run.unjudged.is_empty(),
        }
    }

    /// The part of a finding that it excuses, and the part that stays.
    fn split(&self, finding: &Finding) -> (Option<Finding>, Option<Finding>) {
        let nothing = || (None, Some(finding.clone()));
        if self.rule != finding.rule || !can_be_waived(&self.rule) {
            return nothing();
        }
        let place = finding.place.as_ref();
        let everywhere = match &self.scope {
            Scope::Where(glob) => place.is_some_and(|p| glob.matches(&p.file)),
            Scope::Lines(file, lines) => place.is_some_and(|p| p.file == *file && lines.contains(&p.line)),
        };
        if everywhere && self.object.is_none() {
            return (Some(finding.clone()), None);
        }
        let in_cell = |cell: &str| everywhere || matches!(&self.scope, Scope::Where(glob) if glob.matches(cell));
        let excused = |cell: &String| {
            let mut places = finding.render.iter().filter(|r| r.cell == *cell).peekable();
            let of_object = |glob: &Glob| places.peek().is_some() && places.all(|r| is_object(glob, &r.object));
            in_cell(cell) && self.object.as_ref().is_none_or(of_object)
        };
        let (out, left): (BTreeSet<String>, BTreeSet<String>) = finding.cells.iter().cloned().partition(excused);
        let part = |cells: BTreeSet<String>| {
            let mut part = finding.clone();
            part.render.retain(|r| cells.contains(&r.cell));
            part.cells = cells;
            part
        };
        if out.is_empty() {
            nothing()
        } else if left.is_empty() {
            (Some(finding.clone()), None)
        } else {
            (Some(part(out)), Some(part(left)))
        }
    }
}

/// `Kind namespace/name` against a pattern that may leave the namespace out.
fn is_object(glob: &Glob, object: &str) -> bool {
    let (kind, name) = object.split_once(' ').unwrap_or(("", object));
    let bare = name.rsplit('/').next().unwrap_or(name);
    glob.matches(object) || glob.matches(&format!("{kind}/{bare}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;
    use finding::RenderPlace;

    fn cells(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    fn waiver(rule: &str, scope: &str) -> Waiver {
        Waiver {
            rule: rule.to_owned(),
            scope: Scope::Where(Glob::new(scope).unwrap()),
            object: None,
            reason: "r".to_owned(),
            until: "2026-06-30".parse().unwrap(),
            place: Place::line("environments/waivers.yaml", 1),
            cells: BTreeSet::new(),
        }
    }

    fn finding(file: &str, in_cells: &[&str]) -> Finding {
        let mut finding = Finding::new("golden/differs", Severity::Error, "m").at(Place::line(file, 3));
        finding.cells = cells(in_cells);
        finding
    }

    fn run(today: &str) -> Run<'static> {
        let all = cells(&["staging/web", "production/web"]);
        Run {
            selected: all.clone(),
            all,
            unjudged: BTreeSet::new(),
            complete: true,
            speaks_for_all: true,
            looked_for: &|_| true,
            elsewhere: &[],
            today: today.parse().ok(),
        }
    }

    fn rules_of(verdict: &Verdict) -> Vec<&str> {
        verdict.kept.iter().map(|f| f.rule.as_str()).collect()
    }

    fn allow(waivers: Vec<Waiver>) -> Allowed {
        Allowed { waivers, ..Allowed::default() }
    }

    #[test]
    fn a_path_excuses_all_and_a_cell_its_own() {
        let found = || vec![finding("a/b.yaml", &["staging/web", "production/web"])];
        let verdict = apply(found(), &allow(vec![waiver("golden/differs", "a/*.yaml")]), &run("2026-01-01"));
        assert!(verdict.kept.is_empty());
        let verdict = apply(found(), &allow(vec![waiver("golden/differs", "staging/*")]), &run("2026-01-01"));
        assert_eq!(verdict.kept[0].cells, cells(&["production/web"]));
        assert_eq!(verdict.excused[0].finding.cells, cells(&["staging/web"]));
        let both = vec![waiver("golden/differs", "staging/*"), waiver("golden/differs", "production/web")];
        let verdict = apply(found(), &allow(both), &run("2026-01-01"));
        assert!(verdict.kept.is_empty() && verdict.excused.len() == 2);
    }

    #[test]
    fn an_object_narrows_it() {
        let mut found = finding("a.yaml", &[]);
        for (cell, object) in [("staging/web", "Secret demo/one"), ("production/web", "Secret demo/two")] {
            found = found.shown(RenderPlace { cell: cell.into(), object: object.into(), ..RenderPlace::default() });
        }
        for (object, left) in [
            ("Secret/one", vec!["production/web"]),
            ("Secret demo/*", vec![]),
            ("ConfigMap/one", vec!["production/web", "staging/web"]),
        ] {
            let narrowed = Waiver { object: Glob::new(object), ..waiver("golden/differs", "a.yaml") };
            let mut run = run("2026-01-01");
            run.complete = false;
            let verdict = apply(vec![found.clone()], &allow(vec![narrowed]), &run);
            let kept: Vec<&str> = verdict.kept.iter().flat_map(|f| f.cells.iter().map(String::as_str)).collect();
            assert_eq!(kept, left, "{object}");
        }
    }

    #[test]
    fn past_its_date_it_excuses_nothing() {
        let found = || vec![finding("a.yaml", &["staging/web"])];
        let allowed = allow(vec![waiver("golden/differs", "a.yaml")]);
        assert!(apply(found(), &allowed, &run("2026-06-30")).kept.is_empty(), "the last day counts");
        assert_eq!(rules_of(&apply(found(), &allowed, &run("2026-07-01"))), ["golden/differs", "waivers/expired"]);
        assert!(apply(found(), &allowed, &run("no commit")).kept.is_empty());
        // A run of some cells says it only when it matters there.
        let mut partial = run("2026-07-01");
        partial.selected = cells(&["staging/web"]);
        partial.speaks_for_all = false;
        assert!(apply(Vec::new(), &allowed, &partial).kept.is_empty());
        assert_eq!(rules_of(&apply(found(), &allowed, &partial)).len(), 2);
    }

    #[test]
    fn stale_is_said_by_whole_runs_only() {
        let allowed = allow(vec![waiver("golden/differs", "staging/web")]);
        assert_eq!(rules_of(&apply(Vec::new(), &allowed, &run("2026-01-01"))), ["waivers/stale"]);
        let silent = |change: &dyn Fn(&mut Run<'_>)| {
            let mut run = run("2026-01-01");
            change(&mut run);
            assert!(apply(Vec::new(), &allowed, &run).kept.is_empty());
        };
        silent(&|run| run.complete = false);
        silent(&|run| run.looked_for = &|rule| rule != "golden/differs");
        silent(&|run| run.unjudged = cells(&["staging/web"]));
        let mut other = run("2026-01-01");
        other.unjudged = cells(&["production/web"]);
        assert_eq!(rules_of(&apply(Vec::new(), &allowed, &other)), ["waivers/stale"]);
    }

    #[test]
    fn of_several_parts_one_says_that_a_waiver_is_stale() {
        let part = |cell: &str, speaks_for_all: bool| {
            let mut run = run("2026-01-01");
            (run.selected, run.speaks_for_all) = (cells(&[cell]), speaks_for_all);
            run
        };
        let (first, second) = (part("staging/web", true), part("production/web", false));
        for (scope, told) in [("production/*", false), ("*/web", false), ("staging/web", true), ("a/*.yaml", true)] {
            let allowed = allow(vec![waiver("golden/differs", scope)]);
            let said = |run: &Run<'_>| !apply(Vec::new(), &allowed, run).kept.is_empty();
            assert_eq!((said(&first), said(&second)), (told, !told), "{scope}");
            assert_eq!(idle(&[], &allowed, &first).len(), usize::from(told), "{scope}");
            // What it excuses in a cell of another part keeps it.
            let found = [finding("a/b.yaml", &["staging/web", "production/web"])];
            for run in [&first, &second] {
                let run = Run {
                    elsewhere: &found,
                    all: run.all.clone(),
                    selected: run.selected.clone(),
                    unjudged: cells(&[]),
                    ..*run
                };
                assert!(!said(&run) && idle(&[], &allowed, &run).is_empty(), "{scope}");
            }
        }
    }

    #[test]
    fn two_waivers_of_one_finding_are_both_used() {
        let both = vec![waiver("golden/differs", "a.yaml"), waiver("golden/differs", "*.yaml")];
        let verdict = apply(vec![finding("a.yaml", &[])], &allow(both), &run("2026-01-01"));
        assert!(verdict.kept.is_empty() && verdict.excused.len() == 1);
    }

    #[test]
    fn names_of_no_rule_are_told_with_the_nearest() {
        let allowed = allow(vec![waiver("golden/difers", "a.yaml"), waiver("waivers/stale", "**")]);
        let verdict = apply(Vec::new(), &allowed, &run("2026-01-01"));
        assert_eq!(rules_of(&verdict), ["waivers/unknown-rule", "waivers/unknown-rule"]);
        assert!(verdict.kept[0].help.contains("golden/differs"));
        assert!(verdict.kept[1].message.contains("cannot be waived"));
    }

    #[test]
    fn a_comment_of_gitleaks_excuses_leaks_of_its_line() {
        let mut found = finding("a.yaml", &[]);
        found.rule = "leaks/jwt".to_owned();
        let allowed = Allowed { gitleaks: [("a.yaml".to_owned(), 3)].into(), ..Allowed::default() };
        assert!(apply(vec![found], &allowed, &run("2026-01-01")).kept.is_empty());
        assert_eq!(apply(vec![finding("a.yaml", &[])], &allowed, &run("2026-01-01")).kept.len(), 1);
    }
}
