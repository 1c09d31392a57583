//! The engine: what happened goes in, what is to be done comes out. It knows no clock, socket, disk or Wasm.

use std::collections::BTreeMap;

use crate::books::Books;
use crate::contract::Digest;
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::transaction::{Maintenance, Operation, OperationKind, Payment, PaymentKind};
use crate::contract::types::{Amount, Milliseconds};
use crate::effect::{Answer, Effect, ExchangeFailed, Input, Moment, OperationId, Request};
use crate::identity::TransactionId;
use crate::lane::{Current, Job, Lane, Machine, Next, SaleJob};
use crate::machine::closing::{Closing, Turn};
use crate::machine::debt::{self, DebtTurn, Tried};
use crate::machine::errand::Errand;
use crate::machine::sale::Sale;
use crate::machine::world::World;
use crate::machine::{maintenance, payment};
use crate::record::{NotSent, Outcome, Record};

/// What whoever asks is told once the journal has failed.
const HALTED: &str = "the journal failed; it must be opened again first";

/// Everything the terminal knows and is doing.
#[derive(Debug)]
pub struct Engine {
    books: Books,
    lanes: BTreeMap<String, Lane>,
    /// Records on their way to the disk, and not true before they are there.
    committing: BTreeMap<OperationId, Vec<Record>>,
    operations: u64,
    sales_stopped: Option<String>,
    /// The journal failed: nothing is begun any more.
    halted: bool,
}

impl Engine {
    /// Begins every lane.
    pub(crate) fn begin(
        books: Books,
        lanes: BTreeMap<String, Lane>,
        sales_stopped: Option<String>,
        now: Moment,
    ) -> (Engine, Vec<Effect>) {
        let acquirers: Vec<_> = lanes.keys().cloned().collect();
        let mut engine =
            Engine { books, lanes, committing: BTreeMap::new(), operations: 0, sales_stopped, halted: false };
        let effects: Vec<_> = acquirers.iter().flat_map(|acquirer| engine.schedule(acquirer, now)).collect();
        engine.note_commits(&effects);
        (engine, effects)
    }

