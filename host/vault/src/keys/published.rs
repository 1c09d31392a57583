//! Keys that stand printed somewhere: in standards, articles, other people's tests and our own. A production terminal
//! takes none of them.
//!
//! Protects against: a test key that was never replaced, under which anybody can read and make messages.
//! Does not protect against: a printed key that is not in the table. It holds what integrators meet, not all there are.

use engine::contract::acquirer::KeyAlgorithm;
use engine::contract::types::Name;
use zeroize::Zeroizing;

use super::ring::KeyRing;
use crate::crypto::key::Key;

/// What a key is that counts up or stands still byte by byte: `0000...`, `0001 0203...`, `0011 2233...`.
const PATTERN: &str = "it is a pattern of bytes that anybody tries first";
const X9_24_1: &str = "ANSI X9.24-1, annex A";
const X9_24_3: &str = "ANSI X9.24-3, annex B";
const JAVA_8583: &str = "the tests of github.com/Ajsgn/Java8583";
const PSEC: &str = "the tests and examples of the library psec (TR-31 blocks, MACs)";
const PAYSHIELD: &str = "the test LMKs of payShield and RG7000 hardware security modules";
const OURS: &str = "the tests and examples of this program";

/// Keys in hexadecimal, and where each is printed.
const KEYS: [(&str, &str); 47] = [
    ("0123456789ABCDEF", "FIPS 81, and nearly every DES example"),
    ("0123456789ABCDEFFEDCBA9876543210", "ANSI X9.24-1, annex A, and GB/T 32907, annex A"),
    ("6AC292FAA1315B4D858AB3A3D7D5933A", X9_24_1),
    ("FEDCBA9876543210F1F1F1F1F1F1F1F1", X9_24_3),
    ("FEDCBA9876543210F1F1F1F1F1F1F1F1FEDCBA9876543210F1F1F1F1F1F1F1F1", X9_24_3),
    ("1273671EA26AC29AFA4D1084127652A1", X9_24_3),
    ("CE9CE0C101D1138F97FB6CAD4DF045A7083D4EAE2D35A31789D01CCF0949550F", "the tests of github.com/moov-io/dukpt"),
    ("2B7E151628AED2A6ABF7158809CF4F3C", "FIPS 197, SP 800-38A and RFC 4493"),
    ("603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4", "SP 800-38A and SP 800-38B"),
    ("0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B", "RFC 4231"),
    ("404142434445464748494A4B4C4D4E4F", "GlobalPlatform, the default key of blank cards"),
    ("C1D0F8FB4958670DBA40AB1F3752EF0D", "the ep2 specification 8.0.0, PIN block format 4"),
    ("CA5D92598DCA48CE8A4C76361A9269E9", "code456.com/article/3026509"),
    ("807A23AD32B36D457AE91FDF927570EA", "code456.com/article/3026509"),
    ("5BB5C72CD00B7338", "code456.com/article/3026509"),
    ("4DDB4BCC88C66F47D21D4E096F12F6A0", JAVA_8583),
    ("DA3DA723587662DF62DA4FD3858651C4", JAVA_8583),
    ("97E6ECEFD0B00D98B0C701DAEA94A764", JAVA_8583),
    ("6BABB0BFD9544AF7D50DEAEA7A23E38F", JAVA_8583),
    ("73FE29329283FDF12540B6F80437C107", JAVA_8583),
    ("70F2A84CCBC2AE8625CBB0F2C22AB923", "blog.csdn.net/zhu244912654, article 80005341"),
    ("C24A8FB57AA20123", "blog.csdn.net/zhu244912654, article 80005341"),
    ("1234567890ABCDEFABCDEF0987654321", "blog.csdn.net/M_Kerry, article 104625499"),
    ("F351D490994603795C6EBEE8FAEBB481", "blog.csdn.net/M_Kerry, article 104625499"),
    ("AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB", PSEC),
    ("89E88CF7931444F334BD7547FC3F380C", PSEC),
    ("F039121BEC83D26B169BDCD5B22AAF8F", PSEC),
    ("DD7515F2BFC17F85CE48F3CA25CB21F6", PSEC),
    ("3F419E1CB7079442AA37474C2EFBF8B8", PSEC),
    ("B8ED59E0A279A295E9F5ED7944FD06B9", PSEC),
    ("EDB380DD340BC2620247D445F5B8D678", PSEC),
    ("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6", PSEC),
    ("01010101010101017902CD1FD36EF8BA", PAYSHIELD),
    ("20202020202020203131313131313131", PAYSHIELD),
    ("40404040404040405151515151515151", PAYSHIELD),
    ("61616161616161617070707070707070", PAYSHIELD),
    ("80808080808080809191919191919191", PAYSHIELD),
    ("A1A1A1A1A1A1A1A1B0B0B0B0B0B0B0B0", PAYSHIELD),
    ("C5945F5BDF1E2DD83C6BFCA9699975F3", OURS),
    ("89B07B35A1B3F47E89B07B35A1B3F488", OURS),
    ("1F2E3D4C5B6A798897A6B5C4D3E2F101", OURS),
    ("2A3B4C5D6E7F80919F8E7D6C5B4A3928", OURS),
    ("4F8A02D5B31C97E66D29A4F0587BC31E", OURS),
    ("A7135EC8902FD46B1BE6704D8C3A95F2", OURS),
    ("CB6E9D1F3A2C58E07F4513B8A6D92E64", OURS),
    ("112233445566778899AABBCCDDEEFF00", PATTERN),
    ("0123456789012345678901234567890123456789012345678901234567890123", PATTERN),
];

