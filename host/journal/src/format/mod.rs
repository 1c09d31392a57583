//! The bytes of a segment: two copies of a header, then groups of sectors. Drawn in `docs/journal.md`.
//!
//! All numbers are big-endian. Nothing here does I/O.

pub(crate) mod cipher;
pub(crate) mod draft;
pub(crate) mod group;
pub(crate) mod header;
pub(crate) mod sector;
pub(crate) mod snapshot;
pub(crate) mod version1;

use crate::error::JournalError;

/// The version this program writes. It also reads version 1.
pub const VERSION: u32 = 2;
/// The unit of framing. Every sector carries its own checksum and its place in its group, so that "not written", "half
/// written" and "written and changed" cannot be confused.
pub const SECTOR_BYTES: usize = 512;
/// Groups begin at multiples of this: the page of the kernel's cache and of most flash, so that rewriting the page of
/// a later group cannot hurt an earlier one.
pub const BLOCK_BYTES: usize = 4096;
/// Length of a segment unless the options say otherwise, and the most they may say. A lost segment must not be a lost
/// year, and creating one must not be felt at the counter.
pub const SEGMENT_BYTES: u64 = 4 << 20;
/// The largest entry, record and card part together. An intent with its standby message is a few kilobytes; this leaves
/// room for batch uploads.
pub const MAX_ENTRY_BYTES: usize = 256 << 10;
/// The most that one group may hold, with everything the format adds; bounds what one append may cost.
pub const MAX_GROUP_BYTES: usize = 1 << 20;

/// Both copies of the header stand before the first group.
pub(crate) const FIRST_GROUP: usize = 2 * BLOCK_BYTES;
/// The least a segment may be: its headers and one block.
pub(crate) const MIN_SEGMENT_BYTES: u64 = (FIRST_GROUP + BLOCK_BYTES) as u64;
/// Every segment of every version begins with this.
pub(crate) const MAGIC: &[u8; 8] = b"ACQUITJL";

/// Refuses a segment length that the format does not allow.
pub(crate) fn check_segment_bytes(bytes: u64) -> Result<(), JournalError> {
    let block = BLOCK_BYTES as u64;
    if bytes.is_multiple_of(block) && (MIN_SEGMENT_BYTES..=SEGMENT_BYTES).contains(&bytes) {
        return Ok(());
    }
    Err(JournalError::SegmentSize { bytes, block, least: MIN_SEGMENT_BYTES, most: SEGMENT_BYTES })
}

/// The version a segment's first block names, if it begins like a segment at all.
pub(crate) fn version_of(block: &[u8]) -> Option<u32> {
    let rest = block.strip_prefix(MAGIC)?;
    Some(u32::from_be_bytes(*rest.get(4..)?.first_chunk()?))
}

/// Whether all bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];
    bytes.chunks(BLOCK_BYTES).all(|chunk| chunk == &ZEROS[..chunk.len()])
}

/// Takes big-endian numbers off the front; past the end they read as zero, which whoever uses it must have ruled out
/// or check for with [`Fields::ended_early`].
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    short: bool,
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, short: false }
    }

    pub fn take(&mut self, bytes: usize) -> &'a [u8] {
        self.short |= bytes > self.rest.len();
        let (head, tail) = self.rest.split_at(bytes.min(self.rest.len()));
        self.rest = tail;
        head
    }

    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    pub fn u8(&mut self) -> u8 {
        u8::from_be_bytes(self.array())
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    pub fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.array())
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether more was taken than there was.
    pub fn ended_early(&self) -> bool {
        self.short
    }
}
