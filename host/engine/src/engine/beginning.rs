//! What an idle lane begins next: a debt, a sign-in, a payment.

use super::Engine;
use crate::books::Transaction;
use crate::contract::Digest;
use crate::contract::transaction::{FollowUpKind, Maintenance, Operation, Payment, PaymentKind, Subject};
use crate::contract::types::Milliseconds;
use crate::effect::{CardSource, Effect, Moment};
use crate::identity::TransactionId;
use crate::lane::{Current, Job, Lane, Machine, Next};
use crate::machine::deal::Deal;
use crate::machine::debt;
use crate::machine::errand::Errand;
use crate::machine::following::Following;
use crate::machine::world::World;
use crate::machine::{inquiry, maintenance, payment};
use crate::order::{Order, Payable};
use crate::record::{CardProblem, NotSent, Sealed};

impl Engine {
    /// Begins what is next in an idle lane.
    pub(super) fn schedule(&mut self, acquirer: &str, now: Moment) -> Vec<Effect> {
        if self.halted || self.waives_at(acquirer) {
            return Vec::new();
        }
        let mut effects = Vec::new();
        loop {
            let Some(lane) = self.lanes.get_mut(acquirer).filter(|lane| lane.current.is_none()) else {
                return effects;
            };
            let next = lane.next(&self.books, self.sales_stopped.as_deref(), now.monotonic_ms);
            let is_last = matches!(next, Next::Idle(_));
            effects.extend(self.begin_next(acquirer, next, now));
            if is_last {
                return effects;
            }
        }
    }

    /// Begins one thing; the lane stays idle when there is nothing to be done about it.
    fn begin_next(&mut self, acquirer: &str, next: Next, now: Moment) -> Vec<Effect> {
        match next {
            Next::Begin(job) => self.begin_job(acquirer, job, None, now),
            Next::Refuse(job, why) => self.begin_job(acquirer, job, Some(why), now),
            Next::OwnSignIn { operator } => {
                let job = Job::new(self.own_name(now), Order::Maintain(Maintenance::SignIn), operator);
                self.begin_job(acquirer, job, None, now)
            }
            Next::GoOnSettling => self.go_on_settling(acquirer, now),
            Next::Debt(debt) => self.begin_debt(acquirer, debt, now).unwrap_or_default(),
            Next::Idle(Some(at_ms)) => {
                let wait = at_ms.saturating_sub(now.monotonic_ms);
                let after = Milliseconds::try_from(wait).unwrap_or(Milliseconds::MAX);
                vec![Effect::Alarm { acquirer: acquirer.to_owned(), after }]
            }
            Next::Idle(None) => Vec::new(),
        }
    }

    /// Begins what was asked for; or refuses it, which is written down all the same.
    fn begin_job(&mut self, acquirer: &str, job: Job, refused: Option<NotSent>, now: Moment) -> Vec<Effect> {
        let operation = self.next_operation();
        // There is one reader for all acquirers: a second card would end the session of a chip that waits in it.
        let reader_is_taken = self.lanes.values().any(Lane::holds_reader);
        let busy = || NotSent::Card(CardProblem::Busy);
        let Some(lane) = self.lanes.get_mut(acquirer) else { return Vec::new() };
        let world = World { now, books: &self.books, deployment: &lane.deployment };
        let Job { transaction, order, operator, .. } = job;
        let kind = order.kind();
        let plugin = lane.deployment.plugin.as_ref().map_or(Digest([0; 32]), |loaded| loaded.digest);
        let errand = |subject| Errand::new(operation, transaction.clone(), kind, subject, plugin, operator.clone());
        let (machine, effects) = match order {
            Order::Pay(Payable { kind, amount, tip, cash }) => {
                let subject = Operation::Pay(Payment { kind, amount, tip, cash, card: None });
                // Of a code that the customer scans, the terminal sees nothing.
                let presents = kind != PaymentKind::ShowToPay;
                let card = if presents { CardSource::Presented } else { CardSource::None };
                let refused = refused.or_else(|| (presents && reader_is_taken).then(busy));
                begin_payment(Deal::new(errand(subject), amount, card, presents), refused, &world)
            }
            Order::Settle => return self.begin_settlement(acquirer, operation, transaction, operator, refused, now),
            Order::FollowUp { kind, of, amount } => {
                let allowed = refused.map_or_else(|| Following::allowed(kind, &of, amount, &world), Err);
                let (following, refused) = match allowed {
                    Ok(following) if following.asks_for_card && reader_is_taken => (following, Some(busy())),
                    Ok(following) => (following, None),
                    Err(why) => (Following::refused(kind, of, amount, &world), Some(why)),
                };
                begin_following(errand, following, refused, &world)
            }
            Order::Maintain(maintenance) => begin_errand(errand(Operation::Maintain(maintenance)), refused, &world),
            Order::Download(name) => begin_errand(errand(Operation::Download(name)), refused, &world),
        };
        lane.current = Some(Current { operation, transaction, machine });
        effects
    }

