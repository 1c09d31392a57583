//! What the plugin declares to the terminal.

use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

#[test]
fn operations_keys_and_parameters_are_declared() {
    let descriptor = UnionPay::describe();
    let operations: Vec<_> = descriptor.operations.iter().map(|spec| (spec.kind, spec.proved)).collect();
    let expected = [(OperationKind::SignIn, false), (OperationKind::Sale, true), (OperationKind::Reverse, true)];
    assert_eq!(operations, expected);
    assert_eq!(descriptor.routes, [Route { name: "host".to_owned(), framing: Framing::LengthU16 }]);
    assert_eq!(descriptor.counters, [Counter { name: "trace".to_owned(), first: 1, last: 999_999 }]);
    let keys: Vec<_> = descriptor.keys.iter().map(|key| (key.name.as_str(), key.scheme)).collect();
    assert_eq!(keys, [("tmk", KeyScheme::Fixed), ("pik", KeyScheme::Session), ("mak", KeyScheme::Session)]);
    let required: Vec<_> = descriptor.parameters.iter().filter(|p| p.required).map(|p| p.name.as_str()).collect();
    assert_eq!(required, ["terminal", "merchant", "tpdu"]);
    assert!(descriptor.parameters.iter().all(|p| !p.pattern.is_empty() && p.meaning.ends_with('.')));
}
