//! Sign-off 签退 and echo test 回响测试 (A.3): 0820, no MAC.

use sdk::prelude::{Context, Effect, Fault, Gravity, Outcome, Reply, Step, Stray};

use crate::answer::Answer;
use crate::descriptor::{MAC_KEY, PIN_KEY, TRACK_KEY};
use crate::managing::{self, DONE, Managing};
use crate::matrix::Kind;
use crate::settings::Settings;
use crate::state::State;

/// Says good-bye, or asks whether someone is there.
///
/// # Errors
/// A fault where a parameter, the trace counter or the remembered batch is not usable.
pub(crate) fn start(context: &Context, kind: Kind) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let row = kind.row();
    let asks = Gravity::Asks;
    let (request, network_code) = (row.request, row.network_code);
    let message = Managing { kind, request, network_code, gravity: asks, sealed: false, extra: Vec::new() };
    message.send(context, &settings, |_| Ok(()))
}

/// Reads the answer. After a sign-off the work keys are gone on both sides.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub(crate) fn resume(context: &Context, kind: Kind, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[kind])?;
    let answer = Answer::hear(reply, kind.row().request + 0x10, &known)?;
    let Some(answer) = answer else { return Ok(Step::listen(Stray::Foreign, state)) };
    let is_done = answer.code == DONE;
    let outcome = if is_done { Outcome::Done } else { managing::declined(&answer.code, &context.locale) };
    let mut step = Step::finish(outcome, state);
    if is_done && kind == Kind::SignOff {
        let slots = [PIN_KEY, MAC_KEY, TRACK_KEY].map(str::to_owned);
        step.effects.push(Effect::DropKeys(slots.to_vec()));
    }
    step.proofs = managing::echoes(&answer, &known, &settings);
    Ok(step)
}
