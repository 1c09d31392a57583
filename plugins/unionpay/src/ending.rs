//! How a transaction ends by its answer, the same for all that move money or ask about a card.

use sdk::lookup::LookupError;
use sdk::prelude::{
    Action, Amount, Approved, Balance, Context, Declined, Echoed, Effect, Fault, OperationKind, Original,
    OriginalLookup, Outcome, Owed, Proof, Step, Unknown,
};

use crate::answer::Answer;
use crate::codes::{self, NextStep, Verdict};
use crate::layouts::BALANCE;
use crate::parameters::{self, Source};
use crate::settings::Settings;
use crate::state::State;
use crate::transaction;

/// Settlement groups, as the totals of a settlement name them (A.9).
pub(crate) const DOMESTIC: &str = "domestic";
pub(crate) const FOREIGN: &str = "foreign";
/// What was approved, where that is less than was asked for; among what the terminal keeps.
const APPROVED: &str = "approved";

/// What a transaction asked for, against which its answer is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub amount: Amount,
    /// Whether less than that may be approved.
    pub takes_part: bool,
    /// What is owed where the answer settles nothing.
    pub owed: Owed,
    /// The settlement group of what it refers to; empty where the answer alone tells.
    pub group: &'a str,
}

/// Ends the transaction of this state by its answer: the outcome, what must be proven for it, what is kept.
pub(crate) fn end(
    context: &Context,
    settings: &Settings,
    known: &State,
    answer: &Answer<'_>,
    asked: &Asked<'_>,
) -> Result<Step, Fault> {
    let found = codes::find(&answer.code);
    let outcome = outcome(context, known, answer, asked)?;
    let is_partial = matches!(&outcome, Outcome::Approved(approved) if approved.amount != asked.amount);
    let group = match &outcome {
        Outcome::Approved(approved) => approved.settlement_group.clone(),
        _ => String::new(),
    };
    let mut step = Step::finish(outcome, &known.bytes());
    step.proofs = answer.proofs(&known.sent, settings.mac);
    if is_partial {
        // DE4 of a partial approval is the lesser amount; only the seal speaks for it.
        step.proofs.retain(|proof| !matches!(proof, Proof::Echo(echo) if echo.what == Echoed::Amount));
    }
    if found.is_some_and(|code| code.next_step() == NextStep::SignIn) {
        step.effects.push(Effect::Request((OperationKind::SignIn, None)));
    }
    step.reference = reference(known, answer, group);
    if let (true, Action::Finish(Outcome::Approved(approved))) = (is_partial, &step.action) {
        step.reference.push((APPROVED.to_owned(), approved.amount.minor.to_string()));
    }
    Ok(step)
}

/// What an earlier transaction came to, in minor units.
pub(crate) fn taken_minor(original: &Original) -> u64 {
    let part = original.referred(APPROVED).ok().and_then(|minor| minor.parse().ok());
    part.unwrap_or(original.amount.minor)
}

/// Nobody knows how it ended.
pub(crate) fn unknown(code: &str, owed: Owed) -> Outcome {
    Outcome::Unknown(Unknown { code: code.to_owned(), owed })
}

