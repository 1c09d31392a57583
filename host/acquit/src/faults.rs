//! What a development build can be made to suffer: to stop at a named place as if somebody pulled the plug, and to wake
//! up on another day.
//!
//! `ACQUIT_STOP_AT=7` kills the process, without warning and without cleaning up, at the seventh named step of journal
//! and network since it started. `ACQUIT_DAYS_LATER=400` sets its clock forward. A production build has none of this.

use journal::Probe;

/// The step to stop at, counted from 1 over all named steps.
#[cfg(feature = "development")]
const STOP_AT: &str = "ACQUIT_STOP_AT";

/// What journal and network call at each of their steps.
#[cfg(feature = "development")]
pub fn probe() -> Option<Probe> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    let stop_at: u64 = std::env::var(STOP_AT).ok()?.parse().ok()?;
    let steps = AtomicU64::new(0);
    Some(Arc::new(move |step| {
        if steps.fetch_add(1, Ordering::SeqCst) + 1 == stop_at {
            eprintln!("{{\"stopped-at\":\"{step}\"}}");
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            // The signal is on its way; nothing more may happen in the meantime.
            loop {
                std::thread::park();
            }
        }
    }))
}

/// How many days after today it is.
#[cfg(feature = "development")]
pub fn days_later() -> i64 {
    std::env::var("ACQUIT_DAYS_LATER").ok().and_then(|days| days.parse().ok()).unwrap_or(0)
}

/// How many days after today it is: none.
#[cfg(not(feature = "development"))]
pub fn days_later() -> i64 {
    0
}

/// What journal and network call at each of their steps: nothing.
#[cfg(not(feature = "development"))]
pub fn probe() -> Option<Probe> {
    None
}
