//! One try at a debt: the stored message sent again, its answer read by the plugin that began it, or, if that is
//! gone or fails, by the standby message's own readings.

use super::exchange::{End, Exchange, Plan, Progress};
use super::table::Table;
use super::world::World;
use crate::books::{Debt, Standing};
use crate::contract::acquirer::{Action, Meaning, Outcome as Claimed, Reading, Reply, Step};
use crate::contract::retry_policy::{Delivery, Failure, Patience};
use crate::contract::transaction::{FollowUp, FollowUpKind, Operation, OperationKind, Subject};
use crate::contract::types::Milliseconds;
use crate::effect::{Answer, Call, CardSource, Effect, ExchangeFailed, OperationId, Purpose};
use crate::identity::TransactionId;
use crate::record::{Fact, Incident, Reader, Sealed, Verdict};
use crate::rules::{self, ProvenBy, VerdictJudgement};

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

pub(crate) static TABLE: Table = Table {
    name: "debt",
    states: &["exchanging", "reading", "recording", "asking", "over"],
    events: &["exchange", "proven", "disproven", "durable", "not-durable", "patience"],
    rows: &[
        ("exchanging", "exchange", &["exchanging", "reading", "recording", "over"]),
        ("reading", "proven", &["recording"]),
        ("reading", "disproven", &["reading", "recording"]),
        ("recording", "durable", &["asking", "over"]),
        ("recording", "not-durable", &["over"]),
        ("asking", "patience", &["over"]),
    ],
};

/// A try under way.
#[derive(Clone, Debug)]
pub(crate) enum State {
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
    demands_seal: bool,
    plan: Plan,
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
}

/// When the debt is due again; by no timer, when it has once been answered.
pub(crate) struct Tried {
    pub again_after: Option<Milliseconds>,
    pub storage_failed: bool,
}

impl State {
    /// Begins a try of the stored message; none when there is nothing stored to send, or the card data it needs is
    /// gone.
    pub fn begin(operation: OperationId, debt: &Debt, world: &World<'_>) -> Option<(State, Vec<Effect>)> {
        // A repetition and an inquiry are not read as reversals are.
        debt.reason()?;
        let original = world.books.transaction(&debt.of)?;
        let grave = original.grave_exchange()?;
        let standby = original.standby()?;
        let newest = original.exchanges.last()?;
        let card = match &grave.intent.sealed {
            Sealed::None => CardSource::None,
            Sealed::Here(sealed) => CardSource::Sealed { of: debt.of.clone(), sealed: sealed.clone() },
            Sealed::Destroyed => return None,
        };
        let number = debt.tries.saturating_add(1);
        let again = standby.again.clone().filter(|_| debt.tries > 0);
        let subject = Operation::FollowUp(FollowUp {
            kind: FollowUpKind::Reverse,
            of: Subject::Known(world.original(&debt.of)?),
            amount: world.original(&debt.of)?.amount,
            card: None,
            reason: debt.reason(),
        });
        let plan = Plan {
            operation,
            transaction: debt.of.clone(),
            plugin: grave.intent.plugin,
            subject,
            state: newest.intent.state.clone(),
            operator: String::new(),
            route: standby.route.clone(),
            message: again.unwrap_or_else(|| standby.message.clone()),
            standby: None,
            card,
            reason: debt.reason(),
            timeout: standby.timeout,
            begun_ms: world.now.monotonic_ms,
            facts: vec![Fact::Tried { debt: debt.id.clone(), number, route: standby.route.clone() }],
        };
        let demands_seal = grave.intent.undo_demands_seal;
        let this = Try { operation, debt: debt.id.clone(), number, demands_seal, plan: plan.clone() };
        let (exchange, effects) = Exchange::begin(plan, world);
        Some((State::Exchanging(this, exchange), effects))
    }

