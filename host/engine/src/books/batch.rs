//! The batch: what was approved since the last settlement, in order, with its sums kept as it grows; and the settlement
//! that closes it.
//!
//! The sums are counted twice, by two ways that share nothing but the records: as each transaction joins, and over all
//! that is in memory when the batch is to be closed. Nothing is settled while they differ.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sums::{Sums, too_much};
use super::{Books, Debt, Inconsistent, Standing, Transaction};
use crate::contract::acquirer::{Approved, Verdict};
use crate::contract::transaction::{OperationKind, Totals};
use crate::contract::types::{Amount, Name};
use crate::identity::TransactionId;
use crate::record::{Duty, Fact, Outcome};
use crate::time::Timestamp;

/// What one acquirer approved since its last settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The terminal's own number, from 1; the acquirer's is the plugin's to keep.
    pub number: u32,
    /// In the order they were approved.
    pub members: Vec<TransactionId>,
    sums: Sums,
    /// The settlement under way.
    pub settling: Option<Settling>,
}

/// A settlement under way, as far as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    pub settlement: TransactionId,
    pub since: Timestamp,
    /// Frozen when it began.
    pub totals: Vec<Totals>,
    /// How many transactions of the batch it is about: the first ones.
    pub items: u32,
    /// The acquirer's verdict, once it is known.
    pub compared: Option<Compared>,
    /// How many of them are delivered.
    pub uploaded: u32,
}

/// What an acquirer made of the totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    pub balanced: bool,
    pub groups: Vec<(Name, Verdict)>,
    /// What it wants next.
    pub next: Option<OperationKind>,
}

impl Default for Batch {
    fn default() -> Batch {
        Batch { number: 1, members: Vec::new(), sums: Sums::NONE, settling: None }
    }
}

impl Batch {
    /// The running sums.
    pub fn totals(&self) -> Vec<Totals> {
        self.sums.lines()
    }

    /// The transactions the settlement under way is about, in order.
    pub fn items(&self) -> &[TransactionId] {
        let items = self.settling.as_ref().map_or(0, |settling| settling.items as usize);
        self.members.get(..items).unwrap_or(&self.members)
    }

    /// The number of the batch that what is approved now belongs to.
    fn current(&self) -> u32 {
        self.number.saturating_add(u32::from(self.settling.is_some()))
    }
}

impl Books {
    /// An acquirer's batch.
    pub fn batch(&self, acquirer: &str) -> &Batch {
        static FIRST: Batch = Batch { number: 1, members: Vec::new(), sums: Sums::NONE, settling: None };
        self.batches.get(acquirer).unwrap_or(&FIRST)
    }

    /// What its settlement will say, by the running sums.
    pub fn totals(&self, acquirer: &str) -> Vec<Totals> {
        self.batch(acquirer).totals()
    }

    /// The same, counted over everything that is in memory, whatever the running sums and the list of members say.
    ///
    /// # Errors
    /// A sum does not fit.
    pub fn counted(&self, acquirer: &str) -> Result<Vec<Totals>, Inconsistent> {
        let batch = self.batch(acquirer);
        let mut sums = Sums::NONE;
        for known in self.transactions_of(acquirer) {
            let is_open = known.batch.is_none_or(|number| number >= batch.number);
            if let Some(approved) = self.settles(known).filter(|_| is_open) {
                sums.add(known, approved)?;
            }
        }
        Ok(sums.lines())
    }

    /// The settlements in memory, oldest first, the one under way too.
    pub fn settlements(&self, acquirer: &str) -> impl Iterator<Item = &Transaction> {
        let is_settlement =
            move |known: &&Transaction| known.acquirer == acquirer && known.kind() == OperationKind::Settle;
        self.transactions().filter(is_settlement)
    }

    /// The settlement under way at an acquirer.
    pub fn settling(&self, acquirer: &str) -> Option<&Settling> {
        self.batch(acquirer).settling.as_ref()
    }

    /// What an acquirer has yet to be told of money that moved without it: one sum a currency.
    ///
    /// # Errors
    /// A sum does not fit.
    pub fn exposure(&self, acquirer: &str) -> Result<Vec<Amount>, Inconsistent> {
        let mut sums: BTreeMap<(u16, u8), u64> = BTreeMap::new();
        for debt in self.open_debts_of(acquirer).filter(|debt| debt.duty == Duty::Advise) {
            let approved = self.transactions.get(&debt.of).and_then(Transaction::amount);
            let Some(Amount { minor, currency, exponent }) = debt.amount.or(approved) else { continue };
            let sum = sums.entry((currency, exponent)).or_default();
            *sum = sum.checked_add(minor).ok_or_else(|| too_much(&debt.id))?;
        }
        Ok(sums.into_iter().map(|((currency, exponent), minor)| Amount { minor, currency, exponent }).collect())
    }

