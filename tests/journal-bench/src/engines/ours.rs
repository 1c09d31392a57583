//! The journal of the house, as a terminal has it: encrypted, chained, with spare segments and checkpoints, its keys
//! under a key file.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use journal::keys::{FileKey, KeyWrap, SystemEntropy};
use journal::storage::{FileStorage, LockAttempt, Storage, StoredFile};
use journal::{Content, Entry, Fold, Health, Journal, Kind, Options, Purpose, SnapshotUse};

use super::{Engine, OpenStore, Way};
use crate::fold::Index;
use crate::records::{RECORD_BYTES, record};

/// Records behind the newest snapshot of a store that is opened: a good day of two hundred and fifty payments.
pub const BEHIND_SNAPSHOT: u64 = 500;
/// How often a store that is being made may do its upkeep: less than the records of a segment.
const TENDED_EVERY: u64 = 256;

const KEY: &str = "journal.key";
const DIRECTORY: &str = "journal";

/// An open journal.
pub struct Ours {
    journal: Journal,
}

impl Ours {
    /// Begins a journal and makes its spare segments.
    pub fn create(folder: &Path) -> Result<Self> {
        let keys = Arc::new(FileKey::create(&folder.join(KEY), &SystemEntropy)?);
        let journal = Journal::create(&folder.join(DIRECTORY), keys, Options::default())?.journal;
        Ok(Self { journal })
    }

    /// The journal itself.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }
}

impl Engine for Ours {
    fn commit(&self, record: &[u8]) -> Result<()> {
        let _ = self.journal.append(Purpose::Payment, &[record.into()])?;
        Ok(())
    }

    fn rest(&self) -> Result<()> {
        self.journal.tend()?;
        Ok(())
    }
}

/// Makes a journal of so many records, each in a group of its own as a terminal writes them, with a snapshot
/// [`BEHIND_SNAPSHOT`] records before its end. Nothing is synced meanwhile: who calls syncs in the end.
pub fn build(folder: &Path, records: u64) -> Result<()> {
    let keys: Arc<dyn KeyWrap> = Arc::new(FileKey::create(&folder.join(KEY), &SystemEntropy)?);
    let storage = Unsynced(FileStorage::new(&folder.join(DIRECTORY)));
    let journal = Journal::create_in(Arc::new(storage), keys, Options::default())?.journal;
    let mut index = Index::default();
    for number in 0..records {
        let record = record(number, RECORD_BYTES);
        let _ = journal.append(Purpose::Payment, &[record.as_slice().into()])?;
        index.take(&record)?;
        if number % TENDED_EVERY == 0 {
            journal.tend()?;
        }
        if number + BEHIND_SNAPSHOT + 1 == records {
            let (entries, _) = journal.tree();
            ensure!(journal.write_snapshot(entries, &index.encode())?, "the snapshot was not written");
        }
    }
    Ok(())
}

/// Opens the journal and folds all of it, or what is behind its snapshot.
pub fn open(folder: &Path, way: Way) -> Result<OpenStore> {
    let keys: Arc<dyn KeyWrap> = Arc::new(FileKey::open(&folder.join(KEY))?);
    let directory = folder.join(DIRECTORY);
    let mut folding = Folding { index: Index::default(), failed: None };
    let opened = match way {
        Way::Everything => {
            let storage = Arc::new(FileStorage::new(&directory));
            Journal::open_in_with(storage, keys, Options::default(), &mut |entry| folding.entry(entry))?
        }
        Way::Snapshot => Journal::open_folding(&directory, keys, Options::default(), &mut folding)?,
    };
    if let Some(error) = folding.failed {
        return Err(error);
    }
    ensure!(opened.health == Health::Whole, "{:?}", opened.health);
    match (way, &opened.snapshot) {
        (Way::Everything, SnapshotUse::Absent) | (Way::Snapshot, SnapshotUse::Used { .. }) => {}
        (_, other) => anyhow::bail!("the snapshot was not used as asked: {other:?}"),
    }
    Ok(OpenStore { index: folding.index, _store: Box::new(opened.journal) })
}

struct Folding {
    index: Index,
    failed: Option<anyhow::Error>,
}

impl Fold for Folding {
    fn snapshot(&mut self, application: &[u8]) -> bool {
        Index::decode(application).map(|index| self.index = index).is_ok()
    }

    fn entry(&mut self, entry: Entry) {
        let taken = match (entry.kind, &entry.content) {
            (Kind::Record, Content::Whole { record, .. }) => self.index.take(record),
            (Kind::Record, _) => Err(anyhow::anyhow!("entry {} has no record", entry.sequence)),
            (Kind::Checkpoint, _) => Ok(()),
        };
        if let Err(error) = taken {
            self.failed.get_or_insert(error.context("the journal was read back wrong"));
        }
    }
}

/// The operating system's directory without its syncs, so that a large journal is made in seconds.
struct Unsynced(FileStorage);

impl Storage for Unsynced {
    fn name(&self) -> String {
        self.0.name()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn make(&self) -> io::Result<()> {
        fs::create_dir(self.0.name())
    }

    fn lock(&self) -> io::Result<LockAttempt> {
        self.0.lock()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        Ok(Box::new(UnsyncedFile(self.0.create(name)?)))
    }

    fn open(&self, name: &str, read_only: bool) -> io::Result<Box<dyn StoredFile>> {
        Ok(Box::new(UnsyncedFile(self.0.open(name, read_only)?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

struct UnsyncedFile(Box<dyn StoredFile>);

impl StoredFile for UnsyncedFile {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn drop_cache(&self) -> io::Result<()> {
        self.0.drop_cache()
    }
}
