//! Snapshots: what the application knew at one place of the journal, so that opening need not read years.
//!
//! A snapshot is a shortcut and never a source: everything in it can be had again from the log, and one that does not
//! verify, is of another version, or does not fit the segments is passed over, said so, and everything is read.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use zeroize::Zeroizing;

use super::disk::Disk;
use super::spares::UNFINISHED_SUFFIX;
use super::{Journal, Opened, Options};
use crate::entry::Entry;
use crate::error::JournalError;
use crate::format::header::{HeaderPair, SegmentHeader};
use crate::format::snapshot::{self, MAX_SNAPSHOT_BYTES, SnapshotPlace};
use crate::keys::{DataKey, KeyWrap};
use crate::recovery::{self, Access, Claim, Identity, Manner, Start, segment_name};
use crate::storage::{FileStorage, Storage};

const NAME: &str = "snapshot";
/// What is neither application nor key in a snapshot: at most a frontier of 64 hashes and the vouched checkpoints.
const MAX_CLEAR_BYTES: usize = 8 << 10;

/// What takes in a journal as it is opened.
pub trait Fold {
    /// Begins from what [`Journal::write_snapshot`] was given. `false` when it cannot be understood, for instance
    /// because another version of the program wrote it; everything is then read from the beginning.
    fn snapshot(&mut self, application: &[u8]) -> bool;

    /// Takes the next entry.
    fn entry(&mut self, entry: Entry);
}

/// Whether a journal was opened from a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotUse {
    /// There was none, or it was not asked for.
    Absent,
    /// Only what follows it was handed over. Segments before its own were looked at, not read: `acquit journal verify`
    /// reads everything.
    Used {
        /// Sequence of the first entry that it does not know.
        sequence: u64,
    },
    /// There is one that cannot be used; a sentence for the operator. Everything was read.
    Refused(String),
}

/// Whoever takes the entries of a journal that is opened.
pub(super) enum Reader<'a> {
    /// Takes all of them.
    Everything(&'a mut dyn FnMut(Entry)),
    /// Takes those behind the snapshot, if there is one.
    News(&'a mut dyn Fold),
}

impl Journal {
    /// [`Journal::open`] that begins from the newest snapshot, if there is one that can be used, and hands only what
    /// follows it to `fold`.
    pub fn open_folding(
        directory: &Path,
        keys: Arc<dyn KeyWrap>,
        options: Options,
        fold: &mut dyn Fold,
    ) -> Result<Opened, JournalError> {
        Self::open_folding_in(Arc::new(FileStorage::new(directory)), keys, options, fold)
    }

    /// [`Journal::open_folding`] on any storage.
    pub fn open_folding_in(
        storage: Arc<dyn Storage>,
        keys: Arc<dyn KeyWrap>,
        options: Options,
        fold: &mut dyn Fold,
    ) -> Result<Opened, JournalError> {
        Self::open_for(storage, keys, options, Reader::News(fold))
    }

    /// [`Journal::reopen`] that begins from the newest snapshot: what it stands on was durable before anything failed.
    pub fn reopen_folding(self, fold: &mut dyn Fold) -> Result<Opened, JournalError> {
        self.reopen_for(Reader::News(fold))
    }

    /// Keeps what the application knows, for the next [`Journal::open_folding`]. `last` is the sequence of the last
    /// entry that is in it. Returns whether it was written: not in a journal that does not verify, and not when more
    /// was appended meanwhile.
    ///
    /// # Errors
    ///
    /// On a full disk nothing has changed. After a failure of the directory's sync the handle is poisoned.
    pub fn write_snapshot(&self, last: u64, application: &[u8]) -> Result<bool, JournalError> {
        let _tending = self.tending.lock().unwrap_or_else(PoisonError::into_inner);
        if application.len() > MAX_SNAPSHOT_BYTES {
            return Err(JournalError::SnapshotTooLarge { bytes: application.len(), limit: MAX_SNAPSHOT_BYTES });
        }
        let Some(place) = self.snapshot_place(last) else { return Ok(false) };
        let key = DataKey::random(self.options.entropy.as_ref())?;
        let file = snapshot::encode(&place, application, self.options.cipher, &key, self.keys.as_ref())?;
        let unfinished = format!("{NAME}{UNFINISHED_SUFFIX}");
        if let Err(error) = self.write_file(&unfinished, &file) {
            // What is left of it is cleared away at the next open, if not now.
            let _ = self.disk.storage.remove(&unfinished);
            return Err(error);
        }
        if let Err(error) = self.disk.put_in_place(&unfinished, NAME) {
            self.writer().poisoned = true;
            return Err(error);
        }
        Ok(true)
    }

    fn snapshot_place(&self, last: u64) -> Option<SnapshotPlace> {
        let writer = self.writer();
        let position = &writer.position;
        if writer.poisoned || writer.check_whole().is_err() || position.sequence != last.checked_add(1)? {
            return None;
        }
        Some(SnapshotPlace {
            journal: self.id,
            segment: writer.last_segment,
            sequence: position.sequence,
            chain: position.chain,
            frontier: position.frontier.clone(),
            vouched: writer.vouched.clone(),
        })
    }

    fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), JournalError> {
        const ACTION: &str = "write a snapshot of the journal";
        let file = self.disk.storage.create(name).map_err(JournalError::storage(ACTION))?;
        self.disk.write(file.as_ref(), 0, bytes, ACTION)?;
        self.disk.sync(file.as_ref(), ACTION)
    }
}

