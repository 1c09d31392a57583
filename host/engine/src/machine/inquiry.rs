//! A person asks what became of an earlier payment that nobody knows: what is proven of it is written down, and what is
//! owed for it ends or becomes a reversal.

use super::closing::{Closing, Turn};
use super::duty::Word;
use super::errand::Errand;
use super::exchange::{End, Exchange, Plan, Progress};
use super::table::Table;
use super::world::World;
use crate::contract::acquirer::{Action, Event, Outcome as Claimed, Step};
use crate::contract::retry_policy::{Decision, Failure};
use crate::contract::transaction::OperationKind;
use crate::contract::types::{Amount, Name};
use crate::effect::{Answer, CardSource, Effect, OperationId, Purpose};
use crate::identity::TransactionId;
use crate::record::{Fact, Incident, NotSent, Outcome, Party, Unfit};
use crate::rules::{self, ProvenBy, Ruling};

pub(crate) static TABLE: Table = Table {
    name: "inquiry",
    states: &["starting", "exchanging", "deciding", "pausing", "concluding", "over"],
    events: &["step", "plugin-failed", "exchange", "decision", "woke", "durable", "not-durable", "cancelled"],
    rows: &[
        ("starting", "step", &["exchanging", "pausing", "concluding"]),
        ("starting", "plugin-failed", &["concluding"]),
        ("starting", "cancelled", &["concluding"]),
        ("exchanging", "exchange", &["exchanging", "deciding", "pausing", "concluding", "over"]),
        ("exchanging", "cancelled", &["exchanging", "concluding"]),
        ("deciding", "decision", &["pausing", "concluding"]),
        ("deciding", "cancelled", &["concluding"]),
        ("pausing", "woke", &["starting", "exchanging"]),
        ("pausing", "cancelled", &["concluding"]),
        ("concluding", "durable", &["over"]),
        ("concluding", "not-durable", &["over"]),
    ],
};

/// A question under way.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Starting(Question),
    Exchanging(Question, Exchange),
    Deciding(Question, Plan, Failure),
    Pausing(Question, Option<(Box<Plan>, Name)>),
    Concluding(Question, Outcome),
}

/// What is asked, and of what.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub errand: Errand,
    /// The payment nobody knows.
    pub of: TransactionId,
    pub amount: Amount,
}

impl State {
    pub fn begin(question: Question, world: &World<'_>) -> (State, Vec<Effect>) {
        let effect = question.errand.start(world);
        (State::Starting(question), vec![effect])
    }

    /// A question that is not asked; written down all the same.
    pub fn refuse(question: Question, why: NotSent, world: &World<'_>) -> (State, Vec<Effect>) {
        question.conclude(Outcome::Failed(why), Vec::new(), world)
    }

    pub fn name(&self) -> &'static str {
        match self {
            State::Starting(_) => "starting",
            State::Exchanging(..) => "exchanging",
            State::Deciding(..) => "deciding",
            State::Pausing(..) => "pausing",
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
            (State::Starting(question), Answer::Step(Ok(step))) => {
                question.take(step, false, &ProvenBy::default(), world)
            }
            (State::Starting(question), Answer::Step(Err(error))) => {
                question.fail_by(Incident::PluginFailed(error.to_string()), world)
            }
            (State::Exchanging(question, exchange), answer) => match exchange.on(answer, world) {
                Progress::Going(exchange, effects) => Turn::Going(State::Exchanging(question, exchange), effects),
                Progress::Over(plan, end) => question.after(plan, end, world),
            },
            (State::Deciding(mut question, plan, failure), Answer::Decision(decision)) => {
                if let Err(error) = &decision {
                    question.note(Party::Plugin, Incident::PluginFailed(error.to_string()));
                }
                question.decided(plan, failure, decision.ok(), world)
            }
            (State::Pausing(question, None), Answer::Woke) => {
                let effect = question.errand.resume(Event::Woke, world);
                Turn::Going(State::Starting(question), vec![effect])
            }
            (State::Pausing(mut question, Some((plan, route))), Answer::Woke) => {
                let plan = question.errand.plan_again(*plan, route, world);
                let (exchange, effects) = Exchange::again(plan, world);
                Turn::Going(State::Exchanging(question, exchange), effects)
            }
            (State::Starting(question), Answer::Cancelled)
            | (State::Deciding(question, ..) | State::Pausing(question, _), Answer::Cancelled) => {
                question.fail(NotSent::Cancelled, world)
            }
            (State::Concluding(question, outcome), Answer::Durable(result)) => question.close(outcome, result),
            (state, answer) => {
                let effect =
                    Effect::Unexpected { operation: state.operation(), state: state.name(), event: answer.name() };
                Turn::Going(state, vec![effect])
            }
        }
    }

    fn operation(&self) -> OperationId {
        match self {
            State::Starting(question)
            | State::Exchanging(question, _)
            | State::Deciding(question, ..)
            | State::Pausing(question, _)
            | State::Concluding(question, _) => question.errand.operation,
        }
    }
}

