//! What this plugin is and what it needs of the terminal.

use sdk::prelude::{
    Counter, Descriptor, Framing, KeyAlgorithm, KeyScheme, KeySlot, KeyUse, MacAlgorithm, OperationKind, OperationSpec,
    PinFormat, Route, TrackProtection,
};

use crate::card::{ONLINE_TAGS, REVERSAL_TAGS};
use crate::{original, parameters};

/// The one route.
pub const ROUTE: &str = "host";
/// DE11.
pub const TRACE_COUNTER: &str = "trace";
/// Trace numbers run from 1 to this and start over.
pub const TRACE_LAST: u64 = 999_999;
/// Batch number in the terminal's memory, six digits.
pub const BATCH_MEMORY: &str = "batch";
/// Batch number under which a settlement began, six digits, and the settlement's own name behind it.
pub const SETTLING_MEMORY: &str = "settling";
/// Terminal master key: wraps the work keys.
pub const MASTER_KEY: &str = "tmk";
/// Work key for PIN blocks.
pub const PIN_KEY: &str = "pik";
/// Work key for MACs.
pub const MAC_KEY: &str = "mak";
/// Work key for tracks; granted only where the acquirer encrypts them.
pub const TRACK_KEY: &str = "tdk";

/// What else of a chip some acquirer wants again: application, sequence number, authorisation response, tapped card.
const MORE_TAGS: [u32; 4] = [0x4F, 0x5F34, 0x9F74, 0x9F63];

pub(crate) fn describe() -> Descriptor {
    Descriptor {
        acquirer: "unionpay".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        operations: vec![
            operation(OperationKind::SignIn, false),
            operation(OperationKind::SignOff, false),
            operation(OperationKind::Echo, false),
            operation(OperationKind::Download, false),
            operation(OperationKind::Sale, true),
            operation(OperationKind::Preauthorize, true),
            operation(OperationKind::ScanToPay, true),
            operation(OperationKind::ShowToPay, true),
            operation(OperationKind::Balance, true),
            operation(OperationKind::Void, true),
            operation(OperationKind::Refund, true),
            operation(OperationKind::Complete, true),
            operation(OperationKind::CancelPreauthorization, true),
            operation(OperationKind::CancelCompletion, true),
            operation(OperationKind::Reverse, true),
            operation(OperationKind::Inquire, true),
            operation(OperationKind::Advise, true),
            operation(OperationKind::ReportScripts, true),
            // By parameter, and then demanded by this plugin itself.
            operation(OperationKind::Settle, false),
            operation(OperationKind::Upload, false),
        ],
        routes: vec![Route { name: ROUTE.to_owned(), framing: Framing::LengthU16 }],
        keys: vec![
            key(MASTER_KEY, KeyScheme::Fixed, &[KeyAlgorithm::Tdes], &[KeyUse::Transport]),
            key(PIN_KEY, KeyScheme::Session, &[KeyAlgorithm::Des, KeyAlgorithm::Tdes], &[KeyUse::Pin(PinFormat::Iso0)]),
            key(
                MAC_KEY,
                KeyScheme::Session,
                &[KeyAlgorithm::Des, KeyAlgorithm::Tdes],
                &[KeyUse::Mac(MacAlgorithm::UnionpayEcb), KeyUse::Mac(MacAlgorithm::X919)],
            ),
            key(
                TRACK_KEY,
                KeyScheme::Session,
                &[KeyAlgorithm::Tdes],
                &[
                    KeyUse::Track(TrackProtection::UnionpayLastBlock),
                    KeyUse::Track(TrackProtection::PaddedF),
                    KeyUse::Track(TrackProtection::LengthPrefixed),
                ],
            ),
        ],
        counters: vec![Counter { name: TRACE_COUNTER.to_owned(), first: 1, last: TRACE_LAST }],
        parameters: parameters::declared(),
    }
}

fn operation(kind: OperationKind, proved: bool) -> OperationSpec {
    OperationSpec { kind, typed: original::typed(kind), keeps: keeps(kind), proved }
}

/// What of a chip a reversal, a script report or an advice may need of a payment.
fn keeps(kind: OperationKind) -> Vec<u32> {
    match kind {
        OperationKind::Sale | OperationKind::Preauthorize => {
            let reversal = REVERSAL_TAGS.iter().filter(|tag| !ONLINE_TAGS.contains(tag));
            ONLINE_TAGS.iter().chain(reversal).chain(&MORE_TAGS).copied().collect()
        }
        _ => Vec::new(),
    }
}

fn key(name: &str, scheme: KeyScheme, algorithms: &[KeyAlgorithm], uses: &[KeyUse]) -> KeySlot {
    KeySlot { name: name.to_owned(), algorithms: algorithms.to_vec(), scheme, uses: uses.to_vec() }
}
