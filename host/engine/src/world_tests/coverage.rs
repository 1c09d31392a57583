//! The tables say no more than what happens: every transition of every table is taken by these tests.

use std::collections::BTreeSet;

use super::acquirer::Line;
use super::guest::{self, honest, is_reversal, is_sale, step};
use super::teller::{self, Silence, follow, pay};
use super::{House, asked_later, asking, duties, last_word, stop_waiting};
use crate::contract::acquirer::{Action, Effect as Wish};
use crate::contract::card::Entry;
use crate::contract::transaction::{FollowUpKind, Operation, PaymentKind};
use crate::machine::table::seen::{Transition, taken};
use crate::record::CardProblem;
use crate::{Answer, Call, Order, Outcome, Request, TransactionId};

type Guest = fn(&Call) -> Answer;
const QUICK_PAUSE: u32 = 5;

/// Whether a call is the first of its operation, and of a sale.
fn starts(call: &Call, sale: bool) -> bool {
    matches!(call, Call::Start(_, operation) if is_sale(operation) == sale)
}

fn hears(call: &Call, sale: bool) -> bool {
    use crate::contract::acquirer::Event::Received;
    matches!(call, Call::Resume(_, operation, _, Received(_)) if is_sale(operation) == sale && !is_reversal(operation))
}

fn does(action: Action) -> Answer {
    Answer::Step(Ok(step(action)))
}

fn asks() -> Action {
    Action::Send(guest::exchange(guest::message("ask", 0, 0, false), crate::contract::transaction::Gravity::Asks, None))
}

/// Plugins that lead an operation, a sale or a sign-in, along every way there is.
fn guests() -> Vec<Guest> {
    vec![
        honest,
        |call| if starts(call, true) || starts(call, false) { does(Action::Pause(QUICK_PAUSE)) } else { honest(call) },
        |call| if hears(call, true) || hears(call, false) { does(Action::Pause(QUICK_PAUSE)) } else { honest(call) },
        |call| if hears(call, true) || hears(call, false) { does(asks()) } else { honest(call) },
        |call| guest::failed(call, crate::contract::PluginFault::Memory),
        |call| match call {
            Call::Resume(..) => guest::failed(call, crate::contract::PluginFault::Memory),
            call => honest(call),
        },
        |call| match call {
            Call::Start(_, operation) if !is_sale(operation) => {
                let mut step = step(Action::Finish(crate::contract::acquirer::Outcome::Done));
                step.effects = vec![Wish::InstallKey(guest::key())];
                Answer::Step(Ok(step))
            }
            call => honest(call),
        },
    ]
}

fn lines() -> Vec<Vec<Line>> {
    use Line::{
        Garbage, Good, LateRequest, LostReply, LostRequest, NotSent, OnlyStrays, StrayFirst, WrongMac, WrongTrace,
    };
    let all =
        [Good, NotSent, LostRequest, LostReply, LateRequest, WrongMac, WrongTrace, StrayFirst, OnlyStrays, Garbage];
    let pairs = all.iter().flat_map(|first| all.iter().map(|second| vec![*first, *second]));
    pairs.chain([vec![NotSent, NotSent, NotSent]]).collect()
}

/// Runs until nothing is left, within a time in which a debt is tried a few times.
fn finish(mut house: House) {
    house.run_for(120_000);
}

fn every_way() {
    for guest in guests() {
        for line in lines() {
            let mut house = House::new();
            (house.guest, house.acquirer.line) = (Box::new(guest), line.into());
            house.ask_sale("A1", 5);
            house.ask_sign_in("S1");
            finish(house);
        }
        for failing in 0..8 {
            let mut house = House::new();
            house.guest = Box::new(guest);
            house.acquirer.line = [Line::LostReply].into();
            house.failing_commits = std::iter::repeat_n(false, failing).chain([true]).collect();
            house.ask_sale("A1", 5);
            finish(house);
            let mut house = House::new();
            house.guest = Box::new(guest);
            house.failing_commits = std::iter::repeat_n(false, failing).chain([true]).collect();
            house.ask_sign_in("S1");
            finish(house);
        }
    }
}

