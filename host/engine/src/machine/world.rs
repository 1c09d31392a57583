use crate::books::{Books, Debt, Standing, Transaction};
use crate::contract::acquirer::{Counter, Exchange};
use crate::contract::retry_policy;
use crate::contract::transaction::{Context, Operation, OperationKind, Original};
use crate::contract::types::Name;
use crate::deployment::Deployment;
use crate::effect::Moment;
use crate::identity::TransactionId;
use crate::record::{Duty, Fact, Incident, Outcome, Record};

/// What a machine may look at while it takes a turn.
pub(crate) struct World<'a> {
    pub now: Moment,
    pub books: &'a Books,
    pub deployment: &'a Deployment,
}

impl World<'_> {
    /// What the terminal tells a plugin with every call.
    pub fn context(&self, transaction: &TransactionId, operator: &str) -> Context {
        let kept = self.books.kept(&self.deployment.acquirer);
        let counters = self.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.counters);
        Context {
            now: self.now.wall.local(),
            transaction: transaction.to_string(),
            operator: operator.to_owned(),
            locale: self.deployment.locale.clone(),
            parameters: self.deployment.parameters.clone(),
            memory: kept
                .map(|stream| stream.memory.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
                .unwrap_or_default(),
            counters: counters
                .map(|counter| (counter.name.clone(), self.free_count(counter).unwrap_or(counter.first)))
                .collect(),
            keys: kept
                .into_iter()
                .flat_map(|stream| stream.keys.iter().map(|key| &key.name))
                .chain(&self.deployment.loaded_keys)
                .cloned()
                .collect(),
            device: self.deployment.device.clone(),
        }
    }

    /// The counter values a message carries; a counter the plugin never declared is its fault.
    pub fn take(&self, exchange: &Exchange) -> Result<Vec<(Name, u64)>, Incident> {
        let declared = self.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.counters);
        exchange
            .uses
            .iter()
            .map(|name| {
                let counter = declared
                    .clone()
                    .find(|counter| counter.name == *name)
                    .ok_or_else(|| Incident::IllegalStep(format!("uses a counter it never declared: {name}")))?;
                let free = self.free_count(counter);
                let value = free.ok_or_else(|| Incident::IllegalStep(format!("no number of {name} is free")))?;
                Ok((name.clone(), value))
            })
            .collect()
    }

    /// The next value of a counter, if one is free. Where the plugin closes no batches, none is waited for.
    fn free_count(&self, counter: &Counter) -> Option<u64> {
        let acquirer = &self.deployment.acquirer;
        if !self.deployment.offers(OperationKind::Settle) {
            return self.books.free_count_without_batches(acquirer, counter);
        }
        // A batch that has used up every number must still be closed: no payment can meet its settlement's numbers.
        let closes = self.books.settling(acquirer).is_some();
        let last_resort = || self.books.free_count_without_batches(acquirer, counter).filter(|_| closes);
        self.books.free_count(acquirer, counter).or_else(last_resort)
    }

    /// A fact, dated and placed.
    pub fn record(&self, fact: Fact) -> Record {
        Record { at: self.now.wall, acquirer: self.deployment.acquirer.clone(), fact }
    }

    /// An earlier transaction, as a plugin is told of it.
    pub fn original(&self, id: &TransactionId) -> Option<Original> {
        let transaction = self.books.transaction(id)?;
        let amount = match &transaction.operation {
            Operation::Pay(payment) => payment.amount,
            Operation::FollowUp(follow_up) => follow_up.amount,
            _ => return None,
        };
        Some(Original {
            transaction: id.to_string(),
            operation: transaction.operation.kind(),
            amount,
            at: transaction.exchanges.first().map_or(self.now.wall, |exchange| exchange.at).local(),
            card: transaction.card().cloned(),
            reference: transaction.reference.clone(),
        })
    }

    /// A transaction of a batch, as an upload tells of it: with what was approved, and the card of what it followed
    /// where none was presented again.
    pub fn item(&self, id: &TransactionId) -> Option<Original> {
        let transaction = self.books.transaction(id)?;
        let Some(Outcome::Approved(approved)) = transaction.outcome() else { return None };
        let original = transaction.follows().and_then(|original| self.books.transaction(&original));
        Some(Original {
            transaction: id.to_string(),
            operation: transaction.kind(),
            amount: approved.amount,
            at: transaction.exchanges.first().map_or(transaction.begun, |exchange| exchange.at).local(),
            card: transaction.card().or_else(|| original.and_then(Transaction::card)).cloned(),
            reference: self.told_under(transaction).unwrap_or_else(|| transaction.reference.clone()),
        })
    }

    /// What the acquirer knows one by that it was told of later: the numbers of the advice that told it.
    fn told_under(&self, transaction: &Transaction) -> Option<Vec<(Name, String)>> {
        let is_tip = transaction.kind() == OperationKind::Advise;
        let original = if is_tip { transaction.follows()? } else { transaction.id.clone() };
        let mut debts = self.books.debts_of(self.books.transaction(&original)?);
        let advice = debts.find(|debt| debt.duty == Duty::Advise && debt.standing == Standing::Paid)?;
        let told = advice.exchange.as_ref().map(|exchange| exchange.intent.reference.clone())?;
        (is_tip || transaction.reference.is_empty()).then_some(told).filter(|told| !told.is_empty())
    }

    /// A debt, as its plugin is told of it.
    pub fn debt(&self, debt: &Debt) -> Option<retry_policy::Debt> {
        Some(retry_policy::Debt {
            kind: debt.duty.kind(),
            of: self.original(&debt.of)?,
            age_s: self.now.wall.seconds_since(debt.since),
            attempts: debt.attempts.clone(),
            refusals: debt.refusals.clone(),
        })
    }
}
