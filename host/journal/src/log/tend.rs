//! Idle duties: what a journal does while no customer waits.

use std::sync::PoisonError;

use super::Journal;
use crate::checkpoint::SignedNote;
use crate::error::JournalError;

/// What [`Journal::tend`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// A marker was written behind the last group.
    pub marked: bool,
    /// The next segment was begun.
    pub rotated: bool,
    /// How many spare segments were made.
    pub spares_made: usize,
    /// Spares could not be made: the disk is full, and payments will be refused when the segment is used up.
    pub disk_is_full: bool,
    /// A checkpoint was due, and this is it.
    pub checkpoint: Option<SignedNote>,
    /// A checkpoint was due and made, and an anchor could not be told: a sentence for the operator.
    pub not_anchored: Option<String>,
}

impl Journal {
    /// Does what is better done while nobody waits: makes a checkpoint when one is due, begins the next segment before
    /// the current one is full, leaves a marker behind the last group as the witness that it was promised, and makes
    /// spare segments. Meant for quiet moments; it may run beside appends.
    ///
    /// # Errors
    ///
    /// As [`Journal::append`]; but where only a spare could not be made the handle is not poisoned, since nothing was
    /// ever promised in it. A full disk is not an error.
    pub fn tend(&self) -> Result<Tended, JournalError> {
        let _tending = self.tending.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tended = Tended::default();
        let is_checkpoint_due = self.writer().is_checkpoint_due();
        if is_checkpoint_due {
            match self.checkpoint() {
                Ok(note) => tended.checkpoint = Some(note),
                Err(error @ JournalError::NotAnchored { .. }) => tended.not_anchored = Some(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        {
            let mut writer = self.writer();
            if writer.should_rotate() {
                writer.rotate(&self.disk)?;
                tended.rotated = true;
            } else {
                tended.marked = writer.mark_idle(&self.disk)?;
            }
        }
        match self.fill_spares() {
            Ok(made) => tended.spares_made = made,
            Err(JournalError::DiskFull) => tended.disk_is_full = true,
            Err(error) => return Err(error),
        }
        Ok(tended)
    }
}
