//! One try at a debt: the stored message sent again, or one that its plugin writes now; its answer read by that plugin,
//! or, if it is gone or fails, by the stored message's own readings.

mod hearing;

use std::sync::Arc;

use super::duty::Stored;
use super::errand::Errand;
use super::exchange::{Exchange, Plan, Progress};
use super::table::Table;
use super::world::World;
use crate::books::{Debt, Standing, Transaction};
use crate::contract::Digest;
use crate::contract::acquirer::{Action, Reading, Reply, Step};
use crate::contract::retry_policy::{Delivery, Failure, Patience};
use crate::contract::template::UndoReason;
use crate::contract::transaction::OperationKind;
use crate::contract::types::{Amount, Milliseconds, Name};
use crate::effect::{Answer, Call, CardSource, Effect, OperationId, Purpose};
use crate::identity::TransactionId;
use crate::record::{Duty, Fact, Incident};

/// The wait between tries when no plugin can be asked.
const PATIENCE_WITHOUT_PLUGIN_MS: Milliseconds = 30_000;

/// The shortest wait after a first failed try, whatever a plugin says; it doubles with each further one. A debt that
/// fails at once must not keep the terminal, the journal and the acquirer busy for ever.
const AGAIN_AT_LEAST_MS: Milliseconds = 1_000;

/// How often that wait doubles: up to 32 seconds.
const DOUBLINGS: u32 = 5;

/// Failed tries, an hour of them, after which nobody seems to be there.
const TRIES_BEFORE_REST: u32 = 64;

/// The shortest wait from then on, whatever ceiling there is: each try is two writes, and a terminal that is cut off for
/// weeks must not fill its journal with them (a debt then costs it about a megabyte a day). A sale, a sign-in or a
/// person who asks tries the debt at once all the same.
const REST_MS: Milliseconds = 600_000;

/// The part of a wait that is left to chance: an eighth.
const SPREAD: Milliseconds = 8;

pub(crate) static TABLE: Table = Table {
    name: "debt",
    states: &["starting", "exchanging", "reading", "recording", "asking", "over"],
    events: &["step", "plugin-failed", "exchange", "proven", "disproven", "durable", "not-durable", "patience"],
    rows: &[
        ("starting", "step", &["exchanging", "recording"]),
        ("starting", "plugin-failed", &["recording"]),
        ("exchanging", "exchange", &["exchanging", "reading", "recording", "over"]),
        ("reading", "proven", &["recording"]),
        ("reading", "disproven", &["reading", "recording"]),
        ("recording", "durable", &["asking", "over"]),
        ("recording", "not-durable", &["over"]),
        ("asking", "patience", &["recording", "over"]),
    ],
};

/// A try under way.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Its plugin writes the message.
    Starting(Try, Box<Errand>, CardSource),
    Exchanging(Try, Exchange),
    /// The first of these readings is being proven; so far, this went wrong.
    Reading(Try, Reply, Reading, Vec<Reading>, Wrong),
    /// What came of it is being written down.
    Recording(Try, Came),
    /// The retry policy is asked when to try again.
    Asking(Try),
}

/// One try.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    pub operation: OperationId,
    pub debt: TransactionId,
    number: u32,
    of: TransactionId,
    duty: Duty,
    /// How much it is of, or tells of.
    amount: Amount,
    /// Whose proofs its answer must bring.
    kind: OperationKind,
    demands_seal: bool,
    plugin: Digest,
    /// What its plugin attached to the newest step.
    reference: Vec<(Name, String)>,
}

/// Why an answer has not counted so far.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    failure: Failure,
    incidents: Vec<Incident>,
}

/// What came of a try.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    Verdict,
    Nothing,
    /// Somebody should be told of it, and it is tried again after this.
    Help(Milliseconds),
}

/// When the debt is due again; by no timer, when it has once been answered.
pub(crate) struct Tried {
    pub again_after: Option<Milliseconds>,
    pub storage_failed: bool,
}

