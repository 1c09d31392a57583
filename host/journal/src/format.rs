//! The bytes of a segment: a header, then groups of sectors. Drawn in `docs/journal.md`.
//!
//! All numbers are big-endian. Nothing here does I/O.

use crate::error::JournalError;

/// The version this program writes and reads.
pub const VERSION: u32 = 1;
/// The unit a device writes whole or not at all. Every sector carries its own checksum and its place in its group, so
/// that "not written" and "written and changed" cannot be confused.
pub const SECTOR_BYTES: usize = 512;
/// Groups begin at multiples of this: the page of the kernel's cache and of most flash, so that rewriting the page of
/// a later group cannot hurt an earlier one.
pub const BLOCK_BYTES: usize = 4096;
/// Length of a segment unless the options say otherwise, and the most they may say. A lost segment must not be a lost
/// year, and creating one must not be felt at the counter.
pub const SEGMENT_BYTES: u64 = 4 << 20;
/// The least a segment may be: its header and one block.
pub(crate) const MIN_SEGMENT_BYTES: u64 = 2 * BLOCK_BYTES as u64;
/// The largest entry. An intent with its standby message is a few kilobytes; this leaves room for batch uploads.
pub const MAX_ENTRY_BYTES: usize = 256 << 10;
/// The most that one group may hold, entries and their length fields together; bounds what one append may cost.
pub const MAX_GROUP_BYTES: usize = 1 << 20;

/// Bytes of framing at the start of each sector of a group.
const SECTOR_HEADER_BYTES: usize = 24;
/// What is left of a sector for the contents of the group.
const SECTOR_CONTENT_BYTES: usize = SECTOR_BYTES - SECTOR_HEADER_BYTES;
/// Length field before each entry.
const ENTRY_HEADER_BYTES: usize = 4;
const MAGIC: &[u8; 8] = b"ACQUITJL";

/// The first sector of a segment; the rest of its block is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// As in the file name, from 1.
    pub segment: u64,
    /// Sequence of the first entry this segment will hold: it says how much of the segments before was promised.
    pub first_sequence: u64,
    /// Length of the file.
    pub segment_bytes: u64,
}

/// Why a segment header cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Broken,
    Version(u32),
}

impl SegmentHeader {
    /// The header block as it stands at the beginning of the file.
    pub fn encode(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(SECTOR_BYTES);
        fields.extend_from_slice(&VERSION.to_be_bytes());
        fields.extend_from_slice(&self.segment.to_be_bytes());
        fields.extend_from_slice(&self.first_sequence.to_be_bytes());
        fields.extend_from_slice(&self.segment_bytes.to_be_bytes());
        fields.resize(SECTOR_BYTES - 12, 0);
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        block.extend_from_slice(MAGIC);
        block.extend_from_slice(&crc32c::crc32c(&fields).to_be_bytes());
        block.extend_from_slice(&fields);
        block.resize(BLOCK_BYTES, 0);
        block
    }

    /// Reads the header block of a segment file.
    pub fn decode(block: &[u8]) -> Result<Self, HeaderFault> {
        let (sector, rest) = block.split_at_checked(SECTOR_BYTES).ok_or(HeaderFault::Broken)?;
        let mut fields = Fields(sector);
        let (magic, checksum) = (fields.take(8), fields.u32());
        if magic != MAGIC || checksum != crc32c::crc32c(fields.0) {
            return Err(HeaderFault::Broken);
        }
        let version = fields.u32();
        if version != VERSION {
            return Err(HeaderFault::Version(version));
        }
        let header = Self { segment: fields.u64(), first_sequence: fields.u64(), segment_bytes: fields.u64() };
        let plausible = check_segment_bytes(header.segment_bytes).is_ok();
        if plausible && is_zero(fields.0) && is_zero(rest) { Ok(header) } else { Err(HeaderFault::Broken) }
    }
}

/// Refuses a segment length that the format does not allow.
pub(crate) fn check_segment_bytes(bytes: u64) -> Result<(), JournalError> {
    let block = BLOCK_BYTES as u64;
    if bytes.is_multiple_of(block) && (MIN_SEGMENT_BYTES..=SEGMENT_BYTES).contains(&bytes) {
        return Ok(());
    }
    Err(JournalError::SegmentSize { bytes, block, least: MIN_SEGMENT_BYTES, most: SEGMENT_BYTES })
}

/// What each sector of a group says about the group and its own place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SectorHeader {
    /// Place in the group, from 0.
    pub index: u16,
    /// Sectors of the group, from 1.
    pub sectors: u16,
    /// Sequence of the first entry of the group.
    pub sequence: u64,
    /// Entries in the group, from 1.
    pub entries: u32,
    /// Bytes of the group's contents: each entry and its length field.
    pub content_bytes: u32,
}

/// One sector as found on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sector<'a> {
    /// All zero: as the segment was created.
    Unwritten,
    /// Verified, with its share of the contents.
    Written(SectorHeader, &'a [u8]),
    /// Something is there, and it does not verify.
    Broken,
}

