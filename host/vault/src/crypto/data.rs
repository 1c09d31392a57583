//! Ciphers over bytes of a message.
//!
//! Protects against: bytes read on their way; equal bytes recognised (each time another initial vector). `AesGcm` also
//! against a change.
//! Does not protect against: a change under the CBC modes, which a MAC or a signature must cover.

use engine::contract::acquirer::KeyAlgorithm;
use engine::contract::template::CipherAlgorithm;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::key::Key;
use super::tdes::DES_BLOCK_BYTES;
use super::wide::{WIDE_BLOCK_BYTES, WideCipher};

/// Most bytes that a cipher adds: an initial vector before, padding or a tag behind.
pub(crate) const MAX_ADDED_BYTES: usize = 2 * WIDE_BLOCK_BYTES;

/// The algorithm works with keys of this one. Single DES enciphers no data.
pub(crate) fn takes(algorithm: CipherAlgorithm, key: KeyAlgorithm) -> bool {
    match algorithm {
        CipherAlgorithm::TdesCbc => key == KeyAlgorithm::Tdes,
        CipherAlgorithm::AesCbc | CipherAlgorithm::AesGcm => {
            matches!(key, KeyAlgorithm::Aes128 | KeyAlgorithm::Aes256)
        }
        CipherAlgorithm::Sm4Cbc => key == KeyAlgorithm::Sm4,
    }
}

/// Random bytes it needs, new each time: the first ones of these, as many as its initial vector or nonce has.
pub(crate) type Fresh = [u8; WIDE_BLOCK_BYTES];

/// The initial vector, then the bytes enciphered; `None` where the key does not go with it. CBC: a whole block of vector,
/// padding of PKCS #7 (RFC 5652, 6.3), so always some. GCM: twelve bytes of nonce (SP 800-38D, 8.2.2), as many bytes as
/// there were, sixteen of tag; nothing else is authenticated with them.
pub(crate) fn encipher(algorithm: CipherAlgorithm, key: &Key, fresh: &Fresh, clear: &[u8]) -> Option<Vec<u8>> {
    if !takes(algorithm, key.algorithm()) {
        return None;
    }
    match algorithm {
        CipherAlgorithm::TdesCbc => {
            let schedule = key.des()?.schedule();
            let initial: [u8; DES_BLOCK_BYTES] = *fresh.first_chunk()?;
            Some(chained(initial, clear, |block| schedule.encrypt(block)))
        }
        CipherAlgorithm::AesCbc => {
            let schedule = key.wide(WideCipher::Aes)?.schedule();
            Some(chained(*fresh, clear, |block| schedule.encrypt(block)))
        }
        CipherAlgorithm::Sm4Cbc => {
            let schedule = key.wide(WideCipher::Sm4)?.schedule();
            Some(chained(*fresh, clear, |block| schedule.encrypt(block)))
        }
        CipherAlgorithm::AesGcm => {
            let cipher = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
            let sealing = LessSafeKey::new(UnboundKey::new(cipher, key.reveal()).ok()?);
            let nonce: [u8; NONCE_LEN] = *fresh.first_chunk()?;
            let mut bytes = Zeroizing::new(clear.to_vec());
            let once = Nonce::assume_unique_for_key(nonce);
            let tag = sealing.seal_in_place_separate_tag(once, Aad::empty(), &mut bytes).ok()?;
            Some([&nonce[..], &bytes, tag.as_ref()].concat())
        }
    }
}

