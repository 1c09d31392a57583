//! What was appended, in order, since when it was promised, and what compaction left of it.

use std::ops::Range;

use journal::memory::MemoryDisk;
use journal::{Entry, Fate};

use crate::subject::Written;

/// All that a script wrote down.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    groups: Vec<Group>,
    entries: Vec<Written>,
    compactions: Vec<Compaction>,
    /// Operations of the disk when the journal's creation was reported.
    created: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    /// Number of entries up to the end of this group.
    end: usize,
    /// Operations of the disk when it began.
    began: usize,
    /// Operations of the disk when it was reported durable.
    promised: Option<usize>,
}

/// Entries that were written anew with less.
#[derive(Clone, Debug)]
pub struct Compaction {
    first: usize,
    fates: Vec<Fate>,
    began: usize,
    reported: Option<usize>,
}

impl Ledger {
    /// One that begins with what a recovery found and reported.
    pub fn recovered(&self, found: &Found, at: usize) -> Self {
        let group = Group { end: found.count, began: 0, promised: Some(at) };
        let compactions = found.compactions.iter().map(|compaction| {
            let (began, reported) = (0, Some(0));
            Compaction { began, reported, ..compaction.clone() }
        });
        let (entries, compactions) = (self.entries[..found.count].to_vec(), compactions.collect());
        Self { groups: vec![group], entries, compactions, created: Some(0) }
    }

    /// The journal was begun.
    pub fn created(&mut self, disk: &MemoryDisk) {
        self.created = Some(disk.operations());
    }

    /// An append begins.
    pub fn begin(&mut self, disk: &MemoryDisk, group: &[Written]) {
        self.entries.extend_from_slice(group);
        self.groups.push(Group { end: self.entries.len(), began: disk.operations(), promised: None });
    }

    /// The newest append was reported durable.
    pub fn promise(&mut self, disk: &MemoryDisk) {
        if let Some(newest) = self.groups.last_mut() {
            newest.promised = Some(disk.operations());
        }
    }

    /// The newest append, if it was refused, and nothing of it may ever be found.
    pub fn take_back_unpromised(&mut self) {
        self.groups.pop_if(|newest| newest.promised.is_none());
        self.entries.truncate(self.groups.last().map_or(0, |group| group.end));
    }

    /// These entries were written anew with less, from `began` operations on; reported or not.
    pub fn compacted(&mut self, first: usize, fates: Vec<Fate>, began: usize, reported: Option<usize>) {
        if !fates.is_empty() {
            self.compactions.push(Compaction { first, fates, began, reported });
        }
    }

    /// Everything appended, in order.
    pub fn entries(&self) -> &[Written] {
        &self.entries
    }

    /// Entries promised when the disk had done this many operations.
    pub fn promised_at(&self, operations: usize) -> usize {
        let promised = self.groups.iter().filter(|group| group.promised.is_some_and(|at| at <= operations));
        promised.map(|group| group.end).max().unwrap_or(0)
    }

    /// Whether this many entries may be found after so many operations: all that was promised, and of what had begun
    /// whole groups.
    pub fn may_hold(&self, entries: usize, operations: usize) -> bool {
        let promised = self.promised_at(operations);
        let mut ends = self.groups.iter().filter(|group| group.began < operations).map(|group| group.end);
        entries == promised || entries > promised && ends.any(|end| end == entries)
    }

    /// Whether the journal's creation had been reported by then.
    pub fn is_created_at(&self, operations: usize) -> bool {
        self.created.is_some_and(|at| at <= operations)
    }

    /// Compares what was read after so many operations with what was written; says what was found, or what is wrong.
    pub fn compare(&self, read: &[Entry], operations: usize) -> Result<Found, String> {
        for (index, entry) in read.iter().enumerate() {
            if entry.sequence != index as u64 + 1 {
                return Err(format!("entry {} has the number {}", index + 1, entry.sequence));
            }
        }
        let mut found = Found { count: read.len(), compactions: Vec::new() };
        for (index, compaction) in self.compactions.iter().enumerate() {
            let range = compaction.range();
            let Some(entries) = read.get(range.clone()) else { continue };
            let reduced = compaction.is(entries, &self.entries[range.clone()]);
            if reduced && compaction.began < operations {
                found.compactions.push(compaction.clone());
            } else if compaction.reported.is_some_and(|at| at <= operations) {
                // One that left everything as it was may be followed by another.
                let again = |later: &Compaction| later.first == compaction.first && later.began < operations;
                if self.compactions[index + 1..].iter().any(again) {
                    continue;
                }
                return Err(format!("entries {} to {} were compacted and are not", range.start + 1, range.end));
            }
        }
        let is_reduced = |index: usize| found.compactions.iter().any(|compaction| compaction.range().contains(&index));
        for (index, entry) in read.iter().enumerate().filter(|(index, _)| !is_reduced(*index)) {
            if !self.entries.get(index).is_some_and(|written| written.is(entry)) {
                return Err(format!("entry {} is not what was appended", entry.sequence));
            }
        }
        Ok(found)
    }
}

/// How many entries were found, and which compactions had taken place.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Entries.
    pub count: usize,
    compactions: Vec<Compaction>,
}

impl Found {
    /// Whether all of them were found as they were appended.
    pub fn is_whole(&self) -> bool {
        self.compactions.is_empty()
    }
}

impl Compaction {
    fn range(&self) -> Range<usize> {
        self.first..self.first + self.fates.len()
    }

    fn is(&self, read: &[Entry], written: &[Written]) -> bool {
        let mut pairs = read.iter().zip(written).zip(&self.fates);
        pairs.all(|((entry, written), fate)| written.left_by(fate, entry))
    }
}
