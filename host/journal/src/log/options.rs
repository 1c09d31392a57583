//! How a journal is opened.

use std::fmt;
use std::sync::Arc;

use crate::checkpoint::Anchor;
use crate::error::JournalError;
use crate::format::{self, SEGMENT_BYTES};
use crate::keys::{Cipher, Entropy, SystemEntropy};
use crate::recovery::Weakness;

/// Spare segments unless the options say otherwise: one for the payments under way, one for what they leave owed.
pub const SPARE_SEGMENTS: usize = 2;
/// Entries between two checkpoints unless the options say otherwise: a hundred payments of a few entries each, so that
/// what could be taken back unseen is less than an hour of a busy counter.
pub const CHECKPOINT_EVERY: u64 = 256;

/// Called at named steps, so that a development build can stop the process exactly there.
pub type Probe = Arc<dyn Fn(&'static str) + Send + Sync>;

/// How a journal is opened.
#[derive(Clone)]
pub struct Options {
    /// Length of new segments: a multiple of [`BLOCK_BYTES`](crate::BLOCK_BYTES), at most [`SEGMENT_BYTES`].
    pub segment_bytes: u64,
    /// What new segments are encrypted with.
    pub cipher: Cipher,
    /// How many filled segments are kept ready: the space that debts can count on.
    pub spare_segments: usize,
    /// How many entries [`Journal::tend`](crate::Journal::tend) lets pass between two checkpoints; 0 for none.
    pub checkpoint_every: u64,
    /// Who is told of every checkpoint, and asked at every open.
    pub anchors: Vec<Arc<dyn Anchor>>,
    /// Where salts and keys come from.
    pub entropy: Arc<dyn Entropy>,
    /// Called at [`BEFORE_WRITE`](crate::BEFORE_WRITE), [`AFTER_WRITE`](crate::AFTER_WRITE) and
    /// [`AFTER_SYNC`](crate::AFTER_SYNC) of every append.
    pub probe: Probe,
    /// What this journal is to do wrong.
    #[cfg(any(test, feature = "simulation"))]
    pub sabotage: Sabotage,
}

/// Mutations of the journal that the suite must catch. None by default.
#[cfg(any(test, feature = "simulation"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sabotage {
    /// Where groups begin: [`BLOCK_BYTES`](crate::BLOCK_BYTES) is right; [`SECTOR_BYTES`](crate::SECTOR_BYTES) packs
    /// groups that were promised and groups still being written into one page.
    pub group_alignment: usize,
    /// Takes every unreadable end of a segment for an append nobody was told of, whatever stands behind it.
    pub ignore_witness: bool,
}

#[cfg(any(test, feature = "simulation"))]
impl Default for Sabotage {
    fn default() -> Self {
        Self { group_alignment: format::BLOCK_BYTES, ignore_witness: false }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: SEGMENT_BYTES,
            cipher: Cipher::ChaCha20Poly1305,
            spare_segments: SPARE_SEGMENTS,
            checkpoint_every: CHECKPOINT_EVERY,
            anchors: Vec::new(),
            entropy: Arc::new(SystemEntropy),
            probe: Arc::new(|_| {}),
            #[cfg(any(test, feature = "simulation"))]
            sabotage: Sabotage::default(),
        }
    }
}

impl Options {
    /// Refuses what the format does not allow.
    pub(crate) fn check(&self) -> Result<(), JournalError> {
        format::check_segment_bytes(self.segment_bytes)
    }

    #[cfg(any(test, feature = "simulation"))]
    pub(crate) fn weakness(&self) -> Weakness {
        Weakness { alignment: self.sabotage.group_alignment, heed_witness: !self.sabotage.ignore_witness }
    }

    #[cfg(not(any(test, feature = "simulation")))]
    pub(crate) fn weakness(&self) -> Weakness {
        Weakness::default()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("segment_bytes", &self.segment_bytes)
            .field("cipher", &self.cipher)
            .field("spare_segments", &self.spare_segments)
            .field("checkpoint_every", &self.checkpoint_every)
            .finish_non_exhaustive()
    }
}
