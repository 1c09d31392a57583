//! What an acquirer's plugin keeps with the terminal: memory, counters, keys; and how its proofs have fared.

use std::collections::{BTreeMap, BTreeSet};

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
            | Fact::Carried { .. } => true,
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

    /// The same; none when owed transactions carry every value there is.
    pub fn free_count(&self, acquirer: &str, counter: &Counter) -> Option<u64> {
        let owed = self.open_debts().filter(|debt| debt.acquirer == acquirer);
        let carried: BTreeSet<u64> = owed
            .filter_map(|debt| self.transactions.get(&debt.of))
            .flat_map(|transaction| &transaction.exchanges)
            .flat_map(|exchange| &exchange.intent.uses)
            .filter(|(name, _)| *name == counter.name)
            .map(|(_, value)| *value)
            .collect();
        let after = |value: u64| if value >= counter.first && value < counter.last { value + 1 } else { counter.first };
        let taken = self.streams.get(acquirer).and_then(|stream| stream.counters.get(&counter.name));
        let next = taken.map_or(counter.first, |&last| after(last));
        std::iter::successors(Some(next), |&value| Some(after(value)))
            .take(carried.len() + 1)
            .find(|value| !carried.contains(value))
    }
}

impl Stream {
    fn heed(&mut self, at: Timestamp, fact: &Fact) {
        self.carried_at = None;
        match fact {
            Fact::Intent(intent) => self.counters.extend(intent.uses.iter().cloned()),
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
