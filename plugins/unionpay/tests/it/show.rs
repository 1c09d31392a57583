//! Codes the terminal shows: ordered, shown, asked about, closed. Whoever pays after the cashier gave up has paid or gets
//! the money back, and is never forgotten.

use acquirer::config::Code;
use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

use crate::plastic::follow_up;
use crate::support::{ANSWERED, MAC, answer, cny, context, outcome, sent, start};
use crate::till::{Ended, TERMINAL, Till};

const WALLET: &str = "134567890123456789";
const ORDERS: (&str, &str) = ("show-processing-code", "510000");

fn show(minor: u64) -> Operation {
    let kind = PaymentKind::ShowToPay;
    Operation::Pay(Payment { kind, amount: cny(minor), tip: None, cash: None, card: None })
}

fn till(more: &[(&str, &str)]) -> Till {
    Till::open(&[&[ORDERS][..], more].concat(), |_| {})
}

fn code(text: &str) -> Code {
    text.parse().expect("a code")
}

fn unknown(code: &str, owed: Owed) -> Outcome {
    Outcome::Unknown(Unknown { code: code.to_owned(), owed })
}

fn inquire(till: &mut Till, of: &Ended) -> Ended {
    till.run(&follow_up(FollowUpKind::Inquire, &of.original, of.original.amount), None)
}

