//! The echo test.

use sdk::prelude::{Action, Context, Declined, Exchange, Fault, Gravity, Outcome, Reason, Reply, Step};

use crate::answer::{Answer, Heard, order_of};
use crate::message::{Common, next_order};
use crate::settings::Settings;
use crate::{ORDER_COUNTER, ROUTE};

const DONE: &str = "alive";

/// Sends it.
pub(crate) fn start(context: &Context) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let order = next_order(context)?;
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: Common { terminal: settings.terminal, order: &order, amount: None }.message("/v1/echo", [])?,
        gravity: Gravity::Asks,
        timeout: settings.timeout,
        uses: vec![ORDER_COUNTER.to_owned()],
        remedy: None,
    };
    Ok(Step::new(Action::Send(exchange), order.into_bytes()))
}

/// Reads the answer.
pub(crate) fn resume(state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    order_of(state)?;
    let (outcome, proofs) = match Answer::hear(reply)? {
        Heard::Nothing(status) => (declined(status.to_string()), Vec::new()),
        Heard::Answer(answer) if answer.result() == Some(DONE) => (Outcome::Done, answer.proofs()),
        Heard::Answer(answer) => (declined(answer.text("code").to_owned()), answer.proofs()),
    };
    let mut step = Step::finish(outcome, state);
    step.proofs = proofs;
    Ok(step)
}

fn declined(code: String) -> Outcome {
    let (reason, message) = (Reason::Other, String::new());
    Outcome::Declined(Declined { code, reason, message, capture_card: false, chip_data: Vec::new() })
}
