//! The reversal, under the sale's own order. The terminal keeps it from the sale's first byte on, and sends and reads it
//! even where this plugin is gone.

use sdk::prelude::{
    Action, Context, Echoed, Exchange, Extent, Fault, FollowUp, Gravity, Meaning, Milliseconds, Node, OriginalLookup,
    Outcome, Pattern, Proof, Reading, ReasonBytes, Reply, Standby, Step, Subject, UndoReason,
};

use crate::answer::{ANSWERED, Answer, Heard, order_of, seal};
use crate::message::{AMOUNT, Common, ORDER, TERMINAL};
use crate::sale::{ORDER_REFERENCE, unknown};
use crate::settings::Settings;
use crate::{ROUTE, unsupported};

const TARGET: &str = "/v1/reversals";
/// Where the values of an answer stand: before `result` all are of fixed length.
const TERMINAL_GOT: Extent = Extent { start: 13, end: 21 };
const ORDER_GOT: Extent = Extent { start: 32, end: 44 };
const AMOUNT_GOT: Extent = Extent { start: 56, end: 68 };
const BEHIND_AMOUNT: i32 = 68;

const REVERSED: &str = "reversed";
/// The acquirer does not know what is to be reversed.
const UNMATCHED: &str = "unknown-order";
const REFUSED: &str = "declined";

/// Why a reversal is sent.
const REASONS: [(UndoReason, &str); 5] = [
    (UndoReason::NoAnswer, "98"),
    (UndoReason::BadMac, "A0"),
    (UndoReason::Malfunction, "96"),
    (UndoReason::CardRefused, "06"),
    (UndoReason::Cancelled, "17"),
];

/// The reversal of a sale of which this terminal stored none.
///
/// # Errors
/// A fault where the original is not one this plugin made, or a parameter is not usable.
pub fn start(context: &Context, follow_up: &FollowUp) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let Subject::Known(original) = &follow_up.of else {
        return Err(unsupported("a reversal of what another terminal did"));
    };
    let reason = follow_up.reason.unwrap_or(UndoReason::NoAnswer);
    let code = REASONS.iter().find(|(known, _)| *known == reason).map_or("98", |(_, code)| code);
    let order = original.referred(ORDER_REFERENCE)?;
    let common = Common { terminal: settings.terminal, order, amount: Some(original.amount) };
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: common.message(TARGET, [("reason", Node::Literal(code.into()))])?,
        gravity: Gravity::Owes,
        timeout: settings.timeout,
        uses: Vec::new(),
        remedy: None,
    };
    Ok(Step::new(Action::Send(exchange), order.into()))
}

/// Reads the answer, whether this plugin began the reversal or the terminal sent what it had kept.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    order_of(state)?;
    let answer = match Answer::hear(reply)? {
        Heard::Nothing(status) => return Ok(Step::finish(unknown(status.to_string()), state)),
        Heard::Answer(answer) => answer,
    };
    let code = answer.text("code").to_owned();
    let outcome = match answer.result() {
        Some(REVERSED) => Outcome::Acknowledged(code),
        Some(UNMATCHED) => Outcome::Unmatched(code),
        Some(REFUSED) => Outcome::Refused(code),
        _ => unknown(code),
    };
    let mut step = Step::finish(outcome, state);
    step.proofs = answer.proofs();
    Ok(step)
}

/// What the terminal keeps, and how it reads the answer by itself.
pub(crate) fn standby(common: &Common<'_>, timeout: Milliseconds) -> Result<Standby, Fault> {
    let reason = |(reason, code): (UndoReason, &str)| ReasonBytes { reason, bytes: code.into() };
    let message = common.message(TARGET, [("reason", Node::Reason(REASONS.map(reason).to_vec()))])?;
    let meanings = [(REVERSED, Meaning::Paid), (UNMATCHED, Meaning::Unmatched), (REFUSED, Meaning::Refused)];
    let answers = meanings.map(|(result, means)| reading(result, means)).to_vec();
    Ok(Standby { route: ROUTE.to_owned(), message, again: None, timeout, answers })
}

fn reading(result: &str, means: Meaning) -> Reading {
    let member = format!("\",\"result\":\"{result}\"");
    let fits = Pattern { status: Some(ANSWERED), ..Pattern::at([(BEHIND_AMOUNT, member.into_bytes())]) };
    let echoes = [
        Proof::echo(Echoed::Terminal, TERMINAL, TERMINAL_GOT),
        Proof::echo(Echoed::Trace, ORDER, ORDER_GOT),
        Proof::echo(Echoed::Amount, AMOUNT, AMOUNT_GOT),
    ];
    Reading { fits, proofs: [seal()].into_iter().chain(echoes).collect(), means }
}
