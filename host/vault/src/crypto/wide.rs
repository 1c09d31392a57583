//! AES and SM4 keys: ciphers with blocks of sixteen bytes.
//!
//! Protects against: a key or its schedule left in freed memory, printed, or compared in variable time; bytes of one
//! cipher used under the other.
//! Does not protect against: cache timing of the software AES and SM4 where the processor has no instructions for them.

use aes::cipher::{Array, Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use cmac::Cmac;
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::secret::{SecretBytes, redacted};

/// Bytes in a block of AES or SM4, whatever the key.
pub(crate) const WIDE_BLOCK_BYTES: usize = 16;

/// One block.
pub(crate) type WideBlock = [u8; WIDE_BLOCK_BYTES];

/// Which cipher a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WideCipher {
    Aes,
    Sm4,
}

/// A key of 16 bytes, for AES of 16 or 32.
#[derive(Clone)]
pub(crate) struct WideKey {
    cipher: WideCipher,
    bytes: SecretBytes,
}

impl WideKey {
    /// Takes 16 bytes, for AES 16 or 32.
    pub(crate) fn new(cipher: WideCipher, bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        let is_key = matches!((cipher, bytes.len()), (_, 16) | (WideCipher::Aes, 32));
        is_key.then(|| Self { cipher, bytes: SecretBytes::from(bytes) })
    }

    pub(crate) fn cipher(&self) -> WideCipher {
        self.cipher
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.bytes.reveal()
    }

    pub(crate) fn schedule(&self) -> WideSchedule {
        let key = self.reveal();
        let schedule = match (self.cipher, key.len()) {
            (WideCipher::Sm4, _) => Sm4::new_from_slice(key).ok().map(WideSchedule::Sm4),
            (WideCipher::Aes, 16) => Aes128::new_from_slice(key).ok().map(WideSchedule::Aes128),
            (WideCipher::Aes, _) => {
                Aes256::new_from_slice(key).ok().map(|cipher| WideSchedule::Aes256(Box::new(cipher)))
            }
        };
        schedule.expect("the constructor admits only these lengths")
    }

    /// NIST SP 800-38B under AES; `None` for a key of SM4, for which no acquirer asks it.
    pub(crate) fn cmac(&self, data: &[u8]) -> Option<WideBlock> {
        match (self.cipher, self.bytes.len()) {
            (WideCipher::Sm4, _) => None,
            (WideCipher::Aes, 16) => cmac_with(Cmac::<Aes128>::new_from_slice(self.reveal()).ok()?, data),
            (WideCipher::Aes, _) => cmac_with(Cmac::<Aes256>::new_from_slice(self.reveal()).ok()?, data),
        }
    }
}

redacted!(WideKey);

/// A key made ready; wiped on drop.
pub(crate) enum WideSchedule {
    Aes128(Aes128),
    Aes256(Box<Aes256>),
    Sm4(Sm4),
}

impl WideSchedule {
    pub(crate) fn encrypt(&self, block: WideBlock) -> WideBlock {
        let mut block: Block<Sm4> = Array(block);
        match self {
            Self::Aes128(cipher) => cipher.encrypt_block(&mut block),
            Self::Aes256(cipher) => cipher.encrypt_block(&mut block),
            Self::Sm4(cipher) => cipher.encrypt_block(&mut block),
        }
        block.0
    }

    pub(crate) fn decrypt(&self, block: WideBlock) -> WideBlock {
        let mut block: Block<Sm4> = Array(block);
        match self {
            Self::Aes128(cipher) => cipher.decrypt_block(&mut block),
            Self::Aes256(cipher) => cipher.decrypt_block(&mut block),
            Self::Sm4(cipher) => cipher.decrypt_block(&mut block),
        }
        block.0
    }

