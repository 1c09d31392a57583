//! The sale.

use sdk::prelude::{
    Action, Approved, Context, Declined, Encoding, Entry, Exchange, Fault, Gravity, Node, Outcome, Owed, Payment,
    Remedy, Reply, Secret, SecretHole, Step, Unknown,
};

use crate::answer::{Answer, Heard, order_of};
use crate::message::{Common, next_order};
use crate::settings::Settings;
use crate::{ORDER_COUNTER, ROUTE, codes, reversal, unsupported};

/// What a later operation finds of it.
pub(crate) const ORDER_REFERENCE: &str = "order";

/// Sends the sale, with the reversal that takes it back.
///
/// # Errors
/// A fault where the card, the amount or a parameter is not one this protocol can carry.
pub fn start(context: &Context, payment: &Payment) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let card = payment.card.as_ref().filter(|card| card.entry != Entry::CodeScan && card.has_expiry);
    if card.is_none() {
        return Err(unsupported("a sale without a card and its expiry"));
    }
    let order = next_order(context)?;
    let common = Common { terminal: settings.terminal, order: &order, amount: Some(payment.amount) };
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: common.message("/v1/sales", [("card", hole(Secret::Pan)), ("expiry", hole(Secret::Expiry))])?,
        gravity: Gravity::MovesMoney,
        timeout: settings.timeout,
        uses: vec![ORDER_COUNTER.to_owned()],
        remedy: Some(Remedy::Undo(reversal::standby(&common, settings.timeout)?)),
    };
    let mut step = Step::new(Action::Send(exchange), order.clone().into_bytes());
    step.reference = vec![(ORDER_REFERENCE.to_owned(), order)];
    Ok(step)
}

/// Reads the answer. Whatever is not sealed, not in the table of codes or no answer at all is unknown, never declined.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(payment: &Payment, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let order = order_of(state)?;
    let mut step = match Answer::hear(reply)? {
        Heard::Nothing(status) => Step::finish(unknown(status.to_string()), state),
        Heard::Answer(answer) => {
            let mut step = Step::finish(outcome(&answer, payment), state);
            step.proofs = answer.proofs();
            step
        }
    };
    // What a step keeps replaces what was kept before it.
    step.reference = vec![(ORDER_REFERENCE.to_owned(), order.to_owned())];
    Ok(step)
}

/// The terminal fills the holes: this plugin never sees a card.
fn hole(secret: Secret) -> Node {
    Node::Secret(SecretHole { secret, encoding: Encoding::Ascii, of_item: None })
}

/// Result and code must say the same.
fn outcome(answer: &Answer<'_>, payment: &Payment) -> Outcome {
    let code = answer.text("code");
    match (answer.result(), codes::declined(code)) {
        (Some("approved"), _) if code == codes::APPROVED => Outcome::Approved(Approved {
            authorization: answer.text("authorization").to_owned(),
            retrieval_reference: answer.text("reference").to_owned(),
            ..Approved::of(payment.amount)
        }),
        (Some("declined"), Some((reason, sentence))) => Outcome::Declined(Declined {
            code: code.to_owned(),
            reason,
            message: sentence.to_owned(),
            capture_card: false,
            chip_data: Vec::new(),
        }),
        _ => unknown(code.to_owned()),
    }
}

pub(crate) fn unknown(code: String) -> Outcome {
    Outcome::Unknown(Unknown { code, owed: Owed::Reversal })
}
