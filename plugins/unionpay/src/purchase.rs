//! What a sale and its reversal have in common.

use sdk::iso8583::{Composer, EncodeError};
use sdk::prelude::{
    Amount, Context, ContextLookup, Encoding, Entry, Fault, Node, Original, OriginalLookup, Payment, Presented, Secret,
    SecretHole,
};

use crate::descriptor::{BATCH_MEMORY, TRACE_COUNTER, TRACE_LAST};
use crate::settings::Settings;

/// DE3 of a sale and of its reversal (A.3).
pub(crate) const PROCESSING_CODE: &str = "000000";
/// DE25: normal.
const CONDITION_CODE: &str = "00";
/// 60.1 of a sale and of its reversal (A.3).
pub(crate) const MESSAGE_TYPE: &str = "22";
/// The batch of a terminal that never signed in; the acquirer tells the true one at sign-in.
const FIRST_BATCH: &str = "000001";
/// The largest amount of DE4, in minor units.
const AMOUNT_MAX: u64 = 999_999_999_999;

/// A sale, as its own message and every later one about it name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Purchase {
    pub amount: Amount,
    pub trace: String,
    pub batch: String,
    /// DE22, three digits.
    pub entry_mode: String,
    pub card: Presented,
}

impl Purchase {
    /// A new sale.
    pub fn new(context: &Context, settings: &Settings, payment: &Payment) -> Result<Self, Fault> {
        if payment.cash.is_some() {
            return Err(unsupported("cash with a sale"));
        }
        let card = payment.card.clone().ok_or_else(|| unsupported("a sale without a card"))?;
        let amount = in_range(payment.amount, settings)?;
        let entry_mode = entry_mode(&card)?;
        Ok(Purchase { amount, trace: next_trace(context)?, batch: batch(context)?, entry_mode, card })
    }

    /// An earlier sale, from what this plugin attached to it.
    pub fn earlier(settings: &Settings, original: &Original) -> Result<Self, Fault> {
        let card = original.card.clone().ok_or_else(|| unsupported("a reversal without the original's card"))?;
        Ok(Purchase {
            amount: in_range(original.amount, settings)?,
            trace: original.referred("trace")?.to_owned(),
            batch: six_digits(original.referred("batch")?.as_bytes(), "the original's batch")?,
            entry_mode: original.referred("entry-mode")?.to_owned(),
            card,
        })
    }

    /// What the terminal keeps with the transaction, for whatever refers to it later.
    pub fn reference(&self) -> Vec<(String, String)> {
        reference(&self.trace, &self.batch, &self.entry_mode)
    }

    /// The fields both messages share: 3 4 11 22 25 41 42 49 60.
    pub fn write_common(&self, message: &mut Composer<'_>, settings: &Settings) -> Result<(), EncodeError> {
        message
            .set(3, PROCESSING_CODE)?
            .set(4, &format!("{:012}", self.amount.minor))?
            .set(11, &self.trace)?
            .set(22, &self.entry_mode)?
            .set(25, CONDITION_CODE)?
            .set(41, &settings.terminal)?
            .set(42, &settings.merchant)?
            .set(49, &settings.currency)?
            .set(60, &format!("{MESSAGE_TYPE}{}", self.batch))?;
        Ok(())
    }

    /// DE2 and, where the card has one, DE14: left to the terminal.
    pub fn write_card(&self, message: &mut Composer<'_>) -> Result<(), EncodeError> {
        message.hole(2, usize::from(self.card.pan_length), secret(Secret::Pan))?;
        if self.card.has_expiry {
            message.hole(14, 4, secret(Secret::Expiry))?;
        }
        Ok(())
    }
}

/// What the terminal keeps with a sale from its first message on.
pub(crate) fn reference(trace: &str, batch: &str, entry_mode: &str) -> Vec<(String, String)> {
    let pairs = [("trace", trace), ("batch", batch), ("entry-mode", entry_mode)];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A secret in packed digits; this protocol pads an odd length on the right with 0.
pub(crate) fn secret(secret: Secret) -> Node {
    Node::Secret(SecretHole { secret, encoding: Encoding::BcdRightZero, of_item: None })
}

/// The next trace number, six digits.
pub(crate) fn next_trace(context: &Context) -> Result<String, Fault> {
    match context.counter(TRACE_COUNTER)? {
        trace @ 1..=TRACE_LAST => Ok(format!("{trace:06}")),
        _ => Err(Fault::Internal("the next trace number is not within 1 to 999999".to_owned())),
    }
}

/// The batch number, six digits.
pub(crate) fn batch(context: &Context) -> Result<String, Fault> {
    let Some(bytes) = context.memory(BATCH_MEMORY) else { return Ok(FIRST_BATCH.to_owned()) };
    six_digits(bytes, "the remembered batch")
}

fn six_digits(bytes: &[u8], what: &str) -> Result<String, Fault> {
    let is_right = bytes.len() == 6 && bytes.iter().all(u8::is_ascii_digit);
    let digits = String::from_utf8(bytes.to_vec()).ok().filter(|_| is_right);
    digits.ok_or_else(|| Fault::Internal(format!("{what} is not six digits")))
}

/// DE22 (A.5): how the number was read, and whether a PIN was entered.
fn entry_mode(card: &Presented) -> Result<String, Fault> {
    let entry = match card.entry {
        Entry::Manual => "01",
        Entry::Stripe if card.track_two_length > 0 => "02",
        Entry::Stripe => return Err(unsupported("a stripe without track 2")),
        Entry::ContactChip | Entry::ContactlessChip | Entry::ContactlessStripe => {
            return Err(unsupported("a chip or contactless card"));
        }
        Entry::CodeScan => return Err(unsupported("a scanned code")),
    };
    Ok(format!("{entry}{}", if card.pin_length > 0 { 1 } else { 2 }))
}

fn in_range(amount: Amount, settings: &Settings) -> Result<Amount, Fault> {
    if format!("{:03}", amount.currency) != settings.currency {
        let (asked, only) = (amount.currency, &settings.currency);
        return Err(Fault::Unsupported(format!("currency {asked:03}: this contract is for {only} only")));
    }
    if amount.minor > AMOUNT_MAX {
        return Err(unsupported("an amount of more than twelve digits"));
    }
    Ok(amount)
}

fn unsupported(what: &str) -> Fault {
    Fault::Unsupported(format!("this plugin does not do {what}"))
}
