//! Reversal 冲正 (A.7): the same trace, no PIN, no track; and how its answer is read, with and without this plugin.

use sdk::iso8583::{Composed, Composer};
use sdk::prelude::{
    Action, Context, Exchange, Fault, FollowUp, Gravity, Node, Outcome, Owed, ReasonBytes, Reply, Standby, Step, Stray,
    Subject, UndoReason, Unknown,
};

use crate::answer::Answer;
use crate::descriptor::{MAC_KEY, ROUTE};
use crate::fields::TABLE;
use crate::purchase::Purchase;
use crate::readings::readings;
use crate::settings::Settings;
use crate::state::{Kind, Sent, State};

const REQUEST: u16 = 0x0400;
pub(crate) const ANSWER: u16 = 0x0410;

/// The reversal of a sale of which this terminal stored none.
///
/// # Errors
/// A fault where the original is not one this plugin made, or a parameter is not usable.
pub fn start(context: &Context, follow_up: &FollowUp) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let Subject::Known(original) = &follow_up.of else {
        return Err(Fault::Unsupported("a reversal needs a transaction of this terminal".to_owned()));
    };
    let purchase = Purchase::earlier(&settings, original)?;
    let reason = reason_code(follow_up.reason.unwrap_or(UndoReason::NoAnswer), &settings);
    let composed = message(&purchase, &settings, Node::Literal(reason.into_bytes()))?;
    let sent = Sent::of(&composed);
    let state = State {
        kind: Kind::Reverse,
        trace: purchase.trace,
        batch: purchase.batch,
        entry_mode: purchase.entry_mode,
        terminal: settings.terminal,
        sent,
        undo: sent,
    };
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

/// Reads the answer to a reversal, whether this plugin began it or the terminal sent a sale's standby.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[Kind::Sale, Kind::Reverse])?;
    let Some(answer) = Answer::hear(reply, ANSWER, &known)? else { return Ok(Step::listen(Stray::Foreign, state)) };
    let code = answer.code.clone();
    let outcome = if !answer.is_sealed() {
        Outcome::Unknown(Unknown { code, owed: Owed::Reversal })
    } else if settings.reversal_paid.contains(&code) {
        Outcome::Acknowledged(code)
    } else if settings.reversal_unmatched.contains(&code) {
        Outcome::Unmatched(code)
    } else {
        Outcome::Refused(code)
    };
    let mut step = Step::finish(outcome, state);
    step.proofs = answer.proofs(&known.undo, settings.mac);
    Ok(step)
}

/// The standby message of a sale, and which of its nodes an answer must echo.
pub(crate) fn standby(context: &Context, purchase: &Purchase, settings: &Settings) -> Result<(Standby, Sent), Fault> {
    let composed = message(purchase, settings, Node::Reason(reasons(settings)))?;
    let sent = Sent::of(&composed);
    let standby = Standby {
        route: ROUTE.to_owned(),
        message: composed.message,
        again: None,
        timeout: settings.reversal_timeout_ms,
        answers: readings(context, purchase, &sent, settings)?,
    };
    Ok((standby, sent))
}

/// 0400 (rules R3 to R5): the original's own fields and trace, the reason in DE39.
fn message(purchase: &Purchase, settings: &Settings, reason: Node) -> Result<Composed, Fault> {
    let mut message = Composer::new(&TABLE, REQUEST);
    purchase.write_common(&mut message, settings)?;
    purchase.write_card(&mut message)?;
    message.hole(39, 2, reason)?;
    if settings.original_data {
        message.set(61, &format!("{}{}", purchase.batch, purchase.trace))?;
    }
    message.seal(settings.mac, MAC_KEY).mark(&Sent::FIELDS);
    Ok(message.into_template(&settings.before))
}

fn reasons(settings: &Settings) -> Vec<ReasonBytes> {
    use UndoReason::{BadMac, Cancelled, CardRefused, Malfunction, NoAnswer};
    let spelled = |reason| ReasonBytes { reason, bytes: reason_code(reason, settings).into_bytes() };
    [NoAnswer, BadMac, Malfunction, CardRefused, Cancelled].map(spelled).to_vec()
}

/// DE39 of a reversal (A.7).
fn reason_code(reason: UndoReason, settings: &Settings) -> String {
    match reason {
        UndoReason::NoAnswer => "98",
        UndoReason::BadMac => "A0",
        UndoReason::Malfunction => "96",
        UndoReason::CardRefused => "06",
        UndoReason::Cancelled => &settings.reversal_cancelled,
    }
    .to_owned()
}
