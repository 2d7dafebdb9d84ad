//! `leaks/credential-in-args`.

use crate::model::Severity;
use crate::rules::{Check, Rule};
use leaks::LeakRule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "leaks/credential-in-args",
    severity: Severity::Error,
    summary: "a credential stands on a command line",
    check: Check::Source(|view, findings| super::of_source(&RULE, LeakRule::CredentialInArgs, view, findings)),
    doc: "\
## What it finds
A literal after a credential's flag in command, args or a shell string: `--password=…`, `--password …`, also split over two
items of a list; and what a hundred programs take without saying so, in a shell string, in a list of arguments (`args` go on
where `command` ends) and in a Dockerfile: `-p…` of MySQL's tools, `-a …` of redis-cli, `-u user:…` of curl, `-p …` of
`docker login` and sshpass, the last word of `htpasswd -b` and `rabbitmqctl add_user`; and what `echo` hands to
`--password-stdin`, chpasswd or `sudo -S`. Servers are told theirs in lines of the same kind: users of Redis, HAProxy and JAAS,
`sentinel auth-pass`, secrets of strongSwan, the list of cloud-init's chpasswd, what `expect` sends to a prompt.

## Why it matters
Command lines show in the process list of the node, in `kubectl describe`, in audit logs.

## Example
```yaml
args: [\"--admin-password\", \"…\"]
```

## What to do instead
Give the program an environment variable from a Secret and refer to it: `--admin-password=$(ADMIN_PASSWORD)`.

## When it stays silent
`$(VAR)`, `${VAR}`, `$VAR`, `{{ … }}`; flags that name a file, a path, a Secret.
",
};
