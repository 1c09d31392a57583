//! The end of a day, played: comparison, the upload of the details and the next batch.

use acquirer::bank::{RowState, SettlementFault};
use acquirer::config::{AcquirerConfig, Voids};
use acquit_plugin_unionpay::fields;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use sdk::prelude::*;

use crate::support::cny;
use crate::till::{Ended, Plastic, TERMINAL, Till, follow_up, pay, plastic};

const RICH: &str = "6200000123456787";
const FOREIGN: &str = "6200007418529630";
const POOR: &str = "6200001357924680138";

/// What counted, and the cards of it, in the order of the batch.
struct Day {
    till: Till,
    done: Vec<(Ended, Plastic)>,
}

impl Day {
    fn open(parameters: &[(&str, &str)], change: impl FnOnce(&mut AcquirerConfig)) -> Self {
        Day { till: Till::open(parameters, change), done: Vec::new() }
    }

    fn pay(&mut self, kind: PaymentKind, minor: u64, card: &Plastic) -> usize {
        let ended = self.till.run(&pay(kind, minor, card), Some(card));
        self.keep(ended, card)
    }

    fn follow(&mut self, kind: FollowUpKind, of: usize, minor: u64) -> usize {
        let (original, card) = (self.done[of].0.original.clone(), self.done[of].1.clone());
        let ended = self.till.run(&follow_up(kind, &original, cny(minor)), Some(&card));
        self.keep(ended, &card)
    }

    fn keep(&mut self, ended: Ended, card: &Plastic) -> usize {
        assert!(matches!(ended.outcome, Outcome::Approved(_) | Outcome::Acknowledged(_)), "{:?}", ended.outcome);
        self.done.push((ended, card.clone()));
        self.done.len() - 1
    }

    /// Sales of three cards, a void, a refund, a tip, a pre-authorisation and its completion.
    fn busy(parameters: &[(&str, &str)], change: impl FnOnce(&mut AcquirerConfig)) -> Self {
        let mut day = Day::open(parameters, change);
        let rich = plastic(RICH, "123456", Entry::ContactChip);
        let sale = day.pay(PaymentKind::Sale, 1000, &rich);
        day.pay(PaymentKind::Sale, 90, &plastic(FOREIGN, "", Entry::Stripe));
        day.pay(PaymentKind::Sale, 70, &plastic(POOR, "4321", Entry::Stripe));
        let voided = day.pay(PaymentKind::Sale, 200, &rich);
        day.follow(FollowUpKind::Void, voided, 200);
        day.follow(FollowUpKind::Refund, sale, 400);
        let tipped = day.pay(PaymentKind::Sale, 510, &rich);
        day.follow(FollowUpKind::Advise, tipped, 50);
        let held = day.pay(PaymentKind::Preauthorize, 800, &rich);
        day.follow(FollowUpKind::Complete, held, 850);
        day
    }

    /// Sums by group and operation, as the terminal keeps them.
    fn totals(&self) -> Vec<Totals> {
        let mut totals: Vec<Totals> = Vec::new();
        for (ended, _) in &self.done {
            let group = match &ended.outcome {
                Outcome::Approved(approved) => approved.settlement_group.as_str(),
                _ => "",
            };
            let operation = ended.original.operation;
            let known = totals.iter().position(|total| total.group == group && total.operation == operation);
            let at = known.unwrap_or_else(|| {
                totals.push(Totals { group: group.to_owned(), operation, count: 0, amount: cny(0) });
                totals.len() - 1
            });
            totals[at].count += 1;
            totals[at].amount.minor += ended.original.amount.minor;
        }
        totals
    }

    fn settle(&mut self) -> Settled {
        match self.till.run(&Operation::Settle(self.totals()), None).outcome {
            Outcome::Settled(settled) => settled,
            other => panic!("a settlement does not end so: {other:?}"),
        }
    }

