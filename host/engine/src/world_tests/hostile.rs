//! A plugin that says anything at any time, over a line that loses anything, on a journal that fails at times and a
//! plug that is pulled: whatever happens, the laws hold that `House` holds every effect against (no sending without a
//! durable record, none after a failed one, no sale twice, no approval unheard, unproven or owed, no end twice), no run
//! is a busy loop, no debt is lost, and once the plugin is out of the way every debt can be paid.

use std::sync::Arc;

use proptest::prelude::*;

use super::House;
use super::acquirer::Line;
use super::guest::{self, approved, declined, failed, honest, step, unknown};
use super::teller::{self, Silence, follow, pay};
use crate::contract::PluginFault;
use crate::contract::acquirer::{
    Action, Echoed, Effect as Wish, Outcome as Claimed, Proof, Remedy, Standby, Step, Stray,
};
use crate::contract::card::Entry;
use crate::contract::retry_policy::{Decision, Patience, Resend};
use crate::contract::template::Node;
use crate::contract::transaction::{FollowUpKind, Gravity, Maintenance, Operation, OperationKind, PaymentKind};
use crate::{Answer, Call, CardFinish, Duty, Fact, Order, Outcome, Request, TransactionId};

pub(super) fn lines() -> impl Strategy<Value = Vec<Line>> {
    use Line::{
        Garbage, Good, LateRequest, LostReply, LostRequest, NotSent, OnlyStrays, StrayFirst, WrongMac, WrongTrace,
    };
    let line = prop::sample::select(vec![
        Good,
        NotSent,
        LostRequest,
        LostReply,
        LateRequest,
        WrongMac,
        WrongTrace,
        StrayFirst,
        OnlyStrays,
        Garbage,
    ]);
    prop::collection::vec(line, 0..12)
}

fn claims() -> impl Strategy<Value = Claimed> {
    prop_oneof![
        4 => prop::sample::select(vec![1_u64, 5, 7]).prop_map(approved),
        1 => Just(declined("51")),
        1 => Just(unknown("96")),
        1 => Just(Claimed::Acknowledged("00".into())),
        1 => Just(Claimed::Unmatched("25".into())),
        1 => Just(Claimed::Refused("58".into())),
        1 => Just(Claimed::Done),
    ]
}

/// Mostly a standby message that is what it says, sometimes one that cannot be used.
fn standbys() -> impl Strategy<Value = Standby> {
    (0_u8..12).prop_map(|kind| {
        let mut standby = guest::standby(1, 5);
        match kind {
            0 => standby.answers.clear(),
            1 => standby.message.nodes.push(Node::PinBlock("pin".into())),
            2 => standby.route = "elsewhere".into(),
            3 => standby.timeout = 0,
            _ => {}
        }
        standby
    })
}

fn gravities() -> impl Strategy<Value = Gravity> {
    prop::sample::select(vec![Gravity::MovesMoney, Gravity::Owes, Gravity::Asks])
}

/// What a hostile plugin would send; the trace and the amount of a sale are filled in when it is asked.
#[derive(Clone, Debug)]
enum Wanted {
    Sale { gravity: Gravity, remedy: Option<Remedy> },
    Ask { gravity: Gravity, remedy: Option<Remedy>, timeout: u32, counters: usize },
    Listen,
    Pause(u32),
    Finish(Claimed),
    Fail,
    Honest,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let remedies = prop_oneof![
        1 => Just(None),
        6 => standbys().prop_map(|standby| Some(Remedy::Undo(standby.into()))),
        1 => standbys().prop_map(|standby| Some(Remedy::Repeat(standby.into()))),
        1 => Just(Some(Remedy::Inquire(None))),
    ]
    .boxed();
    prop_oneof![
        4 => (gravities(), remedies.clone()).prop_map(|(gravity, remedy)| Wanted::Sale { gravity, remedy }),
        2 => (gravities(), remedies, prop::sample::select(vec![0, 1, 60_000, u32::MAX]), 0_usize..3)
            .prop_map(|(gravity, remedy, timeout, counters)| Wanted::Ask { gravity, remedy, timeout, counters }),
        1 => Just(Wanted::Listen),
        1 => prop::sample::select(vec![0, 1, u32::MAX]).prop_map(Wanted::Pause),
        4 => claims().prop_map(Wanted::Finish),
        1 => Just(Wanted::Fail),
        6 => Just(Wanted::Honest),
    ]
}

