//! The key store from outside: what it keeps, what it refuses, what a slot answers.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use engine::contract::acquirer::{KeyAlgorithm, KeyScheme, KeyUse, Wrapping};
use engine::contract::template::{MacAlgorithm, PinFormat};

use crate::crypto::dukpt::Purpose;
use crate::crypto::key::key_of;
use crate::crypto::tdes::key;
use crate::crypto::wide::WideCipher;
use crate::keys::dukpt::Turns;
use crate::keys::ring::{KeyRing, TransportKeys};
use crate::testing::{
    OTHER, PLUGIN, TMK, card, check_value_of, grants, load_tmk, new_key, paths, published_keys, signed_in, slot,
    wrapped,
};
use crate::{
    ClearKey, GrantError, KeyBlockError, KeyDownloadError, KeyFileError, PluginGrant, SlotError, SlotGrant,
    TransportKeyError, Vault, VaultError,
};

const OTHER_TMK: &str = "70F2A84CCBC2AE8625CBB0F2C22AB923";

fn key_file_error(result: Result<Vault, VaultError>) -> KeyFileError {
    match result.map(drop) {
        Err(VaultError::KeyFile(error)) => error,
        other => panic!("expected a key file error, got {other:?}"),
    }
}

#[test]
fn transport_keys_survive_a_restart_and_work_keys_do_not() {
    let (folder, vault) = signed_in();
    assert_eq!(vault.checked_slots(PLUGIN), ["mak", "pik", "tmk"]);
    let number = crate::Needed { secrets: vec![engine::contract::template::Secret::Pan], tags: Vec::new() };
    let sealed = vault.seal(&card(), &number, b"T1").unwrap();
    drop(vault);
    let vault = Vault::open(&paths(&folder), &grants()).unwrap();
    assert_eq!(vault.checked_slots(PLUGIN), ["tmk"]);
    assert!(vault.checked_slots(OTHER).is_empty());
    assert!(vault.stage(PLUGIN, &published_keys()).is_ok());
    assert!(vault.unseal(&sealed, b"T1").is_ok());
}

#[test]
fn no_key_is_in_the_files_in_clear() {
    let (folder, _vault) = signed_in();
    let clear = hex::decode(TMK).unwrap();
    for file in [paths(&folder).keys, paths(&folder).key_encryption_key] {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(8).any(|window| clear.windows(8).any(|part| part == window)));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// Naive terminals took a damaged key store for an empty one and went on without keys, or with half of them.
#[test]
fn every_changed_byte_of_either_file_is_noticed() {
    let (folder, vault) = signed_in();
    drop(vault);
    for file in [paths(&folder).keys, paths(&folder).key_encryption_key] {
        let bytes = fs::read(&file).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            fs::write(&file, &changed).unwrap();
            let refused = key_file_error(Vault::open(&paths(&folder), &grants()));
            assert!(matches!(refused, KeyFileError::Damaged { .. }), "byte {place}");
        }
        fs::write(&file, &bytes).unwrap();
    }
    assert!(Vault::open(&paths(&folder), &grants()).is_ok());
}

#[test]
fn a_file_cut_short_or_lengthened_is_damaged() {
    let (folder, vault) = signed_in();
    drop(vault);
    for file in [paths(&folder).keys, paths(&folder).key_encryption_key] {
        let bytes = fs::read(&file).unwrap();
        for length in [0, 1, 8, 20, bytes.len() - 1] {
            fs::write(&file, &bytes[..length]).unwrap();
            let refused = key_file_error(Vault::open(&paths(&folder), &grants()));
            assert!(matches!(refused, KeyFileError::Damaged { .. }), "{length} bytes");
        }
        fs::write(&file, [&bytes[..], b"x"].concat()).unwrap();
        let refused = key_file_error(Vault::open(&paths(&folder), &grants()));
        assert!(matches!(refused, KeyFileError::Damaged { .. }));
        fs::write(&file, &bytes).unwrap();
    }
}

#[test]
fn a_missing_file_is_not_an_empty_store() {
    for missing in 0..2 {
        let (folder, vault) = signed_in();
        drop(vault);
        let path = [paths(&folder).keys, paths(&folder).key_encryption_key][missing].clone();
        fs::remove_file(&path).unwrap();
        let refused = key_file_error(Vault::open(&paths(&folder), &grants()));
        assert!(matches!(refused, KeyFileError::Missing { path: named } if named == path));
    }
}

