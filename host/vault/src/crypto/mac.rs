//! Message authentication codes of the field.
//!
//! Protects against: a message changed on its way by someone without the key.
//! Does not protect against: a replay (the echoes of a proof are for that), or guessing: `UnionpayEcb` gives 32 bits.

use engine::contract::acquirer::KeyAlgorithm;
use engine::contract::template::MacAlgorithm;
use ring::hmac;

use super::key::Key;
use super::tdes::{DES_BLOCK_BYTES, DesKey, xor, zero_padded};
use super::wide::{WIDE_BLOCK_BYTES, WideBlock, WideCipher, WideKey, wide_xor, wide_zero_padded};

/// Characters of a MAC that is sent as the first half of a hex block.
const HEX_MAC_BYTES: usize = 8;

/// The algorithm works with a key of this algorithm and length.
pub(crate) fn takes(algorithm: MacAlgorithm, key: KeyAlgorithm, key_bytes: usize) -> bool {
    match algorithm {
        MacAlgorithm::UnionpayEcb => key == KeyAlgorithm::Des || (key == KeyAlgorithm::Tdes && key_bytes == 16),
        MacAlgorithm::X919 => key == KeyAlgorithm::Tdes && key_bytes == 16,
        MacAlgorithm::X99 => key == KeyAlgorithm::Des,
        MacAlgorithm::DesCbc => matches!(key, KeyAlgorithm::Des | KeyAlgorithm::Tdes),
        MacAlgorithm::AesCmac => matches!(key, KeyAlgorithm::Aes128 | KeyAlgorithm::Aes256),
        MacAlgorithm::Sm4Unionpay | MacAlgorithm::Sm4Cbc => key == KeyAlgorithm::Sm4,
        MacAlgorithm::HmacSha256 => key == KeyAlgorithm::Hmac,
    }
}

/// The MAC over `data`; `None` where algorithm and key do not go together.
pub(crate) fn compute(algorithm: MacAlgorithm, key: &Key, data: &[u8]) -> Option<Vec<u8>> {
    if !takes(algorithm, key.algorithm(), key.len()) {
        return None;
    }
    match algorithm {
        MacAlgorithm::UnionpayEcb => key.des().map(|key| unionpay_ecb(key, data).to_vec()),
        MacAlgorithm::X919 => x919(key.des()?, data).map(Vec::from),
        MacAlgorithm::X99 | MacAlgorithm::DesCbc => key.des().map(|key| cbc(key, data).to_vec()),
        MacAlgorithm::AesCmac => key.wide(WideCipher::Aes)?.cmac(data).map(Vec::from),
        MacAlgorithm::Sm4Unionpay => key.wide(WideCipher::Sm4).map(|key| sm4_unionpay(key, data).to_vec()),
        MacAlgorithm::Sm4Cbc => key.wide(WideCipher::Sm4).map(|key| wide_cbc(key, data).to_vec()),
        MacAlgorithm::HmacSha256 => {
            Some(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.reveal()), data).as_ref().to_vec())
        }
    }
}

/// protocols: A.11, MAC-1. The blocks' exclusive or, in hex, enciphered half by half; the first half of the result, in
/// hex.
fn unionpay_ecb(key: &DesKey, data: &[u8]) -> [u8; HEX_MAC_BYTES] {
    let folded = zero_padded(data).fold([0; DES_BLOCK_BYTES], xor);
    let [first, second] = hex_halves(folded);
    let schedule = key.schedule();
    let [shown, _] = hex_halves(schedule.encrypt(xor(schedule.encrypt(first), second)));
    shown
}

/// protocols: A.11, MAC-2; ISO 9797-1 algorithm 3 with padding 1, eight raw bytes.
fn x919(key: &DesKey, data: &[u8]) -> Option<[u8; DES_BLOCK_BYTES]> {
    let (left, right) = key.halves()?;
    Some(left.schedule().encrypt(right.schedule().decrypt(cbc(&left, data))))
}

/// protocols: A.11, MAC-3; ISO 9797-1 algorithm 1 with padding 1, eight raw bytes.
pub(crate) fn cbc(key: &DesKey, data: &[u8]) -> [u8; DES_BLOCK_BYTES] {
    let schedule = key.schedule();
    zero_padded(data).fold([0; DES_BLOCK_BYTES], |chain, block| schedule.encrypt(xor(chain, block)))
}

