//! Batches closed: with what the acquirer's books say, without, through silence and power cuts, at the call it was at.

use proptest::prelude::*;

use super::acquirer::Line;
use super::teller::{self, Silence, follow, pay};
use super::{ACQUIRER, House, guest};
use crate::books::Standing;
use crate::contract::acquirer::{Counter, Effect as Wish, Outcome as Claimed, Verdict};
use crate::contract::transaction::{FollowUpKind, Operation, OperationKind, PaymentKind};
use crate::record::{Doubt, Incident, NotSent, Sealed, Settlement};
use crate::{Answer, Call, Fact, Order, Outcome, Recovery, TransactionId};

pub(super) fn id(text: &str) -> TransactionId {
    TransactionId::parse(text).unwrap()
}

/// Five sales of 5, and one that was taken back.
pub(super) fn day() -> House {
    let mut house = House::that_closes();
    for number in 0..5 {
        house.sale(&format!("A{number}"), 5);
    }
    house.acquirer.line = [Line::LostReply].into();
    house.sale("R1", 7);
    house
}

pub(super) fn settled(outcome: &Outcome) -> &Settlement {
    let Outcome::Settled(settlement) = outcome else { panic!("{outcome:?}") };
    settlement
}

/// Nothing is counted twice or left out, and what is written down says the same as what is kept.
pub(super) fn holds(house: &House) {
    let books = house.books();
    assert_eq!(books.totals(ACQUIRER), books.counted(ACQUIRER).unwrap());
    house.assert_balanced();
}

fn is_sealed(house: &House, name: &str) -> bool {
    let known = house.books().transaction(&id(name)).unwrap();
    matches!(known.sealed(), Some(Sealed::Here(_)))
}

#[test]
fn a_balanced_batch_is_closed_and_the_next_one_begins() {
    let mut house = day();
    assert!(is_sealed(&house, "A0"), "an upload may need it");
    assert!(!is_sealed(&house, "R1"), "nothing will");
    let outcome = house.settle("C1");
    let settlement = settled(&outcome);
    assert_eq!((settlement.batch, settlement.balanced, settlement.uploaded), (1, true, 0));
    let [total] = &settlement.totals[..] else { panic!("{:?}", settlement.totals) };
    assert_eq!((total.operation, total.count, total.amount.minor), (OperationKind::Sale, 5, 25));
    assert_eq!(settlement.groups, [("host".to_owned(), Verdict::Balanced)]);
    let batch = house.books().batch(ACQUIRER);
    assert_eq!((batch.number, batch.members.len(), batch.totals().len()), (2, 0, 0));
    assert!(!is_sealed(&house, "A0"), "card data outlived its batch");
    holds(&house);
    house.sale("B1", 9);
    assert_eq!(house.books().transaction(&id("B1")).unwrap().batch, Some(2));
    assert_eq!(settled(&house.settle("C2")).batch, 2);
    assert_eq!(house.acquirer.count("upload"), 0);
    holds(&house);
}

#[test]
fn an_imbalance_is_uploaded_item_by_item_and_ended() {
    let mut house = day();
    house.acquirer.differs = true;
    let outcome = house.settle("C1");
    let settlement = settled(&outcome);
    assert_eq!((settlement.balanced, settlement.uploaded), (false, 5));
    let uploads: Vec<_> = house.acquirer.arrived.iter().filter(|wire| wire.word() == "upload").collect();
    let parts: Vec<_> = uploads.iter().map(|wire| (wire.what.as_str(), wire.amount)).collect();
    assert_eq!(parts, [("upload/0", 10), ("upload/2", 10), ("upload/4", 5)]);
    assert_eq!(house.acquirer.count("uploaded"), 1);
    assert_eq!(house.acquirer.count("sign-in"), 1, "what the last step asked for follows");
    let through: Vec<_> = house
        .facts()
        .iter()
        .filter_map(|fact| match fact {
            Fact::Uploaded { through, of, .. } => Some((*through, *of)),
            _ => None,
        })
        .collect();
    assert_eq!(through, [(2, 5), (4, 5), (5, 5), (5, 5)]);
    holds(&house);
}

