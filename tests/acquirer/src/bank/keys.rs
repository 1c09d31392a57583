//! Work keys: made afresh at every sign-in.

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::crypto::Key;

/// The keys of a signed-in terminal.
#[derive(Clone, Copy)]
pub(super) struct WorkKeys {
    /// Enciphers PIN blocks.
    pub(super) pin: Key,
    /// Authenticates messages.
    pub(super) mac: Key,
    /// Enciphers tracks, where the terminal signed in for it.
    pub(super) track: Option<Key>,
}

/// Where new keys come from.
pub(super) enum KeySource {
    /// The system's generator.
    System(SystemRandom),
    /// A seed and a count of the keys made; equal seeds give equal keys.
    Seeded { seed: u64, made: u64 },
}

impl KeySource {
    pub(super) fn new(seed: Option<u64>) -> Self {
        match seed {
            Some(seed) => Self::Seeded { seed, made: 0 },
            None => Self::System(SystemRandom::new()),
        }
    }

    /// Sixteen key bytes of odd parity, as DES keys have; `None` if the system's generator fails.
    pub(super) fn double(&mut self) -> Option<[u8; 16]> {
        let mut bytes = [0; 16];
        match self {
            Self::System(system) => system.fill(&mut bytes).ok()?,
            Self::Seeded { seed, made } => {
                *made += 1;
                let material = [seed.to_be_bytes(), made.to_be_bytes()].concat();
                bytes.iter_mut().zip(digest(&SHA256, &material).as_ref()).for_each(|(to, from)| *to = *from);
            }
        }
        Some(bytes.map(odd_parity))
    }

    /// Eight key bytes of odd parity.
    pub(super) fn single(&mut self) -> Option<[u8; 8]> {
        let [a, b, c, d, e, f, g, h, ..] = self.double()?;
        Some([a, b, c, d, e, f, g, h])
    }
}

fn odd_parity(byte: u8) -> u8 {
    let even = (byte & 0xfe).count_ones().is_multiple_of(2);
    byte & 0xfe | u8::from(even)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_odd_parity_and_no_two_are_alike() {
        for seed in [None, Some(1)] {
            let mut source = KeySource::new(seed);
            let (first, second) = (source.double().unwrap(), source.double().unwrap());
            assert_ne!(first, second);
            assert!(first.iter().chain(&second).all(|byte| byte.count_ones() % 2 == 1));
        }
    }

    #[test]
    fn equal_seeds_give_equal_keys() {
        let keys = |seed| KeySource::new(Some(seed)).double();
        assert_eq!(keys(7), keys(7));
        assert_ne!(keys(7), keys(8));
    }
}
