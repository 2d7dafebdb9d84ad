//! Progress of long work, on standard error only: a bar on a terminal, a quiet line now and then on a pipe.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two lines on a pipe.
const EVERY: Duration = Duration::from_secs(10);

/// Progress over a known number of cells.
pub enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// On a pipe.
    Lines {
        /// Cells that are done.
        done: usize,
        /// All cells.
        total: usize,
        /// When the last line was printed.
        last: Instant,
    },
    /// Under `--quiet`.
    Silent,
}

impl Progress {
    /// Starts at nothing done.
    pub fn new(total: usize, quiet: bool) -> Self {
        if quiet {
            Self::Silent
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("  {wide_bar}  {pos}/{len}  {msg:30!}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("██░"));
            Self::Bar(bar)
        } else {
            Self::Lines { done: 0, total, last: Instant::now() }
        }
    }

    /// One more is done.
    pub fn step(&mut self, name: &str) {
        match self {
            Self::Bar(bar) => {
                bar.set_message(name.to_owned());
                bar.inc(1);
            }
            Self::Lines { done, total, last } => {
                *done += 1;
                if last.elapsed() >= EVERY {
                    *last = Instant::now();
                    // A closed standard error is no reason to stop.
                    let _ = writeln!(std::io::stderr(), "  {done}/{total} cells");
                }
            }
            Self::Silent => {}
        }
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
