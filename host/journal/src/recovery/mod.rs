//! Reading a journal back: every entry that verifies, and whether anything that was promised is missing.
//!
//! One kind of unfinished business is repaired in silence: the last group of a segment, some of whose sectors never
//! arrived whole, while nothing says that anybody was told of it. Everything else that does not verify is
//! [`Damage`](crate::Damage).

mod claims;
mod identity;
mod image;
mod tail;
mod version1;
mod version2;
mod walk;

use std::io;

use rustix::io::Errno;

pub(crate) use claims::{Claim, ask};
pub(crate) use identity::{Identity, read_header, read_headers};
use image::Image;
pub(crate) use image::{segment_name, segments};
use walk::Walk;

use crate::error::{Health, JournalError};
use crate::format::BLOCK_BYTES;
use crate::format::cipher::SegmentKeys;
pub(crate) use crate::format::group::GroupEntry;
use crate::format::group::Item;
use crate::format::header::SegmentHeader;
use crate::keys::{KeyError, KeyWrap};
use crate::seal::{CHAIN_START, JournalId, chain_after};
use crate::storage::{Storage, StoredFile};
use crate::tree::{Frontier, Hash};

/// A place between two entries, and what everything before it adds up to.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    /// Sequence of the next entry.
    pub sequence: u64,
    /// The chain's value so far.
    pub chain: Hash,
    /// The tree so far.
    pub frontier: Frontier,
}

/// Where reading begins.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub segment: u64,
    /// Of the next group in that segment; `None` for the first.
    pub offset: Option<usize>,
    pub position: Position,
}

/// How a journal is read.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    pub access: Access,
    /// `None` reads structure, chain and tree alone.
    pub keys: Option<&'a dyn KeyWrap>,
    /// What anchors say of the journal.
    pub claims: &'a [Claim],
    pub weakness: Weakness,
}

/// What a mutation of the journal does worse than the journal; see [`crate::Sabotage`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weakness {
    pub alignment: usize,
    pub heed_witness: bool,
}

/// How the last segment is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing is changed.
    ReadOnly,
    /// What is cached is synced, then forgotten, so that only what the device holds is believed; a change of a header
    /// that was cut short is finished.
    Settle,
}

/// A journal read back, and where it goes on.
pub(crate) struct Recovered {
    pub health: Health,
    /// After the last entry that was read.
    pub position: Position,
    pub last_segment: u64,
    /// Entries behind the newest checkpoint.
    pub since_checkpoint: u64,
    /// How many segment files there are.
    pub segments: u64,
    /// Where the last segment goes on; `None` when it must not be written again.
    pub continuation: Option<Continuation>,
}

/// The free end of a segment.
pub(crate) struct Continuation {
    pub file: Box<dyn StoredFile>,
    pub offset: u64,
    pub segment_bytes: u64,
    pub keys: SegmentKeys,
    /// Whether the last thing in it is a group that has no witness yet.
    pub ends_with_entries: bool,
}

/// Takes every entry that is read, with its sequence.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(u64, &GroupEntry<'_>);

impl Recovered {
    /// A journal before its first segment.
    pub fn nothing() -> Self {
        Self {
            health: Health::Whole,
            position: Position::default(),
            last_segment: 0,
            since_checkpoint: 0,
            segments: 0,
            continuation: None,
        }
    }
}

impl Default for Position {
    fn default() -> Self {
        Self { sequence: 1, chain: CHAIN_START, frontier: Frontier::default() }
    }
}

impl Default for Start {
    fn default() -> Self {
        Self { segment: 1, offset: None, position: Position::default() }
    }
}

impl Start {
    /// The beginning of a segment, as its header tells it.
    pub fn of(header: &SegmentHeader) -> Self {
        let (sequence, chain) = (header.first_sequence, header.chain);
        let position = Position { sequence, chain, frontier: header.frontier.clone() };
        Self { segment: header.segment, offset: None, position }
    }
}

impl Position {
    /// Goes past entries.
    pub fn pass(&mut self, items: &[Item], journal: &JournalId) {
        for item in items {
            let leaf = item.leaf(journal, self.sequence);
            self.chain = chain_after(&self.chain, &leaf);
            self.frontier.push(leaf);
            self.sequence = self.sequence.saturating_add(1);
        }
    }
}

impl Default for Weakness {
    fn default() -> Self {
        Self { alignment: BLOCK_BYTES, heed_witness: true }
    }
}

/// Reads all segments from `start` on.
pub(crate) fn recover(
    storage: &dyn Storage,
    identity: &Identity,
    manner: Manner<'_>,
    start: Start,
    visit: Visit<'_>,
) -> Result<Recovered, JournalError> {
    let numbers = segments(storage)?;
    let first = start.segment;
    let mut walk = Walk::new(identity, manner, start, visit);
    let mut continuation = None;
    let mut buffer = Vec::new();
    for &number in numbers.iter().filter(|number| **number >= first) {
        walk.enter(number);
        let is_last = numbers.last() == Some(&number);
        let settle = is_last && manner.access == Access::Settle;
        let Some(mut image) = walk.open(storage, number, settle, std::mem::take(&mut buffer))? else { continue };
        let end = walk.segment(&mut image)?;
        buffer = std::mem::take(&mut image.bytes);
        if let (Some(end), true) = (end, is_last) {
            continuation = Some(Continuation {
                file: image.file,
                offset: end.offset as u64,
                segment_bytes: end.segment_bytes,
                keys: end.keys,
                ends_with_entries: end.ends_with_entries,
            });
        }
    }
    Ok(walk.finish(numbers.len() as u64, continuation))
}

/// Reads the file of one segment by itself, as what `start` says it is.
pub(crate) fn recover_file(
    file: Box<dyn StoredFile>,
    identity: &Identity,
    manner: Manner<'_>,
    start: Start,
    visit: Visit<'_>,
) -> Result<Recovered, JournalError> {
    let number = start.segment;
    let mut walk = Walk::new(identity, manner, start, visit);
    walk.enter(number);
    let mut image = Image::read(file, Vec::new()).map_err(JournalError::storage("read a segment of the journal"))?;
    walk.segment(&mut image)?;
    Ok(walk.finish(1, None))
}

/// Faults of the device or of the file system's structures, as against those of the configuration or the process, which
/// pass without anything being lost.
fn is_device_fault(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::IO | Errno::UCLEAN | Errno::BADMSG | Errno::NXIO | Errno::NODATA))
}

/// Whether a wrapped key was changed, as against one that another keeper would open.
fn is_torn_key(error: &KeyError) -> bool {
    matches!(error, KeyError::NotAuthentic | KeyError::DamagedWrapping)
}
