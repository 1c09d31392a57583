//! What every operation asks the books for, kept at hand: so that an operation costs the same with a hundred thousand
//! transactions in memory and a thousand open debts as with none.
//!
//! Nothing here says anything new: all of it follows from the transactions and debts, and an image leaves it out.

use std::collections::{BTreeMap, BTreeSet};

use super::{Books, Debt, Inconsistent, Standing};
use crate::contract::types::Name;
use crate::identity::TransactionId;

/// Open debts by where they stand, the numbers they carry, and what has not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Indices {
    at: BTreeMap<String, OpenDebts>,
    /// Where each open debt has been put.
    places: BTreeMap<TransactionId, Place>,
    /// Transactions that have begun and not ended.
    pub running: BTreeSet<TransactionId>,
    /// What followed a transaction, oldest first.
    pub followers: BTreeMap<TransactionId, Vec<TransactionId>>,
}

/// One acquirer's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OpenDebts {
    /// Oldest first.
    standing: BTreeMap<Standing, BTreeSet<(i64, TransactionId)>>,
    /// Counter values that open debts and their originals carry, and how many of them do.
    numbers: BTreeMap<Name, BTreeMap<u64, u32>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    acquirer: String,
    standing: Standing,
    since: i64,
    numbers: Vec<(Name, u64)>,
}

impl Indices {
    /// Open debts of one acquirer that stand like this, oldest first.
    pub fn standing(&self, acquirer: &str, standing: Standing) -> impl ExactSizeIterator<Item = &TransactionId> {
        static NONE: BTreeSet<(i64, TransactionId)> = BTreeSet::new();
        let debts = self.at.get(acquirer).and_then(|open| open.standing.get(&standing));
        debts.unwrap_or(&NONE).iter().map(|(_, id)| id)
    }

    /// How many debts of all acquirers stand like this.
    pub fn count(&self, standing: Standing) -> usize {
        self.at.values().filter_map(|open| open.standing.get(&standing)).map(BTreeSet::len).sum()
    }

    /// All open debts, by name.
    pub fn open(&self) -> impl Iterator<Item = &TransactionId> {
        self.places.keys()
    }

    /// Values of a counter that open debts or their originals carry.
    pub fn numbers(&self, acquirer: &str, counter: &str) -> Option<&BTreeMap<u64, u32>> {
        self.at.get(acquirer)?.numbers.get(counter)
    }

    /// Notes what a transaction follows.
    pub fn follow(&mut self, id: &TransactionId, original: Option<TransactionId>) {
        if let Some(original) = original {
            self.followers.entry(original).or_default().push(id.clone());
        }
    }

    /// A transaction has left memory.
    pub fn unfollow(&mut self, id: &TransactionId, original: Option<TransactionId>) {
        let Some(original) = original else { return };
        if let Some(followers) = self.followers.get_mut(&original) {
            followers.retain(|follower| follower != id);
            if followers.is_empty() {
                self.followers.remove(&original);
            }
        }
    }

    fn put(&mut self, id: &TransactionId, place: Option<Place>) {
        if self.places.get(id) == place.as_ref() {
            return;
        }
        if let Some(Place { acquirer, standing, since, numbers }) = self.places.remove(id)
            && let Some(open) = self.at.get_mut(&acquirer)
        {
            if let Some(debts) = open.standing.get_mut(&standing) {
                debts.remove(&(since, id.clone()));
            }
            open.standing.retain(|_, debts| !debts.is_empty());
            numbers.iter().for_each(|number| open.release(number));
            if open.standing.is_empty() {
                self.at.remove(&acquirer);
            }
        }
        let Some(place) = place else { return };
        let open = self.at.entry(place.acquirer.clone()).or_default();
        open.standing.entry(place.standing).or_default().insert((place.since, id.clone()));
        for (name, value) in &place.numbers {
            *open.numbers.entry(name.clone()).or_default().entry(*value).or_default() += 1;
        }
        self.places.insert(id.clone(), place);
    }
}

impl OpenDebts {
    fn release(&mut self, (name, value): &(Name, u64)) {
        let Some(values) = self.numbers.get_mut(name) else { return };
        if let Some(times) = values.get_mut(value) {
            *times -= 1;
            if *times == 0 {
                values.remove(value);
            }
        }
        if values.is_empty() {
            self.numbers.remove(name);
        }
    }
}

impl Books {
    /// Changes a debt, and where it is found.
    pub(super) fn change_debt<T>(
        &mut self,
        id: &TransactionId,
        change: impl FnOnce(&mut Debt) -> T,
    ) -> Result<T, Inconsistent> {
        let debt = self.debts.get_mut(id).ok_or_else(|| Inconsistent(id.to_string(), "a debt that was never owed"))?;
        let changed = change(debt);
        self.place(id);
        Ok(changed)
    }

    /// Puts a debt where it belongs, or nowhere when it is not open.
    pub(super) fn place(&mut self, id: &TransactionId) {
        let place = self.debts.get(id).filter(|debt| debt.is_open()).map(|debt| {
            let original = self.transactions.get(&debt.of).into_iter().flat_map(|original| &original.exchanges);
            let exchanges = original.chain(debt.exchange.as_deref());
            Place {
                acquirer: debt.acquirer.clone(),
                standing: debt.standing,
                since: debt.since.unix_ms,
                numbers: exchanges.flat_map(|exchange| exchange.intent.uses.iter().cloned()).collect(),
            }
        });
        self.indices.put(id, place);
    }

    /// Everything anew, from the transactions and debts.
    pub(super) fn index(&mut self) {
        self.indices = Indices::default();
        let running = self.transactions.values().filter(|known| known.conclusion.is_none());
        let followers = self.order.iter().filter_map(|id| Some((id.clone(), self.transactions.get(id)?.follows()?)));
        for (follower, original) in followers {
            self.indices.followers.entry(original).or_default().push(follower);
        }
        self.indices.running = running.map(|known| known.id.clone()).collect();
        let debts: Vec<_> = self.debts.keys().cloned().collect();
        debts.iter().for_each(|id| self.place(id));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::Recovery;
    use crate::world_tests::laws::histories;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

        /// What was kept up record by record is what a look at everything gives.
        #[test]
        fn what_is_at_hand_is_what_a_look_at_everything_gives(history in histories()) {
            let house = history.live();
            let kept = house.books().indices.clone();
            let mut anew = house.books().clone();
            anew.index();
            prop_assert_eq!(&kept, &anew.indices);
            let read = Recovery::read(&house.records(), house.now());
            prop_assert_eq!(&read.books().indices, &anew.indices);
        }
    }
}
