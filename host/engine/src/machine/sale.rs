//! What a sale makes of each thing that happens to it.

use super::closing::{Closing, Turn};
use super::errand::{Errand, Granted};
use super::exchange::{End, Exchange, Plan};
use super::payment::{Afterwards, State};
use super::world::World;
use crate::contract::PluginError;
use crate::contract::acquirer::{Action, Step};
use crate::contract::card::Presented;
use crate::contract::retry_policy::{Decision, Failure};
use crate::contract::template::UndoReason;
use crate::contract::transaction::{Operation, Payment};
use crate::contract::types::Amount;
use crate::effect::{BadProof, CardSource, Effect, Purpose};
use crate::record::{CardProblem, Doubt, Fact, Incident, NotSent, Outcome, Party};
use crate::rules::{self, Evidence, Judgement, ProvenBy, Ruling};

/// What is being paid.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub errand: Errand,
    pub amount: Amount,
}

/// What went wrong with an exchange, should it come to a reversal.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    failure: Failure,
    doubt: Doubt,
    reason: UndoReason,
    incident: Option<Incident>,
}

impl Sale {
    pub fn with_card(mut self, presented: Presented) -> Sale {
        if let Operation::Pay(Payment { card, .. }) = &mut self.errand.subject {
            *card = Some(presented);
        }
        self
    }

    /// What an exchange's end means for the sale.
    pub fn after(mut self, plan: Plan, end: End, world: &World<'_>) -> Turn<State> {
        match end {
            End::NotPrepared(why) if self.errand.money_may_have_moved() => {
                self.plugin_failed(Incident::IllegalStep(format!("a message could not be rendered: {why}")), world)
            }
            End::NotPrepared(why) => self.not_sent(NotSent::Template(why), world),
            End::NotRecorded(why) => {
                Turn::Over(self.close(Outcome::NotSent(NotSent::Storage(why.clone())), Granted::default(), Err(why)))
            }
            End::NoRoom(why) => Turn::Over(self.no_room(why, plan.begins_payment())),
            End::Failed(failed) => {
                self.errand.failed(&plan, failed, world);
                let doubt = Doubt::Unheard(failed.failure);
                let trouble = Trouble { failure: failed.failure, doubt, reason: UndoReason::NoAnswer, incident: None };
                self.ask_policy(plan, trouble, world)
            }
            End::PluginFailed(reply, error) => {
                self.errand.heard(reply, false);
                self.plugin_failed(Incident::PluginFailed(error.to_string()), world)
            }
            End::Disproven(reply, bad) => {
                let incident = self.errand.disproven(&plan, reply, &bad, world);
                let reason = match bad {
                    BadProof::Seal(_) => UndoReason::BadMac,
                    BadProof::Echo(_) => UndoReason::NoAnswer,
                };
                let trouble =
                    Trouble { failure: Failure::BadProof, doubt: Doubt::Unproven, reason, incident: Some(incident) };
                self.ask_policy(plan, trouble, world)
            }
            End::Answered(reply, step, proven) => {
                let meets = self.evidence(true, &proven, world).is_proven();
                self.errand.heard(reply, meets);
                self.take(*step, true, &proven, world)
            }
        }
    }

    /// Does what a step says, as far as it may.
    pub fn take(mut self, step: Step, heard: bool, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
        self.errand.grant(step.effects, world);
        if step.standby.is_some() {
            let what = Incident::IllegalStep("a newer standby message; the one stored first stays".into());
            self.errand.pending.push(self.errand.incident(Party::Plugin, what));
        }
        self.errand.state = step.state;
        self.errand.reference = step.reference;
        match step.action {
            Action::Send(exchange) => match self.errand.plan(exchange, CardSource::Presented, world) {
                Ok(plan) => {
                    let (exchange, effects) = Exchange::begin(plan, world);
                    Turn::Going(State::Exchanging(self, exchange), effects)
                }
                Err(incident) => self.plugin_failed(incident, world),
            },
            Action::Pause(wait) => {
                if let Err(incident) = self.errand.pause() {
                    return self.plugin_failed(incident, world);
                }
                let after = wait.min(world.deployment.ceilings.wait_ms);
                let effect = Effect::Wake { operation: self.errand.operation, after };
                Turn::Going(State::Pausing(self, Afterwards::Resume), vec![effect])
            }
            Action::Listen(_) => self.plugin_failed(Incident::IllegalStep("listens without having sent".into()), world),
            Action::Finish(outcome) => {
                let evidence = self.evidence(heard, proven, world);
                let judgement = rules::judge_payment(outcome, &evidence);
                let (state, effects) = self.conclude(judgement, world);
                Turn::Going(state, effects)
            }
        }
    }

