//! DES and triple DES keys.
//!
//! Protects against: a key or its schedule left in freed memory, printed, or compared in variable time.
//! Does not protect against: single DES, which is broken; a slot holds a single-length key only where the deployment
//! grants it.

use cmac::Cmac;
use des::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2, TdesEde3};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::secret::{SecretBytes, redacted};

/// Bytes in a block of DES, whatever the key.
pub(crate) const DES_BLOCK_BYTES: usize = 8;

/// A key of one, two or three DES keys: 8, 16 or 24 bytes. Odd parity is not demanded; the field does not keep it.
#[derive(Clone)]
pub(crate) struct DesKey(SecretBytes);

impl DesKey {
    /// Takes 8, 16 or 24 bytes.
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        matches!(bytes.len(), 8 | 16 | 24).then(|| Self(SecretBytes::from(bytes)))
    }

    /// Key bytes: 8, 16 or 24.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.reveal()
    }

    /// The single-length keys of a double-length key.
    pub(crate) fn halves(&self) -> Option<(Self, Self)> {
        let (left, right) = self.reveal().split_at_checked(8).filter(|(_, right)| right.len() == 8)?;
        Some((Self(SecretBytes::copy_of(left)), Self(SecretBytes::copy_of(right))))
    }

    /// Both keys encipher alike: parity bits do not count, and a double-length key of equal halves is a single one.
    pub(crate) fn enciphers_like(&self, other: &Self) -> bool {
        self.expanded().ct_eq(&*other.expanded()).into()
    }

    /// Two neighbouring single keys are equal, so that one of the three steps undoes another.
    pub(crate) fn is_weak(&self) -> bool {
        let expanded = self.expanded();
        self.len() > 8 && (expanded[..8].ct_eq(&expanded[8..16]) | expanded[8..16].ct_eq(&expanded[16..])).into()
    }

    /// The key with this byte added (exclusive or) to each of its own.
    pub(crate) fn variant(&self, mask: u8) -> Self {
        Self(Zeroizing::new(self.reveal().iter().map(|byte| byte ^ mask).collect::<Vec<_>>()).into())
    }

    /// NIST SP 800-38B under a double- or triple-length key; `None` for a single-length one.
    pub(crate) fn cmac(&self, data: &[u8]) -> Option<[u8; DES_BLOCK_BYTES]> {
        match self.len() {
            16 => cmac_with(Cmac::<TdesEde2>::new_from_slice(self.reveal()).ok()?, data),
            24 => cmac_with(Cmac::<TdesEde3>::new_from_slice(self.reveal()).ok()?, data),
            _ => None,
        }
    }

    pub(crate) fn schedule(&self) -> Schedule {
        let key = self.reveal();
        let schedule = match key.len() {
            8 => Des::new_from_slice(key).ok().map(Schedule::Single),
            16 => TdesEde2::new_from_slice(key).ok().map(Schedule::Double),
            _ => TdesEde3::new_from_slice(key).ok().map(Schedule::Triple),
        };
        schedule.expect("the constructor admits only the three lengths")
    }

    /// Three single keys without their parity bits.
    fn expanded(&self) -> Zeroizing<[u8; 24]> {
        let mut expanded = Zeroizing::new([0; 24]);
        for (to, from) in expanded.iter_mut().zip(self.reveal().iter().cycle()) {
            *to = from & 0xFE;
        }
        expanded
    }
}

redacted!(DesKey);

/// A key made ready; wiped on drop.
pub(crate) enum Schedule {
    Single(Des),
    Double(TdesEde2),
    Triple(TdesEde3),
}

impl Schedule {
    pub(crate) fn encrypt(&self, block: [u8; DES_BLOCK_BYTES]) -> [u8; DES_BLOCK_BYTES] {
        let mut block: Block<Des> = block.into();
        match self {
            Self::Single(cipher) => cipher.encrypt_block(&mut block),
            Self::Double(cipher) => cipher.encrypt_block(&mut block),
            Self::Triple(cipher) => cipher.encrypt_block(&mut block),
        }
        block.into()
    }