#[test]
fn a_store_is_made_once() {
    let (folder, vault) = signed_in();
    drop(vault);
    let refused = key_file_error(Vault::create(&paths(&folder), &grants()));
    assert!(matches!(refused, KeyFileError::Exists { .. }));
    assert_eq!(Vault::open(&paths(&folder), &grants()).unwrap().checked_slots(PLUGIN), ["tmk"]);
}

#[test]
fn a_key_encryption_key_others_can_read_is_refused() {
    let (folder, vault) = signed_in();
    drop(vault);
    let kek = paths(&folder).key_encryption_key;
    for (mode, good) in [(0o640, false), (0o604, false), (0o620, false), (0o601, false), (0o400, true), (0o600, true)] {
        fs::set_permissions(&kek, fs::Permissions::from_mode(mode)).unwrap();
        let opened = Vault::open(&paths(&folder), &grants());
        if good {
            assert!(opened.is_ok(), "{mode:o}");
        } else {
            assert!(matches!(key_file_error(opened), KeyFileError::Exposed { mode: named, .. } if named == mode));
        }
    }
}

/// A store that could not be written once kept the new key in memory, and lost it with the power.
#[test]
fn a_key_that_cannot_be_kept_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
    fs::create_dir(folder.path().join("keys.new")).unwrap();
    assert!(matches!(load_tmk(&mut vault, PLUGIN, TMK), Err(TransportKeyError::Storage(_))));
    assert!(vault.checked_slots(PLUGIN).is_empty());
    fs::remove_dir(folder.path().join("keys.new")).unwrap();
    assert!(load_tmk(&mut vault, PLUGIN, TMK).is_ok());
}

#[test]
fn transport_keys_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
    let mut load = |plugin: &str, slot: &str, text: &str, check_value: &[u8]| {
        vault.load_transport(plugin, slot, ClearKey::from_hex(text).unwrap(), check_value)
    };
    let right = check_value_of(&key(TMK));
    assert!(matches!(load(PLUGIN, "tmk", TMK, &[1, 2, 3]), Err(TransportKeyError::CheckValue { .. })));
    assert!(matches!(load(PLUGIN, "tmk", TMK, &right[..2]), Err(TransportKeyError::CheckValue { .. })));
    assert!(matches!(load(PLUGIN, "tmk", TMK, &[]), Err(TransportKeyError::CheckValue { .. })));
    assert!(matches!(load(PLUGIN, "none", TMK, &right), Err(TransportKeyError::Slot(SlotError::Unknown { .. }))));
    assert!(matches!(load(PLUGIN, "pik", TMK, &right), Err(TransportKeyError::Slot(SlotError::WrongUse { .. }))));
    load(PLUGIN, "tmk", TMK, &right).unwrap();
    load(PLUGIN, "tmk", TMK, &right[..3]).unwrap();
    assert!(matches!(load(OTHER, "tmk", TMK, &right), Err(TransportKeyError::Reused { .. })));
}

#[test]
fn a_new_transport_key_drops_what_came_under_the_old_one() {
    let (_folder, mut vault) = signed_in();
    load_tmk(&mut vault, PLUGIN, OTHER_TMK).unwrap();
    assert_eq!(vault.checked_slots(PLUGIN), ["tmk"]);
}

/// protocols: K1, layout 003 with a single-length MAC key.
#[test]
fn a_single_length_mac_key_is_taken_where_it_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
    load_tmk(&mut vault, PLUGIN, "CA5D92598DCA48CE8A4C76361A9269E9").unwrap();
    let bytes = |text: &str| hex::decode(text).unwrap();
    let pik = new_key("pik", bytes("6701EAD6A9AD51E51AA406E2C27FCFA9"), Some(bytes("8D0A74B8")));
    let mak = new_key("mak", bytes("B651F9E9BACE9AE1"), Some(bytes("AB7153CA")));
    let staged = vault.stage(PLUGIN, &[pik, mak.clone()]).unwrap();
    assert_eq!(staged.slots().collect::<Vec<_>>(), ["pik", "mak"]);
    let retail = engine::contract::acquirer::NewKey { name: "retail".into(), ..mak };
    assert!(matches!(vault.stage(PLUGIN, &[retail]), Err(KeyDownloadError::Length { bytes: 8, .. })));
}

