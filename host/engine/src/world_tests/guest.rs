//! Plugins of the model protocol: an honest one, and what hostile ones change about it.

use super::acquirer::Wire;
use crate::contract::acquirer::{
    Action, Approved, Claim, Counter, Declined, Descriptor, Echo, Echoed, Effect, Event, Exchange, Framing, Meaning,
    NewKey, OperationSpec, Outcome, Owed, Pattern, Proof, Reading, Reason, Remedy, Reply, Route, Seal, SealAlgorithm,
    Standby, Step, Stray, Unknown, Wrapping,
};
use crate::contract::retry_policy::{Decision, Delivery, Patience, Resend, Situation};
use crate::contract::template::{Encoding, Extent, MacAlgorithm, Message, Node, Secret, SecretHole};
use crate::contract::transaction::{Context, FollowUpKind, Gravity, Operation, OperationKind};
use crate::contract::types::{Amount, Fault};
use crate::contract::{Digest, PluginError, PluginFault};
use crate::effect::{Answer, Call};

pub const TRACE: &str = "trace";
pub const ROUTE: &str = "host";
pub const MAC_KEY: &str = "mac";

pub fn yuan(minor: u64) -> Amount {
    Amount { minor, currency: 156, exponent: 2 }
}

pub fn descriptor() -> Descriptor {
    let spec = |kind, proved| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved };
    Descriptor {
        acquirer: "model".into(),
        version: "1".into(),
        operations: vec![
            spec(OperationKind::SignIn, false),
            spec(OperationKind::Sale, true),
            spec(OperationKind::Reverse, true),
        ],
        routes: vec![Route { name: ROUTE.into(), framing: Framing::LengthU16 }],
        keys: Vec::new(),
        counters: vec![Counter { name: TRACE.into(), first: 1, last: 999_999 }],
        parameters: Vec::new(),
    }
}

pub fn error(fault: PluginFault) -> PluginError {
    PluginError { plugin: "model".into(), digest: Digest([7; 32]), call: "resume".into(), fault }
}

pub fn trap() -> PluginError {
    error(PluginFault::Trapped("unreachable".into()))
}

/// Answers a call that failed, in the shape the call wants.
pub fn failed(call: &Call, fault: PluginFault) -> Answer {
    match call {
        Call::Start(..) | Call::Resume(..) => Answer::Step(Err(error(fault))),
        Call::Decide(..) => Answer::Decision(Err(error(fault))),
        Call::Wait(..) => Answer::Patience(Err(error(fault))),
    }
}

/// The plugin as its author meant it.
pub fn honest(call: &Call) -> Answer {
    match call {
        Call::Start(context, operation) => Answer::Step(Ok(start(context, operation))),
        Call::Resume(_, operation, state, event) => Answer::Step(resume(operation, state, event)),
        Call::Decide(_, situation) => Answer::Decision(Ok(decide(situation))),
        Call::Wait(..) => Answer::Patience(Ok(Patience { wait: 2_000, route: ROUTE.into(), call_for_help: false })),
    }
}

pub fn is_sale(operation: &Operation) -> bool {
    matches!(operation, Operation::Pay(_))
}

pub fn is_reversal(operation: &Operation) -> bool {
    matches!(operation, Operation::FollowUp(follow_up) if follow_up.kind == FollowUpKind::Reverse)
}

/// What it sends first.
pub fn start(context: &Context, operation: &Operation) -> Step {
    let trace = context.counters.iter().find(|(name, _)| name == TRACE).map_or(0, |(_, value)| *value);
    let exchange = match operation {
        Operation::Pay(payment) => sale(trace, payment.amount.minor),
        _ => exchange(message("sign-in", trace, 0, false), Gravity::Asks, None),
    };
    step(Action::Send(exchange))
}

pub fn sale(trace: u64, minor: u64) -> Exchange {
    let remedy = Remedy::Undo(standby(trace, minor).into());
    exchange(message("sale", trace, minor, true), Gravity::MovesMoney, Some(remedy))
}

pub fn exchange(message: Message, gravity: Gravity, remedy: Option<Remedy>) -> Exchange {
    Exchange { route: ROUTE.into(), message, gravity, timeout: 30_000, uses: vec![TRACE.into()], remedy }
}

pub fn step(action: Action) -> Step {
    Step { state: b"state".to_vec(), proofs: Vec::new(), effects: Vec::new(), reference: Vec::new(), action }
}

pub fn message(what: &str, trace: u64, amount: u64, with_card: bool) -> Message {
    let mut nodes = vec![Node::Literal(format!("{what} {trace} {amount}").into_bytes())];
    if with_card {
        nodes.push(Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: None }));
    }
    Message { whole: 0, nodes, http: None }
}

