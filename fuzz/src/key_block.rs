//! Key blocks, as a deployment takes them: any bytes are refused, or are one of the blocks that were made.

use std::sync::{LazyLock, Mutex, PoisonError};

use engine::contract::acquirer::{KeyAlgorithm, KeyScheme, KeyUse, NewKey, Wrapping};
use engine::contract::template::{MacAlgorithm, PinFormat};
use tempfile::TempDir;
use vault::{ClearKey, KeyPaths, PluginGrant, SlotGrant, Vault};

/// Who asks.
const PLUGIN: &str = "plugin";

/// What the first byte of an input chooses from: a transport slot, its key with its check value, and a block under it.
/// Blocks of each version as published with psec 1.3.0, and one with an initial key and its serial number.
const BLOCKS: [(&str, &str, &str, &str); 5] = [
    (
        "a",
        "89E88CF7931444F334BD7547FC3F380C",
        "D1D812",
        "A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701",
    ),
    (
        "b",
        "DD7515F2BFC17F85CE48F3CA25CB21F6",
        "F7BAA8",
        "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E",
    ),
    (
        "c",
        "B8ED59E0A279A295E9F5ED7944FD06B9",
        "2F0EEA",
        "C0096B0TX12S0100KS1800604B120F9292800000BFB9B689CB567E66FC3FEE5AD5F52161FC6545B9D60989015D02155C",
    ),
    (
        "d",
        "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
        "EC46B3",
        "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34",
    ),
    (
        "c",
        "B8ED59E0A279A295E9F5ED7944FD06B9",
        "2F0EEA",
        "C0096B1TX00N0100KS18FFFF9876543210E00000BFA87A2B5B2F0663B47500B64AF6A04F4B26B848D80E1649EE636D33",
    ),
];

/// One key store for every input: what is refused changes nothing.
static STORE: LazyLock<Mutex<(TempDir, Vault)>> = LazyLock::new(|| Mutex::new(store()));

/// Offers an input to slots of every kind.
///
/// # Panics
/// Where a block was taken that nobody made.
pub fn check(input: &[u8]) {
    let Some((under, block)) = chosen(input) else { return };
    let is_made = BLOCKS.iter().any(|(transport, _, _, made)| *transport == under && made.as_bytes() == block);
    let mut store = STORE.lock().unwrap_or_else(PoisonError::into_inner);
    let vault = &mut store.1;
    for slot in ["pin", "aes-pin", "mac"] {
        let new = NewKey {
            name: slot.to_owned(),
            under: under.to_owned(),
            wrapping: Wrapping::Tr31,
            block: block.to_vec(),
            check_value: None,
        };
        match vault.stage(PLUGIN, &[new]) {
            Ok(_) => assert!(is_made && slot != "mac", "{slot} took it"),
            Err(why) => assert!(!why.to_string().is_empty()),
        }
    }
    match vault.load_initial_block(PLUGIN, "dukpt", (block, under), None) {
        Ok(()) => assert!(is_made && block.starts_with(b"C0096B1"), "the DUKPT slot took it"),
        Err(why) => assert!(!why.to_string().is_empty()),
    }
}

/// Whether some slot takes a seed: one that nobody takes would lead nowhere.
pub fn is_taken(input: &[u8]) -> bool {
    let Some((under, block)) = chosen(input) else { return false };
    let mut store = STORE.lock().unwrap_or_else(PoisonError::into_inner);
    let new = |slot: &str| NewKey {
        name: slot.to_owned(),
        under: under.to_owned(),
        wrapping: Wrapping::Tr31,
        block: block.to_vec(),
        check_value: None,
    };
    let is_staged = ["pin", "aes-pin"].iter().any(|slot| store.1.stage(PLUGIN, &[new(slot)]).is_ok());
    is_staged || store.1.load_initial_block(PLUGIN, "dukpt", (block, under), None).is_ok()
}

/// Each block behind the byte that chooses it.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let names = ["version-a", "version-b", "version-c", "version-d", "initial"];
    names.into_iter().zip((0..).zip(BLOCKS)).map(|(name, (which, block))| (name, seed(which, block.3))).collect()
}

fn seed(which: u8, block: &str) -> Vec<u8> {
    [&[which], block.as_bytes()].concat()
}

/// The transport slot, and the block to offer.
fn chosen(input: &[u8]) -> Option<(&'static str, &[u8])> {
    let (which, block) = input.split_first()?;
    let (under, ..) = BLOCKS[usize::from(*which) % BLOCKS.len()];
    Some((under, block))
}

fn store() -> (TempDir, Vault) {
    let slot = |slot: &str, algorithm, key_use, scheme| SlotGrant {
        slot: slot.to_owned(),
        algorithms: vec![algorithm],
        key_use,
        scheme,
    };
    let (tdes, session) = (KeyAlgorithm::Tdes, KeyScheme::Session);
    let mut slots = vec![
        slot("pin", tdes, KeyUse::Pin(PinFormat::Iso0), session),
        slot("aes-pin", KeyAlgorithm::Aes128, KeyUse::Pin(PinFormat::Iso4), session),
        slot("mac", tdes, KeyUse::Mac(MacAlgorithm::X919), session),
        slot("dukpt", tdes, KeyUse::Pin(PinFormat::Iso0), KeyScheme::DukptTdes),
    ];
    let transport = &BLOCKS[..4];
    slots.extend(transport.iter().map(|(under, key, _, _)| {
        let algorithm = if key.len() == 64 { KeyAlgorithm::Aes256 } else { tdes };
        slot(under, algorithm, KeyUse::Transport, session)
    }));
    let folder = TempDir::new().expect("a folder");
    let paths = KeyPaths { keys: folder.path().join("keys"), key_encryption_key: folder.path().join("kek") };
    let mut vault = Vault::create(&paths, &[PluginGrant { plugin: PLUGIN.to_owned(), slots }]).expect("a key store");
    for (under, key, check_value, _) in transport {
        let check_value = hex::decode(check_value).expect("hexadecimal");
        let key = ClearKey::from_hex(key).expect("a key");
        vault.load_transport(PLUGIN, under, key, &check_value).expect("its check value fits");
    }
    (folder, vault)
}
