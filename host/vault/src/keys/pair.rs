//! Halves of key pairs: private ones that sign, public ones that check an acquirer's signatures.
//!
//! Protects against: a stranger's public key taken for the acquirer's (its fingerprint is compared); a half in a slot of
//! the other kind; both halves of one pair on one terminal, where a request sent back would prove its own answer.
//! Does not protect against: an acquirer that lets its private half be copied.

use engine::contract::acquirer::KeyUse;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::fixed::{FixedKey, FixedKeys};
use super::grant::SlotError;
use super::ring::{KeyRing, TransportKeyError, place};
use crate::crypto::base64;
use crate::crypto::key::Key;
use crate::crypto::signature::{MAX_PAIR_BYTES, PairError, PairKey};
use crate::secret::{SecretBytes, redacted};

/// Fewest bytes of a fingerprint compared: nobody makes a pair with these eight bytes in common.
const MIN_FINGERPRINT_BYTES: usize = 8;
/// The labels of PEM (RFC 7468, sections 10 and 13).
const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// Characters of base64 a line of PEM has.
const LINE_CHARACTERS: usize = 64;

/// Half of a key pair, as a person brings it.
pub struct PemKey(PairKey);

redacted!(PemKey);

impl PemKey {
    /// Parses one `PRIVATE KEY` (PKCS #8) or one `PUBLIC KEY` in PEM.
    ///
    /// # Errors
    /// Anything else, a short RSA key, or an algorithm that no signature here is made with.
    pub fn parse(text: &str) -> Result<Self, PairError> {
        if let Some(der) = body(text, PRIVATE)? {
            return PairKey::private(der).map(Self);
        }
        PairKey::public(body(text, PUBLIC)?.ok_or(PairError::Label)?).map(Self)
    }

    /// It is the half that signs.
    pub fn is_private(&self) -> bool {
        self.0.is_private()
    }

    /// SHA-256 of the public half's SubjectPublicKeyInfo, which both ends compare.
    pub fn fingerprint(&self) -> Vec<u8> {
        self.0.fingerprint()
    }
}

#[cfg(test)]
impl PemKey {
    pub(super) fn into_key(self) -> Key {
        Key::Pair(self.0)
    }
}

impl KeyRing {
    /// The fixed keys as they would be with this half; the ring itself stays as it is until they are kept.
    pub(crate) fn with_half(
        &self,
        plugin: &str,
        slot: &str,
        PemKey(half): PemKey,
        expected: &[u8],
    ) -> Result<FixedKeys, TransportKeyError> {
        let grant = self.grant(plugin, slot)?;
        if !matches!(grant.key_use, KeyUse::Sign(_) | KeyUse::Verify(_)) {
            let granted = grant.key_use.clone();
            return Err(SlotError::NotOfPair { slot: slot.to_owned(), granted }.into());
        }
        let slot = || grant.slot.clone();
        let may_come_without = half.is_private() && expected.is_empty();
        let begins_so = |expected: &[u8]| {
            let whole = half.fingerprint();
            let begins = whole.get(..expected.len()).is_some_and(|first| first.ct_eq(expected).into());
            begins && expected.len() >= MIN_FINGERPRINT_BYTES
        };
        if !may_come_without && !begins_so(expected) {
            return Err(TransportKeyError::Fingerprint { slot: slot() });
        }
        let key = Key::Pair(half);
        if !grant.admits(&key) {
            let which = if key.pair().is_some_and(PairKey::is_private) { "private" } else { "public" };
            let what = format!("the {which} half of a pair of {:?}", key.algorithm());
            return Err(TransportKeyError::OtherHalf { slot: slot(), what, granted: grant.key_use.clone() });
        }
        self.check_free(plugin, &grant.slot, &key)?;
        let mut keys = self.fixed.clone();
        keys.insert(place(plugin, &grant.slot), FixedKey { key, key_use: grant.key_use.clone() });
        Ok(keys)
    }

    /// The public half of what is in a slot, in PEM.
    pub(crate) fn public_half(&self, plugin: &str, slot: &str) -> Result<String, SlotError> {
        let grant = self.grant(plugin, slot)?;
        if !matches!(grant.key_use, KeyUse::Sign(_) | KeyUse::Verify(_)) {
            return Err(SlotError::NotOfPair { slot: slot.to_owned(), granted: grant.key_use.clone() });
        }
        let text = base64::encode(&self.half(plugin, slot)?.public_info());
        let lines = text.chunks(LINE_CHARACTERS).map(|line| format!("{}\n", String::from_utf8_lossy(line)));
        Ok(format!("-----BEGIN {PUBLIC}-----\n{}-----END {PUBLIC}-----\n", lines.collect::<String>()))
    }
}

