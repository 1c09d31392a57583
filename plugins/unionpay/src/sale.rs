//! Sale 消费 by stripe, with or without a PIN, or by a keyed number (A.3, A.5, A.12).

use sdk::iso8583::Composer;
use sdk::prelude::{
    Action, Amount, Approved, Context, Declined, Echoed, Effect, Exchange, Fault, Gravity, Node, OperationKind,
    Outcome, Owed, Payment, Proof, Remedy, Reply, Secret, Step, Stray, Unknown,
};

use crate::answer::Answer;
use crate::codes::{self, NextStep, Verdict};
use crate::descriptor::{MAC_KEY, PIN_KEY, ROUTE, TRACE_COUNTER};
use crate::fields::TABLE;
use crate::purchase::{self, MESSAGE_TYPE, Purchase, secret};
use crate::reversal;
use crate::settings::Settings;
use crate::state::{Kind, Sent, State};

const REQUEST: u16 = 0x0200;
const ANSWER: u16 = 0x0210;
/// DE26: the longest PIN taken.
const PIN_DIGITS_MAX: &str = "12";
const PIN_BLOCK_BYTES: usize = 8;
/// 60.3 unused, and 60.5: the chip of this card was tried first and failed.
const NO_MANAGEMENT_CODE: &str = "000";
const CHIP_FAILED: &str = "2";
/// DE63.1 of cards that settle as foreign ones.
const FOREIGN_SCHEMES: [&str; 6] = ["AMX", "DCC", "JCB", "MAE", "MCC", "VIS"];

/// Sends the sale, with the reversal that takes it back.
///
/// # Errors
/// A fault where the card, the amount or a parameter is not one this protocol can carry.
pub fn start(context: &Context, payment: &Payment) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let purchase = Purchase::new(context, &settings, payment)?;
    let request = request(&purchase, context, &settings)?.into_template(&settings.before);
    let (standby, undo) = reversal::standby(context, &purchase, &settings)?;
    let state = State {
        kind: Kind::Sale,
        trace: purchase.trace.clone(),
        batch: purchase.batch.clone(),
        entry_mode: purchase.entry_mode.clone(),
        terminal: settings.terminal.clone(),
        sent: Sent::of(&request),
        undo,
    };
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: request.message,
        gravity: Gravity::MovesMoney,
        timeout: settings.timeout_ms,
        uses: vec![TRACE_COUNTER.to_owned()],
        remedy: Some(Remedy::Undo(standby)),
    };
    let mut step = Step::new(Action::Send(exchange), state.bytes());
    step.reference = purchase.reference();
    Ok(step)
}

/// Reads the answer. What is not final, not sealed or not in the table of codes is unknown, never declined.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, payment: &Payment, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[Kind::Sale])?;
    let Some(answer) = Answer::hear(reply, ANSWER, &known)? else { return Ok(Step::listen(Stray::Foreign, state)) };
    let outcome = outcome(&answer, payment.amount, &context.locale)?;
    let found = codes::find(&answer.code);
    let mut step = Step::finish(outcome, state);
    step.proofs = answer.proofs(&known.sent, settings.mac);
    if found.is_some_and(|code| code.verdict == Verdict::Partial) {
        // DE4 of a partial approval is the lesser amount; only the seal speaks for it.
        step.proofs.retain(|proof| !matches!(proof, Proof::Echo(echo) if echo.what == Echoed::Amount));
    }
    if found.is_some_and(|code| code.next_step() == NextStep::SignIn) {
        step.effects.push(Effect::Request((OperationKind::SignIn, None)));
    }
    step.reference = reference(&known, &answer);
    Ok(step)
}

fn request<'t>(purchase: &Purchase, context: &Context, settings: &Settings) -> Result<Composer<'t>, Fault> {
    let card = &purchase.card;
    let mut message = Composer::new(&TABLE, REQUEST);
    purchase.write_common(&mut message, settings)?;
    if card.track_two_length > 0 {
        message.hole(35, usize::from(card.track_two_length), secret(Secret::TrackTwo))?;
    } else {
        purchase.write_card(&mut message)?;
    }
    if card.pin_length > 0 {
        message
            .set(26, PIN_DIGITS_MAX)?
            .hole(52, PIN_BLOCK_BYTES, Node::PinBlock(PIN_KEY.to_owned()))?
            .set(53, &settings.security_control)?;
    }
    if card.fell_back {
        let (batch, reads) = (&purchase.batch, read_ability(context));
        message.set(60, &format!("{MESSAGE_TYPE}{batch}{NO_MANAGEMENT_CODE}{reads}{CHIP_FAILED}"))?;
    }
    message.seal(settings.mac, MAC_KEY).mark(&Sent::FIELDS);
    Ok(message)
}

