//! The journal itself: open, append, go on after a failure.

mod checkpoint;
mod compact;
mod disk;
mod options;
mod queue;
mod read;
mod shred;
mod snapshot;
mod spares;
mod tend;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use compact::{Compacted, Fate, SegmentInfo};
pub use disk::Stats;
#[cfg(any(test, feature = "simulation"))]
pub use options::Sabotage;
pub use options::{CHECKPOINT_EVERY, Options, Probe, SPARE_SEGMENTS};
pub use read::Reading;
pub use shred::Which;
pub use snapshot::{Fold, SnapshotUse};
pub use tend::Tended;
pub use writer::{MAX_SEGMENTS, RESERVE_BYTES, Room};

use disk::Disk;
use queue::{Outcome, Queue, Ticket};
use snapshot::Reader;
use spares::{Spares, make_spare};
use writer::Writer;

use crate::entry::{Body, Entry, Purpose};
use crate::error::{Health, JournalError};
use crate::format::draft::{Draft, check_entry};
use crate::format::group::Salted;
use crate::format::{FIRST_GROUP, MAX_GROUP_BYTES};
use crate::keys::KeyWrap;
use crate::recovery::{self, Access, Identity, Manner, Recovered};
use crate::seal::{JournalId, Kind, SALT_BYTES};
use crate::storage::{FileStorage, Storage};
use crate::tree::Hash;

/// Probe step: the group is encoded and room is made; nothing of it was written.
pub const BEFORE_WRITE: &str = "journal.before-write";
/// Probe step: the group was handed to the operating system, not yet to the device.
pub const AFTER_WRITE: &str = "journal.after-write";
/// Probe step: the group is durable; nobody was told yet.
pub const AFTER_SYNC: &str = "journal.after-sync";

/// A journal that was opened, and what it holds.
#[derive(Debug)]
pub struct Opened {
    /// To append to. The lock is held until it is dropped.
    pub journal: Journal,
    /// All entries in order, unless they were handed to a visitor.
    pub entries: Vec<Entry>,
    /// Whether that is everything that was ever promised.
    pub health: Health,
    /// Anchors that could not be asked, each as a sentence for the operator: what they would have shown is not known.
    pub unanswered: Vec<String>,
    /// Whether a snapshot saved reading everything.
    pub snapshot: SnapshotUse,
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
    /// Sequence number of the last entry of the append.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// The one writer of a journal. Any number of threads may append to it at once; they share writes and syncs.
pub struct Journal {
    queue: Queue,
    writer: Mutex<Writer>,
    /// Held by whoever does idle duties.
    tending: Mutex<()>,
    disk: Disk,
    keys: Arc<dyn KeyWrap>,
    options: Options,
    id: JournalId,
    verifying_key: [u8; 32],
    lock: Box<dyn Send + Sync>,
}

impl Journal {
    /// Begins a journal in `directory`, which is made if it is not there. Refused where one already is.
    pub fn create(directory: &Path, keys: Arc<dyn KeyWrap>, options: Options) -> Result<Opened, JournalError> {
        Self::create_in(Arc::new(FileStorage::new(directory)), keys, options)
    }

    /// Opens the journal in `directory`, verifies all of it and takes the lock. A directory without a journal is an
    /// error: a lost disk must not look like a new terminal. If the file system has become read-only,
    /// [`Journal::read`] still shows what is there.
    pub fn open(directory: &Path, keys: Arc<dyn KeyWrap>, options: Options) -> Result<Opened, JournalError> {
        Self::open_in(Arc::new(FileStorage::new(directory)), keys, options)
    }

    /// [`Journal::create`] on any storage.
    pub fn create_in(
        storage: Arc<dyn Storage>,
        keys: Arc<dyn KeyWrap>,
        options: Options,
    ) -> Result<Opened, JournalError> {
        options.check()?;
        storage.make().map_err(JournalError::storage("make the journal's directory"))?;
        let disk = Disk::new(storage);
        let lock = disk.take_lock()?;
        match recovery::segments(disk.storage.as_ref()) {
            Err(JournalError::NoJournal { .. }) => {}
            Ok(_) => return Err(JournalError::AlreadyThere { directory: disk.storage.name() }),
            Err(error) => return Err(error),
        }
        writer::remove_unfinished(&disk)?;
        let identity = Identity::random(options.entropy.as_ref())?;
        let opened = Self::assemble(disk, keys, options, lock, identity, Recovered::nothing())?;
        opened.journal.fill_spares()?;
        let journal = &opened.journal;
        journal.writer().rotate(&journal.disk)?;
        journal.fill_spares()?;
        Ok(opened)
    }

    /// [`Journal::open`] on any storage.
    pub fn open_in(
        storage: Arc<dyn Storage>,
        keys: Arc<dyn KeyWrap>,
        options: Options,
    ) -> Result<Opened, JournalError> {
        let mut entries = Vec::new();
        let opened = Self::open_in_with(storage, keys, options, &mut |entry| entries.push(entry))?;
        Ok(Opened { entries, ..opened })
    }

