//! Uploads of batches whose card data is gone in part: what can be told is told, and the rest is named.

use super::settlements::{day, holds, id, settled};
use super::{ACQUIRER, House};
use crate::record::{Incident, Party};
use crate::story::StoryEvent;
use crate::{Fact, Order};

/// The journal once it has lost the cards of these.
fn without_cards(house: &House, names: &[&str]) -> Vec<crate::Encoded> {
    let bereft = |entry: &crate::Encoded| {
        let record = crate::Record::decode(&entry.record, entry.card.as_deref()).unwrap();
        let gone = matches!(&record.fact, Fact::Intent(intent) if names.contains(&intent.transaction.as_str()));
        crate::Encoded { card: entry.card.clone().filter(|_| !gone), ..entry.clone() }
    };
    house.journal.iter().map(bereft).collect()
}

/// A batch whose cards are gone can be closed all the same: what can be told is told.
#[test]
fn an_item_whose_card_is_gone_is_passed_over() {
    let mut house = day();
    house.journal = without_cards(&house, &["A0", "A3", "A4"]);
    house.start();
    house.acquirer.differs = true;
    let outcome = house.settle("C1");
    assert_eq!(settled(&outcome).uploaded, 2);
    let uploads: Vec<_> = house.acquirer.arrived.iter().filter(|wire| wire.word() == "upload").collect();
    let parts: Vec<_> = uploads.iter().map(|wire| (wire.what.as_str(), wire.amount)).collect();
    assert_eq!(parts, [("upload/0", 10)], "A1 and A2");
    assert_eq!(passed_over(&house), ["A0", "A3", "A4"]);
    let told = |name: &str| {
        let known = house.books().transaction(&id(name)).unwrap();
        let left_out = |event: &StoryEvent| {
            matches!(event, StoryEvent::Incident { what: Incident::NotUploaded, party: Party::Storage })
        };
        known.timeline.iter().any(|moment| left_out(&moment.event))
    };
    assert!(["A0", "A3", "A4"].into_iter().all(told) && !["A1", "A2"].into_iter().any(told));
    holds(&house);
}

/// Whoever was passed over, in the order in which that was written down.
fn passed_over(house: &House) -> Vec<String> {
    let named = |fact: &Fact| match fact {
        Fact::Incident { transaction: Some(id), what: Incident::NotUploaded, .. } => Some(id.to_string()),
        _ => None,
    };
    house.facts().iter().filter_map(named).collect()
}

/// The plug is pulled at every step of an upload that passes somebody over: that is written down once, with the part
/// that passed it over.
#[test]
fn whoever_is_passed_over_is_named_once_however_often_the_plug_is_pulled() {
    let run = |cut: usize| {
        let mut house = day();
        house.journal = without_cards(&house, &["A0", "A3", "A4"]);
        house.start();
        house.acquirer.differs = true;
        house.begin("C1", Order::Settle);
        house.points = 0;
        house.cuts = [cut].into_iter().collect();
        house.rest();
        let was_cut = house.cuts.is_empty();
        house.cuts.clear();
        if house.books().batch(ACQUIRER).number == 1 {
            house.settle("C1");
        }
        assert_eq!(passed_over(&house), ["A0", "A3", "A4"], "cut at {cut}");
        was_cut
    };
    let cuts = (1..).take_while(|cut| run(*cut)).count();
    assert!(cuts > 20, "too few points to mean anything: {cuts}");
}
