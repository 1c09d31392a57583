//! Reading a journal back: every entry that verifies, and whether anything that was promised is missing.
//!
//! One kind of unfinished business is repaired in silence: the last group of a segment, some of whose sectors were
//! never written, while all that were verify. Nobody was told of such a group, since the sync that comes before the
//! telling writes all sectors. Everything else that does not verify is [`Damage`].

use std::io;

use rustix::io::Errno;

use crate::error::{Damage, DamageReason, Health, JournalError};
use crate::format::{
    BLOCK_BYTES, HeaderFault, SECTOR_BYTES, SEGMENT_BYTES, Sector, SectorHeader, SegmentHeader, block_aligned,
    decode_contents, is_zero,
};
use crate::storage::{Storage, StoredFile};

/// After damage at the end of the journal it is not known which numbers were used. More are left out than one segment
/// can hold (four bytes an entry), so that no number ever names two entries.
const SEQUENCES_SKIPPED_AFTER_DAMAGE: u64 = SEGMENT_BYTES / 4;

/// One entry, as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the journal, from 1. Without gaps in a whole journal.
    pub sequence: u64,
    /// Its bytes, opaque to the journal.
    pub body: Vec<u8>,
}

/// What [`Journal::read`](crate::Journal::read) saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// All readable entries in order.
    pub entries: Vec<Entry>,
    /// Whether that is everything.
    pub health: Health,
}

/// A journal read back, and where it goes on.
pub(crate) struct Recovered {
    pub reading: Reading,
    pub next_sequence: u64,
    pub last_segment: u64,
    /// Where the last segment goes on; `None` when it must not be written again.
    pub continuation: Option<Continuation>,
}

/// The free end of a segment.
pub(crate) struct Continuation {
    pub file: Box<dyn StoredFile>,
    pub offset: u64,
    pub segment_bytes: u64,
}

/// How the last segment is treated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing is changed.
    ReadOnly,
    /// What is cached is synced, then forgotten, so that only what the device holds is believed.
    Settle,
}

/// File name of a segment.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{number:06}.log")
}

/// Numbers of the segments that are there, in order; `NoJournal` when there are none.
pub(crate) fn segments(storage: &dyn Storage) -> Result<Vec<u64>, JournalError> {
    let no_journal = || JournalError::NoJournal { directory: storage.name() };
    let names = match storage.list() {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_journal()),
        Err(error) => return Err(JournalError::storage("list the journal's directory")(error)),
    };
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| segment_number(name)).collect();
    numbers.sort_unstable();
    if numbers.is_empty() { Err(no_journal()) } else { Ok(numbers) }
}

/// Reads all segments.
pub(crate) fn recover(storage: &dyn Storage, access: Access) -> Result<Recovered, JournalError> {
    let numbers = segments(storage)?;
    let mut walk = Walk::default();
    let mut continuation = None;
    for &number in &numbers {
        walk.enter(number);
        let is_last = numbers.last() == Some(&number);
        let settle = is_last && access == Access::Settle;
        let Some(image) = walk.open(storage, number, settle)? else { continue };
        if let End::Clean { offset, segment_bytes } = walk.segment(&image)
            && is_last
        {
            continuation = Some(Continuation { file: image.file, offset, segment_bytes });
        }
    }
    let skipped = if walk.damaged_here { SEQUENCES_SKIPPED_AFTER_DAMAGE } else { 0 };
    Ok(Recovered {
        next_sequence: walk.expected.saturating_add(skipped),
        last_segment: walk.number,
        continuation,
        reading: Reading { entries: walk.entries, health: walk.damage.map_or(Health::Whole, Health::Damaged) },
    })
}

fn segment_number(name: &str) -> Option<u64> {
    let number = name.strip_suffix(".log")?.parse().ok()?;
    (number > 0 && segment_name(number) == name).then_some(number)
}

/// A segment file in memory. Blocks the device cannot read are filled with ones, which verify as nothing.
struct Image {
    file: Box<dyn StoredFile>,
    bytes: Vec<u8>,
    file_bytes: u64,
    unreadable_blocks: Vec<usize>,
}

