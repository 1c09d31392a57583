//! One message out, one answer in: rendered, written down, sent, read, proven. Every family of operations uses it.

use std::sync::Arc;

use super::table::Table;
use super::world::World;
use crate::contract::acquirer::{Action, Event, Reply, Standby, Step};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::template::{Message, UndoReason};
use crate::contract::transaction::{Gravity, Operation};
use crate::contract::types::{Milliseconds, Name};
use crate::contract::{Digest, PluginError};
use crate::effect::{Answer, BadProof, Call, CardSource, Draft, Effect, ExchangeFailed, OperationId, Purpose};
use crate::identity::TransactionId;
use crate::record::{Fact, Intent, Sealed};
use crate::rules::ProvenBy;

/// Answers that are not the answer, after which listening stops: a peer that only chatters is not answering.
pub(crate) const STRAYS: u32 = 8;

/// The shortest an answer is waited for, whatever a plugin says: a debt whose standby message waits for no time at all
/// could never be paid.
const ANSWER_WAIT_AT_LEAST_MS: Milliseconds = 1_000;

pub(crate) static TABLE: Table = Table {
    name: "exchange",
    states: &["preparing", "recording", "stopping", "sending", "resuming", "proving", "ended"],
    events: &[
        "prepared",
        "not-prepared",
        "durable",
        "not-durable",
        "no-room",
        "reply",
        "no-reply",
        "step",
        "plugin-failed",
        "proven",
        "disproven",
        "cancelled",
    ],
    rows: &[
        ("preparing", "prepared", &["recording"]),
        ("preparing", "not-prepared", &["ended"]),
        ("preparing", "cancelled", &["ended"]),
        ("recording", "durable", &["sending"]),
        ("recording", "not-durable", &["ended"]),
        ("recording", "no-room", &["ended"]),
        ("recording", "cancelled", &["stopping"]),
        ("stopping", "durable", &["ended"]),
        ("stopping", "not-durable", &["ended"]),
        ("stopping", "no-room", &["ended"]),
        ("sending", "reply", &["resuming"]),
        ("sending", "no-reply", &["ended"]),
        ("sending", "cancelled", &["ended"]),
        ("resuming", "step", &["sending", "proving", "ended"]),
        ("resuming", "plugin-failed", &["ended"]),
        ("resuming", "cancelled", &["resuming"]),
        ("proving", "proven", &["ended"]),
        ("proving", "disproven", &["ended"]),
        ("proving", "cancelled", &["proving"]),
    ],
};

/// An exchange under way; each state owns what is true in it.
#[derive(Clone, Debug)]
pub(crate) enum Exchange {
    Preparing(Plan),
    Recording(Plan),
    /// Somebody stopped waiting while it was being written down: it will not be sent.
    Stopping(Plan),
    Sending(Plan, Deadline),
    Resuming(Plan, Deadline, Reply),
    Proving(Plan, Reply, Box<Step>),
}

/// What is to be exchanged, and on whose behalf.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub operation: OperationId,
    /// The transaction its secrets are sealed to, and what a plugin is told it is about.
    pub transaction: TransactionId,
    pub plugin: Digest,
    /// What `resume` is told.
    pub subject: Operation,
    pub state: Vec<u8>,
    pub operator: String,
    pub route: Name,
    pub message: Arc<Message>,
    pub standby: Option<Arc<Standby>>,
    pub card: CardSource,
    pub reason: Option<UndoReason>,
    pub timeout: Milliseconds,
    /// When this try of it began, on the monotonic clock.
    pub begun_ms: u64,
    /// Written down, durably, before the first byte leaves.
    pub facts: Vec<Fact>,
}

/// Until when an answer counts, and how many strays have come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    until_ms: u64,
    strays: u32,
    /// Somebody stopped waiting while an answer was being read: it decides, and if it is none, nobody listens on.
    stopped: bool,
}

/// How an exchange ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The vault would not render it; nothing left.
    NotPrepared(String),
    /// It could not be written down; nothing left.
    NotRecorded(String),
    /// The space left is kept for debts; nothing was written, nothing left, and the journal is sound.
    NoRoom(String),
    /// Somebody stopped waiting before it was written down; nothing left.
    Withdrawn,
    /// Somebody stopped waiting, when so much of it may have left.
    Stopped(Delivery),
    /// No answer.
    Failed(ExchangeFailed),
    /// An answer the plugin could not read.
    PluginFailed(Reply, PluginError),
    /// An answer that did not prove itself.
    Disproven(Reply, BadProof),
    /// An answer, read, with every proof the plugin named found true.
    Answered(Reply, Box<Step>, ProvenBy),
}

/// Still going, or over.
#[derive(Debug)]
pub(crate) enum Progress {
    Going(Exchange, Vec<Effect>),
    /// What was exchanged, and how it ended.
    Over(Plan, End),
}

