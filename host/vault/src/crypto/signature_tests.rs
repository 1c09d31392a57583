//! Published vectors, signatures that OpenSSL 3 made, and everything that must not fit.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use zeroize::Zeroizing;

use super::*;
use crate::PemKey;

const ALL: [SignatureAlgorithm; 5] = [
    SignatureAlgorithm::RsaSha256,
    SignatureAlgorithm::RsaPssSha256,
    SignatureAlgorithm::EcdsaP256Sha256,
    SignatureAlgorithm::Ed25519,
    SignatureAlgorithm::Sm2Sm3,
];
/// What OpenSSL signed.
const MESSAGE: &[u8] = b"amount=1234&order=42";
/// SubjectPublicKeyInfo of a point on P-256 and on SM2's curve, and of an Ed25519 key, up to the key itself.
const P256_INFO: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
const SM2_INFO: &str = "3059301306072a8648ce3d020106082a811ccf5501822d034200";
const ED25519_INFO: &str = "302a300506032b6570032100";

fn of_hex(text: &str) -> SecretBytes {
    Zeroizing::new(hex::decode(text.trim()).unwrap()).into()
}

fn der(pem: &str) -> SecretBytes {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    Zeroizing::new(crate::crypto::base64::decode(body.as_bytes()).unwrap()).into()
}

macro_rules! key {
    ($name:literal) => {
        der(include_str!(concat!("signature_keys/", $name, ".pem")))
    };
}

/// Keys made for these tests and used nowhere else.
fn pair(algorithm: KeyAlgorithm) -> (PairKey, PairKey) {
    let (private, public) = match algorithm {
        KeyAlgorithm::Rsa => (key!("rsa-2048"), key!("rsa-2048.pub")),
        KeyAlgorithm::P256 => (key!("p256"), key!("p256.pub")),
        KeyAlgorithm::Ed25519 => (key!("ed25519"), key!("ed25519.pub")),
        KeyAlgorithm::Sm2 => (key!("sm2"), key!("sm2.pub")),
        other => panic!("{other:?} has no pairs"),
    };
    (PairKey::private(private).unwrap(), PairKey::public(public).unwrap())
}

fn check_public_vector(algorithm: SignatureAlgorithm, public: &str, message: &[u8], signature: &str) {
    let key = PairKey::public(of_hex(public)).unwrap();
    let signature = hex::decode(signature).unwrap();
    assert_eq!(verify(algorithm, &key, message, &signature), Some(true), "{algorithm:?}");
    assert_eq!(verify(algorithm, &key, &[message, b"!"].concat(), &signature), Some(false), "{algorithm:?}");
}

