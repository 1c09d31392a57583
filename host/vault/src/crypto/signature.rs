//! Signatures, and the halves of key pairs that make and check them.
//!
//! Protects against: a message changed on its way by anybody without the private half; a pair of one algorithm used under
//! another (its own encoding says what it is of); RSA keys that are too short.
//! Does not protect against: a replay (the echoes of a proof are for that), or whoever holds the public half and the
//! signature, and tries guesses at what was signed.

use engine::contract::acquirer::KeyAlgorithm;
use engine::contract::template::SignatureAlgorithm;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    UnparsedPublicKey, VerificationAlgorithm,
};
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::elliptic_curve::sec1::ToSec1Point as _;
use sm2::pkcs8::{DecodePrivateKey as _, PrivateKeyInfoRef};
use spki::der::asn1::{AnyRef, BitStringRef, UintRef};
use spki::der::{Encode as _, Reader as _, SliceReader};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};
use thiserror::Error;

use crate::secret::{SecretBytes, redacted};

/// Fewest bits of an RSA modulus: NIST SP 800-131A allows none shorter for new signatures.
const MIN_RSA_BITS: usize = 2_048;
/// Most bits of an RSA modulus: what the verifier takes.
const MAX_RSA_BITS: usize = 8_192;
/// Most bytes of an encoded key: more than the longest RSA key that signs (4,096 bits).
pub(crate) const MAX_PAIR_BYTES: usize = 4_096;
/// Who signs, where both ends agreed on nothing else (GM/T 0009-2012, section 10).
const SM2_USER_ID: &str = "1234567812345678";
/// Opens a point that is written with both coordinates (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;
/// Bytes of such a point on a curve of 256 bits.
const POINT_BYTES: usize = 65;
/// Bytes of an Ed25519 public key (RFC 8032, 5.1.5).
const ED25519_BYTES: usize = 32;

/// How the encodings name the algorithms: RFC 8017 A.1; RFC 5480 2.1.1; RFC 8410 3; GM/T 0006.
static IDENTIFIERS: [(KeyAlgorithm, ObjectIdentifier, Option<ObjectIdentifier>); 4] = [
    (KeyAlgorithm::Rsa, ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"), None),
    (
        KeyAlgorithm::P256,
        ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"),
        Some(ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7")),
    ),
    (KeyAlgorithm::Ed25519, ObjectIdentifier::new_unwrap("1.3.101.112"), None),
    (
        KeyAlgorithm::Sm2,
        ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"),
        Some(ObjectIdentifier::new_unwrap("1.2.156.10197.1.301")),
    ),
];

/// Why something is no half of a key pair. Holds none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PairError {
    /// No PEM of the two kinds.
    #[error(
        "a key pair's half is PEM: a PRIVATE KEY (PKCS #8, neither encrypted nor of an older form) or a PUBLIC KEY; \
         `openssl pkcs8 -topk8 -nocrypt` makes the first of others"
    )]
    Label,
    /// Not what its label says.
    #[error("the key cannot be read: it is damaged, or a private half without its public one")]
    Unreadable,
    /// None of ours.
    #[error("the key is of an algorithm other than RSA, ECDSA P-256, Ed25519 and SM2")]
    Algorithm,
    /// RSA keys that can be factored, or that nothing here takes.
    #[error("an RSA key has {MIN_RSA_BITS} to {MAX_RSA_BITS} bits, and one that signs at most 4096")]
    RsaLength,
}

/// The algorithm of the keys that make this signature.
pub(crate) fn key_of(signature: SignatureAlgorithm) -> KeyAlgorithm {
    match signature {
        SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::RsaPssSha256 => KeyAlgorithm::Rsa,
        SignatureAlgorithm::EcdsaP256Sha256 => KeyAlgorithm::P256,
        SignatureAlgorithm::Ed25519 => KeyAlgorithm::Ed25519,
        SignatureAlgorithm::Sm2Sm3 => KeyAlgorithm::Sm2,
    }
}

/// One half of a key pair.
#[derive(Clone)]
pub(crate) struct PairKey {
    algorithm: KeyAlgorithm,
    is_private: bool,
    /// As it was loaded: PKCS #8, or a SubjectPublicKeyInfo.
    der: SecretBytes,
    /// The public half, as its algorithm writes it.
    public: Vec<u8>,
}

redacted!(PairKey);

