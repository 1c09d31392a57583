//! A sale: card, plan, exchange, judgement; approved, declined or unknown.

use super::errand::{Errand, Granted};
use super::exchange::{End, Exchange, Plan, Progress};
use super::table::Table;
use super::world::World;
use crate::contract::acquirer::{Action, Event, Step};
use crate::contract::retry_policy::{Decision, Failure};
use crate::contract::template::UndoReason;
use crate::contract::transaction::{Operation, Payment};
use crate::contract::types::{Amount, Name};
use crate::effect::{Answer, BadProof, CardSource, Effect};
use crate::record::{CardProblem, Doubt, Fact, Incident, NotSent, Outcome, Party};
use crate::rules::{self, Evidence, Judgement, ProvenBy, Ruling};

pub(crate) static TABLE: Table = Table {
    name: "payment",
    states: &["card", "starting", "exchanging", "deciding", "pausing", "concluding", "over"],
    events: &[
        "card",
        "no-card",
        "cancelled",
        "step",
        "plugin-failed",
        "exchange",
        "decision",
        "woke",
        "durable",
        "not-durable",
    ],
    rows: &[
        ("card", "card", &["starting"]),
        ("card", "no-card", &["concluding"]),
        ("card", "cancelled", &["concluding"]),
        ("starting", "step", &["exchanging", "pausing", "concluding"]),
        ("starting", "plugin-failed", &["concluding"]),
        ("exchanging", "exchange", &["exchanging", "deciding", "pausing", "concluding", "over"]),
        ("deciding", "decision", &["exchanging", "pausing", "concluding"]),
        ("pausing", "woke", &["starting", "exchanging"]),
        ("concluding", "durable", &["over"]),
        ("concluding", "not-durable", &["over"]),
    ],
};

/// A payment under way.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Card(Sale),
    /// The plugin is thinking: about the beginning, or about a pause that is over.
    Starting(Sale),
    Exchanging(Sale, Exchange),
    /// The retry policy is asked.
    Deciding(Sale, Plan, Trouble),
    Pausing(Sale, Afterwards),
    Concluding(Sale, Outcome, Granted),
}

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

/// What a pause was for.
#[derive(Clone, Debug)]
pub(crate) enum Afterwards {
    Resume,
    Resend(Box<Plan>, Name),
}

/// Still going, or over.
pub(crate) enum Turn<S> {
    Going(S, Vec<Effect>),
    Over(Closing),
}

/// How an operation ended, and what follows from it.
pub(crate) struct Closing {
    pub outcome: Outcome,
    /// Staged keys are to be used from now on.
    pub activate_keys: bool,
    pub drop_keys: Vec<Name>,
    pub sign_in: bool,
    /// The journal failed under it.
    pub storage_failed: bool,
}

impl State {
    /// Begins by asking for a card.
    pub fn begin(sale: Sale) -> (State, Vec<Effect>) {
        let Operation::Pay(payment) = &sale.errand.subject else { return (State::Card(sale), Vec::new()) };
        let effect = Effect::AskCard {
            operation: sale.errand.operation,
            transaction: sale.errand.transaction.clone(),
            amount: sale.amount,
            kind: payment.kind,
        };
        (State::Card(sale), vec![effect])
    }

    /// A payment refused before a card was asked for; written down all the same.
    pub fn refuse(sale: Sale, why: NotSent, world: &World<'_>) -> (State, Vec<Effect>) {
        sale.conclude(Judgement::not_sent(why), Granted::default(), world)
    }

    pub fn name(&self) -> &'static str {
        match self {
            State::Card(_) => "card",
            State::Starting(_) => "starting",
            State::Exchanging(..) => "exchanging",
            State::Deciding(..) => "deciding",
            State::Pausing(..) => "pausing",
            State::Concluding(..) => "concluding",
        }
    }

    /// Takes one answer.
    pub fn on(self, answer: Answer, world: &World<'_>) -> Turn<State> {
        match (self, answer) {
            (State::Card(sale), Answer::Card(Ok(presented))) => {
                let sale = sale.with_card(presented);
                let effect = sale.errand.start(world);
                Turn::Going(State::Starting(sale), vec![effect])
            }
            (State::Card(sale), Answer::Card(Err(problem))) => sale.not_sent(NotSent::Card(problem), world),
            (State::Card(sale), Answer::Cancelled) => sale.not_sent(NotSent::Cancelled, world),
            (State::Starting(sale), Answer::Step(Ok(step))) => sale.take(step, false, &ProvenBy::default(), world),
            (State::Starting(sale), Answer::Step(Err(error))) => {
                sale.plugin_failed(Incident::PluginFailed(error.to_string()), world)
            }
            (State::Exchanging(sale, exchange), answer) => {
                let plan = exchange.plan().clone();
                match exchange.on(answer, world) {
                    Progress::Going(exchange, effects) => Turn::Going(State::Exchanging(sale, exchange), effects),
                    Progress::Over(end) => sale.after(plan, end, world),
                }
            }
            (State::Deciding(sale, plan, trouble), Answer::Decision(decision)) => {
                sale.decided(plan, trouble, decision, world)
            }
            (State::Pausing(sale, Afterwards::Resume), Answer::Woke) => {
                let effect = sale.errand.resume(Event::Woke, world);
                Turn::Going(State::Starting(sale), vec![effect])
            }
            (State::Pausing(mut sale, Afterwards::Resend(plan, route)), Answer::Woke) => {
                let plan = sale.errand.plan_again(*plan, route, world);
                let (exchange, effects) = Exchange::again(plan, world);
                Turn::Going(State::Exchanging(sale, exchange), effects)
            }
            (State::Concluding(sale, outcome, granted), Answer::Durable(result)) => {
                Turn::Over(sale.close(outcome, granted, result))
            }
            (state, answer) => {
                let effect =
                    Effect::Unexpected { operation: state.operation(), state: state.name(), event: answer.name() };
                Turn::Going(state, vec![effect])
            }
        }
    }

    fn operation(&self) -> crate::effect::OperationId {
        match self {
            State::Card(sale)
            | State::Starting(sale)
            | State::Exchanging(sale, _)
            | State::Deciding(sale, ..)
            | State::Pausing(sale, _)
            | State::Concluding(sale, ..) => sale.errand.operation,
        }
    }
}

