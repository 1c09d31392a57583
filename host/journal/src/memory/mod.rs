//! A disk in memory that behaves as badly as disks may: a volatile cache in front of the medium, sectors that arrive
//! in any choice or torn when the power goes, lost directory operations and lengths, errors to order, rot.
//!
//! A disk can be recorded: every state between two operations is then kept as a [`Moment`], from which each disk that a
//! power cut may leave behind is made without running anything again.

mod fault;
mod moment;
mod pages;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::format::SECTOR_BYTES;
use crate::storage::{LockAttempt, Storage, StoredFile};

pub use fault::{Extent, Fault, Operation};
pub use moment::{Cut, End, Fate, Moment, Pending, PendingSector, Place, Rest, Tear};
pub use state::{NameChange, Overwrite};

use fault::{Failure, Faults};
use state::State;

/// A disk shared by its clones. [`MemoryDisk::fork`] makes an independent one.
#[derive(Clone)]
pub struct MemoryDisk(Arc<Mutex<Disk>>);

struct Disk {
    state: State,
    faults: Faults,
    locked: bool,
    /// Changing operations so far, failed ones included.
    operations: usize,
    recording: Option<Vec<Moment>>,
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self::with_sectors(SECTOR_BYTES)
    }
}

impl MemoryDisk {
    /// An empty disk that writes sectors of this size whole or torn. Bytes.
    pub fn with_sectors(sector_bytes: usize) -> Self {
        Self::of(State::new(sector_bytes))
    }

    /// An independent disk in the same state, without the lock, the recording, and what has been ordered to fail.
    pub fn fork(&self) -> Self {
        Self::of(self.disk().state.clone())
    }

    /// Keeps every state from now on.
    pub fn record(&self) {
        let mut disk = self.disk();
        disk.operations = 0;
        disk.state.overwrites.clear();
        disk.recording = Some(vec![Moment { state: Arc::new(disk.state.clone()), operation: String::new() }]);
    }

    /// What was recorded: the state at the beginning and after each operation. The moment at index `n` is after `n`
    /// operations.
    pub fn moments(&self) -> Vec<Moment> {
        self.disk().recording.clone().unwrap_or_default()
    }

    /// Changing operations since the beginning, or since the recording began.
    pub fn operations(&self) -> usize {
        self.disk().operations
    }

    /// Writes onto sectors that held something, since the beginning or since the recording began.
    pub fn overwrites(&self) -> Vec<Overwrite> {
        self.disk().state.overwrites.clone()
    }

    /// Cuts the power: of the sectors that were written and not synced those arrive for which `arrives` says so (asked
    /// in order), and unsynced names are lost unless `names_arrive`.
    pub fn cut_power(&self, names_arrive: bool, mut arrives: impl FnMut(usize) -> bool) {
        let mut disk = self.disk();
        let mut asked = 0;
        let sector_bytes = disk.state.sector_bytes;
        for file in disk.state.files.values_mut().map(Arc::make_mut) {
            for (sector, versions) in std::mem::take(&mut file.pending) {
                if arrives(asked) {
                    let end = ((sector + 1) * sector_bytes).min(file.cache.length());
                    file.medium.resize(end.max(file.medium.length()));
                    file.settle(sector_bytes, sector, &versions);
                }
                asked += 1;
            }
            file.cut();
        }
        if !names_arrive {
            disk.state.names = disk.state.durable_names.clone();
        }
        disk.state.sync_names();
        disk.locked = false;
        disk.faults.ordered.clear();
        disk.faults.operations_left = None;
    }

    /// Sectors written and not synced.
    pub fn dirty_sectors(&self) -> usize {
        self.disk().state.files.values().map(|file| file.pending.len()).sum()
    }

    /// Lets the next operation of this kind fail, once.
    pub fn fail_next(&self, operation: Operation, kind: io::ErrorKind) {
        self.order(Fault::next(operation, kind));
    }

    /// Lets an operation fail when its turn comes.
    pub fn order(&self, fault: Fault) {
        self.disk().faults.ordered.push(fault);
    }

    /// Takes back what was ordered and has not failed yet, and gives the disk room again.
    pub fn recover_from_faults(&self) {
        self.disk().faults = Faults::default();
    }

    /// Failures that came about, a full disk included.
    pub fn faults_struck(&self) -> usize {
        self.disk().faults.struck
    }

    /// Lets this many more changing operations succeed and all later ones fail, until the power is cut.
    pub fn die_after(&self, operations: usize) {
        self.disk().faults.operations_left = Some(operations);
    }

    /// Limits what files may still grow. Bytes.
    pub fn set_free_bytes(&self, bytes: usize) {
        self.disk().faults.free_bytes = Some(bytes);
    }

    /// Makes the cache lie for ever: forgetting it does nothing.
    pub fn keep_stale_cache(&self) {
        self.disk().faults.keeps_stale_cache = true;
    }

