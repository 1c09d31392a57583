//! DUKPT slots from outside: published vectors through templates, counters over power cuts, and what is refused.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use engine::contract::acquirer::{Claim, Proof, Seal, SealAlgorithm, Standby};
use engine::contract::template::{
    CipherAlgorithm, Extent, KeySerialHole, MacAlgorithm, MacHole, Message, PinFormat, TextEncoding,
};
use engine::{Draft, TransactionId};
use tempfile::TempDir;

use super::*;
use crate::crypto::key::key_of;
use crate::crypto::{check_value, mac};
use crate::testing::{OTHER, PLUGIN, noon, paths, typed_card};
use crate::{
    CardSource, KeyDownloadError, NodeError, PluginGrant, PrepareError, Preparing, RawReply, RenderError, RenderInput,
    Rendered, RouteGrant, Vault, VaultError,
};

/// protocols: E.1.
const TDES: &str = "6AC292FAA1315B4D858AB3A3D7D5933A";
const TDES_SERIAL: &str = "FFFF9876543210E00000";
/// protocols: E.2.
const AES: &str = "1273671EA26AC29AFA4D1084127652A1";
const AES_SERIAL: &str = "1234567890123456";
const PAN: &str = "4012345678909";

fn grants() -> Vec<PluginGrant> {
    let slot = |slot: &str, algorithm, scheme, key_use| SlotGrant {
        slot: slot.to_owned(),
        algorithms: vec![algorithm],
        key_use,
        scheme,
    };
    let (tdes, aes) = (KeyScheme::DukptTdes, KeyScheme::DukptAes);
    let slots = vec![
        slot("tmk", KeyAlgorithm::Tdes, KeyScheme::Session, KeyUse::Transport),
        slot("fixed", KeyAlgorithm::Tdes, KeyScheme::Fixed, KeyUse::Mac(MacAlgorithm::X919)),
        slot("pin", KeyAlgorithm::Tdes, tdes, KeyUse::Pin(PinFormat::Iso0)),
        slot("mac", KeyAlgorithm::Tdes, tdes, KeyUse::Mac(MacAlgorithm::X919)),
        slot("aes-pin", KeyAlgorithm::Aes128, aes, KeyUse::Pin(PinFormat::Iso4)),
        slot("aes-mac", KeyAlgorithm::Aes128, aes, KeyUse::Mac(MacAlgorithm::AesCmac)),
    ];
    [PLUGIN, OTHER].map(|plugin| PluginGrant { plugin: plugin.to_owned(), slots: slots.clone() }).into()
}

fn load(vault: &mut Vault, slot: &str, key: &str, serial: &str) -> Result<(), TransportKeyError> {
    let algorithm = if slot.starts_with("aes") { KeyAlgorithm::Aes128 } else { KeyAlgorithm::Tdes };
    let check_value = check_value::whole(&key_of(algorithm, key))[..3].to_vec();
    let serial = hex::decode(serial).unwrap();
    vault.load_initial(PLUGIN, slot, ClearKey::from_hex(key).unwrap(), &check_value, &serial)
}

/// A vault with one initial key.
fn loaded(slot: &str, key: &str, serial: &str) -> (TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
    load(&mut vault, slot, key, serial).unwrap();
    (folder, vault)
}

fn serial_of(slot: &str) -> Node {
    Node::KeySerial(KeySerialHole { key: slot.into(), text: TextEncoding::HexUpper })
}

fn mac_over(slot: &str, algorithm: MacAlgorithm, over: u32) -> Node {
    Node::Mac(MacHole { key: slot.into(), algorithm, over })
}

/// Renders these nodes, the last of which is sent.
fn rendered(vault: &Vault, nodes: Vec<Node>) -> Result<Rendered, RenderError> {
    let whole = u32::try_from(nodes.len() - 1).unwrap();
    let mut card = typed_card(PAN).with_pin(crate::Pin::parse("1234").unwrap());
    let allowed = RouteGrant { pin: true, ..RouteGrant::default() };
    let input = RenderInput { card: CardSource::Live(&mut card), reason: None, allowed: &allowed, now: &noon() };
    vault.render(PLUGIN, &Message { nodes, whole, http: None }, input)
}

/// The serial number the next message sends.
fn next_serial(vault: &Vault, slot: &str) -> Result<String, RenderError> {
    rendered(vault, vec![serial_of(slot)]).map(|sent| String::from_utf8(sent.whole().to_vec()).unwrap())
}