    fn evidence<'a>(&self, heard: bool, proven: &'a ProvenBy, world: &World<'a>) -> Evidence<'a> {
        Evidence {
            asked: self.amount,
            money_may_have_moved: self.errand.money_may_have_moved(),
            heard,
            proven,
            demands_seal: world.deployment.demands_seal(self.errand.kind),
            demands_echoes: world.deployment.demanded_echoes(self.errand.kind),
        }
    }

    fn ask_policy(self, plan: Plan, trouble: Trouble, world: &World<'_>) -> Turn<State> {
        let effect = self.errand.decide(world);
        Turn::Going(State::Deciding(self, plan, trouble), vec![effect])
    }

    /// Lets the safety rules look at what the policy proposes.
    pub fn decided(
        mut self,
        plan: Plan,
        trouble: Trouble,
        decision: Result<Decision, PluginError>,
        world: &World<'_>,
    ) -> Turn<State> {
        if let Err(error) = &decision {
            let what = Incident::PluginFailed(error.to_string());
            self.errand.pending.push(self.errand.incident(Party::Plugin, what));
        }
        let proposed = decision.ok();
        let decision = match self.errand.rule(proposed.clone(), world) {
            Ruling::AsProposed(decision) => decision,
            Ruling::Instead(decision) => {
                if let Some(proposed) = proposed {
                    let what = Incident::IllegalDecision(format!("{proposed:?}"));
                    self.errand.pending.push(self.errand.incident(Party::Plugin, what));
                }
                decision
            }
        };
        match decision {
            Decision::Resend(resend) => {
                let after = resend.wait.min(world.deployment.ceilings.wait_ms);
                let effect = Effect::Wake { operation: self.errand.operation, after };
                Turn::Going(State::Pausing(self, Afterwards::Resend(Box::new(plan), resend.route)), vec![effect])
            }
            Decision::Fail if !self.errand.money_may_have_moved() => {
                self.not_sent(NotSent::Unreachable(trouble.failure), world)
            }
            Decision::Reverse | Decision::Inquire(_) | Decision::StandIn | Decision::Fail => {
                let evidence_proofs = ProvenBy::default();
                let evidence = self.evidence(true, &evidence_proofs, world);
                let judgement = Judgement::unknown(trouble.doubt, trouble.reason, trouble.incident, &evidence);
                let (state, effects) = self.conclude(judgement, world);
                Turn::Going(state, effects)
            }
        }
    }

    /// The plugin trapped or asked for what it may not: nothing was sent, or a reversal is owed.
    pub fn plugin_failed(self, incident: Incident, world: &World<'_>) -> Turn<State> {
        let proven = ProvenBy::default();
        let evidence = self.evidence(false, &proven, world);
        let doubt = Doubt::Plugin(incident.clone());
        let judgement = Judgement::unknown(doubt, UndoReason::Malfunction, Some(incident), &evidence);
        let (state, effects) = self.conclude(judgement, world);
        Turn::Going(state, effects)
    }

    /// Nothing has left, and nothing will.
    pub fn not_sent(self, why: NotSent, world: &World<'_>) -> Turn<State> {
        let (state, effects) = self.conclude(Judgement::not_sent(why), world);
        Turn::Going(state, effects)
    }

