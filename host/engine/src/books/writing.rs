//! What each record changes in the books.

use std::sync::Arc;

use super::{Books, Conclusion, Debt, ExchangeFacts, INDEX_DAYS, Inconsistent, Resolution, Standing, Transaction};
use crate::contract::retry_policy::{Attempt, Delivery, Failure};
use crate::contract::transaction::{Gravity, Operation, Totals};
use crate::contract::types::Name;
use crate::identity::TransactionId;
use crate::record::{Duty, Fact, Incident, Intent, Outcome, Sealed};
use crate::story::Moment;
use crate::time::Timestamp;

/// Moments after which tries that came to nothing, and what went wrong in them, are counted and not told one by one: a
/// debt that nobody answers for a month is tried many thousand times. The journal holds them all.
const MOMENTS_TOLD: usize = 256;

impl Books {
    /// What a fact says of payments and debts.
    pub(super) fn enter(&mut self, at: Timestamp, acquirer: &str, fact: &Fact) -> Result<(), Inconsistent> {
        match fact {
            Fact::Intent(intent) => self.intend(at, acquirer, intent),
            Fact::Sent { transaction, exchange, delivery, failure } => {
                self.exchange(transaction, *exchange)?.sent(*delivery, *failure);
                Ok(())
            }
            Fact::Resent { transaction, exchange, .. } => {
                self.exchange(transaction, *exchange)?.sent_again();
                Ok(())
            }
            Fact::Heard { transaction, exchange, .. } => {
                self.exchange(transaction, *exchange)?.heard = true;
                Ok(())
            }
            Fact::Concluded { transaction, operation, outcome, reference } => {
                self.conclude(at, acquirer, transaction, operation, outcome, reference)
            }
            Fact::Owed { debt, of, reason } => {
                let duty = Duty::Reverse(*reason);
                self.owe(Debt::new(debt.clone(), of.clone(), acquirer.to_owned(), duty, at))
            }
            Fact::Due { debt, of, duty, amount, sealed } => {
                let due = Debt::new(debt.clone(), of.clone(), acquirer.to_owned(), *duty, at);
                self.owe(Debt { amount: *amount, sealed: sealed.clone(), ..due })
            }
            Fact::Resealed { transaction, sealed } => {
                let known = self.transactions.get_mut(transaction);
                let known =
                    known.ok_or_else(|| Inconsistent(transaction.to_string(), "sealed anew and never begun"))?;
                known.resealed = Some(sealed.clone());
                Ok(())
            }
            Fact::Resolved { transaction, by, outcome, reference } => {
                self.resolve(at, transaction, by, outcome, reference)
            }
            Fact::Escalated { debt, .. } => self.change_debt(debt, |debt| debt.called_for_help = true),
            Fact::Tried { debt, number, .. } => self.change_debt(debt, |debt| {
                debt.tries = *number;
                debt.tried_at = Some(at);
            }),
            Fact::Unheard { debt, delivery, failure, .. } => self.unheard(at, debt, *delivery, *failure),
            Fact::Answered { debt, verdict, code, .. } => {
                self.change_debt(debt, |debt| debt.answered(at, *verdict, code))?;
                let of = self.debts.get(debt).filter(|debt| debt.duty == Duty::Advise).map(|debt| debt.of.clone());
                of.map_or(Ok(()), |of| self.enrol_told(&of))
            }
            Fact::Waived { debt, reason, signed_by, .. } => {
                self.change_debt(debt, |debt| debt.waived(at, reason, signed_by))?
            }
            Fact::KeysInstalled { .. }
            | Fact::KeysDropped { .. }
            | Fact::Remembered { .. }
            | Fact::CounterSet { .. }
            | Fact::Carried { .. }
            | Fact::Incident { .. } => Ok(()),
            Fact::CarriedBatch { batch, .. } => {
                self.batches.entry(acquirer.to_owned()).or_default().number = *batch;
                Ok(())
            }
            Fact::Totalled { .. } | Fact::Compared { .. } | Fact::Uploaded { .. } | Fact::BatchClosed { .. } => {
                self.settle(at, acquirer, fact)
            }
        }
    }

    fn intend(&mut self, at: Timestamp, acquirer: &str, intent: &Arc<Intent>) -> Result<(), Inconsistent> {
        if intent.is_of_a_debt() {
            return self.intend_debt(at, intent);
        }
        let dropped = self.dropped;
        let transaction = self.begin(at, &intent.transaction, acquirer, &intent.operation);
        let known = transaction.exchanges.last().map_or(0, |last| last.intent.exchange.saturating_add(1));
        let follows = intent.exchange == known || (dropped && intent.exchange > known);
        let is_next = follows && transaction.conclusion.is_none();
        transaction.reference.clone_from(&intent.reference);
        // Out of order or not: what may have been sent is known, and what takes it back.
        transaction.exchanges.push(ExchangeFacts { intent: Arc::clone(intent), at, sent: None, heard: false });
        let debts = transaction.debts.clone();
        debts.iter().for_each(|debt| self.place(debt));
        if is_next { Ok(()) } else { Err(Inconsistent(intent.transaction.to_string(), "an exchange out of order")) }
    }

