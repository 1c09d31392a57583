//! The state of reading from the first segment to the last.

use super::claims::is_signed_here;
use super::image::{Image, segment_name};
use super::version2::OpenEnd;
use super::{Access, Claim, Continuation, Identity, Manner, Position, Recovered, Start, Visit, is_device_fault};
use crate::checkpoint::VerifyingKey;
use crate::error::{Damage, DamageReason, Health, JournalError};
use crate::format::group::{GroupEntry, Item, RecordPart};
use crate::format::version1::VERSION_1;
use crate::format::{BLOCK_BYTES, SEGMENT_BYTES, VERSION, version_of};
use crate::seal::{Kind, chain_after};
use crate::storage::Storage;
use crate::tree::{Frontier, Hash};

/// After damage at the end of the journal it is not known which numbers were used. More are left out than one segment
/// can hold (four bytes an entry), so that no number ever names two entries.
const SEQUENCES_SKIPPED_AFTER_DAMAGE: u64 = SEGMENT_BYTES / 4;

/// Reads segment after segment.
pub(crate) struct Walk<'a> {
    pub(super) identity: &'a Identity,
    pub(super) manner: Manner<'a>,
    pub(super) position: Position,
    /// The segment being read.
    pub(super) number: u64,
    /// Whether this segment does not verify.
    pub(super) damaged_here: bool,
    /// Where the group being read begins.
    pub(super) offset: usize,
    visit: Visit<'a>,
    /// What checks checkpoints.
    signer: Option<VerifyingKey>,
    since_checkpoint: u64,
    start: Start,
    damage: Option<Damage>,
    /// Entries before this place are missing or in doubt, so the next one cannot be held against them: the chain is
    /// taken from what is written there.
    is_astray: bool,
    /// Whether a segment of version 2 was read: nothing older follows one.
    saw_version_2: bool,
}

impl<'a> Walk<'a> {
    pub fn new(identity: &'a Identity, manner: Manner<'a>, start: Start, visit: Visit<'a>) -> Self {
        Self {
            identity,
            manner,
            position: start.position.clone(),
            number: start.segment.saturating_sub(1),
            damaged_here: false,
            offset: 0,
            visit,
            signer: identity.key(),
            since_checkpoint: 0,
            start,
            damage: None,
            is_astray: false,
            saw_version_2: false,
        }
    }

    /// Goes on to a segment; one left out between is damage.
    pub fn enter(&mut self, number: u64) {
        let following = self.number + 1;
        if number != following {
            self.number = following;
            self.damaged(0, DamageReason::MissingSegment);
            self.is_astray = true;
        }
        self.number = number;
        self.damaged_here = false;
    }

    pub fn open(
        &mut self,
        storage: &dyn Storage,
        number: u64,
        settle: bool,
        buffer: Vec<u8>,
    ) -> Result<Option<Image>, JournalError> {
        let read_only = self.manner.access == Access::ReadOnly;
        let file = match storage.open(&segment_name(number), read_only) {
            Ok(file) => file,
            Err(error) if is_device_fault(&error) => {
                self.damaged(0, DamageReason::Unreadable);
                self.is_astray = true;
                return Ok(None);
            }
            Err(error) => return Err(JournalError::storage("open a segment of the journal")(error)),
        };
        if settle {
            file.sync().map_err(JournalError::storage("sync the last segment of the journal"))?;
            file.drop_cache().map_err(JournalError::storage("reread the last segment of the journal"))?;
        }
        match Image::read(file, buffer) {
            Ok(image) => Ok(Some(image)),
            Err(_) => {
                self.damaged(0, DamageReason::Unreadable);
                self.is_astray = true;
                Ok(None)
            }
        }
    }

