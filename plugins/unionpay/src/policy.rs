//! What now, after a failed exchange; and when to try a debt again.

use sdk::prelude::{
    Attempt, Context, Debt, Decision, Delivery, Failure, Gravity, Milliseconds, Name, OperationKind, Patience, Resend,
    Situation,
};

use crate::descriptor::ROUTE;
use crate::matrix::{Doubt, Kind, Shape};
use crate::parameters::{self, Source};
use crate::scan;

/// Tries of a sale of which no byte ever left: the first and two more, while the customer waits.
const UNSENT_TRIES_MAX: usize = 3;
/// Tries of a message that only asks.
const ASKING_TRIES_MAX: usize = 3;
/// Wait before trying again while someone stands at the terminal.
const SHORT_WAIT_MS: Milliseconds = 1_000;
/// First wait of a debt after its first failed try; doubles with each.
const DEBT_WAIT_MS: Milliseconds = 2_000;
/// Longest wait between two tries of a debt.
const DEBT_WAIT_MAX_MS: Milliseconds = 60_000;
/// After so many failed tries a person should know (rule R7).
const DEBT_TRIES_BEFORE_HELP: usize = 3;

/// The gravest exchange that may have left decides, not the one that failed.
pub fn decide(context: &Context, situation: &Situation) -> Decision {
    let attempts = &situation.attempts;
    let left = |gravity| attempts.iter().any(|try_| try_.gravity == gravity && try_.delivery != Delivery::NotSent);
    let holds = |gravity| attempts.iter().any(|try_| try_.gravity == gravity);
    if left(Gravity::MovesMoney) {
        return in_doubt(context, situation);
    }
    if holds(Gravity::Owes) || situation.operation == OperationKind::Reverse {
        return resend(situation, debt_wait(attempts.len()));
    }
    let hopeless = |attempt: &Attempt| matches!(attempt.failure, Failure::Cancelled | Failure::PluginFault);
    let tries_max = if holds(Gravity::MovesMoney) { UNSENT_TRIES_MAX } else { ASKING_TRIES_MAX };
    match attempts.last() {
        Some(last) if !hopeless(last) && attempts.len() < tries_max && !situation.routes.is_empty() => {
            resend(situation, SHORT_WAIT_MS)
        }
        Some(last) if !hopeless(last) && stands_in(context, situation) => Decision::StandIn,
        _ => Decision::Fail,
    }
}

/// Whether a sale that never left may be approved by the card and the terminal's own ceilings, and told later.
fn stands_in(context: &Context, situation: &Situation) -> bool {
    let is_wanted = Source(context).yes(parameters::STAND_IN) == Ok(true);
    situation.offline_allowed && situation.operation == OperationKind::Sale && is_wanted
}

/// What the matrix says of a transaction that may have moved money. Reversing is what the terminal can always do.
fn in_doubt(context: &Context, situation: &Situation) -> Decision {
    if matches!(situation.operation, OperationKind::Advise | OperationKind::ReportScripts) {
        return resend(situation, debt_wait(situation.attempts.len()));
    }
    // No code was shown for an order that nobody answered, so that nobody can pay it: it is closed.
    if situation.operation == OperationKind::ShowToPay {
        return Decision::Reverse;
    }
    let shape = Kind::of_operation(situation.operation).and_then(|kind| Shape::of(kind, context).ok());
    match shape.map(|shape| shape.doubt()) {
        Some(Doubt::Repeat) => resend(situation, debt_wait(situation.attempts.len())),
        Some(Doubt::Inquire) if scan::inquires(context) == Ok(true) => {
            Decision::Inquire(scan::poll_ms(context).unwrap_or(SHORT_WAIT_MS))
        }
        _ => Decision::Reverse,
    }
}

/// At once the first time, then with growing waits; never the end.
pub fn wait(debt: &Debt) -> Patience {
    let call_for_help = debt.attempts.len() >= DEBT_TRIES_BEFORE_HELP || !debt.refusals.is_empty();
    Patience { wait: debt_wait(debt.attempts.len()), route: ROUTE.to_owned(), call_for_help }
}

fn debt_wait(failed_tries: usize) -> Milliseconds {
    let Some(doublings) = failed_tries.checked_sub(1) else { return 0 };
    let factor = u32::try_from(doublings).ok().and_then(|doublings| 1u32.checked_shl(doublings)).unwrap_or(u32::MAX);
    DEBT_WAIT_MS.saturating_mul(factor).min(DEBT_WAIT_MAX_MS)
}

fn resend(situation: &Situation, wait: Milliseconds) -> Decision {
    Decision::Resend(Resend { route: next_route(situation), wait })
}

/// The route after the one that failed last, in the deployment's order.
fn next_route(situation: &Situation) -> Name {
    let routes = &situation.routes;
    let last = situation.attempts.last().and_then(|last| routes.iter().position(|route| *route == last.route));
    let next = last.map_or(0, |index| index + 1);
    routes.get(next).or(routes.first()).cloned().unwrap_or_else(|| ROUTE.to_owned())
}