    /// One call of an upload, of so many items from this one on.
    fn upload(&mut self, balanced: bool, first: usize, count: usize) -> Ended {
        let items = &self.done[first..(first + count).min(self.done.len())];
        self.till.items = items.iter().map(|(_, card)| card.clone()).collect();
        let items = items.iter().map(|(ended, _)| ended.original.clone()).collect();
        let (first, total) = (u32::try_from(first).expect("few"), u32::try_from(self.done.len()).expect("few"));
        self.till.run(&Operation::Upload(Upload { balanced, first, total, items }), None)
    }

    fn rows(&self) -> Vec<RowState> {
        let report = self.till.bank.batch(TERMINAL, Some("000042")).expect("the terminal is known");
        report.rows.iter().map(|row| row.state).collect()
    }

    fn remembered(&self, name: &str) -> Option<&[u8]> {
        self.till.context.memory.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }
}

/// 60.3 of every message of a call.
fn codes(ended: &Ended) -> Vec<String> {
    let code = |frame: &Vec<u8>| fields::read(frame).expect("reads").get(60).expect("DE60").text()[8..].to_owned();
    ended.sent.iter().map(code).collect()
}

fn acknowledged() -> Outcome {
    Outcome::Acknowledged("00".to_owned())
}

#[test]
fn a_busy_day_balances_and_the_next_batch_begins() {
    for voids in [Voids::BothSides, Voids::CancelledOut] {
        let word = if voids == Voids::BothSides { "both-sides" } else { "cancelled-out" };
        let mut day = Day::busy(&[("settle-voids", word)], |config| config.settlement.voids = voids);
        let settled = day.settle();
        let groups = [("domestic".to_owned(), Verdict::Balanced), ("foreign".to_owned(), Verdict::Balanced)];
        assert_eq!((settled.groups.as_slice(), settled.next), (&groups[..], None), "{word}");
        assert_eq!(
            (day.remembered("batch"), day.till.requested.as_slice()),
            (Some(&b"000043"[..]), &[OperationKind::SignIn][..])
        );
        let report = day.till.bank.batch(TERMINAL, Some("000042")).expect("known");
        assert!(report.closed && report.totals.foreign.debit_minor == 90);
        assert_eq!(report.net_minor, 1000 + 90 + 70 - 400 + 560 + 850);
        let next = pay(PaymentKind::Sale, 10, &plastic(RICH, "", Entry::Stripe));
        assert_eq!(day.till.run(&next, Some(&plastic(RICH, "", Entry::Stripe))).code(), "00", "in the new batch");
    }
}

#[test]
fn an_unbalanced_day_is_uploaded_and_a_call_begun_again_counts_once() {
    let mut day = Day::busy(&[], |_| {});
    day.till.bank.answer_settlement(Some(SettlementFault::Unbalanced));
    let settled = day.settle();
    assert_eq!(settled.next, Some(OperationKind::Upload));
    assert!(settled.groups.iter().all(|(_, verdict)| *verdict == Verdict::Unbalanced));
    assert!(day.till.requested.is_empty() && day.remembered("batch") == Some(b"000042"));

    let before = day.till.context.memory.clone();
    let first = day.upload(false, 0, 8);
    assert_eq!((&first.outcome, codes(&first)), (&acknowledged(), vec!["201".to_owned()]));
    day.till.context.memory = before;
    assert_eq!(day.upload(false, 0, 8).outcome, acknowledged(), "after a power cut, from the same call");
    assert_eq!(day.upload(false, 8, 8).outcome, acknowledged());
    let end = day.upload(false, 10, 0);
    assert_eq!((&end.outcome, codes(&end)), (&acknowledged(), vec!["202".to_owned()]));
    assert_eq!(end.field(48), "0009", "ten members, of which the pre-authorisation does not count");
    assert_eq!(day.rows(), vec![RowState::Matched; 9]);
    assert_eq!(
        (day.remembered("batch"), day.till.requested.as_slice()),
        (Some(&b"000043"[..]), &[OperationKind::SignIn][..])
    );
    assert!(day.till.bank.batch(TERMINAL, Some("000042")).expect("known").closed);
}

