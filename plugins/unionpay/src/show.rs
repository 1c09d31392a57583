//! Show-to-pay over ISO 8583 (A.13, C.4): the terminal orders a code and shows it, the customer scans it, and the
//! terminal asks until it is paid, as for a scanned payment. No published source says how an acquirer hands out a code:
//! DE3 of the order and the field of the code are parameters, and without the first there is no such order.

use sdk::prelude::{
    Action, Context, Declined, Effect, Exchange, Fault, Gravity, Original, Outcome, Owed, Payment, Reason, Remedy, Step,
};

use crate::answer::Answer;
use crate::descriptor::{ROUTE, TRACE_COUNTER};
use crate::ending;
use crate::matrix::Kind;
use crate::parameters::{self, Source, is_printable};
use crate::reversal;
use crate::scan;
use crate::settings::Settings;
use crate::state::Sent;
use crate::transaction::{Transaction, seal, unsupported};

/// DE22 of an order: a code, and no PIN.
const ENTRY_MODE: &str = "032";
/// The longest code that is shown; a QR code of more is hard to scan from a small screen.
const CODE_BYTES_MAX: usize = 512;
/// The most questions within one payment: the terminal allows 32 pauses.
const POLLS_MAX: u8 = 30;

/// Orders a code, with the reversal that closes the order or takes its money back.
///
/// # Errors
/// A fault where this acquirer gives no codes, or amount or a parameter is not one this protocol can carry.
pub fn start(context: &Context, payment: &Payment) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    if Source(context).value(parameters::SHOW_PROCESSING_CODE)?.is_empty() {
        return Err(unsupported("codes for the customer to scan where show-processing-code is not set"));
    }
    if payment.card.is_some() || payment.cash.is_some() {
        return Err(unsupported("a code to show with a card or with cash"));
    }
    let ordered = Transaction::new(context, &settings, Kind::ShowToPay, payment.amount, None)?;
    let ordered = Transaction { entry_mode: ENTRY_MODE.to_owned(), ..ordered };
    let mut message = ordered.request(context, &settings)?;
    let order = scan::write_order(&mut message, context, &settings, &ordered)?;
    seal(&mut message, &settings)?;
    let composed = message.into_template(&settings.before);
    let state = ordered.state(&settings, Sent::of(&composed));
    let standby = reversal::standby(context, &ordered, &settings)?;
    let remedy = if scan::inquires(context)? { Remedy::Inquire(Some(standby)) } else { Remedy::Undo(standby) };
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::MovesMoney,
        timeout: settings.timeout_ms,
        uses: vec![TRACE_COUNTER.to_owned()],
        remedy: Some(remedy),
    };
    let mut step = Step::new(Action::Send(exchange), state.bytes());
    step.reference = ordered.reference();
    step.reference.push(order);
    Ok(step)
}

/// Turns what the answer to an order would mean for a payment into what it means for an order: the code is shown, and
/// nothing is paid yet. Where there is none to show, nobody can pay: the order is closed.
pub(crate) fn ordered(context: &Context, answer: &Answer<'_>, step: Step) -> Result<Step, Fault> {
    let code = match &step.action {
        Action::Finish(Outcome::Approved(_)) => code(context, answer)?,
        Action::Finish(Outcome::Unknown(_)) => None,
        _ => return Ok(step),
    };
    let Some(code) = code else {
        return Ok(Step { action: Action::Finish(ending::unknown(&answer.code, Owed::Reversal)), ..step });
    };
    let mut step = Step { action: Action::Pause(scan::poll_ms(context)?), ..step };
    step.effects.push(Effect::ShowCode(code));
    Ok(step)
}

/// How often is asked while the customer stands there.
pub(crate) fn polls(context: &Context) -> Result<u8, Fault> {
    let polls = Some(Source(context).number(parameters::SHOW_POLLS)?).filter(|polls| *polls <= POLLS_MAX);
    Ok(polls.ok_or_else(|| parameters::bad(parameters::SHOW_POLLS, "0 to 30"))?)
}

/// What else the answer to a question may say of an order: it was closed unpaid.
pub(crate) fn is_closed(context: &Context, answer: &Answer<'_>) -> Result<bool, Fault> {
    Ok(answer.is_sealed() && Source(context).codes(parameters::SHOW_CLOSED, 0)?.contains(&answer.code))
}

/// How such an order ends: nobody was charged, and nobody will be.
pub(crate) fn closed(code: &str) -> Outcome {
    let (code, message) = (code.to_owned(), String::new());
    Outcome::Declined(Declined { code, reason: Reason::Other, message, capture_card: false, chip_data: Vec::new() })
}

/// Whether a question after the customer has gone found that nobody paid: then the order is closed before somebody does.
pub(crate) fn is_unpaid(context: &Context, original: &Original, answer: &Answer<'_>) -> Result<bool, Fault> {
    let is_order = Kind::of_operation(original.operation) == Some(Kind::ShowToPay);
    Ok(is_order && answer.is_sealed() && Source(context).codes(parameters::SHOW_UNPAID, 1)?.contains(&answer.code))
}

/// The code of a proven answer, as it is to be drawn; `None` where there is none that can be drawn.
fn code(context: &Context, answer: &Answer<'_>) -> Result<Option<String>, Fault> {
    let field = Source(context).field(parameters::SHOW_FIELD)?.and_then(|field| answer.fields.get(field));
    let is_drawable =
        |bytes: &&[u8]| (1..=CODE_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(|byte| is_printable(*byte));
    let bytes = field.map(|value| value.bytes()).filter(is_drawable);
    Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned()).filter(|code| !code.is_empty()))
}
