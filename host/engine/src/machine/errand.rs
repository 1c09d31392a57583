//! What payments, inquiries and maintenance have in common: an operation that a plugin leads, exchange by exchange.

mod weighing;
mod wishes;

use std::sync::Arc;

use super::exchange::Plan;
use super::world::World;
use crate::contract::Digest;
use crate::contract::acquirer::{self, Event, Remedy, Reply};
use crate::contract::retry_policy::{Attempt, Delivery, Failure, Situation};
use crate::contract::transaction::{Gravity, Operation, OperationKind};
use crate::contract::types::Name;
use crate::effect::{BadProof, Call, CardSource, Effect, ExchangeFailed, OperationId};
use crate::identity::TransactionId;
use crate::record::{Fact, Incident, Intent, Party, Sealed};
use crate::rules::{self, Left};

pub(crate) use wishes::Granted;

/// Exchanges one operation may have: a plugin that asks for ever is stopped.
pub(crate) const EXCHANGES: u32 = 32;

/// Pauses one operation may have: a plugin that only waits, perhaps for no time at all, is stopped.
pub(crate) const PAUSES: u32 = 32;

/// An operation under way.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    pub operation: OperationId,
    pub transaction: TransactionId,
    pub kind: OperationKind,
    pub subject: Operation,
    pub plugin: Digest,
    pub operator: String,
    /// Facts that wait for the next durable record.
    pub pending: Vec<Fact>,
    /// Failed tries, for the retry policy.
    attempts: Vec<Attempt>,
    /// Tries of the exchange at hand.
    tries: u32,
    /// Intents written so far, and those of them before this call.
    exchanges: u32,
    before: u32,
    pauses: u32,
    /// What the exchange at hand does in the world.
    at_hand: Gravity,
    pub state: Vec<u8>,
    pub reference: Vec<(Name, String)>,
    /// The gravest exchange so far: how much of it left, and what takes it back.
    grave: Option<Grave>,
    /// What its steps asked for that comes true only at its end.
    granted: Granted,
    /// Codes to be shown, once the step that wished it is taken.
    codes: Vec<String>,
}

#[derive(Clone, Debug)]
struct Grave {
    gravity: Gravity,
    left: Left,
    remedy: Option<Remedy>,
}

impl Errand {
    pub fn new(
        operation: OperationId,
        transaction: TransactionId,
        kind: OperationKind,
        subject: Operation,
        plugin: Digest,
        operator: String,
    ) -> Errand {
        Errand {
            operation,
            transaction,
            kind,
            subject,
            plugin,
            operator,
            pending: Vec::new(),
            attempts: Vec::new(),
            tries: 0,
            exchanges: 0,
            before: 0,
            pauses: 0,
            at_hand: Gravity::Asks,
            state: Vec::new(),
            reference: Vec::new(),
            grave: None,
            granted: Granted::default(),
            codes: Vec::new(),
        }
    }

    /// The same, of a transaction that has had so many exchanges already.
    pub fn after_exchanges(self, exchanges: u32) -> Errand {
        Errand { before: exchanges, exchanges, ..self }
    }

    /// A question asked within this operation: what became of its own message. It counts on where this one stands.
    pub fn inquiry(&self, subject: Operation) -> Errand {
        let (plugin, operator) = (self.plugin, self.operator.clone());
        let kind = OperationKind::Inquire;
        Errand {
            exchanges: self.exchanges,
            reference: self.reference.clone(),
            pending: self.pending.clone(),
            ..Errand::new(self.operation, self.transaction.clone(), kind, subject, plugin, operator)
        }
    }

    /// Takes back what such a question left behind.
    pub fn asked(&mut self, inquiry: Errand) {
        self.exchanges = inquiry.exchanges;
        self.pending = inquiry.pending;
        self.attempts.extend(inquiry.attempts);
        if !inquiry.reference.is_empty() {
            self.reference = inquiry.reference;
        }
        self.granted.drop.extend(inquiry.granted.drop);
    }

    /// Whether a message of it was ever meant to be sent.
    pub fn has_begun(&self) -> bool {
        self.exchanges > self.before
    }

    /// Whether the exchange at hand may be sent once more.
    pub fn may_try_again(&self, world: &World<'_>) -> bool {
        self.tries < world.deployment.ceilings.attempts
    }

    pub fn start(&self, world: &World<'_>) -> Effect {
        self.call(world, Call::Start(self.context(world), self.subject.clone()))
    }

