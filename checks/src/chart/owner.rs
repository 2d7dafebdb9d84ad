//! Whose a chart is: the repository's own, or one that somebody else publishes and that was copied into it.

use crate::sources::Sources;
use yaml::Node;

/// Annotations by which a chart is listed in a public place: prefixes.
const LISTED: &[&str] = &["artifacthub.io/", "charts.openshift.io/", "catalog.cattle.io/", "licenses", "category"];

/// Whether a file lies in a chart of somebody else's: one below `charts/` that its parent declares with a repository on the network,
/// or one whose Chart.yaml says where it is published (`home` or `sources`) and how it is shown there (an icon, the annotations of a
/// public list); and whatever lies below such a chart.
pub fn is_of_others(path: &str, sources: &Sources) -> bool {
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    folders.filter_map(|folder| Some((folder, metadata(folder, sources)?))).any(|(folder, chart)| {
        let name = chart.str_at(&["name"]).unwrap_or_default();
        is_published(&chart) || comes_from_a_network(folder, name, sources)
    })
}

fn metadata(folder: &str, sources: &Sources) -> Option<Node> {
    let text = sources.get(&format!("{folder}/Chart.yaml"))?.text()?;
    yaml::parse(text).into_iter().find_map(|document| document.root)
}

fn is_published(chart: &Node) -> bool {
    let sources = chart.get("sources").map(Node::items).unwrap_or_default().iter();
    let on_the_web =
        chart.get("home").into_iter().chain(sources).filter_map(Node::text).any(|url| url.starts_with("http"));
    let annotations = chart.get("annotations").map(Node::entries).unwrap_or_default();
    let listed = annotations
        .iter()
        .filter_map(|entry| entry.key.text())
        .any(|key| LISTED.iter().any(|prefix| key == *prefix || prefix.ends_with('/') && key.starts_with(prefix)));
    on_the_web && (listed || chart.get("icon").is_some())
}

/// Whether the chart above declares this one with a repository on the network.
fn comes_from_a_network(folder: &str, name: &str, sources: &Sources) -> bool {
    let Some((parent, entry)) = folder.rsplit_once("/charts/").filter(|(_, entry)| !entry.contains('/')) else {
        return false;
    };
    let Some(parent) = metadata(parent, sources) else { return false };
    parent.get("dependencies").map(Node::items).unwrap_or_default().iter().any(|dependency| {
        let called = |key: &str| dependency.str_at(&[key]).is_some_and(|text| text == name || text == entry);
        let repository = dependency.str_at(&["repository"]).unwrap_or_default();
        (called("name") || called("alias")) && !repository.is_empty() && !repository.starts_with("file:")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Source, SourceKind};

    #[test]
    fn what_others_publish_and_what_was_fetched_is_theirs() {
        let own = "name: own\nhome: https://wiki.example.org\nmaintainers: [{name: team}]\ndependencies:\n\
                   - {name: far, repository: 'https://charts.example.com'}\n- {name: near, repository: 'file://../near'}\n- {name: here}\n";
        let published = "name: p\nsources: ['https://github.com/x/p']\nannotations: {artifacthub.io/license: MIT}\n";
        let files = [
            ("charts/own/Chart.yaml", own),
            ("charts/own/charts/far/Chart.yaml", "name: far\n"),
            ("charts/own/charts/near/Chart.yaml", "name: near\n"),
            ("charts/own/charts/here/Chart.yaml", "name: here\n"),
            ("charts/p/Chart.yaml", published),
            ("charts/p/charts/x/Chart.yaml", "name: x\n"),
        ];
        let source =
            |text: &str| Source { bytes: text.into(), kind: SourceKind::Chart, cells: std::sync::Arc::default() };
        let sources: Sources = files.map(|(path, text)| (path.to_owned(), source(text))).into();
        for (path, expected) in [
            ("charts/own/README.md", false),
            ("charts/own/charts/far/ci/a.yaml", true),
            ("charts/own/charts/near/ci/a.yaml", false),
            ("charts/own/charts/here/templates/a.yaml", false),
            ("charts/p/templates/secret.yaml", true),
            ("charts/p/charts/x/values.yaml", true),
            ("environments/local/p.yaml", false),
        ] {
            assert_eq!(is_of_others(path, &sources), expected, "{path}");
        }
    }
}
