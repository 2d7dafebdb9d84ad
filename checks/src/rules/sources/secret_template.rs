//! `sources/secret-template`.

use crate::chart::is_of_others;
use crate::model::{Place, Severity};
use crate::rules::{Check, Rule, SourceView};
use crate::sources::SourceKind;
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "sources/secret-template",
    severity: Severity::Error,
    summary: "a template can render a Secret from values",
    check: Check::Source(check),
    doc: "\
## What it finds
A template of the chart itself with `kind: Secret` whose `data` or `stringData` an action fills from values, from a named
template, or with random text, whether any environment switches it on or not.

## Why it matters
A Secret that can be rendered from values invites credentials into values files, and one `enabled: true` brings them into the
render. Random text changes at each render.

## Example
```yaml
kind: Secret
stringData:
  password: {{ .Values.password | quote }}
```

## What to do instead
Delete the template and let an `ExternalSecret` make the Secret.

## When it stays silent
Secrets without actions in their data (literals are `leaks/inline-secret`), service account tokens and other Secrets that
Kubernetes fills, Secrets whose data come from `.Files` or `lookup` alone, templates of vendored subcharts. Charts that others
publish, as their Chart.yaml tells (`home` or `sources` with an icon or the annotations of a public list): they have to offer it, and
a credential that one renders is a finding of `leaks/*`.
",
};

fn check(view: &SourceView<'_>, findings: &mut Vec<Finding>) {
    if view.source.kind != SourceKind::Template || view.path.contains("/charts/") && nested(view.path) {
        return;
    }
    let lines = secrets_from_values(view.text);
    // A chart for everybody has to offer it; what it renders here is looked at in the render.
    if lines.is_empty() || is_of_others(view.path, view.sources) {
        return;
    }
    for line in lines {
        findings.push(
            RULE.finding("this template can render a Secret from values")
                .at(Place::line(view.path, line))
                .label("`kind: Secret`")
                .help("delete it and let an ExternalSecret make the Secret"),
        );
    }
}

/// Whether a path lies in a subchart of a chart: `charts/a/charts/b/templates/c.yaml`.
fn nested(path: &str) -> bool {
    path.split('/').rev().skip_while(|part| *part != "templates").filter(|part| *part == "charts").count() > 1
}

/// Lines, from 1, of every `kind: Secret` whose data actions fill.
fn secrets_from_values(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut kind, mut data_indent, mut filled) = (None, None::<usize>, false);
    let mut finish = |kind: &mut Option<usize>, filled: &mut bool| {
        if let (Some(line), true) = (kind.take(), std::mem::take(filled)) {
            found.push(line);
        }
    };
    for (number, line) in text.lines().enumerate() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if line.starts_with("---") {
            finish(&mut kind, &mut filled);
            data_indent = None;
            continue;
        }
        if content.starts_with('#') || content.is_empty() {
            continue;
        }
        let action = content.starts_with("{{");
        if !action && data_indent.is_some_and(|open| indent <= open) {
            data_indent = None;
        }
        if let Some(value) = content.strip_prefix("kind:") {
            let is_secret = value.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "Secret");
            if indent == 0 && is_secret {
                // Its data may stand before its kind.
                if kind.is_some() {
                    finish(&mut kind, &mut filled);
                }
                kind = Some(number + 1);
            }
        }
        if indent == 0 && (content.starts_with("data:") || content.starts_with("stringData:")) {
            data_indent = Some(indent);
        }
        if data_indent.is_some() && from_values(content) {
            filled = true;
        }
    }
    finish(&mut kind, &mut filled);
    found
}

/// Whether an action of a line prints something that values decide.
fn from_values(line: &str) -> bool {
    line.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap_or_default()).any(|action| {
        let action = action.trim_matches(['-', ' ']);
        let control =
            ["if ", "else", "end", "with ", "range ", "/*", "define "].iter().any(|word| action.starts_with(word));
        let assignment = action.starts_with('$') && action.contains(":=");
        !control
            && !assignment
            && (action.contains(".Values")
                || ["include ", "tpl ", "template ", "rand", "htpasswd", "gen", "derivePassword", "uuidv4"]
                    .iter()
                    .any(|word| action.contains(word))
                || action.starts_with('$')
                || action.starts_with('.') && !action.starts_with(".Files") && !action.starts_with(".Release"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_filled_from_values_is_found_wherever_its_kind_stands() {
        let text = "apiVersion: v1\ndata:\n  a: {{ .Values.a | b64enc }}\nkind: Secret\n---\nkind: ConfigMap\ndata:\n  a: {{ .Values.a }}\n";
        assert_eq!(secrets_from_values(text), [4]);
        let text = "{{- if .Values.on }}\nkind: Secret\nstringData:\n  {{- range $k, $v := .Values.m }}\n  {{ $k }}: {{ $v | quote }}\n  {{- end }}\n{{- end }}\n";
        assert_eq!(secrets_from_values(text), [2]);
    }

    #[test]
    fn a_secret_that_kubernetes_fills_is_none() {
        let text = "kind: Secret\nmetadata:\n  name: {{ .Values.name }}\ntype: kubernetes.io/service-account-token\n";
        assert!(secrets_from_values(text).is_empty());
        let text = "kind: Secret\ndata:\n{{ (.Files.Glob \"conf/*\").AsSecrets | indent 2 }}\n";
        assert!(secrets_from_values(text).is_empty());
    }
}