/// Key pairs, by the SHA-256 of the public half's SubjectPublicKeyInfo.
const PAIRS: [(&str, &str); 10] = [
    ("06E3FD8FDA29BB60AB59557DE61EDB0AECDB231134BE30E75B455F8E1B792FA9", "RFC 8032, section 7.1, test 1"),
    ("DEB2DED39DC26FCE0E6085B6FC34BF6B5941913BBFE2EA614113CFF9E004C170", "RFC 8032, section 7.1, test 2"),
    ("8D39BA50ABE50F77B6BB8AE7B6927AFF7FFBEBA35AD2837C0E51E82BCBCC60D5", "RFC 8032, section 7.1, test 3"),
    ("5A7A78CCA4A0F420D9BC62BB669C3C2759E39F723D3AE10DCBE0F0815A07ECD4", "RFC 6979, A.2.5"),
    ("C97C174ACC1B56BE277862230F92B0F9FA9B83C2AA471CEABB67533A91536BEA", "GM/T 0003.5, annex A"),
    ("3746C179D810C3847570DFC713C85C0752B3A6D44C695F39FBA3608A1649B55A", OURS),
    ("BDEA85643DF4C5984327B95FBEEC7778A49C7EFD6CA9DC16D20935C6D09EB343", OURS),
    ("7452EEC02F8D96A1F91E16C2CE82FB311A8B7A53798D824B230BB010A1C9FB80", OURS),
    ("4BBBD046D354DB686D99115F0BD4E2BCE048946594EEE8334B166912A438EB55", OURS),
    ("6F7FB4EAB4FE3E28186FD250530BFDF8D073DEADCD05BF8667EF8735AFF7A062", OURS),
];

/// A key in a slot that stands printed somewhere. Holds none of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// Whose slot.
    pub plugin: Name,
    /// Which.
    pub slot: Name,
    /// Where its key is printed.
    pub printed: &'static str,
}

impl KeyRing {
    /// From now on takes no key that stands printed somewhere.
    pub(crate) fn refuse_published(&mut self) {
        self.refuses_published = true;
    }

    /// Slots that hold one already.
    pub(crate) fn published(&self) -> Vec<PublishedKey> {
        let dukpt = self.dukpt();
        let transport = self.transport.iter();
        let fixed = self.fixed.iter().map(|(at, fixed)| (at, &fixed.key));
        let initial = dukpt.keys.iter().map(|(at, known)| (at, known.key.initial()));
        let printed = transport.chain(fixed).map(|(at, key)| (at, printed_key(key)));
        let printed = printed.chain(initial.map(|(at, key)| (at, printed_key(&key))));
        let named = printed.filter_map(|((plugin, slot), printed)| {
            Some(PublishedKey { plugin: plugin.clone(), slot: slot.clone(), printed: printed? })
        });
        named.collect()
    }

    /// Where a key stands printed that is refused for it.
    pub(super) fn refused_as_printed(&self, key: &Key) -> Option<&'static str> {
        if self.refuses_published { printed_key(key) } else { None }
    }
}

/// Where this key stands printed.
fn printed_key(key: &Key) -> Option<&'static str> {
    if let Some(half) = key.pair() {
        let fingerprint = hex::encode_upper(half.fingerprint());
        return PAIRS.iter().find(|(known, _)| *known == fingerprint).map(|(_, printed)| *printed);
    }
    let known = KEYS.iter().find(|(text, _)| parsed(text).is_some_and(|known| known.is_like(key)));
    known.map(|(_, printed)| *printed).or_else(|| is_pattern(key.reveal()).then_some(PATTERN))
}

