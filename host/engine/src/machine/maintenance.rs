//! Sign-in, sign-off, echo and download: errands that move no money. A sign-in's work keys are checked and adopted all or
//! none, with the batch the acquirer names.

use super::closing::{Closing, Turn};
use super::errand::{Errand, Granted};
use super::exchange::{End, Exchange, Plan, Progress};
use super::table::Table;
use super::world::World;
use crate::contract::PluginError;
use crate::contract::acquirer::{Action, Event, Outcome as Claimed, Step};
use crate::contract::retry_policy::{Decision, Failure};
use crate::contract::types::Name;
use crate::effect::{Answer, CardSource, Effect, OperationId, Purpose};
use crate::record::{Fact, Incident, NotSent, Outcome, Party};
use crate::rules::{self, ProvenBy, Ruling};

pub(crate) static TABLE: Table = Table {
    name: "maintenance",
    states: &["starting", "exchanging", "deciding", "pausing", "staging", "concluding", "over"],
    events: &[
        "step",
        "plugin-failed",
        "exchange",
        "decision",
        "woke",
        "staged",
        "bad-keys",
        "durable",
        "not-durable",
        "cancelled",
    ],
    rows: &[
        ("starting", "step", &["exchanging", "pausing", "staging", "concluding"]),
        ("starting", "plugin-failed", &["concluding"]),
        ("starting", "cancelled", &["concluding"]),
        ("exchanging", "exchange", &["exchanging", "deciding", "pausing", "staging", "concluding", "over"]),
        ("exchanging", "cancelled", &["exchanging", "concluding"]),
        ("deciding", "decision", &["pausing", "concluding"]),
        ("deciding", "cancelled", &["concluding"]),
        ("pausing", "woke", &["starting", "exchanging"]),
        ("pausing", "cancelled", &["concluding"]),
        ("staging", "staged", &["concluding"]),
        ("staging", "bad-keys", &["concluding"]),
        ("concluding", "durable", &["over"]),
        ("concluding", "not-durable", &["over"]),
    ],
};

/// An errand that moves no money.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Starting(Errand),
    Exchanging(Errand, Exchange),
    Deciding(Errand, Plan, Failure),
    Pausing(Errand, Option<(Box<Plan>, Name)>),
    /// Downloaded keys are being unwrapped and checked.
    Staging(Errand, Granted),
    Concluding(Errand, Outcome, Ending),
}

/// What takes effect once the conclusion is durable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    granted: Granted,
    /// Staged keys are to be used.
    pub activate: bool,
}

impl State {
    pub fn begin(errand: Errand, world: &World<'_>) -> (State, Vec<Effect>) {
        let effect = errand.start(world);
        (State::Starting(errand), vec![effect])
    }

    /// An errand refused before anything was asked of the plugin; written down all the same.
    pub fn refuse(errand: Errand, why: NotSent, world: &World<'_>) -> (State, Vec<Effect>) {
        conclude(errand, Outcome::Failed(why), Ending::default(), Vec::new(), world)
    }

    pub fn name(&self) -> &'static str {
        match self {
            State::Starting(_) => "starting",
            State::Exchanging(..) => "exchanging",
            State::Deciding(..) => "deciding",
            State::Pausing(..) => "pausing",
            State::Staging(..) => "staging",
            State::Concluding(..) => "concluding",
        }
    }

    /// Takes one answer.
    pub fn on(self, answer: Answer, world: &World<'_>) -> Turn<State> {
        let is_exchange = matches!(self, State::Exchanging(..)) && !matches!(answer, Answer::Cancelled);
        let (from, event) = (self.name(), if is_exchange { "exchange" } else { answer.name() });
        let turn = self.turn(answer, world);
        let (to, effects) = turn.place(State::name);
        TABLE.hold(from, event, to, effects);
        turn
    }

    fn turn(self, answer: Answer, world: &World<'_>) -> Turn<State> {
        match (self, answer) {
            (State::Starting(errand), Answer::Step(Ok(step))) => take(errand, step, &ProvenBy::default(), world),
            (State::Starting(errand), Answer::Step(Err(error))) => plugin_failed(errand, &error, world),
            (State::Exchanging(errand, exchange), answer) => match exchange.on(answer, world) {
                Progress::Going(exchange, effects) => Turn::Going(State::Exchanging(errand, exchange), effects),
                Progress::Over(plan, end) => after(errand, plan, end, world),
            },
            (State::Deciding(errand, plan, failure), Answer::Decision(decision)) => {
                decided(errand, plan, failure, decision, world)
            }
            (State::Pausing(errand, None), Answer::Woke) => {
                let effect = errand.resume(Event::Woke, world);
                Turn::Going(State::Starting(errand), vec![effect])
            }
            (State::Pausing(mut errand, Some((plan, route))), Answer::Woke) => {
                let plan = errand.plan_again(*plan, route, world);
                let (exchange, effects) = Exchange::again(plan, world);
                Turn::Going(State::Exchanging(errand, exchange), effects)
            }
            (State::Starting(errand), Answer::Cancelled)
            | (State::Deciding(errand, ..) | State::Pausing(errand, _), Answer::Cancelled) => {
                fail(errand, NotSent::Cancelled, Vec::new(), world)
            }
            (State::Staging(errand, granted), Answer::Staged(result)) => staged(errand, granted, result, world),
            (State::Concluding(_, outcome, ending), Answer::Durable(result)) => close(outcome, ending, result),
            (state, answer) => {
                let effect =
                    Effect::Unexpected { operation: state.operation(), state: state.name(), event: answer.name() };
                Turn::Going(state, vec![effect])
            }
        }
    }

    fn operation(&self) -> OperationId {
        match self {
            State::Starting(errand)
            | State::Exchanging(errand, _)
            | State::Deciding(errand, ..)
            | State::Pausing(errand, _)
            | State::Staging(errand, _)
            | State::Concluding(errand, ..) => errand.operation,
        }
    }
}

