//! What is told and not asked: offline payments, tips, script reports; each counted once, however often it comes.

use acquirer::config::AdjustedAmount;
use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

use crate::support::{MAC, answer, cny, context, outcome, resume, start};
use crate::till::{Ended, Plastic, TERMINAL, Till, follow_up, pay, plastic};

const RICH: &str = "6200000123456787";

fn chip() -> Plastic {
    plastic(RICH, "123456", Entry::ContactChip)
}

fn acknowledged() -> Outcome {
    Outcome::Acknowledged("00".to_owned())
}

/// A sale that the card approved alone: its first message was written and never left.
fn stand_in(till: &mut Till, minor: u64) -> Original {
    let operation = pay(PaymentKind::Sale, minor, &chip());
    let step = start(&till.context, &operation);
    till.context.counters[0].1 += 1;
    Original {
        transaction: "T9".to_owned(),
        operation: OperationKind::Sale,
        amount: cny(minor),
        at: till.context.now,
        card: Some(chip().presented),
        reference: step.reference,
    }
}

fn tell(till: &mut Till, kind: FollowUpKind, original: &Original, minor: u64) -> Ended {
    till.run(&follow_up(kind, original, cny(minor)), Some(&chip()))
}

/// The repeatable form means the same with this plugin and without.
fn repeats(till: &mut Till, operation: &Operation, ended: &Ended) {
    let (alone, told) = till.repeat(operation, ended, Some(&chip()));
    assert_eq!((alone, told), (Meaning::Paid, acknowledged()));
}

#[test]
fn an_offline_payment_is_delivered_once_under_its_own_trace() {
    for (kind, ability) in [("30", "000042000"), ("36", "000042000")] {
        let mut till = Till::open(&[("offline-type", kind)], |_| {});
        let original = stand_in(&mut till, 1234);
        let operation = follow_up(FollowUpKind::Advise, &original, cny(1234));
        till.loses_answer = true;
        let lost = till.run(&operation, Some(&chip()));
        assert_eq!(lost.field(60), format!("{kind}{ability}50"));
        assert_eq!(
            (lost.field(11), lost.field(22), lost.field(4)),
            ("000002".into(), "052".into(), "000000001234".into())
        );
        assert!(!lost.field(55).is_empty() && lost.field(52).is_empty() && lost.field(37).is_empty());
        let exchange = lost.exchange.as_ref().expect("it was sent");
        assert_eq!((exchange.gravity, exchange.uses.len()), (Gravity::Owes, 0));
        repeats(&mut till, &operation, &lost);
        repeats(&mut till, &operation, &lost);
        assert_eq!(till.merchant_total(), 1234, "{kind}");
        assert_eq!(lost.kept("trace"), "000002", "as the upload will name it");
    }
}

#[test]
fn an_offline_payment_without_a_trace_takes_one() {
    let mut till = Till::open(&[], |_| {});
    let original = Original { reference: Vec::new(), ..stand_in(&mut till, 300) };
    let told = tell(&mut till, FollowUpKind::Advise, &original, 300);
    assert_eq!((&told.outcome, told.field(11).as_str(), till.merchant_total()), (&acknowledged(), "000003", 300));
    assert_eq!(told.exchange.expect("sent").uses, ["trace"]);
}

#[test]
fn a_tip_is_told_as_the_new_total_or_alone() {
    for (word, amount, digits, kind) in [
        ("total", AdjustedAmount::NewTotal, "000000001150", "34"),
        ("difference", AdjustedAmount::Difference, "000000000150", "32"),
    ] {
        let parameters = [("tip-amount", word), ("tip-type", kind)];
        let mut till = Till::open(&parameters, |config| config.adjustments.amount = amount);
        let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
        let operation = follow_up(FollowUpKind::Advise, &sale.original, cny(150));
        let told = till.run(&operation, Some(&chip()));
        assert_eq!((&told.outcome, told.field(4).as_str()), (&acknowledged(), digits));
        assert_eq!(&told.field(60)[..8], format!("{kind}000042"));
        let original = format!("{}{}{}", sale.kept("batch"), sale.kept("trace"), sale.kept("date"));
        assert_eq!(
            (told.field(61), told.field(37), told.field(11).as_str()),
            (original, sale.kept("rrn").into(), "000003")
        );
        assert_eq!(told.kept("group"), "domestic");
        repeats(&mut till, &operation, &told);
        assert_eq!(till.merchant_total(), 1150);
    }
}

