//! The terminal's books: what the journal's records, read in order, say is so.
//!
//! Nothing is true of a payment that a record did not say; the same records give the same books on every terminal,
//! in the simulator and years later. What is long settled is told by one line a transaction, and leaves memory but for
//! sums and identities.
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

mod batch;
mod compaction;
mod debt;
mod identities;
mod image;
mod indices;
mod kept;
#[cfg(test)]
mod laws;
mod looks;
mod memory;
mod query;
mod recovery;
mod summary;
mod sums;
mod transaction;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::contract::Digest;
use crate::contract::acquirer::Standby;
use crate::contract::types::Amount;
use crate::identity::TransactionId;
use crate::money::MoneyError;
use crate::record::{Outcome, Record};
use crate::time::Timestamp;

pub use batch::{Batch, Compared, Settling};
pub use compaction::Fate;
pub use debt::{Debt, Standing, Waived};
pub use image::{IMAGE_VERSION, ImageError};
pub use kept::Stream;
#[cfg(test)]
pub(crate) use looks::looks;
pub use memory::{INDEX_DAYS, Known};
pub use query::{BATCH, Query, State};
pub use summary::{SUMMARY_VERSION, SettledDebt, Summary, SummaryError};
pub use transaction::{Conclusion, ExchangeFacts, Resolution, Transaction};

use transaction::Flow;

use identities::Identities;
use indices::Indices;

/// Proofs that may fail in a row before new payments stop.
pub const FAILED_PROOFS_IN_A_ROW: u32 = 3;

/// All that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    transactions: BTreeMap<TransactionId, Transaction>,
    debts: BTreeMap<TransactionId, Debt>,
    streams: BTreeMap<String, Stream>,
    batches: BTreeMap<String, Batch>,
    /// Transactions in the order they began.
    order: Vec<TransactionId>,
    /// Names of transactions and debts that are settled and have left memory.
    forgotten: Identities,
    /// What was taken and what was given back of those, by acquirer, currency and exponent.
    forgotten_sums: BTreeMap<(String, u16, u8), (u64, u64)>,
    /// Records have been dropped from the journal: what comes after them may speak of what they said.
    dropped: bool,
    /// The newest record: when, and whose.
    newest: Option<(Timestamp, String)>,
    #[serde(skip)]
    indices: Indices,
}