/// 60.4: what the terminal can read.
fn read_ability(context: &Context) -> char {
    use sdk::prelude::Reader::{Contact, Contactless, Stripe};
    let reads = &context.device.reads;
    let abilities = [(Contactless, '6'), (Contact, '5'), (Stripe, '2')];
    abilities.into_iter().find(|(reader, _)| reads.contains(reader)).map_or('0', |(_, ability)| ability)
}

fn outcome(answer: &Answer<'_>, asked: Amount, locale: &str) -> Result<Outcome, Fault> {
    let unknown = || Outcome::Unknown(Unknown { code: answer.code.clone(), owed: Owed::Reversal });
    // An answer without a MAC proves nothing, whatever it says.
    let Some(code) = codes::find(&answer.code).filter(|_| answer.is_sealed()) else { return Ok(unknown()) };
    Ok(match code.verdict {
        Verdict::NotFinal => unknown(),
        Verdict::Approved => Outcome::Approved(approved(answer, asked, None)),
        Verdict::Defective => Outcome::Approved(approved(answer, asked, Some(code.sentence(locale)))),
        Verdict::Partial => match answer.need(4)?.text().parse() {
            Ok(minor) if minor > 0 && minor <= asked.minor => {
                Outcome::Approved(approved(answer, Amount { minor, ..asked }, None))
            }
            _ => unknown(),
        },
        Verdict::Declined(reason) | Verdict::Captured(reason) => Outcome::Declined(Declined {
            code: code.code.to_owned(),
            reason,
            message: code.sentence(locale).to_owned(),
            capture_card: matches!(code.verdict, Verdict::Captured(_)),
        }),
    })
}

fn approved(answer: &Answer<'_>, amount: Amount, note: Option<&str>) -> Approved {
    let is_foreign = FOREIGN_SCHEMES.iter().any(|scheme| answer.text(63).starts_with(scheme));
    Approved {
        authorization: answer.text(38),
        retrieval_reference: answer.text(37),
        chip_data: answer.fields.get(55).map(|value| value.bytes().to_vec()).unwrap_or_default(),
        settlement_group: if is_foreign { "foreign" } else { "domestic" }.to_owned(),
        receipt: receipt(answer, note),
        ..Approved::of(amount)
    }
}

/// What the receipt shows beside amount and authorisation; DE44 is issuer (11) and acquirer (11).
fn receipt(answer: &Answer<'_>, note: Option<&str>) -> Vec<(String, String)> {
    let banks = answer.fields.get(44).map(|value| value.bytes()).unwrap_or_default();
    let (issuer, acquirer) = banks.split_at_checked(11).unwrap_or((banks, &[]));
    let bank = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let custom = answer.text(60);
    let lines = [
        ("merchant", answer.text(42)),
        ("terminal", answer.text(41)),
        ("batch", custom.get(2..8).unwrap_or_default().to_owned()),
        ("trace", answer.text(11)),
        ("date", answer.text(13)),
        ("time", answer.text(12)),
        ("issuer", bank(issuer)),
        ("acquirer", bank(acquirer)),
        ("note", note.unwrap_or_default().to_owned()),
    ];
    let filled = lines.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a void, a refund or a reversal will need of this sale.
fn reference(known: &State, answer: &Answer<'_>) -> Vec<(String, String)> {
    let answered = [("rrn", 37), ("authorization", 38), ("date", 13), ("time", 12), ("settlement-date", 15)];
    let answered = answered.into_iter().map(|(name, number)| (name.to_owned(), answer.text(number)));
    let kept = purchase::reference(&known.trace, &known.batch, &known.entry_mode);
    kept.into_iter().chain(answered.filter(|(_, value)| !value.is_empty())).collect()
}
