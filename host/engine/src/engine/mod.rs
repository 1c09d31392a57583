//! The engine: what happened goes in, what is to be done comes out. It knows no clock, socket, disk or Wasm.

mod beginning;
mod settling;
mod tending;
mod waiving;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::books::{Books, Known, Standing};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::transaction::OperationKind;
use crate::effect::{Answer, Effect, ExchangeFailed, Input, Moment, OperationId, Request};
use crate::identity::TransactionId;
use crate::lane::{Current, Job, Lane, Machine};
use crate::machine::closing::{Closing, Turn};
use crate::machine::debt::{DebtTurn, Tried};
use crate::machine::waiver::Recording;
use crate::machine::world::World;
use crate::order::Order;
use crate::record::{NotSent, Outcome, Record};
use crate::waiver::SignedWaiver;

/// What whoever asks is told once the journal has failed.
const HALTED: &str = "the journal failed; it must be opened again first";

/// What whoever asks is told when nobody has looked a name up that may have been used long ago.
const NOT_LOOKED_UP: &str = "this name may have been used before, and has not been looked up in the journal";

/// Errands that may follow one another by their plugins' wish: a sign-off, then a sign-in, then a download.
const REQUESTS_IN_A_CHAIN: u8 = 3;

/// Everything the terminal knows and is doing.
#[derive(Debug)]
pub struct Engine {
    books: Books,
    lanes: BTreeMap<String, Lane>,
    /// Records on their way to the disk, and not true before they are there.
    committing: BTreeMap<OperationId, Arc<[Record]>>,
    /// Waivers being written down, and those that wait for a try of their debt to be over.
    waiving: BTreeMap<OperationId, Recording>,
    waivers_waiting: Vec<SignedWaiver>,
    /// What plugins keep, being written down.
    carrying: Option<OperationId>,
    /// Names that were looked up in the journal, are new, and have not been asked for yet.
    new_names: BTreeSet<TransactionId>,
    /// Errands that plugins asked for, and how many requests led to each.
    requested: BTreeMap<TransactionId, u8>,
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
        let mut engine = Engine {
            books,
            lanes,
            committing: BTreeMap::new(),
            waiving: BTreeMap::new(),
            waivers_waiting: Vec::new(),
            carrying: None,
            new_names: BTreeSet::new(),
            requested: BTreeMap::new(),
            operations: 0,
            sales_stopped,
            halted: false,
        };
        let effects: Vec<_> = acquirers.iter().flat_map(|acquirer| engine.schedule(acquirer, now)).collect();
        engine.note_commits(&effects);
        (engine, effects)
    }

    #[cfg(test)]
    pub(crate) fn books_mut(&mut self) -> &mut Books {
        &mut self.books
    }

    /// What is durably known.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Why no sale may begin, if none may.
    pub fn sales_stopped(&self) -> Option<&str> {
        self.sales_stopped.as_deref()
    }

    /// Whether this operation has begun and not ended.
    pub fn runs(&self, operation: OperationId) -> bool {
        self.lanes.values().any(|lane| lane.current.as_ref().is_some_and(|current| current.operation == operation))
    }

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, input: Input, now: Moment) -> Vec<Effect> {
        #[cfg(feature = "sabotage")]
        let input = crate::sabotage::heard(input);
        let effects = match input {
            Input::Request(request) => self.request(request, now),
            Input::Answer { operation, answer } => self.answer(operation, answer, now),
            Input::Alarm { acquirer } => self.schedule(&acquirer, now),
            Input::Carry => self.carry(now),
            Input::Compacted { lines, horizon } => {
                self.compacted(&lines, horizon);
                Vec::new()
            }
            Input::LookedUp { transaction, summary } => {
                self.looked_up(transaction, summary.as_deref());
                Vec::new()
            }
        };
        #[cfg(feature = "sabotage")]
        let effects = crate::sabotage::said(effects);
        self.note_commits(&effects);
        effects
    }

    fn request(&mut self, request: Request, now: Moment) -> Vec<Effect> {
        match request {
            Request::Begin { acquirer, transaction, order, operator } => {
                self.ask(&acquirer, Job::new(transaction, order, operator), now)
            }
            Request::PayDebts { acquirer } => {
                if let Some(lane) = self.lanes.get_mut(&acquirer) {
                    lane.all_due(&self.books, now.monotonic_ms);
                }
                self.schedule(&acquirer, now)
            }
            Request::Cancel { transaction } => self.cancel(&transaction, now),
            Request::Waive(waiver) => self.waive(*waiver, now),
        }
    }

    /// Queues a job, unless its name is known or nothing can be begun; whoever asks is answered in every case.
    fn ask(&mut self, acquirer: &str, job: Job, now: Moment) -> Vec<Effect> {
        let known = self.already_known(&job.transaction).filter(|_| !self.asks_to_go_on(acquirer, &job));
        if let Some(effects) = known {
            return effects;
        }
        if self.halted {
            return vec![job.unwritten(NotSent::Storage(HALTED.into()))];
        }
        if self.may_have_been_used(&job.transaction) && !self.new_names.remove(&job.transaction) {
            return vec![job.unwritten(NotSent::Storage(NOT_LOOKED_UP.into()))];
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

    /// A name that left memory, or shares its hash with one that did, is new only once the journal has been asked.
    fn may_have_been_used(&self, id: &TransactionId) -> bool {
        self.books.knows(id) == Known::Perhaps
    }

    /// The journal was asked for a name: what it holds is in the books again. A line that cannot be read brings nothing
    /// back, and the name stays refused.
    fn looked_up(&mut self, id: TransactionId, summary: Option<&[u8]>) {
        match summary {
            Some(line) => {
                if let Err(error) = self.books.restore(line) {
                    self.sales_stopped.get_or_insert(error.to_string());
                }
            }
            None => {
                self.new_names.insert(id);
            }
        }
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
        match &answer {
            Answer::Durable(result) => self.settle(operation, result.is_ok()),
            Answer::NoRoom(_) => self.settle(operation, false),
            _ => {}
        }
        let own = self.waiver_answered(operation, &answer, now).or_else(|| self.carried(operation, &answer, now));
        if let Some(effects) = own {
            return effects;
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
                Turn::Over(closing) => return self.over(&acquirer, operation, transaction, closing, now),
            },
            Machine::Maintenance(state) => match state.on(answer, &world) {
                Turn::Going(state, effects) => (Machine::Maintenance(state), effects),
                Turn::Over(closing) => return self.over(&acquirer, operation, transaction, closing, now),
            },
            Machine::Inquiry(state) => match state.on(answer, &world) {
                Turn::Going(state, effects) => (Machine::Inquiry(state), effects),
                Turn::Over(closing) => return self.over(&acquirer, operation, transaction, closing, now),
            },
            Machine::Settlement(state) => match state.on(answer, &world) {
                Turn::Going(state, effects) => (Machine::Settlement(state), effects),
                Turn::Over(closing) => {
                    let told = self.settlement_over(&acquirer, &closing.outcome, now);
                    let mut effects = self.over(&acquirer, operation, transaction, closing, now);
                    effects.extend(told);
                    return effects;
                }
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
        for record in records.iter() {
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
        now: Moment,
    ) -> Vec<Effect> {
        let Closing { outcome, activate_keys, drop_keys, kernel, then, about, storage_failed } = closing;
        let acquirer = acquirer.to_owned();
        let mut effects = Vec::new();
        if activate_keys {
            effects.push(Effect::ActivateKeys { operation, acquirer: acquirer.clone() });
        }
        if !drop_keys.is_empty() {
            effects.push(Effect::DropKeys { acquirer: acquirer.clone(), slots: drop_keys });
        }
        if !kernel.is_empty() {
            effects.push(Effect::LoadKernel { acquirer: acquirer.clone(), rows: kernel });
        }
        let owed = [Some(&transaction), about.as_ref()].into_iter().flatten();
        let owed: Vec<_> = owed.flat_map(|of| self.owed_now(&acquirer, of)).collect();
        let is_sign_in = self
            .books
            .transaction(&transaction)
            .is_some_and(|known| known.acquirer == acquirer && known.kind() == OperationKind::SignIn);
        if let Some(lane) = self.lanes.get_mut(&acquirer) {
            if is_sign_in {
                lane.signed_in(activate_keys, now.monotonic_ms);
            }
            if is_sign_in && outcome == Outcome::Done {
                lane.all_due(&self.books, now.monotonic_ms);
            }
            for debt in owed {
                lane.schedule(&self.books, &debt, Some(now.monotonic_ms));
            }
            let was_heard = self.books.transaction(&transaction).is_some_and(|known| known.was_answered());
            if was_heard && matches!(outcome, Outcome::Approved(_)) {
                lane.advices_due(&self.books, now.monotonic_ms);
            }
        }
        effects.push(Effect::Ended { operation, transaction: transaction.clone(), outcome });
        self.follow_requests(&acquirer, &transaction, is_sign_in, then, now);
        self.go_on(&acquirer, storage_failed, effects, now)
    }

    /// Queues what a plugin asked for when its operation ended. A chain of requests comes to an end, and no sign-in asks
    /// for the next.
    fn follow_requests(&mut self, acquirer: &str, of: &TransactionId, is_sign_in: bool, then: Vec<Order>, now: Moment) {
        let depth = self.requested.remove(of).unwrap_or(0) + 1;
        if depth > REQUESTS_IN_A_CHAIN {
            return;
        }
        for order in then {
            if is_sign_in && order.kind() == OperationKind::SignIn {
                continue;
            }
            let id = self.own_name(now);
            if let Some(lane) = self.lanes.get_mut(acquirer) {
                lane.ask(Job::new(id.clone(), order, String::new()));
                self.requested.insert(id, depth);
            }
        }
    }

    fn owed_now(&self, acquirer: &str, transaction: &TransactionId) -> Vec<TransactionId> {
        let known = self.books.transaction(transaction).filter(|known| known.acquirer == acquirer);
        let debts = known.into_iter().flat_map(|known| self.books.debts_of(known));
        debts.filter(|debt| debt.is_open()).map(|debt| debt.id.clone()).collect()
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
            lane.schedule(&self.books, &debt, again);
        }
        self.replace(acquirer, &debt, now);
        let effects = vec![Effect::DebtTried { operation, debt, owed: self.books.owed() }];
        self.go_on(acquirer, tried.storage_failed, effects, now)
    }

    /// An inquiry that found nothing has left a reversal in its place, which is due at once.
    fn replace(&mut self, acquirer: &str, debt: &TransactionId, now: Moment) {
        let Some(ended) = self.books.debt(debt).filter(|debt| debt.standing == Standing::Replaced) else { return };
        let owed = self.owed_now(acquirer, &ended.of);
        if let Some(lane) = self.lanes.get_mut(acquirer) {
            owed.iter().for_each(|debt| lane.schedule(&self.books, debt, Some(now.monotonic_ms)));
        }
    }

    fn go_on(&mut self, acquirer: &str, storage_failed: bool, mut effects: Vec<Effect>, now: Moment) -> Vec<Effect> {
        if storage_failed {
            // Whoever still waits for a turn is told that nothing was sent, before the journal is opened again: all
            // that is not told by then counts as unknown. The first failure says it for all.
            let waiting = self.lanes.values_mut().flat_map(Lane::dismiss);
            effects.extend(waiting.map(|job| job.unwritten(NotSent::Storage(HALTED.into()))));
            let failed_first = !std::mem::replace(&mut self.halted, true);
            effects.extend(self.waive_waiting(now));
            if failed_first {
                effects.push(Effect::ReopenJournal);
            }
        } else {
            effects.extend(self.waive_waiting(now));
            effects.extend(self.schedule(acquirer, now));
        }
        effects
    }

    fn note_commits(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Commit { operation, records, .. } = effect {
                self.committing.insert(*operation, Arc::clone(records));
            }
        }
    }

    fn next_operation(&mut self) -> OperationId {
        self.operations += 1;
        OperationId(self.operations)
    }
}
