//! The page of a rule: what `cargo xtask explain` prints, what stands in `docs/rules/`, what other tools show beside a finding.

use std::collections::BTreeMap;

use super::{Check, Rule};
use crate::baseline;
use crate::model::Severity;
use crate::waivers;

/// The page with its title.
pub fn page(rule: &Rule) -> String {
    format!("# {} ({})\n\n{}.\n\n{}", rule.id, severity(rule.severity), rule.summary, body(rule))
}

/// The page without its title.
pub fn body(rule: &Rule) -> String {
    format!("{}\n\n## How to waive it\n{}\n", rule.doc.trim_end(), waive(rule))
}

/// The file of a page, below the folder of all pages.
pub fn file(rule: &Rule) -> String {
    format!("{}.md", rule.id.replace('/', "-"))
}

/// The list of all rules, by family.
pub fn index(rules: &[&Rule]) -> String {
    let mut text = String::from(
        "# Rules\n\nEach page says what a rule finds, why it matters, what to do, when it stays silent, and how to waive it. \
         `cargo xtask explain RULE`\nprints the same page. These files are generated from the rules themselves.\n",
    );
    let mut families: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        families.entry(rule.id.split('/').next().unwrap_or_default()).or_default().push(rule);
    }
    for (family, rules) in families {
        text.push_str(&format!("\n## {family}\n\n| rule | severity | finds |\n| --- | --- | --- |\n"));
        for rule in rules {
            let summary = rule.summary.replace('|', "\\|");
            text.push_str(&format!("| [{}]({}) | {} | {summary} |\n", rule.id, file(rule), severity(rule.severity)));
        }
    }
    text
}

/// A severity as people write it in the matrix file.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Off => "off",
    }
}

fn waive(rule: &Rule) -> String {
    let id = rule.id;
    if !waivers::can_be_waived(id) {
        return format!(
            "It cannot be waived: a waiver would vouch for itself. `rules: {{{id}: off}}` in the matrix file switches it off."
        );
    }
    let mut text = format!(
        "In the file that the matrix file names with `waivers`, as an entry with a reason and a last day:\n\n```yaml\n- rule: {id}\n  \
         where: {}\n  reason: why it is acceptable\n  until: 2026-12-31\n```\n\n`where` is a path, a cell (`staging/web`) or a \
         pattern of either; `object: Kind/name` narrows it.",
        example(rule)
    );
    if !id.starts_with("golden/") {
        text.push_str(&format!(
            " Or in a comment on the line or above it:\n`# xtask:allow {id} until=2026-12-31: why it is acceptable`, in a template \
             `{{{{/* … */}}}}`."
        ));
    }
    if id.starts_with("leaks/") {
        text.push_str(
            " `gitleaks:allow` on the line\nis understood too. A waived credential may stand in a golden; all others are refused.",
        );
    }
    if !baseline::can_be_known(id) {
        text.push_str("\n\n`cargo xtask baseline` never takes it in.");
    }
    text
}

fn example(rule: &Rule) -> &'static str {
    match rule.check {
        Check::Source(_) => "environments/staging/web.yaml",
        _ => "staging/web",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::registry;

    /// The headings are the same in every rule, so that a reader finds what he looks for.
    #[test]
    fn every_page_has_the_same_headings() {
        for rule in registry() {
            let page = page(rule);
            let headings: Vec<&str> = page.lines().filter_map(|l| l.strip_prefix("## ")).collect();
            let expected = [
                "What it finds",
                "Why it matters",
                "Example",
                "What to do instead",
                "When it stays silent",
                "How to waive it",
            ];
            assert_eq!(headings, expected, "{}", rule.id);
        }
    }

    #[test]
    fn the_registry_is_sorted_and_its_names_have_two_parts() {
        let ids: Vec<&str> = registry().iter().map(|r| r.id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert!(ids.iter().all(|id| id.split('/').count() == 2));
    }
}