fn odd_ways() {
    let mut house = House::new();
    house.card = Err(CardProblem::TimedOut);
    house.sale("A1", 5);
    house.preparing = Err("no".into());
    house.card = Ok(());
    house.sale("A2", 5);
    house.sign_in("S1");
    house.acquirer.bad_keys = true;
    house.preparing = Ok(());
    house.sign_in("S2");
    for guest in [honest, |call: &Call| if starts(call, true) { does(Action::Pause(1)) } else { honest(call) }] {
        let mut house = House::new();
        house.guest = Box::new(guest);
        house.ask_sale("A1", 5);
        let id = TransactionId::parse("A1").unwrap();
        house.run_while(|house| {
            guest as usize != honest as Guest as usize && house.log.last().is_none_or(|word| word != "Wake")
        });
        house.ask(Request::Cancel { transaction: id });
        finish(house);
    }
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.refuses_reversals = Some("58");
    house.sale("A1", 5);
    house.acquirer.line = [Line::Good, Line::LostRequest].into();
    house.sign_in("S1");
    house.acquirer.line = vec![Line::LostRequest; 3].into();
    house.sign_in("S2");
    // The plugin is gone: the readings are tried one after the other, the proven one counts.
    for line in [Line::Good, Line::WrongMac] {
        let mut house = House::new();
        house.acquirer.line = [Line::LostReply, line].into();
        house.ask_sale("A1", 5);
        house.run_while(|house| house.acquirer.count("sale") == 0);
        house.break_plugin();
        house.start();
        finish(house);
    }
    // Two readings fit, and neither proves.
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply, Line::WrongMac].into();
    house.guest = Box::new(|call| match call {
        Call::Start(context, operation) if is_sale(operation) => {
            let mut step = guest::start(context, operation);
            let Action::Send(exchange) = &mut step.action else { panic!("the honest plugin sends") };
            let Some(crate::contract::acquirer::Remedy::Undo(standby)) = &mut exchange.remedy else { panic!("undo") };
            let answers = &mut std::sync::Arc::make_mut(standby).answers;
            answers.push(answers[0].clone());
            Answer::Step(Ok(step))
        }
        Call::Resume(_, operation, ..) if is_reversal(operation) => {
            guest::failed(call, crate::contract::PluginFault::Gone)
        }
        call => honest(call),
    });
    assert!(matches!(house.sale("A1", 5), Outcome::Unknown(_)));
}

fn full_disks_and_waivers() {
    for card in [Ok(()), Err(CardProblem::TimedOut)] {
        let mut house = House::new();
        (house.disk_is_full, house.card) = (true, card);
        house.sale("A1", 5);
    }
    for fails in [false, true] {
        let mut house = House::new();
        house.acquirer.line = [Line::LostRequest].into();
        house.sale("A1", 5);
        house.failing_commits = [fails].into();
        house.waive("A1R", "settled at the counter");
        finish(house);
    }
}

