//! Destroying the keys of a segment, so that what they encrypt can never be read again while its proofs stay valid.

use std::sync::PoisonError;

use super::Journal;
use crate::error::JournalError;
use crate::format::header::{HeaderPair, SegmentHeader};
use crate::format::{BLOCK_BYTES, FIRST_GROUP};
use crate::recovery::segment_name;

/// Which keys of a segment are destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// That of the card parts; the records stay readable.
    Cards,
    /// Both: nothing but commitments is left.
    All,
}

impl Journal {
    /// Destroys keys of one segment. Both copies of its header are written without them, one after the other, so that a
    /// cut at any moment leaves a header; one that was cut short is finished at the next open. The segment that is
    /// being appended to is closed first. What the device keeps of overwritten blocks is its own affair: see
    /// `docs/journal.md`.
    ///
    /// # Errors
    ///
    /// [`JournalError::NoKeys`] where there are none to destroy; [`JournalError::Storage`] when the keys may still be
    /// there, after which this can be tried again.
    pub fn destroy_keys(&self, segment: u64, which: Which) -> Result<(), JournalError> {
        let _tending = self.tending.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut writer = self.writer();
            if writer.is_current(segment) {
                writer.rotate(&self.disk)?;
            }
        }
        let no_keys = |reason| JournalError::NoKeys { segment, reason };
        let file = self.disk.storage.open(&segment_name(segment), false);
        let file = file.map_err(JournalError::storage("open a segment of the journal"))?;
        let mut head = vec![0; FIRST_GROUP];
        file.read_at(0, &mut head).map_err(JournalError::storage("read the header of a segment"))?;
        let pair = HeaderPair::decode(&head).map_err(|_| no_keys("its header does not verify or is of version 1"))?;
        let (id, verifying_key) = (pair.header.journal, pair.header.verifying_key);
        if pair.header.segment != segment || (id, verifying_key) != (self.id, self.verifying_key) {
            return Err(no_keys("it belongs elsewhere"));
        }
        let generation =
            pair.header.generation.checked_add(1).ok_or_else(|| no_keys("its header cannot change again"))?;
        let mut header = SegmentHeader { generation, ..pair.header.clone() };
        header.wrapped.cards.clear();
        if which == Which::All {
            header.wrapped.records.clear();
        }
        if header.wrapped == pair.header.wrapped && pair.stale_copy.is_none() {
            return Ok(());
        }
        header.wrapped.signer = self.writer().wrap_signer(&header)?;
        const ACTION: &str = "destroy a key of the journal";
        let block = header.encode();
        for copy in [0, BLOCK_BYTES as u64] {
            let written = self.disk.write(file.as_ref(), copy, &block, ACTION);
            if let Err(error) = written.and_then(|()| self.disk.sync(file.as_ref(), ACTION)) {
                // The cache must not show as done what the device may not hold.
                let _ = file.drop_cache();
                return Err(error);
            }
        }
        Ok(())
    }
}