    /// Whether a transaction belongs to a batch that is not closed: then it may have to be uploaded, with its card.
    pub(super) fn is_in_open_batch(&self, known: &Transaction) -> bool {
        known.batch.is_some_and(|number| number >= self.batch(&known.acquirer).number)
    }

    /// Whether money is still held by a pre-authorisation: neither given back nor taken in a batch that is closed.
    pub(super) fn is_reserved(&self, known: &Transaction) -> bool {
        let is_approved = |known: &Transaction| matches!(known.outcome(), Some(Outcome::Approved(_)));
        let ends = |later: &Transaction| match later.kind() {
            OperationKind::CancelPreauthorization => true,
            OperationKind::Complete => !self.is_in_open_batch(later),
            _ => false,
        };
        let is_held = known.kind() == OperationKind::Preauthorize && is_approved(known);
        is_held && !self.followers(&known.id).any(|later| is_approved(later) && ends(later))
    }

    /// What an approved transaction adds to its batch; none when it adds nothing, or not yet: what the terminal approved
    /// by itself is the acquirer's only once it has taken the advice.
    fn settles<'a>(&self, known: &'a Transaction) -> Option<&'a Approved> {
        let Some(Outcome::Approved(approved)) = known.outcome() else { return None };
        let is_untold = |debt: &Debt| debt.duty == Duty::Advise && debt.standing != Standing::Paid;
        let stands_in = !known.summarised && !known.exchanges.iter().any(|exchange| exchange.heard);
        // A tip is told by an advice owed for its sale.
        let tipped = known.follows().filter(|_| known.kind() == OperationKind::Advise);
        let told_of = tipped.map_or(Some(known), |sale| self.transactions.get(&sale));
        let waits = stands_in && told_of.is_some_and(|told_of| self.debts_of(told_of).any(is_untold));
        (known.kind().is_settled() && !waits).then_some(approved)
    }

    /// Takes an approved transaction into the batch, if it belongs there and is not there yet.
    pub(super) fn enrol(&mut self, id: &TransactionId) -> Result<(), Inconsistent> {
        let number = self.transactions.get(id).map_or(0, |known| self.batch(&known.acquirer).current());
        self.enrol_in(id, number)
    }

    /// The same, into the batch of this number, which a line says.
    pub(super) fn enrol_in(&mut self, id: &TransactionId, number: u32) -> Result<(), Inconsistent> {
        let Some(known) = self.transactions.get(id).filter(|known| known.batch.is_none()) else { return Ok(()) };
        let Some(approved) = self.settles(known).cloned() else { return Ok(()) };
        let acquirer = known.acquirer.clone();
        let Some(known) = self.transactions.get_mut(id) else { return Ok(()) };
        known.batch = Some(number);
        let batch = self.batches.entry(acquirer).or_default();
        if number < batch.number {
            return Ok(());
        }
        batch.sums.add(known, &approved)?;
        batch.members.push(id.clone());
        Ok(())
    }

    /// An advice was taken: what it told of counts now, a stand-in or the tip on a sale.
    pub(super) fn enrol_told(&mut self, id: &TransactionId) -> Result<(), Inconsistent> {
        self.tips(id).iter().chain([id]).try_for_each(|id| self.enrol(id))
    }

    /// Takes out again what is yet to be told: it was approved by the terminal alone.
    pub(super) fn leave_untold(&mut self, id: &TransactionId) {
        self.tips(id).iter().chain([id]).for_each(|id| self.leave_batch(id));
    }

    fn tips(&self, id: &TransactionId) -> Vec<TransactionId> {
        let tips = self.followers(id).filter(|known| known.kind() == OperationKind::Advise);
        tips.map(|known| known.id.clone()).collect()
    }

    fn leave_batch(&mut self, id: &TransactionId) {
        let Some(known) = self.transactions.get(id) else { return };
        if self.settles(known).is_some() {
            return;
        }
        let (Some(Outcome::Approved(approved)), Some(_)) = (known.outcome(), known.batch) else { return };
        if let Some(batch) = self.batches.get_mut(&known.acquirer)
            && let Some(place) = batch.members.iter().rposition(|member| member == id)
        {
            batch.members.remove(place);
            batch.sums.take_out(known, approved);
        }
        if let Some(known) = self.transactions.get_mut(id) {
            known.batch = None;
        }
    }

    /// What a settlement's facts change.
    pub(super) fn settle(&mut self, at: Timestamp, acquirer: &str, fact: &Fact) -> Result<(), Inconsistent> {
        match fact {
            Fact::Totalled { settlement, batch: number, totals, items } => {
                self.begin_settlement(at, acquirer, settlement, totals);
                if self.dropped && *number < self.batch(acquirer).number {
                    return Ok(());
                }
                let batch = self.batches.entry(acquirer.to_owned()).or_default();
                let fits =
                    batch.number == *number && batch.settling.is_none() && batch.members.len() >= *items as usize;
                batch.settling = Some(Settling {
                    settlement: settlement.clone(),
                    since: at,
                    totals: totals.clone(),
                    items: *items,
                    compared: None,
                    uploaded: 0,
                });
                if fits { Ok(()) } else { Err(contradicts(settlement, "another batch is being settled")) }
            }
            // Its first record was dropped, since it is over and has its line or will have it.
            Fact::Compared { settlement, .. } | Fact::Uploaded { settlement, .. }
                if self.dropped && !self.is_settling(acquirer, settlement) =>
            {
                Ok(())
            }
            Fact::Compared { settlement, balanced, groups, next } => {
                let compared = Compared { balanced: *balanced, groups: groups.clone(), next: *next };
                self.settling_mut(acquirer, settlement)?.compared = Some(compared);
                Ok(())
            }
            Fact::Uploaded { settlement, through, .. } => {
                let settling = self.settling_mut(acquirer, settlement)?;
                settling.uploaded = settling.uploaded.max(*through);
                Ok(())
            }
            Fact::BatchClosed { settlement, batch, closed, .. } => {
                if !self.dropped {
                    self.settling_mut(acquirer, settlement)?;
                }
                for debt in closed {
                    if self.dropped && !self.debts.contains_key(debt) {
                        continue;
                    }
                    let of = self.change_debt(debt, |debt| {
                        debt.ended(at, Standing::Settled);
                        debt.of.clone()
                    })?;
                    self.slim_if_settled(&of);
                }
                self.close_batch(acquirer, *batch);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The batch of this number is closed: the next one begins with what was approved since.
    pub(super) fn close_batch(&mut self, acquirer: &str, number: u32) {
        let batch = self.batches.entry(acquirer.to_owned()).or_default();
        if number < batch.number {
            return;
        }
        let closed = std::mem::take(batch);
        batch.number = number.saturating_add(1);
        let firsts = self.streams.get_mut(acquirer).map(|stream| std::mem::take(&mut stream.batch_firsts));
        drop(firsts);
        for id in closed.members {
            let Some(known) = self.transactions.get_mut(&id) else { continue };
            if known.batch.is_some_and(|its| its > number) {
                let approved = match known.outcome() {
                    Some(Outcome::Approved(approved)) => approved.clone(),
                    _ => continue,
                };
                let batch = self.batches.entry(acquirer.to_owned()).or_default();
                if batch.sums.add(known, &approved).is_ok() {
                    batch.members.push(id);
                }
            } else {
                let original = known.follows();
                self.slim_if_settled(&id);
                original.iter().for_each(|original| self.slim_if_settled(original));
            }
        }
    }

    /// A settlement ended of which nothing was ever sent: its batch goes on as if nobody had asked.
    pub(super) fn reopen_batch(&mut self, acquirer: &str, settlement: &TransactionId) {
        let Some(batch) = self.batches.get_mut(acquirer) else { return };
        if batch.settling.as_ref().is_none_or(|settling| settling.settlement != *settlement) {
            return;
        }
        batch.settling = None;
        for member in &batch.members {
            if let Some(known) = self.transactions.get_mut(member) {
                known.batch = Some(batch.number);
            }
        }
    }

    /// A running sum that has gone wrong, for tests.
    #[cfg(test)]
    pub(crate) fn miscount(&mut self, acquirer: &str) {
        self.batches.get_mut(acquirer).into_iter().for_each(|batch| batch.sums.miscount());
    }

    fn is_settling(&self, acquirer: &str, settlement: &TransactionId) -> bool {
        self.settling(acquirer).is_some_and(|settling| settling.settlement == *settlement)
    }

    fn settling_mut(&mut self, acquirer: &str, settlement: &TransactionId) -> Result<&mut Settling, Inconsistent> {
        let settling = self.batches.get_mut(acquirer).and_then(|batch| batch.settling.as_mut());
        settling
            .filter(|settling| settling.settlement == *settlement)
            .ok_or_else(|| contradicts(settlement, "a settlement that never began"))
    }
}

fn contradicts(id: &TransactionId, how: &'static str) -> Inconsistent {
    Inconsistent(id.to_string(), how)
}
