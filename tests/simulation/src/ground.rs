//! What every world stands on: acquirers with cards and keys, and terminals that are granted what they need.

use std::path::Path;
use std::sync::Arc;

use acquirer::{AcquirerConfig, Bank};
use anyhow::{Context, Result};
use engine::contract::Plugin;
use engine::contract::acquirer::{Descriptor, Echoed, Framing, KeyAlgorithm, KeyScheme, KeyUse, Route};
use engine::contract::template::{MacAlgorithm, PinFormat, Secret};
use engine::contract::transaction::{Device, OperationKind, Reader};
use engine::{Ceilings, Deployment, Loaded, OfflineCeilings};
use tempfile::TempDir;
use vault::{ClearKey, KeyPaths, PluginGrant, RouteGrant, SlotGrant, Vault};

use crate::cards;
use crate::script::Shape;

/// The acquirers a terminal can have, by name and merchant.
pub const ACQUIRERS: [(&str, &str); 3] =
    [("north", "309310083985008"), ("south", "309310083985009"), ("west", "309310083985010")];
/// The routes that may lead to an acquirer, the one its plugin prefers first.
pub const ROUTES: [&str; 2] = ["host", "backup"];
/// DE3 of an order whose code the terminal shows.
const ORDERS: &str = "510000";
/// Operations whose answers must name trace, terminal and amount.
const MOVING_MONEY: [OperationKind; 11] = [
    OperationKind::Sale,
    OperationKind::ShowToPay,
    OperationKind::ScanToPay,
    OperationKind::Advise,
    OperationKind::Preauthorize,
    OperationKind::Void,
    OperationKind::Refund,
    OperationKind::Complete,
    OperationKind::CancelPreauthorization,
    OperationKind::CancelCompletion,
    OperationKind::Reverse,
];
/// Operations whose answers have no amount to name.
const ASKING: [OperationKind; 9] = [
    OperationKind::SignIn,
    OperationKind::SignOff,
    OperationKind::Download,
    OperationKind::Balance,
    OperationKind::Echo,
    OperationKind::Inquire,
    OperationKind::ReportScripts,
    OperationKind::Settle,
    OperationKind::Upload,
];
/// What may be about a payment of another terminal, typed from its receipt.
const TYPED: [OperationKind; 1] = [OperationKind::Refund];
/// What a terminal may approve by itself: little enough that a world meets every bound.
pub const OFFLINE: OfflineCeilings =
    OfflineCeilings { count: 2, sum_minor: 120_000, payment_minor: 80_000, age_seconds: 600 };
/// Items of an upload that one call is given: few, so that an upload has several calls.
const UPLOAD_ITEMS: u32 = 2;
/// A scanned payment of this much waits for its customer. Minor units.
pub const ASKS_THE_CUSTOMER_MINOR: i64 = 900;
/// What follows a pre-authorisation, days later and without what was sealed with it.
const PRESENTED_AGAIN: [OperationKind; 3] =
    [OperationKind::Complete, OperationKind::CancelPreauthorization, OperationKind::CancelCompletion];
/// ISO 4217: renminbi.
pub const CURRENCY: u16 = 156;
/// Where time begins, milliseconds since 1970: an afternoon in May 2026.
pub const EPOCH_MS: i64 = 1_778_400_000_000;
/// The shop's clock, minutes east of UTC.
pub const UTC_OFFSET_MINUTES: i16 = 480;

/// What every card holds: enough for any world, and no more than an answer can say. Minor units.
const BALANCE_MINOR: i64 = 100_000_000_000;
/// Each acquirer's terminal master key. Made up.
const MASTER_KEYS: [&str; 3] =
    ["0123456789ABCDEFFEDCBA9876543210", "1F2E3D4C5B6A798897A6B5C4D3E2F101", "2A3B4C5D6E7F80919F8E7D6C5B4A3928"];

/// DE41 of a terminal at any of its acquirers.
pub fn terminal_number(terminal: usize) -> String {
    format!("500800{:02}", terminal + 1)
}

/// An acquirer with its ledger.
pub fn bank(shape: &Shape, index: usize) -> Result<Bank> {
    let (_, merchant) = ACQUIRERS[index];
    let tmk = MASTER_KEYS[index];
    let mut text = format!(
        "seed = {}\ntime = \"2026-05-10T16:00:00\"\ntombstones = {}\nbatch = {}\nunreferenced_refunds = true\n[reversal]\n",
        shape.seed % 1_000_000 + index as u64,
        shape.tombstones,
        42 + index,
    );
    if shape.forgets_reversals {
        text.push_str("already_reversed = \"25\"\n");
    }
    for terminal in 0..shape.terminals {
        let terminal = terminal_number(terminal);
        text.push_str(&format!(
            "[[terminal]]\nterminal = \"{terminal}\"\nmerchant = \"{merchant}\"\ntmk = \"{tmk}\"\n"
        ));
    }
    for (number, pin) in cards::accounts() {
        let pin = pin.map(|pin| format!("pin = \"{pin}\"\n")).unwrap_or_default();
        text.push_str(&format!(
            "[[card]]\npan = \"{number}\"\nexpiry = \"{}\"\nbalance_minor = {BALANCE_MINOR}\n{pin}",
            cards::EXPIRY
        ));
    }
    let (code, card) = cards::wallet();
    text.push_str(&format!("[[wallet]]\ncode = \"{code}\"\ncard = \"{card}\"\n"));
    let mut bank = Bank::new(AcquirerConfig::from_toml(&text)?)?;
    bank.set_decision(ASKS_THE_CUSTOMER_MINOR, "09".parse()?);
    bank.set_chip_answer(hex::decode(cards::ISSUER_ANSWER)?);
    Ok(bank)
}