impl Sale {
    fn with_card(mut self, presented: crate::contract::card::Presented) -> Sale {
        if let Operation::Pay(Payment { card, .. }) = &mut self.errand.subject {
            *card = Some(presented);
        }
        self
    }

    /// What an exchange's end means for the sale.
    fn after(mut self, plan: Plan, end: End, world: &World<'_>) -> Turn<State> {
        match end {
            End::NotPrepared(why) => self.not_sent(NotSent::Template(why), world),
            End::NotRecorded(why) => {
                Turn::Over(self.close(Outcome::NotSent(NotSent::Storage(why.clone())), Granted::default(), Err(why)))
            }
            End::Failed(failed) => {
                self.errand.failed(&plan, failed);
                let doubt = Doubt::Unheard(failed.failure);
                let trouble = Trouble { failure: failed.failure, doubt, reason: UndoReason::NoAnswer, incident: None };
                self.ask_policy(plan, trouble, world)
            }
            End::PluginFailed(reply, error) => {
                self.errand.heard(reply, true);
                self.plugin_failed(Incident::PluginFailed(error.to_string()), world)
            }
            End::Disproven(reply, bad) => {
                let incident = self.errand.disproven(&plan, reply, &bad);
                let reason = match bad {
                    BadProof::Seal(_) => UndoReason::BadMac,
                    BadProof::Echo(_) => UndoReason::NoAnswer,
                };
                let trouble =
                    Trouble { failure: Failure::BadProof, doubt: Doubt::Unproven, reason, incident: Some(incident) };
                self.ask_policy(plan, trouble, world)
            }
            End::Answered(reply, step, proven) => {
                self.errand.heard(reply, true);
                self.take(*step, true, &proven, world)
            }
        }
    }

    /// Does what a step says, as far as it may.
    fn take(mut self, step: Step, heard: bool, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
        let granted = self.errand.grant(step.effects, world);
        self.errand.state = step.state;
        self.errand.reference = step.reference;
        match step.action {
            Action::Send(exchange) => {
                self.errand.pending.extend(granted.facts);
                match self.errand.plan(exchange, CardSource::Presented, world) {
                    Ok(plan) => {
                        let (exchange, effects) = Exchange::begin(plan, world);
                        Turn::Going(State::Exchanging(self, exchange), effects)
                    }
                    Err(incident) => self.plugin_failed(incident, world),
                }
            }
            Action::Pause(wait) => {
                let after = wait.min(world.deployment.ceilings.wait_ms);
                let effect = Effect::Wake { operation: self.errand.operation, after };
                self.errand.pending.extend(granted.facts);
                Turn::Going(State::Pausing(self, Afterwards::Resume), vec![effect])
            }
            Action::Listen(_) => self.plugin_failed(Incident::IllegalStep("listens without having sent".into()), world),
            Action::Finish(outcome) => {
                let evidence = self.evidence(heard, proven, world);
                let judgement = rules::judge_payment(outcome, &evidence);
                let (state, effects) = self.conclude(judgement, granted, world);
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
    fn decided(
        mut self,
        plan: Plan,
        trouble: Trouble,
        decision: Result<Decision, crate::contract::PluginError>,
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
                let (state, effects) = self.conclude(judgement, Granted::default(), world);
                Turn::Going(state, effects)
            }
        }
    }

    /// The plugin trapped or asked for what it may not: nothing was sent, or a reversal is owed.
    fn plugin_failed(self, incident: Incident, world: &World<'_>) -> Turn<State> {
        let proven = ProvenBy::default();
        let evidence = self.evidence(false, &proven, world);
        let doubt = Doubt::Plugin(incident.clone());
        let judgement = Judgement::unknown(doubt, UndoReason::Malfunction, Some(incident), &evidence);
        let (state, effects) = self.conclude(judgement, Granted::default(), world);
        Turn::Going(state, effects)
    }

    fn not_sent(self, why: NotSent, world: &World<'_>) -> Turn<State> {
        let judgement = if self.errand.money_may_have_moved() {
            Judgement {
                outcome: Outcome::Unknown(Doubt::Interrupted),
                owed: Some(UndoReason::Malfunction),
                incident: None,
            }
        } else {
            Judgement::not_sent(why)
        };
        let (state, effects) = self.conclude(judgement, Granted::default(), world);
        Turn::Going(state, effects)
    }

    /// Writes down how it ended; nobody is told before that is durable.
    fn conclude(mut self, judgement: Judgement, granted: Granted, world: &World<'_>) -> (State, Vec<Effect>) {
        let mut facts = std::mem::take(&mut self.errand.pending);
        facts.extend(granted.facts.iter().cloned());
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
        let effect = Effect::Commit { operation: self.errand.operation, records };
        (State::Concluding(self, judgement.outcome, granted), vec![effect])
    }

    /// What the cashier is told: what is durable, or that it is unknown.
    fn close(self, outcome: Outcome, granted: Granted, durable: Result<(), String>) -> Closing {
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
            Incident::ClockWentBack => Party::Terminal,
        }
    }
}

impl From<CardProblem> for NotSent {
    fn from(problem: CardProblem) -> NotSent {
        NotSent::Card(problem)
    }
}