    pub fn name(&self) -> &'static str {
        match self {
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
                Progress::Over(end) => this.after(end, world),
            },
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
            (State::Asking(this), Answer::Patience(patience)) => {
                let wait = patience.map_or(PATIENCE_WITHOUT_PLUGIN_MS, |Patience { wait, .. }| wait);
                DebtTurn::Over(Tried { again_after: Some(this.bounded(wait, world)), storage_failed: false })
            }
            (state, answer) => {
                let effect =
                    Effect::Unexpected { operation: state.operation(), state: state.name(), event: answer.name() };
                DebtTurn::Going(state, vec![effect])
            }
        }
    }

    fn operation(&self) -> OperationId {
        match self {
            State::Exchanging(this, _) | State::Reading(this, ..) | State::Recording(this, _) | State::Asking(this) => {
                this.operation
            }
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
    fn after(self, end: End, world: &World<'_>) -> DebtTurn {
        match end {
            End::NotPrepared(why) => {
                let incident = Incident::IllegalStep(format!("the reversal could not be rendered: {why}"));
                self.nothing(Delivery::NotSent, Wrong::new(Failure::PluginFault, incident), world)
            }
            End::NotRecorded(_) | End::NoRoom(_) => DebtTurn::Over(Tried { again_after: None, storage_failed: true }),
            End::Withdrawn => {
                let wrong = Wrong { failure: Failure::Cancelled, incidents: Vec::new() };
                self.nothing(Delivery::NotSent, wrong, world)
            }
            End::Stopped(delivery) => {
                self.nothing(delivery, Wrong { failure: Failure::Cancelled, incidents: Vec::new() }, world)
            }
            End::Failed(ExchangeFailed { delivery, failure }) => {
                self.nothing(delivery, Wrong { failure, incidents: Vec::new() }, world)
            }
            End::PluginFailed(reply, error) => {
                self.read_without_plugin(reply, Incident::PluginFailed(error.to_string()), world)
            }
            End::Disproven(_, bad) => {
                self.nothing(Delivery::Sent, Wrong::new(Failure::BadProof, bad.incident()), world)
            }
            End::Answered(reply, step, proven) => self.answered(reply, *step, &proven, world),
        }
    }

    fn answered(self, reply: Reply, step: Step, proven: &ProvenBy, world: &World<'_>) -> DebtTurn {
        let Action::Finish(claimed) = step.action else {
            let incident = Incident::IllegalStep("a reversal's answer ends it".into());
            return self.read_without_plugin(reply, incident, world);
        };
        self.judge(claimed, reply, proven, Reader::Plugin, world)
    }

    fn judge(self, claimed: Claimed, reply: Reply, proven: &ProvenBy, read_by: Reader, world: &World<'_>) -> DebtTurn {
        let echoes = world.deployment.demanded_echoes(OperationKind::Reverse);
        match rules::judge_reversal(claimed, proven, self.demands_seal, echoes) {
            VerdictJudgement::Counts(verdict, code) => self.verdict(reply, verdict, code, read_by, world),
            VerdictJudgement::Open => {
                self.nothing(Delivery::Sent, Wrong { failure: Failure::Malformed, incidents: Vec::new() }, world)
            }
            VerdictJudgement::Stands(incident @ Incident::IllegalStep(_)) if read_by == Reader::Plugin => {
                self.read_without_plugin(reply, incident, world)
            }
            VerdictJudgement::Stands(incident) => {
                self.nothing(Delivery::Sent, Wrong::new(Failure::BadProof, incident), world)
            }
        }
    }

    /// The plugin is gone or failed: what it left for this case decides, the first reading that fits and is proven.
    fn read_without_plugin(self, reply: Reply, failed: Incident, world: &World<'_>) -> DebtTurn {
        let standby = world.books.standby_of(&self.debt);
        let readings: Vec<Reading> = standby
            .into_iter()
            .flat_map(|standby| &standby.answers)
            .filter(|reading| rules::fits(&reading.fits, &reply) && !reading.proofs.is_empty())
            .cloned()
            .collect();
        self.prove_first(reply, readings, Wrong::new(Failure::PluginFault, failed), world)
    }

    fn prove_first(self, reply: Reply, mut readings: Vec<Reading>, wrong: Wrong, world: &World<'_>) -> DebtTurn {
        if readings.is_empty() {
            return self.nothing(Delivery::Sent, wrong, world);
        }
        let first = readings.remove(0);
        let effect = Effect::Prove {
            operation: self.operation,
            acquirer: world.deployment.acquirer.clone(),
            proofs: first.proofs.clone(),
        };
        DebtTurn::Going(State::Reading(self, reply, first, readings, wrong), vec![effect])
    }

    fn read_by_standby(self, reply: Reply, reading: Reading, world: &World<'_>) -> DebtTurn {
        let code = String::new();
        let claimed = match reading.means {
            Meaning::Paid => Claimed::Acknowledged(code),
            Meaning::Unmatched => Claimed::Unmatched(code),
            Meaning::Refused => Claimed::Refused(code),
        };
        self.judge(claimed, reply, &ProvenBy::all_of(&reading.proofs), Reader::Standby, world)
    }

    fn verdict(self, reply: Reply, verdict: Verdict, code: String, read_by: Reader, world: &World<'_>) -> DebtTurn {
        let fact = Fact::Answered { debt: self.debt.clone(), number: self.number, reply, verdict, code, read_by };
        let effect = Effect::Commit {
            operation: self.operation,
            purpose: Purpose::Obligation,
            records: vec![world.record(fact)],
        };
        DebtTurn::Going(State::Recording(self, Came::Verdict), vec![effect])
    }

    /// No answer that counts; the debt stands.
    fn nothing(self, delivery: Delivery, wrong: Wrong, world: &World<'_>) -> DebtTurn {
        let Wrong { failure, incidents } = wrong;
        let unheard = Fact::Unheard { debt: self.debt.clone(), number: self.number, delivery, failure };
        let incidents = incidents.into_iter().map(|what| Fact::Incident {
            transaction: Some(self.plan.transaction.clone()),
            party: what.party(),
            what,
        });
        let records = std::iter::once(unheard).chain(incidents).map(|fact| world.record(fact)).collect();
        let effect = Effect::Commit { operation: self.operation, purpose: Purpose::Obligation, records };
        DebtTurn::Going(State::Recording(self, Came::Nothing), vec![effect])
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
            plugin: self.plan.plugin,
            call: Box::new(Call::Wait(world.context(&self.plan.transaction, ""), debt)),
        };
        DebtTurn::Going(State::Asking(self), vec![effect])
    }

    /// A plugin's wait, within the ceiling and not below what grows with every failed try.
    fn bounded(&self, wait: Milliseconds, world: &World<'_>) -> Milliseconds {
        let failed = world.books.debt(&self.debt).map_or(0, |debt| debt.attempts.len());
        if self.number > TRIES_BEFORE_REST {
            return REST_MS;
        }
        let doublings = u32::try_from(failed).unwrap_or(u32::MAX).saturating_sub(1).min(DOUBLINGS);
        let ceiling = world.deployment.ceilings.wait_ms.max(AGAIN_AT_LEAST_MS);
        wait.max(AGAIN_AT_LEAST_MS << doublings).min(ceiling)
    }
}

impl Debt {
    /// Whether it is sent again at all.
    pub(crate) fn is_sent_again(&self) -> bool {
        matches!(self.standing, Standing::Unheard | Standing::Refused)
    }
}