#[test]
fn details_say_class_trace_card_on_the_right_and_amount() {
    let mut day = Day::busy(&[], |_| {});
    day.till.bank.answer_settlement(Some(SettlementFault::Failed));
    assert!(day.settle().groups.iter().all(|(_, verdict)| *verdict == Verdict::Failed));
    let details = day.upload(false, 1, 2).field(48);
    let foreign = format!("01000003{FOREIGN:0>20}000000000090");
    let odd = format!("00000004{POOR:0>20}000000000070");
    assert_eq!(details, format!("02{foreign}{odd}"));
}

#[test]
fn chips_can_go_apart_and_details_can_follow_a_balanced_settlement() {
    let parameters = [("upload-details", "by-entry"), ("upload-balanced", "yes"), ("after-settlement", "sign-off")];
    let mut day = Day::busy(&parameters, |_| {});
    assert_eq!(day.settle().next, Some(OperationKind::Upload));
    let details = day.upload(true, 0, 10);
    assert_eq!((&details.outcome, codes(&details)), (&acknowledged(), vec!["201".to_owned(), "203".to_owned()]));
    let end = day.upload(true, 10, 0);
    assert_eq!((codes(&end), end.field(48)), (vec!["207".to_owned()], "0009".to_owned()));
    assert_eq!(day.rows(), vec![RowState::Matched; 9]);
    assert_eq!(day.till.requested, [OperationKind::SignOff]);

    let mut day = Day::busy(&parameters, |_| {});
    day.till.bank.answer_settlement(Some(SettlementFault::Unbalanced));
    day.settle();
    assert_eq!(codes(&day.upload(false, 0, 10)), ["201", "205"]);
}

#[test]
fn an_empty_day_settles_and_uploads_nothing_but_its_end() {
    let mut day = Day::open(&[], |_| {});
    day.till.bank.answer_settlement(Some(SettlementFault::Unbalanced));
    assert_eq!(day.settle().next, Some(OperationKind::Upload));
    let end = day.upload(false, 0, 0);
    assert_eq!((end.field(48), &end.outcome), ("0000".to_owned(), &acknowledged()));
}

#[test]
fn an_upload_that_is_refused_says_so() {
    let mut day = Day::busy(&[], |_| {});
    assert_eq!(day.upload(false, 0, 8).outcome, Outcome::Refused("95".to_owned()), "no totals came before");
    assert_eq!(day.upload(false, 9, 1).outcome, Outcome::Refused("95".to_owned()));
    let nothing = day.upload(false, 8, 1);
    assert_eq!((&nothing.outcome, nothing.sent.len()), (&acknowledged(), 0), "a pre-authorisation is no detail");
    day.till.context.memory.retain(|(name, _)| name != "upload-rows");
    assert_eq!(day.upload(false, 0, 1).outcome, Outcome::Refused("95".to_owned()));
    assert!(day.remembered("upload-rows").is_none());
}

/// An acquirer forgot the work keys between the comparison and the upload. It refused the details with code 99 and could
/// not seal that; the plugin took the answer without DE64 for a malformed one and asked for no sign-in, so the batch
/// stayed open and every payment was refused until somebody signed in by hand.
#[test]
fn a_settlement_whose_keys_are_gone_asks_for_a_sign_in() {
    let mut day = Day::busy(&[], |_| {});
    day.till.bank.answer_settlement(Some(SettlementFault::Unbalanced));
    assert_eq!(day.settle().next, Some(OperationKind::Upload));
    day.till.bank.clear_keys();
    assert_eq!(day.upload(false, 0, 8).outcome, Outcome::Refused("99".to_owned()));
    assert_eq!(day.till.requested, [OperationKind::SignIn]);

    let mut day = Day::busy(&[], |_| {});
    day.till.bank.clear_keys();
    let ended = day.till.run(&Operation::Settle(day.totals()), None).outcome;
    assert!(matches!(&ended, Outcome::Declined(declined) if declined.code == "99"), "{ended:?}");
    assert_eq!(day.till.requested, [OperationKind::SignIn]);
}

