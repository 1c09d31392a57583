//! What the acquirer remembers of every transaction, so that it can be named again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::config::Code;
use crate::ledger::Transfer;

use super::operation::Operation;

/// What names a transaction: merchant, terminal, batch, trace and transaction type (60.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TransactionKey {
    pub(super) merchant: String,
    pub(super) terminal: String,
    pub(super) batch: String,
    pub(super) trace: String,
    pub(super) kind: String,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Money moved.
    Approved,
    /// A scanned payment that waits for the cardholder: no money has moved yet.
    Pending,
    /// No money moved, and none will.
    Declined,
    /// Money moved and came back by a reversal, or was still to move and will not; a repetition of that is answered as before.
    Reversed,
    /// Money moved and came back by a void.
    Voided,
    /// A pre-authorisation whose final amount was taken.
    Completed,
}

/// One transaction.
#[derive(Clone)]
pub(super) struct Transaction {
    pub(super) operation: Operation,
    pub(super) state: State,
    /// DE39 it was answered with.
    pub(super) code: Code,
    /// DE4 of the request, minor units.
    pub(super) asked_minor: i64,
    /// What was approved, minor units; less than asked after a partial approval, zero if declined.
    pub(super) amount_minor: i64,
    /// Index of the card; none if it was not found.
    pub(super) card: Option<usize>,
    /// Business day.
    pub(super) day: u32,
    /// Business date, MMDD.
    pub(super) date: String,
    /// DE13 of its answer, MMDD; a terminal knows it by this one.
    pub(super) local_date: String,
    /// DE37.
    pub(super) reference: String,
    /// DE38, if approved.
    pub(super) authorisation: Option<String>,
    /// The money that moved.
    pub(super) transfers: Vec<Transfer>,
    /// What it took back or completed.
    pub(super) original: Option<TransactionKey>,
    /// What was given back by refunds, minor units.
    pub(super) refunded_minor: i64,
    /// What tips and adjustments added, less what they took off, minor units.
    pub(super) adjusted_minor: i64,
    /// Traces of the script results reported for it.
    pub(super) script_results: BTreeSet<String>,
}

/// One transaction, for tests; the card number is masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// DE41.
    pub terminal: String,
    /// DE60.2.
    pub batch: String,
    /// DE11.
    pub trace: String,
    /// What was asked for.
    pub operation: Operation,
    /// How it stands.
    pub state: State,
    /// DE39 it was answered with.
    pub code: String,
    /// What was asked for, minor units.
    pub asked_minor: i64,
    /// What was approved, minor units.
    pub amount_minor: i64,
    /// The masked card number, if the card was found.
    pub card: Option<String>,
    /// Whether the card is of another country.
    pub foreign: bool,
    /// DE37.
    pub reference: String,
    /// DE38.
    pub authorisation: Option<String>,
    /// What was given back by refunds, minor units.
    pub refunded_minor: i64,
    /// What tips and adjustments added, less what they took off, minor units.
    pub adjusted_minor: i64,
    /// How many script results were reported for it.
    pub script_results: usize,
}

/// All transactions, and the tombstones of those that were reversed before they came.
#[derive(Default)]
pub(super) struct Transactions {
    known: BTreeMap<TransactionKey, Transaction>,
    tombstones: BTreeSet<TransactionKey>,
    by_reference: BTreeMap<String, TransactionKey>,
    by_authorisation: BTreeMap<String, TransactionKey>,
}

impl TransactionKey {
    pub(super) fn new(merchant: &str, terminal: &str, kind: &str, batch: &str, trace: &str) -> Self {
        let [merchant, terminal, kind, batch, trace] = [merchant, terminal, kind, batch, trace].map(Into::into);
        Self { merchant, terminal, batch, trace, kind }
    }

    /// The same transaction number under another type.
    pub(super) fn of_kind(&self, kind: &str) -> Self {
        Self { kind: kind.into(), ..self.clone() }
    }
}

impl Transaction {
    /// Whether it is of this day, MMDD, as either side counts days.
    pub(super) fn is_dated(&self, date: &str) -> bool {
        [&self.date, &self.local_date].iter().any(|own| *own == date)
    }

    /// Whether nothing was given back of it and nothing added to it since.
    pub(super) fn is_untouched(&self) -> bool {
        self.refunded_minor == 0 && self.adjusted_minor == 0
    }
}

impl Transactions {
    pub(super) fn get(&self, key: &TransactionKey) -> Option<&Transaction> {
        self.known.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &TransactionKey) -> Option<&mut Transaction> {
        self.known.get_mut(key)
    }

    /// Everything, by terminal, batch and trace.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&TransactionKey, &Transaction)> {
        self.known.iter()
    }

    /// The transaction with this DE37.
    pub(super) fn by_reference(&self, reference: &str) -> Option<(&TransactionKey, &Transaction)> {
        self.known.get_key_value(self.by_reference.get(reference)?)
    }

    /// The transaction with this DE38, the latest if the numbers have come round.
    pub(super) fn by_authorisation(&self, authorisation: &str) -> Option<(&TransactionKey, &Transaction)> {
        self.known.get_key_value(self.by_authorisation.get(authorisation)?)
    }

    /// The transactions of one batch, whatever their type.
    pub(super) fn of_batch<'a>(
        &'a self,
        merchant: &'a str,
        terminal: &'a str,
        batch: &'a str,
    ) -> impl Iterator<Item = (&'a TransactionKey, &'a Transaction)> {
        let first = TransactionKey::new(merchant, terminal, "", batch, "");
        let same =
            move |key: &TransactionKey| key.merchant == merchant && key.terminal == terminal && key.batch == batch;
        self.known.range(first..).take_while(move |(key, _)| same(key))
    }

    /// A transaction of any type with this number.
    pub(super) fn of_trace(&self, key: &TransactionKey) -> Option<(&TransactionKey, &Transaction)> {
        let next = self.known.range(key.of_kind("")..).next();
        next.filter(|(found, _)| found.of_kind(&key.kind) == *key)
    }

    pub(super) fn insert(&mut self, key: TransactionKey, transaction: Transaction) {
        self.by_reference.insert(transaction.reference.clone(), key.clone());
        if let Some(authorisation) = &transaction.authorisation {
            self.by_authorisation.insert(authorisation.clone(), key.clone());
        }
        self.known.insert(key, transaction);
    }

    /// Remembers that what has not come yet is reversed.
    pub(super) fn bury(&mut self, key: TransactionKey) {
        self.tombstones.insert(key);
    }

    pub(super) fn is_buried(&self, key: &TransactionKey) -> bool {
        self.tombstones.contains(key)
    }
}