    /// Deciphers whole blocks one by one (ECB), as wrapped keys come; `None` for a partial block.
    pub(crate) fn decrypt_ecb(&self, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (blocks, []) = wrapped.as_chunks::<WIDE_BLOCK_BYTES>() else { return None };
        let mut clear = Zeroizing::new(Vec::with_capacity(wrapped.len()));
        for block in blocks {
            clear.extend_from_slice(&*Zeroizing::new(self.decrypt(*block)));
        }
        Some(clear)
    }

    /// Deciphers whole blocks chained from `initial` (CBC); `None` for a partial block.
    pub(crate) fn decrypt_cbc(&self, initial: WideBlock, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (blocks, []) = wrapped.as_chunks::<WIDE_BLOCK_BYTES>() else { return None };
        let mut clear = Zeroizing::new(Vec::with_capacity(wrapped.len()));
        let mut chain = initial;
        for block in blocks {
            clear.extend_from_slice(&*Zeroizing::new(wide_xor(self.decrypt(*block), chain)));
            chain = *block;
        }
        Some(clear)
    }
}

/// Whole blocks of `data`, the last one filled with zeros.
pub(crate) fn wide_zero_padded(data: &[u8]) -> impl Iterator<Item = WideBlock> {
    data.chunks(WIDE_BLOCK_BYTES).map(|chunk| {
        let mut block = [0; WIDE_BLOCK_BYTES];
        block.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        block
    })
}

/// The blocks' exclusive or.
pub(crate) fn wide_xor(left: WideBlock, right: WideBlock) -> WideBlock {
    (u128::from_be_bytes(left) ^ u128::from_be_bytes(right)).to_be_bytes()
}

fn cmac_with(mut mac: impl cmac::Mac, data: &[u8]) -> Option<WideBlock> {
    mac.update(data);
    mac.finalize().into_bytes().as_slice().try_into().ok()
}

#[cfg(test)]
pub(crate) fn wide(cipher: WideCipher, hex_text: &str) -> WideKey {
    WideKey::new(cipher, Zeroizing::new(hex::decode(hex_text).unwrap())).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GB/T 32907 annex A.1; FIPS 197 appendix C.1 and C.3.
    #[test]
    fn published_blocks() {
        for (cipher, key, clear, enciphered) in [
            (
                WideCipher::Sm4,
                "0123456789ABCDEFFEDCBA9876543210",
                "0123456789ABCDEFFEDCBA9876543210",
                "681edf34d206965e86b3e94f536e4246",
            ),
            (
                WideCipher::Aes,
                "000102030405060708090a0b0c0d0e0f",
                "00112233445566778899aabbccddeeff",
                "69c4e0d86a7b0430d8cdb78070b4c55a",
            ),
            (
                WideCipher::Aes,
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                "00112233445566778899aabbccddeeff",
                "8ea2b7ca516745bfeafc49904b496089",
            ),
        ] {
            let schedule = wide(cipher, key).schedule();
            let block: WideBlock = hex::decode(clear).unwrap().try_into().unwrap();
            assert_eq!(hex::encode(schedule.encrypt(block)), enciphered);
            assert_eq!(schedule.decrypt(schedule.encrypt(block)), block);
        }
    }

    #[test]
    fn lengths_of_the_other_cipher_are_refused() {
        let made = |cipher, length| WideKey::new(cipher, Zeroizing::new(vec![0; length])).is_some();
        for length in 0..40 {
            assert_eq!(made(WideCipher::Sm4, length), length == 16);
            assert_eq!(made(WideCipher::Aes, length), length == 16 || length == 32);
        }
        assert_eq!(format!("{:?}", wide(WideCipher::Sm4, "0123456789ABCDEFFEDCBA9876543210")), "[redacted]");
    }

    #[test]
    fn partial_blocks_are_refused() {
        let schedule = wide(WideCipher::Sm4, "0123456789ABCDEFFEDCBA9876543210").schedule();
        assert!(schedule.decrypt_ecb(&[0; 17]).is_none());
        assert!(schedule.decrypt_cbc([0; 16], &[0; 15]).is_none());
    }
}
