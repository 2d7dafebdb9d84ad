//! Short helper processes (`curl`, `pip`, `helm version`): each in its own process group, with its output captured and a
//! deadline after which the whole group is killed. Renders do not come here.

use std::{
    ffi::{OsStr, OsString},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};

/// How long one wait lasts before the interrupt flag is looked at again.
const SLICE: Duration = Duration::from_millis(50);
/// How long a killed group may take to go away.
const GRACE: Duration = Duration::from_secs(2);

/// Why a helper gave no output.
#[derive(Debug)]
pub(super) enum Failure {
    /// It could not be started, ran too long, or exited with an error; the text says which.
    Failed(String),
    /// The user asked to stop.
    Interrupted,
}

/// Runs `program` and returns its standard output, or the reason why there is none.
pub(super) fn run(
    program: &OsStr,
    args: &[OsString],
    env: Vec<(OsString, OsString)>,
    limit: Duration,
    interrupted: &dyn Fn() -> bool,
) -> Result<String, Failure> {
    let name = program.to_string_lossy();
    let cannot_run = |error: &std::io::Error| Failure::Failed(format!("{name} cannot be run: {error}"));
    let handle = duct::cmd(program, args)
        .full_env(env)
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .before_spawn(|command| {
            command.process_group(0);
            Ok(())
        })
        .start()
        .map_err(|error| cannot_run(&error))?;

    let deadline = Instant::now() + limit;
    loop {
        let slice = (Instant::now() + SLICE).min(deadline);
        if let Some(output) = handle.wait_deadline(slice).map_err(|error| cannot_run(&error))? {
            return text_of(&name, output);
        }
        let stop = interrupted();
        if stop || Instant::now() >= deadline {
            kill_group(&handle);
            if stop {
                return Err(Failure::Interrupted);
            }
            return Err(Failure::Failed(format!("{name} gave no answer within {} seconds", limit.as_secs())));
        }
    }
}

fn text_of(name: &str, output: &Output) -> Result<String, Failure> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let said = stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(Failure::Failed(said.map_or_else(|| format!("{name} ended with {}", output.status), str::to_owned)))
}

fn kill_group(handle: &duct::Handle) {
    for id in handle.pids() {
        if let Ok(id) = i32::try_from(id) {
            // An error means that the group is gone already.
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGKILL);
        }
    }
    let _ = handle.wait_timeout(GRACE);
}

/// Every executable of that name in the folders of a `PATH`, in order, as absolute paths.
pub(super) fn on_path<'a>(path: &'a OsStr, name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    std::env::split_paths(path)
        .filter(|folder| !folder.as_os_str().is_empty())
        .filter_map(move |folder| std::path::absolute(folder.join(name)).ok())
        .filter(|candidate| is_executable(candidate))
}

/// Whether this is a file that somebody may run.
pub(super) fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration, interrupted: bool) -> Result<String, Failure> {
        let args = ["-c".into(), script.into()];
        run(OsStr::new("/bin/sh"), &args, std::env::vars_os().collect(), limit, &|| interrupted)
    }

    #[test]
    fn the_last_line_of_standard_error_is_the_reason() {
        let Err(Failure::Failed(reason)) = shell("echo one >&2; echo two >&2; exit 3", GRACE, false) else { panic!() };
        assert_eq!(reason, "two");
        let Err(Failure::Failed(reason)) = shell("exit 3", GRACE, false) else { panic!() };
        assert!(reason.contains("exit status: 3"), "{reason}");
    }

    #[test]
    fn a_helper_that_hangs_is_killed_with_its_children() {
        let start = Instant::now();
        let Err(Failure::Failed(reason)) = shell("sleep 600 & sleep 600", Duration::from_millis(100), false) else {
            panic!()
        };
        assert!(reason.contains("no answer"), "{reason}");
        assert!(matches!(shell("sleep 600", Duration::from_mins(10), true), Err(Failure::Interrupted)));
        assert!(start.elapsed() < GRACE * 4);
    }
}
