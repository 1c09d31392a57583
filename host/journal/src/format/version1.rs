//! Version 1, as it was written before groups were encrypted. Read for ever, never written.

use super::{BLOCK_BYTES, Fields, MAGIC, MIN_SEGMENT_BYTES, SECTOR_BYTES, SEGMENT_BYTES, is_zero};

/// The number in the header.
pub(crate) const VERSION_1: u32 = 1;
/// One header, and groups behind it.
pub(crate) const FIRST_GROUP: usize = BLOCK_BYTES;
/// Bytes of framing at the start of each sector of a group.
const SECTOR_HEADER_BYTES: usize = 24;
/// What is left of a sector for the contents of the group.
const SECTOR_CONTENT_BYTES: usize = SECTOR_BYTES - SECTOR_HEADER_BYTES;
/// Length field before each entry.
const ENTRY_HEADER_BYTES: usize = 4;

/// The first sector of a segment; the rest of its block is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub segment: u64,
    pub first_sequence: u64,
    pub segment_bytes: u64,
}

/// What each sector of a group says about the group and its own place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SectorHeader {
    pub index: u16,
    pub sectors: u16,
    pub sequence: u64,
    pub entries: u32,
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

/// A whole group.
pub(crate) struct Group {
    pub sequence: u64,
    pub bodies: Vec<Vec<u8>>,
    /// Just behind its last sector.
    pub end: usize,
}

impl SegmentHeader {
    /// Reads the header block, whose version is known to be 1; `None` when it does not verify.
    pub fn decode(block: &[u8]) -> Option<Self> {
        let (sector, rest) = block.split_at_checked(SECTOR_BYTES)?;
        let mut fields = Fields::new(sector.strip_prefix(MAGIC)?);
        if fields.u32() != crc32c::crc32c(fields.rest()) || fields.u32() != VERSION_1 {
            return None;
        }
        let header = Self { segment: fields.u64(), first_sequence: fields.u64(), segment_bytes: fields.u64() };
        let bytes = header.segment_bytes;
        let is_allowed = bytes.is_multiple_of(BLOCK_BYTES as u64)
            && (MIN_SEGMENT_BYTES - BLOCK_BYTES as u64..=SEGMENT_BYTES).contains(&bytes);
        (is_allowed && is_zero(fields.rest()) && is_zero(rest)).then_some(header)
    }
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
        let mut fields = Fields::new(sector);
        if fields.u32() != crc32c::crc32c(fields.rest()) {
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
        if plausible { Self::Written(header, fields.rest()) } else { Self::Broken }
    }
}

/// The group that begins here, if all of it is there and verifies.
pub(crate) fn group_at(bytes: &[u8]) -> Option<Group> {
    let Sector::Written(first, _) = Sector::read(bytes.get(..SECTOR_BYTES)?) else { return None };
    let end = usize::from(first.sectors) * SECTOR_BYTES;
    let mut contents = Vec::with_capacity(end);
    for (index, sector) in (0..first.sectors).zip(bytes.get(..end)?.chunks(SECTOR_BYTES)) {
        match Sector::read(sector) {
            Sector::Written(header, share) if header == (SectorHeader { index, ..first }) => {
                contents.extend_from_slice(share);
            }
            _ => return None,
        }
    }
    Some(Group { sequence: first.sequence, bodies: decode_contents(&first, &contents)?, end })
}

/// Whether what is left of a segment is exactly what a cut leaves of one append: sectors of the group `expected`, each
/// verified and in its place, and at least one of them never written.
pub(crate) fn is_torn(bytes: &[u8], expected: u64) -> bool {
    let mut first: Option<SectorHeader> = None;
    let mut written = 0;
    for (index, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
        match Sector::read(sector) {
            Sector::Unwritten => {}
            Sector::Broken => return false,
            Sector::Written(header, _) => {
                let group = *first.get_or_insert(SectorHeader { index: 0, ..header });
                let in_place = usize::from(header.index) == index && SectorHeader { index: 0, ..header } == group;
                if !in_place || header.sequence != expected {
                    return false;
                }
                written += 1;
            }
        }
    }
    first.is_some_and(|group| written < group.sectors)
}

/// Takes the joined shares of a verified group apart into the bodies of its entries; `None` when they contradict the
/// header.
fn decode_contents(header: &SectorHeader, shares: &[u8]) -> Option<Vec<Vec<u8>>> {
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
