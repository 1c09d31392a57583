//! What is repeated until it is answered: the standby form of a refund or an advice, and how its answer is read
//! without this plugin.

use sdk::iso8583::Composed;
use sdk::prelude::{Context, Entry, Fault, Meaning, Standby};

use crate::descriptor::ROUTE;
use crate::matrix::Shape;
use crate::parameters::{self, Source};
use crate::readings::{Expected, readings};
use crate::settings::Settings;
use crate::state::Sent;
use crate::transaction::Transaction;

/// The code that says it is done.
const TAKEN: &str = "00";

/// Added to a message type to say that it was sent before: 0220 becomes 0221.
const SENT_BEFORE: u16 = 1;

/// The transaction as its repetition names it, where the acquirer wants repetitions told apart.
pub(crate) fn marked(context: &Context, transaction: &Transaction) -> Result<Option<Transaction>, Fault> {
    let is_marked = Source(context).is(parameters::REPEAT_MARK, "message-type")?;
    let shape = Shape { request: transaction.shape.request + SENT_BEFORE, ..transaction.shape.clone() };
    Ok(is_marked.then(|| Transaction { shape, ..transaction.clone() }))
}

/// The message that waits in the journal. It holds no PIN and no track; its answer echoes the same fields as the first
/// one's.
pub(crate) fn standby(
    context: &Context,
    settings: &Settings,
    transaction: &Transaction,
    composed: Composed,
    again: Option<Composed>,
) -> Result<Standby, Fault> {
    let refused = Source(context).codes(parameters::REPEATED_REFUSED, 0)?;
    let refused = refused.iter().map(|code| (code.as_str(), Meaning::Refused));
    let meanings: Vec<_> = [(TAKEN, Meaning::Paid)].into_iter().chain(refused).collect();
    let expected = Expected {
        answer: transaction.shape.answer(),
        bitmaps: parameters::REPEATED_ANSWER_BITMAPS,
        trace: &transaction.trace,
        pan_digits: pan_digits(transaction),
        sent: Sent::of(&composed),
    };
    Ok(Standby {
        route: ROUTE.to_owned(),
        message: composed.message,
        again: again.map(|again| again.message),
        timeout: settings.timeout_ms,
        answers: readings(context, settings, &expected, &meanings)?,
    })
}

/// Digits of the card number an answer may repeat; `None` where there is no card number.
pub(crate) fn pan_digits(transaction: &Transaction) -> Option<usize> {
    let card = transaction.card.as_ref().filter(|card| card.entry != Entry::CodeScan);
    card.map(|card| usize::from(card.pan_length))
}