fn proofs() -> impl Strategy<Value = Vec<Proof>> {
    let proof = prop::sample::select(vec![guest::seal(), guest::echo(Echoed::Trace), guest::echo(Echoed::Amount)]);
    prop_oneof![
        2 => Just(vec![guest::seal(), guest::echo(Echoed::Trace), guest::echo(Echoed::Amount)]),
        1 => prop::collection::vec(proof, 0..4),
    ]
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let wish = prop::sample::select(vec![
        Wish::InstallKey(guest::key()),
        Wish::DropKeys(vec!["mac".into()]),
        Wish::Remember(("batch".into(), vec![1])),
        Wish::SetCounter(("trace".into(), 0)),
        Wish::SetCounter(("trace".into(), 50)),
        Wish::ShowCode("code".into()),
        Wish::Request((OperationKind::SignIn, None)),
        Wish::Request((OperationKind::Settle, None)),
    ]);
    prop::collection::vec(wish, 0..2)
}

fn decisions() -> impl Strategy<Value = Option<Decision>> {
    prop::sample::select(vec![
        None,
        Some(Decision::Reverse),
        Some(Decision::Fail),
        Some(Decision::StandIn),
        Some(Decision::Inquire(0)),
        Some(Decision::Resend(Resend { route: "host".into(), wait: 0 })),
        Some(Decision::Resend(Resend { route: "elsewhere".into(), wait: u32::MAX })),
    ])
}

/// One answer of the hostile plugin, whatever it is asked.
#[derive(Clone, Debug)]
pub(super) struct Whim {
    wanted: Wanted,
    proofs: Vec<Proof>,
    wishes: Vec<Wish>,
    decision: Option<Decision>,
    patience: Option<u32>,
}

pub(super) fn whims() -> impl Strategy<Value = Vec<Whim>> {
    let patience = prop::sample::select(vec![None, Some(0), Some(2_000), Some(u32::MAX)]);
    let whim = (wanted(), proofs(), wishes(), decisions(), patience)
        .prop_map(|(wanted, proofs, wishes, decision, patience)| Whim { wanted, proofs, wishes, decision, patience });
    prop::collection::vec(whim, 1..24)
}

fn play(whim: &Whim, call: &Call, honest: fn(&Call) -> Answer) -> Answer {
    match call {
        Call::Decide(..) => {
            whim.decision.clone().map_or_else(|| failed(call, PluginFault::Deadline), |it| Answer::Decision(Ok(it)))
        }
        Call::Wait(..) => match whim.patience {
            Some(wait) => Answer::Patience(Ok(Patience { wait, route: "host".into(), call_for_help: false })),
            None => failed(call, PluginFault::Deadline),
        },
        Call::Start(context, _) | Call::Resume(context, ..) => {
            // What a question about a card does with the card's data is between its plugin and its acquirer.
            let is_balance = matches!(call, Call::Start(_, Operation::Pay(payment)) | Call::Resume(_, Operation::Pay(payment), ..)
                if payment.kind == PaymentKind::Balance);
            if is_balance && matches!(whim.wanted, Wanted::Sale { .. }) {
                return honest(call);
            }
            let next = context.counters.first().map_or(0, |(_, value)| *value);
            match act(&whim.wanted, next) {
                Some(action) => {
                    Answer::Step(Ok(Step { proofs: whim.proofs.clone(), effects: whim.wishes.clone(), ..step(action) }))
                }
                None if matches!(whim.wanted, Wanted::Fail) => failed(call, PluginFault::OutOfFuel),
                None => honest(call),
            }
        }
    }
}

