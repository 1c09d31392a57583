//! Chips, tracks, codes and the cards of an upload's items in templates.

use engine::contract::template::{
    ChipDataHole, Encoding, Message, Node, Secret, SecretHole, TrackHole, TrackProtection,
};

use super::*;
use crate::testing::{PLUGIN, card, noon, published_keys, signed_in, typed_card, wrapped};
use crate::{ChipData, EmvTags, Expiry, Needed, Pan, ScannedCode, Vault};

const PAN: &str = "6200000123456787";

fn chip() -> CardSession {
    let tags = "9f360200079505000000000082027c005a086200000123456787570b6200000123456787d301229f1f0141";
    CardSession::from_chip(ChipData {
        contactless: false,
        pan: Pan::parse(PAN).unwrap(),
        expiry: Some(Expiry::parse("3012").unwrap()),
        track_two: None,
        sequence_number: Some(1),
        tags: EmvTags::parse(&hex::decode(tags).unwrap()).unwrap(),
    })
    .unwrap()
}

fn chip_data(tags: &[u32], of_item: Option<u32>) -> Node {
    Node::ChipData(ChipDataHole { tags: tags.to_vec(), of_item })
}

fn render_one(vault: &Vault, node: Node, card: CardSource<'_>, secrets: &[Secret]) -> Result<Rendered, NodeError> {
    let message = Message { nodes: vec![node], whole: 0, http: None };
    let allowed = RouteGrant { secrets: secrets.to_vec(), ..RouteGrant::default() };
    let input = RenderInput { card, reason: None, allowed: &allowed, now: &noon() };
    vault.render(PLUGIN, &message, input).map_err(|error| match error {
        RenderError::At { error, .. } => error,
        other => panic!("{other}"),
    })
}

#[test]
fn a_chips_objects_come_in_the_order_asked_for_and_what_names_the_card_only_by_leave() {
    let (_folder, vault) = signed_in();
    let made =
        render_one(&vault, chip_data(&[0x95, 0x9F26, 0x9F36], None), CardSource::Live(&mut chip()), &[]).unwrap();
    assert_eq!((hex::encode(made.whole()).as_str(), made.holds_card_data()), ("950500000000009f36020007", false));
    let number = || chip_data(&[0x5A], None);
    let refused = render_one(&vault, number(), CardSource::Live(&mut chip()), &[]).map(drop);
    assert_eq!(refused, Err(NodeError::SecretNotGranted(Secret::Pan)));
    let made = render_one(&vault, number(), CardSource::Live(&mut chip()), &[Secret::Pan]).unwrap();
    assert!(made.holds_card_data());
    let refused = render_one(&vault, chip_data(&[0x57], None), CardSource::Live(&mut chip()), &[Secret::Pan]).map(drop);
    assert_eq!(refused, Err(NodeError::SecretNotGranted(Secret::TrackTwo)));
    let all = [Secret::Pan, Secret::TrackTwo];
    let refused = render_one(&vault, chip_data(&[0x9F1F], None), CardSource::Live(&mut chip()), &all).map(drop);
    assert_eq!(refused, Err(NodeError::TagNotGranted(0x9F1F)));
    assert_eq!(render_one(&vault, number(), CardSource::None, &all).map(drop), Err(NodeError::NoCard));
}

