//! The terminal's books: what the journal's records, read in order, say is so.
//!
//! Nothing is true of a payment that a record did not say; the same records give the same books on every terminal,
//! in the simulator and years later.
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

mod debt;
mod kept;
mod recovery;

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Digest;
use crate::contract::acquirer::{Remedy, Standby};
use crate::contract::retry_policy::{Attempt, Delivery, Failure};
use crate::contract::template::UndoReason;
use crate::contract::transaction::{Gravity, Operation};
use crate::contract::types::{Amount, Name};
use crate::identity::TransactionId;
use crate::money::MoneyError;
use crate::record::{Fact, Intent, Outcome, Record, Sealed};
use crate::time::Timestamp;

pub use debt::{Debt, Standing, Waived};
pub use kept::Stream;

/// Proofs that may fail in a row before new payments stop.
pub const FAILED_PROOFS_IN_A_ROW: u32 = 3;

/// All that is known.
#[derive(Clone, Debug, Default)]
pub struct Books {
    transactions: BTreeMap<TransactionId, Transaction>,
    debts: BTreeMap<TransactionId, Debt>,
    streams: BTreeMap<String, Stream>,
    /// Transactions in the order they began.
    order: Vec<TransactionId>,
}

/// One payment or errand.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub id: TransactionId,
    pub acquirer: String,
    pub operation: Operation,
    pub exchanges: Vec<ExchangeFacts>,
    pub conclusion: Option<Conclusion>,
    pub debt: Option<TransactionId>,
    pub reference: Vec<(Name, String)>,
    /// Every record about it or its debt, in order.
    pub timeline: Vec<(Timestamp, Fact)>,
}

/// What is known of one exchange.
#[derive(Clone, Debug)]
pub struct ExchangeFacts {
    pub intent: Intent,
    pub at: Timestamp,
    pub sent: Option<(Delivery, Option<Failure>)>,
    pub heard: bool,
}

/// How and when it ended.
#[derive(Clone, Debug)]
pub struct Conclusion {
    pub at: Timestamp,
    pub outcome: Outcome,
}

