//! From a name in a render to the source that a person must edit.

mod lines;

use std::cell::LazyCell;

use crate::facts::{Facts, Produced};
use crate::model::{Cell, Matrix, Place};
use crate::object::Object;
use crate::sources::Sources;
use crate::template;
use finding::RenderPlace;
use lines::{Lines, Wanted};
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

/// The same for a node of a rendered object.
pub fn in_object(cell: &str, object: &Object, path: &str, node: &Node) -> RenderPlace {
    RenderPlace {
        cell: cell.to_owned(),
        object: object.id.to_string(),
        path: path.to_owned(),
        line: node.span.start.line,
        template: object.template.clone(),
    }
}

/// The path of a template in the repository, from Helm's `chart/templates/file.yaml`.
pub fn template_path(cell: &Cell, template: &str) -> Option<String> {
    let (_, inner) = template.split_once('/')?;
    Some(format!("{}/{inner}", cell.chart))
}

/// The place that gave an object of a cell's render a text, which stands there at a path (dotted; one that ends above the scalar will
/// do, and an empty one where it is not known).
///
/// That is the line of the object's template, or of a partial that it includes, that says nothing else at that path; then the entry of
/// the cell's values files that fits best; then the line of the template or of its partials that holds it; then the action of the
/// template that prints what is at the path; then the template, or the cell's entry in the matrix file.
pub fn of_text(sources: &Sources, matrix: &Matrix, facts: &Facts, object: u32, path: &str, text: &str) -> Place {
    let Some(cell) = cell_of(matrix, facts) else { return Place::file(&matrix.file) };
    let object = facts.object(object);
    let wanted = Wanted { text, path, kind: &object.kind, name: &object.name };
    of_wanted(sources, cell, object.template.as_deref(), wanted, false)
}

/// The same for a text whose form is wrong rather than what is put into the form: an action of a partial may print it, too.
pub fn of_form(sources: &Sources, matrix: &Matrix, facts: &Facts, object: u32, path: &str, text: &str) -> Place {
    let Some(cell) = cell_of(matrix, facts) else { return Place::file(&matrix.file) };
    let object = facts.object(object);
    let wanted = Wanted { text, path, kind: &object.kind, name: &object.name };
    of_wanted(sources, cell, object.template.as_deref(), wanted, true)
}

/// What [`of_text`] does, for an object of a render.
pub fn of_rendered(sources: &Sources, cell: &Cell, object: &Object, path: &str, text: &str) -> Place {
    let wanted = Wanted { text, path, kind: &object.id.kind, name: &object.id.name };
    of_wanted(sources, cell, object.template.as_deref(), wanted, false)
}

/// `of_partials`: whether the action of a partial is worth pointing to.
fn of_wanted(sources: &Sources, cell: &Cell, template: Option<&str>, wanted: Wanted<'_>, of_partials: bool) -> Place {
    if let Some(place) = search(sources, cell, template, wanted) {
        return place;
    }
    let Some(template) = own_template(sources, cell, template) else { return cell.place.clone() };
    Lines::of(sources, cell, &template).action(wanted, of_partials).unwrap_or_else(|| Place::file(&template))
}

/// The same, where some line really holds the text.
pub fn given(sources: &Sources, matrix: &Matrix, facts: &Facts, object: u32, path: &str, text: &str) -> Option<Place> {
    let object = facts.object(object);
    let wanted = Wanted { text, path, kind: &object.kind, name: &object.name };
    search(sources, cell_of(matrix, facts)?, object.template.as_deref(), wanted)
}

/// The place that gave a cell's render a text, for an object of which only the template is known.
pub fn of_text_in_cell(sources: &Sources, cell: &Cell, template: Option<&str>, text: &str) -> Place {
    let found = search(sources, cell, template, Wanted { text, ..Wanted::default() });
    let file = || own_template(sources, cell, template).map_or_else(|| cell.place.clone(), Place::file);
    found.unwrap_or_else(file)
}

