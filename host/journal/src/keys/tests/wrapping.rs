use proptest::prelude::*;

use super::super::{FixedKey, KeyError, KeyWrap, MAX_WRAPPED_BYTES, Scheme};
use super::{counting_key, hex};

/// Made by a few lines of Python (`cryptography`: HKDF and ChaCha20Poly1305) from the description in `wrapped.rs`.
const WRITTEN_ELSEWHERE: &str = "ff01 c88e9ed6c940c21c d865d0db4ac609d7516960f9 \
    411d140c372419e8824d0fef0de1d9a13de9a267dddd218895dbef15c8660799c65cbba79205efbfa9c39ab48c289ab0";

#[test]
fn a_wrapped_key_has_the_bytes_that_are_described() {
    let wrapped = FixedKey::new(7).wrap(&counting_key(), b"context").unwrap();
    assert_eq!(wrapped, hex(WRITTEN_ELSEWHERE));
    assert!(wrapped.len() <= MAX_WRAPPED_BYTES);
    assert_eq!(FixedKey::new(7).unwrap(&wrapped, b"context").unwrap(), counting_key());
}

#[test]
fn every_changed_bit_and_every_missing_byte_is_noticed_and_blamed() {
    let keeper = FixedKey::new(7);
    let wrapped = keeper.wrap(&counting_key(), b"context").unwrap();
    for bit in 0..wrapped.len() * 8 {
        let mut changed = wrapped.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let error = keeper.unwrap(&changed, b"context").unwrap_err();
        let expected = match bit / 8 {
            0 => matches!(error, KeyError::UnknownScheme { version: 1, .. } | KeyError::OtherScheme { .. }),
            1 => matches!(error, KeyError::UnknownScheme { scheme: 255, .. }),
            2..10 => matches!(error, KeyError::OtherKey { .. }),
            _ => matches!(error, KeyError::DamagedWrapping),
        };
        assert!(expected, "bit {bit}: {error}");
    }
    for length in 0..wrapped.len() {
        assert!(matches!(keeper.unwrap(&wrapped[..length], b"context"), Err(KeyError::DamagedWrapping)), "{length}");
    }
    let longer = [wrapped.as_slice(), &[0]].concat();
    assert!(matches!(keeper.unwrap(&longer, b"context"), Err(KeyError::DamagedWrapping)));
}

#[test]
fn a_key_is_not_unwrapped_in_another_place() {
    let keeper = FixedKey::new(7);
    let wrapped = keeper.wrap(&counting_key(), b"segment 4, cards").unwrap();
    for context in [b"segment 4, records".as_slice(), b"segment 5, cards", b"", b"segment 4, cards\0"] {
        let error = keeper.unwrap(&wrapped, context).unwrap_err();
        assert_eq!(error.to_string(), "storage: a wrapped key is damaged, or was moved here from another place");
    }
}

#[test]
fn the_wrong_key_is_the_operators_to_put_right() {
    let wrapped = FixedKey::new(7).wrap(&counting_key(), b"").unwrap();
    let error = FixedKey::new(8).unwrap(&wrapped, b"").unwrap_err().to_string();
    assert!(
        error.starts_with("operator: this journal's keys are under key c88e9ed6c940c21c, and the fixed key"),
        "{error}"
    );
}

#[test]
fn the_wrong_kind_of_keeper_is_named() {
    let mut wrapped = FixedKey::new(7).wrap(&counting_key(), b"").unwrap();
    wrapped[0] = 2;
    let error = FixedKey::new(7).unwrap(&wrapped, b"").unwrap_err().to_string();
    let expected = "operator: this journal's keys are under a key in the kernel's keyring, and the journal was opened with \
        the fixed key of tests; name that one";
    assert_eq!(error, expected);
    assert_eq!(Scheme::of(&wrapped), Some(Scheme::Keyring));
    assert_eq!((Scheme::of(&[]), Scheme::of(&[0])), (None, None));
    wrapped[0] = 77;
    let error = FixedKey::new(7).unwrap(&wrapped, b"").unwrap_err().to_string();
    assert!(error.contains("does not know (scheme 77, version 1); open it with the program that wrote it"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_a_key_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300), scheme in 0..3_usize) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = [1, 255, *first][scheme];
        }
        prop_assert!(FixedKey::new(7).unwrap(&bytes, b"context").is_err());
    }
}
