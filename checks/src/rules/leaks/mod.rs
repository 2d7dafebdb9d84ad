//! Credentials in sources and renders. The scan is one for all rules (see [`crate::leaks`]); what a rule adds is its page and
//! its weight. The words of a leak's finding stand here, since they are the same for all.

pub mod credential_in_args;
pub mod inline_secret;
pub mod jwt;
pub mod literal_credential;
pub mod password_in_url;
pub mod placeholder;
pub mod private_key;
pub mod provider_token;

use crate::model::{Place, Secrets};
use crate::object::Object;
use crate::rules::{Rule, SourceView};
use finding::{Finding, RenderPlace};
use leaks::{Leak, LeakRule, Where};

/// The finding of a leak in a file. `secrets` is the repository's convention, if it states one.
pub fn finding(leak: &Leak, file: &str, secrets: Option<&Secrets>) -> Finding {
    let rule = rule(leak.rule);
    let file = if leak.member.is_empty() { file.to_owned() } else { format!("{file}!/{}", leak.member) };
    let place =
        Place { file, line: leak.line, column: leak.column, end_line: leak.end_line, end_column: leak.end_column };
    // Where it is rendered is no part of what it is: one secret is one finding in every run.
    let identity = format!("{}\n{}", place.file, message(leak));
    let encoded = if leak.encoding.is_empty() { String::new() } else { format!(", in {}", leak.encoding) };
    rule.finding(message(leak))
        .identity(&identity)
        .at(place)
        .label(format!("{}{encoded}: {}", leak.masked, leak.reason))
        .help(help(leak, secrets))
}

/// The findings of the leaks of a render, each with the object and the path in it. `objects` are the render's, in its order.
pub fn in_render(leaks: &[Leak], objects: &[Object], cell: &str, secrets: Option<&Secrets>) -> Vec<Finding> {
    leaks
        .iter()
        .map(|leak| {
            let object = objects.iter().find(|o| (o.span.start.line..=o.span.end.line).contains(&leak.line));
            let render = RenderPlace {
                cell: cell.to_owned(),
                object: object.map(|o| o.id.to_string()).unwrap_or_default(),
                path: leak.path.clone(),
                line: leak.line,
                template: object.and_then(|o| o.template.clone()),
            };
            rule(leak.rule)
                .finding(message(leak))
                .note(format!("{}: {}", leak.masked, leak.reason))
                .help(help(leak, secrets))
                .shown(render)
        })
        .collect()
}

/// The finding of a limit that the scan of a file reached: what lies beyond it was not looked at closely.
pub fn limit(file: &str, line: usize, words: &str) -> Finding {
    literal_credential::RULE
        .finding(format!("the scan reached a limit: {words}"))
        .at(Place::line(file, line))
        .help("make the file smaller or flatter; what lies beyond the limit was not scanned closely")
}

/// The rule of a leak.
pub fn rule(rule: LeakRule) -> &'static Rule {
    match rule {
        LeakRule::ProviderToken => &provider_token::RULE,
        LeakRule::PrivateKey => &private_key::RULE,
        LeakRule::Jwt => &jwt::RULE,
        LeakRule::PasswordInUrl => &password_in_url::RULE,
        LeakRule::InlineSecret => &inline_secret::RULE,
        LeakRule::CredentialInArgs => &credential_in_args::RULE,
        LeakRule::LiteralCredential => &literal_credential::RULE,
        LeakRule::Placeholder => &placeholder::RULE,
    }
}

fn of_source(rule: &'static Rule, which: LeakRule, view: &SourceView<'_>, findings: &mut Vec<Finding>) {
    let secrets = view.matrix.secrets.as_ref();
    findings.extend(view.leaks.iter().filter(|leak| leak.rule == which).map(|leak| {
        debug_assert_eq!(self::rule(leak.rule).id, rule.id);
        finding(leak, view.path, secrets)
    }));
}

fn message(leak: &Leak) -> String {
    let article = if leak.kind.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
    let what = match leak.rule {
        LeakRule::Placeholder => format!("a placeholder stands for {article} {}", leak.kind),
        _ => format!("{article} {} stands", leak.kind),
    };
    let place = match leak.place {
        Where::Value | Where::Text => "",
        Where::Env => " in a name and value pair",
        Where::Config => " in a ConfigMap",
        Where::Secret => " in a Secret",
        Where::Target => " in the template of an ExternalSecret",
        Where::Annotation => " in an annotation",
        Where::Args => " on a command line",
        Where::Template => " in a template",
        Where::Comment => " in a comment",
    };
    match (leak.path.as_str(), place) {
        ("", "") => format!("{what} here"),
        ("", place) => format!("{what}{place}"),
        (path, place) => format!("{what}{place} under `{path}`"),
    }
}

