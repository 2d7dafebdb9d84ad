//! A packed chart: the files of a `.tgz`, under the bounds that Helm has.

use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;

/// The most that one file, and all files together, may unpack to.
const MOST_FILE: u64 = 5 << 20;
const MOST_ALL: u64 = 100 << 20;

/// A name, the chart's own folder stripped, and the file's bytes.
type Packed = (String, Arc<[u8]>);

/// The files in the archive's order.
///
/// # Errors
/// With the words for a person.
pub(super) fn files(bytes: &[u8]) -> Result<Vec<Packed>, String> {
    let mut files = Vec::new();
    let mut left = MOST_ALL;
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(MOST_ALL * 2));
    let broken = |error: std::io::Error| format!("the archive cannot be read: {error}");
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).replace('\\', "/");
        let Some((_, name)) = name.split_once('/') else { continue };
        let name = name.trim_start_matches("./").to_owned();
        let size = entry.header().size().map_err(broken)?;
        if size > MOST_FILE || size > left {
            return Err(format!("{name} in the archive is larger than Helm reads"));
        }
        left -= size;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        files.push((name, content.into()));
    }
    Ok(files)
}
