//! What is told and not asked: a payment the card approved offline 离线结算, a tip added later 结算调整, and what an
//! issuer's scripts did to the card 脚本结果 (A.3, A.7, A.14). Each is repeated until it is answered.

use sdk::iso8583::Composed;
use sdk::prelude::{
    Action, Amount, Context, Effect, Exchange, Fault, FollowUp, FollowUpKind, Gravity, OperationKind, Original,
    OriginalLookup, Outcome, Owed, Remedy, Reply, Step, Stray, Subject,
};

use crate::answer::Answer;
use crate::card;
use crate::codes::{self, NextStep, Verdict};
use crate::descriptor::{ROUTE, TRACE_COUNTER};
use crate::ending;
use crate::layouts::{CUSTOM, write_original};
use crate::matrix::{Kind, Shape};
use crate::parameters::{self, Source};
use crate::repetition;
use crate::settings::Settings;
use crate::state::{Sent, State};
use crate::transaction::{Transaction, batch, next_trace, seal, unsupported};

/// DE55 of a script report (A.8).
pub(crate) const SCRIPT_TAGS: [u32; 11] =
    [0x9F33, 0x95, 0x9F37, 0x9F1E, 0x9F10, 0x9F26, 0x9F36, 0x82, 0xDF31, 0x9F1A, 0x9A];
/// The states of an operation this module begins.
const KINDS: [Kind; 3] = [Kind::OfflineSale, Kind::Tip, Kind::ReportScripts];

/// A message about an earlier transaction.
struct Advice<'o> {
    transaction: Transaction,
    original: &'o Original,
    /// Whether it goes under a trace of its own.
    is_numbered: bool,
}

/// Tells the acquirer.
///
/// # Errors
/// A fault where the original is not one this plugin made, or a parameter is not usable.
pub(crate) fn start(context: &Context, follow_up: &FollowUp) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let Subject::Known(original) = &follow_up.of else {
        return Err(unsupported("this about a transaction made elsewhere"));
    };
    let advice = match follow_up.kind {
        FollowUpKind::ReportScripts => Advice::of_scripts(context, &settings, original)?,
        _ if is_answered(original) => Advice::of_tip(context, &settings, original, follow_up.amount)?,
        _ => Advice::of_offline(context, &settings, original, follow_up.amount)?,
    };
    let composed = advice.compose(&advice.transaction, context, &settings)?;
    let transaction = &advice.transaction;
    let marked = repetition::marked(context, transaction)?;
    let again = marked.map(|marked| advice.compose(&marked, context, &settings)).transpose()?;
    let state = transaction.state(&settings, Sent::of(&composed));
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message.clone(),
        gravity: Gravity::Owes,
        timeout: settings.timeout_ms,
        uses: if advice.is_numbered { vec![TRACE_COUNTER.to_owned()] } else { Vec::new() },
        remedy: Some(Remedy::Repeat(repetition::standby(context, &settings, transaction, composed, again)?)),
    };
    let mut step = Step::new(Action::Send(exchange), state.bytes());
    let group = original.referred("group").ok().map(|group| ("group".to_owned(), group.to_owned()));
    step.reference = transaction.reference().into_iter().chain(group).collect();
    Ok(step)
}

/// Reads the answer, to the first message or to its repetition.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub(crate) fn resume(context: &Context, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &KINDS)?;
    let answer = Answer::hear(reply, known.kind.row().request + 0x10, &known)?;
    let Some(answer) = answer else { return Ok(Step::listen(Stray::Foreign, state)) };
    let found = codes::find(&answer.code).filter(|_| answer.is_sealed());
    let outcome = match found.map(|code| code.verdict) {
        Some(Verdict::Approved | Verdict::Defective) => Outcome::Acknowledged(answer.code.clone()),
        Some(Verdict::Declined(_) | Verdict::Captured(_)) => Outcome::Refused(answer.code.clone()),
        // A lesser amount than was taken is no acknowledgement of it.
        Some(Verdict::Partial | Verdict::NotFinal) | None => ending::unknown(&answer.code, Owed::Repetition),
    };
    let mut step = Step::finish(outcome, state);
    if found.is_some_and(|code| code.next_step() == NextStep::SignIn) {
        step.effects.push(Effect::Request((OperationKind::SignIn, None)));
    }
    step.proofs = answer.proofs(&known.sent, settings.mac);
    Ok(step)
}

