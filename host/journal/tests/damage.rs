//! What does not verify is never taken for empty: it is reported, at every open, and what is readable is still read.

use std::sync::Arc;

use acquit_journal::memory::MemoryDisk;
use acquit_journal::{Damage, DamageReason, Entry, Health, Journal, Opened, Options};

const SMALL_SEGMENT_BYTES: u64 = 4 * 4096;
const FIRST: &str = "000001.log";

fn options() -> Options {
    Options { segment_bytes: SMALL_SEGMENT_BYTES, ..Options::default() }
}

/// Entries 1 to `entries`, each a group of its own in a block of its own; three to a segment.
fn disk_with(entries: u8) -> MemoryDisk {
    let disk = MemoryDisk::default();
    let mut opened = Journal::create_in(Arc::new(disk.clone()), options()).unwrap();
    for entry in 1..=entries {
        let _written = opened.journal.append(&[&[entry; 600]]).unwrap();
    }
    disk
}

fn open(disk: &MemoryDisk) -> Opened {
    Journal::open_in(Arc::new(disk.clone()), options()).unwrap()
}

fn sequences(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.sequence).collect()
}

fn damage(segment: u64, offset: u64, sequence: u64, reason: DamageReason) -> Health {
    Health::Damaged(Damage { segment, offset, sequence, reason })
}

/// The damage and the readable entries stay the same over appends and reopens, the damaged file is not touched, and
/// what is appended is found again.
fn check(disk: &MemoryDisk, health: &Health, readable: &[u64]) {
    let before = disk.bytes(FIRST);
    let mut opened = open(disk);
    assert_eq!((&opened.health, sequences(&opened.entries).as_slice()), (health, readable));
    let appended = opened.journal.append(&[b"debt paid"]).unwrap().sequence();
    assert!(readable.iter().all(|sequence| *sequence < appended));
    drop(opened);
    let opened = open(disk);
    let all: Vec<u64> = readable.iter().copied().chain([appended]).collect();
    assert_eq!((&opened.health, sequences(&opened.entries)), (health, all));
    assert_eq!(disk.bytes(FIRST), before);
}

#[test]
fn every_flipped_byte_is_damage_and_costs_at_most_its_own_group() {
    let whole = disk_with(2);
    let length = whole.bytes(FIRST).unwrap().len();
    for place in 0..length {
        let disk = whole.fork();
        disk.rewrite(FIRST, |bytes| bytes[place] ^= 1 << (place % 8));
        let reading = Journal::read_in(&disk).unwrap();
        assert!(matches!(reading.health, Health::Damaged(_)), "byte {place} flipped and nobody noticed");
        let readable: &[u64] = match place {
            4096..5120 => &[2],
            8192..9216 => &[1],
            _ => &[1, 2],
        };
        assert_eq!(sequences(&reading.entries), readable, "byte {place}");
    }
}

#[test]
fn a_bad_checksum_in_the_middle_is_named_by_place_and_entry() {
    let disk = disk_with(3);
    disk.rewrite(FIRST, |bytes| bytes[8192 + 512 + 30] ^= 1);
    check(&disk, &damage(1, 8192 + 512, 2, DamageReason::Checksum), &[1, 3]);
}

#[test]
fn a_wholly_written_last_group_that_does_not_verify_is_not_a_torn_tail() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes[8192 + 30] ^= 1);
    check(&disk, &damage(1, 8192, 2, DamageReason::Checksum), &[1]);
}

#[test]
fn a_promised_group_that_vanished_is_seen_by_what_follows_it() {
    let disk = disk_with(3);
    disk.rewrite(FIRST, |bytes| bytes[8192..12288].fill(0));
    check(&disk, &damage(1, 8192, 2, DamageReason::Gap { found: 3 }), &[1, 3]);

    let disk = disk_with(4);
    disk.rewrite(FIRST, |bytes| bytes[12288..].fill(0));
    check(&disk, &damage(2, 0, 3, DamageReason::Gap { found: 4 }), &[1, 2, 4]);
}

