//! Connections: bytes in flight, who waits for them, and what they find when they arrive.

use std::collections::{HashMap, VecDeque};

use engine::ExchangeFailed;
use engine::contract::retry_policy::{Delivery, Failure};

use super::queue::Waiter;

/// What a terminal hears on a connection.
pub type Heard = Result<Vec<u8>, ExchangeFailed>;

/// All connections that anything may still arrive on.
#[derive(Debug, Default)]
pub struct Lines {
    lines: HashMap<u64, Line>,
    made: u64,
}

/// A connection.
#[derive(Debug)]
struct Line {
    /// The terminal still has its end.
    open: bool,
    waiter: Option<Waiter>,
    /// Counts the waits, so that an old timeout does not end a new one.
    wait: u32,
    /// Came while nobody waited.
    unheard: VecDeque<Heard>,
}

impl Lines {
    /// Makes a connection.
    pub fn connect(&mut self) -> u64 {
        self.made += 1;
        self.lines.insert(self.made, Line { open: true, waiter: None, wait: 0, unheard: VecDeque::new() });
        self.made
    }

    /// Waits on a connection: what has come already is there at once. Says which wait it is.
    pub fn wait(&mut self, line: u64, waiter: Waiter) -> Result<Heard, u32> {
        let Some(known) = self.lines.get_mut(&line) else { return Ok(Err(failed(Failure::Closed))) };
        if let Some(heard) = known.unheard.pop_front() {
            return Ok(heard);
        }
        known.wait += 1;
        known.waiter = Some(waiter);
        Err(known.wait)
    }

    /// Something arrives. Says who hears it now.
    pub fn arrive(&mut self, line: u64, heard: Heard) -> Option<(Waiter, Heard)> {
        let known = self.lines.get_mut(&line).filter(|known| known.open)?;
        match known.waiter.take() {
            Some(waiter) => Some((waiter, heard)),
            None => {
                known.unheard.push_back(heard);
                None
            }
        }
    }

    /// A wait is over. Says whose, if it was not over before.
    pub fn time_out(&mut self, line: u64, wait: u32) -> Option<(Waiter, Heard)> {
        let known = self.lines.get_mut(&line).filter(|known| known.open && known.wait == wait)?;
        known.waiter.take().map(|waiter| (waiter, Err(failed(Failure::Timeout))))
    }

    /// The terminal closes its end; what is on its way to it is lost.
    pub fn close(&mut self, line: u64) {
        self.lines.remove(&line);
    }

    /// Whether the terminal still has its end.
    pub fn is_open(&self, line: u64) -> bool {
        self.lines.get(&line).is_some_and(|known| known.open)
    }
}

/// All of it left, and no good came back.
pub fn failed(failure: Failure) -> ExchangeFailed {
    ExchangeFailed { delivery: Delivery::Sent, failure }
}
