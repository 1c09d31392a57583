//! The clock that ends calls past their deadline: one thread a process, asleep while no plugin runs.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use wasmtime::Engine;

use crate::limits::EPOCH_TICK;

/// Advances the engine's epoch while at least one call runs.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// One running call; the ticker may sleep once all of these are dropped.
pub(crate) struct Running<'a>(&'a Shared);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    calls: usize,
    asleep: bool,
    ended: bool,
}

impl Ticker {
    pub(crate) fn start(engine: Engine) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let ticking = Arc::clone(&shared);
        let thread = thread::Builder::new().name("plugin-deadline".into()).spawn(move || tick(&ticking, &engine))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Keeps the ticker awake until the guard is dropped. A call that follows soon after another wakes nobody: the
    /// ticker sleeps only at the end of a tick in which nothing ran.
    pub(crate) fn running(&self) -> Running<'_> {
        let mut state = self.shared.lock();
        state.calls += 1;
        if state.asleep {
            self.shared.changed.notify_one();
        }
        Running(&self.shared)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread cannot panic, and there would be nobody left to tell.
            let _ = thread.join();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.calls = state.calls.saturating_sub(1);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is three plain fields, true at every instant: a panic elsewhere cannot have left it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tick(shared: &Shared, engine: &Engine) {
    let mut state = shared.lock();
    while !state.ended {
        if state.calls == 0 {
            state.asleep = true;
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep = false;
        } else {
            state = shared.changed.wait_timeout(state, EPOCH_TICK).unwrap_or_else(PoisonError::into_inner).0;
            engine.increment_epoch();
        }
    }
}