/// Cipher block chaining (SP 800-38A, 6.2), behind its initial vector.
fn chained<const BYTES: usize>(
    initial: [u8; BYTES],
    clear: &[u8],
    encrypt: impl Fn([u8; BYTES]) -> [u8; BYTES],
) -> Vec<u8> {
    let mut made = Vec::with_capacity(clear.len() + 2 * BYTES);
    made.extend_from_slice(&initial);
    let mut chain = initial;
    let mut link = |block: &[u8; BYTES]| {
        let mut mixed = Zeroizing::new(*block);
        mixed.iter_mut().zip(chain).for_each(|(byte, before)| *byte ^= before);
        chain = encrypt(*mixed);
        chain
    };
    let (whole, rest) = clear.as_chunks::<BYTES>();
    for block in whole {
        made.extend_from_slice(&link(block));
    }
    // One to `BYTES` bytes, each of which says how many they are; a block is far shorter than 256.
    let padding = u8::try_from(BYTES - rest.len()).unwrap_or(0);
    let mut last = Zeroizing::new([padding; BYTES]);
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    made.extend_from_slice(&link(&last));
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::key::key_of;

    const ALL: [CipherAlgorithm; 4] =
        [CipherAlgorithm::TdesCbc, CipherAlgorithm::AesCbc, CipherAlgorithm::AesGcm, CipherAlgorithm::Sm4Cbc];
    const KEY: &str = "0123456789ABCDEFFEDCBA9876543210";
    const LONG: &str = "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4";

    fn made(algorithm: CipherAlgorithm, key: &Key, fresh: &str, clear: &[u8]) -> String {
        let mut bytes = [0; WIDE_BLOCK_BYTES];
        let fresh = hex::decode(fresh).unwrap();
        bytes[..fresh.len()].copy_from_slice(&fresh);
        hex::encode(encipher(algorithm, key, &bytes, clear).unwrap())
    }

    /// The vector in front, then what OpenSSL 3 makes with it of the same bytes.
    #[test]
    fn chained_as_openssl_does() {
        let (clear, vector) = (b"amount=1234&order=42", "000102030405060708090a0b0c0d0e0f");
        for (algorithm, key, vector, expected) in [
            (
                CipherAlgorithm::TdesCbc,
                key_of(KeyAlgorithm::Tdes, KEY),
                &vector[..16],
                "2a70659419ee20e14b80d271d070d28f7fdb6f434f0d17f3",
            ),
            (
                CipherAlgorithm::Sm4Cbc,
                key_of(KeyAlgorithm::Sm4, KEY),
                vector,
                "cd12c4278f0f10173b180d713008b356426de04bca01fb77cfc11d7ff512fe2f",
            ),
            (
                CipherAlgorithm::AesCbc,
                key_of(KeyAlgorithm::Aes128, "2B7E151628AED2A6ABF7158809CF4F3C"),
                vector,
                "c2752e887a9526f9a151af273151583f59a79f232d65d963d579928273ed6db8",
            ),
            (
                CipherAlgorithm::AesCbc,
                key_of(KeyAlgorithm::Aes256, LONG),
                vector,
                "26e902b5b30854a121ff3216472cf08cabb937ae50658f892a976bed052e3193",
            ),
        ] {
            assert_eq!(made(algorithm, &key, vector, clear), [vector, expected].concat(), "{algorithm:?}");
        }
    }

    /// McGrew and Viega, The Galois/Counter Mode of Operation, test cases 2 and 14.
    #[test]
    fn galois_counter_mode() {
        let short = key_of(KeyAlgorithm::Aes128, &"00".repeat(16));
        assert_eq!(
            made(CipherAlgorithm::AesGcm, &short, "", &[0; 16]),
            "0000000000000000000000000388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"
        );
        let long = key_of(KeyAlgorithm::Aes256, &"00".repeat(32));
        assert_eq!(
            made(CipherAlgorithm::AesGcm, &long, "", &[0; 16]),
            "000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        );
    }

    #[test]
    fn lengths_are_known_beforehand_and_only_own_keys_answer() {
        for (key, answers) in [
            (key_of(KeyAlgorithm::Des, &KEY[..16]), [false, false, false, false]),
            (key_of(KeyAlgorithm::Tdes, KEY), [true, false, false, false]),
            (key_of(KeyAlgorithm::Aes128, KEY), [false, true, true, false]),
            (key_of(KeyAlgorithm::Sm4, KEY), [false, false, false, true]),
            (key_of(KeyAlgorithm::Hmac, KEY), [false, false, false, false]),
        ] {
            for (algorithm, answers) in ALL.into_iter().zip(answers) {
                for length in 0..40 {
                    let made = encipher(algorithm, &key, &[7; WIDE_BLOCK_BYTES], &vec![1; length]);
                    let expected = match algorithm {
                        CipherAlgorithm::TdesCbc => 8 + length / 8 * 8 + 8,
                        CipherAlgorithm::AesGcm => 12 + length + 16,
                        _ => 16 + length / 16 * 16 + 16,
                    };
                    assert_eq!(made.map(|made| made.len()), answers.then_some(expected), "{algorithm:?} of {length}");
                    assert!(expected <= length + MAX_ADDED_BYTES);
                }
            }
        }
    }
}