/// The plug is pulled at every step; the settlement goes on at the call it was at, and closes the batch once.
#[test]
fn a_cut_at_any_step_never_begins_it_anew() {
    for differs in [false, true] {
        let run = |cuts: &[usize]| {
            let mut house = day();
            house.acquirer.differs = differs;
            house.begin("C1", Order::Settle);
            house.points = 0;
            house.cuts = cuts.iter().copied().collect();
            house.rest();
            let was_cut = house.cuts.is_empty();
            house.cuts.clear();
            // It may have been asked for and not begun.
            if house.books().batch(ACQUIRER).number == 1 {
                assert!(house.books().settling(ACQUIRER).is_none(), "{cuts:?}: it was left open");
                house.settle("C1");
            }
            let outcome = house.books().transaction(&id("C1")).unwrap().outcome().unwrap().clone();
            assert_eq!(settled(&outcome).batch, 1, "{cuts:?}");
            assert_eq!(house.acquirer.closed.len(), 1, "{cuts:?}");
            let totalled = house.facts().iter().filter(|fact| matches!(fact, Fact::Totalled { .. })).count();
            assert_eq!(totalled, 1, "{cuts:?}");
            for first in [0, 2, 4] {
                let word = format!("upload/{first}");
                let times = house.acquirer.arrived.iter().filter(|wire| wire.what == word).count();
                let most = if differs { 1 + cuts.len() } else { 0 };
                assert!(times <= most && (times > 0) == differs, "{cuts:?}: {word} {times} times");
            }
            let order: Vec<_> = house.acquirer.arrived.iter().filter(|wire| wire.word() == "upload").collect();
            assert!(order.is_sorted_by_key(|wire| wire.of()), "{cuts:?}: from the beginning");
            holds(&house);
            was_cut.then_some(house.points)
        };
        let points = run(&[]).unwrap();
        assert!(points > if differs { 60 } else { 20 }, "too few points to mean anything: {points}");
        let cuts = (1..).take_while(|cut| run(&[*cut]).is_some()).count();
        assert_eq!(cuts, points);
        for first in (1..=points).step_by(11) {
            assert!((1..).step_by(9).take_while(|second| run(&[first, *second]).is_some()).count() > 0);
        }
    }
}

#[test]
fn silence_leaves_it_open_and_payments_wait_for_it() {
    let mut house = day();
    house.acquirer.line = vec![Line::LostReply; 3].into();
    house.begin("C1", Order::Settle);
    house.run_while(|house| house.ended.iter().all(|(transaction, _)| *transaction != id("C1")));
    assert!(matches!(house.outcome("C1"), Outcome::Unknown(Doubt::Unheard(_))));
    assert_eq!(house.books().batch(ACQUIRER).number, 1);
    // A payment is not begun before it is closed; here the way is free again, so it is closed first.
    let outcome = house.sale("B1", 9);
    assert!(matches!(outcome, Outcome::Approved(_)), "{outcome:?}");
    assert_eq!(house.books().transaction(&id("B1")).unwrap().batch, Some(2));
    assert_eq!(house.books().batch(ACQUIRER).number, 2);
    holds(&house);
}

#[test]
fn a_payment_is_refused_while_a_settlement_cannot_be_ended() {
    let mut house = day();
    house.acquirer.line = vec![Line::LostRequest; 6].into();
    house.begin("C1", Order::Settle);
    house.run_while(|house| house.ended.iter().all(|(transaction, _)| *transaction != id("C1")));
    house.ask_sale("B1", 9);
    house.run_while(|house| house.ended.iter().all(|(transaction, _)| *transaction != id("B1")));
    assert_eq!(house.outcome("B1"), Outcome::NotSent(NotSent::Settling));
    house.rest();
    assert_eq!(house.books().batch(ACQUIRER).number, 2, "by a timer");
    holds(&house);
}

#[test]
fn who_asks_meanwhile_is_told_how_it_ended() {
    let mut house = day();
    house.acquirer.line = vec![Line::LostReply; 3].into();
    house.begin("C1", Order::Settle);
    house.run_while(|house| house.ended.iter().all(|(transaction, _)| *transaction != id("C1")));
    for again in ["C2", "C1"] {
        let outcome = house.settle(again);
        assert_eq!(settled(&outcome).batch, 1, "{again}");
    }
    assert_eq!(house.books().settlements(ACQUIRER).count(), 1);
    assert_eq!(house.settle("C3"), Outcome::Failed(NotSent::NothingToSettle));
    holds(&house);
}

