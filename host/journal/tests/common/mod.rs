//! What the tests of the journal share.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::sync::Arc;

use acquit_journal::keys::FixedKey;
use acquit_journal::memory::MemoryDisk;
use acquit_journal::{Body, Durable, Entry, Journal, JournalError, Opened, Options, Purpose, Reading};

/// Three blocks for groups behind the headers.
pub const SMALL_SEGMENT_BYTES: u64 = 5 * 4096;
pub const FIRST: &str = "000001.log";

/// Small segments, no spares and no checkpoints unless a test is about them.
pub fn options() -> Options {
    let segment_bytes = SMALL_SEGMENT_BYTES;
    Options { segment_bytes, spare_segments: 0, checkpoint_every: 0, ..Options::default() }
}

pub fn keys() -> Arc<FixedKey> {
    Arc::new(FixedKey::new(7))
}

pub fn create(disk: &MemoryDisk) -> Opened {
    create_with(disk, options())
}

pub fn create_with(disk: &MemoryDisk, options: Options) -> Opened {
    Journal::create_in(Arc::new(disk.clone()), keys(), options).unwrap()
}

pub fn open(disk: &MemoryDisk) -> Opened {
    open_with(disk, options())
}

pub fn open_with(disk: &MemoryDisk, options: Options) -> Opened {
    Journal::open_in(Arc::new(disk.clone()), keys(), options).unwrap()
}

pub fn read(disk: &MemoryDisk) -> Reading {
    Journal::read_in(disk, Some(keys().as_ref())).unwrap()
}

/// Appends records without card parts.
pub fn append(journal: &Journal, records: &[&[u8]]) -> Result<Durable, JournalError> {
    let bodies: Vec<Body<'_>> = records.iter().map(|record| Body::from(*record)).collect();
    journal.append(Purpose::Payment, &bodies)
}

pub fn sequences(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.sequence).collect()
}

/// Records in order; their numbers must be without gaps from 1.
pub fn records(entries: &[Entry]) -> Vec<Vec<u8>> {
    for (entry, sequence) in entries.iter().zip(1..) {
        assert_eq!(entry.sequence, sequence);
    }
    entries.iter().map(|entry| entry.record().expect("the record can be read").to_vec()).collect()
}

/// Writes the checksum of each of two copies of a header again.
pub fn seal_headers(segment: &mut [u8]) {
    for header in segment[..8192].chunks_mut(4096) {
        let checksum = crc32c::crc32c(&header[12..]);
        header[8..12].copy_from_slice(&checksum.to_be_bytes());
    }
}

/// Writes the checksum of a sector of version 2 again.
pub fn seal_sector(sector: &mut [u8]) {
    let checksum = crc32c::crc32c(&sector[..504]);
    sector[504..508].copy_from_slice(&checksum.to_be_bytes());
}
