//! One line a transaction: what outlives its records.
//!
//! It says what a repeated request is answered with, what the sums need, and whether something was owed and how that
//! ended. It holds no card data, no message and no free text.

mod first;
mod short;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Books, Conclusion, Debt, Inconsistent, Resolution, Standing, Transaction};
use crate::contract::transaction::OperationKind;
use crate::contract::types::{Amount, Name};
use crate::identity::TransactionId;
use crate::record::{Duty, Fact, Outcome};
use crate::time::Timestamp;

/// The version of a line's encoding, its first byte.
pub const SUMMARY_VERSION: u8 = 2;

/// The first: at most one debt, and that a reversal. Read for ever, never written.
const ONE_REVERSAL: u8 = 1;

/// Reference fields a line keeps: trace, batch, retrieval reference and a few more.
const REFERENCE_FIELDS: usize = 6;

/// Characters such a field may have; longer ones are not what people look a payment up by.
const REFERENCE_CHARACTERS: usize = 16;

/// A settled transaction in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub id: TransactionId,
    pub acquirer: String,
    pub kind: OperationKind,
    pub amount: Option<Amount>,
    /// Without receipt lines, chip data and free text.
    pub outcome: Outcome,
    /// The short ones.
    pub reference: Vec<(Name, String)>,
    pub begun: Timestamp,
    pub concluded: Timestamp,
    /// What an unknown was found to be.
    pub resolution: Option<Resolution>,
    /// The terminal's number of the batch it counted in.
    pub batch: Option<u32>,
    /// The transaction it followed.
    pub follows: Option<TransactionId>,
    pub debts: Vec<SettledDebt>,
}

/// A debt that was acknowledged, settled or replaced. One that was waived is never summarised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledDebt {
    pub id: TransactionId,
    pub duty: Duty,
    pub amount: Option<Amount>,
    pub since: Timestamp,
    pub tries: u32,
    pub standing: Standing,
    pub ended: Timestamp,
    /// The acquirer's code.
    pub acknowledged_with: String,
}

/// Why bytes are not a line about a transaction; the storage's fault, or an older program's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SummaryError {
    /// Written by another version of this program.
    #[error("a summary of version {0}; this program reads versions {ONE_REVERSAL} to {SUMMARY_VERSION}")]
    Version(u8),
    /// Not a summary at all.
    #[error("not a summary: {0}")]
    Malformed(String),
    /// It says something else than what is known.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistent),
}

impl Summary {
    /// The line as the journal stores it.
    ///
    /// # Errors
    /// It cannot be written as bytes.
    pub fn encode(&self) -> Result<Vec<u8>, SummaryError> {
        postcard::to_extend(self, vec![SUMMARY_VERSION]).map_err(|error| SummaryError::Malformed(error.to_string()))
    }