#[test]
fn one_bad_check_value_stages_nothing() {
    let (_folder, mut vault) = signed_in();
    vault.drop_keys(PLUGIN, &["mak".to_owned(), "pik".to_owned(), "tmk".to_owned()]);
    assert_eq!(vault.checked_slots(PLUGIN), ["tmk"]);
    let mut keys = published_keys();
    keys[1].check_value.as_mut().unwrap()[3] ^= 1;
    let refused = vault.stage(PLUGIN, &keys).map(drop);
    assert_eq!(refused, Err(KeyDownloadError::BadCheckValue { slot: "mak".into(), under: "tmk".into() }));
    assert_eq!(vault.checked_slots(PLUGIN), ["tmk"]);
}

#[test]
fn staging_changes_nothing_until_it_is_activated() {
    let (_folder, mut vault) = signed_in();
    vault.drop_under(PLUGIN, "tmk");
    let staged = vault.stage(PLUGIN, &published_keys()).unwrap();
    assert_eq!(vault.checked_slots(PLUGIN), ["tmk"]);
    vault.activate(staged);
    assert_eq!(vault.checked_slots(PLUGIN), ["mak", "pik", "tmk"]);
}

#[test]
fn downloads_that_are_refused() {
    let (_folder, mut vault) = signed_in();
    let good = published_keys();
    let changed = |change: &dyn Fn(&mut engine::contract::acquirer::NewKey)| {
        let mut keys = published_keys();
        change(&mut keys[1]);
        vault.stage(PLUGIN, &keys).map(drop).unwrap_err()
    };
    for check_value in [None, Some(vec![]), Some(vec![0x21, 0xDD]), Some(vec![0; 8])] {
        let refused = changed(&|key| key.check_value.clone_from(&check_value));
        assert_eq!(refused, KeyDownloadError::NoCheckValue { slot: "mak".into() });
    }
    for length in [0, 7, 9, 15, 24, 32] {
        let refused = changed(&|key| key.block.resize(length, 0));
        assert_eq!(refused, KeyDownloadError::Length { slot: "mak".into(), bytes: length });
    }
    let refused = changed(&|key| key.wrapping = Wrapping::RsaOaep);
    assert_eq!(refused, KeyDownloadError::NotSupportedYet { slot: "mak".into(), wrapping: Wrapping::RsaOaep });
    assert_eq!(changed(&|key| key.name = "pik".into()), KeyDownloadError::Twice);
    assert_eq!(changed(&|key| key.name = "tmk".into()), KeyDownloadError::Transport { slot: "tmk".into() });
    assert!(matches!(changed(&|key| key.name = "none".into()), KeyDownloadError::Slot(SlotError::Unknown { .. })));
    assert!(matches!(changed(&|key| key.under = "pik".into()), KeyDownloadError::Slot(SlotError::WrongUse { .. })));
    let refused = vault.stage(OTHER, &good).map(drop).unwrap_err();
    assert_eq!(refused, KeyDownloadError::Slot(SlotError::Empty { slot: "tmk".into() }));
    let refused = vault.stage(PLUGIN, &[wrapped("mak", "0123456789ABCDEF0022446688AACCEE")]).map(drop);
    assert_eq!(refused, Err(KeyDownloadError::Weak { slot: "mak".into() }));
    load_tmk(&mut vault, PLUGIN, TMK).unwrap();
}

/// Wrapped under ECB a key does not say what it is for: brought in once as PIN key and once as MAC key, it would let a
/// plugin encipher blocks of its choice under the PIN key.
#[test]
fn a_key_is_in_one_slot_only() {
    let (_folder, mut vault) = signed_in();
    let double = "89ABCDEF0123456776543210FEDCBA98";
    let same_set = vault.stage(PLUGIN, &[wrapped("pik", double), wrapped("mak", double)]).map(drop);
    assert_eq!(same_set, Err(KeyDownloadError::Reused { slot: "mak".into() }));
    let as_pik = wrapped("retail", "6BABB0BFD9544AF7D50DEAEA7A23E38F");
    assert_eq!(vault.stage(PLUGIN, &[as_pik]).map(drop), Err(KeyDownloadError::Reused { slot: "retail".into() }));
    assert_eq!(
        vault.stage(PLUGIN, &[wrapped("retail", TMK)]).map(drop),
        Err(KeyDownloadError::Reused { slot: "retail".into() })
    );
    let again = vault.stage(PLUGIN, &published_keys()).unwrap();
    vault.activate(again);

    load_tmk(&mut vault, OTHER, OTHER_TMK).unwrap();
    let transport = key(OTHER_TMK).schedule();
    let shared = key("73FE29329283FDF12540B6F80437C107");
    let block = shared.reveal().as_chunks().0.iter().flat_map(|block| transport.encrypt(*block)).collect();
    let refused = vault.stage(OTHER, &[new_key("mak", block, Some(check_value_of(&shared)))]).map(drop);
    assert_eq!(refused, Err(KeyDownloadError::Reused { slot: "mak".into() }));
}

