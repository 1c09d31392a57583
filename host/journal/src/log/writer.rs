//! The one place that writes groups and begins segments.

use std::io::ErrorKind;
use std::sync::Arc;

use super::disk::Disk;
use super::options::{Options, Probe};
use super::spares::{Spare, Spares, UNFINISHED_SUFFIX, make_spare};
use super::{AFTER_SYNC, AFTER_WRITE, BEFORE_WRITE};
use crate::checkpoint::Signer;
use crate::entry::Purpose;
use crate::error::{Health, JournalError};
use crate::format::FIRST_GROUP;
use crate::format::cipher::{BadTag, SegmentKeys, SessionId, SessionKeys};
use crate::format::draft::Draft;
use crate::format::group::GroupPlace;
use crate::format::header::{KeyPurpose, SegmentHeader, State, WrappedKeys};
use crate::format::sector::{GroupKind, aligned, frame};
use crate::format::snapshot::VOUCHED;
use crate::keys::{DataKey, KeyError, KeyWrap};
use crate::recovery::{Continuation, Identity, Position, Recovered, segment_name};
use crate::storage::StoredFile;
use crate::tree::Hash;

/// What is left of a segment for debts and settlement once no spare can be made any more. Hundreds of groups: a day's
/// debts and their settlement. A quarter of a segment if that is less.
pub const RESERVE_BYTES: u64 = 1 << 20;
/// Segments beyond which no payment begins: 16 GiB, and a quarter of an hour of reading at worst. Compaction is due
/// long before.
pub const MAX_SEGMENTS: u64 = 4096;
/// When less than this is left of a segment, the next one is begun while nobody waits. An eighth of a segment if that
/// is less.
const EARLY_ROTATION_BYTES: u64 = 64 << 10;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes left in the current segment; each group takes a multiple of [`BLOCK_BYTES`](crate::BLOCK_BYTES).
    pub segment_bytes_left: u64,
    /// Spare segments that are ready.
    pub spares: usize,
    /// How many there should be.
    pub spares_wanted: usize,
    /// Segment files there are.
    pub segments: u64,
    /// Whether a payment may begin without another spare being made first.
    pub payments: bool,
}

/// Appends groups.
pub(super) struct Writer {
    pub identity: Identity,
    pub position: Position,
    pub last_segment: u64,
    pub segments: u64,
    pub spares: Spares,
    /// Set while the device is being written, and left set when that fails.
    pub poisoned: bool,
    pub groups: u64,
    pub appended: u64,
    /// Entries behind the newest checkpoint.
    pub since_checkpoint: u64,
    /// Sizes and roots that anchors may ask about: verified at open, or signed since.
    pub vouched: Vec<(u64, Hash)>,
    health: Health,
    /// Where the next group goes; `None` when it needs a fresh segment.
    current: Option<Segment>,
    session: SessionId,
    keys: Arc<dyn KeyWrap>,
    options: Options,
}

struct Segment {
    file: Box<dyn StoredFile>,
    offset: u64,
    segment_bytes: u64,
    keys: SessionKeys,
    /// Whether the last thing in it is a group without a witness.
    ends_with_entries: bool,
}

impl Writer {
    /// Goes on where recovery ended.
    pub fn new(
        identity: Identity,
        recovered: Recovered,
        spares: Spares,
        keys: Arc<dyn KeyWrap>,
        options: Options,
    ) -> Result<Self, JournalError> {
        let Recovered { health, position, last_segment, since_checkpoint, segments, continuation } = recovered;
        let mut session = SessionId::default();
        options.entropy.fill(&mut session)?;
        let current = continuation.map(|Continuation { file, offset, segment_bytes, keys, ends_with_entries }| {
            Segment { file, offset, segment_bytes, keys: keys.session(session), ends_with_entries }
        });
        Ok(Self {
            identity,
            position,
            last_segment,
            segments,
            spares,
            poisoned: false,
            groups: 0,
            appended: 0,
            since_checkpoint,
            vouched: Vec::new(),
            health,
            current,
            session,
            keys,
            options,
        })
    }

    /// Refuses to vouch for a journal that does not verify.
    pub fn check_whole(&self) -> Result<(), JournalError> {
        match &self.health {
            Health::Whole => Ok(()),
            Health::Damaged(damage) => Err(JournalError::Damaged(damage.clone())),
        }
    }

    /// What signs for this journal.
    pub fn signer(&self) -> Result<Signer, JournalError> {
        self.identity.signer().map_err(|reason| JournalError::NotSigned { reason })
    }

    /// Whether so many entries stand behind the newest checkpoint that another is due.
    pub fn is_checkpoint_due(&self) -> bool {
        let every = self.options.checkpoint_every;
        every > 0 && self.since_checkpoint >= every && self.health == Health::Whole
    }

    /// Leaves the current segment as it is: the next group begins another.
    pub fn close_segment(&mut self) {
        self.current = None;
    }

