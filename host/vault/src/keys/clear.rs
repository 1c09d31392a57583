//! A transport key in clear, on its way from the person who loads it into the store.
//!
//! Protects against: the key printed or left in freed memory.
//! Does not protect against: the people who bring the components, if they show them to each other.

use engine::contract::acquirer::KeyAlgorithm;
use engine::contract::template::MacAlgorithm;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::crypto::dukpt::{InitialKey, Purpose};
use crate::crypto::key::Key;
use crate::crypto::tdes::DesKey;
use crate::crypto::{check_value, mac};
use crate::secret::redacted;

/// Why text is not a key. Holds none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClearKeyError {
    /// Not 16, 24 or 32 bytes of hex.
    #[error("a transport key is 32, 48 or 64 hex digits; single-length DES is not accepted")]
    Shape,
    /// Components of different lengths, or fewer than two.
    #[error("key components must be at least two, and equally long")]
    Components,
    /// Single-length keys in disguise.
    #[error("this key is weak: its halves are equal, so it is no stronger than single DES")]
    Weak,
}

/// A key of 16, 24 or 32 bytes in clear; the slot it is loaded into says of which algorithm.
pub struct ClearKey(pub(super) Zeroizing<Vec<u8>>);

impl ClearKey {
    /// Parses 32, 48 or 64 hex digits.
    pub fn from_hex(text: &str) -> Result<Self, ClearKeyError> {
        Self::new(bytes_of(text)?)
    }

    /// Combines components by exclusive or, as key custodians bring them: each 32, 48 or 64 hex digits.
    pub fn from_components(components: &[&str]) -> Result<Self, ClearKeyError> {
        let parsed = components.iter().map(|text| bytes_of(text)).collect::<Result<Vec<_>, _>>()?;
        Self::of_components(&parsed)
    }

    /// The same of bytes.
    pub(super) fn of_components(components: &[Zeroizing<Vec<u8>>]) -> Result<Self, ClearKeyError> {
        let (first, rest) =
            components.split_first().filter(|(_, rest)| !rest.is_empty()).ok_or(ClearKeyError::Components)?;
        let mut combined = first.clone();
        for component in rest {
            if component.len() != combined.len() {
                return Err(ClearKeyError::Components);
            }
            combined.iter_mut().zip(component.iter()).for_each(|(to, from)| *to ^= from);
        }
        Self::new(combined)
    }

    fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, ClearKeyError> {
        match bytes.len() {
            16 | 24 if DesKey::new(bytes.clone()).is_some_and(|key| key.is_weak()) => Err(ClearKeyError::Weak),
            16 | 24 | 32 => Ok(Self(bytes)),
            _ => Err(ClearKeyError::Shape),
        }
    }
}

/// What the other end of a line computes, for those who play it: with a key they bring, never with one the vault keeps.
impl ClearKey {
    /// The first three bytes of its check value, as a key of this algorithm; `None` where it cannot be one.
    pub fn check_value(&self, algorithm: KeyAlgorithm) -> Option<[u8; check_value::MIN_CHECK_VALUE_BYTES]> {
        let key = Key::new(algorithm, self.0.clone())?;
        check_value::whole(&key).first_chunk().copied()
    }

    /// The MAC over `data`, as a key of this algorithm; `None` where key and MAC do not go together.
    pub fn mac(&self, algorithm: KeyAlgorithm, mac: MacAlgorithm, data: &[u8]) -> Option<Vec<u8>> {
        mac::compute(mac, &Key::new(algorithm, self.0.clone())?, data)
    }

    /// The MAC over a message that came with this key serial number, or over the answer to it, where this is the initial
    /// key of a DUKPT slot (ANSI X9.24-1 and -3); `None` where key, number and MAC do not go together.
    pub fn dukpt_mac(
        &self,
        algorithm: KeyAlgorithm,
        mac: MacAlgorithm,
        serial: &[u8],
        is_answer: bool,
        data: &[u8],
    ) -> Option<Vec<u8>> {
        let (initial, counter) = InitialKey::parse(&Key::new(algorithm, self.0.clone())?, serial)?;
        let purpose = if is_answer { Purpose::MacResponse } else { Purpose::MacRequest };
        mac::compute(mac, &initial.key(counter, purpose)?, data)
    }
}

redacted!(ClearKey);