/// A record that contradicts those before it; the storage's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record about {0} contradicts those before it: {1}")]
pub struct Inconsistent(pub String, pub &'static str);

impl Books {
    /// Reads one more record.
    ///
    /// # Errors
    /// It contradicts those before it. What it says is taken in as far as it can be.
    pub fn apply(&mut self, record: &Record) -> Result<(), Inconsistent> {
        let Record { at, acquirer, fact } = record;
        self.newest = Some((*at, acquirer.clone()));
        self.keep(*at, acquirer, fact);
        if self.is_told(fact) {
            return Ok(());
        }
        self.enter(*at, acquirer, fact)?;
        self.remember_in_timeline(*at, fact);
        Ok(())
    }

    /// A payment or errand by name.
    pub fn transaction(&self, id: &TransactionId) -> Option<&Transaction> {
        self.transactions.get(id)
    }

    /// All of them, oldest first.
    pub fn transactions(&self) -> impl DoubleEndedIterator<Item = &Transaction> {
        self.order.iter().filter_map(|id| self.transactions.get(id)).inspect(|_| looks::one())
    }

    /// Those of one acquirer, by name.
    fn transactions_of(&self, acquirer: &str) -> impl Iterator<Item = &Transaction> {
        self.transactions.values().inspect(|_| looks::one()).filter(move |known| known.acquirer == acquirer)
    }

    /// What followed a transaction and is in memory, oldest first: its void, its refunds, its completion.
    pub fn followers(&self, id: &TransactionId) -> impl Iterator<Item = &Transaction> {
        let followers = self.indices.followers.get(id).into_iter().flatten();
        followers.filter_map(|id| self.transactions.get(id)).inspect(|_| looks::one())
    }

    /// A debt by its own name.
    pub fn debt(&self, id: &TransactionId) -> Option<&Debt> {
        self.debts.get(id)
    }

    /// What is or was owed for a transaction, oldest first.
    pub fn debts_of<'a>(&'a self, transaction: &'a Transaction) -> impl Iterator<Item = &'a Debt> {
        transaction.debts.iter().filter_map(|id| self.debts.get(id)).inspect(|_| looks::one())
    }

    /// Debts nobody has acknowledged or waived: unheard, refused and unmatched.
    pub fn open_debts(&self) -> impl Iterator<Item = &Debt> {
        self.indices.open().filter_map(|id| self.debts.get(id)).inspect(|_| looks::one())
    }

    /// Those of one acquirer: the unheard, the refused and the unmatched, each oldest first.
    pub fn open_debts_of(&self, acquirer: &str) -> impl Iterator<Item = &Debt> {
        let standings = [Standing::Unheard, Standing::Refused, Standing::Unmatched];
        standings.into_iter().flat_map(|standing| self.debts_that_stand(acquirer, standing))
    }

    /// Those of one acquirer that stand like this, oldest first.
    pub fn debts_that_stand(&self, acquirer: &str, standing: Standing) -> impl Iterator<Item = &Debt> {
        let debts = self.indices.standing(acquirer, standing);
        debts.filter_map(|id| self.debts.get(id)).inspect(|_| looks::one())
    }

    /// How many open debts of one acquirer stand like this.
    pub fn count(&self, acquirer: &str, standing: Standing) -> u32 {
        self.indices.standing(acquirer, standing).len() as u32
    }

    /// Debts that will be sent again: what `owed: N` on the screen counts.
    pub fn owed(&self) -> u32 {
        (self.indices.count(Standing::Unheard) + self.indices.count(Standing::Refused)) as u32
    }

    /// What one acquirer's plugin keeps.
    pub fn kept(&self, acquirer: &str) -> Option<&Stream> {
        self.streams.get(acquirer)
    }

    /// What this acquirer owes the shop by the terminal's own books: what was taken less what was given back, in one
    /// currency.
    ///
    /// # Errors
    /// The sum does not fit or is less than nothing, or something was approved in another currency.
    pub fn taken(&self, acquirer: &str, in_currency_of: Amount) -> Result<Amount, MoneyError> {
        let (taken, given) = self.taken_and_given(acquirer, in_currency_of)?;
        let minor = taken.minor.checked_sub(given.minor).ok_or(MoneyError::OutOfRange)?;
        Ok(Amount { minor, ..taken })
    }

    /// What was taken, and what was given back.
    ///
    /// # Errors
    /// A sum does not fit, or something was approved in another currency.
    pub fn taken_and_given(&self, acquirer: &str, in_currency_of: Amount) -> Result<(Amount, Amount), MoneyError> {
        let (mut taken, mut given) = (in_currency_of.none(), in_currency_of.none());
        for ((whose, currency, exponent), (more, back)) in &self.forgotten_sums {
            if whose == acquirer {
                taken = taken.plus(Amount::of(*more, *currency, *exponent))?;
                given = given.plus(Amount::of(*back, *currency, *exponent))?;
            }
        }
        for known in self.transactions_of(acquirer) {
            let Some(Outcome::Approved(approved)) = known.outcome() else { continue };
            match known.kind().flow() {
                Flow::Taken => taken = taken.plus(approved.amount)?,
                Flow::Given => given = given.plus(approved.amount)?,
                Flow::None => {}
            }
        }
        Ok((taken, given))
    }

    /// Builds of plugins that transactions or open debts still need.
    pub fn plugins_needed(&self) -> BTreeSet<Digest> {
        let owed = self.open_debts().filter_map(|debt| self.transactions.get(&debt.of));
        let running = self.indices.running.iter().filter_map(|id| self.transactions.get(id));
        owed.chain(running).filter_map(Transaction::plugin).collect()
    }

    /// The standby message of a debt's original.
    pub fn standby_of(&self, debt: &TransactionId) -> Option<&Arc<Standby>> {
        self.transactions.get(&self.debts.get(debt)?.of)?.standby()
    }

    /// When the newest record was written, and to whose stream it belongs.
    pub fn newest(&self) -> Option<(Timestamp, &str)> {
        self.newest.as_ref().map(|(at, acquirer)| (*at, acquirer.as_str()))
    }

    fn stream(&mut self, acquirer: &str) -> &mut Stream {
        self.streams.entry(acquirer.to_owned()).or_default()
    }
}
