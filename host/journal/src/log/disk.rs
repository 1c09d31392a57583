//! Changes of the device, counted, and with their errors named.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::JournalError;
use crate::storage::{LockAttempt, Storage, StoredFile};

/// How much zero is written at a time when a segment is created.
const FILL_BYTES: usize = 256 << 10;

/// What a journal has done to the device since it was opened, and how large it is. Counted, not estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Times a file was synced.
    pub syncs: u64,
    /// Times the directory was synced.
    pub directory_syncs: u64,
    /// Writes handed to the operating system.
    pub writes: u64,
    /// Bytes of those writes.
    pub bytes: u64,
    /// Groups written: one write and one sync each.
    pub groups: u64,
    /// Entries appended.
    pub appended: u64,
    /// Entries in the journal, this session's among them: leaves of the tree.
    pub entries: u64,
    /// Segment files.
    pub segments: u64,
    /// Spare segments that are ready.
    pub spares: u64,
}

/// A storage whose changes are counted.
pub(crate) struct Disk {
    pub storage: Arc<dyn Storage>,
    syncs: AtomicU64,
    directory_syncs: AtomicU64,
    writes: AtomicU64,
    bytes: AtomicU64,
}

impl Disk {
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        let zero = || AtomicU64::new(0);
        Self { storage, syncs: zero(), directory_syncs: zero(), writes: zero(), bytes: zero() }
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            syncs: load(&self.syncs),
            directory_syncs: load(&self.directory_syncs),
            writes: load(&self.writes),
            bytes: load(&self.bytes),
            ..Stats::default()
        }
    }

    pub fn take_lock(&self) -> Result<Box<dyn Send + Sync>, JournalError> {
        match self.storage.lock().map_err(JournalError::storage("lock the journal"))? {
            LockAttempt::Taken(lock) => Ok(lock),
            LockAttempt::Busy { holder } => Err(JournalError::Locked { directory: self.storage.name(), holder }),
        }
    }

    pub fn write(
        &self,
        file: &dyn StoredFile,
        offset: u64,
        bytes: &[u8],
        action: &'static str,
    ) -> Result<(), JournalError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        file.write_at(offset, bytes).map_err(JournalError::storage(action))
    }

    pub fn sync(&self, file: &dyn StoredFile, action: &'static str) -> Result<(), JournalError> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        file.sync().map_err(JournalError::storage(action))
    }

    pub fn sync_directory(&self) -> Result<(), JournalError> {
        self.directory_syncs.fetch_add(1, Ordering::Relaxed);
        self.storage.sync().map_err(JournalError::storage("sync the journal's directory"))
    }

    /// Gives a finished file its name, durably.
    pub fn put_in_place(&self, from: &str, to: &str) -> Result<(), JournalError> {
        self.storage.rename(from, to).map_err(JournalError::storage("put a new segment of the journal in place"))?;
        self.sync_directory()
    }

    /// Makes a file full of zeros behind `head`, and syncs it, so that a later write neither grows it nor finds the
    /// disk full.
    pub fn fill(&self, name: &str, head: &[u8], bytes: u64) -> Result<Box<dyn StoredFile>, JournalError> {
        const ACTION: &str = "create a segment of the journal";
        let file = self.storage.create(name).map_err(JournalError::storage(ACTION))?;
        if !head.is_empty() {
            self.write(file.as_ref(), 0, head, ACTION)?;
        }
        let zeros = vec![0; FILL_BYTES];
        let mut offset = head.len() as u64;
        while offset < bytes {
            let length = (bytes - offset).min(FILL_BYTES as u64);
            self.write(file.as_ref(), offset, &zeros[..length as usize], ACTION)?;
            offset += length;
        }
        self.sync(file.as_ref(), ACTION)?;
        Ok(file)
    }
}
