//! From a name in a render to the source that a person must edit.

use crate::facts::Facts;
use crate::model::{Cell, Matrix, Place};
use crate::sources::{SourceKind, Sources};
use crate::template;
use finding::RenderPlace;
use yaml::{Inside, Node};

/// Values files larger than this are not searched.
const MAX_SEARCHED: usize = 4 * 1024 * 1024;

/// Where something shows in a render.
pub fn in_render(facts: &Facts, object: u32, path: &str, line: u32) -> RenderPlace {
    let object = facts.object(object);
    RenderPlace {
        cell: facts.cell.clone(),
        object: object.identity(),
        path: path.to_owned(),
        line: line as usize,
        template: object.template.clone(),
    }
}

/// The path of a template in the repository, from Helm's `chart/templates/file.yaml`.
pub fn template_path(cell: &Cell, template: &str) -> Option<String> {
    let (_, inner) = template.split_once('/')?;
    Some(format!("{}/{inner}", cell.chart))
}

/// The place that gave a cell's render a name (or host): the last values file of the cell that holds it as a scalar
/// or a key, then the line of the template that holds it, then the one line of the partials (the chart's own and those of its
/// library charts) that does, then the template, then the cell's entry in the matrix file.
pub fn of_text(sources: &Sources, matrix: &Matrix, facts: &Facts, object: u32, text: &str) -> Place {
    let (env, release) = facts.cell.split_once('/').unwrap_or_default();
    let Some(cell) = matrix.cell(env, release) else { return Place::file(&matrix.file) };
    of_text_in_cell(sources, cell, facts.object(object).template.as_deref(), text)
}

/// The same for a cell and the template of an object.
pub fn of_text_in_cell(sources: &Sources, cell: &Cell, template: Option<&str>, text: &str) -> Place {
    let chart_values = format!("{}/values.yaml", cell.chart);
    let chain = cell.values.iter().rev().map(|v| v.path.as_str()).chain([chart_values.as_str()]);
    for path in chain {
        if let Some(place) = in_values(sources, path, text) {
            return place;
        }
    }
    let path = template.and_then(|t| template_path(cell, t));
    let Some(path) = path.filter(|p| sources.contains_key(p)) else { return cell.place.clone() };
    let found = in_lines(sources, &path, text).or_else(|| in_partials(sources, cell, text));
    found.unwrap_or_else(|| Place::file(path))
}

/// The place that makes something of a name: the line of the object's own template that holds the name; then the entry of a values
/// file that gives it, but never one by which something else refers to it; then the line of the partials; then where the object
/// begins in its template.
pub fn of_maker(sources: &Sources, matrix: &Matrix, facts: &Facts, object: u32, name: &str) -> Place {
    let (env, release) = facts.cell.split_once('/').unwrap_or_default();
    let Some(cell) = matrix.cell(env, release) else { return Place::file(&matrix.file) };
    let maker = facts.object(object);
    let template = maker.template.as_deref().and_then(|template| template_path(cell, template));
    let template = template.filter(|path| sources.contains_key(path));
    if let Some(place) = template.as_deref().and_then(|path| in_own_lines(sources, path, &maker.kind, name)) {
        return place;
    }
    let chart_values = format!("{}/values.yaml", cell.chart);
    let chain = cell.values.iter().rev().map(|v| v.path.as_str()).chain([chart_values.as_str()]);
    let given = chain.filter_map(|path| best_in_values(sources, path, name, makes)).max_by_key(|(rank, _)| *rank);
    if let Some((_, place)) = given {
        return place;
    }
    let Some(template) = template else { return cell.place.clone() };
    let kind = format!("kind: {}", maker.kind);
    in_partials(sources, cell, name)
        .or_else(|| in_lines(sources, &template, &kind))
        .unwrap_or_else(|| Place::file(&template))
}

