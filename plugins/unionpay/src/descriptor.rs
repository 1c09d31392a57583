//! What this plugin is and what it needs of the terminal.

use sdk::prelude::{
    Counter, Descriptor, Framing, KeyAlgorithm, KeyScheme, KeySlot, KeyUse, MacAlgorithm, OperationKind, OperationSpec,
    PinFormat, Route,
};

use crate::settings::Settings;

/// The one route.
pub const ROUTE: &str = "host";
/// DE11.
pub const TRACE_COUNTER: &str = "trace";
/// Trace numbers run from 1 to this and start over.
pub const TRACE_LAST: u64 = 999_999;
/// Batch number in the terminal's memory, six digits.
pub const BATCH_MEMORY: &str = "batch";
/// Terminal master key: wraps the work keys.
pub const MASTER_KEY: &str = "tmk";
/// Work key for PIN blocks.
pub const PIN_KEY: &str = "pik";
/// Work key for MACs.
pub const MAC_KEY: &str = "mak";

pub(crate) fn describe() -> Descriptor {
    let operation = |kind, proved| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved };
    Descriptor {
        acquirer: "unionpay".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        operations: vec![
            operation(OperationKind::SignIn, false),
            operation(OperationKind::Sale, true),
            operation(OperationKind::Reverse, true),
        ],
        routes: vec![Route { name: ROUTE.to_owned(), framing: Framing::LengthU16 }],
        keys: vec![
            key(MASTER_KEY, KeyScheme::Fixed, &[KeyAlgorithm::Tdes], &[KeyUse::Transport]),
            key(PIN_KEY, KeyScheme::Session, &[KeyAlgorithm::Tdes], &[KeyUse::Pin(PinFormat::Iso0)]),
            key(
                MAC_KEY,
                KeyScheme::Session,
                &[KeyAlgorithm::Des, KeyAlgorithm::Tdes],
                &[KeyUse::Mac(MacAlgorithm::UnionpayEcb), KeyUse::Mac(MacAlgorithm::X919)],
            ),
        ],
        counters: vec![Counter { name: TRACE_COUNTER.to_owned(), first: 1, last: TRACE_LAST }],
        parameters: Settings::declared(),
    }
}

fn key(name: &str, scheme: KeyScheme, algorithms: &[KeyAlgorithm], uses: &[KeyUse]) -> KeySlot {
    KeySlot { name: name.to_owned(), algorithms: algorithms.to_vec(), scheme, uses: uses.to_vec() }
}