impl State {
    /// Begins a try of the stored message, or of one that its plugin writes now; none when there is nothing to send, or
    /// the card data it needs is gone.
    pub fn begin(operation: OperationId, debt: &Debt, world: &World<'_>) -> Option<(State, Vec<Effect>)> {
        let original = world.books.transaction(&debt.of).filter(|original| !debt.is_bereft(original))?;
        let kind = debt.duty.answered_as(original);
        let stored = debt.stored(original);
        let this = Try {
            operation,
            debt: debt.id.clone(),
            number: debt.tries.saturating_add(1),
            of: debt.of.clone(),
            duty: debt.duty,
            amount: debt.amount.or(original.amount())?,
            kind,
            demands_seal: match &stored {
                Some(stored) => stored.intent.undo_demands_seal,
                None => world.deployment.demands_seal(kind),
            },
            plugin: Digest([0; 32]),
            reference: original.reference.clone(),
        };
        match stored {
            Some(stored) => this.send(&stored, debt, original, world),
            None => this.start(debt, original, world),
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            State::Starting(..) => "starting",
            State::Exchanging(..) => "exchanging",
            State::Reading(..) => "reading",
            State::Recording(..) => "recording",
            State::Asking(_) => "asking",
        }
    }

    /// Takes one answer.
    pub fn on(self, answer: Answer, world: &World<'_>) -> DebtTurn {
        let (from, event) = (self.name(), if let State::Exchanging(..) = self { "exchange" } else { answer.name() });
        let turn = self.turn(answer, world);
        let (to, effects) = turn.place();
        TABLE.hold(from, event, to, effects);
        turn
    }

    fn turn(self, answer: Answer, world: &World<'_>) -> DebtTurn {
        match (self, answer) {
            (State::Exchanging(this, exchange), answer) => match exchange.on(answer, world) {
                Progress::Going(exchange, effects) => DebtTurn::Going(State::Exchanging(this, exchange), effects),
                Progress::Over(_, end) => this.after(end, world),
            },
            (State::Starting(this, errand, card), Answer::Step(Ok(step))) => this.written(*errand, card, step, world),
            (State::Starting(this, ..), Answer::Step(Err(error))) => {
                this.unwritten(Incident::PluginFailed(error.to_string()), world)
            }
            (State::Reading(this, reply, reading, _, _), Answer::Proven(Ok(()))) => {
                this.read_by_standby(reply, reading, world)
            }
            (State::Reading(this, reply, _, others, wrong), Answer::Proven(Err(bad))) => {
                let wrong = wrong.and(Failure::BadProof, bad.incident());
                this.prove_first(reply, others, wrong, world)
            }
            (State::Recording(_, _), Answer::Durable(Err(_))) => {
                DebtTurn::Over(Tried { again_after: None, storage_failed: true })
            }
            (State::Recording(_, Came::Verdict), Answer::Durable(Ok(()))) => {
                DebtTurn::Over(Tried { again_after: None, storage_failed: false })
            }
            (State::Recording(this, Came::Nothing), Answer::Durable(Ok(()))) => this.ask(world),
            (State::Recording(_, Came::Help(wait)), Answer::Durable(Ok(()))) => {
                DebtTurn::Over(Tried { again_after: Some(wait), storage_failed: false })
            }
            (State::Asking(this), Answer::Patience(patience)) => this.again(patience.ok(), world),
            (state, answer) => {
                let effect =
                    Effect::Unexpected { operation: state.operation(), state: state.name(), event: answer.name() };
                DebtTurn::Going(state, vec![effect])
            }
        }
    }

    fn operation(&self) -> OperationId {
        match self {
            State::Starting(this, ..)
            | State::Exchanging(this, _)
            | State::Reading(this, ..)
            | State::Recording(this, _)
            | State::Asking(this) => this.operation,
        }
    }
}

/// A debt's turn: going on, or this try is over.
pub(crate) enum DebtTurn {
    Going(State, Vec<Effect>),
    Over(Tried),
}

impl DebtTurn {
    fn place(&self) -> (&'static str, &[Effect]) {
        match self {
            DebtTurn::Going(state, effects) => (state.name(), effects),
            DebtTurn::Over(_) => ("over", &[]),
        }
    }
}