impl Plan {
    /// Whether it is the first message of an operation that moves money, not written down before.
    pub fn begins_payment(&self) -> bool {
        let begins = |intent: &Intent| intent.exchange == 0 && intent.gravity == Gravity::MovesMoney;
        self.facts.iter().any(|fact| matches!(fact, Fact::Intent(intent) if begins(intent)))
    }

    /// How long this try has taken.
    pub fn elapsed(&self, world: &World<'_>) -> Milliseconds {
        let elapsed = world.now.monotonic_ms.saturating_sub(self.begun_ms);
        Milliseconds::try_from(elapsed).unwrap_or(Milliseconds::MAX)
    }
}

impl Exchange {
    /// Begins with rendering.
    pub fn begin(plan: Plan, world: &World<'_>) -> (Exchange, Vec<Effect>) {
        let draft = Draft {
            transaction: plan.transaction.clone(),
            message: Arc::clone(&plan.message),
            standby: plan.standby.clone(),
            route: plan.route.clone(),
            card: plan.card.clone(),
            reason: plan.reason,
        };
        let acquirer = world.deployment.acquirer.clone();
        let effect = Effect::Prepare { operation: plan.operation, acquirer, draft: Box::new(draft) };
        (Exchange::Preparing(plan), vec![effect])
    }

    /// Sends the bytes first rendered once more; nothing of them has left.
    pub fn again(plan: Plan, world: &World<'_>) -> (Exchange, Vec<Effect>) {
        let effect = commit(&plan, world);
        (Exchange::Recording(plan), vec![effect])
    }

    /// The state's name in the table.
    pub fn name(&self) -> &'static str {
        match self {
            Exchange::Preparing(_) => "preparing",
            Exchange::Recording(_) => "recording",
            Exchange::Stopping(_) => "stopping",
            Exchange::Sending(..) => "sending",
            Exchange::Resuming(..) => "resuming",
            Exchange::Proving(..) => "proving",
        }
    }

    /// Takes one answer.
    pub fn on(self, answer: Answer, world: &World<'_>) -> Progress {
        let (from, event) = (self.name(), answer.name());
        let progress = self.turn(answer, world);
        let (to, effects) = progress.place();
        TABLE.hold(from, event, to, effects);
        progress
    }

    fn turn(self, answer: Answer, world: &World<'_>) -> Progress {
        match (self, answer) {
            (Exchange::Preparing(plan), Answer::Prepared(Ok(sealed))) => record(plan, sealed, world),
            (Exchange::Preparing(plan), Answer::Prepared(Err(why))) => Progress::Over(plan, End::NotPrepared(why)),
            (Exchange::Recording(plan), Answer::Durable(Ok(()))) => send(plan, world),
            (Exchange::Stopping(plan), Answer::Durable(Ok(()))) => {
                Progress::Over(plan, End::Stopped(Delivery::NotSent))
            }
            (Exchange::Recording(plan) | Exchange::Stopping(plan), Answer::Durable(Err(why))) => {
                Progress::Over(plan, End::NotRecorded(why))
            }
            (Exchange::Recording(plan) | Exchange::Stopping(plan), Answer::NoRoom(why)) => {
                Progress::Over(plan, End::NoRoom(why))
            }
            (Exchange::Preparing(plan), Answer::Cancelled) => Progress::Over(plan, End::Withdrawn),
            (Exchange::Recording(plan), Answer::Cancelled) => Progress::Going(Exchange::Stopping(plan), Vec::new()),
            (Exchange::Sending(plan, deadline), Answer::Cancelled) => Progress::Over(plan, deadline.stop()),
            (Exchange::Resuming(plan, deadline, reply), Answer::Cancelled) => {
                let deadline = Deadline { stopped: true, ..deadline };
                Progress::Going(Exchange::Resuming(plan, deadline, reply), Vec::new())
            }
            // The answer is here, and decides.
            (state @ Exchange::Proving(..), Answer::Cancelled) => Progress::Going(state, Vec::new()),
            (Exchange::Sending(plan, deadline), Answer::Reply(Ok(reply))) => resume(plan, deadline, reply, world),
            (Exchange::Sending(plan, deadline), Answer::Reply(Err(failed))) => {
                // Whatever came back before, it came back to this message: all of it left.
                let delivery = if deadline.strays > 0 { Delivery::Sent } else { failed.delivery };
                Progress::Over(plan, End::Failed(ExchangeFailed { delivery, ..failed }))
            }
            (Exchange::Resuming(plan, deadline, reply), Answer::Step(Ok(step))) => {
                weigh(plan, deadline, reply, step, world)
            }
            (Exchange::Resuming(plan, _, reply), Answer::Step(Err(error))) => {
                Progress::Over(plan, End::PluginFailed(reply, error))
            }
            (Exchange::Proving(plan, reply, step), Answer::Proven(Ok(()))) => {
                let proven = ProvenBy::all_of(&step.proofs);
                Progress::Over(plan, End::Answered(reply, step, proven))
            }
            (Exchange::Proving(plan, reply, _), Answer::Proven(Err(bad))) => {
                Progress::Over(plan, End::Disproven(reply, bad))
            }
            (state, answer) => {
                let operation = state.plan().operation;
                let unexpected = Effect::Unexpected { operation, state: state.name(), event: answer.name() };
                Progress::Going(state, vec![unexpected])
            }
        }
    }

    /// What is being exchanged.
    pub fn plan(&self) -> &Plan {
        match self {
            Exchange::Preparing(plan)
            | Exchange::Recording(plan)
            | Exchange::Stopping(plan)
            | Exchange::Sending(plan, _)
            | Exchange::Resuming(plan, ..)
            | Exchange::Proving(plan, ..) => plan,
        }
    }
}

