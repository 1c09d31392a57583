//! What follows a payment and moves money: void 撤销, refund 退货, completion 预授权完成 and the cancellations.

use sdk::iso8583::Composed;
use sdk::prelude::{
    Action, Context, Exchange, Fault, FollowUp, Gravity, Owed, Presented, Remedy, Reply, Step, Stray, Subject,
};

use crate::answer::Answer;
use crate::card;
use crate::descriptor::{ROUTE, TRACE_COUNTER};
use crate::ending::{self, Asked};
use crate::matrix::{Doubt, Kind};
use crate::original::{self, Named};
use crate::repetition;
use crate::reversal;
use crate::settings::Settings;
use crate::state::{Sent, State};
use crate::transaction::{Transaction, seal, unsupported};

/// The states of an operation this module begins.
pub(crate) const KINDS: [Kind; 6] = [
    Kind::Void,
    Kind::Refund,
    Kind::Complete,
    Kind::CompleteAdvice,
    Kind::CancelPreauthorization,
    Kind::CancelCompletion,
];

/// Sends it, with the reversal that takes it back or the form in which it may be repeated.
///
/// # Errors
/// A fault where original, card, amount or a parameter is not one this protocol can carry.
pub fn start(context: &Context, follow_up: &FollowUp) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let kind = Kind::of_follow_up(follow_up.kind).ok_or_else(|| unsupported("this follow-up"))?;
    let (named, card) = original::of(kind, follow_up, context)?;
    let transaction = Transaction::new(context, &settings, kind, follow_up.amount, card)?;
    let composed = compose(&transaction, &named, context, &settings)?;
    let state = transaction.state(&settings, Sent::of(&composed));
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::MovesMoney,
        timeout: settings.timeout_ms,
        uses: vec![TRACE_COUNTER.to_owned()],
        remedy: Some(remedy(&transaction, &named, context, &settings)?),
    };
    let mut step = Step::new(Action::Send(exchange), state.bytes());
    step.reference = transaction.reference();
    Ok(step)
}

/// Reads the answer to the message or to its repetition.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, follow_up: &FollowUp, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &KINDS)?;
    let row = known.kind.row();
    let answer = Answer::hear(reply, row.request + 0x10, &known)?;
    let Some(answer) = answer else { return Ok(Step::listen(Stray::Foreign, state)) };
    let owed = if row.doubt == Doubt::Repeat { Owed::Repetition } else { Owed::Reversal };
    let group = match &follow_up.of {
        Subject::Known(_) => original::of(known.kind, follow_up, context)?.0.group,
        Subject::Typed(_) | Subject::None => String::new(),
    };
    let asked = Asked { amount: follow_up.amount, takes_part: false, owed, group: &group };
    ending::end(context, &settings, &known, &answer, &asked)
}

fn compose(
    transaction: &Transaction,
    named: &Named,
    context: &Context,
    settings: &Settings,
) -> Result<Composed, Fault> {
    let mut message = transaction.request(context, settings)?;
    named.write(&mut message, transaction.shape.kind, context)?;
    seal(&mut message, settings)?;
    Ok(message.into_template(&settings.before))
}

fn remedy(transaction: &Transaction, named: &Named, context: &Context, settings: &Settings) -> Result<Remedy, Fault> {
    if transaction.shape.doubt() != Doubt::Repeat {
        return Ok(Remedy::Undo(reversal::standby(context, transaction, settings)?));
    }
    let repeatable = without_secrets(transaction);
    let composed = compose(&repeatable, named, context, settings)?;
    let marked = repetition::marked(context, &repeatable)?;
    let again = marked.map(|marked| compose(&marked, named, context, settings)).transpose()?;
    Ok(Remedy::Repeat(repetition::standby(context, settings, &repeatable, composed, again)?))
}

/// The same with number and expiry alone, as it may be sent for as long as it takes.
fn without_secrets(transaction: &Transaction) -> Transaction {
    let card: Option<Presented> = transaction.card.as_ref().map(card::kept);
    let entry_mode = card.as_ref().map_or(transaction.entry_mode.clone(), card::entry_mode);
    Transaction { card, entry_mode, ..transaction.clone() }
}
