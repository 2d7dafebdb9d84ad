//! Atomic writes: a file is there as it was, or as it shall be, whenever the program is killed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{inside, scratch};

/// What temporary files are called, before and after random letters: beside a file, and below `target/`.
const BESIDE: (&str, &str) = (".xtask-", ".tmp");
const BELOW: (&str, &str) = (".tmp", "");

/// The folder below `target/` for files that are not whole yet.
fn scratch_below(target: &Path) -> PathBuf {
    target.join("xtask").join("tmp")
}

/// Takes away what killed runs have left below `target/`.
pub fn remove_leftovers(target: &Path) {
    scratch::remove_files(&scratch_below(target), BELOW.0, BELOW.1);
}

/// Writes a file through a temporary neighbour and a rename, making its folders. Takes away neighbours that killed runs have left.
/// What a link leads to is written, not the link; a pipe or a device is written as it is, since there is nothing to keep whole.
/// The disk is not waited for: what is made anew by the next run may be lost with the power.
pub fn atomically(path: &Path, content: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return content(&mut File::options().write(true).open(path)?);
    }
    let real = fs::canonicalize(path);
    let path = real.as_deref().unwrap_or(path);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    scratch::remove_files(folder, BESIDE.0, BESIDE.1);
    let file = filled(scratch::file(folder, BESIDE.0, BESIDE.1)?, path, content)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// A temporary file with the content and the rights that a file shall have.
fn filled(
    mut file: NamedTempFile,
    path: &Path,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    content(file.as_file_mut())?;
    // As an editor would have made it: a temporary file is for its owner only, a tracked file is not.
    let mode = fs::metadata(path).map_or_else(|_| default_mode(), |m| m.permissions());
    file.as_file().set_permissions(mode)?;
    Ok(file)
}

/// Replaces a tracked file of the repository `root`, and no other, whatever links there are on the way to it. The temporary file
/// lies below `target/`, so that even a kill leaves nothing in the working tree; where that is another disk, beside the file. The
/// disk is waited for: what people have decided outlives a power cut.
pub fn replace(root: &Path, file: &str, bytes: &[u8], target: &Path) -> io::Result<()> {
    if inside::leaves(root, file) {
        return Err(io::Error::other("a link on the way to it leads out of the repository"));
    }
    swap(&root.join(file), target, |file| {
        file.write_all(bytes)?;
        file.sync_all()
    })
}

/// Writes a file through a temporary one below `target/`; where that cannot be, beside it.
pub fn through(path: &Path, bytes: &[u8], target: &Path) -> io::Result<()> {
    swap(path, target, |file| file.write_all(bytes))
}

fn swap(path: &Path, target: &Path, content: impl Fn(&mut File) -> io::Result<()>) -> io::Result<()> {
    let folder = scratch_below(target);
    let Ok(file) = own_folder(&folder).and_then(|()| scratch::file(&folder, BELOW.0, BELOW.1)) else {
        return atomically(path, content);
    };
    let file = filled(file, path, &content)?;
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    match file.persist(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::CrossesDevices => atomically(path, content),
        Err(error) => Err(error.error),
    }
}

fn default_mode() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

/// Makes a folder of ours (below `target/`), which no version control shall see.
pub fn own_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    let ignore = path.join(".gitignore");
    if !ignore.exists() {
        atomically(&ignore, |file| file.write_all(b"*\n"))?;
    }
    Ok(())
}
