//! What now, after a failed exchange; and when to try a debt again. The terminal's safety rules stand above both.

use sdk::prelude::{Debt, Decision, Delivery, Gravity, Milliseconds, OperationKind, Patience, Resend, Situation};

use crate::ROUTE;

/// Tries of a message that moved nothing: the first and two more, while the customer waits.
const TRIES_MAX: usize = 3;
/// Wait before such a try.
const SHORT_WAIT_MS: Milliseconds = 1_000;
/// First wait of a debt after its first failed try; doubles with each.
const DEBT_WAIT_MS: Milliseconds = 2_000;
/// Longest wait between two tries of a debt.
const DEBT_WAIT_MAX_MS: Milliseconds = 60_000;
/// After so many failed tries a person should know.
const TRIES_BEFORE_HELP: usize = 3;

/// What may have moved money is reversed; what never left may be sent again; a debt is always tried again.
pub(crate) fn decide(situation: &Situation) -> Decision {
    let attempts = &situation.attempts;
    let may_have_moved =
        |try_: &sdk::prelude::Attempt| try_.gravity == Gravity::MovesMoney && try_.delivery != Delivery::NotSent;
    let resend = |wait| Decision::Resend(Resend { route: ROUTE.to_owned(), wait });
    if attempts.iter().any(may_have_moved) {
        Decision::Reverse
    } else if situation.operation == OperationKind::Reverse {
        resend(debt_wait(attempts.len()))
    } else if attempts.len() < TRIES_MAX {
        resend(SHORT_WAIT_MS)
    } else {
        Decision::Fail
    }
}

/// At once the first time, then with growing waits; never the end.
pub(crate) fn wait(debt: &Debt) -> Patience {
    let call_for_help = debt.attempts.len() >= TRIES_BEFORE_HELP || !debt.refusals.is_empty();
    Patience { wait: debt_wait(debt.attempts.len()), route: ROUTE.to_owned(), call_for_help }
}

fn debt_wait(failed_tries: usize) -> Milliseconds {
    let Some(doublings) = failed_tries.checked_sub(1) else { return 0 };
    let factor = u32::try_from(doublings).ok().and_then(|doublings| 1u32.checked_shl(doublings)).unwrap_or(u32::MAX);
    DEBT_WAIT_MS.saturating_mul(factor).min(DEBT_WAIT_MAX_MS)
}
