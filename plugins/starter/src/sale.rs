//! The sale: 0200 with card, amount and PIN, answered by 0210.

use sdk::iso8583::{Composer, EncodeError};
use sdk::prelude::{
    Action, Amount, Approved, Context, ContextLookup, Declined, Encoding, Exchange, Fault, Gravity, Node, Outcome,
    Owed, Payment, Presented, Remedy, Reply, Secret, SecretHole, Step, Stray, Unknown,
};

use crate::answer::{Answer, ECHOED, Sent};
use crate::codes::{self, Verdict};
use crate::fields::TABLE;
use crate::settings::Settings;
use crate::{MAC_KEY, PIN_KEY, ROUTE, TRACE_COUNTER, reversal, unsupported};

const REQUEST: u16 = 0x0200;
/// DE3 of a sale.
pub(crate) const PROCESSING: &str = "000000";
/// The largest amount of DE4, in minor units.
const AMOUNT_MAX: u64 = 999_999_999_999;
/// DE11 runs from 1 to this.
const TRACE_LAST: u64 = 999_999;
const PIN_BLOCK_BYTES: usize = 8;

/// Sends the sale, with the reversal that takes it back.
///
/// # Errors
/// A fault where the card, the amount or a parameter is not one this protocol can carry.
pub fn start(context: &Context, payment: &Payment) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let card = payment.card.as_ref().ok_or_else(|| unsupported("a sale without a card"))?;
    let trace = trace(context.counter(TRACE_COUNTER)?)?;
    let mut message = Composer::new(&TABLE, REQUEST);
    write_common(&mut message, &settings, &trace, payment.amount)?;
    write_card(&mut message, card)?;
    message.seal(sdk::prelude::MacAlgorithm::X919, MAC_KEY)?.mark(&ECHOED);
    let composed = message.into_template(&[]);
    let state = Sent::of(&trace, &composed).bytes();
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::MovesMoney,
        timeout: settings.timeout,
        uses: vec![TRACE_COUNTER.to_owned()],
        remedy: Some(Remedy::Undo(reversal::standby(&settings, &trace, payment.amount)?)),
    };
    let mut step = Step::new(Action::Send(exchange), state);
    step.reference = vec![("trace".to_owned(), trace)];
    Ok(step)
}

/// Reads the answer. What is not sealed or not in the table of codes is unknown, never declined.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(_context: &Context, payment: &Payment, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let sent = Sent::read(state)?;
    let Some(answer) = Answer::hear(reply, REQUEST + 0x10, &sent)? else {
        return Ok(Step::listen(Stray::Foreign, state));
    };
    let mut step = Step::finish(outcome(&answer, payment.amount), state);
    step.proofs = answer.proofs(&sent);
    // What a step keeps replaces what was kept before it.
    step.reference = vec![("trace".to_owned(), sent.trace)];
    Ok(step)
}

/// The fields a sale and its reversal share: 3 4 11 41 42 49.
pub(crate) fn write_common(
    message: &mut Composer,
    settings: &Settings<'_>,
    trace: &str,
    amount: Amount,
) -> Result<(), Fault> {
    if !(1..=AMOUNT_MAX).contains(&amount.minor) {
        return Err(unsupported("an amount of more than twelve digits, or none"));
    }
    message
        .set(3, PROCESSING)?
        .set_number(4, amount.minor)?
        .set(11, trace)?
        .set(41, settings.terminal)?
        .set(42, settings.merchant)?
        .set_number(49, amount.currency.into())?;
    Ok(())
}

/// DE11, six digits.
pub(crate) fn trace(number: u64) -> Result<String, Fault> {
    match number {
        1..=TRACE_LAST => Ok(format!("{number:06}")),
        _ => Err(Fault::Internal("the next trace number is not within 1 to 999999".to_owned())),
    }
}

/// A stripe is its track; anything else its number. The terminal fills the holes: this plugin never sees a card.
fn write_card(message: &mut Composer, card: &Presented) -> Result<(), EncodeError> {
    let secret = |secret| Node::Secret(SecretHole { secret, encoding: Encoding::Ascii, of_item: None });
    if card.track_two_length > 0 {
        message.hole(35, usize::from(card.track_two_length), secret(Secret::TrackTwo))?;
    } else {
        message.hole(2, usize::from(card.pan_length), secret(Secret::Pan))?;
        if card.has_expiry {
            message.hole(14, 4, secret(Secret::Expiry))?;
        }
    }
    if card.pin_length > 0 {
        message.hole(52, PIN_BLOCK_BYTES, Node::PinBlock(PIN_KEY.to_owned()))?;
    }
    Ok(())
}

fn outcome(answer: &Answer<'_>, amount: Amount) -> Outcome {
    let code = answer.code.clone();
    match codes::find(&code).filter(|_| answer.is_sealed()) {
        None => Outcome::Unknown(Unknown { code, owed: Owed::Reversal }),
        Some((Verdict::Approved, _)) => Outcome::Approved(Approved {
            authorization: answer.text(38),
            retrieval_reference: answer.text(37),
            ..Approved::of(amount)
        }),
        Some((Verdict::Declined(reason), sentence)) => Outcome::Declined(Declined {
            code,
            reason,
            message: sentence.to_owned(),
            capture_card: false,
            chip_data: Vec::new(),
        }),
    }
}
