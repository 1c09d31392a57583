//! Keys that do their work from the day a person loads them: no acquirer downloads or replaces them.
//!
//! Protects against: a key put to another use by a changed deployment: the use it was loaded for is kept with it.
//! Does not protect against: a key used for ever. Whoever loads one decides when the next one is due.

use std::collections::BTreeMap;

use engine::contract::acquirer::{KeyAlgorithm, KeyUse};
use engine::contract::template::{CipherAlgorithm, MacAlgorithm, PinFormat, SignatureAlgorithm, TrackProtection};

use super::clear::ClearKey;
use super::grant::{GrantError, SlotError, SlotGrant};
use super::ring::{KeyRing, Place, TransportKeyError, place};
use crate::crypto::{check_value, key::Key};

/// The byte that names a use in the key file.
pub(super) const USES: [(u8, KeyUse); 31] = [
    (0x10, KeyUse::Mac(MacAlgorithm::UnionpayEcb)),
    (0x11, KeyUse::Mac(MacAlgorithm::X919)),
    (0x12, KeyUse::Mac(MacAlgorithm::X99)),
    (0x13, KeyUse::Mac(MacAlgorithm::DesCbc)),
    (0x14, KeyUse::Mac(MacAlgorithm::AesCmac)),
    (0x15, KeyUse::Mac(MacAlgorithm::Sm4Unionpay)),
    (0x16, KeyUse::Mac(MacAlgorithm::Sm4Cbc)),
    (0x17, KeyUse::Mac(MacAlgorithm::HmacSha256)),
    (0x20, KeyUse::Pin(PinFormat::Iso0)),
    (0x21, KeyUse::Pin(PinFormat::Iso1)),
    (0x22, KeyUse::Pin(PinFormat::Iso3)),
    (0x23, KeyUse::Pin(PinFormat::Iso4)),
    (0x24, KeyUse::Pin(PinFormat::UnionpayWithoutPan)),
    (0x25, KeyUse::Pin(PinFormat::UnionpaySm4)),
    (0x30, KeyUse::Track(TrackProtection::UnionpayLastBlock)),
    (0x31, KeyUse::Track(TrackProtection::PaddedF)),
    (0x32, KeyUse::Track(TrackProtection::LengthPrefixed)),
    (0x38, KeyUse::Data(CipherAlgorithm::TdesCbc)),
    (0x39, KeyUse::Data(CipherAlgorithm::AesCbc)),
    (0x3A, KeyUse::Data(CipherAlgorithm::AesGcm)),
    (0x3B, KeyUse::Data(CipherAlgorithm::Sm4Cbc)),
    (0x40, KeyUse::Sign(SignatureAlgorithm::RsaSha256)),
    (0x41, KeyUse::Sign(SignatureAlgorithm::RsaPssSha256)),
    (0x42, KeyUse::Sign(SignatureAlgorithm::EcdsaP256Sha256)),
    (0x43, KeyUse::Sign(SignatureAlgorithm::Ed25519)),
    (0x44, KeyUse::Sign(SignatureAlgorithm::Sm2Sm3)),
    (0x50, KeyUse::Verify(SignatureAlgorithm::RsaSha256)),
    (0x51, KeyUse::Verify(SignatureAlgorithm::RsaPssSha256)),
    (0x52, KeyUse::Verify(SignatureAlgorithm::EcdsaP256Sha256)),
    (0x53, KeyUse::Verify(SignatureAlgorithm::Ed25519)),
    (0x54, KeyUse::Verify(SignatureAlgorithm::Sm2Sm3)),
];
/// The byte that names an algorithm in the key file.
pub(super) const ALGORITHMS: [(u8, KeyAlgorithm); 10] = [
    (1, KeyAlgorithm::Aes128),
    (2, KeyAlgorithm::Aes256),
    (3, KeyAlgorithm::Sm4),
    (4, KeyAlgorithm::Des),
    (5, KeyAlgorithm::Tdes),
    (6, KeyAlgorithm::Hmac),
    (7, KeyAlgorithm::Rsa),
    (8, KeyAlgorithm::P256),
    (9, KeyAlgorithm::Ed25519),
    (10, KeyAlgorithm::Sm2),
];

/// Fixed keys by place, as the key file keeps them.
pub(crate) type FixedKeys = BTreeMap<Place, FixedKey>;

/// A key, and what it was loaded for.
#[derive(Clone)]
pub(crate) struct FixedKey {
    pub(super) key: Key,
    pub(super) key_use: KeyUse,
}

