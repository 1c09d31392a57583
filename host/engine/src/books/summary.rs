//! One line a transaction: what outlives its records.
//!
//! It says what a repeated request is answered with, what the sums need, and whether something was owed and how that
//! ended. It holds no card data, no message and no free text.

use serde::{Deserialize, Serialize};

use super::{Books, Conclusion, Debt, Inconsistent, Standing, Transaction};
use crate::contract::acquirer::{Approved, Declined};
use crate::contract::template::UndoReason;
use crate::contract::transaction::{
    FollowUp, FollowUpKind, Maintenance, Operation, OperationKind, Payment, PaymentKind, Subject, Upload,
};
use crate::contract::types::{Amount, Name};
use crate::identity::TransactionId;
use crate::record::{Doubt, Duty, Fact, Incident, NotSent, Outcome, Sealed};
use crate::time::Timestamp;

/// The version of a line's encoding, its first byte.
pub const SUMMARY_VERSION: u8 = 1;

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
    pub debt: Option<SettledDebt>,
}

/// A debt that the acquirer acknowledged. One that was waived is never summarised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledDebt {
    pub id: TransactionId,
    pub reason: UndoReason,
    pub since: Timestamp,
    pub tries: u32,
    pub ended: Timestamp,
    /// The acquirer's code.
    pub acknowledged_with: String,
}

/// Why bytes are not a line about a transaction; the storage's fault, or an older program's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SummaryError {
    /// Written by another version of this program.
    #[error("a summary of version {0}; this program reads version {SUMMARY_VERSION}")]
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
            Some((&SUMMARY_VERSION, body)) => match postcard::take_from_bytes(body) {
                Ok((summary, [])) => Ok(summary),
                Ok((_, rest)) => Err(SummaryError::Malformed(format!("{} bytes left over", rest.len()))),
                Err(error) => Err(SummaryError::Malformed(error.to_string())),
            },
            Some((&version, _)) => Err(SummaryError::Version(version)),
            None => Err(SummaryError::Malformed("empty".into())),
        }
    }

    /// The transaction as far as the line tells of it.
    pub(super) fn transaction(&self) -> Transaction {
        Transaction {
            id: self.id.clone(),
            acquirer: self.acquirer.clone(),
            operation: bare(self.kind, self.amount),
            exchanges: Vec::new(),
            conclusion: Some(Conclusion { at: self.concluded, outcome: self.outcome.clone() }),
            resolution: None,
            resealed: None,
            debts: self.debt.iter().map(|debt| debt.id.clone()).collect(),
            reference: self.reference.clone(),
            begun: self.begun,
            timeline: Vec::new(),
            summarised: true,
        }
    }

    /// Its debt, paid.
    pub(super) fn debt(&self) -> Option<Debt> {
        let SettledDebt { id, reason, since, tries, ended, acknowledged_with } = self.debt.clone()?;
        Some(Debt {
            id,
            of: self.id.clone(),
            acquirer: self.acquirer.clone(),
            duty: Duty::Reverse(reason),
            amount: None,
            sealed: Sealed::None,
            since,
            standing: Standing::Paid,
            attempts: Vec::new(),
            refusals: Vec::new(),
            tries,
            tried_at: None,
            ended: Some(ended),
            acknowledged_with,
            waived: None,
            exchange: None,
            called_for_help: false,
        })
    }
}

impl Books {
    /// The line that outlives a transaction's records; none while anything may still happen to it, and none where the
    /// operator waived its debt, or anything but a reversal was owed: those records stay.
    pub fn summary_of(&self, id: &TransactionId) -> Option<Summary> {
        self.settled(id)?;
        let transaction = self.transactions.get(id)?;
        let conclusion = transaction.conclusion.as_ref()?;
        let debt = match transaction.debts.as_slice() {
            [] => None,
            [debt] if transaction.resolution.is_none() => Some(self.debts.get(debt)?.settled()?),
            _ => return None,
        };
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
            debt,
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
            return Ok(());
        };
        known.summarised = true;
        known.slim();
        match &known.conclusion {
            None => known.conclusion = Some(Conclusion { at: summary.concluded, outcome: summary.outcome.clone() }),
            Some(conclusion) if conclusion.outcome.in_short() == summary.outcome => {}
            Some(_) => return Err(Inconsistent(summary.id.to_string(), "summarised as something else").into()),
        }
        if let Some(settled) = summary.debt() {
            if !known.debts.contains(&settled.id) {
                known.debts.push(settled.id.clone());
            }
            let is_open = self.debts.get(&settled.id).is_none_or(Debt::is_open);
            if is_open {
                self.debts.insert(settled.id.clone(), settled);
            }
        }
        Ok(())
    }

    /// A record was dropped here, by a compaction or with its key.
    pub fn apply_gone(&mut self) {
        self.dropped = true;
    }

    pub(super) fn insert(&mut self, summary: &Summary) {
        self.order.push(summary.id.clone());
        self.transactions.insert(summary.id.clone(), summary.transaction());
        self.debts.extend(summary.debt().map(|debt| (debt.id.clone(), debt)));
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
            | Fact::Resolved { transaction, .. } => is_told(transaction, None),
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
    /// What is left to say of it, once it is acknowledged.
    fn settled(&self) -> Option<SettledDebt> {
        let ended = self.ended.filter(|_| self.standing == Standing::Paid)?;
        Some(SettledDebt {
            id: self.id.clone(),
            reason: self.reason()?,
            since: self.since,
            tries: self.tries,
            ended,
            acknowledged_with: self.acknowledged_with.clone(),
        })
    }
}

