//! Who may do what with which key, as two tables. A cell that changes shows here.

use engine::contract::acquirer::{KeyAlgorithm, KeyScheme, KeyUse};
use engine::contract::template::{CipherAlgorithm, MacAlgorithm, PinFormat, SignatureAlgorithm, TrackProtection};

use super::dukpt::Turns;
use super::fixed::FixedKey;
use super::grant::{fitting_lengths, goes_with};
use super::ring::{KeyRing, TransportKeys, WorkKey, place};
use crate::crypto::dukpt::Purpose;
use crate::crypto::key::{Key, key_of};
use crate::{PluginGrant, SlotError, SlotGrant};

const ALGORITHMS: [KeyAlgorithm; 10] = [
    KeyAlgorithm::Des,
    KeyAlgorithm::Tdes,
    KeyAlgorithm::Aes128,
    KeyAlgorithm::Aes256,
    KeyAlgorithm::Sm4,
    KeyAlgorithm::Hmac,
    KeyAlgorithm::Rsa,
    KeyAlgorithm::P256,
    KeyAlgorithm::Ed25519,
    KeyAlgorithm::Sm2,
];

/// Every use this version has, with a key for it.
fn uses() -> Vec<(KeyUse, KeyAlgorithm)> {
    let mut uses = vec![(KeyUse::Transport, KeyAlgorithm::Tdes)];
    uses.extend([
        (KeyUse::Pin(PinFormat::Iso0), KeyAlgorithm::Tdes),
        (KeyUse::Pin(PinFormat::Iso1), KeyAlgorithm::Tdes),
        (KeyUse::Pin(PinFormat::Iso3), KeyAlgorithm::Tdes),
        (KeyUse::Pin(PinFormat::Iso4), KeyAlgorithm::Aes128),
        (KeyUse::Pin(PinFormat::UnionpayWithoutPan), KeyAlgorithm::Tdes),
        (KeyUse::Pin(PinFormat::UnionpaySm4), KeyAlgorithm::Sm4),
        (KeyUse::Mac(MacAlgorithm::UnionpayEcb), KeyAlgorithm::Tdes),
        (KeyUse::Mac(MacAlgorithm::X919), KeyAlgorithm::Tdes),
        (KeyUse::Mac(MacAlgorithm::X99), KeyAlgorithm::Des),
        (KeyUse::Mac(MacAlgorithm::DesCbc), KeyAlgorithm::Tdes),
        (KeyUse::Mac(MacAlgorithm::AesCmac), KeyAlgorithm::Aes128),
        (KeyUse::Mac(MacAlgorithm::Sm4Unionpay), KeyAlgorithm::Sm4),
        (KeyUse::Mac(MacAlgorithm::Sm4Cbc), KeyAlgorithm::Sm4),
        (KeyUse::Mac(MacAlgorithm::HmacSha256), KeyAlgorithm::Hmac),
        (KeyUse::Track(TrackProtection::UnionpayLastBlock), KeyAlgorithm::Tdes),
        (KeyUse::Track(TrackProtection::PaddedF), KeyAlgorithm::Tdes),
        (KeyUse::Track(TrackProtection::LengthPrefixed), KeyAlgorithm::Tdes),
        (KeyUse::Data(CipherAlgorithm::TdesCbc), KeyAlgorithm::Tdes),
        (KeyUse::Data(CipherAlgorithm::AesCbc), KeyAlgorithm::Aes128),
        (KeyUse::Data(CipherAlgorithm::AesGcm), KeyAlgorithm::Aes128),
        (KeyUse::Data(CipherAlgorithm::Sm4Cbc), KeyAlgorithm::Sm4),
    ]);
    for (signature, algorithm) in [
        (SignatureAlgorithm::RsaSha256, KeyAlgorithm::Rsa),
        (SignatureAlgorithm::RsaPssSha256, KeyAlgorithm::Rsa),
        (SignatureAlgorithm::EcdsaP256Sha256, KeyAlgorithm::P256),
        (SignatureAlgorithm::Ed25519, KeyAlgorithm::Ed25519),
        (SignatureAlgorithm::Sm2Sm3, KeyAlgorithm::Sm2),
    ] {
        uses.extend([(KeyUse::Sign(signature), algorithm), (KeyUse::Verify(signature), algorithm)]);
    }
    uses
}

/// A private half for a slot that signs, a public one for a slot that checks.
fn half(slot: &SlotGrant) -> Option<Key> {
    macro_rules! halves {
        ($name:literal) => {
            (
                include_str!(concat!("../crypto/signature_keys/", $name, ".pem")),
                include_str!(concat!("../crypto/signature_keys/", $name, ".pub.pem")),
            )
        };
    }
    let (private, public) = match slot.algorithms[0] {
        KeyAlgorithm::Rsa => halves!("rsa-2048"),
        KeyAlgorithm::P256 => halves!("p256"),
        KeyAlgorithm::Ed25519 => halves!("ed25519"),
        KeyAlgorithm::Sm2 => halves!("sm2"),
        _ => return None,
    };
    let text = if matches!(slot.key_use, KeyUse::Sign(_)) { private } else { public };
    let key = crate::PemKey::parse(text).unwrap().into_key();
    assert!(slot.admits(&key), "{:?}", slot.key_use);
    Some(key)
}