#[test]
fn an_upload_finds_the_card_of_each_of_its_items() {
    let (_folder, vault) = signed_in();
    let needed = Needed { secrets: vec![Secret::Pan], tags: vec![0x9F36] };
    let items = [chip(), typed_card("6200009876543212")].map(|card| {
        let sealed = vault.seal(&card, &needed, b"T1").unwrap();
        vault.unseal(&sealed, b"T1").unwrap()
    });
    let number = |of_item| Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item });
    let of = |node| render_one(&vault, node, CardSource::Items(&items), &[Secret::Pan]);
    assert_eq!(of(number(Some(0))).unwrap().whole(), PAN.as_bytes());
    assert_eq!(of(number(Some(1))).unwrap().whole(), b"6200009876543212");
    assert_eq!(hex::encode(of(chip_data(&[0x9F36], Some(0))).unwrap().whole()), "9f36020007");
    assert_eq!(of(number(Some(2))).map(drop), Err(NodeError::NoItem(2)));
    assert_eq!(of(number(None)).map(drop), Err(NodeError::NoCard), "an upload has no card of its own");
    let live = render_one(&vault, number(Some(0)), CardSource::Live(&mut chip()), &[Secret::Pan]).map(drop);
    assert_eq!(live, Err(NodeError::NoCard), "a payment has no items");
}

#[test]
fn a_track_leaves_under_the_slot_granted_for_its_protection() {
    let (_folder, mut vault) = signed_in();
    let track = |protection| Node::Track(TrackHole { track: Secret::TrackTwo, protection, key: "tdk".into() });
    let of = |vault: &Vault, protection| {
        render_one(vault, track(protection), CardSource::Live(&mut card()), &[Secret::TrackTwo])
    };
    let refused = of(&vault, TrackProtection::PaddedF).map(drop);
    assert!(matches!(refused, Err(NodeError::Slot(crate::SlotError::Empty { .. }))), "{refused:?}");
    let mut keys = published_keys();
    keys.push(wrapped("tdk", "0123456789ABCDEFFEDCBA9876543210"));
    let keys = vault.stage(PLUGIN, &keys).unwrap();
    vault.activate(keys);
    let made = of(&vault, TrackProtection::PaddedF).unwrap();
    assert_eq!((made.whole().len(), made.holds_card_data()), (24, true));
    let refused = of(&vault, TrackProtection::LengthPrefixed).map(drop);
    assert!(matches!(refused, Err(NodeError::Slot(crate::SlotError::WrongUse { .. }))), "{refused:?}");
    let ungranted = render_one(&vault, track(TrackProtection::PaddedF), CardSource::Live(&mut card()), &[Secret::Pan]);
    assert_eq!(ungranted.map(drop), Err(NodeError::SecretNotGranted(Secret::TrackTwo)));
    let message = Message { nodes: vec![track(TrackProtection::PaddedF)], whole: 0, http: None };
    let allowed = RouteGrant { protected_tracks: vec![Secret::TrackTwo], ..RouteGrant::default() };
    let input = RenderInput { card: CardSource::Live(&mut card()), reason: None, allowed: &allowed, now: &noon() };
    assert!(vault.render(PLUGIN, &message, input).is_ok(), "leave to send it protected is enough");
    let all = [Secret::TrackTwo];
    let typed = render_one(&vault, track(TrackProtection::PaddedF), CardSource::Live(&mut typed_card(PAN)), &all);
    assert_eq!(typed.map(drop), Err(NodeError::CardLacks(Secret::TrackTwo)));
}

#[test]
fn a_scanned_code_leaves_by_leave_and_comes_back_as_zeros() {
    let (_folder, vault) = signed_in();
    let mut code = CardSession::from_code(ScannedCode::parse("134567890123456789").unwrap());
    let known = code.presented();
    let node = || Node::Secret(SecretHole { secret: Secret::ScannedCode, encoding: Encoding::Ascii, of_item: None });
    let refused = render_one(&vault, node(), CardSource::Live(&mut code), &[Secret::Pan]).map(drop);
    assert_eq!(refused, Err(NodeError::SecretNotGranted(Secret::ScannedCode)));
    let made = render_one(&vault, node(), CardSource::Live(&mut code), &[Secret::ScannedCode]).unwrap();
    assert_eq!(made.whole(), b"134567890123456789");
    let back = crate::scrub(b"code 134567890123456789 of 20260510", &[&known]);
    assert_eq!(back.bytes, b"code 000000000000000000 of 20260510");
}
