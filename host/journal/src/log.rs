//! The journal itself: open, append, go on after a failure.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Health, JournalError};
use crate::format::{self, BLOCK_BYTES, SEGMENT_BYTES, SegmentHeader};
use crate::recovery::{self, Access, Entry, Reading, Recovered, segment_name};
use crate::storage::{FileStorage, LockAttempt, Storage, StoredFile};

/// Probe step: the group is encoded and room is made; nothing of it was written.
pub const BEFORE_WRITE: &str = "journal.before-write";
/// Probe step: the group was handed to the operating system, not yet to the device.
pub const AFTER_WRITE: &str = "journal.after-write";
/// Probe step: the group is durable; nobody was told yet.
pub const AFTER_SYNC: &str = "journal.after-sync";

/// Name of a segment that is still being filled with zeros.
const UNFINISHED_SUFFIX: &str = ".new";
/// How much zero is written at a time when a segment is created.
const FILL_BYTES: usize = 64 << 10;
/// A reader without the lock may see a group half written; it looks this often before it calls that damage.
const READ_ATTEMPTS: usize = 3;

/// Called at named steps, so that a development build can stop the process exactly there.
pub type Probe = Arc<dyn Fn(&'static str) + Send + Sync>;

/// How a journal is opened.
#[derive(Clone)]
pub struct Options {
    /// Length of new segments: a multiple of [`BLOCK_BYTES`], at most [`SEGMENT_BYTES`].
    pub segment_bytes: u64,
    /// Called at [`BEFORE_WRITE`], [`AFTER_WRITE`] and [`AFTER_SYNC`] of every append.
    pub probe: Probe,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: SEGMENT_BYTES, probe: Arc::new(|_| {}) }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("segment_bytes", &self.segment_bytes).finish_non_exhaustive()
    }
}

/// A journal that was opened, and what it holds.
#[derive(Debug)]
pub struct Opened {
    /// To append to. The lock is held until it is dropped.
    pub journal: Journal,
    /// All readable entries in order.
    pub entries: Vec<Entry>,
    /// Whether that is everything that was ever promised.
    pub health: Health,
}

/// Proof that a group of entries is on the device. Whoever sends takes one by value, so that nothing leaves the
/// terminal that was not written down first. Only [`Journal::append`] makes one, and it cannot be copied:
///
/// ```compile_fail,E0451
/// let forged = acquit_journal::Durable { sequence: 1 };
/// ```
///
/// ```compile_fail,E0599
/// fn twice(permit: &acquit_journal::Durable) -> acquit_journal::Durable {
///     let copy: acquit_journal::Durable = (*permit).clone();
///     copy
/// }
/// ```
#[must_use = "this is the permission to act on what was written down"]
#[derive(Debug)]
pub struct Durable {
    sequence: u64,
}

impl Durable {
    /// Sequence number of the last entry of the group.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// The one writer of a journal.
pub struct Journal {
    storage: Arc<dyn Storage>,
    options: Options,
    lock: Box<dyn Send>,
    next_sequence: u64,
    last_segment: u64,
    /// Where the next group goes; `None` when it needs a fresh segment.
    current: Option<Segment>,
    /// Set while the device is being written, and left set when that fails.
    poisoned: bool,
}

struct Segment {
    file: Box<dyn StoredFile>,
    offset: u64,
    segment_bytes: u64,
}

impl Journal {
    /// Begins a journal in `directory`, which is made if it is not there. Refused where one already is.
    pub fn create(directory: &Path, options: Options) -> Result<Opened, JournalError> {
        Self::create_in(Arc::new(FileStorage::new(directory)), options)
    }

    /// Opens the journal in `directory`, verifies all of it and takes the lock. A directory without a journal is an
    /// error: a lost disk must not look like a new terminal. Nothing but the lock file is written until the first
    /// append. If the file system has become read-only, [`Journal::read`] still shows what is there.
    pub fn open(directory: &Path, options: Options) -> Result<Opened, JournalError> {
        Self::open_in(Arc::new(FileStorage::new(directory)), options)
    }