/// protocols: E.1, PIN blocks with the serial numbers they are sent with.
#[test]
fn published_pin_blocks_of_triple_des() {
    for (before, blocks) in [
        (
            "E00000",
            &[("E00001", "1B9C1845EB993A7A"), ("E00002", "10A01C8D02C69107"), ("E00003", "18DC07B94797B466")][..],
        ),
        ("E00007", &[("E00008", "50E55547A5027551")]),
        ("EFF7FF", &[("EFF800", "33365F5CC6F23C35")]),
    ] {
        let (_folder, vault) = loaded("pin", TDES, &format!("FFFF9876543210{before}"));
        for (serial, block) in blocks {
            let sent = rendered(&vault, vec![Node::PinBlock("pin".into()), serial_of("pin"), Node::Concat(vec![1, 0])]);
            let sent = sent.unwrap();
            let (shown, made) = sent.whole().split_at(20);
            assert_eq!(std::str::from_utf8(shown), Ok(format!("FFFF9876543210{serial}").as_str()));
            assert_eq!(hex::encode_upper(made), *block, "{serial}");
        }
    }
}

/// protocols: E.1. The answer is sealed under another key of the same counter; the request's own MAC is no proof.
#[test]
fn published_macs_of_request_and_response() {
    let (_folder, vault) = loaded("mac", TDES, TDES_SERIAL);
    let data = b"4012345678909D987";
    let request = rendered(&vault, vec![Node::Literal(data.to_vec()), mac_over("mac", MacAlgorithm::X919, 0)]).unwrap();
    assert_eq!(hex::encode_upper(request.whole()), "9CCC78173FC4FB64");

    let prove = |request: &Rendered, mac: &str| {
        let reply = RawReply::new(0, Vec::new(), [data.as_slice(), &hex::decode(mac).unwrap()].concat());
        let (over, claimed) = (Extent { start: 0, end: -8 }, Extent { start: -8, end: 0 });
        let seal = Proof::Seal(Seal {
            key: "mac".into(),
            algorithm: SealAlgorithm::Mac(MacAlgorithm::X919),
            over: vec![Node::Received(over)],
            claimed: Claim::Body(claimed),
        });
        let mask = reply.scrub(&[]).1;
        vault.prove(PLUGIN, &[seal], request, &reply, &mask)
    };
    prove(&request, "20364223C1FF00FA").unwrap();
    assert!(prove(&request, "9CCC78173FC4FB64").unwrap_err().is_bad_mac(), "the request reflected");
    let next = rendered(&vault, vec![Node::Literal(data.to_vec()), mac_over("mac", MacAlgorithm::X919, 0)]).unwrap();
    assert!(prove(&next, "20364223C1FF00FA").unwrap_err().is_bad_mac(), "the answer to the message before");
    prove(&request, "20364223C1FF00FA").unwrap();
    let without = rendered(&vault, vec![Node::Literal(data.to_vec())]).unwrap();
    let refused = prove(&without, "20364223C1FF00FA").unwrap_err();
    assert!(!refused.is_bad_mac() && refused.to_string().contains("used no key of slot mac"), "{refused}");
}

/// protocols: E.2, the keys; the MACs are AES-CMAC (RFC 4493) under them.
#[test]
fn macs_and_serial_numbers_of_aes() {
    let (_folder, vault) = loaded("aes-mac", AES, AES_SERIAL);
    for (counter, key) in [(1, "A2DC23DE6FDE0824A2BC321E08E4B8B7"), (2, "484C3B06E8562704528CD5B46FB12FB6")] {
        let nodes = vec![
            Node::Literal(b"message".to_vec()),
            mac_over("aes-mac", MacAlgorithm::AesCmac, 0),
            serial_of("aes-mac"),
            Node::Concat(vec![2, 1]),
        ];
        let sent = rendered(&vault, nodes).unwrap();
        let expected = mac::compute(MacAlgorithm::AesCmac, &key_of(KeyAlgorithm::Aes128, key), b"message").unwrap();
        let serial = format!("1234567890123456{counter:08X}").into_bytes();
        assert_eq!(sent.whole(), [serial, expected].concat());
    }
}

