//! What errands may wish for, and what follows them by their plugins' wish.

use super::House;
use super::guest;
use super::teller::{Silence, answer};
use crate::contract::acquirer::{Effect as Wish, KernelRows, KernelTable};
use crate::contract::transaction::{Maintenance, OperationKind};
use crate::record::Incident;
use crate::{Answer, Call, Fact, Order, Outcome};

/// A day's plugin whose answers wish for this.
fn wishing(wishes: impl Fn(OperationKind) -> Vec<Wish> + 'static) -> House {
    let mut house = House::open(Silence::Undo);
    house.guest = Box::new(move |call| {
        let mut answered = answer(Silence::Undo, call);
        if let (Call::Resume(_, operation, ..), Answer::Step(Ok(step))) = (call, &mut answered) {
            step.effects.extend(wishes(operation.kind()));
        }
        answered
    });
    house
}

fn done(house: &House, kind: OperationKind) -> usize {
    house.books().transactions().filter(|known| known.kind() == kind && known.outcome() == Some(&Outcome::Done)).count()
}

#[test]
fn a_sign_off_may_ask_for_a_sign_in_and_that_for_a_download() {
    let mut house = wishing(|kind| match kind {
        OperationKind::SignOff => vec![Wish::Request((OperationKind::SignIn, None))],
        OperationKind::SignIn => vec![Wish::Request((OperationKind::Download, Some("tables".into())))],
        _ => Vec::new(),
    });
    assert_eq!(house.does("E1", Order::Maintain(Maintenance::SignOff)), Outcome::Done);
    assert_eq!(done(&house, OperationKind::SignIn), 1);
    assert_eq!(done(&house, OperationKind::Download), 1);
}

#[test]
fn a_chain_of_wishes_comes_to_an_end() {
    let mut house = wishing(|_| vec![Wish::Request((OperationKind::Echo, None)); 3]);
    house.does("E1", Order::Maintain(Maintenance::Echo));
    assert!(done(&house, OperationKind::Echo) <= 1 + 3 + 9 + 27);
    let mut house = wishing(|_| vec![Wish::Request((OperationKind::SignIn, None))]);
    house.does("E1", Order::Maintain(Maintenance::SignIn));
    assert_eq!(done(&house, OperationKind::SignIn), 1, "no sign-in asks for the next");
}

#[test]
fn only_a_sign_in_brings_keys_and_only_a_download_kernel_rows() {
    let rows = || Wish::LoadKernel(KernelRows { table: KernelTable::PublicKeys, rows: vec![vec![1]] });
    let mut house =
        wishing(move |_| vec![Wish::InstallKey(guest::key()), rows(), Wish::Request((OperationKind::Settle, None))]);
    for (id, order) in [
        ("E1", Order::Maintain(Maintenance::Echo)),
        ("E2", Order::Maintain(Maintenance::SignOff)),
        ("E3", Order::Download("tables".into())),
        ("E4", Order::Maintain(Maintenance::SignIn)),
    ] {
        assert_eq!(house.does(id, order), Outcome::Done, "{id}");
    }
    let installs = house.facts().iter().filter(|fact| matches!(fact, Fact::KeysInstalled { .. })).count();
    assert_eq!(installs, 2, "those it had, and the sign-in's");
    assert_eq!(house.log.iter().filter(|word| *word == "LoadKernel").count(), 1);
    let refused = |fact: &&Fact| matches!(fact, Fact::Incident { what: Incident::IllegalStep(_), .. });
    assert_eq!(house.facts().iter().filter(refused).count(), 3 + 3 + 2 + 2);
}
