//! Values of the matrix file that have a form of their own: versions, APIs, names, namespaces, what environments own. What has
//! another form would not fail: it would silently be nobody's.

use checks::owned;
use yaml::Node;

use super::read::{Reader, Spanned};

/// What a release is called where something is wrong with its name.
pub const RELEASE: &str = "a release";

/// `1.33.4`: a golden belongs to one version, so neither a range nor a version without its patch will do.
pub fn exact_version(reader: &Reader, node: &Node, what: &str, example: &str) -> Option<String> {
    let text = reader.text(node, what)?;
    let (core, pre) = text.value.split_once('-').map_or((text.value.as_str(), None), |(core, pre)| (core, Some(pre)));
    let parts: Vec<&str> = core.split('.').collect();
    let numeric = parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    let pre_fits =
        pre.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b)));
    if numeric && pre_fits && parts.len() == 3 {
        return Some(text.value);
    }
    let help = if numeric && parts.len() == 2 {
        format!("write it with its patch, e.g. `{core}.0`")
    } else if let Some(bare) = text.value.strip_prefix('v') {
        format!("write it without `v`: `{bare}`")
    } else {
        format!("write one exact version, e.g. `{example}`")
    };
    reader.push(reader.at("matrix/version", node.span, format!("{what} is not exact: `{}`", text.value)).help(help));
    None
}

/// `group/version` or `group/version/Kind`; the core group has no name: `v1`, `v1/Secret`. The error says what to write.
pub fn api_version(api: &str) -> Result<(), String> {
    const HELP: &str = "write group/version or group/version/Kind, e.g. `external-secrets.io/v1/ExternalSecret`";
    let (group_version, kind) = match api.rsplit_once('/') {
        Some((rest, kind)) if kind.starts_with(|c: char| c.is_ascii_uppercase()) => (rest, kind),
        _ => (api, ""),
    };
    let is_kind = kind.bytes().all(|b| b.is_ascii_alphanumeric());
    let core = |version: &str| version.strip_prefix('v').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
    let fits = match group_version.split_once('/') {
        Some((group, version)) => {
            group.split('.').all(is_label) && is_label(version) && version.starts_with(|c: char| c.is_ascii_lowercase())
        }
        None => core(group_version) && is_label(group_version),
    };
    if fits && is_kind {
        return Ok(());
    }
    if group_version.split('.').all(is_label) && !core(group_version) {
        let kind = if kind.is_empty() { String::new() } else { format!("/{kind}") };
        return Err(format!("it lacks its version: write `{group_version}/v1{kind}`, with the version that is served"));
    }
    Err(HELP.to_owned())
}

/// A label as RFC 1123 has it, which is what Kubernetes takes for the name of a namespace.
fn is_label(text: &str) -> bool {
    let inner = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    inner && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

/// A namespace.
pub fn namespace(reader: &Reader, node: &Node) -> Option<Spanned<String>> {
    let name = reader.text(node, "the namespace")?;
    if is_label(&name.value) {
        return Some(name);
    }
    let found = reader.at("matrix/name", node.span, format!("`{}` cannot be the name of a namespace", name.value));
    let mut help = "use lower-case letters, digits and `-` between them, at most 63".to_owned();
    let nearest = name.value.to_lowercase().replace(['_', '.', ' ', '/'], "-");
    if is_label(&nearest) {
        help.push_str(&format!(", e.g. `{nearest}`"));
    }
    reader.push(found.help(help));
    None
}

/// The hosts and networks of one environment.
pub fn owns(reader: &Reader, node: &Node) -> Vec<String> {
    let mut owns = Vec::new();
    for entry in reader.texts(node, "`owns`") {
        if let Err(wrong) = owned::parse(&entry.value) {
            let found =
                reader.at("matrix/owns", entry.span, format!("{}, so it would be found in no text", wrong.message));
            reader.push(found.help(wrong.help));
        }
        owns.push(entry.value);
    }
    owns
}

/// A name that is safe in a path: labels with dots between them. Helm takes no `_` in a release's.
pub fn name(reader: &Reader, node: &Node, what: &str, longest: usize) -> Option<String> {
    let name = reader.text(node, what)?;
    let plain = if what == RELEASE { name.value.clone() } else { name.value.replace('_', "-") };
    if plain.len() <= longest && plain.split('.').all(is_label) {
        return Some(name.value);
    }
    let found = reader.at("matrix/name", node.span, format!("`{}` cannot be the name of {what}", name.value));
    reader.push(found.help(format!(
        "use lower-case letters and digits, with `-` or `.` between them, at most {longest} characters"
    )));
    None
}
