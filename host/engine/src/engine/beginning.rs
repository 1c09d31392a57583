//! What an idle lane begins next: a debt, a sign-in, a payment.

use super::Engine;
use crate::contract::Digest;
use crate::contract::transaction::{Maintenance, Operation, OperationKind, Payment, PaymentKind};
use crate::contract::types::{Amount, Milliseconds};
use crate::effect::{Effect, Moment};
use crate::identity::TransactionId;
use crate::lane::{Current, Machine, Next, SaleJob};
use crate::machine::debt;
use crate::machine::errand::Errand;
use crate::machine::sale::Sale;
use crate::machine::world::World;
use crate::machine::{maintenance, payment};
use crate::record::NotSent;

impl Engine {
    /// Begins what is next in an idle lane.
    pub(super) fn schedule(&mut self, acquirer: &str, now: Moment) -> Vec<Effect> {
        if self.halted || self.waives_at(acquirer) {
            return Vec::new();
        }
        loop {
            let Some(lane) = self.lanes.get_mut(acquirer).filter(|lane| lane.current.is_none()) else {
                return Vec::new();
            };
            let next = lane.next(&self.books, self.sales_stopped.as_deref(), now.monotonic_ms);
            if let Some(effects) = self.begin_next(acquirer, next, now) {
                return effects;
            }
        }
    }

    /// Begins one thing; none when there is nothing to be done about it.
    fn begin_next(&mut self, acquirer: &str, next: Next, now: Moment) -> Option<Vec<Effect>> {
        Some(match next {
            Next::SignIn { transaction, operator } => self.begin_sign_in(acquirer, transaction, operator, now),
            Next::OwnSignIn { operator } => {
                let transaction = self.own_name(now);
                self.begin_sign_in(acquirer, transaction, operator, now)
            }
            Next::Debt(debt) => return self.begin_debt(acquirer, debt, now),
            Next::Sale(job) => self.begin_sale(acquirer, job, None, now),
            Next::RefuseSale(job, why) => self.begin_sale(acquirer, job, Some(why), now),
            Next::Idle(Some(at_ms)) => {
                let wait = at_ms.saturating_sub(now.monotonic_ms);
                let after = Milliseconds::try_from(wait).unwrap_or(Milliseconds::MAX);
                vec![Effect::Alarm { acquirer: acquirer.to_owned(), after }]
            }
            Next::Idle(None) => Vec::new(),
        })
    }

    fn begin_sale(&mut self, acquirer: &str, job: SaleJob, refused: Option<NotSent>, now: Moment) -> Vec<Effect> {
        let operation = self.next_operation();
        let Some(lane) = self.lanes.get_mut(acquirer) else { return Vec::new() };
        let SaleJob { transaction, amount, operator, .. } = job;
        let plugin = lane.deployment.plugin.as_ref().map_or(Digest([0; 32]), |loaded| loaded.digest);
        let subject = Operation::Pay(sale_of(amount));
        let errand = Errand::new(operation, transaction.clone(), OperationKind::Sale, subject, plugin, operator);
        let sale = Sale { errand, amount };
        let world = World { now, books: &self.books, deployment: &lane.deployment };
        let (state, effects) = match refused {
            Some(why) => payment::State::refuse(sale, why, &world),
            None => payment::State::begin(sale),
        };
        lane.current = Some(Current { operation, transaction, machine: Machine::Payment(state) });
        effects
    }

    fn begin_sign_in(
        &mut self,
        acquirer: &str,
        transaction: TransactionId,
        operator: String,
        now: Moment,
    ) -> Vec<Effect> {
        let operation = self.next_operation();
        let Some(lane) = self.lanes.get_mut(acquirer) else { return Vec::new() };
        let subject = Operation::Maintain(Maintenance::SignIn);
        let plugin = lane.deployment.plugin.as_ref().map_or(Digest([0; 32]), |loaded| loaded.digest);
        let kind = OperationKind::SignIn;
        let errand = Errand::new(operation, transaction.clone(), kind, subject, plugin, operator);
        let world = World { now, books: &self.books, deployment: &lane.deployment };
        let (state, effects) = if lane.deployment.offers(kind) {
            maintenance::State::begin(errand, &world)
        } else {
            maintenance::State::refuse(errand, NotSent::Unsupported, &world)
        };
        lane.current = Some(Current { operation, transaction, machine: Machine::Maintenance(state) });
        effects
    }

    fn begin_debt(&mut self, acquirer: &str, id: TransactionId, now: Moment) -> Option<Vec<Effect>> {
        let operation = self.next_operation();
        let lane = self.lanes.get_mut(acquirer)?;
        let world = World { now, books: &self.books, deployment: &lane.deployment };
        let owed = self.books.debt(&id).filter(|debt| debt.is_sent_again());
        let begun = owed.and_then(|debt| debt::State::begin(operation, debt, &world));
        let Some((state, effects)) = begun else {
            // Waived meanwhile, or nothing stored to send: then it stays owed and shown, and is not tried for ever.
            lane.schedule(id, None);
            return None;
        };
        lane.current = Some(Current { operation, transaction: id, machine: Machine::Debt(state) });
        Some(effects)
    }

    /// A name for a sign-in nobody asked for, unlike any before it.
    pub(super) fn own_name(&self, now: Moment) -> TransactionId {
        let mut number = self.operations;
        loop {
            let text = format!("S{:x}N{number}", now.wall.unix_ms.unsigned_abs());
            match TransactionId::parse(&text) {
                Ok(id) if self.already_known(&id).is_none() && !self.may_have_been_used(&id) => return id,
                _ => number = number.wrapping_add(1),
            }
        }
    }
}

fn sale_of(amount: Amount) -> Payment {
    Payment { kind: PaymentKind::Sale, amount, tip: None, cash: None, card: None }
}