impl Wrong {
    fn new(failure: Failure, incident: Incident) -> Wrong {
        Wrong { failure, incidents: vec![incident] }
    }

    /// Another reading failed too; one failed proof a try is told and counted.
    fn and(mut self, failure: Failure, incident: Incident) -> Wrong {
        self.incidents.truncate(1);
        self.incidents.push(incident);
        Wrong { failure, ..self }
    }
}

impl Try {
    fn send(
        mut self,
        stored: &Stored<'_>,
        debt: &Debt,
        original: &Transaction,
        world: &World<'_>,
    ) -> Option<(State, Vec<Effect>)> {
        let Stored { standby, intent, card, is_repeated } = stored;
        let message = standby.again.as_ref().filter(|_| *is_repeated).unwrap_or(&standby.message);
        let is_of_original = intent.transaction == original.id;
        // A reversal's answer is read with what the original's newest step left; any other with its own.
        let newest = if is_of_original { &*original.exchanges.last()?.intent } else { *intent };
        let reason = debt.reason().or((self.duty == Duty::Repeat).then_some(UndoReason::NoAnswer));
        self.plugin = intent.plugin;
        let plan = Plan {
            operation: self.operation,
            transaction: intent.transaction.clone(),
            plugin: intent.plugin,
            subject: debt.subject(world)?,
            state: newest.state.clone(),
            operator: String::new(),
            route: standby.route.clone(),
            message: Arc::new(message.clone()),
            standby: None,
            card: card.clone(),
            reason,
            timeout: standby.timeout,
            begun_ms: world.now.monotonic_ms,
            facts: vec![self.tried(&standby.route)],
        };
        let (exchange, effects) = Exchange::begin(plan, world);
        Some((State::Exchanging(self, exchange), effects))
    }

    fn start(mut self, debt: &Debt, original: &Transaction, world: &World<'_>) -> Option<(State, Vec<Effect>)> {
        let (errand, card) = debt.errand(self.operation, original, world)?;
        self.plugin = errand.plugin;
        let effect = errand.start(world);
        Some((State::Starting(self, Box::new(errand), card), vec![effect]))
    }

    /// The plugin wrote the message: it is written down under the debt's own name, and from then on it is what is sent.
    fn written(mut self, mut errand: Errand, card: CardSource, step: Step, world: &World<'_>) -> DebtTurn {
        errand.grant(step.effects, world);
        errand.state = step.state;
        errand.reference = step.reference;
        let Action::Send(exchange) = step.action else {
            return self.unwritten(Incident::IllegalStep("a debt begins with a message".into()), world);
        };
        self.reference.clone_from(&errand.reference);
        match errand.plan(exchange, card, world) {
            Ok(mut plan) => {
                plan.facts.push(self.tried(&plan.route));
                let (exchange, effects) = Exchange::begin(plan, world);
                DebtTurn::Going(State::Exchanging(self, exchange), effects)
            }
            Err(incident) => self.unwritten(incident, world),
        }
    }

    /// Nobody can ask any more what became of it: it is taken back, where what takes it back is stored.
    fn unwritten(self, why: Incident, world: &World<'_>) -> DebtTurn {
        let is_stored = world.books.transaction(&self.of).is_some_and(|original| original.standby().is_some());
        if self.duty == Duty::Inquire && is_stored {
            let incident = Fact::Incident { transaction: Some(self.of.clone()), party: why.party(), what: why };
            let (debt, of) = (self.of.reversal(), self.of.clone());
            let owed = Fact::Owed { debt, of, reason: UndoReason::NoAnswer };
            return self.record(Came::Verdict, vec![incident, owed], world);
        }
        let (debt, number) = (self.debt.clone(), self.number);
        let (delivery, failure) = (Delivery::NotSent, Failure::PluginFault);
        let incident = Fact::Incident { transaction: Some(self.of.clone()), party: why.party(), what: why };
        let facts = vec![self.tried(""), Fact::Unheard { debt, number, delivery, failure }, incident];
        self.record(Came::Nothing, facts, world)
    }

    fn tried(&self, route: &str) -> Fact {
        Fact::Tried { debt: self.debt.clone(), number: self.number, route: route.to_owned() }
    }

