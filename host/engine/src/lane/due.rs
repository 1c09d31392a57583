//! When each debt is to be tried next, in the order of the field (UnionPay A.7): script reports, what is in doubt, advices.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::TransactionId;
use crate::record::Duty;

/// Debts that will be tried, by when.
#[derive(Debug, Default)]
pub(crate) struct Due {
    places: BTreeMap<TransactionId, (Rank, u64)>,
    ranks: BTreeMap<Rank, BTreeSet<(u64, TransactionId)>>,
}

/// What goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// What the card made of the issuer's scripts.
    Report,
    /// Money in doubt: reversals, repetitions, inquiries. Nothing is sold before they are heard.
    InDoubt,
    /// Money that moved rightly.
    Advice,
}

/// The next debt that is due, or when one will be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextDue {
    Now(TransactionId),
    At(u64),
    Never,
}

impl Duty {
    /// Its place in the queue.
    pub(crate) fn rank(self) -> Rank {
        match self {
            Duty::ReportScripts => Rank::Report,
            Duty::Reverse(_) | Duty::Repeat | Duty::Inquire => Rank::InDoubt,
            Duty::Advise => Rank::Advice,
        }
    }
}

impl Due {
    /// It is to be tried at this moment, on the monotonic clock.
    pub fn put(&mut self, debt: TransactionId, rank: Rank, at_ms: u64) {
        self.remove(&debt);
        self.ranks.entry(rank).or_default().insert((at_ms, debt.clone()));
        self.places.insert(debt, (rank, at_ms));
    }

    /// It is not to be tried by any timer.
    pub fn remove(&mut self, debt: &TransactionId) {
        if let Some((rank, at_ms)) = self.places.remove(debt)
            && let Some(debts) = self.ranks.get_mut(&rank)
        {
            debts.remove(&(at_ms, debt.clone()));
        }
    }

    /// Of those that are due the first of the first rank, the longest due of that.
    pub fn next(&self, now_ms: u64) -> NextDue {
        let firsts = || self.ranks.values().filter_map(BTreeSet::first);
        match firsts().find(|(at_ms, _)| *at_ms <= now_ms) {
            Some((_, debt)) => NextDue::Now(debt.clone()),
            None => firsts().map(|(at_ms, _)| *at_ms).min().map_or(NextDue::Never, NextDue::At),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::template::UndoReason;

    fn id(text: &str) -> TransactionId {
        TransactionId::parse(text).unwrap()
    }

    #[test]
    fn what_is_due_goes_by_rank_and_what_is_not_by_time() {
        let mut due = Due::default();
        assert_eq!(due.next(9), NextDue::Never);
        due.put(id("V"), Duty::Advise.rank(), 1);
        due.put(id("R"), Duty::Reverse(UndoReason::NoAnswer).rank(), 3);
        due.put(id("Q"), Duty::Inquire.rank(), 2);
        due.put(id("T"), Duty::ReportScripts.rank(), 5);
        assert_eq!(due.next(0), NextDue::At(1));
        let order: Vec<_> = [1, 2, 5].map(|now| due.next(now)).into();
        assert_eq!(order, ["V", "Q", "T"].map(|name| NextDue::Now(id(name))));
        due.remove(&id("T"));
        due.put(id("Q"), Rank::InDoubt, 20);
        assert_eq!(due.next(5), NextDue::Now(id("R")));
        due.remove(&id("R"));
        due.remove(&id("V"));
        assert_eq!(due.next(5), NextDue::At(20));
    }
}
