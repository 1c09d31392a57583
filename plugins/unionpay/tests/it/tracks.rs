//! Tracks under the acquirer's protection (A.12): the hole, its length on the wire, and what DE53 says of it.

use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

use crate::support::{context, payment, sale, sent, standby, start, swiped};

/// The nodes of a sale's message, and the digits of DE35 before its hole.
fn track(parameters: &[(&str, &str)], card: Presented) -> (Vec<Node>, Option<Vec<u8>>) {
    let step = start(&context(parameters), &sale(card));
    let nodes = sent(&step).message.nodes.clone();
    let is_track = |node: &Node| match node {
        Node::Track(hole) => hole.track == Secret::TrackTwo,
        Node::Secret(hole) => hole.secret == Secret::TrackTwo,
        _ => false,
    };
    let hole = nodes.iter().position(is_track).expect("a track");
    let parts = nodes.iter().find_map(|node| if let Node::Concat(parts) = node { Some(parts) } else { None });
    let parts = parts.expect("the sealed part");
    let before = parts.iter().position(|part| *part as usize == hole).and_then(|at| at.checked_sub(1));
    let prefix = before.and_then(|at| match &nodes[parts[at] as usize] {
        Node::Literal(bytes) => bytes.last().map(|last| vec![*last]),
        _ => None,
    });
    (nodes, prefix)
}

fn control(nodes: &[Node]) -> bool {
    let protected = [0x26, 0x10, 0, 0, 0, 0, 0, 0];
    nodes.iter().any(|node| matches!(node, Node::Literal(bytes) if bytes.windows(8).any(|window| window == protected)))
}

#[test]
fn each_protection_has_its_length_and_its_digit() {
    let with_control = ("security-control", "2600000000000000");
    // Digits of the track, then nibbles on the wire: T-a leaves the length, T-b and T-c fill blocks of sixteen.
    let cases = [
        ("last-block", TrackProtection::UnionpayLastBlock, 35, 0x35),
        ("padded-f", TrackProtection::PaddedF, 35, 0x48),
        ("padded-f", TrackProtection::PaddedF, 32, 0x32),
        ("length-prefixed", TrackProtection::LengthPrefixed, 35, 0x48),
        ("length-prefixed", TrackProtection::LengthPrefixed, 37, 0x48),
        ("length-prefixed", TrackProtection::LengthPrefixed, 30, 0x32),
        ("length-prefixed", TrackProtection::LengthPrefixed, 31, 0x48),
    ];
    for (word, protection, digits, prefix) in cases {
        let card = Presented { track_two_length: digits, ..swiped(6) };
        let (nodes, told) = track(&[("track-protection", word), with_control], card);
        let hole = TrackHole { track: Secret::TrackTwo, protection, key: "tdk".to_owned() };
        assert!(nodes.contains(&Node::Track(hole)), "{word}");
        assert_eq!(told, Some(vec![prefix]), "{word} {digits}");
        assert!(control(&nodes), "{word}");
    }
    let (nodes, told) = track(&[with_control], swiped(6));
    assert!(told == Some(vec![0x35]) && !control(&nodes), "in clear by default");
}

#[test]
fn without_a_pin_the_control_speaks_of_the_track_alone() {
    let parameters = [("track-protection", "padded-f"), ("security-control", "2600000000000000")];
    let (nodes, _) = track(&parameters, swiped(0));
    let said = [0x06, 0x10, 0, 0, 0, 0, 0, 0];
    assert!(nodes.iter().any(|n| matches!(n, Node::Literal(bytes) if bytes.windows(8).any(|w| w == said))));
}

#[test]
fn a_third_track_is_sent_where_the_acquirer_wants_it_and_never_kept() {
    let card = Presented { track_three_length: 104, ..swiped(0) };
    let has_third = |parameters: &[(&str, &str)]| {
        let step = start(&context(parameters), &sale(card.clone()));
        let exchange = sent(&step);
        let is_third = |node: &Node| matches!(node, Node::Secret(hole) if hole.secret == Secret::TrackThree);
        assert!(!standby(exchange).message.nodes.iter().any(is_third));
        exchange.message.nodes.iter().any(is_third)
    };
    assert!(!has_third(&[]) && has_third(&[("track-three", "yes")]));
    let unknown = UnionPay::start(&context(&[("track-protection", "t-d")]), &Operation::Pay(payment(swiped(0))));
    assert!(matches!(unknown, Err(Fault::Configuration(text)) if text.contains("track-protection")));
}
