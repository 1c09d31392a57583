//! A disk in memory that behaves as badly as disks may: a volatile cache in front of the medium, sectors that arrive
//! in any choice when the power goes, lost directory operations, errors to order, rot.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::format::{BLOCK_BYTES, SECTOR_BYTES};
use crate::storage::{LockAttempt, Storage, StoredFile};

/// What can be told to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Creating, renaming or removing a file.
    Name,
    /// Writing into the cache.
    Write,
    /// Syncing a file. As on Linux, its pages are called clean afterwards though they never reached the medium.
    Sync,
    /// Syncing the directory.
    SyncDirectory,
}

/// A disk shared by its clones. [`MemoryDisk::fork`] makes an independent one.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Disk>>);

#[derive(Clone, Default)]
struct Disk {
    files: BTreeMap<u64, Contents>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    created: u64,
    locked: bool,
    fault: Option<(Operation, io::ErrorKind)>,
    /// Changing operations that still succeed; then the power is gone.
    operations_left: Option<usize>,
    free_bytes: Option<usize>,
    keeps_stale_cache: bool,
    unreadable_blocks: BTreeSet<(u64, u64)>,
}

#[derive(Clone, Default)]
struct Contents {
    cache: Vec<u8>,
    medium: Vec<u8>,
    dirty_sectors: BTreeSet<usize>,
}

impl MemoryDisk {
    /// An independent disk in the same state, without the lock.
    pub fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(Disk { locked: false, ..self.disk().clone() })))
    }

    /// Cuts the power: of the sectors that were written and not synced those arrive for which `arrives` says so (asked
    /// in order), and unsynced names are lost unless `names_arrive`.
    pub fn cut_power(&self, names_arrive: bool, mut arrives: impl FnMut(usize) -> bool) {
        let mut disk = self.disk();
        let mut asked = 0;
        for contents in disk.files.values_mut() {
            for sector in std::mem::take(&mut contents.dirty_sectors) {
                if arrives(asked) {
                    contents.settle(sector);
                }
                asked += 1;
            }
            contents.cache = contents.medium.clone();
        }
        if names_arrive {
            disk.durable_names = disk.names.clone();
        } else {
            disk.names = disk.durable_names.clone();
        }
        disk.locked = false;
        disk.fault = None;
        disk.operations_left = None;
    }

    /// Sectors written and not synced.
    pub fn dirty_sectors(&self) -> usize {
        self.disk().files.values().map(|contents| contents.dirty_sectors.len()).sum()
    }

    /// Lets the next operation of this kind fail, once.
    pub fn fail_next(&self, operation: Operation, kind: io::ErrorKind) {
        self.disk().fault = Some((operation, kind));
    }

    /// Lets this many more changing operations succeed and all later ones fail, until the power is cut.
    pub fn die_after(&self, operations: usize) {
        self.disk().operations_left = Some(operations);
    }

    /// Limits what files may still grow. Bytes.
    pub fn set_free_bytes(&self, bytes: usize) {
        self.disk().free_bytes = Some(bytes);
    }

    /// Makes the cache lie for ever: forgetting it does nothing.
    pub fn keep_stale_cache(&self) {
        self.disk().keeps_stale_cache = true;
    }

    /// The bytes of a file as a process sees them.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.disk();
        Some(disk.files.get(disk.names.get(name)?)?.cache.clone())
    }

    /// Replaces the bytes of a file, on the medium: rot, or a hand that meddles.
    pub fn rewrite(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut disk = self.disk();
        if let Some(id) = disk.names.get(name).copied()
            && let Some(contents) = disk.files.get_mut(&id)
        {
            change(&mut contents.cache);
            contents.medium = contents.cache.clone();
        }
    }

    /// Lets reads that touch this block of a file fail.
    pub fn lose_block(&self, name: &str, block: u64) {
        let mut disk = self.disk();
        if let Some(id) = disk.names.get(name).copied() {
            disk.unreadable_blocks.insert((id, block));
        }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Storage for MemoryDisk {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.disk().names.keys().cloned().collect())
    }

    fn make(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> io::Result<LockAttempt> {
        let mut disk = self.disk();
        if disk.locked {
            return Ok(LockAttempt::Busy { holder: None });
        }
        disk.locked = true;
        Ok(LockAttempt::Taken(Box::new(MemoryLock(self.clone()))))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let mut disk = self.disk();
        disk.step(Operation::Name)?;
        if disk.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.created += 1;
        let id = disk.created;
        disk.files.insert(id, Contents::default());
        disk.names.insert(name.to_owned(), id);
        Ok(Box::new(MemoryFile { disk: self.clone(), id }))
    }

    fn open(&self, name: &str, _read_only: bool) -> io::Result<Box<dyn StoredFile>> {
        let id = *self.disk().names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(MemoryFile { disk: self.clone(), id }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step(Operation::Name)?;
        let id = disk.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        disk.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step(Operation::Name)?;
        let id = disk.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        let freed = disk.files.get(&id).map_or(0, |contents| contents.cache.len());
        disk.free_bytes = disk.free_bytes.map(|free| free + freed);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step(Operation::SyncDirectory)?;
        disk.durable_names = disk.names.clone();
        Ok(())
    }
}

struct MemoryLock(MemoryDisk);

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.0.disk().locked = false;
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    id: u64,
}