impl Reader<'_> {
    /// Where reading begins, and the first entry that is news to the reader.
    pub fn begin(
        &mut self,
        disk: &Disk,
        numbers: &[u64],
        identity: &Identity,
        manner: Manner<'_>,
    ) -> (Start, u64, SnapshotUse) {
        let everything = |usage| (Start::default(), 0, usage);
        let Self::News(fold) = self else { return everything(SnapshotUse::Absent) };
        match begin(disk, numbers, identity, manner, *fold) {
            Ok(None) => everything(SnapshotUse::Absent),
            Ok(Some((start, sequence))) => (start, sequence, SnapshotUse::Used { sequence }),
            Err(why) => everything(SnapshotUse::Refused(format!("storage: the snapshot is passed over: {why}"))),
        }
    }

    pub fn entry(&mut self, entry: Entry) {
        match self {
            Self::Everything(visit) => visit(entry),
            Self::News(fold) => fold.entry(entry),
        }
    }
}

/// Checks the snapshot against the segments and hands it to the application; `None` when there is none.
fn begin(
    disk: &Disk,
    numbers: &[u64],
    identity: &Identity,
    manner: Manner<'_>,
    fold: &mut dyn Fold,
) -> Result<Option<(Start, u64)>, String> {
    let (Some(mut file), Some(keys)) = (read_file(disk)?, manner.keys) else { return Ok(None) };
    let (place, application) = snapshot::decode(&mut file, keys).map_err(|fault| fault.to_string())?;
    if place.journal != identity.journal {
        return Err("it is of another journal".into());
    }
    let header = check_segments(disk, numbers, &place)?;
    check_claims(manner.claims, &place, &header)?;
    check_place(disk, identity, manner, &header, &place)?;
    if !fold.snapshot(&application) {
        return Err("this version of the program cannot read what is in it".into());
    }
    Ok(Some((Start::of(&header), place.sequence)))
}

fn read_file(disk: &Disk) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let file = match disk.storage.open(NAME, true) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let length = usize::try_from(file.length().map_err(|error| error.to_string())?).unwrap_or(usize::MAX);
    if length > MAX_SNAPSHOT_BYTES + MAX_CLEAR_BYTES {
        return Err(format!("it has {length} bytes"));
    }
    let mut bytes = Zeroizing::new(vec![0; length]);
    file.read_at(0, &mut bytes).map_err(|error| error.to_string())?;
    Ok(Some(bytes))
}

/// Every segment up to the snapshot's own must be there, of its full length, under a header both copies of which verify:
/// only who reads a segment finishes a change of its header that was cut short.
fn check_segments(disk: &Disk, numbers: &[u64], place: &SnapshotPlace) -> Result<SegmentHeader, String> {
    let before = numbers.iter().take_while(|number| **number <= place.segment);
    if !before.clone().copied().eq(1..=place.segment) {
        return Err("segments before it are missing".into());
    }
    let mut own = None;
    for &number in before {
        let file = disk.storage.open(&segment_name(number), true);
        let length = file.and_then(|file| file.length()).map_err(|error| error.to_string())?;
        let fits = |HeaderPair { header, stale_copy }: &HeaderPair| {
            let is_in_place = header.segment == number && header.journal == place.journal;
            is_in_place && header.segment_bytes == length && stale_copy.is_none()
        };
        match recovery::read_headers(disk.storage.as_ref(), number) {
            Some(pair) if fits(&pair) => own = Some(pair.header),
            _ => return Err(format!("segment {number:06}.log is not as it should be")),
        }
    }
    own.ok_or_else(|| "its segment is missing".into())
}

/// What anchors say of a time before the snapshot's segment must be something that was verified when all was read.
fn check_claims(claims: &[Claim], place: &SnapshotPlace, header: &SegmentHeader) -> Result<(), String> {
    let beginning = (header.frontier.size(), header.frontier.root());
    let is_known = |claim: &Claim| {
        let later = claim.size > header.frontier.size();
        claim.root.is_some_and(|root| {
            let said = (claim.size, root);
            later || said == beginning || place.vouched.contains(&said)
        })
    };
    match claims.iter().find(|claim| !is_known(claim)) {
        Some(claim) => Err(format!("it does not know the checkpoint that {} keeps", claim.anchor)),
        None => Ok(()),
    }
}

/// Its segment must lead to exactly the place at which the snapshot was taken: a log put back to an older state under
/// a newer snapshot would otherwise look whole.
fn check_place(
    disk: &Disk,
    identity: &Identity,
    manner: Manner<'_>,
    header: &SegmentHeader,
    place: &SnapshotPlace,
) -> Result<(), String> {
    let file = disk.storage.open(&segment_name(place.segment), true).map_err(|error| error.to_string())?;
    let mut position = Start::of(header).position;
    let manner = Manner { access: Access::ReadOnly, claims: &[], ..manner };
    let visit = &mut |sequence, entry: &recovery::GroupEntry<'_>| {
        if sequence < place.sequence {
            position.pass(&[entry.item], &place.journal);
        }
    };
    recovery::recover_file(file, identity, manner, Start::of(header), visit).map_err(|error| error.to_string())?;
    let leads_here =
        position.sequence == place.sequence && position.chain == place.chain && position.frontier == place.frontier;
    if leads_here { Ok(()) } else { Err("the log does not lead to it".into()) }
}
