//! What an acquirer's plugin keeps with the terminal: memory, counters, keys; and how its proofs have fared.

use std::collections::{BTreeMap, BTreeSet};

use super::Books;
use crate::contract::acquirer::{Counter, NewKey};
use crate::contract::types::Name;
use crate::record::Incident;

/// What one acquirer's plugin keeps, and how it has behaved.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    pub memory: BTreeMap<Name, Vec<u8>>,
    /// The last value taken or set.
    pub(super) counters: BTreeMap<Name, u64>,
    /// The blocks of the newest download, wrapped under the transport key.
    pub keys: Vec<NewKey>,
    pub failed_proofs: u32,
}

impl Books {
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
    /// A proof that failed or was missing counts; an answer that says nothing either way does not.
    pub(super) fn incident(&mut self, what: &Incident) {
        if matches!(what, Incident::BadSeal(_) | Incident::BadEcho(_) | Incident::MissingProof(_)) {
            self.failed_proofs = self.failed_proofs.saturating_add(1);
        }
    }

    pub(super) fn install(&mut self, keys: &[NewKey]) {
        self.keys.retain(|held| !keys.iter().any(|key| key.name == held.name));
        self.keys.extend(keys.iter().cloned());
    }
}
