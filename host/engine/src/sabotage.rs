//! The engine made wrong on purpose, in one way at a time: a suite that no wrong engine can fail proves nothing.
//!
//! Compiled only with the feature `sabotage`, which no program that is shipped has. The choice belongs to the thread, so
//! that honest and wrong engines run beside each other.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::contract::retry_policy::Delivery;
use crate::contract::types::Name;
use crate::effect::{Answer, Call, Effect, ExchangeFailed, Input, OperationId};
use crate::identity::TransactionId;
use crate::record::{Fact, NotSent, Outcome, Verdict};

/// One way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sin {
    /// A debt that the acquirer refused is taken for paid.
    DropDebtOnRefusal,
    /// The cashier is told before it is written down.
    TellBeforeDurable,
    /// What may have left is taken for what has not, and sent again.
    ResendAfterMaybeSent,
    /// The same, and it is sent on another route.
    SendOnOtherRoute,
    /// Every proof holds.
    SkipProof,
    /// A number that was sent is not written down as used.
    ReuseTrace,
    /// The plugin's word on what silence means is believed.
    BelieveGravity,
    /// The cashier is told that an unknown payment was not sent.
    TellUnknownAsFailed,
}

/// All of them.
pub const SINS: [Sin; 8] = [
    Sin::DropDebtOnRefusal,
    Sin::TellBeforeDurable,
    Sin::ResendAfterMaybeSent,
    Sin::SendOnOtherRoute,
    Sin::SkipProof,
    Sin::ReuseTrace,
    Sin::BelieveGravity,
    Sin::TellUnknownAsFailed,
];

thread_local! {
    static SIN: Cell<Option<Sin>> = const { Cell::new(None) };
    /// The operation that has failed on one route, and another route.
    static OTHER_ROUTE: RefCell<Option<(OperationId, Name)>> = const { RefCell::new(None) };
}

/// Makes every engine of this thread wrong in this way from now on, or right again.
pub fn commit(sin: Option<Sin>) {
    SIN.set(sin);
    OTHER_ROUTE.set(None);
}

/// Whether engines of this thread are wrong in this way.
pub(crate) fn commits(sin: Sin) -> bool {
    SIN.get() == Some(sin)
}

/// What goes in, as a wrong engine hears it.
pub(crate) fn heard(mut input: Input) -> Input {
    if let Input::Answer { answer, .. } = &mut input {
        match answer {
            Answer::Reply(Err(ExchangeFailed { delivery, .. }))
                if commits(Sin::ResendAfterMaybeSent) || commits(Sin::SendOnOtherRoute) =>
            {
                *delivery = Delivery::NotSent;
            }
            Answer::Proven(proven) if commits(Sin::SkipProof) => *proven = Ok(()),
            _ => {}
        }
    }
    input
}

/// What comes out, as a wrong engine says it.
pub(crate) fn said(mut effects: Vec<Effect>) -> Vec<Effect> {
    for effect in effects.iter_mut() {
        match effect {
            Effect::Commit { records, .. } => {
                Arc::make_mut(records).iter_mut().for_each(|record| write(&mut record.fact));
            }
            Effect::Call { operation, call, .. } if commits(Sin::SendOnOtherRoute) => other_route(*operation, call),
            Effect::Send { operation, route, .. } if commits(Sin::SendOnOtherRoute) => {
                let other = OTHER_ROUTE.with_borrow(|other| other.clone().filter(|(failed, _)| failed == operation));
                other.into_iter().for_each(|(_, other)| *route = other);
            }
            Effect::Ended { outcome: outcome @ Outcome::Unknown(_), .. } if commits(Sin::TellUnknownAsFailed) => {
                *outcome = Outcome::NotSent(NotSent::Interrupted);
            }
            _ => {}
        }
    }
    if commits(Sin::TellBeforeDurable) {
        tell_first(&mut effects);
    }
    effects
}

/// Remembers a route that was not tried, where a plugin is asked what to do about one that failed.
fn other_route(operation: OperationId, call: &Call) {
    let Call::Decide(_, situation) = call else { return };
    let tried = situation.attempts.last().map(|attempt| &attempt.route);
    let other = situation.routes.iter().find(|route| Some(*route) != tried);
    OTHER_ROUTE.set(other.map(|other| (operation, other.clone())));
}

fn write(fact: &mut Fact) {
    match fact {
        Fact::Answered { verdict: verdict @ Verdict::Refused, .. } if commits(Sin::DropDebtOnRefusal) => {
            *verdict = Verdict::Paid;
        }
        Fact::Intent(intent) if commits(Sin::ReuseTrace) => Arc::make_mut(intent).uses.clear(),
        _ => {}
    }
}

fn tell_first(effects: &mut Vec<Effect>) {
    let told = effects.iter().enumerate().find_map(|(at, effect)| match effect {
        Effect::Commit { operation, records, .. } => records.iter().find_map(|record| match &record.fact {
            Fact::Concluded { transaction, outcome, .. } => {
                let (transaction, outcome): (TransactionId, Outcome) = (transaction.clone(), outcome.clone());
                Some((at, Effect::Ended { operation: *operation, transaction, outcome }))
            }
            _ => None,
        }),
        _ => None,
    });
    if let Some((at, ended)) = told {
        effects.insert(at, ended);
    }
}