/// What stands between the two lines of this label; `None` where they are not there.
fn body(text: &str, label: &str) -> Result<Option<SecretBytes>, PairError> {
    let Some((_, rest)) = text.split_once(&format!("-----BEGIN {label}-----")) else { return Ok(None) };
    let (body, _) = rest.split_once(&format!("-----END {label}-----")).ok_or(PairError::Unreadable)?;
    let mut joined = Zeroizing::new(Vec::with_capacity(body.len()));
    joined.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let der = base64::decode(&joined).map(Zeroizing::new).ok_or(PairError::Unreadable)?;
    if der.len() > MAX_PAIR_BYTES { Err(PairError::Unreadable) } else { Ok(Some(der.into())) }
}

#[cfg(test)]
mod tests {
    use engine::contract::acquirer::{KeyAlgorithm, KeyScheme};
    use engine::contract::template::{MacAlgorithm, Message, Node, SignatureAlgorithm, SignatureHole};
    use tempfile::TempDir;

    use super::*;
    use crate::testing::{OTHER, PLUGIN, noon, paths};
    use crate::{CardSource, GrantError, PluginGrant, RenderInput, RouteGrant, SlotGrant, Vault, VaultError};

    const RSA: &str = include_str!("../crypto/signature_keys/rsa-2048.pem");
    const RSA_PUBLIC: &str = include_str!("../crypto/signature_keys/rsa-2048.pub.pem");
    const SM2: &str = include_str!("../crypto/signature_keys/sm2.pem");
    const SM2_PUBLIC: &str = include_str!("../crypto/signature_keys/sm2.pub.pem");

    fn pem(text: &str) -> PemKey {
        PemKey::parse(text).unwrap()
    }

    fn grants() -> Vec<PluginGrant> {
        let slot = |name: &str, algorithm, key_use| {
            let (algorithms, scheme) = (vec![algorithm], KeyScheme::Fixed);
            SlotGrant { slot: name.to_owned(), algorithms, key_use, scheme }
        };
        let slots = vec![
            slot("sign", KeyAlgorithm::Rsa, KeyUse::Sign(SignatureAlgorithm::RsaSha256)),
            slot("verify", KeyAlgorithm::Rsa, KeyUse::Verify(SignatureAlgorithm::RsaSha256)),
            slot("sm2", KeyAlgorithm::Sm2, KeyUse::Sign(SignatureAlgorithm::Sm2Sm3)),
            slot("mak", KeyAlgorithm::Tdes, KeyUse::Mac(MacAlgorithm::X919)),
        ];
        [PLUGIN, OTHER].map(|plugin| PluginGrant { plugin: plugin.to_owned(), slots: slots.clone() }).into()
    }

    fn vault() -> (TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::create(&paths(&folder), &grants()).unwrap();
        (folder, vault)
    }

    fn signed(vault: &Vault, slot: &str, algorithm: SignatureAlgorithm) -> Vec<u8> {
        let hole = SignatureHole { over: 0, algorithm, key: slot.to_owned() };
        let nodes = vec![Node::Literal(b"amount=1234&order=42".to_vec()), Node::Signature(hole)];
        let input = RenderInput { card: CardSource::None, reason: None, allowed: &RouteGrant::default(), now: &noon() };
        vault.render(PLUGIN, &Message { nodes, whole: 1, http: None }, input).unwrap().whole().to_vec()
    }

    #[test]
    fn a_private_half_signs_after_a_restart_and_its_public_one_can_be_given_away() {
        let (folder, mut vault) = vault();
        vault.load_half(PLUGIN, "sign", pem(RSA), &[]).unwrap();
        vault.load_half(PLUGIN, "sm2", pem(SM2), &[]).unwrap();
        let before = signed(&vault, "sign", SignatureAlgorithm::RsaSha256);
        drop(vault);
        let vault = Vault::open(&paths(&folder), &grants()).unwrap();
        assert_eq!(vault.checked_slots(PLUGIN), ["sign", "sm2"]);
        assert_eq!(signed(&vault, "sign", SignatureAlgorithm::RsaSha256), before);
        assert_eq!(vault.public_half(PLUGIN, "sign").unwrap(), RSA_PUBLIC);
        assert_eq!(vault.public_half(PLUGIN, "sm2").unwrap(), SM2_PUBLIC);
        assert!(matches!(vault.public_half(PLUGIN, "mak"), Err(SlotError::NotOfPair { .. })));
        assert!(matches!(vault.public_half(OTHER, "sign"), Err(SlotError::Empty { .. })));
    }