/// DE54, where it speaks of the contract's currency.
pub(crate) fn balance(answer: &Answer<'_>, like: Amount) -> Option<Balance> {
    let told = answer.fields.get(54)?;
    let part = |index| Some(told.part_of(BALANCE, index)?.1.map(char::from).collect::<String>());
    let negative = match part(3)?.as_str() {
        "C" => false,
        "D" => true,
        _ => return None,
    };
    let is_ours = part(2)?.parse() == Ok(like.currency);
    let digits = part(4).filter(|digits| is_ours && digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    Some(Balance { amount: Amount { minor: digits.parse().ok()?, ..like }, negative })
}

fn outcome(context: &Context, known: &State, answer: &Answer<'_>, asked: &Asked<'_>) -> Result<Outcome, Fault> {
    let unknown = || unknown(&answer.code, asked.owed);
    let locale = &context.locale;
    // An answer without a MAC proves nothing, whatever it says.
    let Some(code) = codes::find(&answer.code).filter(|_| answer.is_sealed()) else { return Ok(unknown()) };
    let approved = |amount, note| {
        let receipt = receipt(known, answer, note);
        Ok::<_, Fault>(Outcome::Approved(approved(context, answer, asked, amount, receipt)?))
    };
    match code.verdict {
        Verdict::NotFinal => Ok(unknown()),
        Verdict::Approved => approved(asked.amount, None),
        Verdict::Defective => approved(asked.amount, Some(code.sentence(locale))),
        Verdict::Partial => match answer.need(4)?.text().parse() {
            Ok(minor) if asked.takes_part && minor > 0 && minor <= asked.amount.minor => {
                approved(Amount { minor, ..asked.amount }, None)
            }
            _ => Ok(unknown()),
        },
        Verdict::Declined(_) | Verdict::Captured(_) => {
            Ok(Outcome::Declined(Declined { chip_data: chip_data(answer), ..declined(code, locale) }))
        }
    }
}

/// A decline in the words every protocol shares.
pub(crate) fn declined(code: &codes::Code, locale: &str) -> Declined {
    Declined {
        code: code.code.to_owned(),
        reason: code.reason(),
        message: code.sentence(locale).to_owned(),
        capture_card: matches!(code.verdict, Verdict::Captured(_)),
        chip_data: Vec::new(),
    }
}

/// What the issuer says to the card (DE55 of an answer); it may do so while it declines.
fn chip_data(answer: &Answer<'_>) -> Vec<u8> {
    answer.fields.get(55).map(|value| value.bytes().to_vec()).unwrap_or_default()
}

fn approved(
    context: &Context,
    answer: &Answer<'_>,
    asked: &Asked<'_>,
    amount: Amount,
    receipt: Vec<(String, String)>,
) -> Result<Approved, LookupError> {
    let is_foreign = Source(context).value(parameters::FOREIGN_SCHEMES)?.split(',').any(|scheme| {
        let scheme = scheme.trim();
        !scheme.is_empty() && answer.text(63).starts_with(scheme)
    });
    let by_answer = if is_foreign { FOREIGN } else { DOMESTIC };
    Ok(Approved {
        authorization: answer.text(38),
        retrieval_reference: answer.text(37),
        chip_data: chip_data(answer),
        balance: balance(answer, amount),
        settlement_group: if asked.group.is_empty() { by_answer } else { asked.group }.to_owned(),
        receipt,
        ..Approved::of(amount)
    })
}

/// What the receipt shows beside amount and authorisation; DE44 is issuer (11) and acquirer (11).
fn receipt(known: &State, answer: &Answer<'_>, note: Option<&str>) -> Vec<(String, String)> {
    let banks = answer.fields.get(44).map(|value| value.bytes()).unwrap_or_default();
    let (issuer, acquirer) = banks.split_at_checked(11).unwrap_or((banks, &[]));
    let bank = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let lines = [
        ("merchant", answer.text(42)),
        ("terminal", answer.text(41)),
        ("batch", known.batch.clone()),
        ("trace", known.trace.clone()),
        ("date", answer.text(13)),
        ("time", answer.text(12)),
        ("issuer", bank(issuer)),
        ("acquirer", bank(acquirer)),
        ("note", note.unwrap_or_default().to_owned()),
    ];
    let filled = lines.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a void, a refund, a completion or a reversal will need of this transaction.
fn reference(known: &State, answer: &Answer<'_>, group: String) -> Vec<(String, String)> {
    let answered =
        [("rrn", 37), ("authorization", 38), ("date", 13), ("time", 12), ("settlement-date", 15), ("acquirer-id", 32)];
    let answered = answered.into_iter().map(|(name, number)| (name.to_owned(), answer.text(number)));
    let scheme = answer.text(63).get(..3).unwrap_or_default().to_owned();
    let more = [("scheme".to_owned(), scheme), ("group".to_owned(), group)];
    let kept = transaction::reference(&known.trace, &known.batch, &known.entry_mode);
    kept.into_iter().chain(answered.chain(more).filter(|(_, value)| !value.is_empty())).collect()
}
