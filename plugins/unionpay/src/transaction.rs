//! What moves money, as its own message and every later one about it name it.

use sdk::iso8583::{Composer, EncodeError};
use sdk::prelude::{Amount, Context, ContextLookup, Effect, Fault, Original, OriginalLookup, Presented};

use crate::card;
use crate::descriptor::{BATCH_MEMORY, MAC_KEY, SETTLING_MEMORY, TRACE_COUNTER, TRACE_LAST};
use crate::fields::TABLE;
use crate::layouts::CUSTOM;
use crate::matrix::{Kind, Shape};
use crate::parameters::{self, Source};
use crate::settings::Settings;
use crate::state::{Sent, State};

/// The batch of a terminal that never signed in; the acquirer tells the true one at sign-in.
const FIRST_BATCH: &str = "000001";
/// Digits of a batch number.
const BATCH_DIGITS: usize = 6;
/// The largest amount of DE4, in minor units.
const AMOUNT_MAX: u64 = 999_999_999_999;
/// 60.3 to 60.5 where only what follows them says something.
const NOTHING_OF_THE_CHIP: [&str; 3] = ["000", "0", "0"];
/// 60.6: less than the whole amount is taken.
const TAKES_PART: &str = "1";

/// A transaction: which row of the matrix, how much, under which numbers, with which card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub shape: Shape,
    pub amount: Amount,
    pub trace: String,
    pub batch: String,
    /// DE22, three digits.
    pub entry_mode: String,
    pub card: Option<Presented>,
}

impl Transaction {
    /// A new one, under the next trace number and the batch of today.
    pub fn new(
        context: &Context,
        settings: &Settings,
        kind: Kind,
        amount: Amount,
        card: Option<Presented>,
    ) -> Result<Self, Fault> {
        Ok(Transaction {
            shape: Shape::of(kind, context)?,
            amount: in_range(amount, settings)?,
            trace: next_trace(context)?,
            batch: batch(context)?,
            entry_mode: card.as_ref().map_or(crate::state::NO_ENTRY_MODE.to_owned(), card::entry_mode),
            card,
        })
    }

    /// An earlier one, from what this plugin attached to it. Of its card, number and expiry are left.
    pub fn earlier(context: &Context, settings: &Settings, original: &Original) -> Result<Self, Fault> {
        let kind = Kind::of_operation(original.operation);
        let kind = kind.ok_or_else(|| unsupported("anything about an operation that moved no money"))?;
        Ok(Transaction {
            shape: Shape::of(kind, context)?,
            amount: in_range(original.amount, settings)?,
            trace: original.referred("trace")?.to_owned(),
            batch: six_digits(original.referred("batch")?.as_bytes(), "the original's batch")?,
            entry_mode: original.referred("entry-mode")?.to_owned(),
            card: original.card.as_ref().map(card::kept),
        })
    }

    /// The fields every message about it shares: 3 4 11 22 25 41 42 49 60.
    pub fn write_common(&self, message: &mut Composer, settings: &Settings) -> Result<(), EncodeError> {
        let Shape { processing, condition, message_type, .. } = &self.shape;
        message
            .set(3, processing)?
            .set_number(4, self.amount.minor)?
            .set(11, &self.trace)?
            .set(22, &self.entry_mode)?
            .set(25, condition)?
            .set(41, &settings.terminal)?
            .set(42, &settings.merchant)?
            .set(49, &settings.currency)?
            .set_parts_of(60, CUSTOM, &[message_type, &self.batch])?;
        Ok(())
    }

    /// Its own request, with all that its card gives; not sealed yet.
    pub fn request(&self, context: &Context, settings: &Settings) -> Result<Composer, Fault> {
        let mut message = Composer::new(&TABLE, self.shape.request);
        self.write_common(&mut message, settings)?;
        if let Some(presented) = &self.card {
            card::write_card(&mut message, presented, context, settings)?;
        }
        let chip = self.card.as_ref().and_then(|card| card::chip_condition(card, context));
        let takes_part = Source(context).yes(parameters::PARTIAL_APPROVALS)?;
        if chip.is_some() || takes_part {
            let [code, ability, condition] = chip.unwrap_or(NOTHING_OF_THE_CHIP);
            let custom = [self.shape.message_type.as_str(), &self.batch, code, ability, condition, TAKES_PART];
            let told = if takes_part { &custom[..] } else { &custom[..5] };
            message.set_parts_of(60, CUSTOM, told)?;
        }
        Ok(message)
    }

    /// The state that waits for the answer to it.
    pub fn state(&self, settings: &Settings, sent: Sent) -> State {
        State {
            kind: self.shape.kind,
            trace: self.trace.clone(),
            batch: self.batch.clone(),
            entry_mode: self.entry_mode.clone(),
            terminal: settings.terminal.clone(),
            processing: self.shape.processing.clone(),
            sent,
            extra: Vec::new(),
        }
    }

    /// What the terminal keeps with it from its first message on.
    pub fn reference(&self) -> Vec<(String, String)> {
        reference(&self.trace, &self.batch, &self.entry_mode)
    }
}

/// Seals a message and marks what its answer must echo.
pub(crate) fn seal(message: &mut Composer, settings: &Settings) -> Result<(), EncodeError> {
    message.seal(settings.mac, MAC_KEY)?.mark(&Sent::FIELDS);
    Ok(())
}

/// What the terminal keeps with a transaction from its first message on.
pub(crate) fn reference(trace: &str, batch: &str, entry_mode: &str) -> Vec<(String, String)> {
    let pairs = [("trace", trace), ("batch", batch), ("entry-mode", entry_mode)];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
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

/// The batch that this settlement closes, whatever a sign-in has said since: the one of its first message, where that is
/// remembered.
pub(crate) fn settling(context: &Context) -> Result<String, Fault> {
    let remembered = context.memory(SETTLING_MEMORY).and_then(|bytes| bytes.split_at_checked(BATCH_DIGITS));
    match remembered.filter(|(_, settlement)| *settlement == context.transaction.as_bytes()) {
        Some((batch, _)) => six_digits(batch, "the remembered batch of the settlement"),
        None => batch(context),
    }
}

/// What remembers it: the batch, and which settlement closes it.
pub(crate) fn remember_settling(context: &Context) -> Result<Effect, Fault> {
    let remembered = format!("{}{}", settling(context)?, context.transaction);
    Ok(Effect::Remember((SETTLING_MEMORY.to_owned(), remembered.into_bytes())))
}

/// The fault of something this protocol has no message for.
pub(crate) fn unsupported(what: &str) -> Fault {
    Fault::Unsupported(format!("this plugin does not do {what}"))
}

fn six_digits(bytes: &[u8], what: &str) -> Result<String, Fault> {
    let is_right = bytes.len() == 6 && bytes.iter().all(u8::is_ascii_digit);
    let digits = String::from_utf8(bytes.to_vec()).ok().filter(|_| is_right);
    digits.ok_or_else(|| Fault::Internal(format!("{what} is not six digits")))
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