    /// The bytes of a file as a process sees them.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.disk();
        let cache = &disk.state.file(*disk.state.names.get(name)?).ok()?.cache;
        Some(cache.copy(0, cache.length()))
    }

    /// Names of all files as a process sees them.
    pub fn names(&self) -> Vec<String> {
        self.disk().state.names.keys().cloned().collect()
    }

    /// Bytes of all files as a process sees them.
    pub fn held_bytes(&self) -> usize {
        self.disk().state.files.values().map(|file| file.cache.length()).sum()
    }

    /// Replaces the bytes of a file, on the medium: rot, or a hand that meddles.
    pub fn rewrite(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        self.on_file(name, |file| {
            let mut bytes = file.cache.copy(0, file.cache.length());
            change(&mut bytes);
            file.cache.resize(bytes.len());
            file.cache.write(0, &bytes);
            file.medium = file.cache.clone();
        });
    }

    /// Flips bits of one byte of a file, on the medium.
    pub fn flip(&self, name: &str, offset: usize, bits: u8) {
        self.on_file(name, |file| {
            let mut byte = [0];
            file.medium.read(offset, &mut byte);
            file.medium.write_within(offset, &[byte[0] ^ bits]);
            file.cache = file.medium.clone();
        });
    }

    /// Lets reads that touch this block of a file fail.
    pub fn lose_block(&self, name: &str, block: u64) {
        let mut disk = self.disk();
        if let Some(id) = disk.state.names.get(name).copied() {
            disk.state.unreadable_blocks.insert((id, block));
        }
    }

    fn of(state: State) -> Self {
        let disk = Disk { state, faults: Faults::default(), locked: false, operations: 0, recording: None };
        Self(Arc::new(Mutex::new(disk)))
    }

    fn on_file(&self, name: &str, change: impl FnOnce(&mut state::File)) {
        let mut disk = self.disk();
        if let Some(id) = disk.state.names.get(name).copied()
            && let Ok(file) = disk.state.file_mut(id)
        {
            change(file);
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
        Ok(self.names())
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
        if disk.state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = disk.change(Operation::Name, || format!("create {name}"), |state| Ok(state.create(name)))?;
        Ok(Box::new(MemoryFile { disk: self.clone(), id }))
    }

    fn open(&self, name: &str, _read_only: bool) -> io::Result<Box<dyn StoredFile>> {
        let id = *self.disk().state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(MemoryFile { disk: self.clone(), id }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let described = || format!("rename {from} to {to}");
        self.disk().change(Operation::Name, described, |state| state.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let freed = disk.change(Operation::Name, || format!("remove {name}"), |state| state.remove(name))?;
        disk.faults.shrink(freed);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let described = || "sync the directory".to_owned();
        self.disk().change(Operation::SyncDirectory, described, |state| {
            state.sync_names();
            Ok(())
        })
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
        Ok(self.disk.disk().state.file(self.id)?.cache.length() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let disk = self.disk.disk();
        if disk.state.is_unreadable(self.id, offset, buffer.len()) {
            return Err(io::Error::other("the medium is unreadable here"));
        }
        let cache = &disk.state.file(self.id)?.cache;
        if offset as usize + buffer.len() > cache.length() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        cache.read(offset as usize, buffer);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.disk();
        let outcome = disk.write(self.id, offset as usize, bytes);
        let (id, length) = (self.id, bytes.len());
        disk.keep_moment(|state| format!("write {length} bytes at {offset} of {}", name_of(state, id)));
        outcome
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.disk();
        let outcome = disk.sync(self.id);
        let id = self.id;
        disk.keep_moment(|state| format!("sync {}", name_of(state, id)));
        outcome
    }

    fn drop_cache(&self) -> io::Result<()> {
        let mut disk = self.disk.disk();
        if !disk.faults.keeps_stale_cache {
            let sector_bytes = disk.state.sector_bytes;
            disk.state.file_mut(self.id)?.drop_cache(sector_bytes);
        }
        Ok(())
    }
}

impl Disk {
    /// Changes names, or syncs them.
    fn change<T>(
        &mut self,
        operation: Operation,
        described: impl Fn() -> String,
        act: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let outcome = match self.faults.step(operation) {
            Ok(()) => act(&mut self.state),
            Err(Failure { error, extent: Extent::All, .. }) => act(&mut self.state).and(Err(error)),
            Err(failure) => Err(failure.error),
        };
        self.keep_moment(|_| described());
        outcome
    }

    fn write(&mut self, file: u64, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let step = self.faults.step(Operation::Write);
        let written = match &step {
            Ok(()) | Err(Failure { extent: Extent::All, .. }) => bytes,
            Err(Failure { extent: Extent::Half, .. }) => &bytes[..bytes.len() / 2],
            Err(Failure { extent: Extent::Nothing, .. }) => &[],
        };
        if !written.is_empty() {
            let growth = (offset + written.len()).saturating_sub(self.state.file(file)?.cache.length());
            self.faults.grow(growth)?;
            self.state.write(file, offset, written, self.operations + 1)?;
        }
        step.map_err(|failure| failure.error)
    }

    fn sync(&mut self, file: u64) -> io::Result<()> {
        let (step, sector_bytes) = (self.faults.step(Operation::Sync), self.state.sector_bytes);
        let file = self.state.file_mut(file)?;
        let Err(failure) = step else {
            file.sync(sector_bytes);
            return Ok(());
        };
        if !failure.power_is_gone {
            // The length is not a page: it stays to be synced.
            let pending = std::mem::take(&mut file.pending);
            let settled = match failure.extent {
                Extent::Nothing => 0,
                Extent::Half => pending.len() / 2,
                Extent::All => pending.len(),
            };
            if settled > 0 {
                file.sync_length();
            }
            for (sector, versions) in pending.into_iter().take(settled) {
                file.settle(sector_bytes, sector, &versions);
            }
        }
        Err(failure.error)
    }

    fn keep_moment(&mut self, described: impl FnOnce(&State) -> String) {
        self.operations += 1;
        if let Some(moments) = &mut self.recording {
            let operation = described(&self.state);
            moments.push(Moment { state: Arc::new(self.state.clone()), operation });
        }
    }
}

fn name_of(state: &State, file: u64) -> String {
    let name = state.names.iter().find(|(_, id)| **id == file);
    name.map_or_else(|| format!("file {file}, which has no name"), |(name, _)| name.clone())
}