    fn record(self, came: Came, facts: Vec<Fact>, world: &World<'_>) -> DebtTurn {
        let records = facts.into_iter().map(|fact| world.record(fact)).collect();
        let effect = Effect::Commit { operation: self.operation, purpose: Purpose::Obligation, records };
        DebtTurn::Going(State::Recording(self, came), vec![effect])
    }

    /// No answer that counts; the debt stands.
    fn nothing(self, delivery: Delivery, wrong: Wrong, world: &World<'_>) -> DebtTurn {
        let Wrong { failure, incidents } = wrong;
        let unheard = Fact::Unheard { debt: self.debt.clone(), number: self.number, delivery, failure };
        let incidents = incidents.into_iter().map(|what| Fact::Incident {
            transaction: Some(self.of.clone()),
            party: what.party(),
            what,
        });
        let facts = std::iter::once(unheard).chain(incidents).collect();
        self.record(Came::Nothing, facts, world)
    }

    fn ask(self, world: &World<'_>) -> DebtTurn {
        let known = world.books.debt(&self.debt);
        if known.is_some_and(|debt| debt.standing == Standing::Refused) {
            // Once refused, it is tried again at sign-in and settlement and not by a timer.
            return DebtTurn::Over(Tried { again_after: None, storage_failed: false });
        }
        let Some(debt) = known.and_then(|debt| world.debt(debt)) else {
            return DebtTurn::Over(Tried { again_after: Some(PATIENCE_WITHOUT_PLUGIN_MS), storage_failed: false });
        };
        let effect = Effect::Call {
            operation: self.operation,
            acquirer: world.deployment.acquirer.clone(),
            plugin: self.plugin,
            call: Box::new(Call::Wait(world.context(&self.of, ""), debt)),
        };
        DebtTurn::Going(State::Asking(self), vec![effect])
    }

    /// When it is tried again; and that somebody should be told, once, where its plugin says so or too much was in vain.
    fn again(self, patience: Option<Patience>, world: &World<'_>) -> DebtTurn {
        let wait = patience.as_ref().map_or(PATIENCE_WITHOUT_PLUGIN_MS, |patience| patience.wait);
        let asked = patience.is_some_and(|patience| patience.call_for_help);
        let again_after = self.bounded(wait, world);
        let is_news = world.books.debt(&self.debt).is_some_and(|debt| !debt.called_for_help);
        if is_news && (asked || self.number >= world.deployment.ceilings.escalate_after_tries) {
            let fact = Fact::Escalated { debt: self.debt.clone(), asked };
            return self.record(Came::Help(again_after), vec![fact], world);
        }
        DebtTurn::Over(Tried { again_after: Some(again_after), storage_failed: false })
    }

    /// A plugin's wait, within the ceiling and not below what grows with every failed try.
    fn bounded(&self, wait: Milliseconds, world: &World<'_>) -> Milliseconds {
        let failed = world.books.debt(&self.debt).map_or(0, |debt| debt.attempts.len());
        if self.number > TRIES_BEFORE_REST {
            return self.spread(REST_MS);
        }
        let doublings = u32::try_from(failed).unwrap_or(u32::MAX).saturating_sub(1).min(DOUBLINGS);
        let ceiling = world.deployment.ceilings.wait_ms.max(AGAIN_AT_LEAST_MS);
        self.spread(wait.max(AGAIN_AT_LEAST_MS << doublings).min(ceiling))
    }

    /// Up to an eighth less, by the debt's name and the number of the try: a thousand terminals whose acquirer comes back
    /// do not all knock at once, and the same records give the same times.
    fn spread(&self, wait: Milliseconds) -> Milliseconds {
        let bytes = self.debt.as_str().bytes().chain(self.number.to_be_bytes());
        let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        (wait - hash % (wait / SPREAD + 1)).max(AGAIN_AT_LEAST_MS)
    }
}

impl Debt {
    /// Whether it is sent again at all.
    pub(crate) fn is_sent_again(&self) -> bool {
        matches!(self.standing, Standing::Unheard | Standing::Refused)
    }
}
