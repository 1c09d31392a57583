//! A scanned payment between its exchanges: waits, late answers, a cashier who stops.

use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

use crate::support::{MAC, answer, cny, context, outcome, sent, start, swiped};

fn scanned() -> Operation {
    let card = Presented { entry: Entry::CodeScan, track_two_length: 0, has_expiry: false, ..swiped(0) };
    let (kind, amount) = (PaymentKind::ScanToPay, cny(88_800));
    Operation::Pay(Payment { kind, amount, tip: None, cash: None, card: Some(card) })
}

fn reply(processing: &str, trace: &str, code: &str) -> Event {
    let fields = [
        (3, processing),
        (4, "000000088800"),
        (11, trace),
        (25, "00"),
        (37, "000000000203"),
        (39, code),
        (41, "10421695"),
        (42, "874350357222471"),
    ];
    Event::Received(answer(0x0210, &fields, Some(MAC)))
}

fn go_on(context: &Context, state: &[u8], event: &Event) -> Step {
    UnionPay::resume(context, &scanned(), state, event).expect("reads")
}

/// As the terminal is when the first question is out: the payment under 100175, the question under 100176.
fn asked(parameters: &[(&str, &str)]) -> (Context, Step) {
    let mut context = context(parameters);
    let begun = start(&context, &scanned());
    context.counters = vec![("trace".to_owned(), 100_176)];
    let pending = go_on(&context, &begun.state, &reply("000000", "100175", "09"));
    assert_eq!(pending.action, Action::Pause(5_000));
    assert!(!pending.proofs.is_empty(), "that the acquirer waits is proven too");
    let question = go_on(&context, &pending.state, &Event::Woke);
    (context, question)
}

#[test]
fn a_question_only_asks_under_a_trace_of_its_own() {
    let (_, question) = asked(&[]);
    let exchange = sent(&question);
    assert_eq!(
        (exchange.gravity, &exchange.uses[..], &exchange.remedy),
        (Gravity::Asks, &["trace".to_owned()][..], &None)
    );
    let secrets =
        |node: &Node| matches!(node, Node::Secret(_) | Node::Track(_) | Node::PinBlock(_) | Node::ChipData(_));
    assert!(!exchange.message.nodes.iter().any(secrets), "nothing of the customer's is sent again");
    assert!(exchange.message.nodes.contains(&Node::Literal(vec![0x10, 0x01, 0x76])));
}

/// A regression, found by the simulated days: the step of a question kept nothing of the payment's numbers. When that
/// question stayed without an answer nobody could ask again, and what the customer had paid was reversed.
#[test]
fn a_question_keeps_the_numbers_that_whoever_asks_later_asks_by() {
    let context = context(&[]);
    let begun = start(&context, &scanned());
    let (_, question) = asked(&[]);
    for name in ["trace", "batch", "entry-mode", "order"] {
        let kept = |step: &Step| step.reference.iter().find(|(known, _)| known == name).cloned();
        assert_eq!(kept(&question), kept(&begun), "{name}");
    }
    assert!(question.reference.iter().any(|(name, trace)| name == "trace" && trace == "100175"));
}

#[test]
fn the_payments_own_answer_is_late_once_a_question_is_out() {
    let (context, question) = asked(&[]);
    let late = go_on(&context, &question.state, &reply("000000", "100175", "00"));
    assert_eq!(late.action, Action::Listen(Stray::Late));
    let foreign = go_on(&context, &question.state, &reply("310000", "100177", "00"));
    assert_eq!(foreign.action, Action::Listen(Stray::Foreign));
    let answered = go_on(&context, &question.state, &reply("310000", "100176", "00"));
    assert!(matches!(outcome(&answered), Outcome::Approved(approved) if approved.amount == cny(88_800)));
    let kept = |name: &str| answered.reference.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!((kept("trace"), kept("rrn")), (Some("100175"), Some("000000000203")));
    assert!(kept("order").is_some_and(|order| order.ends_with("100175")));
}

/// The last durable state of the payment is what the terminal reads the answer to its reversal with.
#[test]
fn a_reversal_is_read_from_any_state_of_the_payment() {
    let (context, question) = asked(&[]);
    let of = Original {
        transaction: "T1".to_owned(),
        operation: OperationKind::ScanToPay,
        amount: cny(88_800),
        at: context.now,
        card: None,
        reference: Vec::new(),
    };
    let (of, amount) = (Subject::Known(of), cny(88_800));
    let reverse = Operation::FollowUp(FollowUp { kind: FollowUpKind::Reverse, of, amount, card: None, reason: None });
    let Event::Received(mut reply) = reply("000000", "100175", "00") else { panic!("a reply") };
    reply.body[11..13].copy_from_slice(&[0x04, 0x10]);
    let step = UnionPay::resume(&context, &reverse, &question.state, &Event::Received(reply)).expect("reads");
    assert_eq!(outcome(&step), &Outcome::Acknowledged("00".to_owned()));
}

#[test]
fn a_cashier_who_stops_leaves_it_unknown_and_the_debt_as_the_acquirer_wants() {
    for (doubt, owed) in [("inquire", Owed::Inquiry), ("reverse", Owed::Reversal)] {
        let (context, question) = asked(&[("scan-doubt", doubt)]);
        let pending = go_on(&context, &question.state, &reply("310000", "100176", "09"));
        assert_eq!(pending.action, Action::Pause(5_000));
        let stopped = go_on(&context, &pending.state, &Event::Cancelled);
        assert_eq!(outcome(&stopped), &Outcome::Unknown(Unknown { code: String::new(), owed }));
    }
}

#[test]
fn a_state_cut_short_is_an_internal_fault_and_never_a_panic() {
    let (context, question) = asked(&[]);
    for length in 0..question.state.len() {
        for event in [reply("310000", "100176", "00"), Event::Woke, Event::Cancelled] {
            let step = UnionPay::resume(&context, &scanned(), &question.state[..length], &event);
            let is_whole = length == start(&context, &scanned()).state.len();
            assert!(is_whole || matches!(step, Err(Fault::Internal(_))), "{length}: {step:?}");
        }
    }
}
