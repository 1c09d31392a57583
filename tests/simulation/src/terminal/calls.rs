//! Calls to a plugin, and what a fault makes of its answers.

use engine::contract::acquirer::{Action, Approved, Declined, Outcome as Claimed, Reason, Step as PluginStep};
use engine::contract::retry_policy::{Decision, Resend};
use engine::contract::transaction::{Gravity, Operation};
use engine::contract::{Plugin, PluginError};
use engine::{Answer, Call};

use crate::fault::Fault;

/// Calls a plugin.
pub(super) fn run(plugin: &dyn Plugin, call: &Call) -> Answer {
    match call {
        Call::Start(context, operation) => Answer::Step(plugin.start(context, operation)),
        Call::Resume(context, operation, state, event) => Answer::Step(plugin.resume(context, operation, state, event)),
        Call::Decide(context, situation) => Answer::Decision(plugin.decide(context, situation)),
        Call::Wait(context, debt) => Answer::Patience(plugin.wait(context, debt)),
    }
}

/// A call that came to nothing.
pub(super) fn refused(call: &Call, error: PluginError) -> Answer {
    match call {
        Call::Start(..) | Call::Resume(..) => Answer::Step(Err(error)),
        Call::Decide(..) => Answer::Decision(Err(error)),
        Call::Wait(..) => Answer::Patience(Err(error)),
    }
}

/// What a plugin says that says what it may not.
pub(super) fn lie(answer: Answer, call: &Call, fault: Option<Fault>) -> Answer {
    match (answer, fault) {
        (Answer::Decision(Ok(_)), Some(Fault::SaysResend)) => {
            Answer::Decision(Ok(Decision::Resend(Resend { route: "host".into(), wait: 0 })))
        }
        (Answer::Decision(Ok(_)), Some(Fault::SaysFail)) => Answer::Decision(Ok(Decision::Fail)),
        (Answer::Decision(Ok(_)), Some(Fault::SaysStandIn)) => Answer::Decision(Ok(Decision::StandIn)),
        (Answer::Step(Ok(step)), Some(Fault::SaysAsks)) => Answer::Step(Ok(belittled(step))),
        (Answer::Step(Ok(step)), Some(Fault::ForgetsRemedy)) => Answer::Step(Ok(without_remedy(step))),
        (Answer::Step(Ok(step)), Some(Fault::ClaimsApproved)) => match amount_of(call) {
            Some(amount) => Answer::Step(Ok(PluginStep {
                proofs: Vec::new(),
                action: Action::Finish(Claimed::Approved(Approved {
                    amount,
                    authorization: "000000".into(),
                    retrieval_reference: String::new(),
                    chip_data: Vec::new(),
                    balance: None,
                    settlement_group: "domestic".into(),
                    receipt: Vec::new(),
                })),
                ..step
            })),
            None => Answer::Step(Ok(step)),
        },
        (Answer::Step(Ok(step)), Some(Fault::ClaimsDeclined)) => Answer::Step(Ok(PluginStep {
            proofs: Vec::new(),
            action: Action::Finish(Claimed::Declined(Declined {
                code: "05".into(),
                reason: Reason::DoNotHonour,
                message: String::new(),
                capture_card: false,
                chip_data: Vec::new(),
            })),
            ..step
        })),
        (answer, _) => answer,
    }
}

fn belittled(mut step: PluginStep) -> PluginStep {
    if let Action::Send(exchange) = &mut step.action {
        exchange.gravity = Gravity::Asks;
    }
    step
}

fn without_remedy(mut step: PluginStep) -> PluginStep {
    if let Action::Send(exchange) = &mut step.action {
        exchange.remedy = None;
    }
    step
}

fn amount_of(call: &Call) -> Option<engine::contract::types::Amount> {
    match call {
        Call::Start(_, Operation::Pay(payment)) | Call::Resume(_, Operation::Pay(payment), ..) => Some(payment.amount),
        Call::Start(_, Operation::FollowUp(follow_up)) | Call::Resume(_, Operation::FollowUp(follow_up), ..) => {
            Some(follow_up.amount)
        }
        _ => None,
    }
}
