//! A plugin of the model protocol that does everything a day needs, and what somebody at the till asks of it.

use std::collections::BTreeSet;

use super::acquirer::Wire;
use super::guest::{self, ROUTE, TRACE, approved, declined, exchange, message, step, unknown};
use super::{ACQUIRER, House, deployment};
use crate::contract::acquirer::{
    Action, Echoed, Effect, Event, OperationSpec, Outcome as Claimed, Owed, Remedy, Step, Stray, Unknown,
};
use crate::contract::retry_policy::{Decision, Delivery, Resend, Situation};
use crate::contract::transaction::{
    Context, FollowUp, FollowUpKind, Gravity, Operation, OperationKind, Original, PaymentKind, Subject,
};
use crate::contract::types::Amount;
use crate::{Answer, Call, Ceilings, Order, Outcome, Payable, Request, Target, TransactionId};

/// What its messages say is done about silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    Undo,
    Repeat,
    Inquire,
    /// With no message for when the plugin is gone.
    InquireBare,
}

/// What the day's plugin does.
pub(super) const KINDS: [OperationKind; 18] = [
    OperationKind::SignIn,
    OperationKind::SignOff,
    OperationKind::Echo,
    OperationKind::Download,
    OperationKind::Sale,
    OperationKind::Preauthorize,
    OperationKind::ScanToPay,
    OperationKind::ShowToPay,
    OperationKind::Balance,
    OperationKind::Void,
    OperationKind::Refund,
    OperationKind::Complete,
    OperationKind::CancelPreauthorization,
    OperationKind::CancelCompletion,
    OperationKind::Reverse,
    OperationKind::Inquire,
    OperationKind::Advise,
    OperationKind::ReportScripts,
];

/// A plugin that answers every call of a day.
pub(super) fn teller(silence: Silence) -> Box<dyn FnMut(&Call) -> Answer> {
    Box::new(move |call| answer(silence, call))
}

pub(super) fn answer(silence: Silence, call: &Call) -> Answer {
    match call {
        Call::Start(context, operation) => Answer::Step(Ok(start(silence, context, operation))),
        Call::Resume(_, operation, state, Event::Received(reply)) => {
            Answer::Step(Ok(resume(operation, state, &reply.body)))
        }
        Call::Decide(_, situation) => Answer::Decision(Ok(decide(silence, situation))),
        call => guest::honest(call),
    }
}

fn word(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Sale => "sale",
        OperationKind::Preauthorize => "preauth",
        OperationKind::ScanToPay => "scan",
        OperationKind::ShowToPay => "show",
        OperationKind::Balance => "balance",
        OperationKind::Void => "void",
        OperationKind::Refund => "refund",
        OperationKind::Complete => "complete",
        OperationKind::CancelPreauthorization => "cancel-preauth",
        OperationKind::CancelCompletion => "cancel-completion",
        OperationKind::Inquire => "inquire",
        OperationKind::Advise => "advise",
        OperationKind::ReportScripts => "report",
        OperationKind::Reverse => "reversal",
        OperationKind::SignIn => "sign-in",
        _ => "errand",
    }
}

fn start(silence: Silence, context: &Context, operation: &Operation) -> Step {
    let trace = context.counters.iter().find(|(name, _)| name == TRACE).map_or(0, |(_, value)| *value);
    let word = word(operation.kind());
    let sent = match operation {
        Operation::FollowUp(FollowUp { of: Subject::Known(original), .. }) => format!("{word}/{}", trace_of(original)),
        _ => word.to_owned(),
    };
    let minor = match operation {
        Operation::Pay(payment) => payment.amount.minor,
        Operation::FollowUp(follow_up) => follow_up.amount.minor,
        _ => 0,
    };
    let tells = matches!(operation.kind(), OperationKind::Advise | OperationKind::ReportScripts);
    let shown = match operation {
        Operation::FollowUp(FollowUp { of: Subject::Known(original), .. }) => original.operation,
        _ => operation.kind(),
    } == OperationKind::ShowToPay;
    let has_card = !shown && (tells || crate::rules::moves_money(operation));
    let message = message(&sent, trace, minor, has_card);
    let exchange = if crate::rules::moves_money(operation) {
        let mut standby = guest::standby(trace, minor);
        let remedy = match silence {
            Silence::Undo => Remedy::Undo(standby.into()),
            Silence::Repeat => {
                standby.message = message.clone();
                for reading in &mut standby.answers {
                    reading.proofs.push(guest::echo(Echoed::Amount));
                }
                Remedy::Repeat(standby.into())
            }
            Silence::Inquire => Remedy::Inquire(Some(standby.into())),
            Silence::InquireBare => Remedy::Inquire(None),
        };
        exchange(message, Gravity::MovesMoney, Some(remedy))
    } else if tells {
        let mut standby = guest::standby(trace, minor);
        standby.message = message.clone();
        for reading in &mut standby.answers {
            reading.proofs.push(guest::echo(Echoed::Amount));
        }
        exchange(message, Gravity::Owes, Some(Remedy::Repeat(standby.into())))
    } else if operation.kind() == OperationKind::Reverse {
        exchange(guest::standby(trace_of_subject(operation), minor).message, Gravity::Asks, None)
    } else {
        exchange(message, Gravity::Asks, None)
    };
    let mut step = step(Action::Send(exchange));
    step.state = sent.into_bytes();
    step.reference = vec![("trace".into(), trace.to_string())];
    if operation.kind() == OperationKind::ShowToPay {
        step.effects = vec![Effect::ShowCode("scan me".into())];
    }
    step
}