impl Outcome {
    /// What a repeated request must be told, without what was for a printer, a card or a log.
    #[must_use]
    pub fn in_short(&self) -> Outcome {
        match self {
            Outcome::Approved(approved) => Outcome::Approved(Approved {
                chip_data: Vec::new(),
                balance: None,
                receipt: Vec::new(),
                ..approved.clone()
            }),
            Outcome::Declined(declined) => Outcome::Declined(wordless(declined)),
            Outcome::NotSent(why) => Outcome::NotSent(why.in_short()),
            Outcome::Failed(why) => Outcome::Failed(why.in_short()),
            Outcome::Unknown(Doubt::Plugin(incident)) => Outcome::Unknown(Doubt::Plugin(incident.in_short())),
            Outcome::Unknown(doubt) => Outcome::Unknown(doubt.clone()),
            Outcome::Done => Outcome::Done,
            Outcome::Settled(settlement) => Outcome::Settled(settlement.clone()),
        }
    }
}

fn wordless(declined: &Declined) -> Declined {
    Declined { message: String::new(), ..declined.clone() }
}

impl NotSent {
    fn in_short(&self) -> NotSent {
        match self {
            NotSent::Plugin(incident) => NotSent::Plugin(incident.in_short()),
            NotSent::Template(_) => NotSent::Template(String::new()),
            NotSent::Storage(_) => NotSent::Storage(String::new()),
            NotSent::Refused(declined) => NotSent::Refused(wordless(declined)),
            why => why.clone(),
        }
    }
}

impl Incident {
    fn in_short(&self) -> Incident {
        match self {
            Incident::PluginFailed(_) => Incident::PluginFailed(String::new()),
            Incident::IllegalDecision(_) => Incident::IllegalDecision(String::new()),
            Incident::IllegalStep(_) => Incident::IllegalStep(String::new()),
            what => what.clone(),
        }
    }
}

/// An operation of this kind that says nothing but its amount.
fn bare(kind: OperationKind, amount: Option<Amount>) -> Operation {
    let amount = amount.unwrap_or(Amount { minor: 0, currency: 0, exponent: 0 });
    let pay = |kind| Operation::Pay(Payment { kind, amount, tip: None, cash: None, card: None });
    let follow_up = |kind| Operation::FollowUp(FollowUp { kind, of: Subject::None, amount, card: None, reason: None });
    match kind {
        OperationKind::SignIn => Operation::Maintain(Maintenance::SignIn),
        OperationKind::SignOff => Operation::Maintain(Maintenance::SignOff),
        OperationKind::Echo => Operation::Maintain(Maintenance::Echo),
        OperationKind::Download => Operation::Download(Name::new()),
        OperationKind::Sale => pay(PaymentKind::Sale),
        OperationKind::Preauthorize => pay(PaymentKind::Preauthorize),
        OperationKind::ScanToPay => pay(PaymentKind::ScanToPay),
        OperationKind::ShowToPay => pay(PaymentKind::ShowToPay),
        OperationKind::Balance => pay(PaymentKind::Balance),
        OperationKind::Void => follow_up(FollowUpKind::Void),
        OperationKind::Refund => follow_up(FollowUpKind::Refund),
        OperationKind::Complete => follow_up(FollowUpKind::Complete),
        OperationKind::CancelPreauthorization => follow_up(FollowUpKind::CancelPreauthorization),
        OperationKind::CancelCompletion => follow_up(FollowUpKind::CancelCompletion),
        OperationKind::Reverse => follow_up(FollowUpKind::Reverse),
        OperationKind::Inquire => follow_up(FollowUpKind::Inquire),
        OperationKind::Advise => follow_up(FollowUpKind::Advise),
        OperationKind::ReportScripts => follow_up(FollowUpKind::ReportScripts),
        OperationKind::Settle => Operation::Settle(Vec::new()),
        OperationKind::Upload => Operation::Upload(Upload { balanced: false, first: 0, total: 0, items: Vec::new() }),
    }
}
