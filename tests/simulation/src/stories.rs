//! The operations whose every step is struck: each as short as it can be.

use engine::FollowUpKind::{Advise, CancelCompletion, CancelPreauthorization, Complete, Inquire, Refund, Void};

use crate::cards::{CHIP, CHIP_ALONE, CHIP_REFUSES};
use crate::fault::{Fault, Occasion, Step};
use crate::ground;
use crate::script::{Act, Script, Shape, What, short_segments};

/// One payment.
const MINOR: u64 = 1_234;
/// An amount the acquirer refuses.
const REFUSED_MINOR: u64 = 5_100;
/// A tip.
const TIP_MINOR: u64 = 100;

/// An operation whose every step is struck.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its name.
    pub name: &'static str,
    /// How it goes when nothing more goes wrong.
    pub script: Script,
}

type Told<'a> = (u64, &'a str, What);

/// The operations there are.
pub fn stories() -> Vec<Story> {
    let mut stories = maintenance();
    stories.extend(payments());
    stories.extend(follow_ups());
    stories.extend(chips());
    stories.extend(scans());
    stories.extend(settlements());
    stories
}

fn maintenance() -> Vec<Story> {
    let rows = |rows: &str| What::Download { rows: rows.to_owned() };
    vec![
        story("sign-in", &[(1_000, "A", What::SignIn)], &[]),
        story("sign-off", &[(1_000, "A", What::SignIn), (5_000, "B", What::SignOff), (10_000, "C", sale())], &[]),
        story("download-parameters", &[(1_000, "A", rows("parameters"))], &[]),
        story("download-applications", &[(1_000, "A", rows("applications"))], &[]),
        story("balance", &[(1_000, "A", What::Balance { card: 0 })], &[]),
        story("keys-forgotten", &[(1_000, "A", sale()), (30_000, "X", What::ForgetKeys), (31_000, "B", sale())], &[]),
    ]
}

fn payments() -> Vec<Story> {
    let refused = What::Sale { minor: REFUSED_MINOR, card: 1 };
    let lost = (at("A", Step::Send), Fault::ReplyLost);
    // A reversal is sent under its original's name.
    let reversal = Occasion { nth: 1, ..at("A", Step::Send) };
    let partly = |about| (at(about, Step::Send), Fault::ApprovesPartly(700));
    let otherwise = (at("A", Step::AskCashier), Fault::ChoosesOtherwise);
    vec![
        story("sale", &[(1_000, "A", sale())], &[]),
        story("sale-refused", &[(1_000, "A", refused)], &[]),
        story("sale-with-reversal", &[(1_000, "A", sale())], std::slice::from_ref(&lost)),
        story("sale-asked-twice", &[(1_000, "A", sale()), (60_000, "A", sale())], std::slice::from_ref(&lost)),
        story("sale-after-a-debt", &[(1_000, "A", sale()), (2_000, "B", sale())], &[lost]),
        story("sale-cancelled", &[(1_000, "A", sale()), (5_010, "A", What::Cancel)], &[]),
        story("sale-approved-in-part", &[(1_000, "A", sale())], &[partly("A")]),
        story("sale-approved-in-part-otherwise", &[(1_000, "A", sale())], &[partly("A"), otherwise]),
        story("refund-without-reference", &[(1_000, "A", What::RefundBare { minor: MINOR, card: 0 })], &[]),
        story(
            "refund-by-receipt",
            &[(1_000, "A", sale()), (20_000, "B", What::RefundTyped { of: "A".into(), minor: 1_000 })],
            &[],
        ),
        story(
            "refused-reversal-waived",
            &[(1_000, "A", sale()), (60_000, "W", What::Waive), (70_000, "B", sale())],
            &[(at("A", Step::Send), Fault::ReplyLost), (reversal, Fault::Refuses("05".into()))],
        ),
    ]
}

fn follow_ups() -> Vec<Story> {
    let hold = || What::Preauthorize { minor: MINOR, card: 0 };
    let after_sale = |name, kind| story(name, &[(1_000, "A", sale()), (20_000, "B", follow(kind, "A"))], &[]);
    let after_hold = |name, kind| story(name, &[(1_000, "A", hold()), (20_000, "B", follow(kind, "A"))], &[]);
    let told = [(1_000, "A", sale()), (20_000, "B", tip("A")), (30_000, "C", sale())];
    let refuses = [&told[..2], &[(15_000, "X", What::RefuseAdvices { ms: 60_000 }), (30_000, "C", sale())]].concat();
    vec![
        after_sale("void", Void),
        after_sale("refund", Refund),
        after_hold("completion", Complete),
        after_hold("pre-authorisation-cancelled", CancelPreauthorization),
        story(
            "completion-cancelled",
            &[(1_000, "A", hold()), (20_000, "B", follow(Complete, "A")), (40_000, "C", follow(CancelCompletion, "B"))],
            &[],
        ),
        story("tip", &told, &[]),
        story("tip-refused", &refuses, &[]),
    ]
}