fn trace_of_subject(operation: &Operation) -> u64 {
    let Operation::FollowUp(FollowUp { of: Subject::Known(original), .. }) = operation else { return 0 };
    trace_of(original).parse().unwrap_or_default()
}

fn trace_of(original: &Original) -> &str {
    original.reference.iter().find(|(name, _)| name == "trace").map_or("0", |(_, value)| value)
}

fn resume(operation: &Operation, state: &[u8], body: &[u8]) -> Step {
    let mut answer = step(Action::Listen(Stray::Foreign));
    answer.state = state.to_vec();
    let kind = operation.kind();
    let Some(wire) = Wire::read(body) else { return answer };
    if wire.word() != word(kind) {
        return answer;
    }
    answer.proofs = vec![guest::seal(), guest::echo(Echoed::Trace)];
    let asked = match operation {
        Operation::Pay(payment) => payment.amount.minor,
        Operation::FollowUp(follow_up) => follow_up.amount.minor,
        _ => 0,
    };
    // Of less than was asked for the amount cannot come back as it was sent.
    if wire.amount == asked {
        answer.proofs.push(guest::echo(Echoed::Amount));
    }
    answer.reference = vec![("trace".into(), wire.trace.to_string())];
    answer.action = Action::Finish(match kind {
        OperationKind::SignIn => {
            answer.effects = vec![Effect::InstallKey(guest::key())];
            Claimed::Done
        }
        OperationKind::SignOff | OperationKind::Echo | OperationKind::Download => Claimed::Done,
        OperationKind::Reverse | OperationKind::Advise | OperationKind::ReportScripts => match wire.code.as_str() {
            "00" => Claimed::Acknowledged("00".into()),
            "25" => Claimed::Unmatched("25".into()),
            code => Claimed::Refused(code.into()),
        },
        OperationKind::Inquire => {
            answer.reference = vec![("trace".into(), wire.of().to_string())];
            match wire.code.as_str() {
                "00" => approved(wire.amount),
                "25" => unknown("25"),
                "09" => Claimed::Unknown(Unknown { code: "09".into(), owed: Owed::Inquiry }),
                code => declined(code),
            }
        }
        _ => match wire.code.as_str() {
            "00" => approved(wire.amount),
            "09" => unknown("09"),
            code => declined(code),
        },
    });
    answer
}

fn decide(silence: Silence, situation: &Situation) -> Decision {
    let moved = |attempt: &crate::contract::retry_policy::Attempt| {
        attempt.gravity == Gravity::MovesMoney && attempt.delivery != Delivery::NotSent
    };
    let again = Decision::Resend(Resend { route: ROUTE.into(), wait: 1_000 });
    match (situation.attempts.iter().any(moved), silence) {
        (true, Silence::Undo) => Decision::Reverse,
        (true, Silence::Repeat) => again,
        (true, Silence::Inquire | Silence::InquireBare) => Decision::Inquire(1_000),
        (false, _) if situation.offline_allowed => Decision::StandIn,
        (false, _) if situation.attempts.len() < 3 => again,
        (false, _) => Decision::Fail,
    }
}

impl House {
    /// Ready for a whole day; the card is presented again for whatever follows a payment.
    pub fn open(silence: Silence) -> House {
        let mut house = House::without_keys();
        house.deployment = deployment();
        let spec =
            |kind| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved: kind != OperationKind::SignIn };
        let loaded = house.deployment.plugin.as_mut().unwrap();
        loaded.descriptor.operations = KINDS.map(spec).to_vec();
        let money = vec![Echoed::Trace, Echoed::Amount];
        house.deployment.echoes = KINDS
            .into_iter()
            .filter(|kind| !matches!(kind, OperationKind::SignIn | OperationKind::Reverse))
            .map(|kind| (kind, money.clone()))
            .chain([(OperationKind::Reverse, vec![Echoed::Trace])])
            .collect();
        house.deployment.presents = BTreeSet::from(KINDS);
        house.deployment.ceilings = Ceilings { inquiries: 2, ..Ceilings::default() };
        house.guest = teller(silence);
        let keys = crate::Fact::KeysInstalled { keys: vec![guest::key()] };
        house.journal.push(super::record(keys).encode().unwrap());
        house.start();
        house
    }

    pub fn begin(&mut self, id: &str, order: Order) {
        let transaction = TransactionId::parse(id).unwrap();
        self.ask(Request::Begin { acquirer: ACQUIRER.into(), transaction, order, operator: "01".into() });
    }

    /// From beginning to end, debts and all.
    pub fn does(&mut self, id: &str, order: Order) -> Outcome {
        self.begin(id, order);
        self.rest();
        self.outcome(id)
    }
}

pub(super) fn pay(kind: PaymentKind, minor: u64) -> Order {
    Order::Pay(Payable { kind, amount: guest::yuan(minor), tip: None, cash: None })
}

pub(super) fn follow(kind: FollowUpKind, of: &str, minor: Option<u64>) -> Order {
    let of = Target::Known(TransactionId::parse(of).unwrap());
    Order::FollowUp { kind, of, amount: minor.map(guest::yuan) }
}

pub(super) fn approved_minor(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Approved(crate::contract::acquirer::Approved { amount: Amount { minor, .. }, .. }) => Some(*minor),
        _ => None,
    }
}