impl StoredFile for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.disk().contents(self.id)?.cache.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut disk = self.disk.disk();
        let blocks = offset / BLOCK_BYTES as u64..(offset + buffer.len() as u64).div_ceil(BLOCK_BYTES as u64);
        if blocks.clone().any(|block| disk.unreadable_blocks.contains(&(self.id, block))) {
            return Err(io::Error::other("the medium is unreadable here"));
        }
        let start = offset as usize;
        let cache = &disk.contents(self.id)?.cache;
        let bytes = cache.get(start..start + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.disk();
        disk.step(Operation::Write)?;
        let start = offset as usize;
        let end = start + bytes.len();
        let growth = end.saturating_sub(disk.contents(self.id)?.cache.len());
        if let Some(free) = disk.free_bytes {
            disk.free_bytes = Some(free.checked_sub(growth).ok_or(io::ErrorKind::StorageFull)?);
        }
        let contents = disk.contents(self.id)?;
        if contents.cache.len() < end {
            contents.cache.resize(end, 0);
        }
        contents.cache[start..end].copy_from_slice(bytes);
        contents.dirty_sectors.extend(start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.disk();
        let power_is_gone = disk.operations_left == Some(0);
        let outcome = disk.step(Operation::Sync);
        if power_is_gone {
            return outcome;
        }
        let contents = disk.contents(self.id)?;
        let sectors = std::mem::take(&mut contents.dirty_sectors);
        outcome?;
        sectors.into_iter().for_each(|sector| contents.settle(sector));
        Ok(())
    }

    fn drop_cache(&self) -> io::Result<()> {
        let mut disk = self.disk.disk();
        if disk.keeps_stale_cache {
            return Ok(());
        }
        let contents = disk.contents(self.id)?;
        let dirty: Vec<usize> = contents.dirty_sectors.iter().copied().collect();
        let mut fresh = Contents { cache: contents.medium.clone(), ..Contents::default() };
        std::mem::swap(&mut fresh.cache, &mut contents.cache);
        // Only clean pages can be forgotten.
        for sector in dirty {
            let range = sector * SECTOR_BYTES..((sector + 1) * SECTOR_BYTES).min(fresh.cache.len());
            if contents.cache.len() < range.end {
                contents.cache.resize(range.end, 0);
            }
            contents.cache[range.clone()].copy_from_slice(&fresh.cache[range]);
        }
        Ok(())
    }
}

impl Disk {
    fn step(&mut self, operation: Operation) -> io::Result<()> {
        if let Some(left) = &mut self.operations_left {
            *left = left.checked_sub(1).ok_or_else(|| io::Error::other("the power is gone"))?;
        }
        match self.fault {
            Some((faulty, kind)) if faulty == operation => {
                self.fault = None;
                Err(kind.into())
            }
            _ => Ok(()),
        }
    }

    fn contents(&mut self, id: u64) -> io::Result<&mut Contents> {
        self.files.get_mut(&id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Contents {
    /// Carries one sector from the cache to the medium.
    fn settle(&mut self, sector: usize) {
        let range = sector * SECTOR_BYTES..((sector + 1) * SECTOR_BYTES).min(self.cache.len());
        if self.medium.len() < range.end {
            self.medium.resize(range.end, 0);
        }
        self.medium[range.clone()].copy_from_slice(&self.cache[range]);
    }
}