fn search(sources: &Sources, cell: &Cell, template: Option<&str>, wanted: Wanted<'_>) -> Option<Place> {
    let template = own_template(sources, cell, template);
    let lines = LazyCell::new(|| template.as_deref().map(|path| Lines::of(sources, cell, path)));
    let of_lines = |find: &dyn Fn(&Lines<'_>) -> Option<Place>| lines.as_ref().and_then(find);
    let certain = if wanted.path.is_empty() { None } else { of_lines(&|lines| lines.certain(wanted)) };
    certain
        .or_else(|| in_chain(sources, cell, wanted.text, if wanted.path.is_empty() { refers } else { names }))
        .or_else(|| of_lines(&|lines| lines.own(wanted, false)))
        .or_else(|| of_lines(&|lines| lines.partial(wanted)))
        .or_else(|| of_lines(&|lines| lines.anywhere(wanted)))
}

/// The place that makes something of a name, which stands at a path of its object: the line of the object's own template that holds the
/// name; then the entry of a values file that gives it, but never one by which something else refers to it; then the line of the
/// partials; then where the object begins in its template.
pub fn of_maker(sources: &Sources, matrix: &Matrix, facts: &Facts, produced: &Produced, name: &str) -> Place {
    let Some(cell) = cell_of(matrix, facts) else { return Place::file(&matrix.file) };
    let maker = facts.object(produced.object);
    let template = own_template(sources, cell, maker.template.as_deref());
    let lines = template.as_deref().map(|path| Lines::of(sources, cell, path));
    let wanted = Wanted { text: name, path: &produced.path, kind: &maker.kind, name: &maker.name };
    let own = lines.as_ref().and_then(|lines| lines.certain(wanted).or_else(|| lines.own(wanted, true)));
    if let Some(place) = own.or_else(|| in_chain(sources, cell, name, makes)) {
        return place;
    }
    let Some((template, lines)) = template.as_deref().zip(lines.as_ref()) else { return cell.place.clone() };
    let found = lines.partial(wanted).or_else(|| lines.kind(&maker.kind));
    found.unwrap_or_else(|| Place::file(template))
}

/// The place that gives an object its name, or else where the object begins in its template.
pub fn of_identity(sources: &Sources, matrix: &Matrix, facts: &Facts, object: u32) -> Place {
    let Some(cell) = cell_of(matrix, facts) else { return Place::file(&matrix.file) };
    let object = facts.object(object);
    let Some(template) = own_template(sources, cell, object.template.as_deref()) else { return cell.place.clone() };
    let wanted = Wanted { text: &object.name, path: "metadata.name", kind: &object.kind, name: &object.name };
    let lines = Lines::of(sources, cell, &template);
    let found = lines.certain(wanted).or_else(|| lines.action(wanted, false)).or_else(|| lines.kind(&object.kind));
    found.unwrap_or_else(|| Place::file(&template))
}

fn cell_of<'a>(matrix: &'a Matrix, facts: &Facts) -> Option<&'a Cell> {
    matrix.cell(facts.environment(), facts.release())
}

/// The path of an object's template, if it is in the repository.
fn own_template(sources: &Sources, cell: &Cell, template: Option<&str>) -> Option<String> {
    template.and_then(|template| template_path(cell, template)).filter(|path| sources.contains_key(path))
}

/// The entry of a cell's values files that fits best; of equal ones that of the file that Helm reads last.
fn in_chain(sources: &Sources, cell: &Cell, text: &str, fits: Fits) -> Option<Place> {
    let chart_values = format!("{}/values.yaml", cell.chart);
    let chain = cell.values.iter().rev().map(|v| v.path.as_str()).chain([chart_values.as_str()]);
    let found = chain.filter_map(|path| best_in_values(sources, path, text, fits));
    found.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, place)| place)
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

