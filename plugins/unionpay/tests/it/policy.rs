//! The retry policy, as a table.

use acquit_plugin_unionpay::policy::{decide, wait};
use sdk::prelude::*;

use crate::support::{cny, context};

fn attempt(gravity: Gravity, delivery: Delivery, failure: Failure) -> Attempt {
    Attempt { route: "host".to_owned(), gravity, delivery, failure, elapsed: 10 }
}

fn decided(operation: OperationKind, attempts: Vec<Attempt>) -> Decision {
    let routes = vec!["host".to_owned(), "spare".to_owned()];
    decide(&context(&[]), &Situation { operation, attempts, routes, offline_allowed: false })
}

fn resend(route: &str, wait: u32) -> Decision {
    Decision::Resend(Resend { route: route.to_owned(), wait })
}

#[test]
fn what_may_have_moved_money_is_taken_back_and_nothing_else_is() {
    use Delivery::{MaybeSent, NotSent, Sent};
    use Failure::{BadProof, Cancelled, Connect, Malformed, PluginFault, Timeout};
    use Gravity::{Asks, MovesMoney};
    let sale = |attempts: &[(Gravity, Delivery, Failure)]| {
        decided(OperationKind::Sale, attempts.iter().map(|&(g, d, f)| attempt(g, d, f)).collect())
    };
    assert_eq!(sale(&[(MovesMoney, NotSent, Connect)]), resend("spare", 1_000));
    assert_eq!(sale(&[(MovesMoney, NotSent, Connect); 2]), resend("spare", 1_000));
    assert_eq!(sale(&[(MovesMoney, NotSent, Connect); 3]), Decision::Fail);
    assert_eq!(sale(&[(MovesMoney, NotSent, Cancelled)]), Decision::Fail);
    assert_eq!(sale(&[(MovesMoney, NotSent, PluginFault)]), Decision::Fail);
    for failure in [Timeout, Malformed, BadProof, Cancelled, PluginFault] {
        for delivery in [MaybeSent, Sent] {
            assert_eq!(sale(&[(MovesMoney, delivery, failure)]), Decision::Reverse);
            // The gravest decides, not the last.
            assert_eq!(sale(&[(MovesMoney, delivery, failure), (MovesMoney, NotSent, Connect)]), Decision::Reverse);
            assert_eq!(sale(&[(MovesMoney, delivery, failure), (Asks, Sent, failure)]), Decision::Reverse);
        }
    }
}

/// What never left may be approved by the card itself, where terminal and acquirer allow it; nothing else may.
#[test]
fn only_a_sale_that_never_left_stands_in() {
    use Delivery::{MaybeSent, NotSent};
    let decided = |operation, parameters: &[(&str, &str)], offline_allowed, delivery, failure| {
        let attempts = vec![attempt(Gravity::MovesMoney, delivery, failure); 3];
        let routes = vec!["host".to_owned()];
        decide(&context(parameters), &Situation { operation, attempts, routes, offline_allowed })
    };
    use OperationKind::{Preauthorize, Refund, Sale};
    let connect = Failure::Connect;
    assert_eq!(decided(Sale, &[], true, NotSent, connect), Decision::StandIn);
    assert_eq!(decided(Sale, &[], false, NotSent, connect), Decision::Fail);
    assert_eq!(decided(Sale, &[("stand-in", "no")], true, NotSent, connect), Decision::Fail);
    assert_eq!(decided(Sale, &[], true, NotSent, Failure::Cancelled), Decision::Fail);
    assert_eq!(decided(Sale, &[], true, MaybeSent, connect), Decision::Reverse);
    assert_eq!(decided(Preauthorize, &[], true, NotSent, connect), Decision::Fail);
    assert_eq!(decided(Refund, &[], true, NotSent, connect), Decision::Fail);
}