/// A counter in memory alone would begin anew after a power cut, and the same key would seal two messages. The power is
/// cut after so many messages, with half a key file beside the whole one, and again while the next block is written.
#[test]
fn no_power_cut_uses_a_counter_twice() {
    for cut in 0..2 * BLOCK_COUNTERS + 3 {
        let (folder, vault) = loaded("mac", TDES, TDES_SERIAL);
        let mut serials: Vec<String> = (0..cut).map(|_| next_serial(&vault, "mac").unwrap()).collect();
        drop(vault);
        fs::write(folder.path().join("keys.new"), b"half").unwrap();
        fs::write(folder.path().join("keys.counters.new"), b"half").unwrap();
        for _ in 0..3 {
            let vault = Vault::open(&paths(&folder), &grants()).unwrap();
            serials.extend((0..2).map(|_| next_serial(&vault, "mac").unwrap()));
        }
        assert!(
            serials.is_sorted() && serials.iter().collect::<BTreeSet<_>>().len() == serials.len(),
            "{cut}: {serials:?}"
        );
    }
}

/// A key file restored from a backup had the counters of its day, and every message since was sealed again under a key
/// that had sealed another.
#[test]
fn an_older_key_file_put_back_does_not_take_the_counter_back() {
    let (folder, mut vault) = loaded("mac", TDES, TDES_SERIAL);
    let backup = fs::read(paths(&folder).keys).unwrap();
    let mut serials: Vec<String> = (0..40).map(|_| next_serial(&vault, "mac").unwrap()).collect();
    drop(vault);
    fs::write(paths(&folder).keys, &backup).unwrap();
    vault = Vault::open(&paths(&folder), &grants()).unwrap();
    serials.push(next_serial(&vault, "mac").unwrap());
    load(&mut vault, "mac", "0123456789ABCDEF1122334455667788", "FFFF1111111111200000").unwrap();
    drop(vault);
    fs::write(paths(&folder).keys, &backup).unwrap();
    let vault = Vault::open(&paths(&folder), &grants()).unwrap();
    serials.push(next_serial(&vault, "mac").unwrap());
    assert!(serials.is_sorted() && serials.iter().collect::<BTreeSet<_>>().len() == serials.len(), "{serials:?}");
    drop(vault);

    let counters = folder.path().join("keys.counters");
    let whole = fs::read(&counters).unwrap();
    for place in [0, 7, 8, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        fs::write(&counters, changed).unwrap();
        let refused = Vault::open(&paths(&folder), &grants()).map(drop);
        assert!(matches!(refused, Err(VaultError::KeyFile(KeyFileError::Damaged { .. }))), "{refused:?}");
    }
    fs::remove_file(&counters).unwrap();
    let refused = Vault::open(&paths(&folder), &grants()).map(drop);
    assert!(matches!(refused, Err(VaultError::KeyFile(KeyFileError::Missing { .. }))), "{refused:?}");
}

/// What cannot be written down is not used: the message does not leave, and the counter is not lost by that.
#[test]
fn without_a_disk_there_is_no_key() {
    let (folder, vault) = loaded("mac", TDES, TDES_SERIAL);
    let elsewhere = folder.path().with_extension("gone");
    fs::rename(folder.path(), &elsewhere).unwrap();
    for _ in 0..2 {
        let refused = next_serial(&vault, "mac");
        assert!(matches!(refused, Err(RenderError::Key(SlotError::NotWrittenDown { .. }))), "{refused:?}");
    }
    fs::rename(&elsewhere, folder.path()).unwrap();
    assert_eq!(next_serial(&vault, "mac").as_deref(), Ok("FFFF9876543210E00001"));
}

#[test]
fn the_last_counter_is_the_last() {
    for (slot, key, before, last) in [
        ("mac", TDES, "FFFF9876543210FFF7FF", "FFFF9876543210FFF800"),
        ("aes-mac", AES, "1234567890123456FFFEFFFF", "1234567890123456FFFF0000"),
    ] {
        let (folder, vault) = loaded(slot, key, before);
        assert_eq!(next_serial(&vault, slot).as_deref(), Ok(last));
        for vault in [vault, Vault::open(&paths(&folder), &grants()).unwrap()] {
            let refused = next_serial(&vault, slot).unwrap_err();
            assert_eq!(refused, RenderError::Key(SlotError::Exhausted { slot: slot.into() }));
            assert!(refused.to_string().contains("ask the acquirer for a new initial key"));
        }
        assert!(Vault::open(&paths(&folder), &grants()).unwrap().checked_slots(PLUGIN).contains(&slot.to_owned()));
    }
}