#[test]
fn published_vectors() {
    // RFC 8032, section 7.1, test 2.
    let (public, signature) = (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    check_public_vector(SignatureAlgorithm::Ed25519, &[ED25519_INFO, public].concat(), b"\x72", signature);
    let private = "302e020100300506032b6570042204204ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let private = PairKey::private(of_hex(private)).unwrap();
    let made = sign(SignatureAlgorithm::Ed25519, &private, b"\x72").map(hex::encode);
    assert_eq!(made.as_deref(), Some(signature));

    // RFC 6979, A.2.5, SHA-256, "sample".
    check_public_vector(
        SignatureAlgorithm::EcdsaP256Sha256,
        &[
            P256_INFO,
            "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
            "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        ]
        .concat(),
        b"sample",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
         F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    );

    // GM/T 0003.5-2012, annex A: the curve everybody uses, user id of GM/T 0009.
    check_public_vector(
        SignatureAlgorithm::Sm2Sm3,
        &[
            SM2_INFO,
            "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
            "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13",
        ]
        .concat(),
        b"message digest",
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3\
         B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA",
    );
}

#[test]
fn signatures_that_openssl_made_fit() {
    for (algorithm, signature) in [
        (SignatureAlgorithm::RsaSha256, include_str!("signature_keys/rsa-sha256.hex")),
        (SignatureAlgorithm::RsaPssSha256, include_str!("signature_keys/rsa-pss-sha256.hex")),
        (
            SignatureAlgorithm::Ed25519,
            "15958290143c54b62a5b5d1c65fb120a8df322f47bc6be9c9f0b16ced2f303ae\
             e4c49439dec9411ed5c526b61b1e05d17c7de4febed392934d0ff1293bd55905",
        ),
        (
            SignatureAlgorithm::EcdsaP256Sha256,
            "1243a9658f6e20e0ef60d109f0eef15158b9342359622d0c6e56394cc1a7df51\
             63fb3affb4e069da2a23134a04ad421e39aaeb221843546394693fab3fff78b0",
        ),
        (
            SignatureAlgorithm::Sm2Sm3,
            "1e8f3aa5867ceddccfb9b1da23c72b4fcfec7932a0ae10a0de4cf5037818feb9\
             658f1145fa29b4192948e0f2a36006211adc44acde80f27c300389bc2fb31ac8",
        ),
    ] {
        let (private, public) = pair(key_of(algorithm));
        assert_eq!(verify(algorithm, &public, MESSAGE, of_hex(signature).reveal()), Some(true), "{algorithm:?}");
        assert!(private.is_of_pair(&public) && private.public_info() == public.reveal(), "{algorithm:?}");
    }
}

/// Every signature against every key, and with every byte of it changed: only its own fits.
#[test]
fn a_signature_fits_its_message_its_key_and_its_algorithm_only() {
    for algorithm in ALL {
        let (private, public) = pair(key_of(algorithm));
        let made = sign(algorithm, &private, MESSAGE).unwrap();
        assert_eq!(verify(algorithm, &public, MESSAGE, &made), Some(true), "{algorithm:?}");
        for place in 0..made.len() {
            let mut changed = made.clone();
            changed[place] ^= 1;
            assert_eq!(verify(algorithm, &public, MESSAGE, &changed), Some(false), "{algorithm:?}, byte {place}");
        }
        for place in 0..MESSAGE.len() {
            let mut changed = MESSAGE.to_vec();
            changed[place] ^= 0x80;
            assert_eq!(verify(algorithm, &public, &changed, &made), Some(false), "{algorithm:?}, byte {place}");
        }
        for cut in [&made[..0], &made[1..], &made[..made.len() - 1], &[&made[..], &[0]].concat()] {
            assert_eq!(verify(algorithm, &public, MESSAGE, cut), Some(false), "{algorithm:?}");
        }
        for other in ALL.into_iter().filter(|other| *other != algorithm) {
            let (private, public) = pair(key_of(other));
            assert_eq!(verify(other, &public, MESSAGE, &made), Some(false), "{algorithm:?} as {other:?}");
            if key_of(other) != key_of(algorithm) {
                assert_eq!(verify(algorithm, &public, MESSAGE, &made), None, "{algorithm:?} under {other:?}");
                assert_eq!(sign(algorithm, &private, MESSAGE), None, "{algorithm:?} under {other:?}");
            }
        }
        assert_eq!(sign(algorithm, &public, MESSAGE), None, "a public half signs nothing");
        assert_eq!(verify(algorithm, &private, MESSAGE, &made), None, "a private half is not compared with");
    }
}

#[test]
fn a_changed_public_key_fits_nothing() {
    for algorithm in ALL {
        let (private, public) = pair(key_of(algorithm));
        let made = sign(algorithm, &private, MESSAGE).unwrap();
        let whole = public.reveal();
        for place in 0..whole.len() {
            let mut changed = whole.to_vec();
            changed[place] ^= 1;
            let Ok(key) = PairKey::public(SecretBytes::copy_of(&changed)) else { continue };
            assert_ne!(verify(algorithm, &key, MESSAGE, &made), Some(true), "{algorithm:?}, byte {place}");
        }
    }
}

#[test]
fn short_rsa_keys_are_refused() {
    for key in ["rsa-1024", "rsa-1024.pub"] {
        let text = match key {
            "rsa-1024" => include_str!("signature_keys/rsa-1024.pem"),
            _ => include_str!("signature_keys/rsa-1024.pub.pem"),
        };
        assert_eq!(PemKey::parse(text).map(drop), Err(PairError::RsaLength), "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A key with any of its bytes changed, and any bytes: a key or an error, and no panic when it is used.
    #[test]
    fn a_changed_key_is_a_key_or_an_error(
        which in 0..ALL.len(),
        changes in vec((any::<Index>(), any::<u8>()), 1..4),
        garbage in vec(any::<u8>(), 0..300),
    ) {
        let (private, public) = pair(key_of(ALL[which]));
        for der in [private.reveal(), public.reveal()] {
            let mut changed = der.to_vec();
            for (place, byte) in &changes {
                *place.get_mut(&mut changed) = *byte;
            }
            if let Some(key) = PairKey::restored(SecretBytes::copy_of(&changed)) {
                let _ = (sign(ALL[which], &key, MESSAGE), verify(ALL[which], &key, MESSAGE, &garbage));
            }
        }
        prop_assert!(PairKey::restored(SecretBytes::copy_of(&garbage)).is_none());
        let _ = PemKey::parse(&String::from_utf8_lossy(&garbage));
    }
}

/// Cut short, a key is none.
#[test]
fn damaged_keys_are_no_keys() {
    for algorithm in ALL {
        let (private, public) = pair(key_of(algorithm));
        for length in 0..public.reveal().len() {
            assert!(PairKey::public(SecretBytes::copy_of(&public.reveal()[..length])).is_err());
        }
        for length in (0..private.reveal().len()).step_by(7) {
            assert!(PairKey::private(SecretBytes::copy_of(&private.reveal()[..length])).is_err());
        }
        assert!(PairKey::private(SecretBytes::copy_of(public.reveal())).is_err());
        assert!(PairKey::public(SecretBytes::copy_of(private.reveal())).is_err());
        assert!(PairKey::restored(private.der.clone()).is_some_and(|key| key.is_private()));
        assert!(PairKey::restored(public.der.clone()).is_some_and(|key| !key.is_private()));
    }
}
