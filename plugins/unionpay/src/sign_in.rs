//! Sign-in 签到, layout 003 (A.4, A.10): work keys under the terminal master key, and the batch number.

use sdk::iso8583::{Composer, Reason, Value};
use sdk::prelude::{
    Action, Context, Declined, Effect, Exchange, Fault, Gravity, NewKey, Outcome, Reply, Step, Stray, Wrapping,
};

use crate::answer::Answer;
use crate::calendar;
use crate::codes;
use crate::descriptor::{BATCH_MEMORY, MAC_KEY, MASTER_KEY, PIN_KEY, ROUTE, TRACE_COUNTER};
use crate::fields::TABLE;
use crate::matrix::Kind;
use crate::settings::Settings;
use crate::state::{NO_ENTRY_MODE, NO_PROCESSING_CODE, Sent, State};
use crate::transaction::{batch, next_trace};

const REQUEST: u16 = 0x0800;
const ANSWER: u16 = 0x0810;
/// 60.1 of every message that manages the terminal.
const MESSAGE_TYPE: &str = "00";
/// 60.3: double-length PIN key, MAC key of either length.
const LAYOUT: &str = "003";
/// DE62 of layout 003: PIK 16, check value 4, MAK 16, check value 4.
const KEY_BYTES: usize = 16;
const CHECK_BYTES: usize = 4;
const SINGLE_KEY_BYTES: usize = 8;

/// Asks for work keys.
///
/// # Errors
/// A fault where a parameter, the trace counter or the remembered batch is not usable.
pub fn start(context: &Context) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let (trace, batch) = (next_trace(context)?, batch(context)?);
    let mut message = Composer::new(&TABLE, REQUEST);
    message
        .set(11, &trace)?
        .set(41, &settings.terminal)?
        .set(42, &settings.merchant)?
        .set(60, &format!("{MESSAGE_TYPE}{batch}{LAYOUT}"))?
        .set(63, &settings.operator)?
        .mark(&Sent::FIELDS);
    let composed = message.into_template(&settings.before);
    let sent = Sent::of(&composed);
    let state = State {
        kind: Kind::SignIn,
        trace,
        batch,
        entry_mode: NO_ENTRY_MODE.to_owned(),
        terminal: settings.terminal,
        processing: NO_PROCESSING_CODE.to_owned(),
        sent,
        extra: Vec::new(),
    };
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::Asks,
        timeout: settings.timeout_ms,
        uses: vec![TRACE_COUNTER.to_owned()],
        remedy: None,
    };
    Ok(Step::new(Action::Send(exchange), state.bytes()))
}

/// Reads the answer: keys to install, the batch to adopt, the acquirer's clock.
///
/// # Errors
/// [`Fault::Malformed`] where the answer or its keys cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[Kind::SignIn])?;
    let Some(answer) = Answer::hear(reply, ANSWER, &known)? else { return Ok(Step::listen(Stray::Foreign, state)) };
    let proofs = answer.proofs(&known.sent, settings.mac);
    let mut step = if answer.code == "00" {
        let mut step = Step::finish(Outcome::Done, state);
        step.effects = effects(context, &answer)?;
        step
    } else {
        Step::finish(declined(&answer.code, &context.locale), state)
    };
    // A sign-in is not sealed: the key that would seal it is what it brings.
    step.proofs = proofs.into_iter().filter(|proof| matches!(proof, sdk::prelude::Proof::Echo(_))).collect();
    Ok(step)
}

fn effects(context: &Context, answer: &Answer<'_>) -> Result<Vec<Effect>, Fault> {
    let mut effects: Vec<Effect> = keys(answer.need(62)?)?.into_iter().map(Effect::InstallKey).collect();
    let custom = answer.need(60)?;
    let batch = custom.text().get(2..8).map(str::to_owned);
    let batch = batch.ok_or_else(|| custom.error(Reason::Unexpected("type and batch, eight digits or more".into())))?;
    effects.push(Effect::Remember((BATCH_MEMORY.to_owned(), batch.into_bytes())));
    effects.extend(calendar::infer(&context.now, &answer.text(12), &answer.text(13)).map(Effect::SetClock));
    Ok(effects)
}

/// PIK and MAK of DE62 (A.10).
fn keys(block: Value<'_>) -> Result<[NewKey; 2], Fault> {
    let (slot, rest) = (KEY_BYTES + CHECK_BYTES, block.bytes());
    let (Some(pik), Some(mak), true) = (rest.get(..slot), rest.get(slot..), rest.len() == 2 * slot) else {
        return Err(block.error(Reason::Unexpected("the 40 bytes of layout 003".to_owned())).into());
    };
    let (pik, pik_check) = pik.split_at(KEY_BYTES);
    let (mak, mak_check) = mak.split_at(KEY_BYTES);
    Ok([key(PIN_KEY, pik, pik_check), key(MAC_KEY, unpadded(mak), mak_check)])
}

/// A single-length key stands in sixteen bytes of which the last eight are zero.
fn unpadded(block: &[u8]) -> &[u8] {
    match block.split_at_checked(SINGLE_KEY_BYTES) {
        Some((single, rest)) if rest.iter().all(|byte| *byte == 0) => single,
        _ => block,
    }
}

fn key(name: &str, block: &[u8], check_value: &[u8]) -> NewKey {
    NewKey {
        name: name.to_owned(),
        under: MASTER_KEY.to_owned(),
        wrapping: Wrapping::TdesEcb,
        block: block.to_vec(),
        check_value: Some(check_value.to_vec()),
    }
}

/// No money stands behind a sign-in: whatever is not 00 is a refusal.
fn declined(code: &str, locale: &str) -> Outcome {
    let (reason, message) = match codes::find(code) {
        Some(found) => (found.reason(), found.sentence(locale).to_owned()),
        None => (sdk::prelude::Reason::Other, String::new()),
    };
    Outcome::Declined(Declined { code: code.to_owned(), reason, message, capture_card: false })
}