fn days() {
    asked_later::every_way();
    duties::every_way();
    stop_waiting::everywhere(|_| {});
    stop_waiting::late_answer(&[]);
    stop_waiting::late_answer(&[false, true]);
    for full in [false, true] {
        // While the first message is being written down.
        let mut house = House::open(Silence::Undo);
        house.disk_is_full = full;
        house.failing_commits = [!full].into();
        house.begin("A1", pay(PaymentKind::Sale, 5));
        house.run_while(|house| !house.next_is("Commit"));
        house.ask(Request::Cancel { transaction: TransactionId::parse("A1").unwrap() });
        finish(house);
    }
    for line in [Line::LostReply, Line::Good] {
        for approves in [None, Some(4)] {
            for (entry, failing) in
                [(Entry::Stripe, 9), (Entry::ContactChip, 9), (Entry::Stripe, 1), (Entry::Stripe, 2)]
            {
                let mut house = House::open(Silence::Inquire);
                (house.acquirer.line, house.acquirer.approves) = ([line].into(), approves);
                (house.presented.entry, house.takes_less) = (entry, true);
                house.failing_commits = std::iter::repeat_n(false, failing).chain([true]).collect();
                house.begin("A1", pay(PaymentKind::Sale, 5));
                finish(house);
            }
        }
    }
    for odd in asking::odd_inquiries() {
        let mut house = asking::unheard(Silence::Inquire);
        house.guest = Box::new(move |call| odd(call).unwrap_or_else(|| teller::answer(Silence::Inquire, call)));
        house.begin("A1", pay(PaymentKind::Sale, 5));
        finish(house);
    }
    for code in ["25", "09", "00"] {
        let mut house = asking::unheard(Silence::Inquire);
        house.acquirer.inquiry_codes = [code].into();
        house.begin("A1", pay(PaymentKind::Sale, 5));
        finish(house);
    }
    let mut house =
        last_word::cut_off(Some(crate::OfflineCeilings { count: 1, sum_minor: 5, payment_minor: 5, age_seconds: 1 }));
    house.begin("A1", pay(PaymentKind::Sale, 5));
    finish(house);
    let mut house = House::open(Silence::Undo);
    house.does("A1", pay(PaymentKind::Sale, 5));
    house.presented.last_four = "9999".into();
    house.does("V1", follow(FollowUpKind::Void, "A1", None));
    let mut house = House::open(Silence::Undo);
    house.acquirer.approves = Some(4);
    house.begin("A1", pay(PaymentKind::Sale, 5));
    house.run_while(|house| !house.next_is("AskCashier"));
    house.ask(Request::Cancel { transaction: TransactionId::parse("A1").unwrap() });
    finish(house);
}

fn settlements() {
    let closes = |call: &Call| matches!(call, Call::Start(_, Operation::Settle(_) | Operation::Upload(_)));
    let hears = |call: &Call| matches!(call, Call::Resume(_, Operation::Settle(_) | Operation::Upload(_), ..));
    for way in 0..7 {
        for failing in [None, Some(0), Some(1), Some(2), Some(3)] {
            for line in [vec![], vec![Line::LostReply; 4], vec![Line::WrongMac; 4], vec![Line::NotSent; 4]] {
                let mut house = House::that_closes();
                house.sale("A1", 5);
                let mut honest = super::closing::closer(honest);
                house.guest = Box::new(move |call| match way {
                    1 if closes(call) => does(Action::Pause(QUICK_PAUSE)),
                    2 if hears(call) => does(Action::Pause(QUICK_PAUSE)),
                    3 if closes(call) => guest::failed(call, crate::contract::PluginFault::Memory),
                    6 if matches!(call, Call::Start(_, Operation::Upload(_))) => {
                        guest::failed(call, crate::contract::PluginFault::Memory)
                    }
                    5 if hears(call) => does(Action::Finish(guest::declined("90"))),
                    4 if closes(call) => does(Action::Finish(crate::contract::acquirer::Outcome::Done)),
                    _ => honest(call),
                });
                house.acquirer.differs = true;
                house.acquirer.line = line.into();
                house.failing_commits =
                    failing.into_iter().flat_map(|n| std::iter::repeat_n(false, n).chain([true])).collect();
                house.begin("C1", Order::Settle);
                finish(house);
            }
        }
    }
    for failing in 2..8 {
        let mut house = House::that_closes();
        house.sale("A1", 5);
        house.failing_commits = std::iter::repeat_n(false, failing).chain([true]).collect();
        house.begin("C1", Order::Settle);
        finish(house);
    }
}

#[test]
fn every_transition_of_every_table_happens() {
    every_way();
    odd_ways();
    full_disks_and_waivers();
    days();
    settlements();
    let taken = taken();
    let written: BTreeSet<Transition> = crate::tables()
        .iter()
        .flat_map(|table| table.rows.iter().flat_map(|row| row.2.iter().map(|to| (table.name, row.0, row.1, *to))))
        .collect();
    let never: Vec<_> = written.difference(&taken).collect();
    assert!(never.is_empty(), "in the tables, and never taken: {never:#?}");
}
