//! Spare segments: filled files that wait for their header. They are the space that debts can count on.

use std::collections::BTreeSet;

use super::disk::Disk;
use crate::error::JournalError;
use crate::format::{FIRST_GROUP, is_zero};
use crate::storage::StoredFile;

const PREFIX: &str = "spare-";
/// Name of a file that is still being filled with zeros.
pub(super) const UNFINISHED_SUFFIX: &str = ".new";

/// A file full of zeros, as long as a segment.
pub(super) struct Spare {
    pub name: String,
    pub file: Box<dyn StoredFile>,
    number: usize,
}

/// Those that are ready, and those being made.
#[derive(Default)]
pub(super) struct Spares {
    ready: Vec<Spare>,
    making: BTreeSet<usize>,
}

impl Spares {
    /// Finds the spares that an earlier process left. One that is not what it should be is removed; it never held
    /// anything.
    pub fn find(disk: &Disk, segment_bytes: u64) -> Result<Self, JournalError> {
        let storage = disk.storage.as_ref();
        let mut ready = Vec::new();
        for name in storage.list().map_err(JournalError::storage("list the journal's directory"))? {
            let Some(number) = name.strip_prefix(PREFIX).and_then(|number| number.parse().ok()) else { continue };
            match open_spare(disk, &name, segment_bytes) {
                Some(file) => ready.push(Spare { name, file, number }),
                // Where it cannot be removed the next one takes its name, and nobody is kept from reading.
                None => drop(storage.remove(&name)),
            }
        }
        Ok(Self { ready, making: BTreeSet::new() })
    }

    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Those that are ready and those under way.
    pub fn expected(&self) -> usize {
        self.ready.len() + self.making.len()
    }

    pub fn take(&mut self) -> Option<Spare> {
        self.ready.pop()
    }

    /// Chooses the number of the next spare to make.
    pub fn begin(&mut self) -> usize {
        let is_free =
            |number: &usize| !self.making.contains(number) && self.ready.iter().all(|spare| spare.number != *number);
        let number = (1..).find(is_free).unwrap_or(usize::MAX);
        self.making.insert(number);
        number
    }

    /// Takes over what came of making a spare.
    pub fn finish(&mut self, number: usize, made: Result<Spare, JournalError>) -> Result<(), JournalError> {
        self.making.remove(&number);
        self.ready.push(made?);
        Ok(())
    }
}

/// Makes a spare. On a full disk nothing of it is left.
pub(super) fn make_spare(disk: &Disk, number: usize, segment_bytes: u64) -> Result<Spare, JournalError> {
    let name = format!("{PREFIX}{number}");
    let unfinished = format!("{name}{UNFINISHED_SUFFIX}");
    let made = disk.fill(&unfinished, &[], segment_bytes).and_then(|file| {
        disk.put_in_place(&unfinished, &name)?;
        Ok(Spare { name, file, number })
    });
    if made.is_err() {
        // What is left of it is cleared away at the next open, if not now.
        let _ = disk.storage.remove(&unfinished);
    }
    made
}

/// Opens a spare if it is as long as it should be and empty behind the place of the headers.
fn open_spare(disk: &Disk, name: &str, segment_bytes: u64) -> Option<Box<dyn StoredFile>> {
    let file = disk.storage.open(name, false).ok()?;
    if file.length().ok()? != segment_bytes {
        return None;
    }
    // What is cached may have never reached the device.
    file.drop_cache().ok()?;
    let mut bytes = vec![0; usize::try_from(segment_bytes).ok()?];
    file.read_at(0, &mut bytes).ok()?;
    is_zero(bytes.get(FIRST_GROUP..)?).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spare_under_way_is_counted_until_it_fails() {
        let mut spares = Spares::default();
        assert_eq!((spares.begin(), spares.begin(), spares.expected(), spares.ready()), (1, 2, 2, 0));
        assert!(spares.finish(1, Err(JournalError::DiskFull)).is_err());
        assert_eq!((spares.expected(), spares.begin()), (1, 1));
    }
}
