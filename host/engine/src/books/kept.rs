//! What an acquirer's plugin keeps with the terminal: memory, counters, keys; and how its proofs have fared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Books;
use crate::contract::acquirer::{Counter, NewKey};
use crate::contract::types::Name;
use crate::record::{Fact, Incident, Outcome};
use crate::time::Timestamp;

/// What one acquirer's plugin keeps, and how it has behaved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    pub memory: BTreeMap<Name, Vec<u8>>,
    /// The last value taken or set.
    pub(super) counters: BTreeMap<Name, u64>,
    /// The blocks of the newest download, wrapped under the transport key.
    pub keys: Vec<NewKey>,
    pub failed_proofs: u32,
    /// The first value of each counter that a message of the open batch carries: a counter that comes round to it has
    /// no number left until the batch is closed.
    pub(super) batch_firsts: BTreeMap<Name, u64>,
    /// When all of this was last written down as it stood; none once it has changed.
    pub(super) carried_at: Option<Timestamp>,
}

impl Books {
    /// What a fact changes in what its acquirer's plugin keeps.
    pub(super) fn keep(&mut self, at: Timestamp, acquirer: &str, fact: &Fact) {
        let changes = match fact {
            Fact::Intent(intent) => !intent.uses.is_empty(),
            Fact::Heard { proven, .. } => *proven,
            Fact::Concluded { outcome, .. } => *outcome == Outcome::Done,
            Fact::Answered { .. }
            | Fact::KeysInstalled { .. }
            | Fact::KeysDropped { .. }
            | Fact::Remembered { .. }
            | Fact::CounterSet { .. }
            | Fact::Incident { .. }
            | Fact::Carried { .. }
            | Fact::CarriedBatch { .. } => true,
            Fact::Resent { .. }
            | Fact::Sent { .. }
            | Fact::Owed { .. }
            | Fact::Tried { .. }
            | Fact::Unheard { .. }
            | Fact::Waived { .. }
            | Fact::Due { .. }
            | Fact::Resealed { .. }
            | Fact::Resolved { .. }
            | Fact::Escalated { .. }
            | Fact::Totalled { .. }
            | Fact::Compared { .. }
            | Fact::Uploaded { .. }
            | Fact::BatchClosed { .. } => false,
        };
        if changes {
            self.stream(acquirer).heed(at, fact);
        }
    }

    /// The value a counter gives next: one more than the last, or its first again after its last. A value that an
    /// owed transaction carries is passed over, since its reversal must never meet another payment.
    pub fn next_count(&self, acquirer: &str, counter: &Counter) -> u64 {
        self.free_count(acquirer, counter).unwrap_or(counter.first)
    }

    /// The same; none when owed transactions carry every value there is, or when the counter has come round to what the
    /// open batch began with: no number twice within a batch.
    pub fn free_count(&self, acquirer: &str, counter: &Counter) -> Option<u64> {
        let first = self.streams.get(acquirer).and_then(|stream| stream.batch_firsts.get(&counter.name));
        self.free_before(acquirer, counter, first.copied())
    }

    /// The same where no batch is ever closed, so that none could be waited for.
    pub fn free_count_without_batches(&self, acquirer: &str, counter: &Counter) -> Option<u64> {
        self.free_before(acquirer, counter, None)
    }

    /// Whether an acquirer may move a counter to this value: forwards, and past no value of the open batch.
    pub(crate) fn may_move(&self, acquirer: &str, counter: &Counter, value: u64) -> bool {
        let stream = self.streams.get(acquirer);
        let next = stream
            .and_then(|stream| stream.counters.get(&counter.name))
            .map_or(counter.first, |&last| after(counter, last));
        let first = stream.and_then(|stream| stream.batch_firsts.get(&counter.name));
        let is_before_first = first.is_none_or(|&first| next > first || value < first);
        (counter.first..=counter.last).contains(&value)
            && self.free_count(acquirer, counter).is_some_and(|free| value >= free)
            && is_before_first
    }

    fn free_before(&self, acquirer: &str, counter: &Counter, taken: Option<u64>) -> Option<u64> {
        static NONE: BTreeMap<u64, u32> = BTreeMap::new();
        let owed = self.indices.numbers(acquirer, &counter.name).unwrap_or(&NONE);
        let last = self.streams.get(acquirer).and_then(|stream| stream.counters.get(&counter.name));
        let next = last.map_or(counter.first, |&last| after(counter, last));
        std::iter::successors(Some(next), |&value| Some(after(counter, value)))
            .take(owed.len() + 1)
            .take_while(|value| taken != Some(*value))
            .find(|value| !owed.contains_key(value))
    }
}

fn after(counter: &Counter, value: u64) -> u64 {
    if value >= counter.first && value < counter.last { value + 1 } else { counter.first }
}

impl Stream {
    fn heed(&mut self, at: Timestamp, fact: &Fact) {
        self.carried_at = None;
        match fact {
            Fact::Intent(intent) => {
                for (name, value) in &intent.uses {
                    self.batch_firsts.entry(name.clone()).or_insert(*value);
                    self.counters.insert(name.clone(), *value);
                }
            }
            // A proven answer, or a sign-in that was done: the row of failed proofs is broken.
            Fact::Heard { .. } | Fact::Answered { .. } | Fact::Concluded { .. } => self.failed_proofs = 0,
            Fact::KeysInstalled { keys } => self.install(keys),
            Fact::KeysDropped { slots } => self.keys.retain(|key| !slots.contains(&key.name)),
            Fact::Remembered { name, value } => {
                self.memory.insert(name.clone(), value.clone());
            }
            Fact::CounterSet { name, value } => {
                self.counters.insert(name.clone(), *value);
            }
            Fact::Incident { what, .. } => self.incident(what),
            Fact::Carried { counters, memory, keys, failed_proofs } => {
                self.counters = counters.iter().cloned().collect();
                self.memory = memory.iter().cloned().collect();
                self.keys.clone_from(keys);
                self.failed_proofs = *failed_proofs;
                self.carried_at = Some(at);
            }
            Fact::CarriedBatch { firsts, .. } => {
                self.batch_firsts = firsts.iter().cloned().collect();
                self.carried_at = Some(at);
            }
            _ => {}
        }
    }

    /// All of it in one fact.
    pub(super) fn carried(&self) -> Fact {
        Fact::Carried {
            counters: self.counters.iter().map(|(name, value)| (name.clone(), *value)).collect(),
            memory: self.memory.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            keys: self.keys.clone(),
            failed_proofs: self.failed_proofs,
        }
    }

    /// What of it a batch's settlement starts anew.
    pub(super) fn carried_batch(&self, batch: u32) -> Fact {
        let firsts = self.batch_firsts.iter().map(|(name, value)| (name.clone(), *value)).collect();
        Fact::CarriedBatch { batch, firsts }
    }

    /// A proof that failed or was missing counts; an answer that says nothing either way does not.
    fn incident(&mut self, what: &Incident) {
        if matches!(what, Incident::BadSeal(_) | Incident::BadEcho(_) | Incident::MissingProof(_)) {
            self.failed_proofs = self.failed_proofs.saturating_add(1);
        }
    }

    fn install(&mut self, keys: &[NewKey]) {
        self.keys.retain(|held| !keys.iter().any(|key| key.name == held.name));
        self.keys.extend(keys.iter().cloned());
    }
}
