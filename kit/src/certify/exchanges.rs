//! What a plugin sends: whether it can be taken back, and whether what takes it back is about the same money.

use engine::contract::acquirer::{Action, Exchange, Meaning, Remedy, Standby};
use engine::contract::template::{Message, Node};
use engine::contract::transaction::{Context, Gravity, Operation};

use super::{Answered, Asked, Case, Court, Law};

pub(super) fn judge(case: &Case<'_>, court: &mut Court) {
    let Some(exchange) = case.step().and_then(|step| sent(&step.action)) else { return };
    if exchange.gravity == Gravity::MovesMoney {
        court.hear(case, Law::HasRemedy, lacks_remedy(exchange));
    }
    let Some(standby) = standby(exchange) else { return };
    if let Some(again) = &standby.again {
        court.hear(case, Law::RepeatsTheSame, repeats_otherwise(&standby.message, again));
    }
    if let Asked::Start(operation) = &case.call.asked
        && exchange.gravity == Gravity::MovesMoney
    {
        for change in [Change::Amount, Change::Counters] {
            if let Some(what) = names_otherwise(case, exchange, operation, change) {
                court.hear(case, Law::UndoNamesTheSame, what.err());
            }
        }
    }
}

fn sent(action: &Action) -> Option<&Exchange> {
    if let Action::Send(exchange) = action { Some(exchange) } else { None }
}

fn standby(exchange: &Exchange) -> Option<&Standby> {
    match exchange.remedy.as_ref()? {
        Remedy::Undo(standby) | Remedy::Repeat(standby) => Some(standby),
        Remedy::Inquire(standby) => standby.as_deref(),
    }
}

fn lacks_remedy(exchange: &Exchange) -> Option<String> {
    if exchange.remedy.is_none() {
        return Some("moves money and says nothing about silence".into());
    }
    let standby = standby(exchange)?;
    let pays =
        |reading: &engine::contract::acquirer::Reading| reading.means == Meaning::Paid && !reading.proofs.is_empty();
    let is_read = standby.answers.iter().any(pays);
    (!is_read).then(|| "no reading of its standby message could ever prove that it is paid".into())
}

/// The marks of a repetition are literals; the holes, and the order of both, stay.
fn repeats_otherwise(first: &Message, again: &Message) -> Option<String> {
    if first.nodes.len() != again.nodes.len() || first.whole != again.whole {
        return Some(format!("the repetition has {} nodes, not {}", again.nodes.len(), first.nodes.len()));
    }
    let is_literal = |node: &Node| matches!(node, Node::Literal(_));
    let differs = |(one, other): (&Node, &Node)| one != other && !(is_literal(one) && is_literal(other));
    let at = first.nodes.iter().zip(&again.nodes).position(differs)?;
    Some(format!("node {at} of the repetition is another hole than of the first message"))
}

#[derive(Clone, Copy)]
enum Change {
    Amount,
    Counters,
}

/// The same operation of another amount, or under other numbers: where that changes the message, it must change what
/// takes it back. `None` where it changes nothing.
fn names_otherwise(
    case: &Case<'_>,
    exchange: &Exchange,
    operation: &Operation,
    change: Change,
) -> Option<Result<(), String>> {
    let (mut context, mut operation) = (case.call.context.clone(), operation.clone());
    let what = match change {
        Change::Amount => {
            *amount_of(&mut operation)? += 1;
            "amount"
        }
        Change::Counters => {
            raise(&mut context, exchange)?;
            "number"
        }
    };
    let answer = Asked::Start(operation).of(case.judge.plugin, &context);
    let Answered::Step(step) = &answer else { return None };
    let other = sent(&step.action)?;
    if other.message == exchange.message {
        return None;
    }
    let (one, other) = (standby(exchange)?, standby(other)?);
    let is_same = one.message == other.message;
    Some(if is_same { Err(format!("another {what} changes the message and not what takes it back")) } else { Ok(()) })
}

pub(super) fn amount_of(operation: &mut Operation) -> Option<&mut u64> {
    match operation {
        Operation::Pay(payment) => Some(&mut payment.amount.minor),
        Operation::FollowUp(follow_up) => Some(&mut follow_up.amount.minor),
        _ => None,
    }
}

/// Raises the counters the exchange uses by one.
fn raise(context: &mut Context, exchange: &Exchange) -> Option<()> {
    let mut raised = None;
    for (_, value) in context.counters.iter_mut().filter(|(name, _)| exchange.uses.contains(name)) {
        *value = value.checked_add(1)?;
        raised = Some(());
    }
    raised
}