/// The key store that all terminals share the files of: a person has loaded the master keys. What each terminal holds
/// beyond that is in its own memory.
pub struct KeyStore {
    folder: TempDir,
}

impl KeyStore {
    /// Makes it, once for a whole run.
    pub fn create() -> Result<KeyStore> {
        let store = KeyStore { folder: TempDir::new().context("no folder for the key store")? };
        let mut vault = Vault::create(&store.paths(), &grants())?;
        for ((name, _), key) in ACQUIRERS.iter().zip(MASTER_KEYS) {
            let bytes = hex::decode(key)?;
            let check_value = check_value(&bytes);
            vault.load_transport(name, "tmk", ClearKey::from_hex(key)?, &check_value)?;
        }
        Ok(store)
    }

    /// A terminal's vault after a start: its work keys are gone.
    pub fn open(&self) -> Result<Vault> {
        Ok(Vault::open(&self.paths(), &grants())?)
    }

    fn paths(&self) -> KeyPaths {
        let at = |name: &str| Path::new(self.folder.path()).join(name);
        KeyPaths { keys: at("keys"), key_encryption_key: at("key-encryption-key") }
    }
}

/// The key check value of a double-length key: eight zero bytes under it.
fn check_value(key: &[u8]) -> Vec<u8> {
    let key: [u8; 16] = key.try_into().unwrap_or([0; 16]);
    acquirer::crypto::Key::Double(key).check_value().to_vec()
}

fn grants() -> Vec<PluginGrant> {
    let slot = |slot: &str, algorithms: &[KeyAlgorithm], key_use| SlotGrant {
        slot: slot.to_owned(),
        algorithms: algorithms.to_vec(),
        key_use,
        scheme: KeyScheme::Session,
    };
    let slots = vec![
        slot("tmk", &[KeyAlgorithm::Tdes], KeyUse::Transport),
        slot("pik", &[KeyAlgorithm::Tdes], KeyUse::Pin(PinFormat::Iso0)),
        slot("mak", &[KeyAlgorithm::Des, KeyAlgorithm::Tdes], KeyUse::Mac(MacAlgorithm::UnionpayEcb)),
    ];
    ACQUIRERS.iter().map(|(name, _)| PluginGrant { plugin: (*name).to_owned(), slots: slots.clone() }).collect()
}

/// What a plugin says of itself. Where two routes lead to the acquirer, it is told of both.
fn descriptor(plugin: &dyn Plugin, shape: &Shape) -> Descriptor {
    let mut descriptor = plugin.descriptor().clone();
    if shape.second_route {
        let framing = descriptor.routes.first().map_or(Framing::LengthU16, |route| route.framing);
        descriptor.routes.push(Route { name: ROUTES[1].to_owned(), framing });
    }
    descriptor
}

/// What may leave on every route there is.
pub fn route_grant() -> RouteGrant {
    RouteGrant {
        secrets: vec![Secret::Pan, Secret::Expiry, Secret::TrackTwo, Secret::ScannedCode],
        pin: true,
        ..RouteGrant::default()
    }
}

/// An acquirer as a terminal trades with it.
pub fn deployment(shape: &Shape, terminal: usize, index: usize, plugin: Option<&Arc<dyn Plugin>>) -> Deployment {
    let (name, merchant) = ACQUIRERS[index];
    let parameter = |name: &str, value: String| (name.to_owned(), value);
    let money = vec![Echoed::Trace, Echoed::Terminal, Echoed::Amount];
    Deployment {
        acquirer: name.to_owned(),
        plugin: plugin.map(|plugin| Loaded { digest: plugin.digest(), descriptor: descriptor(plugin.as_ref(), shape) }),
        parameters: vec![
            parameter("terminal", terminal_number(terminal)),
            parameter("merchant", merchant.to_owned()),
            parameter("show-processing-code", ORDERS.to_owned()),
            parameter("tpdu", "6000040000".to_owned()),
            parameter("timeout-ms", shape.timeout_ms.to_string()),
            parameter("reversal-timeout-ms", shape.timeout_ms.to_string()),
        ],
        echoes: MOVING_MONEY
            .into_iter()
            .map(|kind| (kind, money.clone()))
            .chain(ASKING.into_iter().map(|kind| (kind, vec![Echoed::Trace, Echoed::Terminal])))
            .collect(),
        ceilings: Ceilings {
            refused_debts: shape.refused_debts_max,
            upload_items: UPLOAD_ITEMS,
            ..Ceilings::default()
        },
        device: Device {
            serial: format!("SIM{terminal}"),
            model: "simulated".to_owned(),
            firmware: "1".to_owned(),
            reads: vec![Reader::Stripe, Reader::Contact, Reader::Code],
            developer_kernel: true,
        },
        locale: "en".to_owned(),
        work_keys: vec!["pik".to_owned(), "mak".to_owned()],
        loaded_keys: Vec::new(),
        presents: PRESENTED_AGAIN.into(),
        typed: TYPED.into(),
        unreferenced_refunds: true,
        offline: Some(OFFLINE),
        blocking: Deployment::IN_DOUBT.into(),
    }
}