/// The template of an object, or the cell's entry in the matrix file where the template is not in the repository.
pub fn of_object(sources: &Sources, matrix: &Matrix, facts: &Facts, object: u32) -> Place {
    let Some(cell) = cell_of(matrix, facts) else { return Place::file(&matrix.file) };
    let template = own_template(sources, cell, facts.object(object).template.as_deref());
    template.map_or_else(|| cell.place.clone(), Place::file)
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

/// The same for a text that is all that stands at its path: one inside of an image or a URL is something else, one among the words of a
/// text or of a template may be it.
fn names(steps: &[String], scalar: &str, text: &str) -> Option<u8> {
    refers(steps, scalar, text).filter(|rank| *rank > 1 || scalar.contains(char::is_whitespace))
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

    fn sources(files: &[(&str, &str)]) -> Sources {
        use crate::sources::{Source, SourceKind};
        let source = |text: &str| Source {
            bytes: text.into(),
            kind: SourceKind::Template,
            cells: std::sync::Arc::new(["local/web".to_owned()].into()),
        };
        files.iter().map(|(path, text)| ((*path).to_owned(), source(text))).collect()
    }

    fn cell() -> Cell {
        Cell { env: "local".into(), release: "web".into(), chart: "charts/web".into(), ..Cell::default() }
    }

    /// `file:line:column` of a text at a path of `Secret a`, which `charts/web/templates/a.yaml` makes.
    fn found(files: &[(&str, &str)], path: &str, text: &str) -> String {
        use crate::facts::ObjectFact;
        let matrix = Matrix { cells: vec![cell()], ..Matrix::default() };
        let template = Some("web/templates/a.yaml".to_owned());
        let object = ObjectFact { kind: "Secret".into(), name: "a".into(), template, ..ObjectFact::default() };
        let facts = Facts { cell: "local/web".into(), objects: vec![object], ..Facts::default() };
        let place = of_text(&sources(files), &matrix, &facts, 0, path, text);
        format!("{}:{}:{}", place.file, place.line, place.column)
    }

    #[test]
    fn a_name_in_one_included_partial_is_found_there_and_one_in_two_is_not() {
        let mut files = vec![
            ("charts/web/templates/es.yaml", "{{ include \"lib.es\" . }}"),
            ("charts/lib/templates/_es.tpl", "{{ define \"lib.es\" }}\nkind: X\n  name: vault\n{{ end }}"),
            ("charts/lib/templates/_other.tpl", "{{ define \"lib.other\" }}\n  name: vault\n{{ end }}"),
        ];
        let place =
            |files: &[(&str, &str)]| of_text_in_cell(&sources(files), &cell(), Some("web/templates/es.yaml"), "vault");
        assert_eq!((place(&files).file.as_str(), place(&files).line), ("charts/lib/templates/_es.tpl", 3));
        files.push(("charts/lib/templates/_more.tpl", "{{ define \"lib.es\" }}of: vault{{ end }}"));
        assert_eq!(place(&files).file, "charts/web/templates/es.yaml");
    }

    #[test]
    fn comments_and_longer_names_are_passed_over() {
        let template = "# vault\n{{/* vault */}}\nkind: Secret\nx: my-vault\ny: my-vault, vault # vault\n";
        assert_eq!(
            found(&[("charts/web/templates/a.yaml", template)], "", "vault"),
            "charts/web/templates/a.yaml:5:14"
        );
    }

    #[test]
    fn a_name_in_an_image_or_in_another_field_is_another() {
        let template = "kind: Secret\nspec:\n  image: example.org/vault\n  name: vault\n  args: [vault]\n";
        let files = [("charts/web/templates/a.yaml", template)];
        assert_eq!(found(&files, "spec.account", "vault"), "charts/web/templates/a.yaml:5:10");
    }

    #[test]
    fn the_document_and_the_path_of_the_object_decide() {
        let template = "kind: Pod\nspec:\n  ref:\n    name: vault\n---\nkind: Secret\nother:\n  name: vault\nspec:\n- ref:\n  \
                        - x: y\n    name: vault\n";
        let files = [("charts/web/templates/a.yaml", template)];
        assert_eq!(found(&files, "spec[0].ref[0].name", "vault"), "charts/web/templates/a.yaml:12:11");
        assert_eq!(found(&files, "other", "vault"), "charts/web/templates/a.yaml:8:9");
    }

    #[test]
    fn a_partial_that_says_it_at_the_path_goes_before_a_template_that_says_it_elsewhere() {
        let files = [
            ("charts/web/templates/a.yaml", "{{ include \"lib.es\" (dict \"password\" \"x\") }}\n"),
            ("charts/lib/templates/_es.tpl", "{{ define \"lib.es\" }}\nremoteRef:\n  property: password\n{{ end }}"),
        ];
        assert_eq!(found(&files, "spec.data[0].remoteRef", "password"), "charts/lib/templates/_es.tpl:3:13");
    }

    #[test]
    fn where_nobody_says_it_the_action_at_the_path_is_shown() {
        let files = [(
            "charts/web/templates/a.yaml",
            "kind: Secret\nspec:\n  key: a\n  remoteRef:\n    key: x/{{ .y }}{{ .z }}\n",
        )];
        assert_eq!(found(&files, "spec.remoteRef.key", "x/yz"), "charts/web/templates/a.yaml:5:10");
        assert_eq!(found(&files, "spec.elsewhere", "x/yz"), "charts/web/templates/a.yaml:0:0");
    }
}
