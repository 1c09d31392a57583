//! The message of a settlement: how totals are written, and what each result of their comparison means.

use acquirer::bank::BatchTotals;
use acquit_plugin_unionpay::{UnionPay, fields};
use proptest::prelude::{ProptestConfig, Strategy, prop, prop_assert_eq, proptest};
use sdk::prelude::*;

use crate::support::{cny, context, outcome, resume, sent, start};

fn total(group: &str, operation: OperationKind, count: u32, minor: u64) -> Totals {
    Totals { group: group.to_owned(), operation, count, amount: cny(minor) }
}

fn some_totals() -> Vec<Totals> {
    vec![
        total("domestic", OperationKind::Void, 1, 20),
        total("domestic", OperationKind::Sale, 3, 1230),
        total("domestic", OperationKind::Refund, 2, 30),
        total("domestic", OperationKind::Preauthorize, 7, 70_000),
        total("foreign", OperationKind::Complete, 1, 5),
    ]
}

#[test]
fn the_message_is_what_the_specification_says_field_by_field() {
    for (parameter, digits) in [
        ("both-sides", "00000000123000300000000005000300000000000050010000000000000000"),
        ("cancelled-out", "00000000121000200000000003000200000000000050010000000000000000"),
    ] {
        let step = start(
            &context(&[("settle-voids", parameter), ("settlement-mac", "no")]),
            &Operation::Settle(some_totals()),
        );
        let exchange = sent(&step);
        let [Node::Literal(frame)] = &exchange.message.nodes[3..4] else { panic!("{:?}", exchange.message) };
        assert!(frame.starts_with(&[0x60, 0, 4, 0, 0]), "{frame:X?}");
        let whole = crate::support::render(&exchange.message, UndoReason::NoAnswer);
        let read = fields::read(&whole).expect("reads");
        assert_eq!(read.get(48).expect("DE48").text(), digits);
        let told =
            [(11, "100175"), (41, "10421695"), (42, "874350357222471"), (49, "156"), (60, "00000001201"), (63, "001")];
        for (number, text) in told {
            assert_eq!(read.get(number).expect("there").text(), text, "DE{number}");
        }
        assert!(read.get(64).is_none());
        assert_eq!((exchange.gravity, exchange.uses.clone()), (Gravity::Owes, vec!["trace".to_owned()]));
    }
}

#[test]
fn what_does_not_fit_the_message_is_refused_before_it_is_sent() {
    let wrong = [
        total("domestic", OperationKind::Sale, 1000, 5),
        total("domestic", OperationKind::Sale, 1, 1_000_000_000_000),
        total("lunar", OperationKind::Sale, 1, 5),
        Totals { amount: Amount { currency: 840, ..cny(5) }, ..total("", OperationKind::Sale, 1, 5) },
    ];
    for total in wrong {
        let asked = Operation::Settle(vec![total.clone()]);
        assert!(UnionPay::start(&context(&[]), &asked).is_err(), "{total:?}");
    }
    let more_back = Operation::Settle(vec![total("", OperationKind::Void, 1, 5)]);
    assert!(UnionPay::start(&context(&[("settle-voids", "cancelled-out")]), &more_back).is_err());
}

fn compared(results: [char; 2], mac: bool) -> Reply {
    let digits = format!("{:030}{}{:030}{}", 0, results[0], 0, results[1]);
    let answered = [(11, "100175"), (39, "00"), (41, "10421695"), (42, "874350357222471"), (48, digits.as_str())];
    crate::support::answer(0x0510, &answered, mac.then_some(crate::support::MAC))
}

#[test]
fn every_result_of_either_half_has_its_meaning() {
    use Verdict::{Balanced, Failed, Unbalanced};
    let operation = Operation::Settle(vec![total("domestic", OperationKind::Sale, 1, 5)]);
    let begun = start(&context(&[]), &operation);
    for (results, verdicts, uploads) in [
        (['1', '1'], [Balanced, Balanced], false),
        (['1', '0'], [Balanced, Balanced], false),
        (['0', '0'], [Failed, Balanced], true),
        (['2', '1'], [Unbalanced, Balanced], true),
        (['1', '3'], [Balanced, Failed], true),
    ] {
        let step = resume(&context(&[]), &operation, &begun.state, compared(results, true));
        let Outcome::Settled(settled) = outcome(&step) else { panic!("{step:?}") };
        assert_eq!(settled.groups.iter().map(|(_, verdict)| *verdict).collect::<Vec<_>>(), verdicts);
        assert_eq!((settled.next.is_some(), step.effects.is_empty()), (uploads, uploads), "{results:?}");
        assert!(step.proofs.iter().any(|proof| matches!(proof, Proof::Seal(_))));
    }
    let fault = |reply| UnionPay::resume(&context(&[]), &operation, &begun.state, &Event::Received(reply));
    assert!(matches!(fault(compared(['4', '1'], true)), Err(Fault::Malformed(found)) if found.path == "DE48"));
    assert!(matches!(fault(compared(['1', '1'], false)), Err(Fault::Malformed(found)) if found.path == "DE64"));
    let bare = context(&[("settlement-mac", "no")]);
    let step = resume(&bare, &operation, &begun.state, compared(['1', '1'], false));
    assert!(matches!(outcome(&step), Outcome::Settled(settled) if settled.next.is_none()));
}

fn any_total() -> impl Strategy<Value = Totals> {
    use OperationKind::{Advise, Balance, CancelCompletion, Complete, Preauthorize, Refund, Sale, ScanToPay, Void};
    let operations = [Advise, Balance, CancelCompletion, Complete, Preauthorize, Refund, Sale, ScanToPay, Void];
    let groups = prop::sample::select(vec!["", "domestic", "foreign"]);
    (groups, prop::sample::select(operations.to_vec()), 0..100_u32, 0..1_000_000_u64)
        .prop_map(|(group, operation, count, minor)| total(group, operation, count, minor))
}

/// What counts, added up the long way.
fn added(totals: &[Totals], foreign: bool, operations: &[OperationKind]) -> (i64, u32) {
    let counts = |total: &&Totals| (total.group == "foreign") == foreign && operations.contains(&total.operation);
    totals.iter().filter(counts).fold((0, 0), |(minor, count), total| {
        (minor + i64::try_from(total.amount.minor).expect("small"), count + total.count)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever the totals are, the acquirer reads in the message what they add up to.
    #[test]
    fn the_acquirer_reads_the_sums(totals in proptest::collection::vec(any_total(), 0..9)) {
        use OperationKind::{Advise, CancelCompletion, Complete, Refund, Sale, ScanToPay, Void};
        let step = start(&context(&[("settlement-mac", "no")]), &Operation::Settle(totals.clone()));
        let frame = crate::support::render(&sent(&step).message, UndoReason::NoAnswer);
        let digits = fields::read(&frame).expect("reads").get(48).expect("DE48").text();
        let read = BatchTotals::from_digits(&digits).expect("the acquirer reads it");
        for (half, foreign) in [(read.domestic, false), (read.foreign, true)] {
            let debit = added(&totals, foreign, &[Sale, ScanToPay, Complete, Advise]);
            let credit = added(&totals, foreign, &[Refund, Void, CancelCompletion]);
            prop_assert_eq!((half.debit_minor, half.debit_count), debit);
            prop_assert_eq!((half.credit_minor, half.credit_count), credit);
        }
    }
}
