//! The journal's own duties while nobody is there, with the power failing in the midst of them, and what becomes of a
//! disk that nobody reads.

use std::time::Instant;

use anyhow::Result;
use journal::{Fate, JournalError};

use super::{Running, Service, Terminal};
use crate::fault::{Fault, Step};
use crate::figures::Figures;
use crate::spent::Room;
use crate::world::{Around, timeline};

/// What tending is about, for the occasions in it.
const TEND: &str = "tend";
/// What is written of a disk is counted in these. Bytes.
const SECTOR_BYTES: usize = 512;
/// Odd, so that neighbouring numbers fall on sectors, bytes and bits far from each other.
const SPREAD: usize = 2_654_435_761;

impl Terminal {
    /// Nobody is there: markers, spare segments, checkpoints, old segments written anew, a snapshot.
    pub fn tend(&mut self, around: &mut Around) -> Result<()> {
        if !self.serves() {
            return Ok(());
        }
        let is_calm = around.now_ms >= around.shape.calm_from_ms;
        let fault = if is_calm { None } else { self.strike(around, TEND, Step::Tend) };
        if fault == Some(Fault::Cut) {
            return self.cut_here(around);
        }
        self.order_of_disk(around, fault.as_ref());
        let Service::In(running) = &self.service else { return Ok(()) };
        let began = Instant::now();
        let tended = running.tend(around.shape.segment_bytes, &mut around.figures);
        around.spent.add(Room::Tending, began);
        match fault {
            Some(Fault::CutInside(_)) => return self.cut_here(around),
            Some(Fault::WriteFails(_) | Fault::SyncFails(_)) => self.disk.recover_from_faults(),
            _ => {}
        }
        match tended {
            Ok(()) | Err(JournalError::DiskFull | JournalError::NotAnchored { .. }) => Ok(()),
            Err(error) => {
                timeline!(around, "T{} the journal could not be tended: {error}", self.number);
                self.reopen(around)
            }
        }
    }

    /// A bit changes of what is written.
    pub(super) fn rot(&mut self, around: &mut Around, bit: u32) {
        let written: Vec<(String, usize)> = self.disk.names().into_iter().flat_map(|name| self.written(name)).collect();
        let place = (bit as usize).wrapping_mul(SPREAD);
        let Some((name, sector)) = written.get((place >> 12) % written.len().max(1)) else { return };
        let offset = sector * SECTOR_BYTES + place % SECTOR_BYTES;
        timeline!(around, "T{} {name} has rotted at byte {offset}", self.number);
        self.disk.flip(name, offset, 1 << (bit % 8));
        around.watch.rots(self.number);
    }

    /// Sectors of a file in which anything stands.
    fn written(&self, name: String) -> Vec<(String, usize)> {
        let bytes = self.disk.bytes(&name).unwrap_or_default();
        let sectors = bytes.chunks_exact(SECTOR_BYTES).enumerate();
        let written = sectors.filter(|(_, bytes)| bytes.iter().any(|byte| *byte != 0));
        written.map(|(sector, _)| (name.clone(), sector)).collect()
    }

    /// The books against the ledgers, now that something has ended.
    pub fn judge_so_far(&self, around: &mut Around) {
        let Some(books) = self.books() else { return };
        for (index, desk) in around.desks.iter().enumerate().take(around.shape.acquirers) {
            if around.watch.so_far(self.number, index, books, &desk.bank) {
                around.figures.comparisons += 1;
            }
        }
    }
}

impl Running {
    /// Where segments are short, each is written anew as soon as it is full, and every tending leaves a snapshot: what a
    /// shop has in years a world has in an hour.
    fn tend(&self, segment_bytes: u64, figures: &mut Figures) -> Result<(), JournalError> {
        self.journal.tend()?;
        if segment_bytes >= journal::SEGMENT_BYTES {
            return Ok(());
        }
        let segments = self.journal.segments()?;
        if let Some(full) = segments.iter().find(|segment| !segment.is_current && !segment.is_compacted) {
            match self.journal.compact(full.number, &mut |_| Fate::Whole) {
                Ok(_) => figures.compactions += 1,
                Err(JournalError::NotCompacted { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let (size, _) = self.journal.tree();
        let Ok(image) = self.engine.books().image() else { return Ok(()) };
        if self.journal.write_snapshot(size, &image)? {
            figures.snapshots += 1;
        }
        Ok(())
    }
}
