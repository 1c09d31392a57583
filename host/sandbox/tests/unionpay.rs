//! A real plugin through the sandbox: what it says of itself, and each of its functions called once.

mod common;

use acquit_sandbox::Sandbox;
use acquit_sandbox::contract::acquirer::{Action, Framing};
use acquit_sandbox::contract::card::{Entry, Presented};
use acquit_sandbox::contract::retry_policy::{Attempt, Debt, Delivery, Failure, Situation};
use acquit_sandbox::contract::transaction::{
    FollowUp, FollowUpKind, Gravity, Maintenance, Operation, OperationKind, Original, Payment, PaymentKind, Subject,
    Totals, Upload,
};
use acquit_sandbox::contract::types::{Amount, Fault};
use acquit_sandbox::contract::{Plugin, PluginFault};
use common::{artefact, context, sale};

fn unanswered() -> Attempt {
    Attempt {
        route: "host".into(),
        gravity: Gravity::MovesMoney,
        delivery: Delivery::Sent,
        failure: Failure::Timeout,
        elapsed: 60_000,
    }
}

#[test]
fn it_says_what_it_is() {
    let plugin = Sandbox::new().expect("a sandbox").load("bank", &artefact("unionpay")).expect("it loads");
    let descriptor = plugin.descriptor();
    assert_eq!(descriptor.acquirer, "unionpay");
    assert_eq!((descriptor.routes[0].name.as_str(), descriptor.routes[0].framing), ("host", Framing::LengthU16));
    assert_eq!((descriptor.counters[0].first, descriptor.counters[0].last), (1, 999_999));
    let kinds: Vec<_> = descriptor.operations.iter().map(|spec| spec.kind).collect();
    assert!(kinds.contains(&OperationKind::Sale) && kinds.contains(&OperationKind::Reverse));
}

#[test]
fn its_own_fault_arrives_as_its_own() {
    let plugin = Sandbox::new().expect("a sandbox").load("bank", &artefact("unionpay")).expect("it loads");
    let error = plugin.start(&context(), &sale()).expect_err("no parameter is set");
    assert!(matches!(&error.fault, PluginFault::Answered(Fault::Configuration(_))), "{error}");
    let error = plugin.read(&[0x60]).expect_err("one byte is no frame");
    assert!(matches!(&error.fault, PluginFault::Answered(Fault::Malformed(_))), "{error}");
}

/// A chip sale, a refund with all the readings of its repetition, a scanned code: the largest steps there are stay
/// within what a call may return.
#[test]
fn each_kind_of_transaction_begins_within_the_limits() {
    let plugin = Sandbox::new().expect("a sandbox").load("bank", &artefact("unionpay")).expect("it loads");
    let mut context = context();
    let set = [("terminal", "50080001"), ("merchant", "309310083985008"), ("tpdu", "6000000000")];
    context.parameters = set.map(|(name, value)| (name.into(), value.into())).to_vec();
    context.counters = vec![("trace".into(), 7)];
    let Operation::Pay(swiped) = sale() else { panic!("a payment") };
    let paid = |kind, entry| {
        let card = swiped.card.clone().map(|card| Presented { entry, sequence_number: Some(1), ..card });
        Operation::Pay(Payment { kind, card, ..swiped.clone() })
    };
    let original = |operation| Original {
        transaction: "T0001".into(),
        operation,
        amount: swiped.amount,
        at: context.now,
        card: swiped.card.clone(),
        reference: [("trace", "000001"), ("batch", "000042"), ("entry-mode", "021"), ("date", "0314")]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
    };
    let follow = |kind, of| {
        let of = Subject::Known(original(of));
        Operation::FollowUp(FollowUp { kind, of, amount: swiped.amount, card: None, reason: None })
    };
    let total = |operation| Totals {
        group: "domestic".into(),
        operation,
        count: 3,
        amount: Amount { minor: 300, ..swiped.amount },
    };
    let operations = [
        sale(),
        paid(PaymentKind::Sale, Entry::ContactChip),
        paid(PaymentKind::Preauthorize, Entry::ContactlessChip),
        paid(PaymentKind::Balance, Entry::ContactChip),
        paid(PaymentKind::ScanToPay, Entry::CodeScan),
        follow(FollowUpKind::Void, OperationKind::Sale),
        follow(FollowUpKind::Refund, OperationKind::Sale),
        follow(FollowUpKind::Complete, OperationKind::Preauthorize),
        follow(FollowUpKind::CancelPreauthorization, OperationKind::Preauthorize),
        follow(FollowUpKind::CancelCompletion, OperationKind::Complete),
        follow(FollowUpKind::Reverse, OperationKind::Sale),
        follow(FollowUpKind::Inquire, OperationKind::ScanToPay),
        follow(FollowUpKind::Advise, OperationKind::Sale),
        follow(FollowUpKind::ReportScripts, OperationKind::Sale),
        Operation::Maintain(Maintenance::SignIn),
        Operation::Maintain(Maintenance::SignOff),
        Operation::Maintain(Maintenance::Echo),
        Operation::Download("applications".into()),
        Operation::Settle(vec![total(OperationKind::Sale), total(OperationKind::Refund)]),
        Operation::Upload(Upload {
            balanced: false,
            first: 0,
            total: 64,
            items: vec![original(OperationKind::Sale); 64],
        }),
        Operation::Upload(Upload { balanced: false, first: 64, total: 64, items: Vec::new() }),
    ];
    for operation in operations {
        let step = plugin.start(&context, &operation).unwrap_or_else(|error| panic!("{operation:?}: {error}"));
        assert!(matches!(step.action, Action::Send(_)), "{operation:?}: {step:?}");
    }
}

#[test]
fn its_retry_policy_answers() {
    let plugin = Sandbox::new().expect("a sandbox").load("bank", &artefact("unionpay")).expect("it loads");
    let situation = Situation {
        operation: OperationKind::Sale,
        attempts: vec![unanswered()],
        routes: vec!["host".into()],
        offline_allowed: false,
    };
    assert!(plugin.decide(&context(), &situation).is_ok());
    let debt = Debt {
        kind: OperationKind::Reverse,
        of: Original {
            transaction: "T0001".into(),
            operation: OperationKind::Sale,
            amount: Amount { minor: 1234, currency: 156, exponent: 2 },
            at: context().now,
            card: None,
            reference: Vec::new(),
        },
        age_s: 60,
        attempts: vec![unanswered()],
        refusals: Vec::new(),
    };
    assert_eq!(plugin.wait(&context(), &debt).expect("patience").route, "host");
}