/// A message is prepared, and with it what would take it back; trials of that take no counter.
#[test]
fn payments_leave_counters_to_what_takes_them_back() {
    let nodes = || vec![Node::Literal(b"x".to_vec()), mac_over("mac", MacAlgorithm::X919, 0), serial_of("mac")];
    let message = || Message { nodes: nodes(), whole: 2, http: None };
    let prepare = |vault: &Vault, takes_money: bool| {
        let standby =
            Standby { route: "host".into(), message: message(), again: None, timeout: 1_000, answers: Vec::new() };
        let draft = Draft {
            transaction: TransactionId::parse("P1").unwrap(),
            message: message().into(),
            standby: takes_money.then(|| Arc::new(standby)),
            route: "host".into(),
            card: engine::CardSource::None,
            reason: None,
        };
        let grant = RouteGrant::default();
        let preparing = Preparing { plugin: PLUGIN, card: None, allowed: &|_| Some(&grant), now: &noon() };
        vault.prepare(&draft, preparing).map(|made| String::from_utf8(made.rendered.whole().to_vec()).unwrap())
    };
    let (_folder, vault) = loaded("mac", TDES, TDES_SERIAL);
    assert_eq!(prepare(&vault, true).unwrap(), "FFFF9876543210E00001");
    assert_eq!(prepare(&vault, true).unwrap(), "FFFF9876543210E00002");

    let (_folder, vault) = loaded("mac", TDES, "FFFF9876543210FFF000");
    let refused = prepare(&vault, true).unwrap_err();
    assert!(matches!(refused, PrepareError::Render(RenderError::Key(SlotError::NearlyExhausted { .. }))), "{refused}");
    assert!(prepare(&vault, false).is_ok(), "a reversal");
}

/// An initial key that comes again, at once or after another had its place, does not make its counters begin anew.
#[test]
fn a_replayed_serial_number_is_refused() {
    let other = "0123456789ABCDEF1122334455667788";
    let (folder, mut vault) = loaded("mac", TDES, TDES_SERIAL);
    assert_eq!(next_serial(&vault, "mac").as_deref(), Ok("FFFF9876543210E00001"));
    let replayed = |vault: &mut Vault| {
        let refused = load(vault, "mac", TDES, TDES_SERIAL);
        matches!(refused, Err(TransportKeyError::Replayed { .. }))
    };
    assert!(replayed(&mut vault));
    load(&mut vault, "mac", other, "FFFF1111111111200000").unwrap();
    assert!(replayed(&mut vault));
    drop(vault);
    let mut vault = Vault::open(&paths(&folder), &grants()).unwrap();
    assert!(replayed(&mut vault), "the key file remembers");
    load(&mut vault, "mac", TDES, "FFFF9876543210E00100").unwrap();
    assert_eq!(next_serial(&vault, "mac").as_deref(), Ok("FFFF9876543210E00101"), "where the counter stands elsewhere");
}

#[test]
fn an_initial_key_goes_into_dukpt_slots_only_and_into_one() {
    let (folder, mut vault) = loaded("mac", TDES, TDES_SERIAL);
    assert!(matches!(load(&mut vault, "pin", TDES, TDES_SERIAL), Err(TransportKeyError::Reused { .. })));
    let not_dukpt = |result| matches!(result, Err(TransportKeyError::Slot(SlotError::NotDukpt { .. })));
    assert!(
        not_dukpt(load(&mut vault, "tmk", TDES, TDES_SERIAL))
            && not_dukpt(load(&mut vault, "fixed", TDES, TDES_SERIAL))
    );
    for serial in ["", "FFFF9876543210E000", AES_SERIAL, "FFFF9876543210E0000000"] {
        let refused = load(&mut vault, "pin", "0123456789ABCDEF1122334455667788", serial);
        assert!(matches!(refused, Err(TransportKeyError::Serial { .. })), "{serial}");
    }
    let check_value = check_value::whole(&key_of(KeyAlgorithm::Tdes, TDES))[..3].to_vec();
    let by_hand = vault.load_fixed(PLUGIN, "pin", ClearKey::from_hex(TDES).unwrap(), &check_value);
    assert!(matches!(by_hand, Err(TransportKeyError::Serial { .. })));
    let new = crate::testing::new_key("pin", vec![7; 16], Some(vec![1, 2, 3]));
    assert!(matches!(vault.stage(PLUGIN, &[new]).map(drop), Err(KeyDownloadError::Fixed { .. })));

    assert_eq!(next_serial(&vault, "pin"), Err(at_node(SlotError::Empty { slot: "pin".into() })));
    assert_eq!(next_serial(&vault, "fixed"), Err(at_node(SlotError::NotDukpt { slot: "fixed".into() })));
    drop(vault);
    let mut changed = grants();
    let slot = changed[0].slots.iter_mut().find(|slot| slot.slot == "mac").unwrap();
    slot.scheme = KeyScheme::Fixed;
    let refused = Vault::open(&paths(&folder), &changed).map(drop);
    assert!(matches!(refused, Err(VaultError::Grant(GrantError::OtherScheme { .. }))), "{refused:?}");
}

