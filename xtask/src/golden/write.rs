//! Atomic writes: a file is there as it was, or as it shall be, whenever the program is killed.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::inside;

/// Writes a file through a temporary neighbour and a rename, making its folders.
pub fn atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".xtask-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(bytes)?;
    // As an editor would have made it: a temporary file is for its owner only, a tracked file is not.
    let mode = fs::metadata(path).map_or_else(|_| default_mode(), |m| m.permissions());
    file.as_file().set_permissions(mode)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Replaces a tracked file of the repository `root`, and no other, whatever links there are on the way to it. The temporary file lies below `target/`, so that even a kill leaves nothing in the working tree;
/// where that is another disk, beside the file.
pub fn replace(root: &Path, file: &str, bytes: &[u8], target: &Path) -> io::Result<()> {
    if inside::leaves(root, file) {
        return Err(io::Error::other("a link on the way to it leads out of the repository"));
    }
    let path = &root.join(file);
    let scratch = target.join("xtask").join("tmp");
    let Ok(mut file) = own_folder(&scratch).and_then(|()| tempfile::NamedTempFile::new_in(&scratch)) else {
        return atomically(path, bytes);
    };
    file.write_all(bytes)?;
    file.as_file().set_permissions(fs::metadata(path).map_or_else(|_| default_mode(), |m| m.permissions()))?;
    file.as_file().sync_all()?;
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    match file.persist(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::CrossesDevices => atomically(path, bytes),
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
        atomically(&ignore, b"*\n")?;
    }
    Ok(())
}