impl Image {
    fn read(file: Box<dyn StoredFile>) -> io::Result<Self> {
        let file_bytes = file.length()?;
        // No segment is longer than this, whatever a damaged directory says.
        let bytes = vec![0; file_bytes.min(SEGMENT_BYTES) as usize];
        let mut image = Self { file, bytes, file_bytes, unreadable_blocks: Vec::new() };
        if image.file.read_at(0, &mut image.bytes).is_err() {
            for (index, block) in image.bytes.chunks_mut(BLOCK_BYTES).enumerate() {
                if image.file.read_at((index * BLOCK_BYTES) as u64, block).is_err() {
                    block.fill(0xFF);
                    image.unreadable_blocks.push(index);
                }
            }
        }
        Ok(image)
    }

    fn is_unreadable(&self, offset: usize) -> bool {
        self.unreadable_blocks.contains(&(offset / BLOCK_BYTES))
    }

    fn from(&self, offset: usize) -> &[u8] {
        self.bytes.get(offset..).unwrap_or_default()
    }
}

/// How a segment ends.
enum End {
    /// With sectors never written, and nothing wrong before them.
    Clean { offset: u64, segment_bytes: u64 },
    /// It must not be written again: damaged, or its last group is torn.
    Closed,
}

struct Group {
    header: SectorHeader,
    bodies: Vec<Vec<u8>>,
    /// Just behind its last sector.
    end: usize,
}

/// The state of reading from the first segment to the last.
struct Walk {
    entries: Vec<Entry>,
    damage: Option<Damage>,
    /// The next sequence number, if nothing is missing.
    expected: u64,
    /// The segment being read.
    number: u64,
    /// Whether this segment does not verify.
    damaged_here: bool,
}

impl Default for Walk {
    fn default() -> Self {
        Self { entries: Vec::new(), damage: None, expected: 1, number: 0, damaged_here: false }
    }
}

impl Walk {
    /// Goes on to a segment; one left out between is damage.
    fn enter(&mut self, number: u64) {
        let following = self.number + 1;
        if number != following {
            self.number = following;
            self.damaged(0, DamageReason::MissingSegment);
        }
        self.number = number;
        self.damaged_here = false;
    }

    fn damaged(&mut self, offset: usize, reason: DamageReason) {
        self.damaged_here = true;
        let damage = Damage { segment: self.number, offset: offset as u64, sequence: self.expected, reason };
        self.damage.get_or_insert(damage);
    }

    fn open(&mut self, storage: &dyn Storage, number: u64, settle: bool) -> Result<Option<Image>, JournalError> {
        let file = match storage.open(&segment_name(number), !settle) {
            Ok(file) => file,
            Err(error) if is_device_fault(&error) => {
                self.damaged(0, DamageReason::Unreadable);
                return Ok(None);
            }
            Err(error) => return Err(JournalError::storage("open a segment of the journal")(error)),
        };
        if settle {
            file.sync().map_err(JournalError::storage("sync the last segment of the journal"))?;
            file.drop_cache().map_err(JournalError::storage("reread the last segment of the journal"))?;
        }
        match Image::read(file) {
            Ok(image) => Ok(Some(image)),
            Err(_) => {
                self.damaged(0, DamageReason::Unreadable);
                Ok(None)
            }
        }
    }

    fn segment(&mut self, image: &Image) -> End {
        let Some(segment_bytes) = self.header(image) else { return End::Closed };
        let mut offset = BLOCK_BYTES;
        loop {
            if let Some(group) = group_at(image.from(offset)) {
                offset = self.group(image, offset, group);
            } else if is_zero(image.from(offset)) {
                break;
            } else if is_torn(image.from(offset), self.expected) {
                return End::Closed;
            } else {
                match self.pass_damage(image, offset) {
                    Some(resumed) => offset = resumed,
                    None => return End::Closed,
                }
            }
        }
        if self.damaged_here { End::Closed } else { End::Clean { offset: offset as u64, segment_bytes } }
    }

