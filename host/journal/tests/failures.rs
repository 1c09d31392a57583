//! The device refuses: the error is typed, nothing is promised, and what is believed afterwards is what the device
//! really holds.

use std::io::ErrorKind;
use std::sync::Arc;

use acquit_journal::memory::{MemoryDisk, Operation};
use acquit_journal::{Damage, DamageReason, Health, Journal, JournalError, Opened, Options};

const SMALL_SEGMENT_BYTES: u64 = 4 * 4096;

fn options() -> Options {
    Options { segment_bytes: SMALL_SEGMENT_BYTES, ..Options::default() }
}

fn create(disk: &MemoryDisk) -> Opened {
    Journal::create_in(Arc::new(disk.clone()), options()).unwrap()
}

fn open(disk: &MemoryDisk) -> Opened {
    Journal::open_in(Arc::new(disk.clone()), options()).unwrap()
}

#[test]
fn a_failed_write_or_sync_is_final_for_the_handle() {
    for operation in [Operation::Write, Operation::Sync] {
        let disk = MemoryDisk::default();
        let mut journal = create(&disk).journal;
        let _written = journal.append(&[b"intent"]).unwrap();
        disk.fail_next(operation, ErrorKind::Other);
        assert!(matches!(journal.append(&[b"lost"]), Err(JournalError::Storage { .. })));
        assert!(matches!(journal.append(&[b"refused"]), Err(JournalError::Poisoned)));
        let mut opened = journal.reopen().unwrap();
        assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 1), "{operation:?}");
        assert_eq!(opened.journal.append(&[b"again"]).unwrap().sequence(), 2);
        assert!(disk.bytes("000002.log").is_some(), "it goes on in a fresh segment");
        drop(opened.journal);
        disk.cut_power(false, |_| false);
        let opened = open(&disk);
        assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 2));
    }
}

#[test]
fn a_cache_that_shows_what_never_reached_the_device_is_not_believed() {
    // After a failed sync the kernel calls the pages clean. A journal that rereads them believes in an entry that the
    // next power cut takes away. With a cache that cannot be dropped exactly that happens, and is at least noticed.
    for cache_can_be_dropped in [true, false] {
        let disk = MemoryDisk::default();
        let mut journal = create(&disk).journal;
        disk.fail_next(Operation::Sync, ErrorKind::Other);
        assert!(journal.append(&[b"phantom"]).is_err());
        if !cache_can_be_dropped {
            disk.keep_stale_cache();
        }
        let mut opened = journal.reopen().unwrap();
        assert_eq!(opened.entries.is_empty(), cache_can_be_dropped);
        let sequence = opened.journal.append(&[b"next"]).unwrap().sequence();
        drop(opened);
        disk.cut_power(false, |_| false);
        let gap = Damage { segment: 2, offset: 0, sequence: 1, reason: DamageReason::Gap { found: sequence } };
        let expected = if cache_can_be_dropped { Health::Whole } else { Health::Damaged(gap) };
        assert_eq!(open(&disk).health, expected);
    }
}

#[test]
fn a_full_disk_is_refused_before_anything_is_written_and_passes() {
    let disk = MemoryDisk::default();
    let mut journal = create(&disk).journal;
    for _ in 0..3 {
        let _written = journal.append(&[b"entry"]).unwrap();
    }
    for free in [0, 4096, SMALL_SEGMENT_BYTES as usize - 1] {
        disk.set_free_bytes(free);
        assert!(matches!(journal.append(&[b"no room"]), Err(JournalError::DiskFull)), "{free} bytes free");
        assert_eq!(open_entries(&disk.fork()), 3);
    }
    disk.set_free_bytes(SMALL_SEGMENT_BYTES as usize);
    assert_eq!(journal.append(&[b"room again"]).unwrap().sequence(), 4);
    assert_eq!(open_entries(&disk.fork()), 4);
}

fn open_entries(disk: &MemoryDisk) -> usize {
    let opened = open(disk);
    assert_eq!(opened.health, Health::Whole);
    opened.entries.len()
}

#[test]
fn a_full_disk_does_not_hinder_appends_to_the_segment_that_is_there() {
    let disk = MemoryDisk::default();
    let mut journal = create(&disk).journal;
    disk.set_free_bytes(0);
    for sequence in 1..=3 {
        assert_eq!(journal.append(&[b"debt paid"]).unwrap().sequence(), sequence);
    }
}

#[test]
fn a_full_disk_does_not_hinder_reading_a_torn_or_damaged_journal() {
    let disk = MemoryDisk::default();
    let mut journal = create(&disk).journal;
    let _written = journal.append(&[b"debt"]).unwrap();
    drop(journal);
    disk.rewrite("000001.log", |bytes| bytes[9000] = 1);
    disk.set_free_bytes(0);
    let mut opened = open(&disk);
    assert_eq!(opened.entries.len(), 1);
    assert!(matches!(opened.journal.append(&[b"paid"]), Err(JournalError::DiskFull)));
}

#[test]
fn a_segment_that_cannot_be_put_in_place_poisons_the_handle() {
    for operation in [Operation::SyncDirectory, Operation::Name] {
        let disk = MemoryDisk::default();
        let mut journal = create(&disk).journal;
        for _ in 0..3 {
            let _written = journal.append(&[b"entry"]).unwrap();
        }
        disk.fail_next(operation, ErrorKind::Other);
        assert!(matches!(journal.append(&[b"lost"]), Err(JournalError::Storage { .. })));
        assert!(matches!(journal.append(&[b"refused"]), Err(JournalError::Poisoned)));
        let mut opened = journal.reopen().unwrap();
        assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 3));
        assert_eq!(opened.journal.append(&[b"again"]).unwrap().sequence(), 4);
    }
}

#[test]
fn limits_are_refused_and_leave_the_handle_usable() {
    let disk = MemoryDisk::default();
    let mut journal = create(&disk).journal;
    assert!(matches!(journal.append(&[]), Err(JournalError::EmptyGroup)));
    assert!(matches!(journal.append(&[&[0; 13_000]]), Err(JournalError::GroupTooLarge { limit: 12_288, .. })));
    assert_eq!(journal.append(&[b""]).unwrap().sequence(), 1);
    for segment_bytes in [0, 4096, 10_000, 8 << 20] {
        let wrong = Options { segment_bytes, ..Options::default() };
        let refused = Journal::create_in(Arc::new(MemoryDisk::default()), wrong);
        assert!(matches!(refused, Err(JournalError::SegmentSize { .. })), "{segment_bytes}");
    }
}