impl PairKey {
    /// A private half, in PKCS #8 with its public half in it where it is one of a curve.
    pub(crate) fn private(der: SecretBytes) -> Result<Self, PairError> {
        let info = PrivateKeyInfoRef::try_from(der.reveal()).map_err(|_| PairError::Unreadable)?;
        let algorithm = algorithm_of(&info.algorithm)?;
        let public = public_of(algorithm, der.reveal())?;
        Ok(Self { algorithm, is_private: true, der, public })
    }

    /// A public half, as a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
    pub(crate) fn public(der: SecretBytes) -> Result<Self, PairError> {
        let info = SubjectPublicKeyInfoRef::try_from(der.reveal()).map_err(|_| PairError::Unreadable)?;
        let algorithm = algorithm_of(&info.algorithm)?;
        let public = info.subject_public_key.as_bytes().ok_or(PairError::Unreadable)?.to_vec();
        check_public(algorithm, &public)?;
        Ok(Self { algorithm, is_private: false, der, public })
    }

    /// Either half, as it was kept.
    pub(crate) fn restored(der: SecretBytes) -> Option<Self> {
        Self::private(der.clone()).or_else(|_| Self::public(der)).ok()
    }

    pub(crate) fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    pub(crate) fn is_private(&self) -> bool {
        self.is_private
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.der.reveal()
    }

    /// Both are halves of one pair, or the same half.
    pub(crate) fn is_of_pair(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.public == other.public
    }

    /// The public half, as a SubjectPublicKeyInfo.
    pub(crate) fn public_info(&self) -> Vec<u8> {
        info_of(self.algorithm, &self.public).unwrap_or_default()
    }

    /// SHA-256 of the public half's SubjectPublicKeyInfo: what two people compare.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        digest(&SHA256, &self.public_info()).as_ref().to_vec()
    }
}

/// Signs; `None` where the key is no private half of the algorithm. Of ECDSA and SM2 it is both numbers, 32 bytes each,
/// so that every signature has the length its key gives it.
pub(crate) fn sign(algorithm: SignatureAlgorithm, key: &PairKey, message: &[u8]) -> Option<Vec<u8>> {
    if !key.is_private || key.algorithm != key_of(algorithm) {
        return None;
    }
    let (der, random) = (key.der.reveal(), SystemRandom::new());
    match algorithm {
        SignatureAlgorithm::RsaSha256 => sign_rsa(&RSA_PKCS1_SHA256, der, message),
        SignatureAlgorithm::RsaPssSha256 => sign_rsa(&RSA_PSS_SHA256, der, message),
        SignatureAlgorithm::EcdsaP256Sha256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random).ok()?;
            pair.sign(&random, message).ok().map(|made| made.as_ref().to_vec())
        }
        SignatureAlgorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
            Some(pair.sign(message).as_ref().to_vec())
        }
        SignatureAlgorithm::Sm2Sm3 => {
            let secret = sm2::SecretKey::from_pkcs8_der(der).ok()?;
            let pair = sm2::dsa::SigningKey::new(SM2_USER_ID, &secret).ok()?;
            let made: sm2::dsa::Signature = pair.try_sign(message).ok()?;
            Some(made.to_bytes().to_vec())
        }
    }
}

/// The signature fits; `None` where the key is no public half of the algorithm.
pub(crate) fn verify(algorithm: SignatureAlgorithm, key: &PairKey, message: &[u8], claimed: &[u8]) -> Option<bool> {
    if key.is_private || key.algorithm != key_of(algorithm) {
        return None;
    }
    let by_ring = |algorithm: &'static dyn VerificationAlgorithm| {
        UnparsedPublicKey::new(algorithm, &key.public).verify(message, claimed).is_ok()
    };
    Some(match algorithm {
        SignatureAlgorithm::RsaSha256 => by_ring(&RSA_PKCS1_2048_8192_SHA256),
        SignatureAlgorithm::RsaPssSha256 => by_ring(&RSA_PSS_2048_8192_SHA256),
        SignatureAlgorithm::EcdsaP256Sha256 => by_ring(&ECDSA_P256_SHA256_FIXED),
        SignatureAlgorithm::Ed25519 => by_ring(&ED25519),
        SignatureAlgorithm::Sm2Sm3 => {
            let key = sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_USER_ID, &key.public).ok()?;
            let claimed = sm2::dsa::Signature::from_slice(claimed);
            claimed.is_ok_and(|claimed| key.verify(message, &claimed).is_ok())
        }
    })
}

