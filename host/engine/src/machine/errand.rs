//! What payments and maintenance have in common: an operation that a plugin leads, exchange by exchange.

use super::exchange::Plan;
use super::world::World;
use crate::contract::Digest;
use crate::contract::acquirer::{self, Effect as Wish, Event, NewKey, Remedy, Reply, Standby};
use crate::contract::retry_policy::{Attempt, Delivery, Failure, Situation};
use crate::contract::transaction::{Gravity, Operation, OperationKind};
use crate::contract::types::Name;
use crate::effect::{BadProof, Call, CardSource, Effect, ExchangeFailed, OperationId};
use crate::identity::TransactionId;
use crate::record::{Fact, Incident, Intent, Party, Sealed};
use crate::rules::{self, Left};

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
    /// Intents written so far.
    exchanges: u32,
    pauses: u32,
    /// What the exchange at hand does in the world.
    at_hand: Gravity,
    pub state: Vec<u8>,
    pub reference: Vec<(Name, String)>,
    /// The gravest exchange so far: how much of it left, and what takes it back.
    grave: Option<Grave>,
    /// What its steps asked for that comes true only at its end.
    granted: Granted,
}

#[derive(Clone, Debug)]
struct Grave {
    gravity: Gravity,
    left: Left,
    remedy: Option<Remedy>,
}

/// What the steps' wishes come to, once looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Granted {
    pub install: Vec<NewKey>,
    pub drop: Vec<Name>,
    /// A new sign-in was asked for.
    pub sign_in: bool,
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
            pauses: 0,
            at_hand: Gravity::Asks,
            state: Vec::new(),
            reference: Vec::new(),
            grave: None,
            granted: Granted::default(),
        }
    }

    /// Whether a message of it was ever meant to be sent.
    pub fn has_begun(&self) -> bool {
        self.exchanges > 0
    }

    pub fn start(&self, world: &World<'_>) -> Effect {
        self.call(world, Call::Start(self.context(world), self.subject.clone()))
    }

    pub fn resume(&self, event: Event, world: &World<'_>) -> Effect {
        self.call(world, Call::Resume(self.context(world), self.subject.clone(), self.state.clone(), event))
    }

    pub fn decide(&self, world: &World<'_>) -> Effect {
        let routes = world.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.routes);
        let situation = Situation {
            operation: self.kind,
            attempts: self.attempts.clone(),
            routes: routes.map(|route| route.name.clone()).collect(),
            offline_allowed: false,
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
        if self.exchanges >= EXCHANGES {
            return Err(Incident::IllegalStep(format!("more than {EXCHANGES} exchanges")));
        }
        let gravity = self.weigh(&exchange)?;
        let standby = remedy(gravity, exchange.remedy.as_ref(), world)?;
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
            undo_demands_seal: world.deployment.demands_seal(OperationKind::Reverse),
            state: self.state.clone(),
            reference: self.reference.clone(),
        };
        // A counter the same step moves on was not yet moved when the plugin wrote this message.
        let moves_counter = |fact: &Fact| matches!(fact, Fact::CounterSet { .. });
        let (counters, mut facts): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(moves_counter);
        facts.push(Fact::Intent(Box::new(intent)));
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
            message: exchange.message,
            card: if holds_card_data || standby.is_some() { card } else { CardSource::None },
            standby,
            reason: None,
            timeout: exchange.timeout,
            begun_ms: world.now.monotonic_ms,
            facts,
        })
    }

    /// What an exchange does, as the terminal judges it. One payment moves money once: a second message that does
    /// would leave two to be taken back, and only one stored that takes back. An errand moves none at all.
    fn weigh(&self, exchange: &acquirer::Exchange) -> Result<Gravity, Incident> {
        let gravity = rules::gravity(&self.subject, self.exchanges == 0, &exchange.message, exchange.gravity);
        if gravity == Gravity::MovesMoney && self.money_may_have_moved() {
            return Err(Incident::IllegalStep("moves money a second time".into()));
        }
        if gravity != Gravity::Asks && self.maintains() {
            return Err(Incident::IllegalStep("an errand that does more than ask".into()));
        }
        Ok(gravity)
    }

    fn maintains(&self) -> bool {
        matches!(self.subject, Operation::Maintain(_) | Operation::Download(_))
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

    fn gravity(&self) -> Gravity {
        self.grave.as_ref().map_or(Gravity::Asks, |grave| grave.gravity)
    }

    /// What the safety rules make of a proposal after a failure.
    pub fn rule(&self, proposed: Option<crate::contract::retry_policy::Decision>, world: &World<'_>) -> rules::Ruling {
        let left = self.grave.as_ref().map_or(Left::Nothing, |grave| grave.left);
        let remedy = self.grave.as_ref().and_then(|grave| grave.remedy.as_ref());
        let tries_left = self.tries < world.deployment.ceilings.attempts;
        rules::after_failure(self.gravity(), left, remedy, tries_left, proposed)
    }

    pub fn incident(&self, party: Party, what: Incident) -> Fact {
        Fact::Incident { transaction: Some(self.transaction.clone()), party, what }
    }

    /// Looks at a step's wishes: which may come true in this kind of operation. What is to be remembered goes with
    /// the next durable record; keys wait for the end, since none of a download is used before all of it is checked.
    pub fn grant(&mut self, wishes: Vec<Wish>, world: &World<'_>) {
        for wish in wishes {
            match wish {
                Wish::InstallKey(key) if self.maintains() => self.granted.install.push(key),
                Wish::DropKeys(names) => self.granted.drop.extend(names),
                Wish::Remember((name, value)) => self.pending.push(Fact::Remembered { name, value }),
                Wish::SetCounter((name, value)) if self.maintains() && world.may_set(&name, value) => {
                    self.pending.push(Fact::CounterSet { name, value });
                }
                Wish::Request((OperationKind::SignIn, _)) => self.granted.sign_in = true,
                // A hint this terminal does not take: its clock is the operator's.
                Wish::SetClock(_) => {}
                Wish::InstallKey(_)
                | Wish::SetCounter(_)
                | Wish::LoadKernel(_)
                | Wish::ShowCode(_)
                | Wish::Request(_) => {
                    let what = Incident::IllegalStep("an effect that this operation may not have".into());
                    self.pending.push(self.incident(Party::Plugin, what));
                }
            }
        }
    }

    /// Everything that was granted, now that the operation ends.
    pub fn granted(&mut self) -> Granted {
        std::mem::take(&mut self.granted)
    }

    fn left(&mut self, delivery: Delivery) {
        if let Some(grave) = &mut self.grave {
            grave.left = grave.left.max(Left::of(delivery));
        }
    }
}