    #[test]
    fn a_half_goes_only_where_its_kind_and_algorithm_go() {
        let (_folder, mut vault) = vault();
        let print = pem(RSA_PUBLIC).fingerprint();
        assert_eq!(pem(RSA).fingerprint(), print);
        for (slot, text, refusal) in [
            ("verify", RSA, "private half of a pair of Rsa"),
            ("sign", RSA_PUBLIC, "public half of a pair of Rsa"),
            ("sm2", RSA, "private half of a pair of Rsa"),
            ("mak", RSA, "only signs or checks signatures"),
            ("none", RSA, "no key slot none"),
        ] {
            let refused = vault.load_half(PLUGIN, slot, pem(text), &print).unwrap_err().to_string();
            assert!(refused.contains(refusal), "{refused}");
        }
        let typed = crate::ClearKey::from_hex("0123456789ABCDEFFEDCBA9876543210").unwrap();
        let refused = vault.load_fixed(PLUGIN, "sign", typed, &[8, 0xD7, 0xB4]);
        assert!(matches!(refused, Err(TransportKeyError::OfPair { .. })), "{refused:?}");
        assert!(vault.checked_slots(PLUGIN).is_empty());
    }

    /// A slot whose public half is of the terminal's own pair would take the terminal's request for an answer.
    #[test]
    fn two_halves_of_one_pair_are_one_key() {
        let (_folder, mut vault) = vault();
        let print = pem(RSA).fingerprint();
        vault.load_half(PLUGIN, "sign", pem(RSA), &print).unwrap();
        for (plugin, slot, text) in
            [(PLUGIN, "verify", RSA_PUBLIC), (OTHER, "sign", RSA), (OTHER, "verify", RSA_PUBLIC)]
        {
            let refused = vault.load_half(plugin, slot, pem(text), &print);
            assert!(matches!(refused, Err(TransportKeyError::Reused { .. })), "{plugin} {slot}: {refused:?}");
        }
    }

    #[test]
    fn a_public_half_needs_its_fingerprint() {
        let (_folder, mut vault) = vault();
        let print = pem(RSA_PUBLIC).fingerprint();
        let mut wrong = print.clone();
        wrong[7] ^= 1;
        for given in [&[][..], &print[..7], &wrong, &[&print[..], &[0]].concat()] {
            let refused = vault.load_half(PLUGIN, "verify", pem(RSA_PUBLIC), given);
            assert!(matches!(refused, Err(TransportKeyError::Fingerprint { .. })), "{refused:?}");
        }
        vault.load_half(PLUGIN, "verify", pem(RSA_PUBLIC), &print[..8]).unwrap();
    }

    #[test]
    fn a_slot_never_changes_its_algorithm_or_its_use() {
        let (folder, mut vault) = vault();
        vault.load_half(PLUGIN, "sign", pem(RSA), &[]).unwrap();
        drop(vault);
        let with = |algorithm, key_use| {
            let mut granted = grants();
            let slot = granted[0].slots.iter_mut().find(|slot| slot.slot == "sign").unwrap();
            (slot.algorithms, slot.key_use) = (vec![algorithm], key_use);
            Vault::open(&paths(&folder), &granted).map(drop)
        };
        let refused = with(KeyAlgorithm::Rsa, KeyUse::Sign(SignatureAlgorithm::RsaPssSha256));
        assert!(matches!(refused, Err(VaultError::Grant(GrantError::OtherUse { .. }))), "{refused:?}");
        let refused = with(KeyAlgorithm::Ed25519, KeyUse::Sign(SignatureAlgorithm::Ed25519));
        assert!(matches!(refused, Err(VaultError::Grant(GrantError::OtherUse { .. }))), "{refused:?}");
    }

    #[test]
    fn what_is_no_pem_of_ours_is_refused_and_said() {
        let refused = |text: &str| PemKey::parse(text).map(drop).unwrap_err();
        assert_eq!(refused(""), PairError::Label);
        assert_eq!(refused(&RSA.replace("PRIVATE", "ENCRYPTED PRIVATE")), PairError::Label);
        assert_eq!(refused(&RSA.replace("-----END", "-----")), PairError::Unreadable);
        assert_eq!(refused(&RSA.replace('\n', "!")), PairError::Unreadable);
        assert_eq!(refused(&RSA_PUBLIC.replace("PUBLIC", "PRIVATE")), PairError::Unreadable);
        assert_eq!(format!("{:?}", pem(RSA)), "[redacted]");
    }
}
