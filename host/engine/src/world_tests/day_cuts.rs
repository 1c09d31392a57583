//! The plug is pulled at every single effect of everything that moves money besides a plain sale: whatever was cut
//! where, the books equal the ledger, and no effect happens twice.

use super::House;
use super::acquirer::Line;
use super::teller::{Silence, follow, pay};
use crate::contract::card::Entry;
use crate::contract::transaction::{FollowUpKind, PaymentKind};
use crate::{CardFinish, Order, Outcome};

/// What is done, after what, and how it goes if nobody pulls the plug.
#[derive(Clone)]
struct Scene {
    name: &'static str,
    before: Vec<Order>,
    order: Order,
    line: Vec<Line>,
    change: fn(&mut House),
}

fn scenes() -> Vec<Scene> {
    let (sale, preauth) = (pay(PaymentKind::Sale, 500), pay(PaymentKind::Preauthorize, 500));
    let complete = follow(FollowUpKind::Complete, "B0", Some(450));
    let mut scenes = Vec::new();
    for (name, before, order) in [
        ("void", vec![sale.clone()], follow(FollowUpKind::Void, "B0", None)),
        ("refund", vec![sale.clone()], follow(FollowUpKind::Refund, "B0", Some(200))),
        ("preauth", vec![], preauth.clone()),
        ("complete", vec![preauth.clone()], complete.clone()),
        ("cancel-preauth", vec![preauth.clone()], follow(FollowUpKind::CancelPreauthorization, "B0", None)),
        ("cancel-completion", vec![preauth, complete], follow(FollowUpKind::CancelCompletion, "B1", None)),
        ("show", vec![], pay(PaymentKind::ShowToPay, 500)),
    ] {
        for line in [Line::Good, Line::LostReply, Line::LostRequest, Line::WrongMac] {
            let (before, order, line) = (before.clone(), order.clone(), vec![line]);
            scenes.push(Scene { name, before, order, line, change: |_| {} });
        }
    }
    let chip = |name, change| Scene { name, before: vec![], order: sale.clone(), line: vec![], change };
    scenes.push(chip("chip", |house| house.presented.entry = Entry::ContactChip));
    scenes.push(chip("chip refuses", |house| {
        house.presented.entry = Entry::ContactChip;
        house.finish = Ok(CardFinish { accepted: false, scripts: false, sealed: Some(b"after".to_vec()) });
    }));
    scenes.push(chip("less is taken", |house| {
        (house.acquirer.approves, house.takes_less) = (Some(400), true);
    }));
    scenes.push(chip("less is refused", |house| house.acquirer.approves = Some(400)));
    scenes
}

/// Plays a scene with these cuts; none when a cut lay beyond its end.
fn play(scene: &Scene, cuts: &[usize], late: bool) -> Option<usize> {
    let mut house = House::open(Silence::Undo);
    (scene.change)(&mut house);
    let approves = house.acquirer.approves.take();
    for (place, order) in scene.before.iter().enumerate() {
        let outcome = house.does(&format!("B{place}"), order.clone());
        assert!(matches!(outcome, Outcome::Approved(_)), "{}: {outcome:?}", scene.name);
    }
    house.acquirer.approves = approves;
    house.delays_at_cut = late;
    house.acquirer.line = scene.line.clone().into();
    house.points = 0;
    house.cuts = cuts.iter().copied().collect();
    house.begin("A1", scene.order.clone());
    house.run_for(200_000);
    let was_cut = house.cuts.is_empty();
    let points = house.points;
    house.cuts.clear();
    house.acquirer.line.clear();
    house.ask(crate::Request::PayDebts { acquirer: super::ACQUIRER.into() });
    house.rest();
    house.assert_balanced();
    was_cut.then_some(points)
}

#[test]
fn one_cut_anywhere_in_everything() {
    for scene in scenes() {
        let points = play(&scene, &[], false).unwrap();
        assert!(points > 8, "{}: too few points to mean anything: {points}", scene.name);
        // Where the answer came, or never will, it matters when the message arrives.
        let lates: &[bool] =
            if matches!(scene.line[..], [Line::Good | Line::LostReply]) { &[false, true] } else { &[false] };
        for &late in lates {
            let cuts = (1..).take_while(|cut| play(&scene, &[*cut], late).is_some()).count();
            assert!(cuts + 4 >= points, "{} {late}: {cuts} of {points}", scene.name);
        }
    }
}

/// A reservation and its completion, cut twice: what was reserved is taken once or not at all.
#[test]
fn two_cuts_anywhere_in_a_completion() {
    let scene = scenes().into_iter().find(|scene| scene.name == "complete" && scene.line == [Line::LostReply]).unwrap();
    let points = play(&scene, &[], false).unwrap();
    for first in (1..=points).step_by(5) {
        let _ = (1..).take_while(|second| play(&scene, &[first, *second], false).is_some()).count();
    }
}