fn after(mut errand: Errand, plan: Plan, end: End, world: &World<'_>) -> Turn<State> {
    match end {
        End::NotPrepared(why) => fail(errand, NotSent::Template(why), Vec::new(), world),
        End::NotRecorded(why) | End::NoRoom(why) => {
            Turn::Over(Closing { storage_failed: true, ..Closing::of(Outcome::Failed(NotSent::Storage(why))) })
        }
        End::Withdrawn => {
            errand.withdraw(plan);
            fail(errand, NotSent::Cancelled, Vec::new(), world)
        }
        End::Stopped(delivery) => {
            errand.stopped(delivery);
            fail(errand, NotSent::Cancelled, Vec::new(), world)
        }
        End::Failed(failed) => {
            errand.failed(&plan, failed, world);
            let effect = errand.decide(false, world);
            Turn::Going(State::Deciding(errand, plan, failed.failure), vec![effect])
        }
        End::PluginFailed(reply, error) => {
            errand.heard(reply, false);
            plugin_failed(errand, &error, world)
        }
        End::Disproven(reply, bad) => {
            let incident = errand.disproven(&plan, reply, &bad, world);
            let fact = errand.incident(incident.party(), incident);
            errand.pending.push(fact);
            let effect = errand.decide(false, world);
            Turn::Going(State::Deciding(errand, plan, Failure::BadProof), vec![effect])
        }
        End::Answered(reply, step, proven) => {
            let demands_seal = world.deployment.demands_seal(errand.kind);
            let meets = proven.meets(demands_seal, world.deployment.demanded_echoes(errand.kind));
            errand.heard(reply, meets);
            take(errand, *step, &proven, world)
        }
    }
}

fn take(mut errand: Errand, step: Step, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
    errand.grant(step.effects, world);
    errand.state = step.state;
    errand.reference = step.reference;
    match step.action {
        Action::Send(exchange) => match errand.plan(exchange, CardSource::None, world) {
            Ok(plan) => {
                let (exchange, effects) = Exchange::begin(plan, world);
                Turn::Going(State::Exchanging(errand, exchange), effects)
            }
            Err(incident) => fail(errand, NotSent::Plugin(incident.clone()), vec![incident], world),
        },
        Action::Pause(wait) => {
            if let Err(incident) = errand.pause() {
                return fail(errand, NotSent::Plugin(incident.clone()), vec![incident], world);
            }
            let after = wait.min(world.deployment.ceilings.wait_ms);
            let effect = Effect::Wake { operation: errand.operation, after };
            Turn::Going(State::Pausing(errand, None), vec![effect])
        }
        Action::Listen(_) => {
            let incident = Incident::IllegalStep("listens without having sent".into());
            fail(errand, NotSent::Plugin(incident.clone()), vec![incident], world)
        }
        Action::Finish(claimed) => finish(errand, claimed, proven, world),
    }
}

/// Maintenance ends done or declined; anything else is the plugin's fault. Keys are only looked at when done.
fn finish(mut errand: Errand, claimed: Claimed, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
    match claimed {
        Claimed::Done => {
            if let Some(incident) = proven.missing(false, world.deployment.demanded_echoes(errand.kind), None) {
                return fail(errand, NotSent::Plugin(incident.clone()), vec![incident], world);
            }
            let granted = errand.granted();
            if granted.install.is_empty() {
                let ending = Ending { granted, activate: false };
                let (state, effects) = conclude(errand, Outcome::Done, ending, Vec::new(), world);
                return Turn::Going(state, effects);
            }
            let effect = Effect::StageKeys {
                operation: errand.operation,
                acquirer: world.deployment.acquirer.clone(),
                keys: granted.install.clone(),
            };
            Turn::Going(State::Staging(errand, granted), vec![effect])
        }
        Claimed::Declined(declined) => {
            let ending = Ending { granted: errand.granted(), activate: false };
            let outcome = Outcome::Failed(NotSent::Refused(declined));
            let (state, effects) = conclude(errand, outcome, ending, Vec::new(), world);
            Turn::Going(state, effects)
        }
        _ => {
            let incident = Incident::IllegalStep("maintenance ends done or declined".into());
            fail(errand, NotSent::Plugin(incident.clone()), vec![incident], world)
        }
    }
}

