//! Key check values: the first bytes of eight zeros enciphered.
//!
//! Protects against: a key damaged, or deciphered under the wrong transport key, being used.
//! Does not protect against: someone who knows the transport key and makes keys of his own.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::tdes::{DES_BLOCK_BYTES, DesKey};

/// Fewest bytes compared: ANSI X9.24 check values have three; two would be guessed in 65,536 tries.
pub(crate) const MIN_CHECK_VALUE_BYTES: usize = 3;
/// Most bytes compared: UnionPay check values have four (protocols: A.10).
pub(crate) const MAX_CHECK_VALUE_BYTES: usize = 4;

/// The key gives this check value. False for a length other than three or four bytes.
pub(crate) fn fits(key: &DesKey, check_value: &[u8]) -> bool {
    if !(MIN_CHECK_VALUE_BYTES..=MAX_CHECK_VALUE_BYTES).contains(&check_value.len()) {
        return false;
    }
    let zeros = Zeroizing::new(key.schedule().encrypt([0; DES_BLOCK_BYTES]));
    zeros.get(..check_value.len()).is_some_and(|first| first.ct_eq(check_value).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::tdes::key;

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
            assert_eq!(fits(&key(key_text), &hex::decode(value).unwrap()), fit, "{value}");
        }
    }
}
