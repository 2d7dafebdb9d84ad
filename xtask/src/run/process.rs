//! One captured process: its own process group, a deadline, a bound on its output, cancellation.
//!
//! Standard output and error come through pipes. A file would need a disk with room: on a full one Helm prints half a render
//! and ends with 0. Both pipes are read as they fill, so neither can block the process, and no more than the bound is kept.

use std::io::{self, PipeReader, Read};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Set once by Ctrl-C; every running process is killed within [`TICK`].
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// How often a waiting thread looks at the deadline, the output's size and Ctrl-C.
const TICK: Duration = Duration::from_millis(100);

/// What is read at once.
const CHUNK: usize = 16 << 10;

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
    let ((stdout, to_stdout), (stderr, to_stderr)) = (io::pipe()?, io::pipe()?);
    // The command holds the writing ends, and is gone after this statement: only the process has them then.
    let handle = duct::cmd(program, arguments)
        .dir(dir)
        .full_env(environment.iter().map(|(k, v)| (k, v)))
        .stdin_null()
        .stdout_file(to_stdout)
        .stderr_file(to_stderr)
        .unchecked()
        .before_spawn(|command| {
            command.process_group(0);
            Ok(())
        })
        .start()?;
    let mut streams = [Stream::new(stdout), Stream::new(stderr)];
    let outcome = supervise(&handle, &mut streams, started + bounds.timeout, bounds.output);
    if !matches!(outcome, Ok(End::Exited(_) | End::Signalled(_))) {
        kill_group(&handle);
    }
    let [stdout, stderr] = streams.map(|stream| stream.bytes);
    Ok(Finished { stdout, stderr, end: outcome?, duration: started.elapsed() })
}

/// Reads both streams until the process has ended or one of its bounds is reached.
fn supervise(handle: &duct::Handle, streams: &mut [Stream; 2], deadline: Instant, bound: u64) -> io::Result<End> {
    loop {
        // Returns as soon as there is something to read, or both ends are closed and the process ends; the tick only bounds how
        // late a deadline, Ctrl-C, or the end of a process whose child keeps the pipe open is seen.
        let tick = (Instant::now() + TICK).min(deadline);
        let ended = if streams.iter().all(|stream| stream.pipe.is_none()) {
            handle.wait_deadline(tick)?
        } else if read(streams, tick.saturating_duration_since(Instant::now()), bound)? {
            None
        } else {
            handle.try_wait()?
        };
        if streams.iter().any(|stream| stream.too_large) {
            return Ok(End::TooLarge);
        }
        if let Some(output) = ended {
            // What it printed between the last look and its end.
            while read(streams, Duration::ZERO, bound)? {}
            return Ok(match (output.status.code(), output.status.signal()) {
                _ if streams.iter().any(|stream| stream.too_large) => End::TooLarge,
                (Some(code), _) => End::Exited(code),
                (None, signal) => End::Signalled(signal.unwrap_or_default()),
            });
        }
        if cancelled() {
            return Ok(End::Cancelled);
        }
        if Instant::now() >= deadline {
            return Ok(End::TimedOut);
        }
    }
}

/// One of the two streams of a process.
struct Stream {
    /// `None` once the other end is closed.
    pipe: Option<PipeReader>,
    bytes: Vec<u8>,
    too_large: bool,
}

impl Stream {
    fn new(pipe: PipeReader) -> Self {
        Self { pipe: Some(pipe), bytes: Vec::new(), too_large: false }
    }

    /// Takes what is there; called when there is something, so it does not wait.
    fn take(&mut self, bound: u64) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        let mut chunk = [0; CHUNK];
        match pipe.read(&mut chunk) {
            Ok(0) => self.pipe = None,
            Ok(count) => {
                let room = usize::try_from(bound).unwrap_or(usize::MAX).saturating_sub(self.bytes.len());
                self.too_large |= count > room;
                self.bytes.extend_from_slice(&chunk[..count.min(room)]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Waits until a stream has something to say, and takes it. False when none had within the time, or none is open.
fn read(streams: &mut [Stream; 2], wait: Duration, bound: u64) -> io::Result<bool> {
    let mut open: Vec<&mut Stream> = streams.iter_mut().filter(|stream| stream.pipe.is_some()).collect();
    let ready: Vec<bool> = {
        let pipes = open.iter().filter_map(|stream| stream.pipe.as_ref());
        let mut asked: Vec<PollFd<'_>> = pipes.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut asked, PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)) {
            Ok(0) => return Ok(false),
            Ok(_) => {}
            Err(nix::errno::Errno::EINTR) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        // A closed end is told by other flags than data; a read says which of the two it is.
        asked.iter().map(|asked| asked.any().unwrap_or(true)).collect()
    };
    for (stream, _) in open.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
        stream.take(bound)?;
    }
    Ok(true)
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
    fn both_streams_are_read_while_they_fill() {
        let script = "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero";
        let done = shell(script, Bounds { timeout: Duration::from_mins(1), output: 1 << 20 });
        assert!(matches!(done.end, End::Exited(0)), "{:?}", done.end);
        assert_eq!((done.stdout.len(), done.stderr.len()), (600_000, 300_000));
    }

    #[test]
    fn a_child_that_keeps_the_pipe_open_is_not_waited_for() {
        let done = shell("echo a; sleep 60 & exit 0", Bounds { timeout: Duration::from_secs(30), output: 1000 });
        assert!(matches!(done.end, End::Exited(0)), "{:?}", done.end);
        assert_eq!(done.stdout, b"a\n");
        assert!(done.duration < Duration::from_secs(20), "{:?}", done.duration);
    }

    #[test]
    fn a_process_that_closes_its_output_still_has_its_deadline() {
        let done = shell("exec >&- 2>&-; sleep 60", Bounds { timeout: Duration::from_millis(300), output: 1000 });
        assert!(matches!(done.end, End::TimedOut), "{:?}", done.end);
    }

    #[test]
    fn endless_output_is_cut_off() {
        let done = shell("yes", Bounds { timeout: Duration::from_mins(1), output: 10_000 });
        assert!(matches!(done.end, End::TooLarge));
        assert_eq!(done.stdout.len(), 10_000);
    }
}