/// Whether the acquirer ever answered it; a payment the card approved alone it never saw.
fn is_answered(original: &Original) -> bool {
    ["rrn", "authorization"].iter().any(|name| original.referred(name).is_ok_and(|value| !value.is_empty()))
}

impl<'o> Advice<'o> {
    /// The payment itself, told late: under its own trace, where it has one.
    fn of_offline(
        context: &Context,
        settings: &Settings,
        original: &'o Original,
        amount: Amount,
    ) -> Result<Self, Fault> {
        let card = original.card.as_ref().map(card::kept).ok_or_else(|| unsupported("this without a card"))?;
        let entry_mode = card::entry_mode(&card);
        let is_numbered = original.referred("trace").is_err();
        let transaction = match is_numbered {
            true => Transaction::new(context, settings, Kind::OfflineSale, amount, Some(card))?,
            false => Transaction {
                shape: Shape::of(Kind::OfflineSale, context)?,
                amount,
                entry_mode,
                ..Transaction::earlier(context, settings, original)?
            },
        };
        Ok(Advice { transaction, original, is_numbered })
    }

    /// The new total, or the tip alone.
    fn of_tip(context: &Context, settings: &Settings, original: &'o Original, tip: Amount) -> Result<Self, Fault> {
        let too_much = || unsupported("an amount of more than twelve digits");
        let is_total = Source(context).is(parameters::TIP_AMOUNT, "total")?;
        let before = if is_total { ending::taken_minor(original) } else { 0 };
        let amount = Amount { minor: before.checked_add(tip.minor).ok_or_else(too_much)?, ..tip };
        let card = original.card.as_ref().map(|card| card::absent(card, context)).transpose()?;
        let transaction = Transaction::new(context, settings, Kind::Tip, amount, card)?;
        Ok(Advice { transaction, original, is_numbered: true })
    }

    /// The original's own fields under a trace of the report.
    fn of_scripts(context: &Context, settings: &Settings, original: &'o Original) -> Result<Self, Fault> {
        let earlier = Transaction::earlier(context, settings, original)?;
        let row = Kind::ReportScripts.row();
        let shape =
            Shape { kind: row.kind, request: row.request, message_type: row.message_type.to_owned(), ..earlier.shape };
        let (trace, batch) = (next_trace(context)?, batch(context)?);
        Ok(Advice { transaction: Transaction { shape, trace, batch, ..earlier }, original, is_numbered: true })
    }

    /// The message; it holds no PIN and no track, so that it is its own repetition.
    fn compose(&self, transaction: &Transaction, context: &Context, settings: &Settings) -> Result<Composed, Fault> {
        let original = self.original;
        let kind = transaction.shape.kind;
        let mut message = transaction.request(context, settings)?;
        if kind == Kind::OfflineSale {
            if let Some(card) = &transaction.card {
                card::write_chip(&mut message, card, context)?;
            }
        } else {
            for (number, name) in [(37, "rrn"), (38, "authorization")] {
                if let Ok(value) = original.referred(name) {
                    message.set(number, value)?;
                }
            }
            let (batch, trace) = (original.referred("batch")?, original.referred("trace")?);
            let date = original.referred("date").unwrap_or_default();
            write_original(&mut message, batch, trace, date)?;
        }
        if kind == Kind::ReportScripts {
            if let Ok(acquirer) = original.referred("acquirer-id") {
                message.set(32, acquirer)?;
            }
            let code = Kind::ReportScripts.row().network_code;
            message.set_parts_of(60, CUSTOM, &[&transaction.shape.message_type, &transaction.batch, code])?;
            message.measured(55, card::chip_data(&SCRIPT_TAGS))?;
        }
        seal(&mut message, settings)?;
        Ok(message.into_template(&settings.before))
    }
}
