//! Sectors: how the bytes of a group lie on the device, and what one looks like that never got there, got there in
//! part, or has changed since.

use super::{BLOCK_BYTES, Fields, SECTOR_BYTES, is_zero};

/// What is left of a sector for the contents of its group.
pub(crate) const SHARE_BYTES: usize = 484;

/// First and last word of every written sector. Each of their bytes has four ones, so that a write that stopped one
/// byte short of the end, or began one byte late, over zeros or over erased flash, is already further from the mark
/// than rot is allowed to be.
const LEAD_MARK: u32 = 0xC53A_9669;
const END_MARK: u32 = 0x5CA3_D24B;
/// A mark with this many bits wrong is still the mark: a finished sector that rotted. Bytes that are not the mark are
/// this close by accident once in 700,000.
const MARK_TOLERANCE_BITS: u32 = 3;
/// The checksum covers what is before it.
const CHECKSUM_AT: usize = 504;
const END_MARK_AT: usize = 508;

/// What a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupKind {
    /// Entries.
    Entries,
    /// Nothing but the promise that everything before it was durable.
    IdleMarker,
}

/// What each sector of a group says about the group and its own place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SectorHeader {
    pub kind: GroupKind,
    /// Place in the group, from 0.
    pub index: u16,
    /// Sectors of the group, from 1.
    pub sectors: u16,
    /// Sequence of the first entry of the group; of a marker, that of the next entry to come.
    pub sequence: u64,
}

/// One sector as found on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sector<'a> {
    /// All zero: as the segment was created.
    Unwritten,
    /// Verified, with its share of the contents.
    Written(SectorHeader, &'a [u8]),
    /// One of its marks is not there: no sync ever came after it was written.
    Torn,
    /// Both marks are there and it does not verify: it was finished once.
    Broken,
}

impl<'a> Sector<'a> {
    /// Looks at one sector.
    pub fn read(sector: &'a [u8]) -> Self {
        if sector.len() != SECTOR_BYTES {
            return if is_zero(sector) { Self::Unwritten } else { Self::Broken };
        }
        let (lead, end) = (word(sector, 0), word(sector, END_MARK_AT));
        let verifies = lead == LEAD_MARK && end == END_MARK && {
            crc32c::crc32c(&sector[..CHECKSUM_AT]) == word(sector, CHECKSUM_AT)
        };
        if verifies {
            return read_header(sector)
                .map_or(Self::Broken, |header| Self::Written(header, &sector[CHECKSUM_AT - SHARE_BYTES..CHECKSUM_AT]));
        }
        if is_near(lead, LEAD_MARK) && is_near(end, END_MARK) {
            Self::Broken
        } else if is_zero(sector) {
            Self::Unwritten
        } else {
            Self::Torn
        }
    }
}

/// How many sectors contents of this length take.
pub(crate) fn sectors_for(content_bytes: usize) -> usize {
    content_bytes.div_ceil(SHARE_BYTES).max(1)
}

/// The sectors of one group of entries, ready to be written at a block boundary. `None` when the contents are longer
/// than sectors can be counted.
pub(crate) fn frame(kind: GroupKind, sequence: u64, contents: &[u8]) -> Option<Vec<u8>> {
    let sectors = u16::try_from(sectors_for(contents.len())).ok()?;
    let mut framed = Vec::with_capacity(usize::from(sectors) * SECTOR_BYTES);
    for index in 0..sectors {
        let start = (usize::from(index) * SHARE_BYTES).min(contents.len());
        let share = &contents[start..(start + SHARE_BYTES).min(contents.len())];
        let begin = framed.len();
        framed.extend_from_slice(&LEAD_MARK.to_be_bytes());
        framed.extend_from_slice(&[kind.code(), 0]);
        framed.extend_from_slice(&index.to_be_bytes());
        framed.extend_from_slice(&sectors.to_be_bytes());
        framed.extend_from_slice(&[0, 0]);
        framed.extend_from_slice(&sequence.to_be_bytes());
        framed.extend_from_slice(share);
        framed.resize(begin + CHECKSUM_AT, 0);
        let checksum = crc32c::crc32c(&framed[begin..]);
        framed.extend_from_slice(&checksum.to_be_bytes());
        framed.extend_from_slice(&END_MARK.to_be_bytes());
    }
    Some(framed)
}