/// A key of the table: which cipher it is of makes no difference to those it is compared with, but for DES, under which
/// keys may differ in their parity alone.
fn parsed(text: &str) -> Option<Key> {
    let bytes = Zeroizing::new(hex::decode(text).ok()?);
    let algorithm = match bytes.len() {
        8 => KeyAlgorithm::Des,
        16 | 24 => KeyAlgorithm::Tdes,
        32 => KeyAlgorithm::Aes256,
        _ => KeyAlgorithm::Hmac,
    };
    Key::new(algorithm, bytes)
}

/// Every byte is as far from the one before it.
fn is_pattern(bytes: &[u8]) -> bool {
    let mut steps = bytes.array_windows().map(|[one, next]| next.wrapping_sub(*one));
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::crypto::key::key_of;
    use crate::testing::{PLUGIN, TMK, grants, load_tmk, paths, published_keys, signed_in};
    use crate::{ClearKey, KeyDownloadError, TransportKeyError, Vault};

    #[test]
    fn the_tables_are_keys_and_hold_each_once() {
        assert!(KEYS.iter().all(|(text, _)| parsed(text).is_some()), "{KEYS:?}");
        assert!(PAIRS.iter().all(|(text, _)| text.len() == 64));
        assert_eq!(KEYS.iter().chain(&PAIRS).collect::<BTreeSet<_>>().len(), KEYS.len() + PAIRS.len());
    }

    #[test]
    fn a_printed_key_is_known_under_every_cipher_and_parity() {
        let text = "0123456789ABCDEFFEDCBA9876543210";
        for algorithm in [KeyAlgorithm::Tdes, KeyAlgorithm::Sm4, KeyAlgorithm::Aes128, KeyAlgorithm::Hmac] {
            assert!(printed_key(&key_of(algorithm, text)).is_some(), "{algorithm:?}");
        }
        // Each byte's lowest bit is parity under DES, and counts under AES.
        let other_parity = "0022446688AACCEEFFDDBB9977553311";
        assert!(printed_key(&key_of(KeyAlgorithm::Tdes, other_parity)).is_some());
        assert!(printed_key(&key_of(KeyAlgorithm::Aes128, other_parity)).is_none());
        assert_eq!(printed_key(&key_of(KeyAlgorithm::Aes128, "00112233445566778899AABBCCDDEEFF")), Some(PATTERN));
        assert_eq!(printed_key(&key_of(KeyAlgorithm::Sm4, &"5A".repeat(16))), Some(PATTERN));
        assert_eq!(printed_key(&key_of(KeyAlgorithm::Sm4, "5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5B")), None);
    }

    #[test]
    fn where_they_are_refused_none_is_loaded_and_none_downloaded() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::create(&paths(&folder), &grants()).unwrap();
        vault.refuse_published();
        let refused = load_tmk(&mut vault, PLUGIN, TMK);
        assert!(matches!(refused, Err(TransportKeyError::Published { printed: JAVA_8583, .. })), "{refused:?}");
        let key = ClearKey::from_hex("89B07B35A1B3F47E89B07B35A1B3F488").unwrap();
        let check_value = key.check_value(KeyAlgorithm::Tdes).unwrap();
        let refused = vault.load_fixed(PLUGIN, "retail", key, &check_value);
        assert!(matches!(refused, Err(TransportKeyError::Published { printed: OURS, .. })), "{refused:?}");
        let pem = include_str!("../crypto/signature_keys/ed25519.pem");
        let refused = vault.load_half(PLUGIN, "sign", crate::PemKey::parse(pem).unwrap(), &[]);
        assert!(matches!(refused, Err(TransportKeyError::Published { printed: OURS, .. })), "{refused:?}");
        assert!(vault.checked_slots(PLUGIN).is_empty() && vault.published_keys().is_empty());
        load_tmk(&mut vault, PLUGIN, "0E9B2C6D57A1F3C4B8D06E15A97C32F8").unwrap();

        let (_folder, mut vault) = signed_in();
        assert_eq!(
            vault.published_keys(),
            [PublishedKey { plugin: PLUGIN.to_owned(), slot: "tmk".to_owned(), printed: JAVA_8583 }]
        );
        assert!(vault.stage(PLUGIN, &published_keys()).is_ok());
        vault.refuse_published();
        let refused = vault.stage(PLUGIN, &published_keys()).map(drop);
        assert!(matches!(refused, Err(KeyDownloadError::Published { printed: JAVA_8583, .. })), "{refused:?}");
    }
}