/// Standby messages name the number of the sale they are for: a hostile plugin that names another steals from its own
/// acquirer only, and is beyond what a terminal can know.
fn for_number(remedy: Option<&Remedy>, number: u64) -> Option<Remedy> {
    let named = |standby: &Arc<Standby>| {
        let mut standby = Standby::clone(standby);
        standby.message.nodes[0] = guest::standby(number, 5).message.nodes[0].clone();
        Arc::new(standby)
    };
    remedy.map(|remedy| match remedy {
        Remedy::Undo(standby) => Remedy::Undo(named(standby)),
        Remedy::Repeat(standby) => Remedy::Repeat(named(standby)),
        Remedy::Inquire(standby) => Remedy::Inquire(standby.as_ref().map(named)),
    })
}

fn act(wanted: &Wanted, next: u64) -> Option<Action> {
    Some(match wanted {
        Wanted::Sale { gravity, remedy } => {
            let mut exchange = guest::sale(next, 5);
            (exchange.gravity, exchange.remedy) = (*gravity, for_number(remedy.as_ref(), next));
            Action::Send(exchange)
        }
        Wanted::Ask { gravity, remedy, timeout, counters } => {
            let mut exchange = guest::exchange(guest::message("ask", next, 0, false), *gravity, remedy.clone());
            exchange.timeout = *timeout;
            exchange.uses = vec!["trace".into(); *counters];
            Action::Send(exchange)
        }
        Wanted::Listen => Action::Listen(Stray::Late),
        Wanted::Pause(wait) => Action::Pause(*wait),
        Wanted::Finish(claimed) => Action::Finish(claimed.clone()),
        Wanted::Fail | Wanted::Honest => return None,
    })
}

/// Money that may have left has a conclusion that is proven, or a debt; a debt is closed by an acknowledgement only.
fn assert_nothing_is_lost(house: &House) {
    let facts = house.facts();
    for transaction in house.books().transactions() {
        let concluded = transaction.conclusion.as_ref().map(|conclusion| &conclusion.outcome);
        let is_settled = matches!(concluded, Some(Outcome::Approved(_) | Outcome::Declined(_)));
        if transaction.may_have_moved_money() && concluded.is_some() {
            assert!(is_settled || !transaction.debts.is_empty(), "{} is neither settled nor owed", transaction.id);
        }
        let times = facts
            .iter()
            .filter(|fact| matches!(fact, Fact::Concluded { transaction: id, .. } if *id == transaction.id));
        assert!(times.count() <= 1, "{} was concluded twice", transaction.id);
    }
    let owed = facts.iter().filter(|fact| matches!(fact, Fact::Owed { .. } | Fact::Due { .. })).count();
    let ended = facts.iter().filter(|fact| ends_a_debt(fact, &facts)).count();
    assert_eq!(owed - ended, house.books().open_debts().count(), "a debt went without an acknowledgement");
}

/// An acknowledgement; or, of an inquiry or a repetition, that it became known what had become of it, or a reversal in
/// its place.
fn ends_a_debt(fact: &Fact, facts: &[Fact]) -> bool {
    let is_question_of = |other: &Fact, id: &TransactionId| matches!(other, Fact::Due { of, duty: Duty::Inquire | Duty::Repeat, .. } if of == id);
    match fact {
        Fact::Answered { verdict: crate::Verdict::Paid, .. } | Fact::Resolved { .. } => true,
        Fact::Owed { of, .. } => facts.iter().any(|other| is_question_of(other, of)),
        _ => false,
    }
}

pub(super) fn hostile(whims: Vec<Whim>) -> Box<dyn FnMut(&Call) -> Answer> {
    hostile_or(honest, whims)
}

