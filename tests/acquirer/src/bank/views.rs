//! What tests can ask about the books.

use serde::Serialize;

use super::settlement::BatchTotals;
use super::transaction::{Listed, State, Transaction, TransactionKey};
use super::upload::Row;
use super::{Bank, Operation};

/// A batch of a terminal as the acquirer has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchReport {
    /// DE41.
    pub terminal: String,
    /// Six digits.
    pub batch: String,
    /// What it sums to.
    pub totals: BatchTotals,
    /// What the merchant gets for it by the ledger, minor units.
    pub net_minor: i64,
    /// Whether the terminal's totals were equal; none before settlement.
    pub balanced: Option<bool>,
    /// Whether the terminal has gone on to the next batch.
    pub closed: bool,
    /// Details against the books.
    pub rows: Vec<Row>,
}

/// What a card was charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charged {
    /// The masked card number.
    pub card: String,
    /// What was taken from it and not given back, by the ledger, minor units; what is set aside does not count.
    pub charged_minor: i64,
    /// What is set aside on it, minor units.
    pub held_minor: i64,
    /// How many charges stand.
    pub times: usize,
    /// The charges that stand: approved, not reversed, not voided.
    pub by: Vec<Listed>,
}

impl Bank {
    /// Transactions by terminal, batch and trace; of one terminal or one batch only where asked.
    pub fn transactions(&self, terminal: Option<&str>, batch: Option<&str>) -> Vec<Listed> {
        let wanted = |key: &TransactionKey| {
            terminal.is_none_or(|terminal| terminal == key.terminal) && batch.is_none_or(|batch| batch == key.batch)
        };
        let listed = self.transactions.iter().filter(|(key, _)| wanted(key));
        listed.map(|(key, transaction)| self.listed(key, transaction)).collect()
    }

    /// A batch of a terminal, the one it is in unless another is named; none for an unknown terminal.
    pub fn batch(&self, terminal: &str, batch: Option<&str>) -> Option<BatchReport> {
        let known = self.terminals.get(terminal)?;
        let batch = batch.unwrap_or(&known.batch);
        let settlement = self.settlements.get(&(terminal.to_owned(), batch.to_owned()));
        Some(BatchReport {
            terminal: terminal.into(),
            batch: batch.into(),
            totals: self.batch_totals(&known.merchant, terminal, batch),
            net_minor: self.ledger.merchant_total_of_batch(terminal, batch).ok()?,
            balanced: settlement.map(|settlement| settlement.balanced),
            closed: settlement.is_some_and(|settlement| settlement.closed),
            rows: self.compared(&known.merchant, terminal, batch),
        })
    }

    /// Whether a card, named as it is shown, was charged, how often and by which transactions.
    pub fn charged(&self, masked: &str) -> Charged {
        use Operation::{Completion, CompletionAdvice, OfflineSale, Sale, ScanToPay, ShowToPay};
        let charges = |listed: &Listed| {
            matches!(listed.operation, Sale | ScanToPay | ShowToPay | OfflineSale | Completion | CompletionAdvice)
                && listed.state == State::Approved
                && listed.card.as_deref() == Some(masked)
        };
        let by: Vec<Listed> = self.transactions(None, None).into_iter().filter(charges).collect();
        let balance = |kind| self.ledger.accounts().get(&format!("{kind}:{masked}")).copied().unwrap_or_default();
        let held_minor = balance("held");
        let charged_minor = -balance("cardholder") - held_minor;
        Charged { card: masked.into(), charged_minor, held_minor, times: by.len(), by }
    }

    fn listed(&self, key: &TransactionKey, transaction: &Transaction) -> Listed {
        let card = transaction.card.and_then(|at| self.config.cards.get(at));
        Listed {
            terminal: key.terminal.clone(),
            batch: key.batch.clone(),
            trace: key.trace.clone(),
            operation: transaction.operation,
            state: transaction.state,
            code: transaction.code.to_string(),
            asked_minor: transaction.asked_minor,
            amount_minor: transaction.amount_minor,
            card: card.map(|card| card.pan.masked()),
            foreign: self.is_foreign(transaction),
            reference: transaction.reference.clone(),
            authorisation: transaction.authorisation.clone(),
            refunded_minor: transaction.refunded_minor,
            adjusted_minor: transaction.adjusted_minor,
            script_results: transaction.script_results.len(),
        }
    }
}