fn bytes_of(text: &str) -> Result<Zeroizing<Vec<u8>>, ClearKeyError> {
    let mut bytes = Zeroizing::new(vec![0; text.len() / 2]);
    hex::decode_to_slice(text, &mut bytes).map_err(|_| ClearKeyError::Shape)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// protocols: K2, two components of a published zone master key.
    #[test]
    fn components_combine() {
        let key = ClearKey::from_components(&["DA3DA723587662DF62DA4FD3858651C4", "97E6ECEFD0B00D98B0C701DAEA94A764"]);
        assert_eq!(hex::encode_upper(&*key.unwrap().0), "4DDB4BCC88C66F47D21D4E096F12F6A0");
    }

    /// protocols: A.11, MAC-2, over a known text; the check value is the published one of this key.
    #[test]
    fn the_other_end_of_a_line_computes_the_same() {
        let key = ClearKey::from_hex("AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB").unwrap();
        let mac = key.mac(KeyAlgorithm::Tdes, MacAlgorithm::X919, b"hello world").map(hex::encode_upper);
        assert_eq!(mac.as_deref(), Some("78DA3D3DEB48FD4D"));
        assert_eq!(key.mac(KeyAlgorithm::Hmac, MacAlgorithm::X919, b"hello world"), None);
        let key = ClearKey::from_hex("0123456789ABCDEFFEDCBA9876543210").unwrap();
        assert_eq!(key.check_value(KeyAlgorithm::Tdes), Some([0x08, 0xD7, 0xB4]));
        assert_eq!(key.check_value(KeyAlgorithm::Aes256), None);
    }

    #[test]
    fn a_message_and_its_answer_have_keys_of_their_own() {
        let key = ClearKey::from_hex("0123456789ABCDEFFEDCBA9876543210").unwrap();
        for (algorithm, mac, serials) in [
            (KeyAlgorithm::Aes128, MacAlgorithm::AesCmac, ["123456789012345600000001", "123456789012345600000002"]),
            (KeyAlgorithm::Tdes, MacAlgorithm::X919, ["FFFF9876543210E00001", "FFFF9876543210E00002"]),
        ] {
            let [one, two] = serials.map(|serial| hex::decode(serial).unwrap());
            let made = |serial: &[u8], is_answer| key.dukpt_mac(algorithm, mac, serial, is_answer, b"hello world");
            let macs =
                [made(&one, false), made(&one, true), made(&two, false), key.mac(algorithm, mac, b"hello world")];
            let different: std::collections::BTreeSet<_> = macs.iter().collect();
            assert!(macs.iter().all(Option::is_some) && different.len() == 4, "{algorithm:?}");
            assert_eq!(made(&one[1..], false), None);
        }
    }

    #[test]
    fn wrong_shapes_are_told_apart() {
        let wrong = |text| ClearKey::from_hex(text).map(drop);
        assert_eq!(wrong("0123456789ABCDEF"), Err(ClearKeyError::Shape));
        assert_eq!(wrong("0123456789ABCDEFFEDCBA987654321"), Err(ClearKeyError::Shape));
        assert_eq!(wrong("0123456789ABCDEFFEDCBA987654321G"), Err(ClearKeyError::Shape));
        assert_eq!(wrong("0123456789ABCDEF0022446688AACCEE"), Err(ClearKeyError::Weak));
        let combine = |parts: &[&str]| ClearKey::from_components(parts).map(drop);
        assert_eq!(combine(&["0123456789ABCDEFFEDCBA9876543210"]), Err(ClearKeyError::Components));
        assert_eq!(combine(&["0123456789ABCDEFFEDCBA9876543210", "0123"]), Err(ClearKeyError::Components));
    }

    proptest! {
        #[test]
        fn any_text_is_a_component_or_an_error(
            one in prop_oneof!["[0-9A-Fa-f]{32}", "[0-9A-F]{0,70}", ".{0,40}"],
            two in prop_oneof!["[0-9A-Fa-f]{32}", ".{0,40}"],
        ) {
            if let Ok(ClearKey(bytes)) = ClearKey::from_hex(&one) {
                prop_assert!(hex::encode(&*bytes).eq_ignore_ascii_case(&one));
            }
            if let Ok(ClearKey(bytes)) = ClearKey::from_components(&[&one, &two]) {
                prop_assert!(bytes.len() * 2 == one.len() && one.len() == two.len());
            }
        }
    }
}
