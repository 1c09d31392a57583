//! The echo test: 0800, answered by 0810. No money stands behind it, so it is not sealed.

use sdk::iso8583::Composer;
use sdk::prelude::{
    Action, Context, ContextLookup, Declined, Exchange, Fault, Gravity, Outcome, Reason, Reply, Step, Stray,
};

use crate::answer::{Answer, ECHOED, Sent};
use crate::fields::TABLE;
use crate::sale::trace;
use crate::settings::Settings;
use crate::{ROUTE, TRACE_COUNTER};

const REQUEST: u16 = 0x0800;
const DONE: &str = "00";

/// Sends it.
pub(crate) fn start(context: &Context) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let trace = trace(context.counter(TRACE_COUNTER)?)?;
    let mut message = Composer::new(&TABLE, REQUEST);
    message.set(11, &trace)?.set(41, settings.terminal)?.set(42, settings.merchant)?.mark(&ECHOED);
    let composed = message.into_template(&[]);
    let state = Sent::of(&trace, &composed).bytes();
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::Asks,
        timeout: settings.timeout,
        uses: vec![TRACE_COUNTER.to_owned()],
        remedy: None,
    };
    Ok(Step::new(Action::Send(exchange), state))
}

/// Reads the answer.
pub(crate) fn resume(state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let sent = Sent::read(state)?;
    let Some(answer) = Answer::hear(reply, REQUEST + 0x10, &sent)? else {
        return Ok(Step::listen(Stray::Foreign, state));
    };
    let outcome = match answer.code.as_str() {
        DONE => Outcome::Done,
        _ => Outcome::Declined(Declined {
            code: answer.code.clone(),
            reason: Reason::Other,
            message: String::new(),
            capture_card: false,
            chip_data: Vec::new(),
        }),
    };
    let mut step = Step::finish(outcome, state);
    step.proofs = answer.proofs(&sent);
    Ok(step)
}