/// Reads the sectors of a whole group at the start of `bytes` and joins their shares into `contents`. `None` when one
/// of them is missing, does not verify or belongs elsewhere.
pub(crate) fn gather(bytes: &[u8], contents: &mut Vec<u8>) -> Option<SectorHeader> {
    contents.clear();
    let Sector::Written(first, _) = Sector::read(bytes.get(..SECTOR_BYTES)?) else { return None };
    let end = usize::from(first.sectors) * SECTOR_BYTES;
    for (index, sector) in (0..first.sectors).zip(bytes.get(..end)?.chunks(SECTOR_BYTES)) {
        match Sector::read(sector) {
            Sector::Written(header, share) if header == (SectorHeader { index, ..first }) => {
                contents.extend_from_slice(share);
            }
            _ => return None,
        }
    }
    Some(first)
}

/// Rounds up to the next multiple of `alignment`.
pub(crate) fn aligned(bytes: usize, alignment: usize) -> usize {
    bytes.div_ceil(alignment) * alignment
}

impl GroupKind {
    fn code(self) -> u8 {
        match self {
            Self::Entries => 1,
            Self::IdleMarker => 2,
        }
    }
}

fn read_header(sector: &[u8]) -> Option<SectorHeader> {
    let mut fields = Fields::new(sector.get(4..)?);
    let kind = match fields.array() {
        [1, 0] => GroupKind::Entries,
        [2, 0] => GroupKind::IdleMarker,
        _ => return None,
    };
    let (index, sectors, zero, sequence) = (fields.u16(), fields.u16(), fields.u16(), fields.u64());
    let single = kind == GroupKind::Entries || sectors == 1;
    (index < sectors && zero == 0 && single).then_some(SectorHeader { kind, index, sectors, sequence })
}

fn word(sector: &[u8], at: usize) -> u32 {
    sector.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn is_near(word: u32, mark: u32) -> bool {
    (word ^ mark).count_ones() <= MARK_TOLERANCE_BITS
}

const _: () = assert!(BLOCK_BYTES.is_multiple_of(SECTOR_BYTES));

#[cfg(test)]
mod tests {
    use super::*;

    fn one_sector() -> Vec<u8> {
        frame(GroupKind::Entries, 7, &[0xA5; SHARE_BYTES]).unwrap()
    }

    #[test]
    fn every_byte_of_a_mark_is_beyond_the_tolerance_from_zeros_and_from_ones() {
        for byte in [LEAD_MARK, END_MARK].into_iter().flat_map(u32::to_be_bytes) {
            assert_eq!(byte.count_ones(), 4);
            assert!(byte.count_ones().min(byte.count_zeros()) > MARK_TOLERANCE_BITS);
        }
    }

    #[test]
    fn any_prefix_or_suffix_of_a_sector_is_torn() {
        let whole = one_sector();
        assert!(matches!(Sector::read(&whole), Sector::Written(..)));
        assert_eq!(Sector::read(&[0; SECTOR_BYTES]), Sector::Unwritten);
        for cut in 1..SECTOR_BYTES {
            let mut prefix = whole.clone();
            prefix[cut..].fill(0);
            assert_eq!(Sector::read(&prefix), Sector::Torn, "first {cut} bytes");
            let mut suffix = whole.clone();
            suffix[..cut].fill(0);
            assert_eq!(Sector::read(&suffix), Sector::Torn, "without the first {cut} bytes");
        }
    }

    #[test]
    fn one_or_two_wrong_bits_anywhere_are_rot() {
        let whole = one_sector();
        for first in 0..SECTOR_BYTES * 8 {
            let mut rotten = whole.clone();
            rotten[first / 8] ^= 1 << (first % 8);
            assert_eq!(Sector::read(&rotten), Sector::Broken, "bit {first}");
            let second = (first * 7919 + 13) % (SECTOR_BYTES * 8);
            rotten[second / 8] ^= 1 << (second % 8);
            assert!(first == second || Sector::read(&rotten) == Sector::Broken, "bits {first} and {second}");
        }
    }

    #[test]
    fn a_group_reads_back() {
        for bytes in [0, 1, 483, 484, 485, 5000] {
            let contents: Vec<u8> = (0..bytes).map(|byte| byte as u8).collect();
            let framed = frame(GroupKind::Entries, 3, &contents).unwrap();
            assert_eq!(framed.len(), sectors_for(bytes) * SECTOR_BYTES);
            let mut read = Vec::new();
            let header = gather(&framed, &mut read).unwrap();
            assert_eq!((header.sequence, usize::from(header.sectors)), (3, sectors_for(bytes)));
            assert_eq!(&read[..bytes], contents);
            assert!(is_zero(&read[bytes..]));
        }
    }
}