/// protocols: A.11, MAC-5, with the eight hex characters the contract names; sources disagree on eight raw bytes.
fn sm4_unionpay(key: &WideKey, data: &[u8]) -> [u8; HEX_MAC_BYTES] {
    let folded = wide_zero_padded(data).fold([0; WIDE_BLOCK_BYTES], wide_xor);
    let [first, second] = hex_halves(folded);
    let schedule = key.schedule();
    let sealed = schedule.encrypt(wide_xor(schedule.encrypt(first), second));
    let [half, ..] = hex_halves(sealed);
    let mut shown = [0; HEX_MAC_BYTES];
    shown.iter_mut().zip(half).for_each(|(to, from)| *to = from);
    shown
}

/// protocols: A.11, MAC-6; sixteen raw bytes.
fn wide_cbc(key: &WideKey, data: &[u8]) -> WideBlock {
    let schedule = key.schedule();
    wide_zero_padded(data).fold([0; WIDE_BLOCK_BYTES], |chain, block| schedule.encrypt(wide_xor(chain, block)))
}

/// A block as upper-case hex characters, in two blocks.
fn hex_halves<const BYTES: usize>(block: [u8; BYTES]) -> [[u8; BYTES]; 2] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut halves = [[0; BYTES]; 2];
    for (pair, byte) in halves.as_flattened_mut().chunks_mut(2).zip(block) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::key::key_of;

    /// The body of a published sale with its card number replaced by synthetic digits (protocols: K4s).
    const K4S: &str = "0200302004C020C0981100000000000000005100183402100006326200000123456787D3012101000000393136363838303134\
        303030303030303030303030303030313536ACF46E73838A82F92600000000000000000822000001";
    /// A published reversal without its MAC (protocols: U4).
    const U4: &str = "04007038048002C0801916123456789012345600000000000000050068118623352105290210653938617874657374332D3330\
        3635383130353439393030303331353600082216052900162334156811860529";
    const DOUBLE: &str = "73FE29329283FDF12540B6F80437C107";
    const SINGLE: &str = "C24A8FB57AA20123";

    /// The key the text is, by its length: one of DES.
    fn key(text: &str) -> Key {
        key_of(if text.len() == 16 { KeyAlgorithm::Des } else { KeyAlgorithm::Tdes }, text)
    }

    fn made(algorithm: MacAlgorithm, key: &Key, data: &[u8]) -> Option<String> {
        compute(algorithm, key, data).map(hex::encode_upper)
    }

    #[test]
    fn unionpay_macs() {
        for (key_text, data, mac) in [
            (SINGLE, K4S, "A35D2B3F"),
            (DOUBLE, K4S, "D2B23093"),
            (DOUBLE, U4, "46415DC3"),
            ("73FE29329283FDF1", U4, "E6086F29"),
        ] {
            let data = hex::decode(data).unwrap();
            let made = compute(MacAlgorithm::UnionpayEcb, &key(key_text), &data).unwrap();
            assert_eq!(String::from_utf8(made).as_deref(), Ok(mac));
        }
    }

    #[test]
    fn x919_macs() {
        let made = compute(MacAlgorithm::X919, &key(DOUBLE), &hex::decode(U4).unwrap());
        assert_eq!(made.map(hex::encode_upper).as_deref(), Some("284C79DC9A2E50FC"));
        let made = compute(MacAlgorithm::X919, &key("AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB"), b"hello world");
        assert_eq!(made.map(hex::encode_upper).as_deref(), Some("78DA3D3DEB48FD4D"));
        assert_eq!(compute(MacAlgorithm::X919, &key(SINGLE), b"hello world"), None);
    }

    #[test]
    fn chained_macs() {
        let double = key("AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB");
        let made = compute(MacAlgorithm::DesCbc, &double, b"hello world");
        assert_eq!(made.map(hex::encode_upper).as_deref(), Some("68D9038F23360DF3"));
        assert_eq!(compute(MacAlgorithm::X99, &double, b"hello world"), None, "X9.9 is single DES");

        let single = key(SINGLE);
        let made = compute(MacAlgorithm::X99, &single, b"hello world");
        assert_eq!(made.as_ref().map(hex::encode_upper).as_deref(), Some("AB086FB33C884186"));
        assert_eq!(made, compute(MacAlgorithm::DesCbc, &single, b"hello world"));
    }

    /// RFC 4493, section 4; NIST SP 800-38B, D.3.
    #[test]
    fn cmacs_under_aes() {
        let message = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411";
        let short = key_of(KeyAlgorithm::Aes128, "2b7e151628aed2a6abf7158809cf4f3c");
        let long = key_of(KeyAlgorithm::Aes256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
        for (key, length, mac) in [
            (&short, 0, "BB1D6929E95937287FA37D129B756746"),
            (&short, 16, "070A16B46B4D4144F79BDD9DD04A287C"),
            (&short, 40, "DFA66747DE9AE63030CA32611497C827"),
            (&long, 0, "028962F61B7BF89EFC6B551F4667D983"),
            (&long, 16, "28A7023F452E8F82BD4BF28D8C37C35C"),
            (&long, 40, "AAF3D8F1DE5640C232F5B169B9C911E6"),
        ] {
            let data = hex::decode(message).unwrap();
            assert_eq!(made(MacAlgorithm::AesCmac, key, &data[..length]).as_deref(), Some(mac));
        }
    }

    /// RFC 4231, the case whose key is twenty bytes.
    #[test]
    fn hmacs() {
        let key = key_of(KeyAlgorithm::Hmac, &"0b".repeat(20));
        assert_eq!(
            made(MacAlgorithm::HmacSha256, &key, b"Hi There").as_deref(),
            Some("B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7")
        );
    }

    /// protocols: K9. The other form has no published vector: it is held to its definition with the cipher alone.
    #[test]
    fn macs_under_sm4() {
        let key = key_of(KeyAlgorithm::Sm4, "C5945F5BDF1E2DD83C6BFCA9699975F3");
        let data = b"PCK1209339432640F07BEC962141300010024402220516956";
        assert_eq!(made(MacAlgorithm::Sm4Cbc, &key, data).as_deref(), Some("55BD7EFE36472A824105C55A5126AE60"));

        let schedule = key.wide(WideCipher::Sm4).unwrap().schedule();
        let folded = hex::encode_upper(wide_zero_padded(data).fold([0; 16], wide_xor));
        let (first, second) = folded.as_bytes().split_at(16);
        let chain = schedule.encrypt(first.try_into().unwrap());
        let sealed = schedule.encrypt(wide_xor(chain, second.try_into().unwrap()));
        let shown = compute(MacAlgorithm::Sm4Unionpay, &key, data).unwrap();
        assert_eq!(shown, &hex::encode_upper(sealed).as_bytes()[..8]);
    }

    /// Every algorithm against a key of every kind: only its own answer, and every answer depends on every byte.
    #[test]
    fn an_algorithm_answers_with_its_own_keys_only() {
        let bytes = "0123456789ABCDEFFEDCBA9876543210";
        let keys = [
            key_of(KeyAlgorithm::Des, &bytes[..16]),
            key_of(KeyAlgorithm::Tdes, bytes),
            key_of(KeyAlgorithm::Tdes, &[bytes, "89ABCDEF01234567"].concat()),
            key_of(KeyAlgorithm::Aes128, bytes),
            key_of(KeyAlgorithm::Aes256, &bytes.repeat(2)),
            key_of(KeyAlgorithm::Sm4, bytes),
            key_of(KeyAlgorithm::Hmac, bytes),
        ];
        for (algorithm, answers) in [
            (MacAlgorithm::UnionpayEcb, [true, true, false, false, false, false, false]),
            (MacAlgorithm::X919, [false, true, false, false, false, false, false]),
            (MacAlgorithm::X99, [true, false, false, false, false, false, false]),
            (MacAlgorithm::DesCbc, [true, true, true, false, false, false, false]),
            (MacAlgorithm::AesCmac, [false, false, false, true, true, false, false]),
            (MacAlgorithm::Sm4Unionpay, [false, false, false, false, false, true, false]),
            (MacAlgorithm::Sm4Cbc, [false, false, false, false, false, true, false]),
            (MacAlgorithm::HmacSha256, [false, false, false, false, false, false, true]),
        ] {
            for (key, answers) in keys.iter().zip(answers) {
                let message = *b"a message of some forty bytes, no more..";
                let mac = compute(algorithm, key, &message);
                assert_eq!(mac.is_some(), answers, "{algorithm:?} with {:?}", key.algorithm());
                for place in 0..message.len() {
                    let mut changed = message;
                    changed[place] ^= 1;
                    assert!(mac.is_none() || compute(algorithm, key, &changed) != mac, "{algorithm:?}, byte {place}");
                }
            }
        }
    }
}