    /// Reads without the lock and without changing anything: for tools.
    pub fn read(directory: &Path) -> Result<Reading, JournalError> {
        Self::read_in(&FileStorage::new(directory))
    }

    /// [`Journal::create`] on any storage.
    pub fn create_in(storage: Arc<dyn Storage>, options: Options) -> Result<Opened, JournalError> {
        format::check_segment_bytes(options.segment_bytes)?;
        storage.make().map_err(JournalError::storage("make the journal's directory"))?;
        let lock = take_lock(storage.as_ref())?;
        match recovery::segments(storage.as_ref()) {
            Err(JournalError::NoJournal { .. }) => {}
            Ok(_) => return Err(JournalError::AlreadyThere { directory: storage.name() }),
            Err(error) => return Err(error),
        }
        remove_unfinished(storage.as_ref())?;
        let mut journal =
            Self { storage, options, lock, next_sequence: 1, last_segment: 0, current: None, poisoned: false };
        journal.begin_segment()?;
        Ok(Opened { journal, entries: Vec::new(), health: Health::Whole })
    }

    /// [`Journal::open`] on any storage.
    pub fn open_in(storage: Arc<dyn Storage>, options: Options) -> Result<Opened, JournalError> {
        format::check_segment_bytes(options.segment_bytes)?;
        // Looked at before the lock is taken, so that asking in the wrong place leaves no lock file there.
        recovery::segments(storage.as_ref())?;
        let lock = take_lock(storage.as_ref())?;
        Self::recover(storage, options, lock)
    }

    /// [`Journal::read`] on any storage.
    pub fn read_in(storage: &dyn Storage) -> Result<Reading, JournalError> {
        let mut reading = recovery::recover(storage, Access::ReadOnly)?.reading;
        for _ in 1..READ_ATTEMPTS {
            if reading.health == Health::Whole {
                break;
            }
            reading = recovery::recover(storage, Access::ReadOnly)?.reading;
        }
        Ok(reading)
    }

    /// After [`JournalError::Poisoned`]: forgets what is cached, verifies what the device holds, and goes on in a fresh
    /// segment under the same lock. Entries of the failed append are either all among the entries or not at all.
    pub fn reopen(self) -> Result<Opened, JournalError> {
        let Self { storage, options, lock, current, .. } = self;
        drop(current);
        let mut opened = Self::recover(storage, options, lock)?;
        opened.journal.current = None;
        Ok(opened)
    }

    /// Writes all bodies as one group and syncs it. When this returns a token the group is durable; after a crash
    /// before that it is there whole or not at all.
    ///
    /// # Errors
    ///
    /// A refusal for size or for [`JournalError::DiskFull`] while a segment is created leaves the handle as it was.
    /// After any other failure what the device holds is unknown, and the handle refuses all later appends with
    /// [`JournalError::Poisoned`] until [`Journal::reopen`].
    pub fn append(&mut self, bodies: &[&[u8]]) -> Result<Durable, JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        let group = format::encode_group(self.next_sequence, bodies)?;
        let limit = self.options.segment_bytes as usize - BLOCK_BYTES;
        if group.len() > limit {
            return Err(JournalError::GroupTooLarge { bytes: group.len(), limit });
        }
        let following = self.next_sequence.checked_add(bodies.len() as u64).ok_or(JournalError::SequencesUsedUp)?;
        if !self.current.as_ref().is_some_and(|segment| segment.has_room(group.len())) {
            self.begin_segment()?;
        }
        // Also when a probe panics half way: the next group must not be written over this one.
        self.poisoned = true;
        let probe = &self.options.probe;
        let segment = self.current.as_mut().ok_or(JournalError::Poisoned)?;
        probe(BEFORE_WRITE);
        segment.file.write_at(segment.offset, &group).map_err(JournalError::storage("write to the journal"))?;
        probe(AFTER_WRITE);
        segment.file.sync().map_err(JournalError::storage("sync the journal"))?;
        probe(AFTER_SYNC);
        segment.offset += format::block_aligned(group.len()) as u64;
        self.next_sequence = following;
        self.poisoned = false;
        Ok(Durable { sequence: following - 1 })
    }

