//! A payment that asks what became of its own message, before anything is owed for it.

use std::sync::Arc;

use super::closing::Turn;
use super::deal::{Deal, Trouble};
use super::errand::Errand;
use super::exchange::{End, Exchange, Plan, Progress};
use super::payment::State;
use super::world::World;
use crate::contract::acquirer::{Action, Event, Outcome as Claimed, Owed, Step};
use crate::contract::retry_policy::Failure;
use crate::contract::transaction::{FollowUp, FollowUpKind, Operation, OperationKind, Subject};
use crate::effect::{Answer, CardSource, Effect, OperationId};
use crate::record::{Fact, Incident};
use crate::rules::ProvenBy;

/// One question under way.
#[derive(Clone, Debug)]
pub(crate) enum Inquiry {
    /// The plugin is thinking.
    Starting(Errand),
    Exchanging(Errand, Exchange),
    Pausing(Errand),
}

impl Inquiry {
    /// Begins a question about a message that is in the journal.
    pub fn begin(deal: &Deal, world: &World<'_>) -> Option<(Inquiry, Vec<Effect>)> {
        let original = world.original(&deal.errand.transaction)?;
        let subject = Operation::FollowUp(FollowUp {
            kind: FollowUpKind::Inquire,
            of: Subject::Known(original),
            amount: deal.amount,
            card: None,
            reason: None,
        });
        let errand = deal.errand.inquiry(subject);
        let effect = errand.start(world);
        Some((Inquiry::Starting(errand), vec![effect]))
    }

    pub fn operation(&self) -> OperationId {
        match self {
            Inquiry::Starting(errand) | Inquiry::Exchanging(errand, _) | Inquiry::Pausing(errand) => errand.operation,
        }
    }

    /// What an answer is called in the payment's table: all that belongs to the exchange is one event.
    pub fn event(&self, answer: &Answer) -> &'static str {
        match (self, answer) {
            (_, Answer::Cancelled) => "cancelled",
            (Inquiry::Exchanging(..), _) => "exchange",
            (_, answer) => answer.name(),
        }
    }
}

impl Deal {
    /// Takes one answer while it asks.
    pub fn inquiring(
        mut self,
        trouble: Box<Trouble>,
        inquiry: Inquiry,
        answer: Answer,
        world: &World<'_>,
    ) -> Turn<State> {
        match (inquiry, answer) {
            (Inquiry::Starting(errand), Answer::Step(Ok(step))) => {
                self.takes(trouble, errand, step, false, &ProvenBy::default(), world)
            }
            (Inquiry::Starting(errand), Answer::Step(Err(error))) => {
                self.errand.asked(errand);
                self.plugin_failed(Incident::PluginFailed(error.to_string()), world)
            }
            (Inquiry::Exchanging(errand, exchange), answer) => match exchange.on(answer, world) {
                Progress::Going(exchange, effects) => {
                    let inquiry = Inquiry::Exchanging(errand, exchange);
                    Turn::Going(State::Inquiring(self, trouble, inquiry), effects)
                }
                Progress::Over(plan, end) => self.answered(trouble, errand, plan, end, world),
            },
            (Inquiry::Pausing(errand), Answer::Woke) => {
                let effect = errand.resume(Event::Woke, world);
                Turn::Going(State::Inquiring(self, trouble, Inquiry::Starting(errand)), vec![effect])
            }
            (Inquiry::Starting(errand) | Inquiry::Pausing(errand), Answer::Cancelled) => {
                self.errand.asked(errand);
                self.cancelled(world)
            }
            (inquiry, answer) => {
                let event = answer.name();
                let effect = Effect::Unexpected { operation: inquiry.operation(), state: "inquiring", event };
                Turn::Going(State::Inquiring(self, trouble, inquiry), vec![effect])
            }
        }
    }

