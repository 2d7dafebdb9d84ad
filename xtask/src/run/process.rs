//! One captured process: its own process group, a deadline, a bound on its output, cancellation.
//!
//! Standard output and error go to unnamed temporary files, so that a process that prints without end costs no memory, and
//! nothing is left behind whatever happens.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Set once by Ctrl-C; every running process is killed within [`TICK`].
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// How often a waiting thread looks at the deadline, the output's size and Ctrl-C.
const TICK: Duration = Duration::from_millis(100);

/// Makes Ctrl-C, SIGTERM and SIGHUP cancel all processes. A second signal ends the program at once.
pub fn catch_signals() {
    // Fails only when a handler is set already, which is what is wanted.
    let _ = ctrlc::set_handler(|| {
        if CANCELLED.swap(true, Ordering::SeqCst) {
            std::process::exit(2);
        }
    });
}

/// True after Ctrl-C.
pub fn cancelled() -> bool {
    CANCELLED.load(Ordering::SeqCst)
}

/// Bounds on a process.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Wall time.
    pub timeout: Duration,
    /// Bytes of standard output, and of standard error.
    pub output: u64,
}

/// How a process ended.
#[derive(Debug)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled(i32),
    /// We killed it: out of time.
    TimedOut,
    /// We killed it: too much output.
    TooLarge,
    /// We killed it: Ctrl-C.
    Cancelled,
}

/// What a process did.
#[derive(Debug)]
pub struct Finished {
    /// Standard output, at most the bound.
    pub stdout: Vec<u8>,
    /// Standard error, at most the bound.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub end: End,
    /// Wall time.
    pub duration: Duration,
}

/// Runs a program in `dir` with exactly the environment given.
///
/// # Errors
/// When the program cannot be started or its output not be kept.
pub fn run(
    program: &Path,
    arguments: &[String],
    dir: &Path,
    environment: &[(String, String)],
    bounds: Bounds,
) -> io::Result<Finished> {
    let started = Instant::now();
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let handle = duct::cmd(program, arguments)
        .dir(dir)
        .full_env(environment.iter().map(|(k, v)| (k, v)))
        .stdin_null()
        .stdout_file(stdout.try_clone()?)
        .stderr_file(stderr.try_clone()?)
        .unchecked()
        .before_spawn(|command| {
            command.process_group(0);
            Ok(())
        })
        .start()?;
    let deadline = started + bounds.timeout;
    let end = loop {
        // Returns as soon as the process ends; the tick only bounds how late a deadline or Ctrl-C is seen.
        let tick = (Instant::now() + TICK).min(deadline);
        if let Some(output) = handle.wait_deadline(tick)? {
            break match (output.status.code(), output.status.signal()) {
                (Some(code), _) => End::Exited(code),
                (None, signal) => End::Signalled(signal.unwrap_or_default()),
            };
        }
        let reason = if cancelled() {
            End::Cancelled
        } else if Instant::now() >= deadline {
            End::TimedOut
        } else if length(&stdout)? > bounds.output || length(&stderr)? > bounds.output {
            End::TooLarge
        } else {
            continue;
        };
        kill_group(&handle);
        break reason;
    };
    let end = if matches!(end, End::Exited(_)) && length(&stdout)? > bounds.output { End::TooLarge } else { end };
    let result = Finished {
        stdout: take(&mut stdout, bounds.output)?,
        stderr: take(&mut stderr, bounds.output)?,
        end,
        duration: started.elapsed(),
    };
    Ok(result)
}

/// Kills the whole group (a plain kill would leave grandchildren) and reaps its leader.
fn kill_group(handle: &duct::Handle) {
    for pid in handle.pids() {
        if let Ok(pid) = i32::try_from(pid) {
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    let _ = handle.wait();
}

fn length(file: &File) -> io::Result<u64> {
    file.metadata().map(|m| m.len())
}

fn take(file: &mut File, bound: u64) -> io::Result<Vec<u8>> {
    let size = length(file)?.min(bound);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.seek(SeekFrom::Start(0))?;
    file.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, bounds: Bounds) -> Finished {
        let path = std::env::var("PATH").unwrap_or_default();
        let arguments = ["-c".to_owned(), script.to_owned()];
        run(Path::new("/bin/sh"), &arguments, Path::new("."), &[("PATH".to_owned(), path)], bounds).unwrap()
    }

    #[test]
    fn output_and_status_are_kept_apart() {
        let done = shell("echo out; echo err >&2; exit 3", Bounds { timeout: Duration::from_mins(1), output: 1000 });
        assert!(matches!(done.end, End::Exited(3)));
        assert_eq!((done.stdout.as_slice(), done.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    }

    #[test]
    fn grandchildren_die_with_the_group() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let script = format!("sh -c 'echo $$ > {0}; exec sleep 1000' & wait", mark.display());
        let done = shell(&script, Bounds { timeout: Duration::from_millis(700), output: 1000 });
        assert!(matches!(done.end, End::TimedOut));
        let pid: i32 = std::fs::read_to_string(mark).unwrap().trim().parse().unwrap();
        let alive = || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "));
        for _ in 0..1000 {
            if !alive() {
                return;
            }
            std::thread::yield_now();
        }
        assert!(!alive(), "the grandchild outlived its group");
    }

    #[test]
    fn endless_output_is_cut_off() {
        let done = shell("yes", Bounds { timeout: Duration::from_mins(1), output: 10_000 });
        assert!(matches!(done.end, End::TooLarge));
        assert_eq!(done.stdout.len(), 10_000);
    }
}
