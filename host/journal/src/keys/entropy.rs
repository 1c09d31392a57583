//! Where random bytes come from.

use ring::rand::{SecureRandom, SystemRandom};

use super::KeyError;

/// A source of random bytes.
pub trait Entropy: Send + Sync {
    /// Fills the buffer, or says that it cannot; never fills it in part.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError>;
}

/// The operating system's generator (`getrandom`).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        SystemRandom::new().fill(bytes).map_err(|_| KeyError::NoRandomness)
    }
}

/// The same bytes in every run, for golden files and for runs that must be repeatable; nothing about it is random.
///
/// Fill number n, from 0, is the start of SHA-256(seed, n, 0), SHA-256(seed, n, 1) and so on, all as big-endian u64.
#[cfg(any(test, feature = "simulation"))]
#[derive(Debug, Default)]
pub struct CountingEntropy {
    seed: u64,
    fills: std::sync::atomic::AtomicU64,
}

#[cfg(any(test, feature = "simulation"))]
impl CountingEntropy {
    /// Begins at fill 0.
    pub fn new(seed: u64) -> Self {
        Self { seed, fills: std::sync::atomic::AtomicU64::new(0) }
    }
}

#[cfg(any(test, feature = "simulation"))]
impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        let fill = self.fills.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        for (block, chunk) in (0_u64..).zip(bytes.chunks_mut(ring::digest::SHA256_OUTPUT_LEN)) {
            let input = [self.seed, fill, block].map(u64::to_be_bytes).concat();
            let output = ring::digest::digest(&ring::digest::SHA256, &input);
            for (byte, from) in chunk.iter_mut().zip(output.as_ref()) {
                *byte = *from;
            }
        }
        Ok(())
    }
}
