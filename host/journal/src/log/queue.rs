//! Group commit: whoever finds nobody writing writes for all who wait, with one write and one sync.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::entry::Purpose;
use crate::error::JournalError;
use crate::format::draft::Draft;

/// The sequence of the last entry of an append, once it is durable.
pub(super) type Outcome = Result<u64, JournalError>;

/// One append that waits to be written.
pub(super) struct Ticket {
    pub purpose: Purpose,
    pub draft: Draft,
    number: u64,
}

/// Those who wait, and what came of those who waited.
#[derive(Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
    turn: Condvar,
}

#[derive(Default)]
struct Line {
    next_number: u64,
    waiting: VecDeque<Ticket>,
    outcomes: HashMap<u64, Outcome>,
    /// Whether somebody is writing.
    is_led: bool,
}

impl Queue {
    /// Waits until this append is written, by another thread or by this one with everything else that waits, as far as
    /// it fits into one group of `limit` bytes of contents.
    pub fn wait(
        &self,
        purpose: Purpose,
        draft: Draft,
        limit: usize,
        commit: impl Fn(Vec<Ticket>, &mut dyn FnMut(Outcome)),
    ) -> Outcome {
        let mut line = self.line();
        let number = line.next_number;
        line.next_number += 1;
        line.waiting.push_back(Ticket { purpose, draft, number });
        loop {
            if let Some(outcome) = line.outcomes.remove(&number) {
                return outcome;
            }
            if line.is_led {
                line = self.turn.wait(line).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            line.is_led = true;
            let batch = line.take_batch(limit);
            drop(line);
            let mut lead = Lead { queue: self, numbers: batch.iter().map(|ticket| ticket.number).collect() };
            commit(batch, &mut |outcome| lead.publish(outcome));
            drop(lead);
            line = self.line();
        }
    }

    /// How many wait and are not being written yet.
    pub fn waiting(&self) -> usize {
        self.line().waiting.len()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn take_batch(&mut self, limit: usize) -> Vec<Ticket> {
        let mut batch: Vec<Ticket> = self.waiting.pop_front().into_iter().collect();
        let mut bytes: usize = batch.iter().map(|ticket| ticket.draft.content_bytes()).sum();
        while let Some(next) = self.waiting.front() {
            bytes += next.draft.bytes_besides();
            if bytes > limit {
                break;
            }
            batch.extend(self.waiting.pop_front());
        }
        batch
    }
}

/// The duty to tell everybody in a batch what came of it, also when writing it panics.
struct Lead<'a> {
    queue: &'a Queue,
    numbers: VecDeque<u64>,
}

impl Lead<'_> {
    /// Says what came of the next ticket of the batch.
    fn publish(&mut self, outcome: Outcome) {
        if let Some(number) = self.numbers.pop_front() {
            self.queue.line().outcomes.insert(number, outcome);
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut line = self.queue.line();
        for number in self.numbers.drain(..) {
            line.outcomes.insert(number, Err(JournalError::Poisoned));
        }
        line.is_led = false;
        drop(line);
        self.queue.turn.notify_all();
    }
}
