//! Compaction: a settled segment written anew with what is still needed of it.
//!
//! The new file is finished, synced, read back past the cache and only then put over the old one, in one rename: at
//! every instant one of the two is there whole. Sequences, leaves, chain and roots stay what they were, so every proof
//! stays valid; card data survives only where somebody still needs it, and the old keys go with the old file.

use super::Journal;
use super::spares::UNFINISHED_SUFFIX;
use crate::entry::Entry;
use crate::error::{Health, JournalError};
use crate::format::cipher::{BadTag, SegmentKeys, SessionId};
use crate::format::draft::Draft;
use crate::format::group::{CardPart, GroupPlace, RecordPart};
use crate::format::header::{SegmentHeader, State};
use crate::format::sector::aligned;
use crate::format::{BLOCK_BYTES, FIRST_GROUP, MIN_SEGMENT_BYTES};
use crate::keys::KeyError;
use crate::recovery::{self, Access, GroupEntry, Identity, Manner, Position, Start, segment_name};
use crate::seal::Kind;

/// What a compacted segment collects into one group: enough to be dense, little enough to be read in one piece.
const GROUP_CONTENT_BYTES: usize = 128 << 10;

/// What becomes of an entry when its segment is compacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Kept as it is.
    Whole,
    /// Its record is kept; its card part is dropped.
    WithoutCard,
    /// Dropped but for this line, which the journal encrypts with the rest and vouches for as little as for any word of
    /// the application: it is not in the tree.
    Summary(Vec<u8>),
    /// Dropped; what stands for it in chain and tree stays.
    Gone,
}

/// What compaction made of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Entries of the segment.
    pub entries: u64,
    /// Those that are still there as records.
    pub whole: u64,
    /// Those of which a summary is there.
    pub summaries: u64,
    /// Length of the file before. Bytes.
    pub bytes_before: u64,
    /// Length of the file now. Bytes.
    pub bytes_after: u64,
}

/// One segment file, as its header tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// As in the file name, from 1.
    pub number: u64,
    /// Sequence of its first entry.
    pub first_sequence: u64,
    /// Length of the file. Bytes.
    pub bytes: u64,
    /// Whether it was compacted.
    pub is_compacted: bool,
    /// Whether it is the one that is appended to.
    pub is_current: bool,
}

impl Journal {
    /// The segments whose headers can be read, oldest first; those of version 1 are left out.
    pub fn segments(&self) -> Result<Vec<SegmentInfo>, JournalError> {
        let numbers = recovery::segments(self.disk.storage.as_ref())?;
        let current = self.writer().last_segment;
        let info = |number| {
            let header = recovery::read_header(self.disk.storage.as_ref(), number)?;
            Some(SegmentInfo {
                number,
                first_sequence: header.first_sequence,
                bytes: header.segment_bytes,
                is_compacted: header.state == State::Compacted,
                is_current: number == current,
            })
        };
        Ok(numbers.into_iter().filter_map(info).collect())
    }

    /// Writes a segment anew with what `fate` leaves of each entry. Checkpoints are always kept. Appends of other
    /// threads go on meanwhile.
    ///
    /// # Errors
    ///
    /// The last segment, one of version 1 and one that does not verify are refused and left as they are. On a full
    /// disk nothing has changed. After a failure of the directory's sync the handle is poisoned.
    pub fn compact(&self, segment: u64, fate: &mut dyn FnMut(&Entry) -> Fate) -> Result<Compacted, JournalError> {
        let _tending = self.tending.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if segment >= self.writer().last_segment {
            return Err(JournalError::NotCompacted { segment, why: "entries may still be appended to it" });
        }
        let old = recovery::read_header(self.disk.storage.as_ref(), segment)
            .ok_or(JournalError::NotCompacted { segment, why: "its header is not one of version 2" })?;
        let mut kept = Kept::of(&old);
        let end =
            self.read_alone(&segment_name(segment), &old, &mut |sequence, entry| kept.take(sequence, entry, fate))?;
        self.meets_next(segment, &end)?;
        kept.close_group();
        let (name, unfinished) = (segment_name(segment), format!("{}{UNFINISHED_SUFFIX}", segment_name(segment)));
        let written = self.write_compacted(&unfinished, &old, kept);
        let compacted = match written {
            Ok(compacted) => compacted,
            Err(error) => {
                // What is left of it is cleared away at the next open, if not now.
                let _ = self.disk.storage.remove(&unfinished);
                return Err(error);
            }
        };
        if let Err(error) = self.disk.put_in_place(&unfinished, &name) {
            self.writer().poisoned = true;
            return Err(error);
        }
        Ok(compacted)
    }

    /// Reads the file of one segment by itself. What does not verify ends the compaction.
    fn read_alone(
        &self,
        name: &str,
        header: &SegmentHeader,
        visit: recovery::Visit<'_>,
    ) -> Result<Position, JournalError> {
        let identity = Identity { journal: self.id, verifying_key: self.verifying_key, signer: None };
        let weakness = self.options.weakness();
        let manner = Manner { access: Access::ReadOnly, keys: Some(self.keys.as_ref()), claims: &[], weakness };
        let file =
            self.disk.storage.open(name, true).map_err(JournalError::storage("open a segment of the journal"))?;
        let recovered = recovery::recover_file(file, &identity, manner, Start::of(header), visit)?;
        match recovered.health {
            Health::Whole => Ok(recovered.position),
            Health::Damaged(_) => {
                Err(JournalError::NotCompacted { segment: header.segment, why: "it does not verify" })
            }
        }
    }

