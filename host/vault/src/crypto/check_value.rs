//! Key check values: the first bytes of a block of zeros enciphered.
//!
//! Protects against: a key damaged, or deciphered under the wrong transport key, being used.
//! Does not protect against: someone who knows the transport key and makes keys of his own.

use engine::contract::template::MacAlgorithm;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::key::Key;
use super::mac;
use super::tdes::DES_BLOCK_BYTES;
use super::wide::WIDE_BLOCK_BYTES;

/// Fewest bytes compared: ANSI X9.24 check values have three; two would be guessed in 65,536 tries.
pub(crate) const MIN_CHECK_VALUE_BYTES: usize = 3;
/// Most bytes compared: UnionPay check values have four (protocols: A.10).
pub(crate) const MAX_CHECK_VALUE_BYTES: usize = 4;

/// The key gives this check value. False for a length other than three or four bytes. No standard gives the secret of an
/// HMAC such a value; here it is the first bytes of the HMAC of nothing, and of a key pair those of its fingerprint.
pub(crate) fn fits(key: &Key, check_value: &[u8]) -> bool {
    if !(MIN_CHECK_VALUE_BYTES..=MAX_CHECK_VALUE_BYTES).contains(&check_value.len()) {
        return false;
    }
    whole(key).get(..check_value.len()).is_some_and(|first| first.ct_eq(check_value).into())
}

/// What the check value is the beginning of.
pub(crate) fn whole(key: &Key) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(match key {
        Key::Des(key) => key.schedule().encrypt([0; DES_BLOCK_BYTES]).to_vec(),
        Key::Wide(key) => key.schedule().encrypt([0; WIDE_BLOCK_BYTES]).to_vec(),
        Key::Hmac(_) => mac::compute(MacAlgorithm::HmacSha256, key, &[]).unwrap_or_default(),
        Key::Pair(key) => key.fingerprint(),
    })
}

#[cfg(test)]
mod tests {
    use engine::contract::acquirer::KeyAlgorithm;

    use crate::crypto::key::key_of;

    use super::*;

    #[test]
    fn published_check_values_fit() {
        for (key_text, value, fit) in [
            ("0123456789ABCDEFFEDCBA9876543210", "08D7B4", true),
            ("0123456789ABCDEFFEDCBA9876543210", "08D7", false),
            ("0123456789ABCDEFFEDCBA9876543210", "", false),
            ("807A23AD32B36D457AE91FDF927570EA", "8D0A74B8", true),
            ("807A23AD32B36D457AE91FDF927570EA", "8D0A74B9", false),
            ("5BB5C72CD00B7338", "AB7153CA", true),
            ("6BABB0BFD9544AF7D50DEAEA7A23E38F", "CF9C35EA", true),
            ("73FE29329283FDF12540B6F80437C107", "21DD874E", true),
        ] {
            let algorithm = if key_text.len() == 16 { KeyAlgorithm::Des } else { KeyAlgorithm::Tdes };
            assert_eq!(fits(&key_of(algorithm, key_text), &hex::decode(value).unwrap()), fit, "{value}");
        }
    }

    /// protocols: E.4 and K7. The same bytes have another value under another cipher.
    #[test]
    fn check_values_under_sm4() {
        let bytes = "0123456789ABCDEFFEDCBA9876543210";
        let fits = |algorithm, text, value| fits(&key_of(algorithm, text), &hex::decode(value).unwrap());
        assert!(fits(KeyAlgorithm::Sm4, bytes, "2677F46B"));
        assert!(!fits(KeyAlgorithm::Tdes, bytes, "2677F46B"));
        assert!(!fits(KeyAlgorithm::Aes128, bytes, "2677F46B"));
        assert!(!fits(KeyAlgorithm::Hmac, bytes, "2677F46B"));
        // HMAC-SHA256 of nothing under these 16 bytes, by Python's hmac.
        assert!(fits(KeyAlgorithm::Hmac, bytes, "DCC3C812"));
        assert!(fits(KeyAlgorithm::Sm4, "F351D490994603795C6EBEE8FAEBB481", "861E83E3"));
    }
}