    /// What is durably known.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Why no sale may begin, if none may.
    pub fn sales_stopped(&self) -> Option<&str> {
        self.sales_stopped.as_deref()
    }

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, input: Input, now: Moment) -> Vec<Effect> {
        let effects = match input {
            Input::Request(request) => self.request(request, now),
            Input::Answer { operation, answer } => self.answer(operation, answer, now),
            Input::Alarm { acquirer } => self.schedule(&acquirer, now),
        };
        self.note_commits(&effects);
        effects
    }

    fn request(&mut self, request: Request, now: Moment) -> Vec<Effect> {
        match request {
            Request::Sale { acquirer, transaction, amount, operator } => {
                self.ask(&acquirer, Job::sale(transaction, amount, operator), now)
            }
            Request::SignIn { acquirer, transaction, operator } => {
                self.ask(&acquirer, Job::SignIn { transaction, operator }, now)
            }
            Request::PayDebts { acquirer } => {
                if let Some(lane) = self.lanes.get_mut(&acquirer) {
                    lane.all_due(&self.books, now.monotonic_ms);
                }
                self.schedule(&acquirer, now)
            }
            Request::Cancel { transaction } => self.cancel(&transaction, now),
        }
    }

    /// Queues a job, unless its name is known or nothing can be begun; whoever asks is answered in every case.
    fn ask(&mut self, acquirer: &str, job: Job, now: Moment) -> Vec<Effect> {
        if let Some(effects) = self.already_known(job.transaction()) {
            return effects;
        }
        if self.halted {
            return vec![job.unwritten(NotSent::Storage(HALTED.into()))];
        }
        let Some(lane) = self.lanes.get_mut(acquirer) else { return vec![job.unwritten(NotSent::Unsupported)] };
        lane.ask(job);
        self.schedule(acquirer, now)
    }

    /// The same identity never pays twice: what is known of it is said again, what runs goes on.
    fn already_known(&self, id: &TransactionId) -> Option<Vec<Effect>> {
        if let Some(known) = self.books.transaction(id) {
            let ended = known.conclusion.as_ref().map(|conclusion| Effect::Ended {
                operation: OperationId(0),
                transaction: id.clone(),
                outcome: conclusion.outcome.clone(),
            });
            return Some(ended.into_iter().collect());
        }
        self.lanes.values().any(|lane| lane.knows(id)).then(Vec::new)
    }

    fn cancel(&mut self, id: &TransactionId, now: Moment) -> Vec<Effect> {
        let running = self.lanes.values().find_map(|lane| {
            lane.current.as_ref().filter(|current| current.is_of(id)).map(|current| current.operation)
        });
        if let Some(operation) = running {
            return self.answer(operation, Answer::Cancelled, now);
        }
        let withdrawn = self.lanes.values_mut().find_map(|lane| lane.withdraw(id));
        withdrawn.map(|job| job.unwritten(NotSent::Cancelled)).into_iter().collect()
    }

    /// Lets the machine an answer belongs to take its turn.
    fn answer(&mut self, operation: OperationId, answer: Answer, now: Moment) -> Vec<Effect> {
        if let Answer::Durable(result) = &answer {
            self.settle(operation, result.is_ok());
        }
        let Some((acquirer, current)) = self.take_current(operation) else {
            return vec![Effect::Unexpected { operation, state: "none", event: answer.name() }];
        };
        let Some(lane) = self.lanes.get_mut(&acquirer) else { return Vec::new() };
        let world = World { now, books: &self.books, deployment: &lane.deployment };
        let Current { transaction, machine, .. } = current;
        let (machine, mut effects) = match machine {
            Machine::Payment(state) => match state.on(answer, &world) {
                Turn::Going(state, effects) => (Machine::Payment(state), effects),
                Turn::Over(closing) => return self.over(&acquirer, operation, transaction, closing, false, now),
            },
            Machine::Maintenance(state) => match state.on(answer, &world) {
                Turn::Going(state, effects) => (Machine::Maintenance(state), effects),
                Turn::Over(closing) => return self.over(&acquirer, operation, transaction, closing, true, now),
            },
            Machine::Debt(state) => match state.on(answer, &world) {
                DebtTurn::Going(state, effects) => (Machine::Debt(state), effects),
                DebtTurn::Over(tried) => return self.tried(&acquirer, operation, transaction, &tried, now),
            },
        };
        lane.current = Some(Current { operation, transaction, machine });
        if self.halted && effects.iter().any(|effect| matches!(effect, Effect::Send { .. })) {
            // Nothing is sent any more: the machine hears that nothing left, and comes to its end.
            effects.retain(|effect| !matches!(effect, Effect::Send { .. }));
            let failed = ExchangeFailed { delivery: Delivery::NotSent, failure: Failure::Cancelled };
            effects.extend(self.answer(operation, Answer::Reply(Err(failed)), now));
        }
        effects
    }

    /// What was on its way to the disk is true, or is not.
    fn settle(&mut self, operation: OperationId, durable: bool) {
        let Some(records) = self.committing.remove(&operation) else { return };
        if !durable {
            return;
        }
        for record in &records {
            if let Err(error) = self.books.apply(record) {
                self.sales_stopped.get_or_insert(error.to_string());
            }
        }
    }

    fn take_current(&mut self, operation: OperationId) -> Option<(String, Current)> {
        self.lanes.iter_mut().find_map(|(name, lane)| {
            let is_it = lane.current.as_ref().is_some_and(|current| current.operation == operation);
            if is_it { lane.current.take().map(|current| (name.clone(), current)) } else { None }
        })
    }

    /// A payment or an errand is over.
    fn over(
        &mut self,
        acquirer: &str,
        operation: OperationId,
        transaction: TransactionId,
        closing: Closing,
        is_sign_in: bool,
        now: Moment,
    ) -> Vec<Effect> {
        let Closing { outcome, activate_keys, drop_keys, sign_in, storage_failed } = closing;
        let acquirer = acquirer.to_owned();
        let mut effects = Vec::new();
        if activate_keys {
            effects.push(Effect::ActivateKeys { operation, acquirer: acquirer.clone() });
        }
        if !drop_keys.is_empty() {
            effects.push(Effect::DropKeys { acquirer: acquirer.clone(), slots: drop_keys });
        }
        let owed = self.owed_now(&acquirer, &transaction);
        if let Some(lane) = self.lanes.get_mut(&acquirer) {
            if is_sign_in {
                lane.signed_in(activate_keys, now.monotonic_ms);
            }
            if is_sign_in && outcome == Outcome::Done {
                lane.all_due(&self.books, now.monotonic_ms);
            }
            if let Some(debt) = owed {
                lane.schedule(debt, Some(now.monotonic_ms));
            }
        }
        effects.push(Effect::Ended { operation, transaction, outcome });
        if sign_in && !is_sign_in {
            let id = self.own_name(now);
            if let Some(lane) = self.lanes.get_mut(&acquirer) {
                lane.ask(Job::SignIn { transaction: id, operator: String::new() });
            }
        }
        self.go_on(&acquirer, storage_failed, effects, now)
    }

    fn owed_now(&self, acquirer: &str, transaction: &TransactionId) -> Option<TransactionId> {
        let known = self.books.transaction(transaction).filter(|known| known.acquirer == acquirer)?;
        known.debt.clone()
    }

    /// A try at a debt is over.
    fn tried(
        &mut self,
        acquirer: &str,
        operation: OperationId,
        debt: TransactionId,
        tried: &Tried,
        now: Moment,
    ) -> Vec<Effect> {
        if let Some(lane) = self.lanes.get_mut(acquirer) {
            let again = tried.again_after.map(|wait| now.monotonic_ms.saturating_add(u64::from(wait)));
            lane.schedule(debt.clone(), again);
        }
        let effects = vec![Effect::DebtTried { operation, debt, owed: self.books.owed() }];
        self.go_on(acquirer, tried.storage_failed, effects, now)
    }

    fn go_on(&mut self, acquirer: &str, storage_failed: bool, mut effects: Vec<Effect>, now: Moment) -> Vec<Effect> {
        if storage_failed {
            // Whoever still waits for a turn is told that nothing was sent, before the journal is opened again: all
            // that is not told by then counts as unknown. The first failure says it for all.
            let waiting = self.lanes.values_mut().flat_map(Lane::dismiss);
            effects.extend(waiting.map(|job| job.unwritten(NotSent::Storage(HALTED.into()))));
            if !std::mem::replace(&mut self.halted, true) {
                effects.push(Effect::ReopenJournal);
            }
        } else {
            effects.extend(self.schedule(acquirer, now));
        }
        effects
    }

    /// Begins what is next in an idle lane.
    fn schedule(&mut self, acquirer: &str, now: Moment) -> Vec<Effect> {
        if self.halted {
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
        let begun = self.books.debt(&id).and_then(|debt| debt::State::begin(operation, debt, &world));
        let Some((state, effects)) = begun else {
            // Nothing stored to send: it stays owed and shown, and is not tried for ever.
            lane.schedule(id, None);
            return None;
        };
        lane.current = Some(Current { operation, transaction: id, machine: Machine::Debt(state) });
        Some(effects)
    }

    fn note_commits(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Commit { operation, records } = effect {
                self.committing.insert(*operation, records.clone());
            }
        }
    }

    fn next_operation(&mut self) -> OperationId {
        self.operations += 1;
        OperationId(self.operations)
    }

    /// A name for a sign-in nobody asked for, unlike any before it.
    fn own_name(&self, now: Moment) -> TransactionId {
        let mut number = self.operations;
        loop {
            let text = format!("S{:x}N{number}", now.wall.unix_ms.unsigned_abs());
            match TransactionId::parse(&text) {
                Ok(id) if self.already_known(&id).is_none() => return id,
                _ => number = number.wrapping_add(1),
            }
        }
    }
}

fn sale_of(amount: Amount) -> Payment {
    Payment { kind: PaymentKind::Sale, amount, tip: None, cash: None, card: None }
}