#[test]
fn grants_are_checked_at_open() {
    let folder = tempfile::tempdir().unwrap();
    let twice = vec![slot("mak", KeyUse::Transport), slot("mak", KeyUse::Pin(PinFormat::Iso0))];
    let grant = PluginGrant { plugin: PLUGIN.to_owned(), slots: twice };
    let refused = Vault::create(&paths(&folder), &[grant]).map(drop);
    assert!(matches!(refused, Err(VaultError::Grant(GrantError::Twice { .. }))));
}

/// Every use against every operation: only the granted cell answers.
#[test]
fn a_slot_does_one_thing() {
    let mut ring = KeyRing::new(&grants(), TransportKeys::new(), Default::default(), Default::default()).unwrap();
    let check_value = check_value_of(&key(TMK));
    let keys = ring.with_transport(PLUGIN, "tmk", ClearKey::from_hex(TMK).unwrap(), &check_value).unwrap();
    ring.take_transport(PLUGIN, "tmk", keys);
    let mut new = published_keys();
    new.push(wrapped("retail", "89ABCDEF0123456776543210FEDCBA98"));
    let staged = ring.stage(PLUGIN, &new).unwrap();
    ring.activate(staged);

    let turns = Turns::default();
    let mac = (&turns, Purpose::MacRequest);
    type Ask<'a> = &'a dyn Fn(&str) -> Result<(), SlotError>;
    let operations: [(&str, Ask<'_>); 5] = [
        ("transport", &|slot| ring.transport_key(PLUGIN, slot).map(drop)),
        ("pin", &|slot| ring.pin_key(PLUGIN, slot, &turns).map(drop)),
        ("unionpay-ecb", &|slot| ring.mac_key(PLUGIN, slot, MacAlgorithm::UnionpayEcb, mac).map(drop)),
        ("x919", &|slot| ring.mac_key(PLUGIN, slot, MacAlgorithm::X919, mac).map(drop)),
        ("other mac", &|slot| ring.mac_key(PLUGIN, slot, MacAlgorithm::AesCmac, mac).map(drop)),
    ];
    let allowed = [("tmk", "transport"), ("pik", "pin"), ("mak", "unionpay-ecb"), ("retail", "x919")];
    for slot in ["tmk", "pik", "mak", "retail"] {
        for (operation, ask) in operations {
            match ask(slot) {
                Ok(()) => assert!(allowed.contains(&(slot, operation)), "{slot} did {operation}"),
                Err(SlotError::WrongUse { .. }) => assert!(!allowed.contains(&(slot, operation))),
                Err(other) => panic!("{slot}, {operation}: {other}"),
            }
        }
        assert!(ring.mac_key(OTHER, slot, MacAlgorithm::UnionpayEcb, mac).is_err(), "the other plugin has no keys");
    }
}

fn of_cipher(transport: KeyAlgorithm, work: KeyAlgorithm, mac: MacAlgorithm) -> Vec<PluginGrant> {
    let slot = |name: &str, algorithm, key_use| SlotGrant {
        slot: name.into(),
        algorithms: vec![algorithm],
        key_use,
        scheme: KeyScheme::Session,
    };
    let slots = vec![
        slot("tmk", transport, KeyUse::Transport),
        slot("pik", work, KeyUse::Pin(PinFormat::UnionpaySm4)),
        slot("mak", work, KeyUse::Mac(mac)),
    ];
    vec![PluginGrant { plugin: PLUGIN.to_owned(), slots }]
}

/// protocols: K7, a published SM4 download.
#[test]
fn keys_under_sm4_come_in_and_their_transport_key_survives_a_restart() {
    const SM4: KeyAlgorithm = KeyAlgorithm::Sm4;
    let folder = tempfile::tempdir().unwrap();
    let grants = of_cipher(SM4, SM4, MacAlgorithm::Sm4Cbc);
    let mut vault = Vault::create(&paths(&folder), &grants).unwrap();
    let clear = "1234567890ABCDEFABCDEF0987654321";
    let check_value = key_of(SM4, clear).wide(WideCipher::Sm4).unwrap().schedule().encrypt([0; 16]);
    let as_tdes = check_value_of(&key(clear));
    let mut load = |value: &[u8]| vault.load_transport(PLUGIN, "tmk", ClearKey::from_hex(clear).unwrap(), value);
    assert!(matches!(load(&as_tdes), Err(TransportKeyError::CheckValue { .. })), "the value under another cipher");
    load(&check_value[..4]).unwrap();
    drop(vault);

    let mut vault = Vault::open(&paths(&folder), &grants).unwrap();
    let bytes = |text: &str| hex::decode(text).unwrap();
    let block = bytes("3D66234C49E4296FF9C78D8BACBD6A76");
    let mut new = new_key("pik", block, Some(bytes("861E83E3")));
    let refused = vault.stage(PLUGIN, std::slice::from_ref(&new)).map(drop);
    let (slot, under, wrapping) = ("pik".to_owned(), "tmk".to_owned(), Wrapping::TdesEcb);
    assert_eq!(refused, Err(KeyDownloadError::OtherCipher { slot, under, wrapping }));
    new.wrapping = Wrapping::Sm4Ecb;
    let staged = vault.stage(PLUGIN, &[new]).unwrap();
    vault.activate(staged);
    assert_eq!(vault.checked_slots(PLUGIN), ["pik", "tmk"]);
    drop(vault);

    let changed = of_cipher(KeyAlgorithm::Tdes, SM4, MacAlgorithm::Sm4Cbc);
    let refused = Vault::open(&paths(&folder), &changed).map(drop);
    assert!(matches!(refused, Err(VaultError::Grant(GrantError::Changed { holds: SM4, .. }))), "{refused:?}");
}

/// The second half of a key wrapped in CBC mode depends on the first: read block by block it is another key.
#[test]
fn a_key_wrapped_in_cbc_mode() {
    let (_folder, vault) = signed_in();
    let (transport, clear) = (key(TMK).schedule(), key("89ABCDEF0123456776543210FEDCBA98"));
    let mut chain = [0; 8];
    let mut block = Vec::new();
    for half in clear.reveal().as_chunks().0 {
        chain = transport.encrypt(crate::crypto::tdes::xor(*half, chain));
        block.extend(chain);
    }
    let mut new = new_key("retail", block, Some(check_value_of(&clear)));
    assert!(matches!(vault.stage(PLUGIN, &[new.clone()]).map(drop), Err(KeyDownloadError::BadCheckValue { .. })));
    new.wrapping = Wrapping::TdesCbc;
    assert!(vault.stage(PLUGIN, &[new]).is_ok());
}

/// protocols: E.5, version B, loaded through a slot: it needs no check value, and goes into no other slot.
#[test]
fn a_key_block_goes_into_the_slot_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
    load_tmk(&mut vault, PLUGIN, "DD7515F2BFC17F85CE48F3CA25CB21F6").unwrap();
    let block = b"B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E";
    let new = |slot: &str, check_value: Option<Vec<u8>>| engine::contract::acquirer::NewKey {
        wrapping: Wrapping::Tr31,
        ..new_key(slot, block.to_vec(), check_value)
    };
    let right = check_value_of(&key("3F419E1CB7079442AA37474C2EFBF8B8"));
    assert!(vault.stage(PLUGIN, &[new("pik", Some(right))]).is_ok());
    let refused = vault.stage(PLUGIN, &[new("pik", Some(vec![1, 2, 3]))]).map(drop);
    assert!(matches!(refused, Err(KeyDownloadError::BadCheckValue { .. })));
    for other in ["retail", "mak", "tdk"] {
        let refused = vault.stage(PLUGIN, &[new(other, None)]).map(drop);
        let why = KeyBlockError::Use { usage: ['P', '0'], mode: 'E' };
        assert_eq!(refused, Err(KeyDownloadError::KeyBlock { slot: other.into(), under: "tmk".into(), why }));
    }
    let staged = vault.stage(PLUGIN, &[new("pik", None)]).unwrap();
    vault.activate(staged);
    assert_eq!(vault.checked_slots(PLUGIN), ["pik", "tmk"]);
}