#[test]
fn what_nobody_has_heard_of_comes_first_and_what_was_refused_goes_on_by_name() {
    let mut house = day();
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.refuses_reversals = Some("58");
    house.sale("R2", 3);
    house.acquirer.line = [Line::LostRequest].into();
    house.acquirer.refuses_reversals = None;
    house.sale("U1", 4);
    assert_eq!(house.books().debt(&id("U1").reversal()).unwrap().standing, Standing::Unmatched);
    house.acquirer.refuses_reversals = Some("58");
    house.acquirer.line = [Line::LostReply].into();
    house.begin("N1", Order::sale(guest::yuan(2)));
    house.run_while(|house| {
        house.acquirer.count("sale") < 9
            && house.books().transaction(&id("N1")).is_none_or(|known| known.debts.is_empty())
    });
    house.acquirer.line = vec![Line::LostRequest; 2].into();
    house.begin("C1", Order::Settle);
    house.run_while(|house| house.ended.iter().all(|(transaction, _)| *transaction != id("C1")));
    assert!(matches!(house.outcome("C1"), Outcome::Failed(NotSent::DebtsOwed { unheard: 1, .. })));
    house.rest();
    // The ledger holds what the refused reversals did not take back, and says so.
    let outcome = house.settle("C2");
    let settlement = settled(&outcome);
    assert_eq!(settlement.carried.len(), 3, "{settlement:?}");
    assert!(settlement.carried.contains(&id("R2").reversal()) && !settlement.balanced);
    assert!(settlement.closed.is_empty(), "an imbalance settles nothing unmatched");
}

#[test]
fn a_balanced_settlement_closes_what_the_acquirer_did_not_know() {
    let mut house = day();
    house.acquirer.line = [Line::LostRequest].into();
    house.sale("U1", 4);
    let outcome = house.settle("C1");
    assert_eq!(settled(&outcome).closed, [id("U1").reversal()]);
    let debt = house.books().debt(&id("U1").reversal()).unwrap();
    assert_eq!((debt.standing, debt.is_open()), (Standing::Settled, false));
    assert!(!is_sealed(&house, "U1"));
    holds(&house);
}

#[test]
fn what_cannot_count_leaves_it_open() {
    type Bend = fn(&mut crate::contract::acquirer::Step);
    let bends: [Bend; 4] = [
        |step| step.proofs.clear(),
        |step| step.action = crate::contract::acquirer::Action::Finish(guest::declined("90")),
        |step| step.action = crate::contract::acquirer::Action::Finish(Claimed::Done),
        |step| step.effects.push(Wish::Remember(("closed".into(), vec![9]))),
    ];
    for (number, bend) in bends.into_iter().enumerate() {
        let mut house = day();
        let mut bent = false;
        let mut honest = super::closing::closer(guest::honest);
        house.guest = Box::new(move |call| match (call, honest(call)) {
            (Call::Resume(_, Operation::Settle(_), ..), Answer::Step(Ok(mut step))) if !bent => {
                bent = true;
                bend(&mut step);
                Answer::Step(Ok(step))
            }
            (_, answer) => answer,
        });
        house.begin("C1", Order::Settle);
        house.run_while(|house| house.ended.iter().all(|(transaction, _)| *transaction != id("C1")));
        assert_eq!(matches!(house.outcome("C1"), Outcome::Unknown(_)), number < 3, "{number}");
        house.rest();
        assert_eq!(house.books().batch(ACQUIRER).number, 2, "{number}");
        holds(&house);
    }
}

#[test]
fn no_number_comes_twice_within_a_batch_and_the_next_batch_has_all_of_them() {
    let mut house = House::that_closes();
    let counter = Counter { name: guest::TRACE.into(), first: 1, last: 3 };
    house.deployment.plugin.as_mut().unwrap().descriptor.counters = vec![counter.clone()];
    house.start();
    for number in 0..3 {
        house.sale(&format!("A{number}"), 5);
    }
    assert_eq!(house.books().free_count(ACQUIRER, &counter), None);
    let refused = house.sale("A3", 5);
    assert_eq!(refused, Outcome::NotSent(NotSent::Plugin(Incident::IllegalStep("no number of trace is free".into()))));
    // The batch can be closed all the same; the numbers its messages take belong to no payment.
    assert!(matches!(house.settle("C1"), Outcome::Settled(_)));
    assert!(house.books().free_count(ACQUIRER, &counter).is_some());
    // What a batch began with outlives a compaction of its records.
    let mut carried = crate::books::Books::default();
    house.sign_in("S1");
    house.books().carried(house.now().wall).iter().for_each(|record| carried.apply(record).unwrap());
    assert_eq!(carried.free_count(ACQUIRER, &counter), house.books().free_count(ACQUIRER, &counter));
    assert_eq!(carried.batch(ACQUIRER).number, 2);
}

