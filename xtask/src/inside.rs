//! Whether a path stays in the repository, also through links, and also when it does not exist yet.

use std::path::{Component, Path, PathBuf};

/// As many links as the system follows on the way to one file.
const LINKS: usize = 40;

/// Whether what a path below `root` leads to lies outside of it. `root` is without links.
pub fn leaves(root: &Path, path: impl AsRef<Path>) -> bool {
    let below = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !path.as_ref().components().all(below) || real(&root.join(path), LINKS).is_none_or(|real| !real.starts_with(root))
}

/// Where the file that a path below `root` leads to really is, relative to `root`; the path itself when that is not there, or not
/// below it.
pub fn place(root: &Path, path: &str) -> String {
    let real = root.join(path).canonicalize().ok();
    let below = real.as_deref().and_then(|real| real.strip_prefix(root).ok()).and_then(Path::to_str);
    below.map_or_else(|| path.to_owned(), str::to_owned)
}

/// The path without links; what is not there stays as it is named. `None` when links go in a circle.
fn real(path: &Path, links: usize) -> Option<PathBuf> {
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    let folder = path.parent()?;
    match path.read_link() {
        Ok(target) => real(&folder.join(target), links.checked_sub(1)?),
        Err(_) => match path.file_name() {
            Some(name) => Some(real(folder, links)?.join(name)),
            // A `..` behind something that is not there.
            None => Some(real(folder, links)?.parent()?.to_path_buf()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_also_where_nothing_is_yet() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = inside.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        symlink("a/b", root.join("short")).unwrap();
        symlink(outside.path(), root.join("out")).unwrap();
        symlink(outside.path().join("absent/x"), root.join("dangling-out")).unwrap();
        symlink("a/absent", root.join("dangling-in")).unwrap();
        symlink("../../outside/x", root.join("a/dangling-up")).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        for stays in ["a/b", "a/b/new/file", "new/file", "short/new", "dangling-in", "dangling-in/new", "./a"] {
            assert!(!leaves(&root, stays), "{stays}");
        }
        for gone in ["../x", "/etc", "out", "out/new/file", "dangling-out", "dangling-out/y", "a/dangling-up", "circle"]
        {
            assert!(leaves(&root, gone), "{gone}");
        }
    }
}