fn at_node(error: SlotError) -> RenderError {
    RenderError::At { node: 0, error: NodeError::Slot(error) }
}

/// Which uses and algorithms go with a scheme.
#[test]
fn schemes_by_use() {
    use KeyAlgorithm::{Aes128, Aes256, Des, Sm4, Tdes};
    let fits = |scheme, algorithm, key_use: &KeyUse| {
        SlotGrant { slot: "slot".into(), algorithms: vec![algorithm], key_use: key_use.clone(), scheme }
            .check(PLUGIN)
            .is_ok()
    };
    for (key_use, tdes, aes) in [
        (KeyUse::Transport, "", ""),
        (KeyUse::Pin(PinFormat::Iso0), "Tdes", ""),
        (KeyUse::Pin(PinFormat::Iso1), "Tdes", ""),
        (KeyUse::Pin(PinFormat::Iso3), "Tdes", ""),
        (KeyUse::Pin(PinFormat::Iso4), "", "Aes128 Aes256"),
        (KeyUse::Mac(MacAlgorithm::X919), "Tdes", ""),
        (KeyUse::Mac(MacAlgorithm::X99), "", ""),
        (KeyUse::Mac(MacAlgorithm::DesCbc), "Tdes", ""),
        (KeyUse::Mac(MacAlgorithm::AesCmac), "", "Aes128 Aes256"),
        (KeyUse::Mac(MacAlgorithm::Sm4Cbc), "", ""),
        (KeyUse::Data(CipherAlgorithm::TdesCbc), "Tdes", ""),
        (KeyUse::Data(CipherAlgorithm::AesGcm), "", "Aes128 Aes256"),
    ] {
        for (scheme, expected) in [(KeyScheme::DukptTdes, tdes), (KeyScheme::DukptAes, aes)] {
            let taken = [Des, Tdes, Aes128, Aes256, Sm4].into_iter().filter(|one| fits(scheme, *one, &key_use));
            let taken: Vec<_> = taken.map(|algorithm| format!("{algorithm:?}")).collect();
            assert_eq!(taken.join(" "), expected, "{scheme:?}, {key_use:?}");
        }
    }
}

/// An initial key in a block of version C, its serial number in the block or beside it.
#[test]
fn an_initial_key_comes_in_a_key_block() {
    let wrapping = "B8ED59E0A279A295E9F5ED7944FD06B9";
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
    crate::testing::load_tmk(&mut vault, PLUGIN, wrapping).unwrap();
    let block = |header: &str| key_block::block_of_version_c(wrapping, header, TDES);
    let with = block(&format!("B1TX00N0100KS18{TDES_SERIAL}"));
    let mut load =
        |block: &[u8], serial: Option<&[u8]>| vault.load_initial_block(PLUGIN, "mac", (block, "tmk"), serial);
    assert!(matches!(load(&block("B1TX00N0000"), None), Err(TransportKeyError::Serial { .. })), "no serial number");
    let no_initial = key_block::KeyBlockError::Use { usage: ['P', '0'], mode: 'E' };
    let refused = load(&block("P0TE00N0000"), Some(&[0; 10]));
    assert!(matches!(refused, Err(TransportKeyError::KeyBlock { why, .. }) if why == no_initial));
    let mut changed = with.clone();
    changed[25] ^= 1;
    let refused = load(&changed, None);
    assert!(
        matches!(refused, Err(TransportKeyError::KeyBlock { why: key_block::KeyBlockError::Mac, .. })),
        "{refused:?}"
    );
    load(&with, None).unwrap();
    assert!(matches!(load(&with, None), Ok(())), "nothing was used yet");
    assert_eq!(next_serial(&vault, "mac").as_deref(), Ok("FFFF9876543210E00001"));
    let again = vault.load_initial_block(PLUGIN, "mac", (&with, "tmk"), None);
    assert!(matches!(again, Err(TransportKeyError::Replayed { .. })));
}
