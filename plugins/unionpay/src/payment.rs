//! Payments with a card: sale 消费, pre-authorisation 预授权, balance 余额查询; and the beginning of a scanned one.

use sdk::iso8583::Reason;
use sdk::prelude::{
    Action, Amount, Context, Entry, Exchange, Fault, Gravity, Outcome, Owed, Payment, PaymentKind, Presented, Remedy,
    Reply, Standby, Step, Stray,
};

use crate::answer::Answer;
use crate::card;
use crate::codes::{self, Verdict};
use crate::descriptor::{ROUTE, TRACE_COUNTER};
use crate::ending::{self, Asked};
use crate::matrix::{Doubt, Kind};
use crate::reversal;
use crate::scan;
use crate::settings::Settings;
use crate::state::{Sent, State};
use crate::transaction::{Transaction, seal, unsupported};

/// The states of an operation this module begins.
pub(crate) const KINDS: [Kind; 3] = [Kind::Sale, Kind::Preauthorize, Kind::Balance];

/// Sends the payment, with the reversal that takes it back.
///
/// # Errors
/// A fault where the card, the amount or a parameter is not one this protocol can carry.
pub fn start(context: &Context, payment: &Payment) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let kind = Kind::of_payment(payment.kind);
    let card = carried(kind, payment)?;
    let transaction = Transaction::new(context, &settings, kind, payment.amount, Some(card.clone()))?;
    let mut message = transaction.request(context, &settings)?;
    let mut reference = transaction.reference();
    match kind {
        Kind::ScanToPay => reference.push(scan::write(&mut message, context, &settings, &transaction)?),
        _ => card::write_chip(&mut message, &card, context)?,
    }
    if kind == Kind::Balance {
        message.unset(4);
    }
    seal(&mut message, &settings)?;
    let composed = message.into_template(&settings.before);
    let state = transaction.state(&settings, Sent::of(&composed));
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: if kind == Kind::Balance { Gravity::Asks } else { Gravity::MovesMoney },
        timeout: settings.timeout_ms,
        uses: vec![TRACE_COUNTER.to_owned()],
        remedy: remedy(context, &settings, &transaction)?,
    };
    let mut step = Step::new(Action::Send(exchange), state.bytes());
    step.reference = reference;
    Ok(step)
}

/// Reads the answer. What is not final, not sealed or not in the table of codes is unknown, never declined.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, payment: &Payment, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &KINDS)?;
    let answer = Answer::hear(reply, known.kind.row().request + 0x10, &known)?;
    let Some(answer) = answer else { return Ok(Step::listen(Stray::Foreign, state)) };
    let owed = if payment.kind == PaymentKind::Balance { Owed::Inquiry } else { Owed::Reversal };
    let asked = Asked { amount: payment.amount, takes_part: payment.kind != PaymentKind::Balance, owed, group: "" };
    let mut step = ending::end(context, &settings, &known, &answer, &asked)?;
    if payment.kind == PaymentKind::Balance {
        told(&mut step, context, &answer, payment)?;
    }
    if let (Action::Finish(Outcome::Approved(approved)), Some(tip)) = (&mut step.action, payment.tip) {
        approved.receipt.push(("tip".to_owned(), decimal(tip)));
    }
    Ok(step)
}

/// The card of a payment, where this protocol can carry it.
fn carried(kind: Kind, payment: &Payment) -> Result<Presented, Fault> {
    if payment.cash.is_some() {
        return Err(unsupported("cash with a payment"));
    }
    let card = payment.card.clone().ok_or_else(|| unsupported("a payment without a card or a code"))?;
    let is_code = card.entry == Entry::CodeScan;
    match card.entry {
        _ if is_code != (kind == Kind::ScanToPay) => Err(unsupported("this payment with what was presented")),
        Entry::Stripe | Entry::ContactlessStripe if card.track_two_length == 0 => {
            Err(unsupported("a stripe without track 2"))
        }
        _ => Ok(card),
    }
}

/// What is done in doubt.
fn remedy(context: &Context, settings: &Settings, transaction: &Transaction) -> Result<Option<Remedy>, Fault> {
    let standby = || -> Result<Standby, Fault> { reversal::standby(context, transaction, settings) };
    Ok(match transaction.shape.doubt() {
        Doubt::Ask => None,
        Doubt::Inquire if scan::inquires(context)? => Some(Remedy::Inquire(Some(standby()?))),
        Doubt::Inquire | Doubt::Reverse | Doubt::Repeat => Some(Remedy::Undo(standby()?)),
    })
}

/// An amount as people write it: 12.34.
fn decimal(amount: Amount) -> String {
    let (digits, places) = (amount.minor.to_string(), usize::from(amount.exponent));
    let padded = format!("{}{digits}", "0".repeat((places + 1).saturating_sub(digits.len())));
    let (whole, part) = padded.split_at(padded.len().saturating_sub(places));
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

/// A balance inquiry is answered by DE54, or not at all: no money moved, so whatever is not final is a refusal.
fn told(step: &mut Step, context: &Context, answer: &Answer<'_>, payment: &Payment) -> Result<(), Fault> {
    match &mut step.action {
        Action::Finish(Outcome::Approved(_)) if ending::balance(answer, payment.amount).is_none() => {
            let expected = "a balance in the currency of the contract";
            Err(answer.need(54)?.wrong(Reason::Unexpected(expected)).into())
        }
        Action::Finish(outcome @ Outcome::Unknown(_)) if answer.is_sealed() => {
            if let Some(code) = codes::find(&answer.code).filter(|code| code.verdict == Verdict::NotFinal) {
                *outcome = Outcome::Declined(ending::declined(code, &context.locale));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