    /// Reads one segment. Returns its free end, if it has one that may be written to.
    pub fn segment(&mut self, image: &mut Image) -> Result<Option<OpenEnd>, JournalError> {
        let version = version_of(&image.bytes).filter(|_| !image.is_unreadable(0));
        let second = version_of(image.from(BLOCK_BYTES)).filter(|_| !image.is_unreadable(BLOCK_BYTES));
        if version == Some(VERSION_1) && second != Some(VERSION) {
            if self.saw_version_2 {
                // It is not encrypted, so anybody could have put it here.
                self.damaged(0, DamageReason::Version(VERSION_1));
            } else {
                self.read_version_1(image);
            }
            return Ok(None);
        }
        self.saw_version_2 = true;
        let offset = self.start.offset.filter(|_| self.number == self.start.segment);
        self.read_version_2(image, offset)
    }

    pub fn finish(mut self, segments: u64, continuation: Option<Continuation>) -> Recovered {
        let size = self.position.frontier.size();
        for claim in self.manner.claims.iter().filter(|claim| claim.size > size) {
            let Claim { anchor, size, .. } = claim.clone();
            self.damaged(self.offset, DamageReason::Rollback { anchor, size });
        }
        let skipped = if self.damaged_here { SEQUENCES_SKIPPED_AFTER_DAMAGE } else { 0 };
        let sequence = self.position.sequence.saturating_add(skipped);
        Recovered {
            health: self.damage.map_or(Health::Whole, Health::Damaged),
            position: Position { sequence, ..self.position },
            last_segment: self.number,
            since_checkpoint: self.since_checkpoint,
            segments,
            continuation,
        }
    }

    /// Records the first damage, and that this segment has some.
    pub(super) fn damaged(&mut self, offset: usize, reason: DamageReason) {
        self.damaged_here = true;
        let sequence = self.position.sequence;
        self.damage.get_or_insert(Damage { segment: self.number, offset: offset as u64, sequence, reason });
    }

    /// Says that entries may be missing before the next one.
    pub(super) fn astray(&mut self) {
        self.is_astray = true;
    }

    /// Compares a sequence number that was found with the one expected; going back is never followed.
    pub(super) fn meet(&mut self, offset: usize, found: u64) {
        if found > self.position.sequence {
            self.damaged(offset, DamageReason::Gap { found });
            self.position.sequence = found;
            self.is_astray = true;
        } else if found < self.position.sequence {
            self.damaged(offset, DamageReason::Repeat { found });
        }
    }

    /// Compares what is written of the chain before a group with the chain so far.
    pub(super) fn meet_chain(&mut self, offset: usize, chain: Hash) {
        if chain != self.position.chain && !self.is_astray {
            self.damaged(offset, DamageReason::Chain);
        }
        self.position.chain = chain;
        self.is_astray = false;
    }

    /// Compares what a header says of everything before it.
    pub(super) fn meet_header(&mut self, chain: Hash, frontier: &Frontier) {
        let was_astray = self.is_astray;
        self.meet_chain(0, chain);
        if *frontier != self.position.frontier {
            if !was_astray {
                self.damaged(0, DamageReason::Tree);
            }
            self.position.frontier = frontier.clone();
        }
    }

    /// Takes over an entry.
    pub(super) fn entry(&mut self, entry: &GroupEntry<'_>) {
        let sequence = self.position.sequence;
        self.since_checkpoint += 1;
        if let (Kind::Checkpoint, RecordPart::Whole(note)) = (entry.item.kind, entry.record) {
            self.since_checkpoint = 0;
            if !is_signed_here(note.bytes, self.signer.as_ref(), &self.position.frontier) {
                self.damaged(self.offset, DamageReason::Checkpoint);
            }
        }
        self.count(&entry.item);
        (self.visit)(sequence, entry);
    }

    fn count(&mut self, item: &Item) {
        let leaf = item.leaf(&self.identity.journal, self.position.sequence);
        self.position.chain = chain_after(&self.position.chain, &leaf);
        self.position.frontier.push(leaf);
        let size = self.position.frontier.size();
        let claims = self.manner.claims;
        if claims.iter().any(|claim| claim.size == size) {
            let root = Some(self.position.frontier.root());
            for claim in claims.iter().filter(|claim| claim.size == size && claim.root != root) {
                self.damaged(self.offset, DamageReason::Fork { anchor: claim.anchor.clone(), size });
            }
        }
        self.position.sequence = self.position.sequence.saturating_add(1);
    }
}