impl FixedKey {
    /// Two bytes that say what it is for and of which algorithm.
    pub(super) fn tag(&self) -> [u8; 2] {
        // Every use a grant admits is in the table; `KeyRing::with_fixed` keeps others out.
        let key_use = USES.iter().find(|(_, known)| *known == self.key_use).map_or(0, |(tag, _)| *tag);
        let algorithm = self.key.algorithm();
        [key_use, ALGORITHMS.iter().find(|(_, known)| *known == algorithm).map_or(0, |(tag, _)| *tag)]
    }

    /// Undoes [`tag`](Self::tag).
    pub(super) fn restored([key_use, algorithm]: [u8; 2], bytes: zeroize::Zeroizing<Vec<u8>>) -> Option<Self> {
        let (_, key_use) = USES.iter().find(|(tag, _)| *tag == key_use)?;
        let (_, algorithm) = ALGORITHMS.iter().find(|(tag, _)| *tag == algorithm)?;
        Some(FixedKey { key: Key::new(*algorithm, bytes)?, key_use: key_use.clone() })
    }

    /// Refuses a deployment that would put it to another use.
    pub(super) fn check(&self, plugin: &str, grant: &SlotGrant) -> Result<(), GrantError> {
        let (plugin, slot) = (plugin.to_owned(), grant.slot.clone());
        if grant.is_dukpt() {
            return Err(GrantError::OtherScheme { plugin, slot });
        }
        if self.key_use != grant.key_use {
            let (was, granted) = (self.key_use.clone(), grant.key_use.clone());
            return Err(GrantError::OtherUse { plugin, slot, was, granted });
        }
        let holds = self.key.algorithm();
        if grant.admits(&self.key) { Ok(()) } else { Err(GrantError::Changed { plugin, slot, holds }) }
    }
}

impl KeyRing {
    /// The fixed keys as they would be with this one; the ring itself stays as it is until they are kept.
    pub(crate) fn with_fixed(
        &self,
        plugin: &str,
        slot: &str,
        key: ClearKey,
        expected: &[u8],
    ) -> Result<FixedKeys, TransportKeyError> {
        let grant = self.grant(plugin, slot)?;
        if grant.is_dukpt() {
            return Err(TransportKeyError::Serial { slot: slot.to_owned() });
        }
        if !USES.iter().any(|(_, known)| *known == grant.key_use) {
            let (slot, granted) = (slot.to_owned(), grant.key_use.clone());
            return Err(SlotError::NotFixed { slot, granted }.into());
        }
        let key = self.checked(plugin, grant, key, expected)?;
        let mut keys = self.fixed.clone();
        keys.insert(place(plugin, slot), FixedKey { key, key_use: grant.key_use.clone() });
        Ok(keys)
    }

    /// Takes the kept fixed keys over. A key that was downloaded into the slot is gone.
    pub(crate) fn take_fixed(&mut self, plugin: &str, slot: &str, keys: FixedKeys) {
        self.fixed = keys;
        self.work.remove(&place(plugin, slot));
    }

    /// A key a person brings for a slot: of a length the grant admits, giving its check value, and in no other slot.
    pub(super) fn checked(
        &self,
        plugin: &str,
        grant: &SlotGrant,
        key: ClearKey,
        expected: &[u8],
    ) -> Result<Key, TransportKeyError> {
        let slot = || grant.slot.clone();
        if matches!(grant.key_use, KeyUse::Sign(_) | KeyUse::Verify(_)) {
            return Err(TransportKeyError::OfPair { slot: slot() });
        }
        let bytes = key.0.len();
        let key = grant.key_of(key.0).ok_or_else(|| TransportKeyError::Length { slot: slot(), bytes })?;
        if !check_value::fits(&key, expected) {
            return Err(TransportKeyError::CheckValue { slot: slot() });
        }
        self.check_free(plugin, &grant.slot, &key)?;
        Ok(key)
    }

