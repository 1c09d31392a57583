//! Sign-in 签到 (A.4, A.10): work keys under the terminal master key, and the batch number.
//!
//! Layout 001 has keys of eight bytes, 003 of sixteen, 004 a key for tracks besides.

use sdk::iso8583::{Reason, Value};
use sdk::prelude::{Context, Effect, Fault, Gravity, NewKey, Outcome, Reply, Step, Stray, Wrapping};

use crate::answer::Answer;
use crate::calendar;
use crate::descriptor::{BATCH_MEMORY, MAC_KEY, MASTER_KEY, PIN_KEY, TRACK_KEY};
use crate::layouts::{CUSTOM, CUSTOM_BATCH};
use crate::managing::{self, DONE, Managing};
use crate::matrix::Kind;
use crate::parameters::{self, Source};
use crate::settings::Settings;
use crate::state::State;

const REQUEST: u16 = Kind::SignIn.row().request;
/// Bytes of a check value in DE62.
const CHECK_BYTES: usize = 4;
const SINGLE_KEY_BYTES: usize = 8;
const DOUBLE_KEY_BYTES: usize = 16;

/// What DE62 of an answer holds.
struct Layout {
    /// 60.3.
    code: &'static str,
    key_bytes: usize,
    /// What is said of a DE62 of another length.
    expected: &'static str,
    slots: &'static [&'static str],
}

const LAYOUTS: [Layout; 3] = [
    Layout {
        code: "001",
        key_bytes: SINGLE_KEY_BYTES,
        expected: "the 24 bytes of layout 001",
        slots: &[PIN_KEY, MAC_KEY],
    },
    Layout {
        code: "003",
        key_bytes: DOUBLE_KEY_BYTES,
        expected: "the 40 bytes of layout 003",
        slots: &[PIN_KEY, MAC_KEY],
    },
    Layout {
        code: "004",
        key_bytes: DOUBLE_KEY_BYTES,
        expected: "the 60 bytes of layout 004",
        slots: &[PIN_KEY, MAC_KEY, TRACK_KEY],
    },
];

/// Asks for work keys.
///
/// # Errors
/// A fault where a parameter, the trace counter or the remembered batch is not usable.
pub fn start(context: &Context) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let layout = Layout::of(context)?;
    let message = Managing {
        kind: Kind::SignIn,
        request: REQUEST,
        network_code: layout.code,
        gravity: Gravity::Asks,
        sealed: false,
        extra: Vec::new(),
    };
    message.send(context, &settings, |message| message.set(63, &settings.operator).map(drop))
}

/// Reads the answer: keys to install, the batch to adopt, the acquirer's clock.
///
/// # Errors
/// [`Fault::Malformed`] where the answer or its keys cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[Kind::SignIn])?;
    let answer = Answer::hear(reply, REQUEST + 0x10, &known)?;
    let Some(answer) = answer else { return Ok(Step::listen(Stray::Foreign, state)) };
    let mut step = if answer.code == DONE {
        let mut step = Step::finish(Outcome::Done, state);
        step.effects = effects(context, &answer)?;
        step
    } else {
        Step::finish(managing::declined(&answer.code, &context.locale), state)
    };
    // A sign-in is not sealed: the key that would seal it is what it brings.
    step.proofs = managing::echoes(&answer, &known, &settings);
    Ok(step)
}

fn effects(context: &Context, answer: &Answer<'_>) -> Result<Vec<Effect>, Fault> {
    let keys = Layout::of(context)?.keys(answer.need(62)?)?;
    let mut effects: Vec<Effect> = keys.into_iter().map(Effect::InstallKey).collect();
    let custom = answer.need(60)?;
    let batch = custom.part_of(CUSTOM, CUSTOM_BATCH).map(|(_, digits)| digits.collect::<Vec<_>>());
    let batch = batch.ok_or_else(|| custom.wrong(Reason::Unexpected("type and batch, eight digits or more")))?;
    effects.push(Effect::Remember((BATCH_MEMORY.to_owned(), batch)));
    effects.extend(calendar::infer(&context.now, &answer.text(12), &answer.text(13)).map(Effect::SetClock));
    Ok(effects)
}

impl Layout {
    /// The one this acquirer has.
    fn of(context: &Context) -> Result<&'static Self, Fault> {
        let source = Source(context);
        for layout in &LAYOUTS {
            if source.is(parameters::SIGN_IN_LAYOUT, layout.code)? {
                return Ok(layout);
            }
        }
        Err(parameters::bad(parameters::SIGN_IN_LAYOUT, "001, 003 or 004").into())
    }

    /// The keys of DE62 (A.10), each with its check value.
    fn keys(&self, block: Value<'_>) -> Result<Vec<NewKey>, Fault> {
        let bytes = self.key_bytes + CHECK_BYTES;
        if block.bytes().len() != bytes * self.slots.len() {
            return Err(block.wrong(Reason::Unexpected(self.expected)).into());
        }
        let keys = block.bytes().chunks(bytes).zip(self.slots);
        Ok(keys.map(|(key, slot)| new_key(slot, key, self.key_bytes)).collect())
    }
}

fn new_key(slot: &str, bytes: &[u8], key_bytes: usize) -> NewKey {
    let (key, check_value) = bytes.split_at_checked(key_bytes).unwrap_or((bytes, &[]));
    NewKey {
        name: slot.to_owned(),
        under: MASTER_KEY.to_owned(),
        wrapping: Wrapping::TdesEcb,
        block: unpadded(key).to_vec(),
        check_value: Some(check_value.to_vec()),
    }
}

/// A single-length key stands in sixteen bytes of which the last eight are zero.
fn unpadded(block: &[u8]) -> &[u8] {
    match block.split_at_checked(SINGLE_KEY_BYTES) {
        Some((single, rest)) if rest.iter().all(|byte| *byte == 0) => single,
        _ => block,
    }
}
