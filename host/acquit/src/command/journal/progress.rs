//! A word on standard error about work that takes longer than a person likes to wait without one.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What nobody wonders about.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says how long something has been going on.
pub(in crate::command) struct Progress;

impl Progress {
    /// Does the work; says so on standard error while it goes on for longer than a second and somebody may be looking.
    pub(in crate::command) fn over<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
        if !stderr().is_terminal() {
            return work();
        }
        let (over, ended) = channel::<()>();
        let watch = thread::spawn(move || {
            let begun = Instant::now();
            let mut shown = false;
            while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                eprint!("\r{what}: reading, {} s", begun.elapsed().as_secs());
                let _ = stderr().flush();
                shown = true;
            }
            if shown {
                eprintln!();
            }
        });
        let done = work();
        drop(over);
        let _ = watch.join();
        done
    }
}