fn sign_rsa(padding: &'static dyn RsaEncoding, der: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let pair = RsaKeyPair::from_pkcs8(der).ok()?;
    let mut made = vec![0; pair.public().modulus_len()];
    pair.sign(padding, &SystemRandom::new(), message, &mut made).ok()?;
    Some(made)
}

fn algorithm_of(identifier: &AlgorithmIdentifierRef<'_>) -> Result<KeyAlgorithm, PairError> {
    let (oid, curve) = identifier.oids().map_err(|_| PairError::Algorithm)?;
    let known = IDENTIFIERS.iter().find(|(_, known, of)| *known == oid && *of == curve);
    known.map(|(algorithm, ..)| *algorithm).ok_or(PairError::Algorithm)
}

/// The public half of a private one in PKCS #8.
fn public_of(algorithm: KeyAlgorithm, der: &[u8]) -> Result<Vec<u8>, PairError> {
    match algorithm {
        KeyAlgorithm::Rsa => {
            // The library names lengths it refuses by these words and tells nothing else apart.
            let why = |why: ring::error::KeyRejected| match why.to_string().as_str() {
                "TooSmall" | "TooLarge" => PairError::RsaLength,
                _ => PairError::Unreadable,
            };
            RsaKeyPair::from_pkcs8(der).map(|pair| pair.public_key().as_ref().to_vec()).map_err(why)
        }
        KeyAlgorithm::P256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new());
            pair.map(|pair| pair.public_key().as_ref().to_vec()).map_err(|_| PairError::Unreadable)
        }
        KeyAlgorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der);
            pair.map(|pair| pair.public_key().as_ref().to_vec()).map_err(|_| PairError::Unreadable)
        }
        KeyAlgorithm::Sm2 => {
            let secret = sm2::SecretKey::from_pkcs8_der(der).map_err(|_| PairError::Unreadable)?;
            Ok(secret.public_key().to_sec1_point(false).as_bytes().to_vec())
        }
        _ => Err(PairError::Algorithm),
    }
}

fn check_public(algorithm: KeyAlgorithm, public: &[u8]) -> Result<(), PairError> {
    let is_point = public.len() == POINT_BYTES && public.first() == Some(&UNCOMPRESSED);
    let is_readable = match algorithm {
        KeyAlgorithm::Rsa => {
            let bits = modulus_bits(public).ok_or(PairError::Unreadable)?;
            let is_fit = (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits);
            return if is_fit { Ok(()) } else { Err(PairError::RsaLength) };
        }
        KeyAlgorithm::Ed25519 => public.len() == ED25519_BYTES,
        KeyAlgorithm::Sm2 => is_point && sm2::PublicKey::from_sec1_bytes(public).is_ok(),
        _ => is_point,
    };
    if is_readable { Ok(()) } else { Err(PairError::Unreadable) }
}

/// Bits of the modulus of an RSAPublicKey (RFC 8017, A.1.1).
fn modulus_bits(public: &[u8]) -> Option<usize> {
    let parse = || -> spki::der::Result<usize> {
        let mut reader = SliceReader::new(public)?;
        reader.sequence(|numbers| -> spki::der::Result<usize> {
            let modulus: UintRef<'_> = numbers.decode()?;
            let _: UintRef<'_> = numbers.decode()?;
            let bytes = modulus.as_bytes();
            let unused = bytes.first().map_or(0, |first| first.leading_zeros());
            Ok((8 * bytes.len()).saturating_sub(usize::try_from(unused).unwrap_or(0)))
        })
    };
    parse().ok()
}

fn info_of(algorithm: KeyAlgorithm, public: &[u8]) -> Option<Vec<u8>> {
    let (_, oid, curve) = IDENTIFIERS.iter().find(|(known, ..)| *known == algorithm)?;
    let parameters = match curve {
        Some(curve) => Some(AnyRef::from(curve)),
        // RFC 4055, 1.2: of RSA they are there and null.
        None => (algorithm == KeyAlgorithm::Rsa).then_some(AnyRef::NULL),
    };
    let algorithm = AlgorithmIdentifierRef { oid: *oid, parameters };
    let subject_public_key = BitStringRef::from_bytes(public).ok()?;
    SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().ok()
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