    /// [`Journal::open_in`] that hands every entry to `visit` instead of collecting them.
    pub fn open_in_with(
        storage: Arc<dyn Storage>,
        keys: Arc<dyn KeyWrap>,
        options: Options,
        visit: &mut dyn FnMut(Entry),
    ) -> Result<Opened, JournalError> {
        Self::open_for(storage, keys, options, Reader::Everything(visit))
    }

    fn open_for(
        storage: Arc<dyn Storage>,
        keys: Arc<dyn KeyWrap>,
        options: Options,
        reader: Reader<'_>,
    ) -> Result<Opened, JournalError> {
        options.check()?;
        // Looked at before the lock is taken, so that asking in the wrong place leaves no lock file there.
        recovery::segments(storage.as_ref())?;
        let disk = Disk::new(storage);
        let lock = disk.take_lock()?;
        Self::recover(disk, keys, options, lock, reader)
    }

    /// After [`JournalError::Poisoned`]: forgets what is cached, verifies what the device holds, and goes on in a fresh
    /// segment with fresh keys under the same lock. Entries of the failed append are either all among the entries or
    /// not at all.
    pub fn reopen(self) -> Result<Opened, JournalError> {
        let mut entries = Vec::new();
        let opened = self.reopen_with(&mut |entry| entries.push(entry))?;
        Ok(Opened { entries, ..opened })
    }

    /// [`Journal::reopen`] that hands every entry to `visit` instead of collecting them.
    pub fn reopen_with(self, visit: &mut dyn FnMut(Entry)) -> Result<Opened, JournalError> {
        self.reopen_for(Reader::Everything(visit))
    }

    /// Writes all bodies down and syncs them. When this returns a token they are durable; after a crash before that
    /// they are there whole or not at all. Appends of other threads that arrive meanwhile share one write and one sync.
    ///
    /// # Errors
    ///
    /// A refusal for size, for [`JournalError::Reserved`] (payments only), or for [`JournalError::DiskFull`] while a
    /// segment is created leaves the handle as it was. After any other failure what the device holds is unknown, and
    /// the handle refuses all later appends with [`JournalError::Poisoned`] until [`Journal::reopen`].
    pub fn append(&self, purpose: Purpose, bodies: &[Body<'_>]) -> Result<Durable, JournalError> {
        let draft = self.draft(bodies)?;
        let limit = MAX_GROUP_BYTES.min(self.options.segment_bytes as usize - FIRST_GROUP);
        if draft.framed_bytes() > self.options.segment_bytes as usize - FIRST_GROUP {
            return Err(JournalError::GroupTooLarge { bytes: draft.framed_bytes(), limit });
        }
        // Framing adds a sector's header and checksum to every share, which the batch must leave room for.
        let limit = limit - limit / 16;
        let sequence = self.queue.wait(purpose, draft, limit, |batch, publish| self.commit(batch, publish))?;
        Ok(Durable { sequence })
    }

    /// Name of the journal: what its leaves and checkpoints are about.
    pub fn id(&self) -> JournalId {
        self.id
    }

    /// The Ed25519 key that checks its checkpoints.
    pub fn verifying_key(&self) -> [u8; 32] {
        self.verifying_key
    }

    /// Leaves of the tree of everything that is durable, and its root.
    pub fn tree(&self) -> (u64, Hash) {
        let writer = self.writer();
        (writer.position.frontier.size(), writer.position.frontier.root())
    }

    /// How many appends wait for the one that is being written.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// How much room there is.
    pub fn room(&self) -> Room {
        self.writer().room()
    }

    /// What was done to the device since the journal was opened, and how large it is.
    pub fn stats(&self) -> Stats {
        let writer = self.writer();
        Stats {
            groups: writer.groups,
            appended: writer.appended,
            entries: writer.position.frontier.size(),
            segments: writer.segments,
            spares: writer.spares.ready() as u64,
            ..self.disk.stats()
        }
    }

    fn reopen_for(self, reader: Reader<'_>) -> Result<Opened, JournalError> {
        let Self { disk, keys, options, lock, writer, .. } = self;
        drop(writer);
        let opened = Self::recover(disk, keys, options, lock, reader)?;
        opened.journal.writer().close_segment();
        Ok(opened)
    }

    fn recover(
        disk: Disk,
        keys: Arc<dyn KeyWrap>,
        options: Options,
        lock: Box<dyn Send + Sync>,
        mut reader: Reader<'_>,
    ) -> Result<Opened, JournalError> {
        writer::remove_unfinished(&disk)?;
        // A process killed between the rename and the sync of a new segment left a name that a power cut would take.
        disk.sync_directory()?;
        let storage = disk.storage.as_ref();
        let numbers = recovery::segments(storage)?;
        let identity = match Identity::find(storage, &numbers, Some(keys.as_ref()))? {
            Some(identity) => identity,
            None => Identity::random(options.entropy.as_ref())?,
        };
        let (claims, unanswered) = recovery::ask(&options.anchors, &identity);
        let manner =
            Manner { access: Access::Settle, keys: Some(keys.as_ref()), claims: &claims, weakness: options.weakness() };
        let (start, first_news, snapshot) = reader.begin(&disk, &numbers, &identity, manner);
        let visit = &mut |sequence, entry: &recovery::GroupEntry<'_>| {
            if sequence >= first_news {
                reader.entry(entry.to_entry(sequence));
            }
        };
        let recovered = recovery::recover(storage, &identity, manner, start, visit)?;
        let opened = Self::assemble(disk, keys, options, lock, identity, recovered)?;
        opened.journal.writer().vouch_for(claims.iter().filter_map(|claim| Some((claim.size, claim.root?))));
        Ok(Opened { unanswered, snapshot, ..opened })
    }