#[test]
fn what_is_told_is_told_again_whatever_its_gravity() {
    for operation in [OperationKind::Advise, OperationKind::ReportScripts, OperationKind::Settle, OperationKind::Upload]
    {
        assert_eq!(
            decided(operation, vec![attempt(Gravity::Owes, Delivery::Sent, Failure::Timeout)]),
            resend("spare", 2_000)
        );
    }
    for operation in [OperationKind::Advise, OperationKind::ReportScripts] {
        let attempts = vec![attempt(Gravity::MovesMoney, Delivery::MaybeSent, Failure::Timeout)];
        assert_eq!(decided(operation, attempts), resend("spare", 2_000));
    }
}

/// What the matrix says of each: taken back, sent again, or asked about where the acquirer wants that.
#[test]
fn what_is_in_doubt_is_undone_as_the_matrix_says() {
    let attempts = vec![attempt(Gravity::MovesMoney, Delivery::Sent, Failure::Timeout)];
    let doubtful = |operation, parameters: &[(&str, &str)]| {
        let (attempts, routes) = (attempts.clone(), vec!["host".to_owned(), "spare".to_owned()]);
        decide(&context(parameters), &Situation { operation, attempts, routes, offline_allowed: true })
    };
    use OperationKind::{
        CancelCompletion, CancelPreauthorization, Complete, Preauthorize, Refund, Sale, ScanToPay, ShowToPay, Void,
    };
    for operation in [Sale, Preauthorize, Void, Complete, CancelPreauthorization, CancelCompletion] {
        assert_eq!(doubtful(operation, &[]), Decision::Reverse, "{operation:?}");
    }
    assert_eq!(doubtful(Refund, &[]), resend("spare", 2_000));
    assert_eq!(doubtful(Complete, &[("completion", "advice")]), resend("spare", 2_000));
    assert_eq!(doubtful(ScanToPay, &[("scan-poll-ms", "4000")]), Decision::Inquire(4_000));
    assert_eq!(doubtful(ScanToPay, &[("scan-doubt", "reverse")]), Decision::Reverse);
    assert_eq!(doubtful(ShowToPay, &[]), Decision::Reverse, "nobody saw a code, so nobody can pay");
}

#[test]
fn asking_is_tried_three_times_and_owing_for_ever() {
    let asks =
        |tries| decided(OperationKind::SignIn, vec![attempt(Gravity::Asks, Delivery::Sent, Failure::Timeout); tries]);
    assert_eq!(
        [asks(0), asks(1), asks(2), asks(3)],
        [Decision::Fail, resend("spare", 1_000), resend("spare", 1_000), Decision::Fail]
    );
    for delivery in [Delivery::NotSent, Delivery::MaybeSent, Delivery::Sent] {
        let owes =
            |tries| decided(OperationKind::Reverse, vec![attempt(Gravity::Owes, delivery, Failure::Timeout); tries]);
        assert_eq!(owes(1), resend("spare", 2_000));
        assert_eq!(owes(1_000), resend("spare", 60_000));
    }
}

#[test]
fn a_debt_waits_longer_each_time_and_calls_for_help() {
    let debt = |tries: usize, refusals: &[&str]| {
        wait(&Debt {
            kind: OperationKind::Reverse,
            of: Original {
                transaction: "T1".to_owned(),
                operation: OperationKind::Sale,
                amount: cny(1),
                at: context(&[]).now,
                card: None,
                reference: Vec::new(),
            },
            age_s: 0,
            attempts: vec![attempt(Gravity::Owes, Delivery::Sent, Failure::Timeout); tries],
            refusals: refusals.iter().map(|code| (*code).to_owned()).collect(),
        })
    };
    let waits: Vec<(u32, bool)> = (0..8).map(|tries| debt(tries, &[])).map(|p| (p.wait, p.call_for_help)).collect();
    let expected = [(0, false), (2_000, false), (4_000, false), (8_000, true), (16_000, true), (32_000, true)];
    assert_eq!(waits, [&expected[..], &[(60_000, true), (60_000, true)]].concat());
    assert_eq!(debt(100_000, &[]).wait, 60_000);
    assert!(debt(1, &["01"]).call_for_help);
    assert_eq!(debt(0, &[]).route, "host");
}