#[test]
fn a_sequence_that_comes_twice_is_damage() {
    let disk = disk_with(3);
    disk.rewrite(FIRST, |bytes| bytes.copy_within(4096..8192, 12288));
    check(&disk, &damage(1, 12288, 3, DamageReason::Repeat { found: 1 }), &[1, 2]);
}

#[test]
fn a_bad_header_is_damage_and_its_groups_are_still_read() {
    let disk = disk_with(4);
    disk.rewrite(FIRST, |bytes| bytes[20] ^= 1);
    check(&disk, &damage(1, 0, 1, DamageReason::Header), &[1, 2, 3, 4]);
}

#[test]
fn an_unknown_version_is_not_read_and_not_written() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| {
        bytes[15] = 2;
        let checksum = crc32c::crc32c(&bytes[12..512]);
        bytes[8..12].copy_from_slice(&checksum.to_be_bytes());
    });
    check(&disk, &damage(1, 0, 1, DamageReason::Version(2)), &[]);
}

#[test]
fn a_cut_or_grown_file_is_damage() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes.truncate(8192));
    check(&disk, &damage(1, 0, 1, DamageReason::Length(8192)), &[1]);

    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes.push(0));
    check(&disk, &damage(1, 0, 1, DamageReason::Length(16385)), &[1, 2]);

    let disk = disk_with(2);
    disk.rewrite(FIRST, Vec::clear);
    check(&disk, &damage(1, 0, 1, DamageReason::Header), &[]);
}

#[test]
fn a_missing_segment_is_damage_also_when_it_is_the_first() {
    use acquit_journal::storage::Storage;
    for (segment, first_lost, readable) in [(1, 1, [4, 5, 6, 7]), (2, 4, [1, 2, 3, 7])] {
        let disk = disk_with(7);
        disk.remove(&format!("{segment:06}.log")).unwrap();
        check(&disk, &damage(segment, 0, first_lost, DamageReason::MissingSegment), &readable);
    }
}

#[test]
fn a_block_the_device_cannot_read_costs_its_group_and_no_other() {
    let disk = disk_with(3);
    disk.lose_block(FIRST, 2);
    let opened = open(&disk);
    assert_eq!(opened.health, damage(1, 8192, 2, DamageReason::Unreadable));
    assert_eq!(sequences(&opened.entries), [1, 3]);
}

#[test]
fn only_a_sector_of_the_last_group_that_turns_to_zeros_looks_like_a_cut() {
    // The one case that cannot be told apart; docs/journal.md says so.
    let disk = disk_with(3);
    disk.rewrite(FIRST, |bytes| bytes[12288..12800].fill(0));
    let reading = Journal::read_in(&disk).unwrap();
    assert_eq!((reading.health, sequences(&reading.entries)), (Health::Whole, vec![1, 2]));
}

#[test]
fn verified_sectors_in_the_wrong_place_are_not_a_torn_tail() {
    // The second sector of the group before, where the next group would begin.
    let disk = disk_with(1);
    disk.rewrite(FIRST, |bytes| bytes.copy_within(4608..5120, 8704));
    check(&disk, &damage(1, 8192, 2, DamageReason::Contents), &[1]);

    // A whole group and the beginning of the next one are gone: what is left belongs to no group that was due.
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes[4096..8704].fill(0));
    check(&disk, &damage(1, 4096, 1, DamageReason::Contents), &[]);
}

#[test]
fn a_group_that_verifies_and_contradicts_itself_is_damage() {
    let disk = disk_with(1);
    disk.rewrite(FIRST, |bytes| {
        for sector in bytes[4096..5120].chunks_mut(512) {
            sector[19] = 2;
            let checksum = crc32c::crc32c(&sector[4..]);
            sector[..4].copy_from_slice(&checksum.to_be_bytes());
        }
    });
    check(&disk, &damage(1, 4096, 1, DamageReason::Contents), &[]);
}

#[test]
fn numbers_that_may_have_been_used_are_not_used_again() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes[8192..9216].fill(0xEE));
    let mut opened = open(&disk);
    assert!(opened.journal.append(&[b"next"]).unwrap().sequence() > 1 << 20);
}