    /// Whether the segment behind begins where this one ends: nothing of it was missed.
    fn meets_next(&self, segment: u64, end: &Position) -> Result<(), JournalError> {
        let next = recovery::read_header(self.disk.storage.as_ref(), segment + 1);
        let meets = next.is_some_and(|next| next.chain == end.chain && next.first_sequence == end.sequence);
        if meets {
            Ok(())
        } else {
            Err(JournalError::NotCompacted { segment, why: "the next segment does not follow" })
        }
    }

    /// Writes the new file, syncs it, and reads it back past the cache.
    fn write_compacted(&self, name: &str, old: &SegmentHeader, kept: Kept) -> Result<Compacted, JournalError> {
        let groups: u64 = kept.groups.iter().map(|group| aligned(group.framed_bytes(), BLOCK_BYTES) as u64).sum();
        let mut compacted = kept.count;
        compacted.bytes_after = (FIRST_GROUP as u64 + groups).max(MIN_SEGMENT_BYTES);
        let (header, keys) = self.writer().with_fresh_keys(SegmentHeader {
            segment_bytes: compacted.bytes_after,
            generation: 1,
            state: State::Compacted,
            cipher: self.options.cipher,
            ..old.clone()
        })?;
        self.write_groups(name, &header, &keys, kept.groups)?;
        // Not yet the only copy: if the device gives back anything else, the old one stays.
        let end = self.read_alone(name, old, &mut |_, _| {})?;
        self.meets_next(old.segment, &end)?;
        Ok(compacted)
    }

    fn write_groups(
        &self,
        name: &str,
        header: &SegmentHeader,
        keys: &SegmentKeys,
        groups: Vec<Draft>,
    ) -> Result<(), JournalError> {
        const ACTION: &str = "write a compacted segment";
        let mut session = SessionId::default();
        self.options.entropy.fill(&mut session)?;
        let keys = keys.session(session);
        let copy = header.encode();
        let head = [copy.as_slice(), &copy].concat();
        let file = self.disk.storage.create(name).map_err(JournalError::storage(ACTION))?;
        self.disk.write(file.as_ref(), 0, &head, ACTION)?;
        let (mut offset, mut position) = (FIRST_GROUP, Start::of(header).position);
        for mut group in groups {
            let place = GroupPlace { journal: self.id, segment: header.segment, sequence: position.sequence };
            let sealed = group.seal(&place, &position.chain, &keys);
            let mut bytes = sealed.map_err(|BadTag| JournalError::Key(KeyError::TooLongToEncrypt))?;
            bytes.resize(aligned(bytes.len(), BLOCK_BYTES), 0);
            self.disk.write(file.as_ref(), offset as u64, &bytes, ACTION)?;
            offset += bytes.len();
            position.pass(group.items(), &self.id);
        }
        if (offset as u64) < header.segment_bytes {
            let rest = vec![0; header.segment_bytes as usize - offset];
            self.disk.write(file.as_ref(), offset as u64, &rest, ACTION)?;
        }
        self.disk.sync(file.as_ref(), ACTION)?;
        file.drop_cache().map_err(JournalError::storage(ACTION))
    }
}

/// What is kept of a segment, collected into groups.
struct Kept {
    groups: Vec<Draft>,
    open: Draft,
    count: Compacted,
}

impl Kept {
    fn of(old: &SegmentHeader) -> Self {
        let count = Compacted { bytes_before: old.segment_bytes, ..Compacted::default() };
        Self { groups: Vec::new(), open: Draft::default(), count }
    }

    fn take(&mut self, sequence: u64, entry: &GroupEntry<'_>, fate: &mut dyn FnMut(&Entry) -> Fate) {
        let fate = match entry.item.kind {
            Kind::Checkpoint => Fate::Whole,
            Kind::Record => fate(&entry.to_entry(sequence)),
        };
        let card = if entry.item.card.is_some() { CardPart::Gone } else { CardPart::None };
        match &fate {
            Fate::Whole => self.open.push_kept(entry),
            Fate::WithoutCard => self.open.push_kept(&GroupEntry { card, ..*entry }),
            Fate::Summary(line) => {
                self.open.push_kept(&GroupEntry { record: RecordPart::Summary(line), card, ..*entry })
            }
            Fate::Gone => self.open.push_kept(&GroupEntry { record: RecordPart::Gone, card, ..*entry }),
        }
        self.count.entries += 1;
        match (&fate, entry.record) {
            (Fate::Summary(_), _) | (Fate::Whole | Fate::WithoutCard, RecordPart::Summary(_)) => {
                self.count.summaries += 1
            }
            (Fate::Whole | Fate::WithoutCard, RecordPart::Whole(_)) => self.count.whole += 1,
            (Fate::Gone, _) | (_, RecordPart::Gone) => {}
        }
        if self.open.content_bytes() >= GROUP_CONTENT_BYTES {
            self.close_group();
        }
    }

    fn close_group(&mut self) {
        if self.open.entries() > 0 {
            self.groups.push(std::mem::take(&mut self.open));
        }
    }
}