    fn answered(
        mut self,
        mut trouble: Box<Trouble>,
        mut errand: Errand,
        plan: Plan,
        end: End,
        world: &World<'_>,
    ) -> Turn<State> {
        match end {
            End::NotRecorded(why) | End::NoRoom(why) => Turn::Over(self.unwritten(why)),
            End::NotPrepared(why) => {
                errand.withdraw(plan);
                self.errand.asked(errand);
                self.plugin_failed(Incident::IllegalStep(format!("a message could not be rendered: {why}")), world)
            }
            End::Withdrawn => {
                errand.withdraw(plan);
                self.errand.asked(errand);
                self.cancelled(world)
            }
            End::Stopped(delivery) => {
                errand.stopped(delivery);
                self.errand.asked(errand);
                self.cancelled(world)
            }
            End::Failed(failed) => {
                errand.failed(&plan, failed, world);
                self.errand.asked(errand);
                self.ask_policy(*trouble, world)
            }
            End::PluginFailed(reply, error) => {
                errand.heard(reply, false);
                self.errand.asked(errand);
                self.plugin_failed(Incident::PluginFailed(error.to_string()), world)
            }
            End::Disproven(reply, bad) => {
                let incident = errand.disproven(&plan, reply, &bad, world);
                let fact = errand.incident(incident.party(), incident);
                errand.pending.push(fact);
                self.errand.asked(errand);
                trouble.failure = Failure::BadProof;
                self.ask_policy(*trouble, world)
            }
            End::Answered(reply, step, proven) => {
                let demands_seal = world.deployment.demands_seal(OperationKind::Inquire);
                let meets = proven.meets(demands_seal, world.deployment.demanded_echoes(OperationKind::Inquire));
                errand.heard(reply, meets);
                self.takes(trouble, errand, *step, true, &proven, world)
            }
        }
    }

    /// Does what a step of the inquiry says, as far as it may: it ends as the payment it asks about.
    fn takes(
        mut self,
        trouble: Box<Trouble>,
        mut errand: Errand,
        step: Step,
        heard: bool,
        proven: &ProvenBy,
        world: &World<'_>,
    ) -> Turn<State> {
        errand.grant(step.effects, world);
        errand.state = step.state;
        // A question that names nothing of its own is about what is known: whoever asks next asks by the same numbers.
        if !step.reference.is_empty() {
            errand.reference = step.reference;
        }
        let refused = match step.action {
            Action::Send(exchange) => match errand.plan(exchange, CardSource::None, world) {
                Ok(mut plan) => {
                    // What is owed later goes on from where the payment itself stood, not from the question.
                    for fact in &mut plan.facts {
                        if let Fact::Intent(intent) = fact {
                            Arc::make_mut(intent).state.clone_from(&self.errand.state);
                        }
                    }
                    let (exchange, effects) = Exchange::begin(plan, world);
                    let inquiry = Inquiry::Exchanging(errand, exchange);
                    return Turn::Going(State::Inquiring(self, trouble, inquiry), effects);
                }
                Err(incident) => incident,
            },
            Action::Pause(wait) => match errand.pause() {
                Ok(()) => {
                    let after = wait.min(world.deployment.ceilings.wait_ms);
                    let effect = Effect::Wake { operation: errand.operation, after };
                    return Turn::Going(State::Inquiring(self, trouble, Inquiry::Pausing(errand)), vec![effect]);
                }
                Err(incident) => incident,
            },
            Action::Listen(_) => Incident::IllegalStep("listens without having sent".into()),
            Action::Finish(claimed) => {
                self.errand.asked(errand);
                if matches!(&claimed, Claimed::Unknown(unknown) if unknown.owed == Owed::Inquiry) {
                    return self.ask_policy(*trouble, world);
                }
                let weighed = self.weigh(claimed, OperationKind::Inquire, heard, proven, world);
                return self.weighed(weighed, world);
            }
        };
        self.errand.asked(errand);
        self.plugin_failed(refused, world)
    }
}