/// Hostile at a whim, and else like this.
pub(super) fn hostile_or(honest: fn(&Call) -> Answer, whims: Vec<Whim>) -> Box<dyn FnMut(&Call) -> Answer> {
    let mut whims = whims.into_iter().cycle();
    Box::new(move |call| whims.next().map_or_else(|| honest(call), |whim| play(&whim, call, honest)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_plugin_moves_no_money_unnoticed(
        whims in whims(),
        lines in lines(),
        failing in prop::collection::vec(prop::bool::weighted(0.03), 0..40),
        cuts in prop::collection::vec(1_usize..60, 0..3),
    ) {
        let mut house = House::new();
        house.guest = hostile(whims);
        house.acquirer.line = lines.into();
        house.failing_commits = failing.into();
        house.points = 0;
        house.cuts = cuts.into();
        for (id, minor) in [("A1", 5), ("A2", 5), ("A3", 7)] {
            house.ask_sale(id, minor);
            if id == "A2" {
                house.ask_sign_in("S1");
            }
            house.run_for(200_000);
            assert_nothing_is_lost(&house);
        }
        // The plugin is taken out of the way; the line and the disk are good again.
        house.cuts.clear();
        house.failing_commits.clear();
        house.acquirer.line.clear();
        house.break_plugin();
        house.start();
        house.rest();
        assert_nothing_is_lost(&house);
        let books = house.books();
        let has_message = |debt: &crate::books::Debt| books.standby_of(&debt.id).is_some() && debt.duty != Duty::Advise;
        let unheard = books.open_debts().filter(|debt| debt.standing == crate::books::Standing::Unheard);
        prop_assert_eq!(unheard.filter(|debt| has_message(debt)).count(), 0, "a debt outlived the plugin that left it");
    }
}

/// A day of everything that refers to what came before.
pub(super) fn day() -> Vec<(&'static str, Order)> {
    vec![
        ("A1", pay(PaymentKind::Sale, 5)),
        ("V1", follow(FollowUpKind::Void, "A1", None)),
        ("A2", pay(PaymentKind::ScanToPay, 7)),
        ("Q2", follow(FollowUpKind::Inquire, "A2", None)),
        ("R2", follow(FollowUpKind::Refund, "A2", Some(1))),
        ("P1", pay(PaymentKind::Preauthorize, 5)),
        ("C1", follow(FollowUpKind::Complete, "P1", None)),
        ("X1", follow(FollowUpKind::CancelCompletion, "C1", None)),
        ("B1", pay(PaymentKind::Balance, 0)),
        ("W1", pay(PaymentKind::ShowToPay, 5)),
        ("E1", Order::Maintain(Maintenance::SignOff)),
        ("E2", Order::Download("tables".into())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_plugin_moves_no_money_unnoticed_all_day(
        whims in whims(),
        lines in lines(),
        failing in prop::collection::vec(prop::bool::weighted(0.01), 0..60),
        cuts in prop::collection::vec(1_usize..200, 0..2),
        (silence, is_chip, takes_less, accepts, cancels) in (
            prop::sample::select(vec![0_usize, 1, 2, 3]), any::<bool>(), any::<bool>(), any::<bool>(), 0_u64..80_000,
        ),
    ) {
        let honest: fn(&Call) -> Answer = match silence {
            0 => |call| teller::answer(Silence::Undo, call),
            1 => |call| teller::answer(Silence::Repeat, call),
            2 => |call| teller::answer(Silence::Inquire, call),
            _ => |call| teller::answer(Silence::InquireBare, call),
        };
        let mut house = House::open(Silence::Undo);
        house.guest = hostile_or(honest, whims);
        house.acquirer.line = lines.into();
        house.failing_commits = failing.into();
        (house.takes_less, house.deployment.offline) = (takes_less, Some(crate::OfflineCeilings {
            count: 2,
            sum_minor: 10,
            payment_minor: 5,
            age_seconds: 600,
        }));
        if is_chip {
            house.presented.entry = Entry::ContactChip;
        }
        house.finish = Ok(CardFinish { accepted: accepts, scripts: true, sealed: Some(b"after".to_vec()) });
        house.start();
        house.points = 0;
        house.cuts = cuts.into();
        for (id, order) in day() {
            house.begin(id, order);
            house.run_for(cancels);
            house.ask(Request::Cancel { transaction: TransactionId::parse(id).unwrap() });
            house.run_for(100_000);
            assert_nothing_is_lost(&house);
        }
        house.cuts.clear();
        house.failing_commits.clear();
        house.acquirer.line.clear();
        house.break_plugin();
        house.start();
        house.run_for(200_000);
        assert_nothing_is_lost(&house);
    }
}