/// The line of a template that holds a name, in a document of a kind where the template says so.
fn in_own_lines(sources: &Sources, path: &str, kind: &str, name: &str) -> Option<Place> {
    let text = sources.get(path)?.text()?;
    let mut before = 0;
    for document in text.split("\n---") {
        let own = document.lines().any(|line| line.trim() == format!("kind: {kind}"));
        if let Some((line, found)) = document.split('\n').enumerate().find(|(_, line)| own && holds(line, name)) {
            let column = found.find(name).map_or(1, |at| found[..at].chars().count() + 1);
            let line = before + line + 1;
            let end_column = column + name.chars().count();
            return Some(Place { file: path.to_owned(), line, column, end_line: line, end_column });
        }
        before += document.split('\n').count();
    }
    None
}

/// How well an entry of a values file fits as what gives a made thing its name; nothing for a reference to it.
fn makes(steps: &[String], scalar: &str, text: &str) -> Option<u8> {
    let lower: Vec<String> = steps.iter().map(|step| step.to_ascii_lowercase()).collect();
    let (last, above) = lower.split_last()?;
    let maker = |step: &String| {
        step.contains("externalsecret")
            || step.contains("sealedsecret")
            || step.contains("certificate")
            || step == "target"
    };
    let makers = above.iter().any(maker);
    if steps.last().is_some_and(|step| step == text) {
        return Some(if makers { 4 } else { 2 });
    }
    if scalar != text {
        return None;
    }
    let refers = |step: &String| {
        let step = step.as_str();
        step.starts_with("existing")
            || step.ends_with("ref")
            || step.ends_with("refs")
            || step.ends_with("from")
            || matches!(step, "env" | "volumes" | "extravolumes" | "imagepullsecrets" | "envs")
    };
    if lower.iter().any(refers) {
        return None;
    }
    let by_secret = last.ends_with("secret") || last.ends_with("secretname") || last.ends_with("configmap");
    match (makers, by_secret) {
        (true, _) => Some(4),
        (false, false) => Some(3),
        (false, true) => None,
    }
}

/// The line of a partial that holds a text, if no second line of any partial does: which of two is meant cannot be known.
fn in_partials(sources: &Sources, cell: &Cell, text: &str) -> Option<Place> {
    let name = cell.name();
    let partial = |path: &str| path.rsplit('/').next().is_some_and(|file| file.starts_with('_'));
    let partials = sources
        .iter()
        .filter(|(path, source)| source.kind == SourceKind::Template && source.cells.contains(&name) && partial(path));
    let mut holding = partials.filter(|(_, source)| source.text().is_some_and(|all| holds(all, text)));
    let (path, source) = holding.next()?;
    let is_one = holding.next().is_none() && source.text()?.lines().filter(|line| holds(line, text)).count() == 1;
    if is_one { in_lines(sources, path, text) } else { None }
}

/// The template of an object, or the cell's entry in the matrix file where the template is not in the repository.
pub fn of_object(sources: &Sources, matrix: &Matrix, facts: &Facts, object: u32) -> Place {
    let (env, release) = facts.cell.split_once('/').unwrap_or_default();
    let Some(cell) = matrix.cell(env, release) else { return Place::file(&matrix.file) };
    let path = facts.object(object).template.as_deref().and_then(|t| template_path(cell, t));
    path.filter(|p| sources.contains_key(p)).map_or_else(|| cell.place.clone(), Place::file)
}

fn in_values(sources: &Sources, path: &str, text: &str) -> Option<Place> {
    best_in_values(sources, path, text, refers).map(|(_, place)| place)
}

/// How well an entry of a values file fits as what a name in a render comes from.
fn refers(steps: &[String], scalar: &str, text: &str) -> Option<u8> {
    match () {
        () if scalar == text && steps.iter().any(|s| names_a_reference(s)) => Some(3),
        () if scalar == text || steps.last().is_some_and(|s| s == text) => Some(2),
        () if holds(scalar, text) => Some(1),
        () => None,
    }
}

/// How well an entry of a values file, by its path and its scalar, fits a text; nothing where it does not.
type Fits = fn(&[String], &str, &str) -> Option<u8>;

