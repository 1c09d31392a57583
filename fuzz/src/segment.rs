//! Segments: any bytes are a journal, a damaged journal or an error, and nobody can put words into it.
//!
//! A segment is mostly zeros, in which a fuzzer would waste its time, so an input is a list of pieces: segment number,
//! sector, length (two bytes, big-endian), bytes. A segment is as long as its header says, within reason, and zero where
//! no piece lies. Every sector carries a checksum, which no fuzzer guesses, so each input is read twice: as it is, and
//! with all checksums made right.

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::keys::{CountingEntropy, FixedKey};
use journal::memory::MemoryDisk;
use journal::storage::Storage;
use journal::{BLOCK_BYTES, Entry, Health, Journal, JournalError, Kind, Options, Purpose, Reading, SECTOR_BYTES};

/// What the seeds hold. Nothing else may ever be read from a segment of version 2: whatever the bytes, the encryption
/// and the commitments admit only what was written.
pub const RECORDS: [&[u8]; 5] = [b"intent of 12.34", b"", b"heard 00", &[0xC3; 700], b"concluded"];
/// The card part of the first of them.
pub const CARD: &[u8] = b"sealed number and expiry";
/// The byte of the key the seeds are under.
pub const KEEPER: u8 = 7;
/// Written behind whatever was found.
const APPENDED: &[u8] = b"appended by the fuzz target";
/// Segments an input may hold; a number beyond wraps around.
const SEGMENTS: u8 = 4;
/// Longest segment an input may claim.
const MAX_SEGMENT_BYTES: usize = 64 << 10;
/// Length of the segments that are written here: room for six groups.
const SEGMENT_BYTES: usize = 32 << 10;
/// Longest piece: a block.
const MAX_PIECE_BYTES: usize = BLOCK_BYTES;
/// Where a header says how long its segment is.
const LENGTH_AT: usize = 32;
/// Where a header says its version.
const VERSION_AT: usize = 12;
/// First and last word of every sector of version 2.
const MARKS: [[u8; 4]; 2] = [[0xDB, 0x35, 0x2C, 0xA8], [0xC1, 0x52, 0x9A, 0xB7]];

/// The segments of a disk, by number.
pub type Segments = BTreeMap<u8, Vec<u8>>;

/// Reads an input in every way.
pub fn check(input: &[u8]) {
    let mut segments = unpack(input);
    check_disk(&disk(&segments));
    segments.values_mut().for_each(|segment| mend(segment));
    check_disk(&disk(&segments));
}

/// Reads an input as it is, with keys.
///
/// # Errors
/// Those of the journal.
pub fn read(input: &[u8]) -> Result<Reading, JournalError> {
    Journal::read_in(&disk(&unpack(input)), Some(&FixedKey::new(KEEPER)))
}

/// How the target opens and the seeds are written.
pub fn options(seed: u64) -> Options {
    Options {
        segment_bytes: SEGMENT_BYTES as u64,
        spare_segments: 0,
        checkpoint_every: 0,
        entropy: Arc::new(CountingEntropy::new(seed)),
        ..Options::default()
    }
}

/// Writes segments as an input.
pub fn pack(segments: &Segments) -> Vec<u8> {
    let mut input = Vec::new();
    for (&number, bytes) in segments {
        for (index, sector) in (0_u8..).zip(bytes.chunks(SECTOR_BYTES)) {
            let length = sector.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            if length > 0 {
                input.extend_from_slice(&[number - 1, index]);
                input.extend_from_slice(&(length as u16).to_be_bytes());
                input.extend_from_slice(&sector[..length]);
            }
        }
    }
    input
}

fn unpack(mut input: &[u8]) -> Segments {
    let mut segments = Segments::new();
    while let Some((&[number, sector, high, low], rest)) = input.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(MAX_PIECE_BYTES).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        let segment = segments.entry(number % SEGMENTS + 1).or_insert_with(|| vec![0; MAX_SEGMENT_BYTES]);
        let start = usize::from(sector) * SECTOR_BYTES % MAX_SEGMENT_BYTES;
        let end = (start + length).min(MAX_SEGMENT_BYTES);
        segment[start..end].copy_from_slice(&piece[..end - start]);
        input = rest;
    }
    for segment in segments.values_mut() {
        let claimed = segment[LENGTH_AT..].first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let length = usize::try_from(claimed).ok().filter(|length| (BLOCK_BYTES..=MAX_SEGMENT_BYTES).contains(length));
        segment.truncate(length.unwrap_or(SEGMENT_BYTES));
    }
    segments
}