/// What takes money back, looked at before anything is sent. A remedy counts only if it could also be read without
/// the plugin: otherwise a debt could outlive everything that can pay it.
fn remedy(gravity: Gravity, remedy: Option<&Remedy>, world: &World<'_>) -> Result<Option<Standby>, Incident> {
    let standby = match (gravity, remedy) {
        (Gravity::MovesMoney, None) => return Err(Incident::MissingRemedy),
        (_, None) => return Ok(None),
        (_, Some(Remedy::Undo(standby))) => standby,
        (_, Some(Remedy::Repeat(_) | Remedy::Inquire(_))) => {
            return Err(Incident::IllegalStep("a remedy this terminal does not know yet".into()));
        }
    };
    if !rules::secrets_allowed(standby) {
        return Err(Incident::IllegalStep("a standby message with a track, a PIN or a card code".into()));
    }
    let kind = OperationKind::Reverse;
    let (demands_seal, echoes) = (world.deployment.demands_seal(kind), world.deployment.demanded_echoes(kind));
    if gravity == Gravity::MovesMoney && !rules::can_be_paid(standby, demands_seal, echoes) {
        return Err(Incident::IllegalStep("a standby message with no provable answer that pays it".into()));
    }
    Ok(Some(standby.clone()))
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

    /// A counter is only ever moved forwards, within its own bounds: a number given twice is a payment confused.
    fn may_set(&self, name: &str, value: u64) -> bool {
        let declared = self.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.counters);
        declared.into_iter().find(|counter| counter.name == name).is_some_and(|counter| {
            (counter.first..=counter.last).contains(&value)
                && value >= self.books.next_count(&self.deployment.acquirer, counter)
        })
    }
}
