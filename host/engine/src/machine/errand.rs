//! What payments and maintenance have in common: an operation that a plugin leads, exchange by exchange.

use super::exchange::Plan;
use super::world::World;
use crate::contract::Digest;
use crate::contract::acquirer::{self, Effect as Wish, Event, NewKey, Remedy, Reply};
use crate::contract::retry_policy::{Attempt, Delivery, Failure, Situation};
use crate::contract::transaction::{Gravity, Operation, OperationKind};
use crate::contract::types::Name;
use crate::effect::{BadProof, Call, CardSource, Effect, ExchangeFailed, OperationId};
use crate::identity::TransactionId;
use crate::record::{Fact, Incident, Intent, Party};
use crate::rules::{self, Left};

/// Exchanges one operation may have: a plugin that asks for ever is stopped.
const EXCHANGES: u32 = 32;

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
    pub state: Vec<u8>,
    pub reference: Vec<(Name, String)>,
    /// The gravest exchange so far: how much of it left, and what takes it back.
    grave: Option<Grave>,
}

#[derive(Clone, Debug)]
struct Grave {
    gravity: Gravity,
    left: Left,
    remedy: Option<Remedy>,
}

/// What a step's wishes come to, once looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Granted {
    pub facts: Vec<Fact>,
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
            state: Vec::new(),
            reference: Vec::new(),
            grave: None,
        }
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
        let gravity = rules::gravity(&self.subject, self.exchanges == 0, &exchange.message, exchange.gravity);
        if self.exchanges >= EXCHANGES {
            return Err(Incident::IllegalStep(format!("more than {EXCHANGES} exchanges")));
        }
        let standby = match (gravity, &exchange.remedy) {
            (Gravity::MovesMoney, None) => return Err(Incident::MissingRemedy),
            (_, Some(Remedy::Undo(standby))) if rules::secrets_allowed(standby) => Some(standby.clone()),
            (_, Some(Remedy::Undo(_))) => {
                return Err(Incident::IllegalStep("a standby message with a track, a PIN or a card code".into()));
            }
            (_, Some(Remedy::Repeat(_) | Remedy::Inquire(_))) => {
                return Err(Incident::IllegalStep("a remedy this terminal does not know yet".into()));
            }
            (_, None) => None,
        };
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
            sealed: None,
            state: self.state.clone(),
            reference: self.reference.clone(),
        };
        let mut facts = std::mem::take(&mut self.pending);
        facts.push(Fact::Intent(Box::new(intent)));
        self.exchanges += 1;
        self.tries = 1;
        self.weigh(Grave { gravity, left: Left::Nothing, remedy: exchange.remedy });
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
            facts,
        })
    }

    /// The same exchange once more: nothing of it has left.
    pub fn plan_again(&mut self, mut plan: Plan, route: Name, world: &World<'_>) -> Plan {
        let declared = world.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.routes);
        if declared.into_iter().any(|known| known.name == route) {
            plan.route = route;
        }
        self.tries += 1;
        plan.facts = std::mem::take(&mut self.pending);
        plan.facts.push(Fact::Resent {
            transaction: self.transaction.clone(),
            exchange: self.exchanges.saturating_sub(1),
            route: plan.route.clone(),
        });
        plan
    }

    /// Remembers an exchange that brought nothing.
    pub fn failed(&mut self, plan: &Plan, failed: ExchangeFailed) {
        self.left(failed.delivery);
        let gravity = self.grave.as_ref().map_or(Gravity::Asks, |grave| grave.gravity);
        self.attempts.push(Attempt {
            route: plan.route.clone(),
            gravity,
            delivery: failed.delivery,
            failure: failed.failure,
            elapsed: 0,
        });
        self.pending.push(Fact::Sent {
            transaction: self.transaction.clone(),
            exchange: self.exchanges.saturating_sub(1),
            delivery: failed.delivery,
            failure: Some(failed.failure),
        });
    }

    /// Remembers an answer.
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
    pub fn disproven(&mut self, plan: &Plan, reply: Reply, bad: &BadProof) -> Incident {
        self.heard(reply, false);
        self.attempts.push(Attempt {
            route: plan.route.clone(),
            gravity: self.gravity(),
            delivery: Delivery::Sent,
            failure: Failure::BadProof,
            elapsed: 0,
        });
        match bad {
            BadProof::Seal(key) => Incident::BadSeal(key.clone()),
            BadProof::Echo(what) => Incident::BadEcho(what.clone()),
        }
    }

    /// Whether money may have moved.
    pub fn money_may_have_moved(&self) -> bool {
        self.grave.as_ref().is_some_and(|grave| grave.gravity == Gravity::MovesMoney && grave.left == Left::Something)
    }

    pub fn gravity(&self) -> Gravity {
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

    /// Looks at a step's wishes: which may come true in this kind of operation.
    pub fn grant(&self, wishes: Vec<Wish>, world: &World<'_>) -> Granted {
        let maintains = matches!(self.subject, Operation::Maintain(_) | Operation::Download(_));
        let mut granted = Granted::default();
        for wish in wishes {
            match wish {
                Wish::InstallKey(key) if maintains => granted.install.push(key),
                Wish::DropKeys(names) => granted.drop.extend(names),
                Wish::Remember((name, value)) => granted.facts.push(Fact::Remembered { name, value }),
                Wish::SetCounter((name, value)) if maintains && world.may_set(&name, value) => {
                    granted.facts.push(Fact::CounterSet { name, value });
                }
                Wish::Request((OperationKind::SignIn, _)) => granted.sign_in = true,
                // A hint this terminal does not take: its clock is the operator's.
                Wish::SetClock(_) => {}
                Wish::InstallKey(_)
                | Wish::SetCounter(_)
                | Wish::LoadKernel(_)
                | Wish::ShowCode(_)
                | Wish::Request(_) => {
                    let what = Incident::IllegalStep("an effect that this operation may not have".into());
                    granted.facts.push(self.incident(Party::Plugin, what));
                }
            }
        }
        granted
    }

    fn weigh(&mut self, newer: Grave) {
        // An exchange that moved money stays the gravest whatever follows it.
        if !self.money_may_have_moved() {
            self.grave = Some(newer);
        }
    }

    fn left(&mut self, delivery: Delivery) {
        if let Some(grave) = &mut self.grave {
            grave.left = grave.left.max(Left::of(delivery));
        }
    }
}

impl World<'_> {
    /// A counter is only ever moved forwards, within its own bounds: a number given twice is a payment confused.
    fn may_set(&self, name: &str, value: u64) -> bool {
        let declared = self.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.counters);
        declared.into_iter().find(|counter| counter.name == name).is_some_and(|counter| {
            (counter.first..=counter.last).contains(&value)
                && value >= self.books.next_count(&self.deployment.acquirer, counter)
        })
    }
}