/// Makes every checksum right, and the marks of sectors that hold anything.
fn mend(segment: &mut [u8]) {
    let version = segment[VERSION_AT..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let headers = if version == 1 { 1 } else { 2 };
    let covered = if version == 1 { SECTOR_BYTES } else { BLOCK_BYTES };
    for header in segment.chunks_exact_mut(BLOCK_BYTES).take(headers) {
        let checksum = crc32c::crc32c(&header[12..covered]);
        header[8..12].copy_from_slice(&checksum.to_be_bytes());
    }
    let groups = segment.chunks_mut(SECTOR_BYTES).skip(headers * BLOCK_BYTES / SECTOR_BYTES);
    for sector in groups.filter(|sector| sector.len() == SECTOR_BYTES && sector.iter().any(|&byte| byte != 0)) {
        if version == 1 {
            let checksum = crc32c::crc32c(&sector[4..]);
            sector[..4].copy_from_slice(&checksum.to_be_bytes());
        } else {
            sector[..4].copy_from_slice(&MARKS[0]);
            let checksum = crc32c::crc32c(&sector[..504]);
            sector[504..508].copy_from_slice(&checksum.to_be_bytes());
            sector[508..].copy_from_slice(&MARKS[1]);
        }
    }
}

fn disk(segments: &Segments) -> MemoryDisk {
    let disk = MemoryDisk::default();
    for (number, bytes) in segments {
        let file = disk.create(&format!("{number:06}.log")).expect("a new disk has no such file");
        let last = bytes.len().saturating_sub(1) / SECTOR_BYTES;
        for (index, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
            if index == last || sector.iter().any(|&byte| byte != 0) {
                file.write_at((index * SECTOR_BYTES) as u64, sector).expect("nothing was ordered to fail");
            }
        }
        file.sync().expect("nothing was ordered to fail");
    }
    disk.sync().expect("nothing was ordered to fail");
    disk
}

fn check_disk(disk: &MemoryDisk) {
    let keys = FixedKey::new(KEEPER);
    let bare = Journal::read_in(disk, None);
    let full = Journal::read_in(disk, Some(&keys));
    if let Ok(full) = &full {
        check_words(&full.entries);
        check_numbers(full);
    }
    if let (Ok(bare), Ok(full)) = (&bare, &full)
        && full.health == Health::Whole
    {
        assert_eq!((&bare.health, bare.size, bare.root), (&full.health, full.size, full.root), "keys find no more");
    }
    check_going_on(&disk.fork(), full.ok());
}

/// A journal that opens gives what the reader gave, takes an append, and gives that too.
fn check_going_on(disk: &MemoryDisk, read: Option<Reading>) {
    let storage = Arc::new(disk.clone());
    let Ok(opened) = Journal::open_in(storage, Arc::new(FixedKey::new(KEEPER)), options(99)) else { return };
    let read = read.expect("what opens can be read");
    assert_eq!(opened.health, read.health, "opening and reading agree");
    assert!(opened.entries == read.entries, "opening and reading give the same entries");
    let Ok(durable) = opened.journal.append(Purpose::Obligation, &[APPENDED.into()]) else { return };
    let sequence = durable.sequence();
    drop(opened);
    let after = Journal::read_in(disk, Some(&FixedKey::new(KEEPER))).expect("what took an append can be read");
    let (last, before) = after.entries.split_last().expect("an entry was appended");
    assert_eq!((last.sequence, last.record()), (sequence, Some(APPENDED)), "what was acknowledged is there");
    assert!(before == read.entries, "an append changes nothing that was there");
    assert_eq!(after.health == Health::Whole, read.health == Health::Whole, "an append neither heals nor hurts");
}

fn check_words(entries: &[Entry]) {
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Record) {
        // What came from version 1 was never encrypted: anybody could write it, and nothing is promised of it.
        let Some(salt) = entry.seal.salt.filter(|salt| *salt != [0; 32]) else { continue };
        if let Some(record) = entry.record() {
            assert!(RECORDS.contains(&record), "a record nobody wrote, under salt {salt:02x?}");
        }
        assert!(entry.card().is_none_or(|card| card == CARD), "a card part nobody wrote");
    }
}

/// Numbers of a reading that must fit each other.
fn check_numbers(reading: &Reading) {
    let rising = reading.entries.is_sorted_by(|before, after| before.sequence < after.sequence);
    assert!(rising, "sequences rise");
    if reading.health == Health::Whole {
        assert_eq!(reading.size, reading.entries.len() as u64, "a whole journal has a leaf an entry");
    }
}