pub fn standby(trace: u64, amount: u64) -> Standby {
    let reading = |code: &str, means| Reading {
        fits: Pattern { status: None, at: Vec::new(), holds: vec![format!(" {code} ").into_bytes()] },
        proofs: vec![seal(), echo(Echoed::Trace)],
        means,
    };
    Standby {
        route: ROUTE.into(),
        message: message("reversal", trace, amount, true),
        again: None,
        timeout: 20_000,
        answers: vec![reading("00", Meaning::Paid), reading("25", Meaning::Unmatched), reading("58", Meaning::Refused)],
    }
}

pub fn seal() -> Proof {
    Proof::Seal(Seal {
        over: Vec::new(),
        claimed: Claim::Body(Extent { start: -8, end: 0 }),
        algorithm: SealAlgorithm::Mac(MacAlgorithm::UnionpayEcb),
        key: MAC_KEY.into(),
    })
}

pub fn echo(what: Echoed) -> Proof {
    Proof::Echo(Echo { what, sent: 0, got: Extent { start: 0, end: 1 } })
}

pub fn resume(operation: &Operation, state: &[u8], event: &Event) -> Result<Step, PluginError> {
    let Event::Received(reply) = event else {
        return Ok(step(Action::Finish(unknown("no answer"))));
    };
    let malformed = || error(PluginFault::Answered(Fault::Internal("not a message".into())));
    let wire = Wire::read(&reply.body).ok_or_else(malformed)?;
    let expected = if is_sale(operation) {
        "sale"
    } else if is_reversal(operation) {
        "reversal"
    } else {
        "sign-in"
    };
    let mut answer = step(Action::Listen(Stray::Foreign));
    answer.state = state.to_vec();
    if wire.what != expected {
        return Ok(answer);
    }
    answer.action = Action::Finish(match expected {
        "sale" => sale_outcome(&wire),
        "reversal" => reversal_outcome(&wire),
        _ => Outcome::Done,
    });
    if expected == "sign-in" {
        answer.effects = vec![Effect::InstallKey(key()), Effect::Remember(("batch".into(), b"000042".to_vec()))];
    } else {
        answer.proofs = vec![seal(), echo(Echoed::Trace)];
    }
    if expected == "sale" {
        answer.proofs.push(echo(Echoed::Amount));
    }
    Ok(answer)
}

pub fn key() -> NewKey {
    NewKey {
        name: MAC_KEY.into(),
        under: "master".into(),
        wrapping: Wrapping::TdesEcb,
        block: vec![1; 16],
        check_value: Some(vec![2; 4]),
    }
}

pub fn approved(minor: u64) -> Outcome {
    Outcome::Approved(Approved {
        amount: yuan(minor),
        authorization: "A1".into(),
        retrieval_reference: "R1".into(),
        chip_data: Vec::new(),
        balance: None,
        settlement_group: "host".into(),
        receipt: Vec::new(),
    })
}

/// What the issuer says to the card while it declines.
pub const BLOCKED: &[u8] = b"block this card";

pub fn declined(code: &str) -> Outcome {
    Outcome::Declined(Declined {
        code: code.to_owned(),
        reason: Reason::DoNotHonour,
        message: String::new(),
        capture_card: false,
        chip_data: BLOCKED.to_vec(),
    })
}

pub fn unknown(code: &str) -> Outcome {
    Outcome::Unknown(Unknown { code: code.to_owned(), owed: Owed::Reversal })
}

fn sale_outcome(wire: &Wire) -> Outcome {
    match wire.code.as_str() {
        "00" => approved(wire.amount),
        "09" => unknown("09"),
        code => declined(code),
    }
}

fn reversal_outcome(wire: &Wire) -> Outcome {
    match wire.code.as_str() {
        "00" => Outcome::Acknowledged("00".into()),
        "25" => Outcome::Unmatched("25".into()),
        "09" => unknown("09"),
        code => Outcome::Refused(code.into()),
    }
}

pub fn decide(situation: &Situation) -> Decision {
    let left = situation.attempts.iter().any(|attempt| attempt.delivery != Delivery::NotSent);
    match (left, situation.attempts.len()) {
        (true, _) if situation.operation == OperationKind::Sale => Decision::Reverse,
        (_, tries) if tries < 3 => Decision::Resend(Resend { route: ROUTE.into(), wait: 1_000 }),
        _ => Decision::Fail,
    }
}

pub fn reply(bytes: &[u8]) -> Reply {
    Reply { status: 0, headers: Vec::new(), body: bytes.to_vec() }
}