    pub fn resume(&self, event: Event, world: &World<'_>) -> Effect {
        self.call(world, Call::Resume(self.context(world), self.subject.clone(), self.state.clone(), event))
    }

    pub fn decide(&self, may_stand_in: bool, world: &World<'_>) -> Effect {
        let routes = world.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.routes);
        let situation = Situation {
            operation: self.kind,
            attempts: self.attempts.clone(),
            routes: routes.map(|route| route.name.clone()).collect(),
            offline_allowed: may_stand_in,
        };
        self.call(world, Call::Decide(self.context(world), situation))
    }

    fn call(&self, world: &World<'_>, call: Call) -> Effect {
        Effect::Call {
            operation: self.operation,
            acquirer: world.deployment.acquirer.clone(),
            plugin: self.plugin,
            call: Box::new(call),
        }
    }

    fn context(&self, world: &World<'_>) -> crate::contract::transaction::Context {
        world.context(&self.transaction, &self.operator)
    }

    /// Turns the plugin's exchange into a plan with its intent, or says what is wrong with it. Nothing is sent that
    /// moves money without what takes it back.
    pub fn plan(
        &mut self,
        exchange: acquirer::Exchange,
        card: CardSource,
        world: &World<'_>,
    ) -> Result<Plan, Incident> {
        if self.exchanges - self.before >= EXCHANGES {
            return Err(Incident::IllegalStep(format!("more than {EXCHANGES} exchanges")));
        }
        let gravity = self.weigh(&exchange)?;
        let standby = self.remedy(gravity, exchange.remedy.as_ref(), world)?;
        for route in [Some(&exchange.route), standby.as_ref().map(|standby| &standby.route)].into_iter().flatten() {
            if !world.declares_route(route) {
                return Err(Incident::IllegalStep(format!("a route it never declared: {route}")));
            }
        }
        let uses = world.take(&exchange)?;
        let holds_card_data = rules::holds_card_data(&exchange.message);
        let intent = Intent {
            transaction: self.transaction.clone(),
            operation: self.subject.clone(),
            exchange: self.exchanges,
            plugin: self.plugin,
            gravity,
            route: exchange.route.clone(),
            uses,
            timeout: exchange.timeout,
            remedy: exchange.remedy.clone(),
            sealed: Sealed::None,
            undo_demands_seal: world.deployment.demands_seal(self.answers_as(exchange.remedy.as_ref())),
            state: self.state.clone(),
            reference: self.reference.clone(),
        };
        // A counter the same step moves on was not yet moved when the plugin wrote this message.
        let moves_counter = |fact: &Fact| matches!(fact, Fact::CounterSet { .. });
        let (counters, mut facts): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(moves_counter);
        facts.push(Fact::Intent(Arc::new(intent)));
        facts.extend(counters);
        self.exchanges += 1;
        self.tries = 1;
        self.at_hand = gravity;
        if !self.money_may_have_moved() {
            self.grave = Some(Grave { gravity, left: Left::Nothing, remedy: exchange.remedy });
        }
        Ok(Plan {
            operation: self.operation,
            transaction: self.transaction.clone(),
            plugin: self.plugin,
            subject: self.subject.clone(),
            state: self.state.clone(),
            operator: self.operator.clone(),
            route: exchange.route,
            message: Arc::new(exchange.message),
            card: if holds_card_data || standby.is_some() { card } else { CardSource::None },
            standby,
            reason: None,
            timeout: exchange.timeout,
            begun_ms: world.now.monotonic_ms,
            facts,
        })
    }

    /// The same exchange once more: nothing of it has left, or it only asks.
    ///
    /// A message with card data keeps its route: what may leave was granted for the route it was rendered for.
    pub fn plan_again(&mut self, mut plan: Plan, route: Name, world: &World<'_>) -> Plan {
        if world.declares_route(&route) && !rules::holds_card_data(&plan.message) {
            plan.route = route;
        }
        self.tries += 1;
        plan.begun_ms = world.now.monotonic_ms;
        plan.facts = std::mem::take(&mut self.pending);
        plan.facts.push(Fact::Resent {
            transaction: self.transaction.clone(),
            exchange: self.exchanges.saturating_sub(1),
            route: plan.route.clone(),
        });
        plan
    }

    /// Takes back a plan that was never written down. What happened before it happened all the same; what its step
    /// wished did not.
    pub fn withdraw(&mut self, plan: Plan) {
        let happened = |fact: &Fact| matches!(fact, Fact::Sent { .. } | Fact::Heard { .. } | Fact::Incident { .. });
        self.pending.extend(plan.facts.into_iter().filter(happened));
        self.exchanges = self.exchanges.saturating_sub(1);
    }

    /// Remembers that somebody stopped waiting for an exchange; nothing comes of it for the retry policy.
    pub fn stopped(&mut self, delivery: Delivery) {
        self.left(delivery);
        self.pending.push(Fact::Sent {
            transaction: self.transaction.clone(),
            exchange: self.exchanges.saturating_sub(1),
            delivery,
            failure: Some(Failure::Cancelled),
        });
    }

    /// An answer that came after somebody stopped waiting: written down, and nothing more.
    pub fn late(&self, reply: Reply) -> Fact {
        let exchange = self.exchanges.saturating_sub(1);
        Fact::Heard { transaction: self.transaction.clone(), exchange, reply, proven: false }
    }

    /// Remembers an exchange that brought nothing.
    pub fn failed(&mut self, plan: &Plan, failed: ExchangeFailed, world: &World<'_>) {
        self.left(failed.delivery);
        self.attempts.push(Attempt {
            route: plan.route.clone(),
            gravity: self.at_hand,
            delivery: failed.delivery,
            failure: failed.failure,
            elapsed: plan.elapsed(world),
        });
        self.pending.push(Fact::Sent {
            transaction: self.transaction.clone(),
            exchange: self.exchanges.saturating_sub(1),
            delivery: failed.delivery,
            failure: Some(failed.failure),
        });
    }

    /// Remembers an answer, and whether it brought every proof its operation demands.
    pub fn heard(&mut self, reply: Reply, proven: bool) {
        self.left(Delivery::Sent);
        let exchange = self.exchanges.saturating_sub(1);
        let transaction = self.transaction.clone();
        self.pending.push(Fact::Sent {
            transaction: transaction.clone(),
            exchange,
            delivery: Delivery::Sent,
            failure: None,
        });
        self.pending.push(Fact::Heard { transaction, exchange, reply, proven });
    }

    /// Remembers an answer that did not prove itself, and counts it as a failed try.
    pub fn disproven(&mut self, plan: &Plan, reply: Reply, bad: &BadProof, world: &World<'_>) -> Incident {
        self.heard(reply, false);
        self.attempts.push(Attempt {
            route: plan.route.clone(),
            gravity: self.at_hand,
            delivery: Delivery::Sent,
            failure: Failure::BadProof,
            elapsed: plan.elapsed(world),
        });
        bad.incident()
    }

    /// Counts a pause.
    pub fn pause(&mut self) -> Result<(), Incident> {
        self.pauses += 1;
        if self.pauses > PAUSES { Err(Incident::IllegalStep(format!("more than {PAUSES} pauses"))) } else { Ok(()) }
    }

    /// Whether money may have moved.
    pub fn money_may_have_moved(&self) -> bool {
        self.grave.as_ref().is_some_and(|grave| grave.gravity == Gravity::MovesMoney && grave.left == Left::Something)
    }

    /// What the gravest exchange said is done about silence.
    pub fn remedy_stored(&self) -> Option<&Remedy> {
        self.grave.as_ref().and_then(|grave| grave.remedy.as_ref())
    }

    /// How the operation stands after a failure, for the safety rules.
    pub fn standing<'a>(&'a self, inquiries_left: bool, may_stand_in: bool, world: &World<'_>) -> rules::Failed<'a> {
        rules::Failed {
            gravity: self.grave.as_ref().map_or(Gravity::Asks, |grave| grave.gravity),
            left: self.grave.as_ref().map_or(Left::Nothing, |grave| grave.left),
            remedy: self.remedy_stored(),
            tries_left: self.tries < world.deployment.ceilings.attempts,
            inquiries_left,
            may_stand_in,
        }
    }

    pub fn incident(&self, party: Party, what: Incident) -> Fact {
        Fact::Incident { transaction: Some(self.transaction.clone()), party, what }
    }

    fn left(&mut self, delivery: Delivery) {
        if let Some(grave) = &mut self.grave {
            grave.left = grave.left.max(Left::of(delivery));
        }
    }
}

impl BadProof {
    /// What is written down of it.
    pub(crate) fn incident(&self) -> Incident {
        match self {
            BadProof::Seal(key) => Incident::BadSeal(key.clone()),
            BadProof::Echo(what) => Incident::BadEcho(what.clone()),
        }
    }
}

impl World<'_> {
    fn declares_route(&self, route: &str) -> bool {
        let declared = self.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.routes);
        declared.into_iter().any(|known| known.name == *route)
    }
}
