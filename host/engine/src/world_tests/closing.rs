//! A plugin that closes batches, and houses that close theirs.

use super::House;
use super::acquirer::Wire;
use super::guest::{self, ROUTE, exchange, step};
use crate::books::Books;
use crate::contract::acquirer::{
    Action, Effect, Event, OperationSpec, Outcome as Claimed, Settled, Step, Stray, Verdict,
};
use crate::contract::retry_policy::{Decision, Resend};
use crate::contract::template::{Encoding, Message, Node, Secret, SecretHole};
use crate::contract::transaction::{Context, Gravity, Operation, OperationKind, Upload};
use crate::{Answer, Call, Fact, Order, Outcome, Record, TransactionId};

/// What the plugin remembers: batches closed so far.
const CLOSED: &str = "closed";

/// Adds settlement and upload to what a plugin does.
pub(super) fn closer(mut other: impl FnMut(&Call) -> Answer + 'static) -> Box<dyn FnMut(&Call) -> Answer> {
    Box::new(move |call| match call {
        Call::Start(context, operation @ (Operation::Settle(_) | Operation::Upload(_))) => {
            Answer::Step(Ok(start(context, operation)))
        }
        Call::Resume(_, operation @ (Operation::Settle(_) | Operation::Upload(_)), state, event) => {
            Answer::Step(Ok(resume(operation, state, event)))
        }
        Call::Decide(_, situation) if is_closing(situation.operation) => {
            Answer::Decision(Ok(Decision::Resend(Resend { route: ROUTE.into(), wait: 0 })))
        }
        call => other(call),
    })
}

fn is_closing(kind: OperationKind) -> bool {
    matches!(kind, OperationKind::Settle | OperationKind::Upload)
}

/// What it sends: the sum of what is settled, or so many items and their sum.
pub(super) fn start(context: &Context, operation: &Operation) -> Step {
    let trace = context.counters.iter().find(|(name, _)| name == guest::TRACE).map_or(0, |(_, value)| *value);
    let closed = context.memory.iter().find(|(name, _)| name == CLOSED).map_or(0, |(_, value)| value[0]);
    let (what, minor, cards) = match operation {
        Operation::Settle(totals) => {
            let sum = totals.iter().map(|total| {
                let minor = total.amount.minor;
                let gives = matches!(total.operation, OperationKind::Void | OperationKind::Refund);
                if gives { minor.wrapping_neg() } else { minor }
            });
            (format!("settle/{closed}"), sum.fold(0, u64::wrapping_add), 0)
        }
        Operation::Upload(Upload { first, total, items, .. }) if first < total => {
            let sum = items.iter().map(|item| item.amount.minor).sum();
            (format!("upload/{first}"), sum, items.len() as u32)
        }
        _ => (format!("uploaded/{closed}"), 0, 0),
    };
    let hole = |item| Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: Some(item) });
    let literal = Node::Literal(format!("{what} {trace} {minor}").into_bytes());
    let nodes = std::iter::once(literal).chain((0..cards).map(hole)).collect();
    let message = Message { whole: 0, nodes, http: None };
    let mut step = step(Action::Send(exchange(message, Gravity::Owes, None)));
    step.state = [vec![closed], what.into_bytes()].concat();
    step
}

fn resume(operation: &Operation, state: &[u8], event: &Event) -> Step {
    let Event::Received(reply) = event else { return step(Action::Finish(guest::unknown("no answer"))) };
    let wire = Wire::read(&reply.body);
    let mut answer = step(Action::Listen(Stray::Foreign));
    answer.state = state.to_vec();
    let Some(wire) = wire.filter(|wire| wire.what.as_bytes() == &state[1..]) else { return answer };
    answer.proofs = vec![guest::seal(), guest::echo(crate::contract::acquirer::Echoed::Trace)];
    let closes = Effect::Remember((CLOSED.into(), vec![state[0] + 1]));
    let groups = |verdict| vec![("host".to_owned(), verdict)];
    let outcome = match (operation, wire.code.as_str()) {
        (Operation::Settle(_), "00") => {
            answer.effects = vec![closes];
            Claimed::Settled(Settled { groups: groups(Verdict::Balanced), next: None })
        }
        (Operation::Settle(_), "77") => {
            let next = Some(OperationKind::Upload);
            Claimed::Settled(Settled { groups: groups(Verdict::Unbalanced), next })
        }
        (Operation::Upload(upload), "00") => {
            if upload.items.is_empty() {
                answer.effects = vec![closes, Effect::Request((OperationKind::SignIn, None))];
            }
            Claimed::Acknowledged("00".into())
        }
        (_, code) => guest::declined(code),
    };
    answer.action = Action::Finish(outcome);
    answer
}

impl House {
    /// A house whose plugin closes batches.
    pub fn that_closes() -> House {
        House::new().closing(guest::honest)
    }

    /// The same with what this plugin does beside.
    pub fn closing(mut self, other: impl FnMut(&Call) -> Answer + 'static) -> House {
        self.guest = closer(other);
        let spec = |kind| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved: true };
        let operations = &mut self.deployment.plugin.as_mut().unwrap().descriptor.operations;
        operations.extend([OperationKind::Settle, OperationKind::Upload].map(spec));
        self.deployment.ceilings.upload_items = 2;
        self.start();
        self
    }

    /// Somebody closes the day.
    pub fn settle(&mut self, id: &str) -> Outcome {
        self.begin(id, Order::Settle);
        self.rest();
        self.outcome(id)
    }
}

/// The books once the open batch of an acquirer is closed.
pub(crate) fn closed(books: &Books, acquirer: &str) -> Books {
    let mut books = books.clone();
    let settlement = TransactionId::parse("C1").unwrap();
    let batch = books.batch(acquirer);
    let (number, items) = (batch.number, batch.members.len() as u32);
    let totalled =
        Fact::Totalled { settlement: settlement.clone(), batch: number, totals: books.totals(acquirer), items };
    let close = Fact::BatchClosed { settlement, batch: number, carried: Vec::new(), closed: Vec::new() };
    for fact in [totalled, close] {
        books.apply(&Record { acquirer: acquirer.into(), ..super::record(fact) }).unwrap();
    }
    books
}