/// A repetition that says of itself that it is one, under the same nodes, and is answered as the first.
#[test]
fn a_repetition_can_be_marked_as_one() {
    let mut till = Till::open(&[("repeat-mark", "message-type")], |_| {});
    let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    let cases = [
        (follow_up(FollowUpKind::Advise, &sale.original, cny(150)), [0x02, 0x21]),
        (follow_up(FollowUpKind::ReportScripts, &sale.original, cny(1000)), [0x06, 0x21]),
        (follow_up(FollowUpKind::Refund, &sale.original, cny(100)), [0x02, 0x21]),
    ];
    for (operation, mti) in cases {
        let told = till.run(&operation, Some(&chip()));
        let before = till.merchant_total();
        let Some(Remedy::Repeat(standby)) = told.exchange.as_ref().and_then(|sent| sent.remedy.clone()) else {
            panic!("it is repeated: {told:?}")
        };
        let again = standby.again.clone().expect("marked");
        let mut unmarked = again.nodes.clone();
        for node in &mut unmarked {
            if let Node::Literal(bytes) = node
                && bytes.starts_with(&mti)
            {
                bytes[1] -= 1;
            }
        }
        assert_eq!((unmarked, again.whole), (standby.message.nodes.clone(), standby.message.whole));
        let repeated = Ended {
            exchange: Some(Exchange {
                remedy: Some(Remedy::Repeat(Standby { message: again, again: None, ..standby })),
                ..told.exchange.clone().expect("sent")
            }),
            ..told
        };
        let (alone, _) = till.repeat(&operation, &repeated, Some(&chip()));
        assert_eq!((alone, till.merchant_total()), (Meaning::Paid, before), "{mti:X?}");
    }
}

#[test]
fn a_tip_beyond_the_limit_is_refused_and_stays_owed() {
    let mut till = Till::open(&[], |_| {});
    let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    let told = tell(&mut till, FollowUpKind::Advise, &sale.original, 1001);
    assert_eq!(told.outcome, Outcome::Refused("64".to_owned()));
    assert_eq!(till.merchant_total(), 1000);
}

#[test]
fn a_script_report_is_written_down_once_at_its_transaction() {
    let mut till = Till::open(&[], |_| {});
    let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    let operation = follow_up(FollowUpKind::ReportScripts, &sale.original, cny(1000));
    till.loses_answer = true;
    let lost = till.run(&operation, Some(&chip()));
    assert_eq!((lost.field(60), lost.field(11)), ("00000042951".to_owned(), "000003".to_owned()));
    assert_eq!((lost.field(3), lost.field(4), lost.field(22)), ("000000".into(), "000000001000".into(), "051".into()));
    assert_eq!(lost.field(61), format!("000042000002{}", sale.kept("date")));
    assert_eq!((lost.field(37), lost.field(38)), (sale.kept("rrn").into(), sale.kept("authorization").into()));
    let tags = &lost.exchange.as_ref().expect("sent").message.nodes;
    let asked = tags.iter().find_map(|node| if let Node::ChipData(hole) = node { Some(&hole.tags) } else { None });
    let list = [0x9F33, 0x95, 0x9F37, 0x9F1E, 0x9F10, 0x9F26, 0x9F36, 0x82, 0xDF31, 0x9F1A, 0x9A];
    assert_eq!(asked, Some(&list.to_vec()));
    repeats(&mut till, &operation, &lost);
    let listed = till.bank.transactions(Some(TERMINAL), None);
    assert_eq!(listed.iter().map(|listed| listed.script_results).collect::<Vec<_>>(), [1]);
}

#[test]
fn what_settles_nothing_is_owed_again() {
    let mut till = Till::open(&[], |_| {});
    let original = stand_in(&mut till, 1234);
    let operation = follow_up(FollowUpKind::Advise, &original, cny(1234));
    let context = context(&[("terminal", TERMINAL), ("merchant", "309310083985008")]);
    let state = start(&context, &operation).state;
    let told = |code: &'static str, trace: &'static str, mac: bool| {
        let set = [(3, "000000"), (11, trace), (39, code), (41, TERMINAL), (42, "309310083985008")];
        resume(&context, &operation, &state, answer(0x0230, &set, mac.then_some(MAC)))
    };
    let unknown = |code: &str| Outcome::Unknown(Unknown { code: code.to_owned(), owed: Owed::Repetition });
    for code in ["09", "68", "96", "98", "10"] {
        assert_eq!(outcome(&told(code, "000002", true)), &unknown(code));
    }
    assert_eq!(outcome(&told("00", "000002", false)), &unknown("00"), "no MAC proves nothing");
    assert_eq!(outcome(&told("05", "000002", true)), &Outcome::Refused("05".to_owned()));
    assert_eq!(told("00", "000003", true).action, Action::Listen(Stray::Foreign));
    let keys = told("A0", "000002", true);
    assert!(keys.effects.contains(&Effect::Request((OperationKind::SignIn, None))));
}

#[test]
fn an_advice_about_what_was_made_elsewhere_is_not_offered() {
    for of in [Subject::None, Subject::Typed(Vec::new())] {
        let asked = FollowUp { kind: FollowUpKind::Advise, of, amount: cny(1), card: None, reason: None };
        let fault = UnionPay::start(&context(&[]), &Operation::FollowUp(asked));
        assert!(matches!(fault, Err(Fault::Unsupported(_))));
    }
    let mut till = Till::open(&[], |_| {});
    let bare = Original { card: None, ..stand_in(&mut till, 5) };
    assert!(UnionPay::start(&till.context, &follow_up(FollowUpKind::Advise, &bare, cny(5))).is_err());
}
