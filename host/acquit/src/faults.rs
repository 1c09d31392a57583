//! What a development build can be made to suffer: to stop at a named place as if somebody pulled the plug, and to wake
//! up on another day.
//!
//! `ACQUIT_STOP_AT=7` kills the process, without warning and without cleaning up, at the seventh named step of journal
//! and network since it started. `ACQUIT_DAYS_LATER=400` sets its clock forward, `ACQUIT_SEGMENT_BYTES=262144`
//! makes the journal's new segments small. A production build has none of this.

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
    number("ACQUIT_DAYS_LATER").unwrap_or(0)
}

/// How long new segments of the journal are, where they are to have another length than they have.
#[cfg(feature = "development")]
pub fn segment_bytes() -> Option<u64> {
    number("ACQUIT_SEGMENT_BYTES")
}

#[cfg(feature = "development")]
fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// How many days after today it is: none.
#[cfg(not(feature = "development"))]
pub fn days_later() -> i64 {
    0
}

/// How long new segments of the journal are: as the journal has it.
#[cfg(not(feature = "development"))]
pub fn segment_bytes() -> Option<u64> {
    None
}

/// What journal and network call at each of their steps: nothing.
#[cfg(not(feature = "development"))]
pub fn probe() -> Option<Probe> {
    None
}