    pub(crate) fn decrypt(&self, block: [u8; DES_BLOCK_BYTES]) -> [u8; DES_BLOCK_BYTES] {
        let mut block: Block<Des> = block.into();
        match self {
            Self::Single(cipher) => cipher.decrypt_block(&mut block),
            Self::Double(cipher) => cipher.decrypt_block(&mut block),
            Self::Triple(cipher) => cipher.decrypt_block(&mut block),
        }
        block.into()
    }

    /// Deciphers whole blocks one by one (ECB), as wrapped keys come; `None` for a partial block.
    pub(crate) fn decrypt_ecb(&self, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (blocks, []) = wrapped.as_chunks::<DES_BLOCK_BYTES>() else { return None };
        let mut clear = Zeroizing::new(Vec::with_capacity(wrapped.len()));
        for block in blocks {
            clear.extend_from_slice(&*Zeroizing::new(self.decrypt(*block)));
        }
        Some(clear)
    }

    /// Deciphers whole blocks chained from `initial` (CBC); `None` for a partial block.
    pub(crate) fn decrypt_cbc(&self, initial: [u8; DES_BLOCK_BYTES], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (blocks, []) = wrapped.as_chunks::<DES_BLOCK_BYTES>() else { return None };
        let mut clear = Zeroizing::new(Vec::with_capacity(wrapped.len()));
        let mut chain = initial;
        for block in blocks {
            clear.extend_from_slice(&*Zeroizing::new(xor(self.decrypt(*block), chain)));
            chain = *block;
        }
        Some(clear)
    }
}

fn cmac_with(mut mac: impl cmac::Mac, data: &[u8]) -> Option<[u8; DES_BLOCK_BYTES]> {
    mac.update(data);
    mac.finalize().into_bytes().as_slice().try_into().ok()
}

/// Whole blocks of `data`, the last one filled with zeros (ISO 9797-1 padding 1).
pub(crate) fn zero_padded(data: &[u8]) -> impl Iterator<Item = [u8; DES_BLOCK_BYTES]> {
    data.chunks(DES_BLOCK_BYTES).map(|chunk| {
        let mut block = [0; DES_BLOCK_BYTES];
        block.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        block
    })
}

/// The blocks' exclusive or.
pub(crate) fn xor(left: [u8; DES_BLOCK_BYTES], right: [u8; DES_BLOCK_BYTES]) -> [u8; DES_BLOCK_BYTES] {
    (u64::from_be_bytes(left) ^ u64::from_be_bytes(right)).to_be_bytes()
}

#[cfg(test)]
pub(crate) fn key(hex_text: &str) -> DesKey {
    DesKey::new(Zeroizing::new(hex::decode(hex_text).unwrap())).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_deciphers_what_it_enciphered_and_nothing_else() {
        for (text, others) in [
            ("0123456789ABCDEF", 2),
            ("0123456789ABCDEFFEDCBA9876543210", 2),
            ("0123456789ABCDEFFEDCBA987654321089ABCDEF01234567", 2),
        ] {
            let schedule = key(text).schedule();
            let block = *b"acquirer";
            assert_eq!(schedule.decrypt(schedule.encrypt(block)), block);
            assert_ne!(schedule.encrypt(block), block, "{others}");
        }
        assert!(DesKey::new(Zeroizing::new(vec![0; 12])).is_none());
        assert!(key("0123456789ABCDEF").schedule().decrypt_ecb(&[0; 9]).is_none());
    }

    /// A double-length key of equal halves passed for another key than the single one it amounts to.
    #[test]
    fn keys_that_encipher_alike_are_the_same_key() {
        let single = key("0123456789ABCDEF");
        assert!(single.enciphers_like(&key("0123456789ABCDEF0123456789ABCDEF")));
        assert!(single.enciphers_like(&key("0022446688AACCEE")), "parity bits only");
        assert!(!single.enciphers_like(&key("0123456789ABCDEFFEDCBA9876543210")));
        assert_eq!(format!("{single:?}"), "[redacted]");
    }
}