/// The first of the entries of a values file that fit best.
fn best_in_values(sources: &Sources, path: &str, text: &str, fits: Fits) -> Option<(u8, Place)> {
    let source = sources.get(path)?;
    if source.bytes.len() > MAX_SEARCHED || memchr::memmem::find(&source.bytes, text.as_bytes()).is_none() {
        return None;
    }
    let mut found: Option<(u8, Place)> = None;
    let all = source.text()?;
    for document in yaml::parse(all) {
        let Some(root) = document.root else { continue };
        root.leaves(&mut |steps, node| {
            let Some(rank) = node.text().and_then(|scalar| fits(steps, scalar, text)) else { return };
            if found.as_ref().is_none_or(|(best, _)| rank > *best) {
                found = Some((rank, in_scalar(path, all, node, &|line| holds(line, text))));
            }
        });
    }
    found
}

/// The line of a scalar that holds something, or the scalar itself where it stands on one line. `source` is the file's text.
pub fn in_scalar(path: &str, source: &str, node: &Node, holds: &dyn Fn(&str) -> bool) -> Place {
    let whole = Place::new(path, node.span);
    let Some(text) = node.text().filter(|_| node.span.end.line > node.span.start.line) else { return whole };
    let mut start = 0;
    for line in text.split('\n') {
        if holds(line) {
            let first = start + line.len() - line.trim_start().len();
            let span = template::span(text, &(first..start + line.trim_end().len()));
            return Inside::of(node, source).map_or(whole, |inside| Place::new(path, inside.span(span)));
        }
        start += line.len() + 1;
    }
    whole
}

fn names_a_reference(step: &str) -> bool {
    let step = step.to_ascii_lowercase();
    ["secret", "credential", "existing", "config", "store", "ref", "token", "auth"].iter().any(|w| step.contains(w))
}

fn in_lines(sources: &Sources, path: &str, text: &str) -> Option<Place> {
    let lines = sources.get(path)?.text()?;
    let (line, found) = lines.lines().enumerate().find(|(_, l)| holds(l, text))?;
    let column = found.find(text).map_or(1, |at| found[..at].chars().count() + 1);
    Some(Place {
        file: path.to_owned(),
        line: line + 1,
        column,
        end_line: line + 1,
        end_column: column + text.chars().count(),
    })
}

/// Whether a name stands in a text as a whole name.
pub fn holds(text: &str, name: &str) -> bool {
    positions(text, name).next().is_some()
}

/// Where a name stands in a text as a whole name, as byte offsets.
pub fn positions<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).map(|(at, _)| at).filter(move |at| {
        !name.is_empty()
            && !text[..*at].chars().next_back().is_some_and(part)
            && !text[at + name.len()..].chars().next().is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_only_as_a_whole() {
        assert!(holds("kubectl get secret/graph-db -n x", "graph-db"));
        assert!(!holds("graph-db-credentials", "graph-db"));
        assert!(!holds("x", ""));
    }

    #[test]
    fn a_name_in_one_partial_is_found_there_and_one_in_two_is_not() {
        use crate::sources::Source;
        let cell = Cell { env: "local".into(), release: "web".into(), chart: "charts/web".into(), ..Cell::default() };
        let source = |text: &str, cells: &[&str]| Source {
            bytes: text.into(),
            kind: SourceKind::Template,
            cells: std::sync::Arc::new(cells.iter().map(|c| (*c).to_owned()).collect()),
        };
        let mut sources: Sources = [
            ("charts/web/templates/es.yaml", source("{{ include \"lib.es\" . }}", &["local/web"])),
            ("charts/lib/templates/_es.tpl", source("kind: ExternalSecret\n  name: vault\n", &["local/web"])),
            ("charts/other/templates/_es.tpl", source("name: vault", &["local/other"])),
        ]
        .map(|(path, source)| (path.to_owned(), source))
        .into();
        let place = |sources: &Sources| of_text_in_cell(sources, &cell, Some("web/templates/es.yaml"), "vault");
        assert_eq!((place(&sources).file.as_str(), place(&sources).line), ("charts/lib/templates/_es.tpl", 2));
        sources.insert("charts/lib/templates/_more.tpl".to_owned(), source("# of vault", &["local/web"]));
        assert_eq!(place(&sources).file, "charts/web/templates/es.yaml");
    }
}