/// The next step, in the repository's convention where there is one.
fn help(leak: &Leak, secrets: Option<&Secrets>) -> String {
    let revoke = match leak.rule {
        LeakRule::ProviderToken | LeakRule::PrivateKey | LeakRule::Jwt => "revoke it, then take a new one",
        LeakRule::Placeholder => "leave it empty and guard it with `required`, or take it",
        _ => "take it",
    };
    if leak.rule == LeakRule::Placeholder && secrets.is_none() {
        return "leave it empty and guard it with `required`".to_owned();
    }
    let key = vault_key(leak);
    let Some(secrets) = secrets else {
        return format!("{revoke} from a store: an ExternalSecret that reads `{key}`{}", consumer(leak));
    };
    let remote = secrets.remote_key.as_deref().unwrap_or("{key}").replace("{key}", &key);
    let property = secrets.remote_property.as_ref().map(|p| format!(", property: {p}")).unwrap_or_default();
    let store = secrets.store.as_ref().map(|s| format!(" of {s}")).unwrap_or_default();
    format!(
        "{revoke} from Vault: add `{key}` to an ExternalSecret{store} (remoteRef: {{key: {remote}{property}}}){}",
        consumer(leak)
    )
}

/// How the place gets the value then.
fn consumer(leak: &Leak) -> String {
    match leak.place {
        Where::Value => {
            let parent = leak.path.rsplit_once('.').map_or("", |(parent, _)| parent);
            let auth = !parent.is_empty() && !parent.contains([' ', '›']) && leak.path.len() < 80;
            if auth {
                format!(" and set {parent}.existingSecret to the Secret that it makes")
            } else {
                " and refer to the Secret that it makes".to_owned()
            }
        }
        Where::Env | Where::Args => " and refer to it with valueFrom.secretKeyRef".to_owned(),
        Where::Config => " and move the entry out of the ConfigMap".to_owned(),
        Where::Secret => " and let it make this Secret".to_owned(),
        Where::Target => " and refer to it as `{{ .key }}` in the template".to_owned(),
        _ => String::new(),
    }
}

/// A key for the store, from the names that the value stands under: `threads-db-password`.
fn vault_key(leak: &Leak) -> String {
    const NOISE: [&str; 22] = [
        "spec",
        "template",
        "containers",
        "env",
        "value",
        "values",
        "data",
        "stringData",
        "auth",
        "config",
        "global",
        "extraEnv",
        "extraEnvVars",
        "initContainers",
        "metadata",
        "annotations",
        "args",
        "command",
        "secrets",
        "secret",
        "containers",
        "application",
    ];
    let names: Vec<&str> = leak.path.split(['.', ' ', '›']).filter(|p| !p.is_empty() && !NOISE.contains(p)).collect();
    let from = names.len().saturating_sub(2);
    let long = names.last().is_some_and(|last| last.contains(['_', '-']) || last.len() > 14);
    let chosen = if long { &names[names.len() - 1..] } else { &names[from..] };
    let mut key = String::new();
    for part in chosen {
        let mut previous_lower = false;
        if !key.is_empty() {
            key.push('-');
        }
        for c in part.chars() {
            if c.is_ascii_uppercase() && previous_lower {
                key.push('-');
            }
            previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            key.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
        }
    }
    let key: Vec<&str> = key.split('-').filter(|p| !p.is_empty()).collect();
    if key.is_empty() { leak.kind.to_lowercase().replace([' ', '.', '(', ')'], "-") } else { key.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leaks::{MaskKey, ScanFile, scan};

    #[test]
    fn the_help_names_the_key_in_the_repositorys_convention() {
        let weak = ["hunter", "2x"].concat();
        let text = format!("postgresql:\n  auth:\n    password: {weak}\n");
        let leaks = scan(&ScanFile { path: "values.yaml", bytes: text.as_bytes() }, &MaskKey::new([1; 32])).leaks;
        let secrets = Secrets {
            remote_key: Some("secret/data/{key}".to_owned()),
            remote_property: Some("value".to_owned()),
            store: Some("ClusterSecretStore/vault".to_owned()),
            ..Secrets::default()
        };
        let finding = finding(&leaks[0], "values.yaml", Some(&secrets));
        assert_eq!(finding.message, "a password stands under `postgresql.auth.password`");
        assert_eq!(
            finding.help,
            "take it from Vault: add `postgresql-password` to an ExternalSecret of ClusterSecretStore/vault (remoteRef: {key: \
             secret/data/postgresql-password, property: value}) and set postgresql.auth.existingSecret to the Secret that it makes"
        );
        assert!(!format!("{finding:?}").contains(&weak));
    }
}