impl<'a> Sector<'a> {
    /// Looks at one sector.
    pub fn read(sector: &'a [u8]) -> Self {
        if is_zero(sector) {
            return Self::Unwritten;
        }
        if sector.len() != SECTOR_BYTES {
            return Self::Broken;
        }
        let mut fields = Fields(sector);
        if fields.u32() != crc32c::crc32c(fields.0) {
            return Self::Broken;
        }
        let header = SectorHeader {
            index: fields.u16(),
            sectors: fields.u16(),
            sequence: fields.u64(),
            entries: fields.u32(),
            content_bytes: fields.u32(),
        };
        let sectors = (header.content_bytes as usize).div_ceil(SECTOR_CONTENT_BYTES);
        let plausible = header.index < header.sectors && usize::from(header.sectors) == sectors && header.entries > 0;
        if plausible { Self::Written(header, fields.0) } else { Self::Broken }
    }
}

/// The sectors of one group, ready to be written at a block boundary.
pub(crate) fn encode_group(sequence: u64, bodies: &[&[u8]]) -> Result<Vec<u8>, JournalError> {
    let contents = encode_contents(bodies)?;
    let too_large = || JournalError::GroupTooLarge { bytes: contents.len(), limit: MAX_GROUP_BYTES };
    let entries = u32::try_from(bodies.len()).map_err(|_| too_large())?;
    let content_bytes = u32::try_from(contents.len()).map_err(|_| too_large())?;
    let sectors = u16::try_from(contents.len().div_ceil(SECTOR_CONTENT_BYTES)).map_err(|_| too_large())?;
    let mut group = Vec::with_capacity(usize::from(sectors) * SECTOR_BYTES);
    for (index, share) in (0..sectors).zip(contents.chunks(SECTOR_CONTENT_BYTES)) {
        let mut fields = Vec::with_capacity(SECTOR_BYTES);
        fields.extend_from_slice(&index.to_be_bytes());
        fields.extend_from_slice(&sectors.to_be_bytes());
        fields.extend_from_slice(&sequence.to_be_bytes());
        fields.extend_from_slice(&entries.to_be_bytes());
        fields.extend_from_slice(&content_bytes.to_be_bytes());
        fields.extend_from_slice(share);
        fields.resize(SECTOR_BYTES - 4, 0);
        group.extend_from_slice(&crc32c::crc32c(&fields).to_be_bytes());
        group.extend_from_slice(&fields);
    }
    Ok(group)
}

/// Takes the joined shares of a verified group apart into the bodies of its entries; `None` when they contradict the
/// header.
pub(crate) fn decode_contents(header: &SectorHeader, shares: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (contents, padding) = shares.split_at_checked(header.content_bytes as usize)?;
    let mut rest = contents;
    let mut bodies = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<ENTRY_HEADER_BYTES>()?;
        let (body, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        bodies.push(body.to_vec());
        rest = after;
    }
    (bodies.len() == header.entries as usize && is_zero(padding)).then_some(bodies)
}

/// Rounds up to the next block boundary.
pub(crate) fn block_aligned(bytes: usize) -> usize {
    bytes.div_ceil(BLOCK_BYTES) * BLOCK_BYTES
}

/// Whether all bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];
    bytes.chunks(BLOCK_BYTES).all(|chunk| chunk == &ZEROS[..chunk.len()])
}

fn encode_contents(bodies: &[&[u8]]) -> Result<Vec<u8>, JournalError> {
    if bodies.is_empty() {
        return Err(JournalError::EmptyGroup);
    }
    if let Some((index, body)) = bodies.iter().enumerate().find(|(_, body)| body.len() > MAX_ENTRY_BYTES) {
        return Err(JournalError::EntryTooLarge { index, bytes: body.len(), limit: MAX_ENTRY_BYTES });
    }
    let bytes = bodies.iter().map(|body| ENTRY_HEADER_BYTES + body.len()).sum();
    if bytes > MAX_GROUP_BYTES {
        return Err(JournalError::GroupTooLarge { bytes, limit: MAX_GROUP_BYTES });
    }
    let mut contents = Vec::with_capacity(bytes);
    for body in bodies {
        // MAX_ENTRY_BYTES, checked above, is far below what four bytes can count.
        contents.extend_from_slice(&(body.len() as u32).to_be_bytes());
        contents.extend_from_slice(body);
    }
    Ok(contents)
}

/// Takes big-endian numbers off the front; past the end they read as zero, which no checksum above lets through.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(bytes.min(self.0.len()));
        self.0 = tail;
        head
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_every_flip_is_noticed() {
        let header = SegmentHeader { segment: 7, first_sequence: 42, segment_bytes: SEGMENT_BYTES };
        let block = header.encode();
        assert_eq!(SegmentHeader::decode(&block), Ok(header));
        for place in 0..block.len() {
            let mut flipped = block.clone();
            flipped[place] ^= 0x10;
            assert_eq!(SegmentHeader::decode(&flipped), Err(HeaderFault::Broken), "byte {place}");
        }
    }

    #[test]
    fn limits_are_refused_by_name() {
        let large = vec![1; MAX_ENTRY_BYTES];
        let oversized = vec![1; MAX_ENTRY_BYTES + 1];
        assert!(matches!(encode_group(1, &[]), Err(JournalError::EmptyGroup)));
        assert!(matches!(encode_group(1, &[b"", &oversized]), Err(JournalError::EntryTooLarge { index: 1, .. })));
        assert!(matches!(encode_group(1, &[&large[..]; 4]), Err(JournalError::GroupTooLarge { .. })));
        assert!(encode_group(1, &[&large[..], &large, &large]).is_ok());
    }
}