/// Fields of an answer that replace the usual ones.
type Fields<'a> = &'a [(u8, &'a str)];

/// An order as it waits for its answer, and that answer with these fields changed.
fn answered(parameters: &[(&str, &str)], change: Fields<'_>, mac: Option<&[u8; 8]>) -> Step {
    let context = context(&[&[ORDERS][..], parameters].concat());
    let begun = start(&context, &show(88_800));
    let reply = answer(0x0210, &[&ANSWERED[..], &[(3, "510000")], change].concat(), mac);
    UnionPay::resume(&context, &show(88_800), &begun.state, &Event::Received(reply)).expect("reads")
}

#[test]
fn an_order_is_shown_asked_about_and_paid_then_voided_and_refunded() {
    for field in [57, 58, 59, 62, 63] {
        let number = field.to_string();
        let mut till = Till::open(&[ORDERS, ("show-field", &number)], |config| config.show_to_pay.field = field);
        till.customer = Some((3, WALLET));
        let paid = till.run(&show(700), None);
        assert_eq!((paid.code(), till.merchant_total()), ("00", 700), "DE{field}: {paid:?}");
        assert_eq!((paid.pauses, paid.sent.len(), till.shown.len()), (3, 4, 1), "two questions too early, one in time");
        assert_eq!((paid.field(3), paid.field(22), paid.field(2)), ("510000".into(), "032".into(), String::new()));
        assert!(paid.kept("order").ends_with(&format!("{}{}", paid.kept("batch"), paid.kept("trace"))));
        assert!(!paid.kept("rrn").is_empty() && !paid.kept("authorization").is_empty());
        let refund = follow_up(FollowUpKind::Refund, &paid.original, cny(200));
        assert_eq!((till.run(&refund, None).code(), till.merchant_total()), ("00", 500));
        let other = till.run(&show(300), None);
        let void = follow_up(FollowUpKind::Void, &other.original, cny(300));
        assert_eq!((till.run(&void, None).code(), till.merchant_total()), ("00", 500));
    }
}

#[test]
fn a_code_is_shown_only_from_a_sealed_answer_and_is_no_approval() {
    let code = "https://pay.example/1";
    let shown = answered(&[], &[(59, code)], Some(MAC));
    assert_eq!(shown.action, Action::Pause(5_000));
    assert_eq!(shown.effects, [Effect::ShowCode(code.to_owned())]);
    assert!(shown.proofs.iter().any(|proof| matches!(proof, Proof::Seal(_))));
    let long = "1".repeat(513);
    let not_shown: [(&str, Fields<'_>, Option<&[u8; 8]>); 7] = [
        ("no MAC", &[(59, code)], None),
        ("no code", &[], Some(MAC)),
        ("in another field", &[(58, code)], Some(MAC)),
        ("only spaces", &[(59, "   ")], Some(MAC)),
        ("a line break", &[(59, "1\n2")], Some(MAC)),
        ("too long to draw", &[(59, &long)], Some(MAC)),
        ("for less", &[(59, code), (39, "10"), (4, "000000050000")], Some(MAC)),
    ];
    for (what, change, mac) in not_shown {
        let step = answered(&[], change, mac);
        assert!(step.effects.is_empty(), "{what}: {step:?}");
        assert!(
            matches!(outcome(&step), Outcome::Unknown(unknown) if unknown.owed == Owed::Reversal),
            "{what}: {step:?}"
        );
    }
    for code in ["09", "68", "96", "ZZ"] {
        let step = answered(&[], &[(39, code), (59, "1")], Some(MAC));
        assert_eq!(outcome(&step), &unknown(code, Owed::Reversal), "nobody can pay: it is closed, not asked about");
    }
    let refused = answered(&[], &[(39, "57")], Some(MAC));
    assert!(matches!(outcome(&refused), Outcome::Declined(declined) if declined.code == "57"));
}

#[test]
fn an_acquirer_that_gives_no_codes_is_named_by_its_parameter() {
    let fault = UnionPay::start(&context(&[]), &show(700));
    assert!(
        matches!(&fault, Err(sdk::prelude::Fault::Unsupported(why)) if why.contains("show-processing-code")),
        "{fault:?}"
    );
    let polls = UnionPay::start(&context(&[ORDERS]), &show(700)).and_then(|begun| {
        let context = context(&[ORDERS, ("show-polls", "31")]);
        let pending = answered(&[], &[(59, "1")], Some(MAC));
        let asked = UnionPay::resume(&context, &show(700), &pending.state, &Event::Woke)?;
        assert!(begun.effects.is_empty());
        let reply = answer(0x0210, &[&ANSWERED[..], &[(3, "310000"), (39, "09")]].concat(), Some(MAC));
        UnionPay::resume(&context, &show(700), &asked.state, &Event::Received(reply))
    });
    assert!(matches!(polls, Err(sdk::prelude::Fault::Configuration(_))), "{polls:?}");
}

/// Hostile: the customer pays when the cashier has given up. Asked first, the sale stands as paid; reversed at once, the
/// money goes back. Either way the books of both sides agree.
#[test]
fn paid_after_given_up_is_found_or_taken_back_and_never_lost() {
    let mut till = till(&[]);
    let given_up = till.run(&show(700), None);
    assert_eq!((&given_up.outcome, given_up.pauses), (&unknown("09", Owed::Inquiry), 12));
    assert_eq!(till.bank.pay_code(&till.shown[0].clone(), WALLET), Some(code("00")));
    let asked = inquire(&mut till, &given_up);
    assert_eq!((asked.code(), till.merchant_total()), ("00", 700));
    assert_eq!(asked.kept("trace"), given_up.kept("trace"));

    let mut till = self::till(&[("scan-doubt", "reverse"), ("show-polls", "2")]);
    let given_up = till.run(&show(700), None);
    assert_eq!((&given_up.outcome, given_up.pauses), (&unknown("09", Owed::Reversal), 2));
    assert_eq!(till.bank.pay_code(&till.shown[0].clone(), WALLET), Some(code("00")));
    assert_eq!((till.merchant_total(), till.undo(&given_up, None), till.merchant_total()), (700, Meaning::Paid, 0));
}

/// Nobody paid and the customer has gone: the question finds that, the order is closed, and the code is dead.
#[test]
fn an_order_nobody_paid_is_closed_before_somebody_does() {
    let mut till = till(&[("show-polls", "1")]);
    let given_up = till.run(&show(700), None);
    let asked = inquire(&mut till, &given_up);
    assert_eq!(asked.outcome, unknown("09", Owed::Reversal));
    assert_eq!(till.undo(&given_up, None), Meaning::Paid);
    assert_eq!(till.undo(&given_up, None), Meaning::Paid, "and once more, for a lost answer");
    assert_eq!(till.bank.pay_code(&till.shown[0].clone(), WALLET), Some(code("12")));
    assert_eq!((till.bank.pay_code("https://pay.example/?", WALLET), till.merchant_total()), (None, 0));
    assert_eq!(inquire(&mut till, &given_up).outcome, unknown("12", Owed::Inquiry), "12 may be about the question");
    till.context.parameters.push(("show-closed".to_owned(), "12".to_owned()));
    let closed = inquire(&mut till, &given_up);
    assert!(matches!(&closed.outcome, Outcome::Declined(declined) if declined.reason == Reason::Other), "{closed:?}");
}

/// Hostile: the answer with the code is lost, so that nobody ever saw it. Nothing is asked: the order is closed, whatever
/// it is that the acquirer wants of payments in doubt.
#[test]
fn an_order_whose_code_was_lost_is_closed() {
    for doubt in ["inquire", "reverse"] {
        let mut till = till(&[("scan-doubt", doubt)]);
        till.loses_answer = true;
        let lost = till.run(&show(700), None);
        assert_eq!((lost.code(), till.shown.len()), ("silence", 0));
        let attempts = vec![Attempt {
            route: "host".to_owned(),
            gravity: Gravity::MovesMoney,
            delivery: Delivery::Sent,
            failure: Failure::Timeout,
            elapsed: 60_000,
        }];
        let routes = vec!["host".to_owned()];
        let situation = Situation { operation: OperationKind::ShowToPay, attempts, routes, offline_allowed: false };
        assert_eq!(UnionPay::decide(&till.context, &situation), Decision::Reverse);
        assert_eq!((till.undo(&lost, None), till.merchant_total()), (Meaning::Paid, 0));
    }
    let mut till = till(&[]);
    till.loses_request = true;
    let never_came = till.run(&show(700), None);
    assert_eq!(inquire(&mut till, &never_came).outcome, unknown("25", Owed::Reversal));
    assert_eq!(till.undo(&never_came, None), Meaning::Paid);
}

/// A forged answer to the order would have the customer pay somebody else.
#[test]
fn a_forged_code_does_not_prove_itself() {
    let mut till = till(&[]);
    till.fault = Some(acquirer::Fault::WrongMac);
    let forged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| till.run(&show(700), None)));
    assert!(forged.is_err(), "the till's check of proofs fails before anything is shown");
    assert!(till.shown.is_empty());
}

#[test]
fn a_customer_without_money_is_a_decline() {
    let mut till = till(&[]);
    let shown = till.run(&show(100_000_000), None);
    assert_eq!(till.bank.pay_code(&till.shown[0].clone(), WALLET), Some(code("51")));
    assert_eq!((inquire(&mut till, &shown).code(), till.merchant_total()), ("51", 0));
    assert_eq!(till.bank.transactions(Some(TERMINAL), None).len(), 1);
}

#[test]
fn an_order_has_no_secret_and_counts_its_trace() {
    let begun = start(&context(&[ORDERS, ("scan-order-field", "63")]), &show(88_800));
    let exchange = sent(&begun);
    assert_eq!((exchange.gravity, &exchange.uses[..]), (Gravity::MovesMoney, &["trace".to_owned()][..]));
    let secret = |node: &Node| matches!(node, Node::Secret(_) | Node::Track(_) | Node::PinBlock(_) | Node::ChipData(_));
    let Some(Remedy::Inquire(Some(standby))) = &exchange.remedy else { panic!("{:?}", exchange.remedy) };
    assert!(!exchange.message.nodes.iter().chain(&standby.message.nodes).any(secret));
    assert_eq!(exchange.message.nodes[..4], standby.message.nodes[..4]);
}
