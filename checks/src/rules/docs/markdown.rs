//! As much of Markdown as the pages need: lines, code blocks, tables, names in backticks.

/// A name in backticks, or a word of a command, with its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name itself.
    pub text: &'a str,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What the page says it is.
    pub role: Role,
}

/// What a page says a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A Secret.
    Secret,
    /// An `ExternalSecret`.
    ExternalSecret,
    /// A `ConfigMap`.
    ConfigMap,
    /// A Vault key.
    VaultKey,
    /// A path of a value.
    Value,
}

/// The names whose role the page says: by the head of their table's column, by the kind before them (Secret `x`), by a command
/// (`kubectl … secret x`).
pub fn names(page: &str) -> Vec<Name<'_>> {
    let mut found = Vec::new();
    let mut fenced = false;
    let mut columns: Vec<Option<Role>> = Vec::new();
    let mut previous = "";
    for (index, line) in page.lines().enumerate() {
        let number = index + 1;
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            fenced = !fenced;
            columns.clear();
            continue;
        }
        if fenced {
            commands(line, line, number, &mut found);
            continue;
        }
        if line.trim_start().starts_with('|') {
            if is_rule(line) {
                columns = cells(previous).map(role_of_head).collect();
            } else {
                for (role, cell) in columns.iter().zip(cells(line)) {
                    let name = backticked(cell).next();
                    if let (Some(role), Some(text)) = (role, name) {
                        push(text, line, number, *role, &mut found);
                    }
                }
            }
        } else {
            columns.clear();
            kinds(line, number, &mut found);
            for code in backticked(line) {
                commands(code, line, number, &mut found);
            }
        }
        previous = line;
    }
    found
}

fn push<'a>(text: &'a str, line: &'a str, number: usize, role: Role, found: &mut Vec<Name<'a>>) {
    let offset = text.as_ptr() as usize - line.as_ptr() as usize;
    let column = line.get(..offset).map_or(1, |before| before.chars().count() + 1);
    found.push(Name { text, line: number, column, role });
}

/// The line under a table's head.
fn is_rule(line: &str) -> bool {
    line.contains('-') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    line.strip_suffix('|').unwrap_or(line).split('|')
}

fn role_of_head(head: &str) -> Option<Role> {
    let head = head.trim().trim_matches(['*', '`']).to_ascii_lowercase();
    let head = head.split('(').next().unwrap_or_default().trim();
    Some(match head {
        "secret" | "secrets" | "secret name" => Role::Secret,
        "externalsecret" | "externalsecrets" | "external secret" => Role::ExternalSecret,
        "configmap" | "configmaps" => Role::ConfigMap,
        "vault key" | "vault keys" => Role::VaultKey,
        "value" | "values" | "value path" | "parameter" => Role::Value,
        _ => return None,
    })
}

/// What stands between single backticks.
fn backticked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|t| !t.is_empty())
}

/// A kind and then a name in backticks: Secret `x`.
fn kinds<'a>(line: &'a str, number: usize, found: &mut Vec<Name<'a>>) {
    let parts: Vec<&str> = line.split('`').collect();
    for pair in parts.windows(2).step_by(2) {
        let word = pair[0].trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let near = pair[0].ends_with(' ') && pair[0].trim_end().ends_with(word);
        let role = match word {
            "Secret" => Role::Secret,
            "ExternalSecret" => Role::ExternalSecret,
            "ConfigMap" => Role::ConfigMap,
            _ => continue,
        };
        if near && !word.is_empty() {
            push(pair[1], line, number, role, found);
        }
    }
}

/// `kubectl … externalsecret NAME`, `secret/NAME`.
fn commands<'a>(code: &'a str, line: &'a str, number: usize, found: &mut Vec<Name<'a>>) {
    if !code.contains("kubectl ") {
        return;
    }
    let mut words = code.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let (kind, name) = word.split_once('/').map_or((word, None), |(kind, name)| (kind, Some(name)));
        let role = match kind.split('.').next().unwrap_or_default() {
            "secret" | "secrets" => Role::Secret,
            "externalsecret" | "externalsecrets" | "es" => Role::ExternalSecret,
            "configmap" | "configmaps" | "cm" => Role::ConfigMap,
            _ => continue,
        };
        if let Some(name) = name.or_else(|| words.peek().copied()) {
            push(name, line, number, role, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_its_names_are() {
        let page = "\
Secret `a-b` comes from ExternalSecret `a-b-sync`, not from the `c` of `d`.

| Secret | key | ExternalSecret (release) | Vault key |
|---|---|---|---|
| `e` | `url` | `e-sync` (bundle) | `e-url` |

`kubectl get secret f -o yaml`

```sh
kubectl annotate externalsecret g-sync force-sync=1
kubectl rollout restart deployment/h
```
";
        let found: Vec<(&str, usize, Role)> = names(page).into_iter().map(|n| (n.text, n.line, n.role)).collect();
        assert_eq!(
            found,
            [
                ("a-b", 1, Role::Secret),
                ("a-b-sync", 1, Role::ExternalSecret),
                ("e", 5, Role::Secret),
                ("e-sync", 5, Role::ExternalSecret),
                ("e-url", 5, Role::VaultKey),
                ("f", 7, Role::Secret),
                ("g-sync", 10, Role::ExternalSecret),
            ]
        );
    }
}