impl Deadline {
    /// Nobody waits any more. Whatever came back so far, it came back to this message: all of it left.
    fn stop(self) -> End {
        End::Stopped(if self.strays > 0 { Delivery::Sent } else { Delivery::MaybeSent })
    }
}

impl Progress {
    fn place(&self) -> (&'static str, &[Effect]) {
        match self {
            Progress::Going(exchange, effects) => (exchange.name(), effects),
            Progress::Over(..) => ("ended", &[]),
        }
    }
}

fn record(mut plan: Plan, sealed: Option<Vec<u8>>, world: &World<'_>) -> Progress {
    let sealed = Sealed::from(sealed);
    for fact in &mut plan.facts {
        if let Fact::Intent(intent) = fact {
            Arc::make_mut(intent).sealed.clone_from(&sealed);
        }
    }
    let effect = commit(&plan, world);
    Progress::Going(Exchange::Recording(plan), vec![effect])
}

fn commit(plan: &Plan, world: &World<'_>) -> Effect {
    let purpose = if plan.begins_payment() { Purpose::Payment } else { Purpose::Obligation };
    let records = plan.facts.iter().map(|fact| world.record(fact.clone())).collect();
    Effect::Commit { operation: plan.operation, purpose, records }
}

fn send(plan: Plan, world: &World<'_>) -> Progress {
    let timeout = plan.timeout.max(ANSWER_WAIT_AT_LEAST_MS).min(world.deployment.ceilings.exchange_timeout_ms);
    let effect = Effect::Send {
        operation: plan.operation,
        acquirer: world.deployment.acquirer.clone(),
        route: plan.route.clone(),
        timeout,
    };
    let deadline =
        Deadline { until_ms: world.now.monotonic_ms.saturating_add(u64::from(timeout)), strays: 0, stopped: false };
    Progress::Going(Exchange::Sending(plan, deadline), vec![effect])
}

fn resume(plan: Plan, deadline: Deadline, reply: Reply, world: &World<'_>) -> Progress {
    let call = Call::Resume(
        world.context(&plan.transaction, &plan.operator),
        plan.subject.clone(),
        plan.state.clone(),
        Event::Received(reply.clone()),
    );
    let effect = Effect::Call {
        operation: plan.operation,
        acquirer: world.deployment.acquirer.clone(),
        plugin: plan.plugin,
        call: Box::new(call),
    };
    Progress::Going(Exchange::Resuming(plan, deadline, reply), vec![effect])
}

/// What the plugin made of an answer: a stray to be passed over, or a claim whose proofs are to be checked.
fn weigh(plan: Plan, deadline: Deadline, reply: Reply, step: Step, world: &World<'_>) -> Progress {
    let operation = plan.operation;
    if let Action::Listen(_) = step.action {
        if deadline.stopped {
            return Progress::Over(plan, End::Stopped(Delivery::Sent));
        }
        let left = deadline.until_ms.saturating_sub(world.now.monotonic_ms);
        if left == 0 || deadline.strays >= STRAYS {
            let failed = ExchangeFailed { delivery: Delivery::Sent, failure: Failure::Timeout };
            return Progress::Over(plan, End::Failed(failed));
        }
        let timeout = Milliseconds::try_from(left).unwrap_or(Milliseconds::MAX);
        let deadline = Deadline { strays: deadline.strays + 1, ..deadline };
        return Progress::Going(Exchange::Sending(plan, deadline), vec![Effect::Listen { operation, timeout }]);
    }
    if step.proofs.is_empty() {
        return Progress::Over(plan, End::Answered(reply, Box::new(step), ProvenBy::default()));
    }
    let acquirer = world.deployment.acquirer.clone();
    let effect = Effect::Prove { operation, acquirer, proofs: step.proofs.clone() };
    Progress::Going(Exchange::Proving(plan, reply, Box::new(step)), vec![effect])
}
