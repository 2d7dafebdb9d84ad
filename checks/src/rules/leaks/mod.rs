//! Credentials in sources and renders. The scan is one for all rules (see [`leaks`]); what a rule adds is its page and
//! its weight. The words of a leak's finding are [`leaks::telling`]'s, since they are the same for all.

pub mod credential_in_args;
pub mod inline_secret;
pub mod jwt;
pub mod literal_credential;
pub mod password_in_url;
pub mod placeholder;
pub mod private_key;
pub mod provider_token;

use crate::chart::is_of_others;
use crate::model::{Place, Secrets, Severity};
use crate::object::Object;
use crate::rules::{Rule, SourceView};
use crate::sources::SourceKind;
use finding::{Finding, RenderPlace};
use leaks::telling::{self, Convention};
use leaks::{Leak, LeakRule};

/// The finding of a leak in a file. `secrets` is the repository's convention, if it states one.
pub fn finding(leak: &Leak, file: &str, secrets: Option<&Secrets>) -> Finding {
    let mut finding = Finding::new("", Severity::Off, "");
    tell(&mut finding, leak, file, secrets);
    finding
}

/// Makes a finding the one of a leak. What it was is forgotten, its memory used again.
pub fn tell(finding: &mut Finding, leak: &Leak, file: &str, secrets: Option<&Secrets>) {
    let rule = rule(leak.rule);
    telling::tell(finding, leak, file, rule.severity, secrets.map(convention));
}

fn convention(secrets: &Secrets) -> Convention<'_> {
    Convention {
        store: secrets.store.as_deref(),
        remote_key: secrets.remote_key.as_deref(),
        remote_property: secrets.remote_property.as_deref(),
    }
}

fn told(tell: impl FnOnce(&mut String)) -> String {
    let mut text = String::new();
    tell(&mut text);
    text
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
                .finding(told(|text| telling::message(leak, text)))
                .note(format!("{}: {}", leak.masked, leak.reason))
                .help(told(|text| telling::help(leak, secrets.map(convention), text)))
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

/// Whether a leak only shows how something is written: a placeholder in the template of a page, or in what a schema says of a value.
pub fn only_explains(leak: &Leak, file: &str) -> bool {
    if leak.rule != LeakRule::Placeholder {
        return false;
    }
    let name = file.rsplit('/').next().unwrap_or(file);
    let page = name.ends_with(".md.gotmpl");
    let schema =
        name.ends_with("schema.json") && leak.path.split(['.', '›', '[', ' ']).any(|step| EXPLAINING.contains(&step));
    page || schema
}

/// Keywords of a schema under which no value is set.
const EXPLAINING: &[&str] = &["description", "title", "$comment", "example", "examples"];

/// How much a leak in a source weighs. What lies beside a chart of somebody else's (its pages, its test values) is made up for
/// everybody to see; only what looks like a real token or key is worth a look.
fn weight(leak: &Leak, view: &SourceView<'_>) -> Option<Severity> {
    if only_explains(leak, view.path) {
        return None;
    }
    let own = rule(leak.rule).severity;
    if view.source.kind != SourceKind::Other || !is_of_others(view.path, view.sources) {
        return Some(own);
    }
    match leak.rule {
        LeakRule::ProviderToken | LeakRule::PrivateKey | LeakRule::Jwt => Some(Severity::Warning),
        _ => None,
    }
}

fn of_source(rule: &'static Rule, which: LeakRule, view: &SourceView<'_>, findings: &mut Vec<Finding>) {
    let secrets = view.matrix.secrets.as_ref();
    for leak in view.leaks.iter().filter(|leak| leak.rule == which) {
        debug_assert_eq!(self::rule(leak.rule).id, rule.id);
        let Some(severity) = weight(leak, view) else { continue };
        let mut finding = finding(leak, view.path, secrets);
        finding.severity = severity;
        findings.push(finding);
    }
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