    fn assemble(
        disk: Disk,
        keys: Arc<dyn KeyWrap>,
        options: Options,
        lock: Box<dyn Send + Sync>,
        identity: Identity,
        recovered: Recovered,
    ) -> Result<Opened, JournalError> {
        let health = recovered.health.clone();
        let (id, verifying_key) = (identity.journal, identity.verifying_key);
        let spares = Spares::find(&disk, options.segment_bytes)?;
        let writer = Mutex::new(Writer::new(identity, recovered, spares, keys.clone(), options.clone())?);
        let (queue, tending) = (Queue::default(), Mutex::new(()));
        let journal = Self { queue, writer, tending, disk, keys, options, id, verifying_key, lock };
        Ok(Opened { journal, entries: Vec::new(), health, unanswered: Vec::new(), snapshot: SnapshotUse::Absent })
    }

    fn draft(&self, bodies: &[Body<'_>]) -> Result<Draft, JournalError> {
        let mut draft = Draft::with_room(bodies.iter().map(|body| (body.record, body.card)));
        for (index, body) in bodies.iter().enumerate() {
            check_entry(index, body.record.len() + body.card.map_or(0, <[u8]>::len))?;
            let salt = self.salt()?;
            let card = body.card.map(|bytes| Ok::<_, JournalError>((self.salt()?, bytes))).transpose()?;
            let card = card.as_ref().map(|(salt, bytes)| Salted { salt, bytes });
            draft.push(Kind::Record, Salted { salt: &salt, bytes: body.record }, card);
        }
        draft.check_size()?;
        Ok(draft)
    }

    fn salt(&self) -> Result<[u8; SALT_BYTES], JournalError> {
        let mut salt = [0; SALT_BYTES];
        self.options.entropy.fill(&mut salt)?;
        Ok(salt)
    }

    /// Writes a batch as one group, and says of each append in it what came of it, in order.
    fn commit(&self, batch: Vec<Ticket>, publish: &mut dyn FnMut(Outcome)) {
        let mut writer = self.writer();
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(batch.len());
        let (mut group, mut bytes) = (Draft::default(), 0);
        for Ticket { purpose, draft, .. } in batch {
            let with_this = bytes + draft.framed_bytes();
            outcomes.push(match writer.admit(&self.disk, purpose, with_this) {
                Ok(()) => {
                    bytes = with_this;
                    group.append(draft);
                    // Counted from the first entry until the group has its place.
                    Ok(group.entries() as u64 - 1)
                }
                Err(error) => Err(error),
            });
        }
        if group.entries() == 0 {
            return outcomes.into_iter().for_each(publish);
        }
        match writer.commit(&self.disk, group) {
            Ok(first) => {
                drop(writer);
                outcomes.into_iter().for_each(|outcome| publish(outcome.map(|index| first + index)));
            }
            Err(error) => {
                drop(writer);
                outcomes.into_iter().for_each(|outcome| publish(outcome.and_then(|_| Err(error.repeat()))));
            }
        }
    }

    /// Makes spares until there are as many as there should be, without keeping appends waiting.
    fn fill_spares(&self) -> Result<usize, JournalError> {
        let mut made = 0;
        loop {
            let number = {
                let mut writer = self.writer();
                if writer.spares.expected() >= self.options.spare_segments {
                    return Ok(made);
                }
                writer.spares.begin()
            };
            let spare = make_spare(&self.disk, number, self.options.segment_bytes);
            self.writer().spares.finish(number, spare)?;
            made += 1;
        }
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writer = self.writer();
        f.debug_struct("Journal")
            .field("directory", &self.disk.storage.name())
            .field("id", &self.id)
            .field("next_sequence", &writer.position.sequence)
            .field("last_segment", &writer.last_segment)
            .field("poisoned", &writer.poisoned)
            .finish_non_exhaustive()
    }
}