/// Of what never left, nothing stays open: the till goes on, and the batch with it.
#[test]
fn a_settlement_that_never_left_is_not_begun() {
    let mut house = day();
    house.acquirer.line = vec![Line::NotSent; 3].into();
    assert!(matches!(house.settle("C1"), Outcome::Failed(NotSent::Unreachable(_))));
    assert!(house.books().settling(ACQUIRER).is_none());
    assert!(matches!(house.sale("B1", 9), Outcome::Approved(_)));
    house.guest = Box::new(|call| match call {
        Call::Start(_, Operation::Settle(_)) => guest::failed(call, crate::contract::PluginFault::Memory),
        call => guest::honest(call),
    });
    assert!(matches!(house.settle("C2"), Outcome::Failed(NotSent::Plugin(_))));
    house.guest = super::closing::closer(guest::honest);
    let outcome = house.settle("C3");
    assert_eq!((settled(&outcome).batch, settled(&outcome).totals[0].count), (1, 6));
    holds(&house);
}

/// A regression: a pre-authorisation is in no batch, and its card was forgotten at once, so that it could not be
/// completed without the card.
#[test]
fn a_reservation_keeps_its_card_until_it_is_taken_or_given_back() {
    for (kind, kept) in [(FollowUpKind::Complete, true), (FollowUpKind::CancelPreauthorization, false)] {
        let mut house = House::open(Silence::Undo).closing(|call| teller::answer(Silence::Undo, call));
        house.deployment.presents.clear();
        house.start();
        house.does("P1", pay(PaymentKind::Preauthorize, 50));
        house.does("A1", pay(PaymentKind::Sale, 5));
        assert!(matches!(house.settle("C1"), Outcome::Settled(_)));
        assert!(is_sealed(&house, "P1"), "it may be completed in any batch");
        let outcome = house.does("F1", follow(kind, "P1", None));
        assert!(matches!(outcome, Outcome::Approved(_)), "{outcome:?}");
        assert_eq!(is_sealed(&house, "P1"), kept, "a completion may be cancelled in its batch");
        if kept {
            assert!(matches!(house.settle("C2"), Outcome::Settled(_)));
            assert!(!is_sealed(&house, "P1"));
        }
        holds(&house);
    }
}

#[test]
fn nothing_is_settled_while_the_books_differ() {
    let mut house = day();
    house.engine.as_mut().unwrap().books_mut().miscount(ACQUIRER);
    assert_eq!(house.settle("C1"), Outcome::Failed(NotSent::BooksDiffer));
    let told = |fact: &Fact| matches!(fact, Fact::Incident { what: Incident::BooksDiffer(_), .. });
    assert!(house.facts().iter().any(told) && house.acquirer.count("settle") == 0);
    assert_eq!(house.books().batch(ACQUIRER).number, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is done in a day, through whatever line and with the plug pulled wherever: what the sums say as they
    /// grow is what a count of everything says, before and after a start, and in the end nothing is left open.
    #[test]
    fn running_sums_are_what_a_count_of_everything_gives(
        steps in prop::collection::vec((0_usize..9, 1_u64..50, prop::sample::select(LINES.to_vec())), 1..12),
        cuts in prop::collection::vec(1_usize..80, 0..2),
    ) {
        let mut house = House::open(Silence::Undo).closing(|call| teller::answer(Silence::Undo, call));
        house.points = 0;
        house.cuts = cuts.into();
        for (number, (step, minor, line)) in steps.iter().enumerate() {
            let name = format!("T{number}");
            house.acquirer.line = [*line].into();
            let original = format!("T{}", number.saturating_sub(1));
            let order = match step {
                0..3 => pay(PaymentKind::Sale, *minor),
                3 => pay(PaymentKind::Preauthorize, *minor),
                4 => follow(FollowUpKind::Void, &original, None),
                5 => follow(FollowUpKind::Refund, &original, Some(*minor)),
                6 => follow(FollowUpKind::Complete, &original, None),
                7 => pay(PaymentKind::ScanToPay, *minor),
                _ => Order::Settle,
            };
            house.begin(&name, order);
            house.rest();
            prop_assert_eq!(house.books().totals(ACQUIRER), house.books().counted(ACQUIRER).unwrap());
        }
        house.cuts.clear();
        house.acquirer.line.clear();
        house.start();
        house.rest();
        let read = Recovery::read(&house.records(), house.now());
        prop_assert_eq!(read.books().batch(ACQUIRER), house.books().batch(ACQUIRER));
        prop_assert!(house.books().settling(ACQUIRER).is_none(), "a settlement was left open");
        prop_assert_eq!(house.books().totals(ACQUIRER), house.books().counted(ACQUIRER).unwrap());
    }
}

const LINES: [Line; 5] = [Line::Good, Line::Good, Line::LostReply, Line::LostRequest, Line::NotSent];
