//! Keys and grants for tests: the published UnionPay keys under their published transport keys.

use engine::contract::acquirer::{KeyAlgorithm, KeyScheme, KeyUse, NewKey, Wrapping};
use engine::contract::template::{CipherAlgorithm, MacAlgorithm, PinFormat, SignatureAlgorithm, TrackProtection};
use engine::contract::types::LocalTime;
use tempfile::TempDir;

use crate::crypto::tdes::{DesKey, key};
use crate::{CardSession, ClearKey, Expiry, KeyPaths, Pan, Pin, PluginGrant, SlotGrant, Track, Vault};

/// protocols: K2, zone master key, PIN key and MAC key with their check values.
pub(crate) const TMK: &str = "4DDB4BCC88C66F47D21D4E096F12F6A0";
pub(crate) const PIK_WRAPPED: &str = "B31C3B99B94E0543B5C13084D47580B7";
pub(crate) const PIK_CHECK: &str = "CF9C35EA";
pub(crate) const MAK_WRAPPED: &str = "AC61F7F11833AEAD03503D29085C0470";
pub(crate) const MAK_CHECK: &str = "21DD874E";

/// The plugin most tests act for.
pub(crate) const PLUGIN: &str = "unionpay";
/// Another one.
pub(crate) const OTHER: &str = "other";

pub(crate) fn slot(name: &str, key_use: KeyUse) -> SlotGrant {
    let algorithms = vec![KeyAlgorithm::Des, KeyAlgorithm::Tdes];
    SlotGrant { slot: name.to_owned(), algorithms, key_use, scheme: KeyScheme::Session }
}

/// A slot of every use this version supports, for two plugins.
pub(crate) fn grants() -> Vec<PluginGrant> {
    let slots = vec![
        slot("tmk", KeyUse::Transport),
        slot("pik", KeyUse::Pin(PinFormat::Iso0)),
        slot("mak", KeyUse::Mac(MacAlgorithm::UnionpayEcb)),
        slot("retail", KeyUse::Mac(MacAlgorithm::X919)),
        slot("tdk", KeyUse::Track(TrackProtection::PaddedF)),
        SlotGrant {
            slot: "data".to_owned(),
            algorithms: vec![KeyAlgorithm::Tdes],
            key_use: KeyUse::Data(CipherAlgorithm::TdesCbc),
            scheme: KeyScheme::Fixed,
        },
        SlotGrant {
            slot: "sign".to_owned(),
            algorithms: vec![KeyAlgorithm::Ed25519],
            key_use: KeyUse::Sign(SignatureAlgorithm::Ed25519),
            scheme: KeyScheme::Fixed,
        },
    ];
    [PLUGIN, OTHER].map(|plugin| PluginGrant { plugin: plugin.to_owned(), slots: slots.clone() }).into()
}

pub(crate) fn paths(folder: &TempDir) -> KeyPaths {
    KeyPaths { keys: folder.path().join("keys"), key_encryption_key: folder.path().join("kek") }
}

pub(crate) fn check_value_of(key: &DesKey) -> Vec<u8> {
    key.schedule().encrypt([0; 8])[..4].to_vec()
}

/// A key for a slot, wrapped under [`TMK`], with its right check value.
pub(crate) fn wrapped(slot: &str, clear: &str) -> NewKey {
    let (transport, clear) = (key(TMK).schedule(), key(clear));
    let block = clear.reveal().as_chunks().0.iter().flat_map(|block| transport.encrypt(*block)).collect();
    new_key(slot, block, Some(check_value_of(&clear)))
}

pub(crate) fn new_key(slot: &str, block: Vec<u8>, check_value: Option<Vec<u8>>) -> NewKey {
    NewKey { name: slot.to_owned(), under: "tmk".to_owned(), wrapping: Wrapping::TdesEcb, block, check_value }
}

/// The published download, as it arrives.
pub(crate) fn published_keys() -> Vec<NewKey> {
    let bytes = |text: &str| hex::decode(text).unwrap();
    vec![
        new_key("pik", bytes(PIK_WRAPPED), Some(bytes(PIK_CHECK))),
        new_key("mak", bytes(MAK_WRAPPED), Some(bytes(MAK_CHECK))),
    ]
}

pub(crate) fn load_tmk(vault: &mut Vault, plugin: &str, text: &str) -> Result<(), crate::TransportKeyError> {
    let check_value = check_value_of(&key(text));
    vault.load_transport(plugin, "tmk", ClearKey::from_hex(text).unwrap(), &check_value)
}

/// A vault with the transport key loaded and the published work keys active.
pub(crate) fn signed_in() -> (TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
    load_tmk(&mut vault, PLUGIN, TMK).unwrap();
    let keys = vault.stage(PLUGIN, &published_keys()).unwrap();
    vault.activate(keys);
    (folder, vault)
}

/// A stripe card with a PIN.
pub(crate) fn card() -> CardSession {
    let two = Track::two("1234567890123456=30121010000000000").unwrap();
    CardSession::from_stripe(None, two, None).unwrap().with_pin(Pin::parse("123456").unwrap())
}

pub(crate) fn typed_card(pan: &str) -> CardSession {
    CardSession::typed(Pan::parse(pan).unwrap(), Expiry::parse("3012").unwrap(), None)
}

pub(crate) fn noon() -> LocalTime {
    LocalTime { year: 2026, month: 11, day: 22, hour: 12, minute: 0, second: 0, utc_offset: 480 }
}
