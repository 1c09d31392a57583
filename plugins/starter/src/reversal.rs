//! The reversal: 0400 under the sale's own trace, answered by 0410. The terminal keeps it from the sale's first byte
//! on, and sends and reads it even where this plugin is gone.

use sdk::iso8583::{Composed, Composer};
use sdk::prelude::{
    Action, Amount, Context, Echoed, Exchange, Extent, Fault, FollowUp, Gravity, MacAlgorithm, Meaning, Node,
    OriginalLookup, Outcome, Owed, Pattern, Proof, Reading, ReasonBytes, Reply, Standby, Step, Stray, Subject,
    UndoReason, Unknown,
};

use crate::answer::{Answer, ECHOED, Sent, seal};
use crate::codes::{REVERSAL_PAID, REVERSAL_UNMATCHED};
use crate::fields::TABLE;
use crate::sale::write_common;
use crate::settings::Settings;
use crate::{MAC_KEY, ROUTE, unsupported};

const REQUEST: u16 = 0x0400;
/// What an answer that is read without this plugin begins with: 0410, and a bitmap of 3 4 11 39 41 42 64.
const ANSWER_HEAD: &[u8] = b"0410\x30\x20\x00\x00\x02\xC0\x00\x01";
/// Where its fields stand: each is of fixed length.
const AMOUNT: Extent = Extent { start: 18, end: 30 };
const TRACE: Extent = Extent { start: 30, end: 36 };
const CODE: i32 = 36;
const TERMINAL: Extent = Extent { start: 38, end: 46 };
const MERCHANT: Extent = Extent { start: 46, end: 61 };

/// DE39 of a reversal: why it is sent.
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
    let trace = original.referred("trace")?;
    let composed = message(&settings, trace, original.amount, Node::Literal(code.into()))?;
    let state = Sent::of(trace, &composed).bytes();
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::Owes,
        timeout: settings.timeout,
        uses: Vec::new(),
        remedy: None,
    };
    Ok(Step::new(Action::Send(exchange), state))
}

/// Reads the answer, whether this plugin began the reversal or the terminal sent what it had kept.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let sent = Sent::read(state)?;
    let Some(answer) = Answer::hear(reply, REQUEST + 0x10, &sent)? else {
        return Ok(Step::listen(Stray::Foreign, state));
    };
    let code = answer.code.clone();
    let outcome = match code.as_str() {
        _ if !answer.is_sealed() => Outcome::Unknown(Unknown { code, owed: Owed::Reversal }),
        REVERSAL_PAID => Outcome::Acknowledged(code),
        REVERSAL_UNMATCHED => Outcome::Unmatched(code),
        _ => Outcome::Refused(code),
    };
    let mut step = Step::finish(outcome, state);
    step.proofs = answer.proofs(&sent);
    Ok(step)
}

/// What the terminal keeps. Marked fields have the nodes they have in the sale: they are the first of both.
pub(crate) fn standby(settings: &Settings<'_>, trace: &str, amount: Amount) -> Result<Standby, Fault> {
    let reason = |(reason, code): (UndoReason, &str)| ReasonBytes { reason, bytes: code.into() };
    let composed = message(settings, trace, amount, Node::Reason(REASONS.map(reason).to_vec()))?;
    let meanings = [
        (REVERSAL_PAID, Meaning::Paid),
        (REVERSAL_UNMATCHED, Meaning::Unmatched),
        // Every other code.
        ("", Meaning::Refused),
    ];
    let answers = meanings.map(|(code, means)| reading(&composed, trace, code, means)).to_vec();
    Ok(Standby { route: ROUTE.to_owned(), message: composed.message, again: None, timeout: settings.timeout, answers })
}

fn message(settings: &Settings<'_>, trace: &str, amount: Amount, reason: Node) -> Result<Composed, Fault> {
    let mut message = Composer::new(&TABLE, REQUEST);
    write_common(&mut message, settings, trace, amount)?;
    message.hole(39, 2, reason)?.seal(MacAlgorithm::X919, MAC_KEY)?.mark(&ECHOED);
    Ok(message.into_template(&[]))
}

/// How the terminal reads such an answer by itself.
fn reading(composed: &Composed, trace: &str, code: &str, means: Meaning) -> Reading {
    let fixed = [(0, ANSWER_HEAD.to_vec()), (TRACE.start, trace.into()), (CODE, code.into())];
    let echoes = [
        (Echoed::Amount, 4, AMOUNT),
        (Echoed::Trace, 11, TRACE),
        (Echoed::Terminal, 41, TERMINAL),
        (Echoed::Merchant, 42, MERCHANT),
    ];
    let echoes =
        echoes.into_iter().filter_map(|(what, number, got)| Some(Proof::echo(what, composed.node(number)?, got)));
    Reading {
        fits: Pattern::at(fixed.into_iter().filter(|(_, bytes)| !bytes.is_empty())),
        proofs: [seal()].into_iter().chain(echoes).collect(),
        means,
    }
}