    /// Reads what `encode` wrote; leftover bytes are an error.
    ///
    /// # Errors
    /// It is of a version this program does not know, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Summary, SummaryError> {
        match bytes.split_first() {
            Some((&ONE_REVERSAL, body)) => read::<first::Summary>(body).map(Summary::from),
            Some((&SUMMARY_VERSION, body)) => read(body),
            Some((&version, _)) => Err(SummaryError::Version(version)),
            None => Err(SummaryError::Malformed("empty".into())),
        }
    }

    /// How it ended, by what was known last.
    pub(super) fn last_outcome(&self) -> &Outcome {
        self.resolution.as_ref().map_or(&self.outcome, |resolution| &resolution.outcome)
    }

    /// The transaction as far as the line tells of it.
    pub(super) fn transaction(&self) -> Transaction {
        Transaction {
            id: self.id.clone(),
            acquirer: self.acquirer.clone(),
            operation: short::bare(self.kind, self.amount, self.follows.as_ref(), self.begun),
            exchanges: Vec::new(),
            conclusion: Some(Conclusion { at: self.concluded, outcome: self.outcome.clone() }),
            resolution: self.resolution.clone().map(Box::new),
            resealed: None,
            batch: None,
            debts: self.debts.iter().map(|debt| debt.id.clone()).collect(),
            reference: self.reference.clone(),
            begun: self.begun,
            timeline: Vec::new(),
            summarised: true,
        }
    }

    /// Its debts, as they ended.
    pub(super) fn debts(&self) -> impl Iterator<Item = Debt> {
        self.debts.iter().map(|settled| {
            let SettledDebt { id, duty, amount, since, tries, standing, ended, acknowledged_with } = settled.clone();
            let debt = Debt::new(id, self.id.clone(), self.acquirer.clone(), duty, since);
            Debt { amount, standing, tries, ended: Some(ended), acknowledged_with, ..debt }
        })
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SummaryError> {
    match postcard::take_from_bytes(body) {
        Ok((summary, [])) => Ok(summary),
        Ok((_, rest)) => Err(SummaryError::Malformed(format!("{} bytes left over", rest.len()))),
        Err(error) => Err(SummaryError::Malformed(error.to_string())),
    }
}

impl Books {
    /// The line that outlives a transaction's records; none while anything may still happen to it, and none where the
    /// operator waived its debt: those records stay.
    pub fn summary_of(&self, id: &TransactionId) -> Option<Summary> {
        self.settled(id)?;
        let transaction = self.transactions.get(id)?;
        let conclusion = transaction.conclusion.as_ref()?;
        let debts = transaction.debts.iter().map(|debt| self.debts.get(debt)?.settled());
        let debts = debts.collect::<Option<Vec<_>>>()?;
        let resolution = transaction
            .resolution
            .as_deref()
            .map(|resolution| Resolution { outcome: resolution.outcome.in_short(), ..resolution.clone() });
        let is_short = |(name, value): &&(Name, String)| {
            name.chars().count() <= REFERENCE_CHARACTERS && value.chars().count() <= REFERENCE_CHARACTERS
        };
        Some(Summary {
            id: id.clone(),
            acquirer: transaction.acquirer.clone(),
            kind: transaction.operation.kind(),
            amount: transaction.amount(),
            outcome: conclusion.outcome.in_short(),
            reference: transaction.reference.iter().filter(is_short).take(REFERENCE_FIELDS).cloned().collect(),
            begun: transaction.begun,
            concluded: conclusion.at,
            resolution,
            batch: transaction.batch,
            follows: transaction.follows(),
            debts,
        })
    }

    /// Reads a line in place of a transaction's records, or beside them: it says how everything about it ended.
    ///
    /// # Errors
    /// It is no line, or it contradicts what is known.
    pub fn apply_summary(&mut self, bytes: &[u8]) -> Result<(), SummaryError> {
        let summary = Summary::decode(bytes)?;
        let Some(known) = self.transactions.get_mut(&summary.id) else {
            self.insert(&summary);
            return Ok(self.follow_line(&summary)?);
        };
        known.summarised = true;
        known.slim();
        match &known.conclusion {
            None => known.conclusion = Some(Conclusion { at: summary.concluded, outcome: summary.outcome.clone() }),
            Some(conclusion) if conclusion.outcome.in_short() == summary.outcome => {}
            Some(_) => return Err(Inconsistent(summary.id.to_string(), "summarised as something else").into()),
        }
        if known.resolution.is_none() {
            known.resolution = summary.resolution.clone().map(Box::new);
        }
        self.indices.running.remove(&summary.id);
        for settled in summary.debts() {
            if let Some(known) = self.transactions.get_mut(&summary.id)
                && !known.debts.contains(&settled.id)
            {
                known.debts.push(settled.id.clone());
            }
            let id = settled.id.clone();
            if self.debts.get(&id).is_none_or(Debt::is_open) {
                self.debts.insert(id.clone(), settled);
                self.place(&id);
            }
        }
        Ok(self.follow_line(&summary)?)
    }

    /// What a line says of batches: the one it counted in, the one it closed or left open.
    fn follow_line(&mut self, summary: &Summary) -> Result<(), Inconsistent> {
        match &summary.outcome {
            Outcome::Settled(settlement) => self.close_batch(&summary.acquirer, settlement.batch),
            _ => self.reopen_batch(&summary.acquirer, &summary.id),
        }
        summary.batch.map_or(Ok(()), |number| self.enrol_in(&summary.id, number))
    }

    /// A record was dropped here, by a compaction or with its key.
    pub fn apply_gone(&mut self) {
        self.dropped = true;
    }

    pub(super) fn insert(&mut self, summary: &Summary) {
        self.order.push(summary.id.clone());
        self.indices.follow(&summary.id, summary.follows.clone());
        self.transactions.insert(summary.id.clone(), summary.transaction());
        self.debts.extend(summary.debts().map(|debt| (debt.id.clone(), debt)));
    }

    /// Whether a line has already told how this ended: records that came after it, and were not yet replaced, say
    /// nothing new. What begins or concludes a transaction, or makes a debt nobody knew of, is always news.
    pub(super) fn is_told(&self, fact: &Fact) -> bool {
        let is_told = |id: &TransactionId, exchange: Option<u32>| match self.transactions.get(id) {
            Some(known) => known.summarised || exchange.is_some_and(|number| self.dropped && !known.has(number)),
            None => self.dropped || self.forgotten.may_hold(id),
        };
        match fact {
            Fact::Resent { transaction, exchange, .. }
            | Fact::Sent { transaction, exchange, .. }
            | Fact::Heard { transaction, exchange, .. } => is_told(transaction, Some(*exchange)),
            Fact::Incident { transaction: Some(transaction), .. }
            | Fact::Resealed { transaction, .. }
            | Fact::Resolved { transaction, .. }
            | Fact::Compared { settlement: transaction, .. }
            | Fact::Uploaded { settlement: transaction, .. }
            | Fact::BatchClosed { settlement: transaction, .. } => is_told(transaction, None),
            // It begins a settlement, perhaps the one that is under way.
            Fact::Totalled { settlement, .. } => match self.transactions.get(settlement) {
                Some(known) => known.summarised,
                None => self.forgotten.may_hold(settlement),
            },
            Fact::Owed { debt, .. }
            | Fact::Due { debt, .. }
            | Fact::Escalated { debt, .. }
            | Fact::Tried { debt, .. }
            | Fact::Unheard { debt, .. }
            | Fact::Answered { debt, .. }
            | Fact::Waived { debt, .. } => match self.debts.get(debt) {
                Some(known) => !known.is_open() && self.transactions.get(&known.of).is_none_or(|of| of.summarised),
                None => self.forgotten.may_hold(debt),
            },
            _ => false,
        }
    }
}

impl Debt {
    /// What is left to say of it, once it has ended otherwise than by a waiver.
    fn settled(&self) -> Option<SettledDebt> {
        let ended = self.ended.filter(|_| self.standing != Standing::Waived)?;
        Some(SettledDebt {
            id: self.id.clone(),
            duty: self.duty,
            amount: self.amount,
            since: self.since,
            tries: self.tries,
            standing: self.standing,
            ended,
            acknowledged_with: self.acknowledged_with.clone(),
        })
    }
}