    /// Checks the header. `None` when the groups cannot be understood; a broken header alone does not hide them, since
    /// every sector says what it is.
    fn header(&mut self, image: &Image) -> Option<u64> {
        match SegmentHeader::decode(image.bytes.get(..BLOCK_BYTES).unwrap_or(&image.bytes)) {
            Ok(header) if header.segment == self.number => {
                self.meet(0, header.first_sequence);
                if header.segment_bytes != image.file_bytes {
                    self.damaged(0, DamageReason::Length(image.file_bytes));
                }
                Some(header.segment_bytes)
            }
            Err(HeaderFault::Version(version)) => {
                self.damaged(0, DamageReason::Version(version));
                None
            }
            Ok(_) | Err(HeaderFault::Broken) => {
                let reason = if image.is_unreadable(0) { DamageReason::Unreadable } else { DamageReason::Header };
                self.damaged(0, reason);
                Some(image.file_bytes)
            }
        }
    }

    /// Compares a sequence number that was found with the one expected; going back is never followed.
    fn meet(&mut self, offset: usize, found: u64) {
        if found > self.expected {
            self.damaged(offset, DamageReason::Gap { found });
            self.expected = found;
        } else if found < self.expected {
            self.damaged(offset, DamageReason::Repeat { found });
        }
    }

    /// Takes over a verified group and says where the next one begins.
    fn group(&mut self, image: &Image, offset: usize, group: Group) -> usize {
        self.meet(offset, group.header.sequence);
        if group.header.sequence == self.expected {
            for body in group.bodies {
                self.entries.push(Entry { sequence: self.expected, body });
                self.expected = self.expected.saturating_add(1);
            }
        }
        let (end, next) = (offset + group.end, block_aligned(offset + group.end));
        if !is_zero(image.bytes.get(end..next).unwrap_or_default()) {
            self.damaged(end, DamageReason::Checksum);
        }
        next
    }

    /// Records what does not verify at `offset` and finds the next group that does.
    fn pass_damage(&mut self, image: &Image, offset: usize) -> Option<usize> {
        let resumed = (offset..image.bytes.len())
            .step_by(BLOCK_BYTES)
            .skip(1)
            .find_map(|at| group_at(image.from(at)).map(|group| (at, group.header.sequence)));
        let end = resumed.map_or(image.bytes.len(), |(at, _)| at);
        let broken = (offset..end).step_by(SECTOR_BYTES).find(|&at| sector_at(image.from(at)) == Sector::Broken);
        match (broken, resumed) {
            (Some(at), _) if image.is_unreadable(at) => self.damaged(at, DamageReason::Unreadable),
            (Some(at), _) => self.damaged(at, DamageReason::Checksum),
            (None, Some((_, found))) => self.damaged(offset, DamageReason::Gap { found }),
            (None, None) => self.damaged(offset, DamageReason::Contents),
        }
        resumed.map(|(at, _)| at)
    }
}

/// Faults of the device or of the file system's structures, as against those of the configuration or the process, which
/// pass without anything being lost.
fn is_device_fault(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::IO | Errno::UCLEAN | Errno::BADMSG | Errno::NXIO | Errno::NODATA))
}

fn sector_at(bytes: &[u8]) -> Sector<'_> {
    Sector::read(bytes.get(..SECTOR_BYTES).unwrap_or(bytes))
}

/// The group that begins here, if all of it is there and verifies.
fn group_at(bytes: &[u8]) -> Option<Group> {
    let Sector::Written(first, _) = sector_at(bytes) else { return None };
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
    Some(Group { header: first, bodies: decode_contents(&first, &contents)?, end })
}

/// Whether what is left of a segment is exactly what a cut leaves of one append: sectors of the group `expected`, each
/// verified and in its place, and at least one of them never written.
fn is_torn(bytes: &[u8], expected: u64) -> bool {
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
