//! One captured process: its own process group, a deadline, a bound on its output, cancellation.
//!
//! Standard output and error come through pipes. A file would have to be large enough: a program that finds no room for its
//! output may well end as if all had been written.

use std::io::{self, PipeReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Set once by Ctrl-C; every running process is killed within [`TICK`].
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// How often a waiting thread looks at the deadline, the output's size and Ctrl-C.
const TICK: Duration = Duration::from_millis(100);

/// How long what a process left running may hold its output open after it.
const GRACE: Duration = Duration::from_secs(2);

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
/// When the program cannot be started or its output not be read.
pub fn run(
    program: &Path,
    arguments: &[String],
    dir: &Path,
    environment: &[(String, String)],
    bounds: Bounds,
) -> io::Result<Finished> {
    let started = Instant::now();
    let ((from_stdout, stdout), (from_stderr, stderr)) = (io::pipe()?, io::pipe()?);
    // The expression holds our ends of the pipes for writing: they are closed with it.
    let handle = duct::cmd(program, arguments)
        .dir(dir)
        .full_env(environment.iter().map(|(k, v)| (k, v)))
        .stdin_null()
        .stdout_file(stdout)
        .stderr_file(stderr)
        .unchecked()
        .before_spawn(|command| {
            command.process_group(0);
            Ok(())
        })
        .start()?;
    let deadline = started + bounds.timeout;
    let read = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let stdout = scope.spawn(|| drain(from_stdout, bounds.output, &read));
        let stderr = scope.spawn(|| drain(from_stderr, bounds.output, &read));
        let end = wait(&handle, deadline, bounds, &read).inspect_err(|_| kill_group(&handle))?;
        // Whatever the process left running holds the pipes open.
        let patience = Instant::now() + GRACE;
        while !(stdout.is_finished() && stderr.is_finished()) && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
        if !(stdout.is_finished() && stderr.is_finished()) {
            kill_group(&handle);
        }
        let (stdout, stderr) = (joined(stdout)?, joined(stderr)?);
        let over = |bytes: &Vec<u8>| bytes.len() as u64 > bounds.output;
        let end = if matches!(end, End::Exited(_)) && over(&stdout) { End::TooLarge } else { end };
        let cut = |mut bytes: Vec<u8>| {
            bytes.truncate(usize::try_from(bounds.output).unwrap_or(usize::MAX));
            bytes
        };
        Ok(Finished { stdout: cut(stdout), stderr: cut(stderr), end, duration: started.elapsed() })
    })
}

/// Waits until the process ends, and kills it when it must not go on.
fn wait(handle: &duct::Handle, deadline: Instant, bounds: Bounds, read: &AtomicU64) -> io::Result<End> {
    loop {
        // Returns as soon as the process ends; the tick only bounds how late a deadline or Ctrl-C is seen.
        let tick = (Instant::now() + TICK).min(deadline);
        if let Some(output) = handle.wait_deadline(tick)? {
            return Ok(match (output.status.code(), output.status.signal()) {
                (Some(code), _) => End::Exited(code),
                (None, signal) => End::Signalled(signal.unwrap_or_default()),
            });
        }
        let reason = if cancelled() {
            End::Cancelled
        } else if Instant::now() >= deadline {
            End::TimedOut
        } else if read.load(Ordering::Relaxed) > bounds.output {
            End::TooLarge
        } else {
            continue;
        };
        kill_group(handle);
        return Ok(reason);
    }
}

/// Reads a pipe to its end, or to one byte beyond the bound. `most` keeps the largest count of the pipes that are read.
fn drain(mut pipe: PipeReader, bound: u64, most: &AtomicU64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 64 * 1024];
    while bytes.len() as u64 <= bound {
        let count = match pipe.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        bytes.extend_from_slice(&chunk[..count]);
        most.fetch_max(bytes.len() as u64, Ordering::Relaxed);
    }
    Ok(bytes)
}

fn joined(reader: ScopedJoinHandle<'_, io::Result<Vec<u8>>>) -> io::Result<Vec<u8>> {
    reader.join().unwrap_or_else(|_| Err(io::Error::other("the output could not be read")))
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
    fn what_goes_on_behind_a_process_does_not_hold_it_up() {
        let done = shell("sleep 1000 & echo out", Bounds { timeout: Duration::from_mins(1), output: 1000 });
        assert!(matches!(done.end, End::Exited(0)));
        assert_eq!(done.stdout, b"out\n");
    }

    #[test]
    fn much_output_on_both_sides_comes_whole() {
        let script = "i=0; while [ $i -lt 20000 ]; do echo 0123456789; echo 0123456789 >&2; i=$((i+1)); done";
        let done = shell(script, Bounds { timeout: Duration::from_mins(1), output: 1 << 20 });
        assert_eq!((done.stdout.len(), done.stderr.len()), (220_000, 220_000));
    }

    #[test]
    fn endless_output_is_cut_off() {
        let done = shell("yes", Bounds { timeout: Duration::from_mins(1), output: 10_000 });
        assert!(matches!(done.end, End::TooLarge));
        assert_eq!(done.stdout.len(), 10_000);
    }
}