    /// Remembers what was verified, for the next snapshot. In a damaged journal nothing was.
    pub fn vouch_for(&mut self, claims: impl IntoIterator<Item = (u64, Hash)>) {
        if self.health == Health::Whole {
            self.vouched.extend(claims);
            let surplus = self.vouched.len().saturating_sub(VOUCHED);
            self.vouched.drain(..surplus);
        }
    }

    /// Whether this is the segment that is being appended to.
    pub fn is_current(&self, segment: u64) -> bool {
        self.current.is_some() && self.last_segment == segment
    }

    pub fn room(&self) -> Room {
        let segment_bytes_left = self.left();
        let spares_wanted = self.options.spare_segments;
        let payments = self.has_payment_room(segment_bytes_left);
        Room { segment_bytes_left, spares: self.spares.ready(), spares_wanted, segments: self.segments, payments }
    }

    /// Whether this may be written down: a payment only as long as what it may leave owed has room as well.
    pub fn admit(&mut self, disk: &Disk, purpose: Purpose, bytes: usize) -> Result<(), JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        let left = self.left().saturating_sub(bytes as u64);
        if purpose == Purpose::Obligation || self.has_payment_room(left) {
            return Ok(());
        }
        if self.segments >= MAX_SEGMENTS {
            return Err(JournalError::TooManySegments { segments: self.segments, limit: MAX_SEGMENTS });
        }
        while self.spares.expected() < self.options.spare_segments {
            let number = self.spares.begin();
            let made = make_spare(disk, number, self.options.segment_bytes);
            self.spares.finish(number, made).map_err(|error| match error {
                JournalError::DiskFull => JournalError::Reserved,
                error => error,
            })?;
        }
        Ok(())
    }

    /// Writes one group of entries and syncs it: one write, one sync, and nothing else unless the segment is full.
    /// Returns the sequence of the first entry.
    pub fn commit(&mut self, disk: &Disk, mut draft: Draft) -> Result<u64, JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        let first = self.position.sequence;
        let entries = draft.entries() as u64;
        first.checked_add(entries).ok_or(JournalError::SequencesUsedUp)?;
        if self.left() < draft.framed_bytes() as u64 {
            self.begin_segment(disk)?;
        }
        let place = GroupPlace { journal: self.identity.journal, segment: self.last_segment, sequence: first };
        let segment = self.current.as_mut().ok_or(JournalError::Poisoned)?;
        let sealed = draft.seal(&place, &self.position.chain, &segment.keys);
        let group = sealed.map_err(|BadTag| JournalError::Key(KeyError::TooLongToEncrypt))?;
        // Also when a probe panics half way: the next group must not be written over this one.
        self.poisoned = true;
        segment.write(disk, &group, &self.options)?;
        segment.ends_with_entries = true;
        self.position.pass(draft.items(), &self.identity.journal);
        self.groups += 1;
        self.appended += entries;
        self.since_checkpoint += entries;
        self.poisoned = false;
        Ok(first)
    }

    /// Whether the next segment should be begun before anybody waits for it, and can be without touching the reserve.
    pub fn should_rotate(&self) -> bool {
        let early = EARLY_ROTATION_BYTES.min(self.options.segment_bytes / 8).max(1);
        self.left() < early && self.spares.ready() > 0 && self.spares.ready() >= self.options.spare_segments
    }

    /// Begins the next segment.
    pub fn rotate(&mut self, disk: &Disk) -> Result<(), JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        self.begin_segment(disk)
    }

    /// Writes a marker behind the last group, if that has no witness yet: what is found without it was never promised.
    pub fn mark_idle(&mut self, disk: &Disk) -> Result<bool, JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        if !self.has_payment_room(self.left()) {
            // What is left is for debts, and each of them is a witness of those before it.
            return Ok(false);
        }
        let Some(segment) = self.current.as_mut() else { return Ok(false) };
        let marker = frame(GroupKind::IdleMarker, self.position.sequence, &[]).unwrap_or_default();
        if !segment.ends_with_entries || segment.segment_bytes - segment.offset < marker.len() as u64 {
            return Ok(false);
        }
        self.poisoned = true;
        segment.write(disk, &marker, &Options { probe: silent(), ..self.options.clone() })?;
        segment.ends_with_entries = false;
        self.poisoned = false;
        Ok(true)
    }

    fn left(&self) -> u64 {
        self.current.as_ref().map_or(0, |segment| segment.segment_bytes.saturating_sub(segment.offset))
    }

    fn has_payment_room(&self, left: u64) -> bool {
        let reserve = RESERVE_BYTES.min(self.options.segment_bytes / 4);
        let has_spares = self.spares.expected() >= self.options.spare_segments && self.segments < MAX_SEGMENTS;
        has_spares || left >= reserve
    }

    /// Makes the next segment from a spare; without one, a file is filled first.
    fn begin_segment(&mut self, disk: &Disk) -> Result<(), JournalError> {
        let too_many = JournalError::TooManySegments { segments: self.last_segment, limit: MAX_SEGMENTS };
        let segment = self.last_segment.checked_add(1).ok_or(too_many)?;
        let (header, keys) = self.new_header(segment)?;
        let copy = header.encode();
        let head = [copy.as_slice(), &copy].concat();
        let name = segment_name(segment);
        self.poisoned = true;
        let file = match self.spares.take() {
            Some(Spare { name: spare, file, .. }) => {
                const ACTION: &str = "write the header of a segment of the journal";
                let write = || {
                    disk.write(file.as_ref(), 0, &head, ACTION)?;
                    disk.sync(file.as_ref(), ACTION)?;
                    disk.put_in_place(&spare, &name)
                };
                write().map_err(JournalError::unsettled)?;
                file
            }
            None => {
                let unfinished = format!("{name}{UNFINISHED_SUFFIX}");
                match disk.fill(&unfinished, &head, header.segment_bytes) {
                    Ok(file) => {
                        disk.put_in_place(&unfinished, &name)?;
                        file
                    }
                    Err(JournalError::DiskFull) => {
                        // Nothing that was promised was touched: the handle stays usable once there is space again.
                        self.poisoned = !is_removed(disk, &unfinished);
                        return Err(JournalError::DiskFull);
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        self.last_segment = segment;
        self.segments += 1;
        let keys = keys.session(self.session);
        let (offset, segment_bytes) = (FIRST_GROUP as u64, header.segment_bytes);
        self.current = Some(Segment { file, offset, segment_bytes, keys, ends_with_entries: false });
        self.poisoned = false;
        Ok(())
    }

    fn new_header(&self, segment: u64) -> Result<(SegmentHeader, SegmentKeys), JournalError> {
        self.with_fresh_keys(SegmentHeader {
            segment,
            first_sequence: self.position.sequence,
            segment_bytes: self.options.segment_bytes,
            generation: 1,
            cipher: self.options.cipher,
            state: State::Written,
            journal: self.identity.journal,
            chain: self.position.chain,
            verifying_key: self.identity.verifying_key,
            wrapped: WrappedKeys::default(),
            frontier: self.position.frontier.clone(),
        })
    }

    /// A header with keys that nothing was encrypted under yet.
    pub fn with_fresh_keys(&self, mut header: SegmentHeader) -> Result<(SegmentHeader, SegmentKeys), JournalError> {
        let entropy = self.options.entropy.as_ref();
        let (records, cards) = (DataKey::random(entropy)?, DataKey::random(entropy)?);
        let wrap = |key, header: &SegmentHeader, purpose| self.keys.wrap(key, &header.key_context(purpose));
        // In this order: the signer is wrapped together with what keys there are.
        header.wrapped.records = wrap(&records, &header, KeyPurpose::Records)?;
        header.wrapped.cards = wrap(&cards, &header, KeyPurpose::Cards)?;
        header.wrapped.signer = self.wrap_signer(&header)?;
        let keys = SegmentKeys { cipher: header.cipher, records: Some(records), cards: Some(cards) };
        Ok((header, keys))
    }

    /// The signing seed, wrapped for this header, whose other keys are as they will stand in it.
    pub fn wrap_signer(&self, header: &SegmentHeader) -> Result<Vec<u8>, JournalError> {
        let signer = self.identity.signer.as_ref().ok_or(JournalError::Key(KeyError::NotAuthentic))?;
        Ok(self.keys.wrap(signer, &header.key_context(KeyPurpose::Signer))?)
    }
}

impl Segment {
    fn write(&mut self, disk: &Disk, group: &[u8], options: &Options) -> Result<(), JournalError> {
        let probe = &options.probe;
        probe(BEFORE_WRITE);
        disk.write(self.file.as_ref(), self.offset, group, "write to the journal").map_err(JournalError::unsettled)?;
        probe(AFTER_WRITE);
        disk.sync(self.file.as_ref(), "sync the journal").map_err(JournalError::unsettled)?;
        probe(AFTER_SYNC);
        self.offset += aligned(group.len(), options.weakness().alignment) as u64;
        Ok(())
    }
}

/// Clears away files whose making was cut short; they were never part of the journal.
pub(super) fn remove_unfinished(disk: &Disk) -> Result<(), JournalError> {
    let remove = || {
        for name in disk.storage.list()?.iter().filter(|name| name.ends_with(UNFINISHED_SUFFIX)) {
            disk.storage.remove(name)?;
        }
        Ok(())
    };
    remove().map_err(JournalError::storage("clear away an unfinished segment"))
}

/// Clears away one unfinished file, and none that another thread is making. Says whether it is gone.
fn is_removed(disk: &Disk, unfinished: &str) -> bool {
    match disk.storage.remove(unfinished) {
        Ok(()) => true,
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

fn silent() -> Probe {
    Arc::new(|_| {})
}