    /// Refuses a key that is in another slot, or that anybody has.
    pub(super) fn check_free(&self, plugin: &str, slot: &str, key: &Key) -> Result<(), TransportKeyError> {
        let at = place(plugin, slot);
        if self.is_held_elsewhere(key, |other| *other == at) {
            return Err(TransportKeyError::Reused { slot: at.1 });
        }
        match self.refused_as_printed(key) {
            Some(printed) => Err(TransportKeyError::Published { slot: at.1, printed }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OTHER, PLUGIN, check_value_of, grants, load_tmk, new_key, paths, published_keys};
    use crate::{KeyDownloadError, Vault, VaultError};

    const MAK: &str = "89B07B35A1B3F47E89B07B35A1B3F488";

    fn load(vault: &mut Vault, plugin: &str, slot: &str) -> Result<(), TransportKeyError> {
        let check_value = check_value_of(&crate::crypto::tdes::key(MAK));
        vault.load_fixed(plugin, slot, ClearKey::from_hex(MAK).unwrap(), &check_value)
    }

    #[test]
    fn a_fixed_key_does_its_work_after_a_restart_and_only_that() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
        assert!(matches!(load(&mut vault, PLUGIN, "tmk"), Err(TransportKeyError::Slot(SlotError::NotFixed { .. }))));
        load(&mut vault, PLUGIN, "retail").unwrap();
        assert!(matches!(load(&mut vault, PLUGIN, "mak"), Err(TransportKeyError::Reused { .. })));
        assert!(matches!(load(&mut vault, OTHER, "retail"), Err(TransportKeyError::Reused { .. })));
        drop(vault);
        let vault = Vault::open(&paths(&folder), &grants()).unwrap();
        assert_eq!(vault.checked_slots(PLUGIN), ["retail"]);

        let mut granted_otherwise = grants();
        let slot = granted_otherwise[0].slots.iter_mut().find(|slot| slot.slot == "retail").unwrap();
        slot.key_use = KeyUse::Pin(PinFormat::Iso0);
        let refused = Vault::open(&paths(&folder), &granted_otherwise).map(drop);
        assert!(matches!(refused, Err(VaultError::Grant(GrantError::OtherUse { .. }))), "{refused:?}");
    }

    #[test]
    fn a_fixed_key_comes_in_a_key_block_of_its_use() {
        let (under, key) = ("B8ED59E0A279A295E9F5ED7944FD06B9", MAK);
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
        let block = |header: &str| crate::crypto::key_block::block_of_version_c(under, header, key);
        let retail = block("M3TC00N0000");
        let refused = vault.load_fixed_block(PLUGIN, "retail", (&retail, "tmk"));
        assert!(matches!(refused, Err(TransportKeyError::Slot(SlotError::Empty { .. }))), "{refused:?}");
        load_tmk(&mut vault, PLUGIN, under).unwrap();
        for (slot, block) in [("pik", retail.clone()), ("retail", block("P0TE00N0000")), ("tmk", retail.clone())] {
            let refused = vault.load_fixed_block(PLUGIN, slot, (&block, "tmk"));
            assert!(matches!(refused, Err(TransportKeyError::KeyBlock { .. })), "{slot}: {refused:?}");
        }
        let mut changed = retail.clone();
        changed[30] ^= 1;
        assert!(vault.load_fixed_block(PLUGIN, "retail", (&changed, "tmk")).is_err());
        vault.load_fixed_block(PLUGIN, "retail", (&retail, "tmk")).unwrap();
        assert_eq!(vault.checked_slots(PLUGIN), ["retail", "tmk"]);
        load_tmk(&mut vault, OTHER, "0E9B2C6D57A1F3C4B8D06E15A97C32F8").unwrap();
        assert!(matches!(load(&mut vault, OTHER, "retail"), Err(TransportKeyError::Reused { .. })));
    }

    #[test]
    fn a_download_neither_replaces_nor_drops_what_a_person_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
        load_tmk(&mut vault, PLUGIN, crate::testing::TMK).unwrap();
        load(&mut vault, PLUGIN, "retail").unwrap();
        let retail = new_key("retail", vec![7; 16], Some(vec![1, 2, 3, 4]));
        let refused = vault.stage(PLUGIN, &[retail]).map(drop);
        assert_eq!(refused, Err(KeyDownloadError::Fixed { slot: "retail".into() }));
        vault.drop_keys(PLUGIN, &["retail".to_owned()]);
        assert_eq!(vault.checked_slots(PLUGIN), ["retail", "tmk"]);
        assert!(vault.stage(PLUGIN, &published_keys()).is_ok());
    }

    #[test]
    fn every_use_and_algorithm_of_the_file_has_one_name() {
        for (index, (tag, key_use)) in USES.iter().enumerate() {
            assert!(USES.iter().skip(index + 1).all(|(other, name)| other != tag && name != key_use));
        }
        for (index, (tag, algorithm)) in ALGORITHMS.iter().enumerate() {
            assert!(ALGORITHMS.iter().skip(index + 1).all(|(other, name)| other != tag && name != algorithm));
        }
    }
}