/// The acquirer closed the batch, and its answer was lost. Before the settlement was gone on with, somebody signed in:
/// the acquirer named the next batch, the plugin adopted it and went on settling under that number, which the acquirer
/// refused for ever, or found to be empty. No payment began any more.
#[test]
fn a_settlement_goes_on_under_the_batch_it_began_with() {
    let mut day = Day::busy(&[], |_| {});
    let settle = Operation::Settle(day.totals());
    day.till.loses_answer = true;
    day.till.run(&settle, None);
    day.till.run(&Operation::Maintain(Maintenance::SignIn), None);
    assert_eq!(day.remembered("batch"), Some(&b"000043"[..]));
    let settled = day.settle();
    assert!(settled.next.is_none() && settled.groups.iter().all(|(_, verdict)| *verdict == Verdict::Balanced));
    assert_eq!(day.remembered("batch"), Some(&b"000043"[..]));

    let mut day = Day::busy(&[], |_| {});
    day.till.bank.answer_settlement(Some(SettlementFault::Unbalanced));
    assert_eq!(day.settle().next, Some(OperationKind::Upload));
    assert_eq!(day.upload(false, 0, 8).outcome, acknowledged());
    assert_eq!(day.upload(false, 8, 8).outcome, acknowledged());
    day.till.loses_answer = true;
    day.upload(false, 10, 0);
    day.till.run(&Operation::Maintain(Maintenance::SignIn), None);
    assert_eq!(day.upload(false, 10, 0).outcome, acknowledged());
    assert_eq!(day.remembered("batch"), Some(&b"000043"[..]));

    // Another settlement is another batch's.
    day.till.context.transaction = "another".to_owned();
    let empty = day.till.run(&Operation::Settle(Vec::new()), None);
    assert!(matches!(empty.outcome, Outcome::Settled(settled) if settled.next.is_none()));
}

#[test]
fn a_settlement_that_is_not_taken_is_declined_and_keeps_its_batch() {
    let mut day = Day::busy(&[], |_| {});
    day.till.bank.cut_over(true);
    let ended = day.till.run(&Operation::Settle(day.totals()), None);
    assert!(matches!(&ended.outcome, Outcome::Declined(declined) if declined.code == "90"), "{ended:?}");
    day.till.bank.cut_over(false);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// However an upload is cut into calls, and whichever call is begun twice, every row arrives once and the end says
    /// how many there were.
    #[test]
    fn every_row_arrives_once(sales in 0..20_usize, size in 1..=64_usize, twice in 0..20_usize) {
        let mut day = Day::open(&[], |_| {});
        let card = plastic(RICH, "", Entry::Stripe);
        for minor in 0..sales {
            day.pay(PaymentKind::Sale, 1 + minor as u64, &card);
        }
        day.till.bank.answer_settlement(Some(SettlementFault::Unbalanced));
        prop_assert_eq!(day.settle().next, Some(OperationKind::Upload));
        for (number, first) in (0..sales).step_by(size).enumerate() {
            if number == twice {
                let before = day.till.context.memory.clone();
                prop_assert_eq!(day.upload(false, first, size).outcome, acknowledged());
                day.till.context.memory = before;
            }
            prop_assert_eq!(day.upload(false, first, size).outcome, acknowledged());
        }
        let end = day.upload(false, sales, 0);
        prop_assert_eq!((&end.outcome, end.field(48)), (&acknowledged(), format!("{sales:04}")));
        prop_assert_eq!(day.rows(), vec![RowState::Matched; sales]);
    }
}