fn chips() -> Vec<Story> {
    let chip = |card| What::Sale { minor: MINOR, card };
    let down = |ms| What::AcquirerDown { ms, silent: false };
    let alone = [(1_000, "S", What::SignIn), (4_000, "X", down(60_000)), (5_000, "A", chip(CHIP_ALONE))];
    let told = [&alone[..], &[(90_000, "B", sale())]].concat();
    let refused = [&told[..], &[(60_000, "Y", What::RefuseAdvices { ms: 120_000 })]].concat();
    let waived = [&refused[..], &[(120_000, "W", What::Waive)]].concat();
    vec![
        story("chip-with-scripts", &[(1_000, "A", chip(CHIP)), (20_000, "B", sale())], &[]),
        story("chip-refuses", &[(1_000, "A", chip(CHIP_REFUSES)), (20_000, "B", sale())], &[]),
        story("chip-voided", &[(1_000, "A", chip(CHIP)), (20_000, "B", follow(Void, "A"))], &[]),
        story("stand-in", &told, &[]),
        story("stand-in-refused", &refused, &[]),
        story("stand-in-refused-waived", &waived, &[]),
    ]
}

fn scans() -> Vec<Story> {
    let scan = |minor| What::ScanToPay { minor };
    let waits = ground::ASKS_THE_CUSTOMER_MINOR.unsigned_abs();
    let lost = [(at("A", Step::Send), Fault::ReplyLost)];
    let show = || What::ShowToPay { minor: MINOR };
    vec![
        story("scan-to-pay", &[(1_000, "A", scan(MINOR))], &[]),
        story("scan-to-pay-lost", &[(1_000, "A", scan(MINOR)), (90_000, "B", follow(Inquire, "A"))], &lost),
        story("scan-to-pay-waits", &[(1_000, "A", scan(waits))], &[]),
        story("show-to-pay", &[(1_000, "A", show())], &[]),
        story("show-to-pay-lost", &[(1_000, "A", show()), (90_000, "B", sale())], &lost),
        story(
            "show-to-pay-first-route-down",
            &[(500, "X", What::RouteDown { ms: 60_000, silent: false }), (1_000, "A", show())],
            &[],
        ),
        story("scan-to-pay-voided", &[(1_000, "A", scan(MINOR)), (20_000, "B", follow(Void, "A"))], &[]),
    ]
}

fn settlements() -> Vec<Story> {
    let sales = [(1_000, "A", sale()), (8_000, "B", sale()), (15_000, "C", sale())];
    let voided = (22_000, "D", follow(Void, "A"));
    let closes = |fails| {
        let unequal = (28_000, "X", What::Miscount { fails });
        [&sales[..], &[voided.clone(), unequal, (30_000, "E", What::Settle)]].concat()
    };
    vec![
        story("settlement", &[(1_000, "A", sale()), (20_000, "B", What::Settle)], &[]),
        story("settlement-with-upload", &closes(false), &[]),
        story("settlement-not-compared", &closes(true), &[]),
    ]
}

fn sale() -> What {
    What::Sale { minor: MINOR, card: 0 }
}

fn follow(kind: engine::FollowUpKind, of: &str) -> What {
    What::Follow { kind, of: of.to_owned(), minor: None }
}

fn tip(of: &str) -> What {
    What::Follow { kind: Advise, of: of.to_owned(), minor: Some(TIP_MINOR) }
}

fn at(about: &str, step: Step) -> Occasion {
    Occasion { terminal: 0, about: about.to_owned(), step, nth: 0 }
}

fn story(name: &'static str, acts: &[Told<'_>], strikes: &[(Occasion, Fault)]) -> Story {
    let act = |(at_ms, name, what): &Told<'_>| Act {
        at_ms: *at_ms,
        terminal: 0,
        acquirer: 0,
        name: (*name).to_owned(),
        what: what.clone(),
    };
    let shape = Shape {
        seed: 1,
        terminals: 1,
        acquirers: 1,
        latency_ms: 20,
        timeout_ms: 10_000,
        tombstones: true,
        forgets_reversals: false,
        sector_bytes: 512,
        refused_debts_max: 10,
        segment_bytes: short_segments(),
        second_route: true,
        calm_from_ms: 300_000,
    };
    Story { name, script: Script { shape, acts: acts.iter().map(act).collect(), strikes: strikes.to_vec() } }
}