/// Lengths in bytes of the keys each use takes.
#[test]
fn keys_by_use() {
    let mut table = String::new();
    for (key_use, _) in uses() {
        let cells = ALGORITHMS.iter().filter_map(|algorithm| {
            if matches!(key_use, KeyUse::Sign(_) | KeyUse::Verify(_)) {
                return goes_with(&key_use, *algorithm).then(|| format!("{algorithm:?}"));
            }
            let lengths = fitting_lengths(&key_use, *algorithm);
            let (first, last) = (lengths.first()?, lengths.last()?);
            Some(if first == last { format!("{algorithm:?} {first}") } else { format!("{algorithm:?} {first}-{last}") })
        });
        table += &format!("{key_use:?}: {}\n", cells.collect::<Vec<_>>().join(", "));
    }
    assert_eq!(
        table,
        "Transport: Tdes 16-24, Aes128 16, Aes256 32, Sm4 16\n\
         Pin(Iso0): Des 8, Tdes 16-24\n\
         Pin(Iso1): Des 8, Tdes 16-24\n\
         Pin(Iso3): Des 8, Tdes 16-24\n\
         Pin(Iso4): Aes128 16, Aes256 32\n\
         Pin(UnionpayWithoutPan): Des 8, Tdes 16-24\n\
         Pin(UnionpaySm4): Sm4 16\n\
         Mac(UnionpayEcb): Des 8, Tdes 16\n\
         Mac(X919): Tdes 16\n\
         Mac(X99): Des 8\n\
         Mac(DesCbc): Des 8, Tdes 16-24\n\
         Mac(AesCmac): Aes128 16, Aes256 32\n\
         Mac(Sm4Unionpay): Sm4 16\n\
         Mac(Sm4Cbc): Sm4 16\n\
         Mac(HmacSha256): Hmac 16-64\n\
         Track(UnionpayLastBlock): Des 8, Tdes 16-24\n\
         Track(PaddedF): Des 8, Tdes 16-24\n\
         Track(LengthPrefixed): Des 8, Tdes 16-24\n\
         Data(TdesCbc): Tdes 16-24\n\
         Data(AesCbc): Aes128 16, Aes256 32\n\
         Data(AesGcm): Aes128 16, Aes256 32\n\
         Data(Sm4Cbc): Sm4 16\n\
         Sign(RsaSha256): Rsa\n\
         Verify(RsaSha256): Rsa\n\
         Sign(RsaPssSha256): Rsa\n\
         Verify(RsaPssSha256): Rsa\n\
         Sign(EcdsaP256Sha256): P256\n\
         Verify(EcdsaP256Sha256): P256\n\
         Sign(Ed25519): Ed25519\n\
         Verify(Ed25519): Ed25519\n\
         Sign(Sm2Sm3): Sm2\n\
         Verify(Sm2Sm3): Sm2\n"
    );
}

/// Every slot is asked for every operation: only the granted cell answers, for the plugin it was granted to.
#[test]
fn operations_by_use() {
    let slots = uses().into_iter().zip(0..).map(|((key_use, algorithm), number)| SlotGrant {
        slot: format!("slot-{number}"),
        algorithms: vec![algorithm],
        key_use,
        scheme: KeyScheme::Session,
    });
    let grant = PluginGrant { plugin: "one".into(), slots: slots.collect() };
    let mut ring =
        KeyRing::new(std::slice::from_ref(&grant), TransportKeys::new(), Default::default(), Default::default())
            .unwrap();
    for (number, slot) in grant.slots.iter().enumerate() {
        if let Some(key) = half(slot) {
            ring.fixed.insert(place("one", &slot.slot), FixedKey { key, key_use: slot.key_use.clone() });
            continue;
        }
        let length = fitting_lengths(&slot.key_use, slot.algorithms[0])[0];
        let text = format!("{:02x}", number + 0x11).repeat(length / 2) + &"89".repeat(length / 2);
        let key = key_of(slot.algorithms[0], &text);
        let at = place("one", &slot.slot);
        if slot.key_use == KeyUse::Transport {
            ring.transport.insert(at, key);
        } else {
            ring.work.insert(at, WorkKey { key, under: "slot-0".into() });
        }
    }

    let turns = Turns::default();
    for asked in uses().into_iter().map(|(key_use, _)| key_use) {
        for slot in &grant.slots {
            let ask = |plugin: &str| match &asked {
                KeyUse::Transport => ring.transport_key(plugin, &slot.slot).map(drop),
                KeyUse::Mac(algorithm) => {
                    ring.mac_key(plugin, &slot.slot, *algorithm, (&turns, Purpose::MacRequest)).map(drop)
                }
                KeyUse::Track(protection) => ring.track_key(plugin, &slot.slot, *protection, &turns).map(drop),
                // A template names the slot alone; the slot says which block it makes.
                KeyUse::Pin(format) => ring.pin_key(plugin, &slot.slot, &turns).and_then(|(_, makes)| {
                    let granted = slot.key_use.clone();
                    let wrong = || SlotError::WrongUse { slot: slot.slot.clone(), asked: asked.clone(), granted };
                    (makes == *format).then_some(()).ok_or_else(wrong)
                }),
                KeyUse::Sign(made) => ring.signing_key(plugin, &slot.slot, *made).map(drop),
                KeyUse::Verify(made) => ring.verifying_key(plugin, &slot.slot, *made).map(drop),
                KeyUse::Data(cipher) => ring.data_key(plugin, &slot.slot, *cipher, &turns).map(drop),
            };
            match ask("one") {
                Ok(()) => assert_eq!(slot.key_use, asked),
                Err(SlotError::WrongUse { .. }) => assert_ne!(slot.key_use, asked),
                Err(other) => panic!("{asked:?} of {:?}: {other}", slot.key_use),
            }
            assert!(matches!(ask("two"), Err(SlotError::Unknown { .. })), "another plugin has no such slot");
        }
    }
}