impl Question {
    fn after(mut self, plan: Plan, end: End, world: &World<'_>) -> Turn<State> {
        match end {
            End::NotPrepared(why) => self.fail(NotSent::Template(why), world),
            End::NotRecorded(why) | End::NoRoom(why) => {
                Turn::Over(Closing { storage_failed: true, ..Closing::of(Outcome::Failed(NotSent::Storage(why))) })
            }
            End::Withdrawn => {
                self.errand.withdraw(plan);
                self.fail(NotSent::Cancelled, world)
            }
            End::Stopped(delivery) => {
                self.errand.stopped(delivery);
                self.fail(NotSent::Cancelled, world)
            }
            End::Failed(failed) => {
                self.errand.failed(&plan, failed, world);
                let effect = self.errand.decide(false, world);
                Turn::Going(State::Deciding(self, plan, failed.failure), vec![effect])
            }
            End::PluginFailed(reply, error) => {
                self.errand.heard(reply, false);
                self.fail_by(Incident::PluginFailed(error.to_string()), world)
            }
            End::Disproven(reply, bad) => {
                let incident = self.errand.disproven(&plan, reply, &bad, world);
                self.note(incident.party(), incident);
                let effect = self.errand.decide(false, world);
                Turn::Going(State::Deciding(self, plan, Failure::BadProof), vec![effect])
            }
            End::Answered(reply, step, proven) => {
                let demands_seal = world.deployment.demands_seal(OperationKind::Inquire);
                let meets = proven.meets(demands_seal, world.deployment.demanded_echoes(OperationKind::Inquire));
                self.errand.heard(reply, meets);
                self.take(*step, true, &proven, world)
            }
        }
    }

    fn take(mut self, step: Step, heard: bool, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
        self.errand.grant(step.effects, world);
        self.errand.state = step.state;
        self.errand.reference = step.reference;
        match step.action {
            Action::Send(exchange) => match self.errand.plan(exchange, CardSource::None, world) {
                Ok(plan) => {
                    let (exchange, effects) = Exchange::begin(plan, world);
                    Turn::Going(State::Exchanging(self, exchange), effects)
                }
                Err(incident) => self.fail_by(incident, world),
            },
            Action::Pause(wait) => {
                if let Err(incident) = self.errand.pause() {
                    return self.fail_by(incident, world);
                }
                let after = wait.min(world.deployment.ceilings.wait_ms);
                let effect = Effect::Wake { operation: self.errand.operation, after };
                Turn::Going(State::Pausing(self, None), vec![effect])
            }
            Action::Listen(_) => self.fail_by(Incident::IllegalStep("listens without having sent".into()), world),
            Action::Finish(claimed) => self.finish(claimed, heard, proven, world),
        }
    }

    /// It ends as the payment it asks about: proven, that is what became of it; not found, it is taken back, since it may
    /// still arrive; else nobody knows more than before.
    fn finish(mut self, claimed: Claimed, heard: bool, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
        let word = Word {
            claimed,
            heard,
            proven,
            demands_seal: world.deployment.demands_seal(OperationKind::Inquire),
            kind: OperationKind::Inquire,
        };
        let reference = self.errand.reference.clone();
        let found = world.found(&self.of, &self.errand.transaction, self.amount, word, reference);
        match found {
            Ok(fact) => {
                let (state, effects) = self.conclude(Outcome::Done, vec![fact], world);
                Turn::Going(state, effects)
            }
            Err(incident) => {
                if let Some(incident) = incident {
                    self.note(incident.party(), incident);
                }
                self.fail(NotSent::OriginalNotFit(Unfit::Unresolved), world)
            }
        }
    }

    fn decided(mut self, plan: Plan, failure: Failure, proposed: Option<Decision>, world: &World<'_>) -> Turn<State> {
        match rules::after_failure(&self.errand.standing(false, false, world), proposed.clone()) {
            Ruling::AsProposed(Decision::Resend(resend)) => {
                let after = resend.wait.min(world.deployment.ceilings.wait_ms);
                let effect = Effect::Wake { operation: self.errand.operation, after };
                Turn::Going(State::Pausing(self, Some((Box::new(plan), resend.route))), vec![effect])
            }
            Ruling::AsProposed(_) => self.fail(NotSent::Unreachable(failure), world),
            Ruling::Instead(_) => {
                if let Some(proposed) = proposed {
                    self.note(Party::Plugin, Incident::IllegalDecision(format!("{proposed:?}")));
                }
                self.fail(NotSent::Unreachable(failure), world)
            }
        }
    }

    fn note(&mut self, party: Party, incident: Incident) {
        let fact = self.errand.incident(party, incident);
        self.errand.pending.push(fact);
    }

    fn fail_by(mut self, incident: Incident, world: &World<'_>) -> Turn<State> {
        self.note(incident.party(), incident.clone());
        self.fail(NotSent::Plugin(incident), world)
    }

    fn fail(self, why: NotSent, world: &World<'_>) -> Turn<State> {
        let (state, effects) = self.conclude(Outcome::Failed(why), Vec::new(), world);
        Turn::Going(state, effects)
    }

    fn conclude(mut self, outcome: Outcome, found: Vec<Fact>, world: &World<'_>) -> (State, Vec<Effect>) {
        let mut facts = std::mem::take(&mut self.errand.pending);
        facts.extend(found);
        facts.push(Fact::Concluded {
            transaction: self.errand.transaction.clone(),
            operation: Box::new(self.errand.subject.clone()),
            outcome: outcome.clone(),
            reference: self.errand.reference.clone(),
        });
        let records = facts.into_iter().map(|fact| world.record(fact)).collect();
        let effect = Effect::Commit { operation: self.errand.operation, purpose: Purpose::Obligation, records };
        (State::Concluding(self, outcome), vec![effect])
    }

    fn close(mut self, outcome: Outcome, durable: Result<(), String>) -> Turn<State> {
        let granted = self.errand.granted();
        let storage_failed = durable.is_err();
        let outcome = match durable {
            Ok(()) => outcome,
            Err(why) => Outcome::Failed(NotSent::Storage(why)),
        };
        Turn::Over(Closing { then: granted.then, about: Some(self.of), storage_failed, ..Closing::of(outcome) })
    }
}
