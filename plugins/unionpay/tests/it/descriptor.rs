//! What the plugin declares to the terminal.

use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

#[test]
fn operations_keys_and_parameters_are_declared() {
    let descriptor = UnionPay::describe();
    let operations: Vec<_> = descriptor.operations.iter().map(|spec| (spec.kind, spec.proved)).collect();
    let proved = operations.iter().filter(|(_, proved)| *proved).map(|(kind, _)| *kind).collect::<Vec<_>>();
    let expected = [
        OperationKind::Sale,
        OperationKind::Preauthorize,
        OperationKind::ScanToPay,
        OperationKind::ShowToPay,
        OperationKind::Balance,
        OperationKind::Void,
        OperationKind::Refund,
        OperationKind::Complete,
        OperationKind::CancelPreauthorization,
        OperationKind::CancelCompletion,
        OperationKind::Reverse,
        OperationKind::Inquire,
    ];
    assert!(expected.iter().all(|kind| proved.contains(kind)), "{operations:?}");
    assert!(operations.contains(&(OperationKind::SignIn, false)), "the key that would seal it is what it brings");
    assert_eq!(descriptor.routes, [Route { name: "host".to_owned(), framing: Framing::LengthU16 }]);
    assert_eq!(descriptor.counters, [Counter { name: "trace".to_owned(), first: 1, last: 999_999 }]);
    let keys: Vec<_> = descriptor.keys.iter().map(|key| (key.name.as_str(), key.scheme)).collect();
    assert_eq!(
        keys,
        [
            ("tmk", KeyScheme::Fixed),
            ("pik", KeyScheme::Session),
            ("mak", KeyScheme::Session),
            ("tdk", KeyScheme::Session)
        ]
    );
    let required: Vec<_> = descriptor.parameters.iter().filter(|p| p.required).map(|p| p.name.as_str()).collect();
    assert_eq!(required, ["terminal", "merchant", "tpdu"]);
    assert!(descriptor.parameters.iter().all(|p| !p.pattern.is_empty() && p.meaning.ends_with('.')));
}

/// The terminal takes at most 64 of each, and a sentence of 512 bytes.
#[test]
fn the_descriptor_stays_within_the_terminals_limits() {
    let descriptor = UnionPay::describe();
    assert!(descriptor.parameters.len() <= 64 && descriptor.operations.len() <= 64);
    assert!(descriptor.parameters.iter().all(|p| p.meaning.len() <= 512 && p.pattern.len() <= 512));
    let mut names: Vec<_> = descriptor.parameters.iter().map(|p| &p.name).collect();
    names.sort();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a parameter is declared twice");
}

#[test]
fn what_a_chip_said_is_kept_for_what_may_follow_and_only_there() {
    let descriptor = UnionPay::describe();
    let keeps = |kind| descriptor.operations.iter().find(|spec| spec.kind == kind).expect("offered").keeps.clone();
    for kind in [OperationKind::Sale, OperationKind::Preauthorize] {
        let kept = keeps(kind);
        let reversal = [0x95, 0x9F1E, 0x9F10, 0x9F36, 0xDF31];
        let script = [0x9F33, 0x95, 0x9F37, 0x9F1E, 0x9F10, 0x9F26, 0x9F36, 0x82, 0xDF31, 0x9F1A, 0x9A];
        assert!(reversal.iter().chain(&script).all(|tag| kept.contains(tag)), "{kept:X?}");
        assert!((1..kept.len()).all(|n| !kept[..n].contains(&kept[n])), "a tag is kept twice");
    }
    assert!(keeps(OperationKind::Void).is_empty());
}
