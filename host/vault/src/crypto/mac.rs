//! Message authentication codes of the field.
//!
//! Protects against: a message changed on its way by someone without the key.
//! Does not protect against: a replay (the echoes of a proof are for that), or guessing: `UnionpayEcb` gives 32 bits.

use engine::contract::template::MacAlgorithm;

use super::tdes::{DES_BLOCK_BYTES, DesKey, xor, zero_padded};

/// Bytes of a MAC by either algorithm: eight hex characters, or eight raw bytes.
pub(crate) const MAC_BYTES: usize = 8;

/// This version can make MACs by this algorithm.
pub(crate) fn is_supported(algorithm: MacAlgorithm) -> bool {
    matches!(algorithm, MacAlgorithm::UnionpayEcb | MacAlgorithm::X919 | MacAlgorithm::X99 | MacAlgorithm::DesCbc)
}

/// The algorithm works with a key of this many bytes.
pub(crate) fn takes_key_of(algorithm: MacAlgorithm, key_bytes: usize) -> bool {
    match algorithm {
        MacAlgorithm::UnionpayEcb => matches!(key_bytes, 8 | 16),
        MacAlgorithm::X919 => key_bytes == 16,
        MacAlgorithm::X99 => key_bytes == 8,
        MacAlgorithm::DesCbc => matches!(key_bytes, 8 | 16 | 24),
        _ => false,
    }
}

/// The MAC over `data`; `None` where algorithm and key do not go together.
pub(crate) fn compute(algorithm: MacAlgorithm, key: &DesKey, data: &[u8]) -> Option<[u8; MAC_BYTES]> {
    match algorithm {
        MacAlgorithm::UnionpayEcb => Some(unionpay_ecb(key, data)),
        MacAlgorithm::X919 => x919(key, data),
        MacAlgorithm::X99 | MacAlgorithm::DesCbc => takes_key_of(algorithm, key.len()).then(|| cbc(key, data)),
        _ => None,
    }
}

/// protocols: A.11, MAC-1. The blocks' exclusive or, in hex, enciphered half by half; the first half of the result, in
/// hex.
fn unionpay_ecb(key: &DesKey, data: &[u8]) -> [u8; MAC_BYTES] {
    let folded = zero_padded(data).fold([0; DES_BLOCK_BYTES], xor);
    let [first, second] = hex_halves(folded);
    let schedule = key.schedule();
    let [shown, _] = hex_halves(schedule.encrypt(xor(schedule.encrypt(first), second)));
    shown
}

/// protocols: A.11, MAC-2; ISO 9797-1 algorithm 3 with padding 1, eight raw bytes.
fn x919(key: &DesKey, data: &[u8]) -> Option<[u8; MAC_BYTES]> {
    let (left, right) = key.halves()?;
    Some(left.schedule().encrypt(right.schedule().decrypt(cbc(&left, data))))
}

/// protocols: A.11, MAC-3; ISO 9797-1 algorithm 1 with padding 1, eight raw bytes.
fn cbc(key: &DesKey, data: &[u8]) -> [u8; DES_BLOCK_BYTES] {
    let schedule = key.schedule();
    zero_padded(data).fold([0; DES_BLOCK_BYTES], |chain, block| schedule.encrypt(xor(chain, block)))
}

/// A block as sixteen upper-case hex characters, in two blocks.
fn hex_halves(block: [u8; DES_BLOCK_BYTES]) -> [[u8; DES_BLOCK_BYTES]; 2] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut halves = [[0; DES_BLOCK_BYTES]; 2];
    for (pair, byte) in halves.as_flattened_mut().chunks_mut(2).zip(block) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::tdes::key;

    /// The body of a published sale with its card number replaced by synthetic digits (protocols: K4s).
    const K4S: &str = "0200302004C020C0981100000000000000005100183402100006326200000123456787D3012101000000393136363838303134\
        303030303030303030303030303030313536ACF46E73838A82F92600000000000000000822000001";
    /// A published reversal without its MAC (protocols: U4).
    const U4: &str = "04007038048002C0801916123456789012345600000000000000050068118623352105290210653938617874657374332D3330\
        3635383130353439393030303331353600082216052900162334156811860529";
    const DOUBLE: &str = "73FE29329283FDF12540B6F80437C107";
    const SINGLE: &str = "C24A8FB57AA20123";

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
            assert_eq!(std::str::from_utf8(&made), Ok(mac));
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
        assert_eq!(made.map(hex::encode_upper).as_deref(), Some("AB086FB33C884186"));
        assert_eq!(made, compute(MacAlgorithm::DesCbc, &single, b"hello world"));
    }
}