    fn begin_debt(&mut self, acquirer: &str, id: TransactionId, now: Moment) -> Option<Vec<Effect>> {
        let operation = self.next_operation();
        let lane = self.lanes.get_mut(acquirer)?;
        let world = World { now, books: &self.books, deployment: &lane.deployment };
        // What its plugin has yet to write takes a number, and none is given while any may have been forgotten.
        let may_be_written = self.sales_stopped.is_none();
        let owed = self.books.debt(&id).filter(|debt| may_be_written || debt.is_written(&self.books));
        let owed = owed.filter(|debt| debt.is_sent_again());
        let begun = owed.and_then(|debt| debt::State::begin(operation, debt, &world));
        let Some((state, effects)) = begun else {
            // Waived meanwhile, or nothing stored to send: then it stays owed and shown, and is not tried for ever.
            lane.schedule(&self.books, &id, None);
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

fn begin_payment(deal: Deal, refused: Option<NotSent>, world: &World<'_>) -> (Machine, Vec<Effect>) {
    let (state, effects) = match refused {
        Some(why) => payment::State::refuse(deal, why, world),
        None => payment::State::begin(deal, world),
    };
    (Machine::Payment(state), effects)
}

fn begin_following(
    errand: impl FnOnce(Operation) -> Errand,
    following: Following,
    refused: Option<NotSent>,
    world: &World<'_>,
) -> (Machine, Vec<Effect>) {
    let Following { subject, card, asks_for_card } = following;
    let (kind, amount) = (subject.kind, subject.amount);
    let of = match &subject.of {
        Subject::Known(original) => TransactionId::try_from(original.transaction.clone()).ok(),
        Subject::Typed(_) | Subject::None => None,
    };
    let mut errand = errand(Operation::FollowUp(subject));
    match (kind, of) {
        (FollowUpKind::Inquire, of) => {
            // What became of it only the build that began it can say.
            let known = of.as_ref().and_then(|of| world.books.transaction(of));
            errand.plugin = known.and_then(Transaction::plugin).unwrap_or(errand.plugin);
            let of = of.unwrap_or_else(|| errand.transaction.clone());
            let question = inquiry::Question { errand, of, amount };
            let (state, effects) = match refused {
                Some(why) => inquiry::State::refuse(question, why, world),
                None => inquiry::State::begin(question, world),
            };
            (Machine::Inquiry(state), effects)
        }
        (FollowUpKind::Advise, Some(sale)) if refused.is_none() => {
            let sealed = world.books.transaction(&sale).and_then(Transaction::sealed).cloned();
            let mut deal = Deal::new(errand, amount, card, asks_for_card);
            deal.tip_on = Some((sale, sealed.unwrap_or(Sealed::None)));
            let (state, effects) = payment::State::tip(deal, world);
            (Machine::Payment(state), effects)
        }
        _ => begin_payment(Deal::new(errand, amount, card, asks_for_card), refused, world),
    }
}

fn begin_errand(errand: Errand, refused: Option<NotSent>, world: &World<'_>) -> (Machine, Vec<Effect>) {
    let is_offered = world.deployment.offers(errand.kind);
    let (state, effects) = match refused.or_else(|| (!is_offered).then_some(NotSent::Unsupported)) {
        Some(why) => maintenance::State::refuse(errand, why, world),
        None => maintenance::State::begin(errand, world),
    };
    (Machine::Maintenance(state), effects)
}
