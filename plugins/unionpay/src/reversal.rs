//! Reversal 冲正 (A.7): the same trace, no PIN, no track; and how its answer is read, with and without this plugin.

use sdk::iso8583::{Composed, Composer};
use sdk::prelude::{
    Action, Context, Exchange, Fault, FollowUp, Gravity, Meaning, Node, OriginalLookup, Outcome, Owed, ReasonBytes,
    Reply, Standby, Step, Stray, Subject, UndoReason,
};

use crate::answer::Answer;
use crate::card;
use crate::descriptor::ROUTE;
use crate::ending;
use crate::fields::TABLE;
use crate::following;
use crate::layouts::write_original;
use crate::matrix::Kind;
use crate::parameters::{self, Source};
use crate::payment;
use crate::readings::{ANY_CODE, Expected, readings};
use crate::repetition::pan_digits;
use crate::settings::Settings;
use crate::state::{Sent, State};
use crate::transaction::{Transaction, seal};

const REQUEST: u16 = Kind::Reverse.row().request;
const ANSWER: u16 = REQUEST + 0x10;
/// Reasons that one parameter spells, in the order of [`UndoReason`]; the fifth has one of its own.
const REASONS_TOLD: usize = 4;

/// The reversal of a transaction of which this terminal stored none.
///
/// # Errors
/// A fault where the original is not one this plugin made, or a parameter is not usable.
pub fn start(context: &Context, follow_up: &FollowUp) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let Subject::Known(original) = &follow_up.of else {
        return Err(Fault::Unsupported("a reversal needs a transaction of this terminal".to_owned()));
    };
    let transaction = Transaction::earlier(context, &settings, original)?;
    let reason = reason_code(follow_up.reason.unwrap_or(UndoReason::NoAnswer), context, &settings)?;
    let authorization = original.referred("authorization").ok();
    let composed = message(&transaction, &settings, Node::Literal(reason.into_bytes()), authorization)?;
    let state = State { kind: Kind::Reverse, ..transaction.state(&settings, Sent::of(&composed)) };
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::Owes,
        timeout: settings.reversal_timeout_ms,
        uses: Vec::new(),
        remedy: None,
    };
    Ok(Step::new(Action::Send(exchange), state.bytes()))
}

/// Reads the answer to a reversal, whether this plugin began it or the terminal sent a transaction's standby.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let reversible =
        [&[Kind::Reverse, Kind::ScanToPay, Kind::ShowToPay][..], &payment::KINDS, &following::KINDS].concat();
    let known = State::read(state, &reversible)?;
    let Some(answer) = Answer::hear(reply, ANSWER, &known)? else { return Ok(Step::listen(Stray::Foreign, state)) };
    let code = answer.code.clone();
    let outcome = if !answer.is_sealed() {
        ending::unknown(&code, Owed::Reversal)
    } else if settings.reversal_paid.contains(&code) {
        Outcome::Acknowledged(code)
    } else if settings.reversal_unmatched.contains(&code) {
        Outcome::Unmatched(code)
    } else {
        Outcome::Refused(code)
    };
    let mut step = Step::finish(outcome, state);
    step.proofs = answer.proofs(&known.sent, settings.mac);
    Ok(step)
}

/// The standby message of a transaction. Its marked nodes are those of the transaction's own message.
pub(crate) fn standby(context: &Context, transaction: &Transaction, settings: &Settings) -> Result<Standby, Fault> {
    let composed = message(transaction, settings, Node::Reason(reasons(context, settings)?), None)?;
    let paid = settings.reversal_paid.iter().map(|code| (code.as_str(), Meaning::Paid));
    let unmatched = settings.reversal_unmatched.iter().map(|code| (code.as_str(), Meaning::Unmatched));
    let meanings: Vec<_> = paid.chain(unmatched).chain([(ANY_CODE, Meaning::Refused)]).collect();
    let expected = Expected {
        answer: ANSWER,
        bitmaps: parameters::REVERSAL_ANSWER_BITMAPS,
        trace: &transaction.trace,
        pan_digits: pan_digits(transaction),
        sent: Sent::of(&composed),
    };
    let answers = readings(context, settings, &expected, &meanings)?;
    let (route, timeout) = (ROUTE.to_owned(), settings.reversal_timeout_ms);
    Ok(Standby { route, message: composed.message, again: None, timeout, answers })
}

/// 0400 (rules R3 to R5): the original's own fields and trace, the reason in DE39. A chip that spoke in the original
/// speaks here too.
fn message(
    transaction: &Transaction,
    settings: &Settings,
    reason: Node,
    authorization: Option<&str>,
) -> Result<Composed, Fault> {
    let mut message = Composer::new(&TABLE, REQUEST);
    transaction.write_common(&mut message, settings)?;
    if let Some(presented) = &transaction.card {
        card::write_number(&mut message, presented)?;
        let spoke = matches!(transaction.shape.kind, Kind::Sale | Kind::Preauthorize);
        if spoke && card::is_chip(presented) {
            message.measured(55, card::chip_data(&card::REVERSAL_TAGS))?;
        }
    }
    if let Some(code) = authorization {
        message.set(38, code)?;
    }
    message.hole(39, 2, reason)?;
    if settings.original_data {
        write_original(&mut message, &transaction.batch, &transaction.trace, "")?;
    }
    seal(&mut message, settings)?;
    Ok(message.into_template(&settings.before))
}

/// How each reason is spelled in DE39 of a reversal (A.7).
fn spelled(context: &Context, settings: &Settings) -> Result<[(UndoReason, String); 5], Fault> {
    let codes = Source(context).codes(parameters::REVERSAL_REASONS, REASONS_TOLD)?;
    let told = <[String; REASONS_TOLD]>::try_from(codes);
    let [no_answer, bad_mac, malfunction, refused] =
        told.map_err(|_| parameters::bad(parameters::REVERSAL_REASONS, "four codes"))?;
    Ok([
        (UndoReason::NoAnswer, no_answer),
        (UndoReason::BadMac, bad_mac),
        (UndoReason::Malfunction, malfunction),
        (UndoReason::CardRefused, refused),
        (UndoReason::Cancelled, settings.reversal_cancelled.clone()),
    ])
}

fn reasons(context: &Context, settings: &Settings) -> Result<Vec<ReasonBytes>, Fault> {
    let spelled = spelled(context, settings)?;
    Ok(spelled.into_iter().map(|(reason, code)| ReasonBytes { reason, bytes: code.into_bytes() }).collect())
}

/// One reason as DE39; no answer where it has no spelling.
fn reason_code(reason: UndoReason, context: &Context, settings: &Settings) -> Result<String, Fault> {
    let spelled = spelled(context, settings)?;
    let found = spelled.iter().find(|(known, _)| *known == reason).or(spelled.first());
    Ok(found.map(|(_, code)| code.clone()).unwrap_or_default())
}
