//! `waivers/expired`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "waivers/expired",
    severity: Severity::Error,
    summary: "a waiver is past its date",
    check: Check::Program,
    doc: "\
## What it finds
A waiver whose `until` lies before the date of the commit. `until` is the last day on which it holds. From then on it excuses
nothing: what it hid is shown again.

## Why it matters
A waiver is a debt with a date. The date is compared with the commit's and not with the clock's, so that one commit has one
verdict, whenever it is looked at.

## Example
`- {rule: leaks/literal-credential, where: staging/web, reason: until the vault is there, until: 2026-03-31}` in a commit of
April.

## What to do instead
Mend what it excuses and delete it; or decide anew, and write the new date and the reason for it.

## When it stays silent
Without git, or before the first commit, there is no date to compare with: the run says so in a note, and the waiver holds.
A run of some cells tells it only for a waiver that would have excused something there.
",
};
