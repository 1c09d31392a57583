//! The disk's state: what a process sees, what the medium holds, and everything between that a power cut decides.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use super::pages::Pages;
use crate::format::BLOCK_BYTES;

/// Everything but who holds the lock and which faults are ordered. Copies share what is alike.
#[derive(Clone)]
pub(super) struct State {
    pub sector_bytes: usize,
    pub files: BTreeMap<u64, Arc<File>>,
    /// As a process sees them.
    pub names: BTreeMap<String, u64>,
    /// As the medium holds them.
    pub durable_names: BTreeMap<String, u64>,
    /// What lies between the two, in order.
    pub name_changes: Vec<NameChange>,
    created: u64,
    pub unreadable_blocks: BTreeSet<(u64, u64)>,
    pub overwrites: Vec<Overwrite>,
}

/// One file.
#[derive(Clone, Default)]
pub(super) struct File {
    pub cache: Pages,
    pub medium: Pages,
    /// Sectors written and not synced, each with everything it held since, oldest first.
    pub pending: BTreeMap<usize, Vec<Arc<[u8]>>>,
    /// Lengths the file had since its length was last synced, oldest first.
    pub lengths: Vec<usize>,
}

/// A creation, renaming or removal that was not synced yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameChange {
    /// A file was made.
    Create {
        /// Its name.
        name: String,
        /// Which file.
        file: u64,
    },
    /// A file was given another name; what had that name before is gone.
    Rename {
        /// Its name before.
        from: String,
        /// Its name after.
        to: String,
        /// Which file.
        file: u64,
    },
    /// A name was removed.
    Remove {
        /// The name.
        name: String,
        /// Which file had it.
        file: u64,
    },
}

/// A write onto a sector of the medium that held something: if the power goes now, that may be gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Overwrite {
    /// The file's name at that time.
    pub name: String,
    /// Where the sector begins in it.
    pub offset: usize,
    /// Number of the operation that wrote it, from 1.
    pub operation: usize,
}

impl State {
    pub fn new(sector_bytes: usize) -> Self {
        Self {
            sector_bytes,
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            name_changes: Vec::new(),
            created: 0,
            unreadable_blocks: BTreeSet::new(),
            overwrites: Vec::new(),
        }
    }

    pub fn create(&mut self, name: &str) -> u64 {
        self.created += 1;
        let file = self.created;
        self.files.insert(file, Arc::default());
        self.change_name(NameChange::Create { name: name.to_owned(), file });
        file
    }

    pub fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let file = *self.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        self.change_name(NameChange::Rename { from: from.to_owned(), to: to.to_owned(), file });
        Ok(())
    }

    pub fn remove(&mut self, name: &str) -> io::Result<usize> {
        let file = *self.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        self.change_name(NameChange::Remove { name: name.to_owned(), file });
        Ok(self.files.get(&file).map_or(0, |file| file.cache.length()))
    }

    fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.name_changes.push(change);
    }

    pub fn sync_names(&mut self) {
        self.durable_names = self.names.clone();
        self.name_changes.clear();
    }

    pub fn file(&self, file: u64) -> io::Result<&File> {
        Ok(self.files.get(&file).ok_or(io::ErrorKind::NotFound)?)
    }

    pub fn file_mut(&mut self, file: u64) -> io::Result<&mut File> {
        Ok(Arc::make_mut(self.files.get_mut(&file).ok_or(io::ErrorKind::NotFound)?))
    }

    /// Whether reading these bytes meets a block the device has lost.
    pub fn is_unreadable(&self, file: u64, offset: u64, length: usize) -> bool {
        let blocks = offset / BLOCK_BYTES as u64..(offset + length as u64).div_ceil(BLOCK_BYTES as u64);
        !self.unreadable_blocks.is_empty()
            && blocks.clone().any(|block| self.unreadable_blocks.contains(&(file, block)))
    }

    pub fn write(&mut self, file: u64, offset: usize, bytes: &[u8], operation: usize) -> io::Result<()> {
        let sector_bytes = self.sector_bytes;
        let contents = self.file_mut(file)?;
        let touched = contents.write(sector_bytes, offset, bytes);
        let held = touched.filter(|&sector| contents.holds_something(sector_bytes, sector)).collect::<Vec<_>>();
        if held.is_empty() {
            return Ok(());
        }
        if let Some((name, _)) = self.names.iter().find(|(_, id)| **id == file) {
            let overwrite = |sector| Overwrite { name: name.clone(), offset: sector * sector_bytes, operation };
            self.overwrites.extend(held.into_iter().map(overwrite));
        }
        Ok(())
    }
}

impl File {
    /// Writes into the cache; gives the sectors touched.
    fn write(&mut self, sector_bytes: usize, offset: usize, bytes: &[u8]) -> std::ops::Range<usize> {
        let before = self.cache.length();
        self.cache.write(offset, bytes);
        if self.cache.length() > before {
            self.lengths.push(self.cache.length());
        }
        let touched = offset / sector_bytes..(offset + bytes.len()).div_ceil(sector_bytes);
        for sector in touched.clone() {
            let version = self.cache.take(sector * sector_bytes, sector_bytes);
            let versions = self.pending.entry(sector).or_default();
            if versions.last().is_none_or(|newest| *newest != version) {
                versions.push(version);
            }
        }
        touched
    }

    fn holds_something(&self, sector_bytes: usize, sector: usize) -> bool {
        !self.medium.is_zero(sector * sector_bytes, sector_bytes)
    }

    /// Carries all that is pending to the medium.
    pub fn sync(&mut self, sector_bytes: usize) {
        self.sync_length();
        let pending = std::mem::take(&mut self.pending);
        for (sector, versions) in pending {
            self.settle(sector_bytes, sector, &versions);
        }
    }

    pub fn sync_length(&mut self) {
        self.lengths.clear();
        self.medium.resize(self.cache.length());
    }

    /// Carries the newest version of one sector to the medium, which must be long enough.
    pub fn settle(&mut self, sector_bytes: usize, sector: usize, versions: &[Arc<[u8]>]) {
        if let Some(newest) = versions.last() {
            self.medium.put(sector * sector_bytes, newest);
        }
    }

    /// Forgets what is clean, so that it is read from the medium again. The length stays: it is not a page.
    pub fn drop_cache(&mut self, sector_bytes: usize) {
        let length = self.cache.length();
        let mut fresh = self.medium.clone();
        fresh.resize(length);
        for (sector, versions) in &self.pending {
            if let Some(newest) = versions.last() {
                fresh.write_within(sector * sector_bytes, newest);
            }
        }
        self.cache = fresh;
    }

    /// As it is after a power cut that carried nothing more to the medium.
    pub fn cut(&mut self) {
        self.pending.clear();
        self.lengths.clear();
        self.cache = self.medium.clone();
    }
}

impl NameChange {
    /// Whether it can take place on these names.
    pub(super) fn is_possible(&self, names: &BTreeMap<String, u64>) -> bool {
        match self {
            Self::Create { name, .. } => !names.contains_key(name),
            Self::Rename { from: name, file, .. } | Self::Remove { name, file } => names.get(name) == Some(file),
        }
    }

    pub(super) fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Create { name, file } => {
                names.insert(name.clone(), *file);
            }
            Self::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            Self::Remove { name, .. } => {
                names.remove(name);
            }
        }
    }
}
