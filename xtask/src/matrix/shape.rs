//! Values of the matrix file that have a form of their own: namespaces, what environments own, APIs. What has another form would
//! not fail: it would silently be nobody's namespace, host or API.

use checks::rules;
use finding::Finding;
use yaml::{Node, Span};

use super::read::{Reader, Spanned};

/// A namespace: an RFC 1123 label.
pub fn namespace(reader: &Reader, node: &Node) -> Option<Spanned<String>> {
    let text = reader.text(node, "the namespace")?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = text.value.len() <= 63
        && text.value.bytes().all(|b| plain(b) || b == b'-')
        && [text.value.bytes().next(), text.value.bytes().last()].into_iter().flatten().all(plain);
    if fits {
        return Some(text);
    }
    let found = reader.at("matrix/name", text.span, format!("`{}` cannot be a namespace", text.value));
    reader.push(found.help("use lower-case letters, digits and `-` inside, at most 63 of them"));
    None
}

/// The hosts and networks of one environment.
pub fn owned(reader: &Reader, node: &Node) -> Vec<String> {
    let all = reader.texts(node, "`owns`").into_iter();
    let (good, bad): (Vec<_>, Vec<_>) = all.partition(|owned| rules::is_host_or_network(&owned.value));
    for owned in bad {
        reader.push(no_host(reader, &owned.value, owned.span));
    }
    good.into_iter().map(|owned| owned.value).collect()
}

fn no_host(reader: &Reader, text: &str, span: Span) -> Finding {
    let found = reader.at("matrix/wrong-type", span, format!("`{text}` is neither a host nor a network"));
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split(['/', '?', '#']).next().unwrap_or_default();
    let bare = bare.rsplit_once(':').map_or(bare, |(host, _)| host);
    found.help(if bare != text && rules::is_host_or_network(bare) && bare.parse::<std::net::Ipv4Addr>().is_err() {
        format!("write the host alone: `{bare}`; what is below it is owned, too")
    } else {
        "write a host such as `staging.example.org`, or an IPv4 network such as `10.0.0.0/8`".to_owned()
    })
}

/// APIs that the cluster has: `group/version`, `group/version/Kind`; `v1` and `v1/Kind` for the core group.
pub fn apis(reader: &Reader, node: &Node) -> Vec<String> {
    let all = reader.texts(node, "`apis`");
    for api in all.iter().filter(|api| !is_api(&api.value)) {
        let found = reader.at("matrix/wrong-type", api.span, format!("`{}` is no API", api.value));
        reader.push(
            found.help("write group/version or group/version/Kind, e.g. `external-secrets.io/v1/ExternalSecret`"),
        );
    }
    all.into_iter().map(|api| api.value).collect()
}

fn is_api(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) || text.contains(char::is_whitespace) {
        return false;
    }
    match parts.as_slice() {
        [version] | [version, _] if is_version(version) => true,
        [_, version] | [_, version, _] => is_version(version),
        _ => false,
    }
}

/// `v1`, `v1alpha1`, `v2beta3`.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let stage = &rest[digits..];
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits > 0
        && (stage.is_empty() || ["alpha", "beta"].iter().any(|word| stage.strip_prefix(word).is_some_and(number)))
}