    /// An advice, a report or a question goes under its debt's own name; what is stored of it is what is sent again.
    fn intend_debt(&mut self, at: Timestamp, intent: &Arc<Intent>) -> Result<(), Inconsistent> {
        let exchange = ExchangeFacts { intent: Arc::clone(intent), at, sent: None, heard: false };
        match self.debts.contains_key(&intent.transaction) {
            true => self.change_debt(&intent.transaction, |debt| debt.exchange = Some(Box::new(exchange))),
            // Its line has told how it ended.
            false if self.dropped => Ok(()),
            false => Err(Inconsistent(intent.transaction.to_string(), "a message about a debt that was never owed")),
        }
    }

    fn begin(&mut self, at: Timestamp, id: &TransactionId, acquirer: &str, operation: &Operation) -> &mut Transaction {
        if !self.transactions.contains_key(id) {
            self.order.push(id.clone());
            self.indices.running.insert(id.clone());
        }
        let indices = &mut self.indices;
        self.transactions.entry(id.clone()).or_insert_with(|| {
            let begun = Transaction {
                id: id.clone(),
                acquirer: acquirer.to_owned(),
                operation: operation.clone(),
                exchanges: Vec::new(),
                conclusion: None,
                resolution: None,
                resealed: None,
                debts: Vec::new(),
                reference: Vec::new(),
                begun: at,
                timeline: Vec::new(),
                batch: None,
                summarised: false,
            };
            indices.follow(id, begun.follows());
            begun
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
        let transaction = self.begin(at, id, acquirer, operation);
        if transaction.conclusion.is_some() {
            return Err(Inconsistent(id.to_string(), "concluded twice"));
        }
        transaction.conclusion = Some(Conclusion { at, outcome: outcome.clone() });
        transaction.reference = reference.to_vec();
        self.indices.running.remove(id);
        if let Outcome::Settled(settlement) = outcome {
            // Its batch was closed in the same commit; a damaged journal may hold this alone.
            self.close_batch(acquirer, settlement.batch);
        } else {
            self.reopen_batch(acquirer, id);
        }
        self.enrol(id)
    }

    /// A settlement's first record is that its figures are frozen.
    pub(super) fn begin_settlement(&mut self, at: Timestamp, acquirer: &str, id: &TransactionId, totals: &[Totals]) {
        self.begin(at, id, acquirer, &Operation::Settle(totals.to_vec()));
    }

    fn owe(&mut self, debt: Debt) -> Result<(), Inconsistent> {
        let twice = self.debts.contains_key(&debt.id);
        let Some(original) = self.transactions.get_mut(&debt.of) else {
            return Err(Inconsistent(debt.id.to_string(), "a debt of nothing"));
        };
        if twice || original.debts.contains(&debt.id) {
            return Err(Inconsistent(debt.id.to_string(), "owed twice"));
        }
        original.debts.push(debt.id.clone());
        if let Duty::Reverse(_) = debt.duty {
            self.end_questions(&debt.of, debt.since, Standing::Replaced);
        }
        let (id, of) = (debt.id.clone(), debt.of.clone());
        self.debts.insert(id.clone(), debt);
        self.place(&id);
        self.leave_untold(&of);
        Ok(())
    }

    /// What was unknown is known: nothing need be asked or repeated any more.
    fn resolve(
        &mut self,
        at: Timestamp,
        id: &TransactionId,
        by: &TransactionId,
        outcome: &Outcome,
        reference: &[(Name, String)],
    ) -> Result<(), Inconsistent> {
        let known = self.transactions.get_mut(id);
        let known = known.ok_or_else(|| Inconsistent(id.to_string(), "resolved and never begun"))?;
        if known.resolution.is_some() || !matches!(known.outcome(), Some(Outcome::Unknown(_))) {
            return Err(Inconsistent(id.to_string(), "resolved and not unknown"));
        }
        known.resolution = Some(Box::new(Resolution { at, by: by.clone(), outcome: outcome.clone() }));
        known.reference = reference.to_vec();
        self.end_questions(id, at, Standing::Paid);
        self.enrol(id)
    }

    fn end_questions(&mut self, of: &TransactionId, at: Timestamp, standing: Standing) {
        let debts = self.transactions.get(of).map(|known| known.debts.clone()).unwrap_or_default();
        for id in debts {
            if self.debts.get(&id).is_some_and(|debt| matches!(debt.duty, Duty::Inquire | Duty::Repeat)) {
                let _ = self.change_debt(&id, |debt| debt.ended(at, standing));
            }
        }
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

    fn exchange(&mut self, id: &TransactionId, number: u32) -> Result<&mut ExchangeFacts, Inconsistent> {
        if let Some(exchange) = self.debts.get_mut(id).and_then(|debt| debt.exchange.as_deref_mut()) {
            return Ok(exchange);
        }
        self.transactions
            .get_mut(id)
            .and_then(|known| known.exchanges.iter_mut().rev().find(|exchange| exchange.intent.exchange == number))
            .ok_or_else(|| Inconsistent(id.to_string(), "an exchange that was never intended"))
    }

    fn debt_mut(&mut self, id: &TransactionId) -> Result<&mut Debt, Inconsistent> {
        self.debts.get_mut(id).ok_or_else(|| Inconsistent(id.to_string(), "a debt that was never owed"))
    }

    /// Tells the story of the transaction a fact is about; and keeps no more of one that is settled than may be needed.
    pub(super) fn remember_in_timeline(&mut self, at: Timestamp, fact: &Fact) {
        let Some(id) = self.original_of(fact).cloned() else { return };
        let duty = fact.subject().and_then(|id| self.debts.get(id)).map(|debt| debt.duty);
        let Some(transaction) = self.transactions.get_mut(&id) else { return };
        let is_one_of_many = match fact {
            Fact::Tried { .. } | Fact::Unheard { .. } => true,
            Fact::Incident { what, .. } => !matches!(what, Incident::CardDataGone | Incident::NotUploaded),
            _ => false,
        };
        if !is_one_of_many || transaction.timeline.len() < MOMENTS_TOLD {
            transaction.timeline.extend(Moment::of(at, fact, duty));
        }
        self.slim_if_settled(&id);
        if let Some(original) = self.transactions.get(&id).and_then(Transaction::follows) {
            self.slim_if_settled(&original);
        }
    }

    /// Keeps no more of one that is settled than may be needed.
    pub(super) fn slim_if_settled(&mut self, id: &TransactionId) {
        if self.settled(id).is_some()
            && let Some(transaction) = self.transactions.get_mut(id)
        {
            transaction.slim();
        }
    }

    /// The transaction a fact is about, itself or by its debt.
    pub(super) fn original_of<'a>(&'a self, fact: &'a Fact) -> Option<&'a TransactionId> {
        match fact {
            Fact::Owed { of, .. } | Fact::Due { of, .. } => Some(of),
            Fact::Escalated { debt, .. }
            | Fact::Tried { debt, .. }
            | Fact::Unheard { debt, .. }
            | Fact::Answered { debt, .. }
            | Fact::Waived { debt, .. } => Some(self.debts.get(debt).map_or(debt, |debt| &debt.of)),
            _ => fact.subject().map(|id| self.debts.get(id).map_or(id, |debt| &debt.of)),
        }
    }

    /// Whether its card may be asked for once more, when its batch is closed or what it reserved is taken. A terminal that never settles does not keep
    /// cards for ever.
    fn may_be_uploaded(&self, known: &Transaction, concluded: Timestamp) -> bool {
        let newest = self.newest.as_ref().map_or(concluded, |(newest, _)| *newest);
        let is_recent = newest.days_before(INDEX_DAYS).unix_ms < concluded.unix_ms;
        is_recent && (self.is_in_open_batch(known) || self.is_reserved(known))
    }

    /// When the last thing about a transaction ended: it is concluded, and its debt, if it had one, is paid or waived.
    /// None while anything may still happen.
    pub(super) fn settled(&self, id: &TransactionId) -> Option<Timestamp> {
        let transaction = self.transactions.get(id)?;
        let concluded = transaction.conclusion.as_ref()?.at;
        if transaction.lacks_a_debt() || self.may_be_uploaded(transaction, concluded) {
            return None;
        }
        transaction
            .debts
            .iter()
            .try_fold(concluded, |last, debt| self.debts.get(debt)?.ended.map(|ended| ended.max(last)))
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
            | Fact::Resealed { transaction, .. }
            | Fact::Resolved { transaction, .. }
            | Fact::Concluded { transaction, .. } => Some(transaction),
            Fact::Totalled { settlement, .. }
            | Fact::Compared { settlement, .. }
            | Fact::Uploaded { settlement, .. }
            | Fact::BatchClosed { settlement, .. } => Some(settlement),
            Fact::Owed { debt, .. }
            | Fact::Due { debt, .. }
            | Fact::Escalated { debt, .. }
            | Fact::Tried { debt, .. }
            | Fact::Unheard { debt, .. }
            | Fact::Answered { debt, .. }
            | Fact::Waived { debt, .. } => Some(debt),
            Fact::Incident { transaction, .. } => transaction.as_ref(),
            Fact::KeysInstalled { .. }
            | Fact::KeysDropped { .. }
            | Fact::Remembered { .. }
            | Fact::CounterSet { .. }
            | Fact::Carried { .. }
            | Fact::CarriedBatch { .. } => None,
        }
    }
}

impl Debt {
    pub(super) fn new(id: TransactionId, of: TransactionId, acquirer: String, duty: Duty, since: Timestamp) -> Debt {
        Debt {
            id,
            of,
            acquirer,
            duty,
            amount: None,
            sealed: Sealed::None,
            since,
            standing: Standing::Unheard,
            attempts: Vec::new(),
            refusals: Vec::new(),
            tries: 0,
            tried_at: None,
            ended: None,
            acknowledged_with: String::new(),
            waived: None,
            exchange: None,
            called_for_help: false,
        }
    }
}