/// All of a download's keys, or none: one bad check value empties every slot, and nothing trades.
fn staged(mut errand: Errand, granted: Granted, result: Result<(), String>, world: &World<'_>) -> Turn<State> {
    let (state, effects) = match result {
        Ok(()) => {
            errand.pending.push(Fact::KeysInstalled { keys: granted.install.clone() });
            conclude(errand, Outcome::Done, Ending { granted, activate: true }, Vec::new(), world)
        }
        Err(slot) => {
            // Nothing of the step that brought them becomes true, a batch or a counter no more than a key.
            errand.pending.retain(|fact| !matches!(fact, Fact::Remembered { .. } | Fact::CounterSet { .. }));
            let held = world.books.kept(&world.deployment.acquirer).map(|stream| &stream.keys);
            let held = held.into_iter().flatten().map(|key| key.name.clone());
            let drop = granted.install.iter().map(|key| key.name.clone()).chain(held).collect();
            let ending = Ending { granted: Granted { drop, ..Granted::default() }, activate: false };
            let incident = Incident::BadCheckValue(slot.clone());
            let outcome = Outcome::Failed(NotSent::BadCheckValue(slot));
            conclude(errand, outcome, ending, vec![incident], world)
        }
    };
    Turn::Going(state, effects)
}

fn decided(
    mut errand: Errand,
    plan: Plan,
    failure: Failure,
    decision: Result<Decision, PluginError>,
    world: &World<'_>,
) -> Turn<State> {
    let proposed = match decision {
        Ok(decision) => Some(decision),
        Err(error) => {
            let what = Incident::PluginFailed(error.to_string());
            errand.pending.push(errand.incident(Party::Plugin, what));
            None
        }
    };
    match rules::after_failure(&errand.standing(false, false, world), proposed.clone()) {
        Ruling::AsProposed(Decision::Resend(resend)) => {
            let after = resend.wait.min(world.deployment.ceilings.wait_ms);
            let effect = Effect::Wake { operation: errand.operation, after };
            Turn::Going(State::Pausing(errand, Some((Box::new(plan), resend.route))), vec![effect])
        }
        Ruling::AsProposed(_) => fail(errand, NotSent::Unreachable(failure), Vec::new(), world),
        Ruling::Instead(_) => {
            let incidents = proposed.map(|proposed| Incident::IllegalDecision(format!("{proposed:?}")));
            fail(errand, NotSent::Unreachable(failure), incidents.into_iter().collect(), world)
        }
    }
}

fn plugin_failed(errand: Errand, error: &PluginError, world: &World<'_>) -> Turn<State> {
    let incident = Incident::PluginFailed(error.to_string());
    fail(errand, NotSent::Plugin(incident.clone()), vec![incident], world)
}

fn fail(errand: Errand, why: NotSent, incidents: Vec<Incident>, world: &World<'_>) -> Turn<State> {
    let (state, effects) = conclude(errand, Outcome::Failed(why), Ending::default(), incidents, world);
    Turn::Going(state, effects)
}

fn conclude(
    mut errand: Errand,
    outcome: Outcome,
    ending: Ending,
    incidents: Vec<Incident>,
    world: &World<'_>,
) -> (State, Vec<Effect>) {
    let mut facts = std::mem::take(&mut errand.pending);
    facts.extend(incidents.into_iter().map(|incident| errand.incident(incident.party(), incident)));
    if !ending.granted.drop.is_empty() {
        facts.push(Fact::KeysDropped { slots: ending.granted.drop.clone() });
    }
    facts.push(Fact::Concluded {
        transaction: errand.transaction.clone(),
        operation: Box::new(errand.subject.clone()),
        outcome: outcome.clone(),
        reference: errand.reference.clone(),
    });
    let records = facts.into_iter().map(|fact| world.record(fact)).collect();
    let effect = Effect::Commit { operation: errand.operation, purpose: Purpose::Obligation, records };
    (State::Concluding(errand, outcome, ending), vec![effect])
}

fn close(outcome: Outcome, ending: Ending, durable: Result<(), String>) -> Turn<State> {
    let outcome = match &durable {
        Ok(()) => outcome,
        Err(why) => Outcome::Failed(NotSent::Storage(why.clone())),
    };
    Turn::Over(Closing {
        activate_keys: ending.activate && durable.is_ok(),
        drop_keys: ending.granted.drop,
        kernel: if durable.is_ok() { ending.granted.kernel } else { Vec::new() },
        then: ending.granted.then,
        storage_failed: durable.is_err(),
        ..Closing::of(outcome)
    })
}