/// A record that contradicts those before it; the storage's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record about {0} contradicts those before it: {1}")]
pub struct Inconsistent(pub String, pub &'static str);

impl Books {
    /// Reads one more record.
    pub fn apply(&mut self, record: &Record) -> Result<(), Inconsistent> {
        let Record { at, acquirer, fact } = record;
        match fact {
            Fact::Intent(intent) => self.intend(*at, acquirer, intent)?,
            Fact::Sent { transaction, exchange, delivery, failure } => {
                self.exchange(transaction, *exchange)?.sent(*delivery, *failure);
            }
            Fact::Resent { transaction, exchange, .. } => self.exchange(transaction, *exchange)?.sent_again(),
            Fact::Heard { transaction, exchange, proven, .. } => {
                self.exchange(transaction, *exchange)?.heard = true;
                if *proven {
                    self.stream(acquirer).failed_proofs = 0;
                }
            }
            Fact::Concluded { transaction, operation, outcome, reference } => {
                self.conclude(*at, acquirer, transaction, operation, outcome, reference)?;
            }
            Fact::Owed { debt, of, reason } => self.owe(*at, acquirer, debt, of, *reason)?,
            Fact::Tried { debt, number, .. } => {
                let debt = self.debt_mut(debt)?;
                debt.tries = *number;
                debt.tried_at = Some(*at);
            }
            Fact::Unheard { debt, delivery, failure, .. } => self.unheard(*at, debt, *delivery, *failure)?,
            Fact::Answered { debt, verdict, code, .. } => {
                self.stream(acquirer).failed_proofs = 0;
                self.debt_mut(debt)?.answered(*verdict, code);
            }
            Fact::KeysInstalled { keys } => self.stream(acquirer).install(keys),
            Fact::KeysDropped { slots } => self.stream(acquirer).keys.retain(|key| !slots.contains(&key.name)),
            Fact::Remembered { name, value } => {
                self.stream(acquirer).memory.insert(name.clone(), value.clone());
            }
            Fact::CounterSet { name, value } => {
                self.stream(acquirer).counters.insert(name.clone(), *value);
            }
            Fact::Incident { what, .. } => self.stream(acquirer).incident(what),
            Fact::Waived { debt, reason, signed_by, .. } => self.debt_mut(debt)?.waived(*at, reason, signed_by)?,
        }
        self.remember_in_timeline(*at, fact);
        Ok(())
    }

    /// A payment or errand by name.
    pub fn transaction(&self, id: &TransactionId) -> Option<&Transaction> {
        self.transactions.get(id)
    }

    /// All of them, oldest first.
    pub fn transactions(&self) -> impl DoubleEndedIterator<Item = &Transaction> {
        self.order.iter().filter_map(|id| self.transactions.get(id))
    }

    /// A debt by its own name.
    pub fn debt(&self, id: &TransactionId) -> Option<&Debt> {
        self.debts.get(id)
    }

    /// Debts nobody has acknowledged or waived: unheard, refused and unmatched.
    pub fn open_debts(&self) -> impl Iterator<Item = &Debt> {
        self.debts.values().filter(|debt| debt.is_open())
    }

    /// How many debts of one acquirer stand like this.
    pub fn count(&self, acquirer: &str, standing: Standing) -> u32 {
        self.debts.values().filter(|debt| debt.acquirer == acquirer && debt.standing == standing).count() as u32
    }

    /// Debts that will be sent again: what `owed: N` on the screen counts.
    pub fn owed(&self) -> u32 {
        self.debts.values().filter(|debt| matches!(debt.standing, Standing::Unheard | Standing::Refused)).count() as u32
    }

    /// What one acquirer's plugin keeps.
    pub fn kept(&self, acquirer: &str) -> Option<&Stream> {
        self.streams.get(acquirer)
    }

    /// What this acquirer owes the shop by the terminal's own books: the sum of what was approved, in one currency.
    pub fn taken(&self, acquirer: &str, in_currency_of: Amount) -> Result<Amount, MoneyError> {
        self.transactions.values().filter(|transaction| transaction.acquirer == acquirer).try_fold(
            in_currency_of.none(),
            |sum, transaction| match &transaction.conclusion {
                Some(Conclusion { outcome: Outcome::Approved(approved), .. }) => sum.plus(approved.amount),
                _ => Ok(sum),
            },
        )
    }

    /// Builds of plugins that transactions or open debts still need.
    pub fn plugins_needed(&self) -> BTreeSet<Digest> {
        let owed = self.open_debts().filter_map(|debt| self.transactions.get(&debt.of));
        let running = self.transactions.values().filter(|transaction| transaction.conclusion.is_none());
        owed.chain(running).filter_map(Transaction::plugin).collect()
    }

    fn intend(&mut self, at: Timestamp, acquirer: &str, intent: &Intent) -> Result<(), Inconsistent> {
        for (name, value) in &intent.uses {
            self.stream(acquirer).counters.insert(name.clone(), *value);
        }
        let transaction = self.begin(&intent.transaction, acquirer, &intent.operation);
        let is_next = transaction.exchanges.len() == intent.exchange as usize && transaction.conclusion.is_none();
        transaction.reference.clone_from(&intent.reference);
        // Out of order or not: what may have been sent is known, and what takes it back.
        transaction.exchanges.push(ExchangeFacts { intent: intent.clone(), at, sent: None, heard: false });
        if is_next { Ok(()) } else { Err(Inconsistent(intent.transaction.to_string(), "an exchange out of order")) }
    }

    fn begin(&mut self, id: &TransactionId, acquirer: &str, operation: &Operation) -> &mut Transaction {
        if !self.transactions.contains_key(id) {
            self.order.push(id.clone());
        }
        self.transactions.entry(id.clone()).or_insert_with(|| Transaction {
            id: id.clone(),
            acquirer: acquirer.to_owned(),
            operation: operation.clone(),
            exchanges: Vec::new(),
            conclusion: None,
            debt: None,
            reference: Vec::new(),
            timeline: Vec::new(),
        })
    }

    fn conclude(
        &mut self,
        at: Timestamp,
        acquirer: &str,
        id: &TransactionId,
        operation: &Operation,
        outcome: &Outcome,
        reference: &[(Name, String)],
    ) -> Result<(), Inconsistent> {
        let transaction = self.begin(id, acquirer, operation);
        if transaction.conclusion.is_some() {
            return Err(Inconsistent(id.to_string(), "concluded twice"));
        }
        transaction.conclusion = Some(Conclusion { at, outcome: outcome.clone() });
        transaction.reference = reference.to_vec();
        if *outcome == Outcome::Done {
            self.stream(acquirer).failed_proofs = 0;
        }
        Ok(())
    }

    fn owe(
        &mut self,
        at: Timestamp,
        acquirer: &str,
        id: &TransactionId,
        of: &TransactionId,
        reason: UndoReason,
    ) -> Result<(), Inconsistent> {
        let original = self.transactions.get_mut(of).ok_or(Inconsistent(id.to_string(), "a debt of nothing"))?;
        if original.debt.replace(id.clone()).is_some() {
            return Err(Inconsistent(id.to_string(), "owed twice"));
        }
        let debt = Debt {
            id: id.clone(),
            of: of.clone(),
            acquirer: acquirer.to_owned(),
            reason,
            since: at,
            standing: Standing::Unheard,
            attempts: Vec::new(),
            refusals: Vec::new(),
            tries: 0,
            tried_at: None,
            waived: None,
        };
        self.debts.insert(id.clone(), debt);
        Ok(())
    }

    fn unheard(
        &mut self,
        at: Timestamp,
        id: &TransactionId,
        delivery: Delivery,
        failure: Failure,
    ) -> Result<(), Inconsistent> {
        let route = self.standby_of(id).map(|standby| standby.route.clone()).unwrap_or_default();
        let debt = self.debt_mut(id)?;
        let elapsed = at.milliseconds_since(debt.tried_at.unwrap_or(at));
        if debt.attempts.len() < Debt::ATTEMPTS_KEPT {
            debt.attempts.push(Attempt { route, gravity: Gravity::Owes, delivery, failure, elapsed });
        }
        Ok(())
    }

    /// The standby message of a debt's original.
    pub fn standby_of(&self, debt: &TransactionId) -> Option<&Standby> {
        self.transactions.get(&self.debts.get(debt)?.of)?.standby()
    }

    fn exchange(&mut self, id: &TransactionId, number: u32) -> Result<&mut ExchangeFacts, Inconsistent> {
        self.transactions
            .get_mut(id)
            .and_then(|known| known.exchanges.iter_mut().rev().find(|exchange| exchange.intent.exchange == number))
            .ok_or_else(|| Inconsistent(id.to_string(), "an exchange that was never intended"))
    }

    fn debt_mut(&mut self, id: &TransactionId) -> Result<&mut Debt, Inconsistent> {
        self.debts.get_mut(id).ok_or_else(|| Inconsistent(id.to_string(), "a debt that was never owed"))
    }

    fn stream(&mut self, acquirer: &str) -> &mut Stream {
        self.streams.entry(acquirer.to_owned()).or_default()
    }

    fn remember_in_timeline(&mut self, at: Timestamp, fact: &Fact) {
        let Some(subject) = fact.subject() else { return };
        let id = match fact {
            Fact::Owed { of, .. } => of,
            Fact::Tried { .. } | Fact::Unheard { .. } | Fact::Answered { .. } | Fact::Waived { .. } => {
                self.debts.get(subject).map_or(subject, |debt| &debt.of)
            }
            _ => subject,
        };
        let id = id.clone();
        if let Some(transaction) = self.transactions.get_mut(&id) {
            transaction.timeline.push((at, fact.clone()));
        }
    }
}

impl ExchangeFacts {
    /// What may once have left is never taken for unsent.
    fn sent(&mut self, delivery: Delivery, failure: Option<Failure>) {
        let most = self.sent.map_or(delivery, |(before, _)| before.max(delivery));
        self.sent = Some((most, failure));
    }

    /// Sent again, and so far nobody knows how much of it has left.
    fn sent_again(&mut self) {
        if matches!(self.sent, Some((Delivery::NotSent, _))) {
            self.sent = None;
        }
    }
}

impl Transaction {
    /// The code that began it.
    pub fn plugin(&self) -> Option<Digest> {
        self.exchanges.last().map(|exchange| exchange.intent.plugin)
    }

    /// Whether something that moves money may have left the terminal: the gravest exchange decides.
    pub fn may_have_moved_money(&self) -> bool {
        self.exchanges.iter().any(|exchange| {
            exchange.intent.gravity == Gravity::MovesMoney && !matches!(exchange.sent, Some((Delivery::NotSent, _)))
        })
    }

    /// The exchange whose remedy takes this transaction back: the newest that moves money.
    pub fn grave_exchange(&self) -> Option<&ExchangeFacts> {
        self.exchanges.iter().rev().find(|exchange| exchange.intent.gravity == Gravity::MovesMoney)
    }

    /// Whether what takes it back needs card data that the journal does not hold any more.
    pub fn card_data_is_gone(&self) -> bool {
        self.grave_exchange().is_some_and(|exchange| exchange.intent.sealed == Sealed::Destroyed)
    }

    /// The stored standby message.
    pub fn standby(&self) -> Option<&Standby> {
        match self.grave_exchange()?.intent.remedy.as_ref()? {
            Remedy::Undo(standby) | Remedy::Repeat(standby) | Remedy::Inquire(Some(standby)) => Some(standby),
            Remedy::Inquire(None) => None,
        }
    }
}

impl Fact {
    /// The transaction or debt this fact is about.
    pub fn subject(&self) -> Option<&TransactionId> {
        match self {
            Fact::Intent(intent) => Some(&intent.transaction),
            Fact::Resent { transaction, .. }
            | Fact::Sent { transaction, .. }
            | Fact::Heard { transaction, .. }
            | Fact::Concluded { transaction, .. } => Some(transaction),
            Fact::Owed { debt, .. }
            | Fact::Tried { debt, .. }
            | Fact::Unheard { debt, .. }
            | Fact::Answered { debt, .. }
            | Fact::Waived { debt, .. } => Some(debt),
            Fact::Incident { transaction, .. } => transaction.as_ref(),
            Fact::KeysInstalled { .. }
            | Fact::KeysDropped { .. }
            | Fact::Remembered { .. }
            | Fact::CounterSet { .. } => None,
        }
    }
}