    /// The cashier stopped waiting between two exchanges, or between two tries of one.
    pub fn cancelled(self, world: &World<'_>) -> Turn<State> {
        if !self.errand.money_may_have_moved() {
            return self.not_sent(NotSent::Cancelled, world);
        }
        let judgement = Judgement {
            outcome: Outcome::Unknown(Doubt::Unheard(Failure::Cancelled)),
            owed: Some(UndoReason::Cancelled),
            incident: None,
        };
        let (state, effects) = self.conclude(judgement, world);
        Turn::Going(state, effects)
    }

    /// Writes down how it ended; nobody is told before that is durable.
    pub fn conclude(mut self, judgement: Judgement, world: &World<'_>) -> (State, Vec<Effect>) {
        let granted = self.errand.granted();
        let mut facts = std::mem::take(&mut self.errand.pending);
        if !granted.drop.is_empty() {
            facts.push(Fact::KeysDropped { slots: granted.drop.clone() });
        }
        if let Some(incident) = judgement.incident {
            let party = incident.party();
            facts.push(self.errand.incident(party, incident));
        }
        facts.push(Fact::Concluded {
            transaction: self.errand.transaction.clone(),
            operation: Box::new(self.errand.subject.clone()),
            outcome: judgement.outcome.clone(),
            reference: self.errand.reference.clone(),
        });
        if let Some(reason) = judgement.owed {
            let of = self.errand.transaction.clone();
            facts.push(Fact::Owed { debt: of.reversal(), of, reason });
        }
        let records = facts.into_iter().map(|fact| world.record(fact)).collect();
        let is_nothing = !self.errand.has_begun() && granted.drop.is_empty();
        let purpose = if is_nothing { Purpose::Payment } else { Purpose::Obligation };
        let effect = Effect::Commit { operation: self.errand.operation, purpose, records };
        (State::Concluding(self, judgement.outcome, granted), vec![effect])
    }

    /// The journal keeps its last space for debts. Where nothing was ever written, nothing need be; else its word that
    /// there is no room is as good as a failure.
    pub fn no_room(self, why: String, nothing_is_written: bool) -> Closing {
        let closing = self.close(Outcome::NotSent(NotSent::Storage(why.clone())), Granted::default(), Err(why));
        Closing { storage_failed: !nothing_is_written, ..closing }
    }

    /// What the cashier is told: what is durable, or that it is unknown.
    pub fn close(self, outcome: Outcome, granted: Granted, durable: Result<(), String>) -> Closing {
        let outcome = match (&durable, outcome) {
            (Ok(()), outcome) => outcome,
            (Err(_), _) if self.errand.money_may_have_moved() => Outcome::Unknown(Doubt::Storage),
            (Err(why), _) => Outcome::NotSent(NotSent::Storage(why.clone())),
        };
        Closing {
            outcome,
            activate_keys: false,
            drop_keys: granted.drop,
            sign_in: granted.sign_in,
            storage_failed: durable.is_err(),
        }
    }
}

impl Judgement {
    /// Nothing that moves money can have left.
    pub(crate) fn not_sent(why: NotSent) -> Judgement {
        Judgement { outcome: Outcome::NotSent(why), owed: None, incident: None }
    }
}

impl Incident {
    /// Who is at fault.
    pub fn party(&self) -> Party {
        match self {
            Incident::PluginFailed(_)
            | Incident::IllegalDecision(_)
            | Incident::IllegalStep(_)
            | Incident::MissingRemedy
            | Incident::MissingProof(_) => Party::Plugin,
            Incident::BadSeal(_) | Incident::BadEcho(_) | Incident::BadCheckValue(_) => Party::Acquirer,
            Incident::ClockWentBack | Incident::BooksDiffer(_) => Party::Terminal,
            Incident::CardDataGone => Party::Storage,
        }
    }
}

impl From<CardProblem> for NotSent {
    fn from(problem: CardProblem) -> NotSent {
        NotSent::Card(problem)
    }
}