    fn recover(storage: Arc<dyn Storage>, options: Options, lock: Box<dyn Send>) -> Result<Opened, JournalError> {
        remove_unfinished(storage.as_ref())?;
        // A process killed between the rename and the sync of a new segment left a name that a power cut would take.
        storage.sync().map_err(JournalError::storage("sync the journal's directory"))?;
        let Recovered { reading, next_sequence, last_segment, continuation } =
            recovery::recover(storage.as_ref(), Access::Settle)?;
        let current = continuation.map(|free| Segment {
            file: free.file,
            offset: free.offset,
            segment_bytes: free.segment_bytes,
        });
        let journal = Self { storage, options, lock, next_sequence, last_segment, current, poisoned: false };
        Ok(Opened { journal, entries: reading.entries, health: reading.health })
    }

    /// Makes the next segment, full of zeros, so that a later append neither grows a file nor finds the disk full.
    fn begin_segment(&mut self) -> Result<(), JournalError> {
        let segment = self.last_segment + 1;
        let header =
            SegmentHeader { segment, first_sequence: self.next_sequence, segment_bytes: self.options.segment_bytes };
        let unfinished = format!("{}{UNFINISHED_SUFFIX}", segment_name(segment));
        self.poisoned = true;
        let file = match fill_segment(self.storage.as_ref(), &unfinished, &header) {
            Ok(file) => file,
            Err(JournalError::DiskFull) => {
                // Nothing that was promised was touched: the handle stays usable once there is space again.
                self.poisoned = remove_unfinished(self.storage.as_ref()).is_err();
                return Err(JournalError::DiskFull);
            }
            Err(error) => return Err(error),
        };
        let finish = || {
            self.storage.rename(&unfinished, &segment_name(segment))?;
            self.storage.sync()
        };
        finish().map_err(JournalError::storage("put a new segment of the journal in place"))?;
        self.last_segment = segment;
        self.current = Some(Segment { file, offset: BLOCK_BYTES as u64, segment_bytes: header.segment_bytes });
        self.poisoned = false;
        Ok(())
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("directory", &self.storage.name())
            .field("next_sequence", &self.next_sequence)
            .field("last_segment", &self.last_segment)
            .field("poisoned", &self.poisoned)
            .finish_non_exhaustive()
    }
}

impl Segment {
    fn has_room(&self, bytes: usize) -> bool {
        self.offset + bytes as u64 <= self.segment_bytes
    }
}

fn take_lock(storage: &dyn Storage) -> Result<Box<dyn Send>, JournalError> {
    match storage.lock().map_err(JournalError::storage("lock the journal"))? {
        LockAttempt::Taken(lock) => Ok(lock),
        LockAttempt::Busy { holder } => Err(JournalError::Locked { directory: storage.name(), holder }),
    }
}

fn fill_segment(
    storage: &dyn Storage,
    name: &str,
    header: &SegmentHeader,
) -> Result<Box<dyn StoredFile>, JournalError> {
    let fill = || {
        let file = storage.create(name)?;
        file.write_at(0, &header.encode())?;
        let zeros = [0; FILL_BYTES];
        let mut offset = BLOCK_BYTES as u64;
        while offset < header.segment_bytes {
            let bytes = (header.segment_bytes - offset).min(FILL_BYTES as u64);
            file.write_at(offset, &zeros[..bytes as usize])?;
            offset += bytes;
        }
        file.sync()?;
        Ok(file)
    };
    fill().map_err(JournalError::storage("create a segment of the journal"))
}

/// Clears away segments whose creation was cut short; they were never part of the journal.
fn remove_unfinished(storage: &dyn Storage) -> Result<(), JournalError> {
    let remove = || {
        for name in storage.list()?.iter().filter(|name| name.ends_with(UNFINISHED_SUFFIX)) {
            storage.remove(name)?;
        }
        Ok(())
    };
    remove().map_err(JournalError::storage("clear away an unfinished segment"))
}
