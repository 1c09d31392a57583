//! J6 and J7: the device refuses. The error is typed, nothing is promised, what is believed afterwards is what the
//! device really holds, and the last space is kept for what is owed.

mod common;

use std::io::ErrorKind;
use std::sync::Arc;

use acquit_journal::memory::{MemoryDisk, Operation};
use acquit_journal::storage::Storage;
use acquit_journal::{Damage, DamageReason, Health, Journal, JournalError, Options, Purpose};
use common::{SMALL_SEGMENT_BYTES, append, create, create_with, keys, open, open_with, options};

#[test]
fn a_failed_write_or_sync_is_final_for_the_handle() {
    for operation in [Operation::Write, Operation::Sync] {
        let disk = MemoryDisk::default();
        let journal = create(&disk).journal;
        let _written = append(&journal, &[b"intent"]).unwrap();
        disk.fail_next(operation, ErrorKind::Other);
        assert!(matches!(append(&journal, &[b"lost"]), Err(JournalError::Storage { .. })));
        assert!(matches!(append(&journal, &[b"refused"]), Err(JournalError::Poisoned)));
        assert!(matches!(journal.tend(), Err(JournalError::Poisoned)));
        assert!(matches!(journal.checkpoint(), Err(JournalError::Poisoned)));
        let opened = journal.reopen().unwrap();
        assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 1), "{operation:?}");
        assert_eq!(append(&opened.journal, &[b"again"]).unwrap().sequence(), 2);
        assert!(disk.bytes("000002.log").is_some(), "it goes on in a fresh segment");
        drop(opened.journal);
        disk.cut_power(false, |_| false);
        let opened = open(&disk);
        assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 2));
    }
}

#[test]
fn a_marker_that_cannot_be_written_is_as_final() {
    for operation in [Operation::Write, Operation::Sync] {
        let disk = MemoryDisk::default();
        let journal = create(&disk).journal;
        let _written = append(&journal, &[b"intent"]).unwrap();
        disk.fail_next(operation, ErrorKind::Other);
        assert!(matches!(journal.tend(), Err(JournalError::Storage { .. })));
        assert!(matches!(append(&journal, &[b"refused"]), Err(JournalError::Poisoned)));
        let opened = journal.reopen().unwrap();
        assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 1));
    }
}

#[test]
fn a_cache_that_shows_what_never_reached_the_device_is_not_believed() {
    // After a failed sync the kernel calls the pages clean. A journal that rereads them believes in an entry that the
    // next power cut takes away. With a cache that cannot be dropped exactly that happens, and is at least noticed.
    for cache_can_be_dropped in [true, false] {
        let disk = MemoryDisk::default();
        let journal = create(&disk).journal;
        disk.fail_next(Operation::Sync, ErrorKind::Other);
        assert!(append(&journal, &[b"phantom"]).is_err());
        if !cache_can_be_dropped {
            disk.keep_stale_cache();
        }
        let opened = journal.reopen().unwrap();
        assert_eq!(opened.entries.is_empty(), cache_can_be_dropped);
        let sequence = append(&opened.journal, &[b"next"]).unwrap().sequence();
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
    let journal = create(&disk).journal;
    for _ in 0..3 {
        let _written = append(&journal, &[b"entry"]).unwrap();
    }
    for free in [0, 4096, SMALL_SEGMENT_BYTES as usize - 1] {
        disk.set_free_bytes(free);
        assert!(matches!(append(&journal, &[b"no room"]), Err(JournalError::DiskFull)), "{free} bytes free");
        assert_eq!(open_entries(&disk.fork()), 3);
    }
    disk.set_free_bytes(SMALL_SEGMENT_BYTES as usize);
    assert_eq!(append(&journal, &[b"room again"]).unwrap().sequence(), 4);
    assert_eq!(open_entries(&disk.fork()), 4);
}

#[test]
fn a_full_disk_clears_away_its_own_file_and_none_that_is_being_made_beside_it() {
    // An append that met a full disk removed every unfinished file, also the snapshot, the spare or the compacted
    // segment that another thread was just writing: its rename failed then, and the handle was poisoned for nothing.
    let disk = MemoryDisk::default();
    let journal = create(&disk).journal;
    for _ in 0..3 {
        let _written = append(&journal, &[b"entry"]).unwrap();
    }
    drop(disk.create("000001.log.new").unwrap());
    disk.set_free_bytes(4096);
    assert!(matches!(append(&journal, &[b"no room"]), Err(JournalError::DiskFull)));
    assert!(disk.bytes("000001.log.new").is_some() && disk.bytes("000002.log.new").is_none());
}

#[test]
fn a_poisoned_handle_says_so_also_on_a_full_disk() {
    // A payment was told that it was refused for want of space; nobody reopened, and nothing was ever written again.
    let disk = MemoryDisk::default();
    let journal = create_with(&disk, Options { spare_segments: 1, ..options() }).journal;
    for _ in 0..4 {
        let _written = journal.append(Purpose::Obligation, &[(&[1; 3000]).into()]).unwrap();
    }
    disk.set_free_bytes(0);
    disk.fail_next(Operation::Sync, ErrorKind::Other);
    assert!(journal.append(Purpose::Obligation, &[b"lost".into()]).is_err());
    assert!(matches!(append(&journal, &[&[1; 9000]]), Err(JournalError::Poisoned)));
}

fn open_entries(disk: &MemoryDisk) -> usize {
    let opened = open(disk);
    assert_eq!(opened.health, Health::Whole);
    opened.entries.len()
}

#[test]
fn a_full_disk_does_not_hinder_appends_to_the_segment_that_is_there() {
    let disk = MemoryDisk::default();
    let journal = create(&disk).journal;
    disk.set_free_bytes(0);
    for sequence in 1..=3 {
        assert_eq!(append(&journal, &[b"debt paid"]).unwrap().sequence(), sequence);
    }
}

#[test]
fn a_full_disk_does_not_hinder_reading_a_torn_or_damaged_journal() {
    let disk = MemoryDisk::default();
    let journal = create(&disk).journal;
    let _written = append(&journal, &[b"debt"]).unwrap();
    drop(journal);
    disk.rewrite("000001.log", |bytes| bytes[13000] = 1);
    disk.set_free_bytes(0);
    let opened = open(&disk);
    assert_eq!(opened.entries.len(), 1);
    assert!(matches!(append(&opened.journal, &[b"paid"]), Err(JournalError::DiskFull)));
}

#[test]
fn a_full_disk_refuses_payments_first_and_debts_only_when_the_last_spare_is_used_up() {
    let disk = MemoryDisk::default();
    let options = Options { spare_segments: 2, ..options() };
    let journal = create_with(&disk, options.clone()).journal;
    disk.set_free_bytes(0);
    // Two segments of three groups: the one that is there, and the first spare. Then the reserve begins.
    let mut payments = 0;
    let refused = loop {
        match append(&journal, &[b"payment"]) {
            Ok(_written) => payments += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, JournalError::Reserved), "{refused}");
    assert!(refused.to_string().starts_with("operator: "), "{refused}");
    assert_eq!(payments, 5);
    assert!(!journal.room().payments);
    assert!(journal.tend().unwrap().disk_is_full);
    let mut debts = 0;
    while let Ok(_written) = journal.append(Purpose::Obligation, &[b"debt".into()]) {
        debts += 1;
    }
    assert_eq!(debts, 4, "one group left in the segment, and a whole spare");
    assert!(matches!(journal.append(Purpose::Obligation, &[b"debt".into()]), Err(JournalError::DiskFull)));
    // The same after a restart, and payments again once there is space.
    drop(journal);
    let journal = open_with(&disk, options).journal;
    assert!(matches!(journal.append(Purpose::Obligation, &[b"debt".into()]), Err(JournalError::DiskFull)));
    disk.set_free_bytes(10 * SMALL_SEGMENT_BYTES as usize);
    assert_eq!(append(&journal, &[b"payment"]).unwrap().sequence(), payments + debts + 1);
    assert_eq!(journal.room().spares, 1);
    assert_eq!(journal.tend().unwrap().spares_made, 1);
}

#[test]
fn spares_are_kept_over_a_restart_and_not_believed_when_they_hold_something() {
    let disk = MemoryDisk::default();
    let options = Options { spare_segments: 2, ..options() };
    drop(create_with(&disk, options.clone()));
    assert_eq!(open_with(&disk, options.clone()).journal.room().spares, 2);
    disk.rewrite("spare-1", |bytes| bytes[9000] = 1);
    disk.rewrite("spare-2", |bytes| bytes.truncate(4096));
    let journal = open_with(&disk, options).journal;
    assert_eq!(journal.room().spares, 0);
    assert_eq!(journal.tend().unwrap().spares_made, 2);
}

#[test]
fn a_segment_is_begun_early_while_nobody_waits() {
    let disk = MemoryDisk::default();
    let journal = create_with(&disk, Options { spare_segments: 1, ..options() }).journal;
    for _ in 0..3 {
        let _written = append(&journal, &[b"payment"]).unwrap();
    }
    let tended = journal.tend().unwrap();
    assert!(tended.rotated && tended.spares_made == 1 && !tended.marked);
    let before = journal.stats();
    let _written = append(&journal, &[b"payment"]).unwrap();
    let after = journal.stats();
    assert_eq!((after.syncs - before.syncs, after.writes - before.writes), (1, 1));
}

#[test]
fn a_segment_that_cannot_be_put_in_place_poisons_the_handle() {
    for spare_segments in [0, 1] {
        for operation in [Operation::SyncDirectory, Operation::Name] {
            let disk = MemoryDisk::default();
            let options = Options { spare_segments, ..options() };
            let journal = create_with(&disk, options).journal;
            for _ in 0..3 {
                let _written = append(&journal, &[b"entry"]).unwrap();
            }
            disk.fail_next(operation, ErrorKind::Other);
            assert!(matches!(append(&journal, &[b"lost"]), Err(JournalError::Storage { .. })));
            assert!(matches!(append(&journal, &[b"refused"]), Err(JournalError::Poisoned)));
            let opened = journal.reopen().unwrap();
            assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 3));
            assert_eq!(append(&opened.journal, &[b"again"]).unwrap().sequence(), 4);
        }
    }
}

#[test]
fn limits_are_refused_and_leave_the_handle_usable() {
    let disk = MemoryDisk::default();
    let journal = create(&disk).journal;
    assert!(matches!(append(&journal, &[]), Err(JournalError::EmptyGroup)));
    assert!(matches!(append(&journal, &[&[0; 13_000]]), Err(JournalError::GroupTooLarge { limit: 12_288, .. })));
    let large = vec![1; acquit_journal::MAX_ENTRY_BYTES + 1];
    assert!(matches!(append(&journal, &[b"", &large]), Err(JournalError::EntryTooLarge { index: 1, .. })));
    assert_eq!(append(&journal, &[b""]).unwrap().sequence(), 1);
    for segment_bytes in [0, 4096, 8192, 10_000, 8 << 20] {
        let wrong = Options { segment_bytes, ..Options::default() };
        let refused = Journal::create_in(Arc::new(MemoryDisk::default()), keys(), wrong);
        assert!(matches!(refused, Err(JournalError::SegmentSize { .. })), "{segment_bytes}");
    }
}

#[test]
fn the_largest_group_fits_and_one_byte_more_does_not() {
    let disk = MemoryDisk::default();
    let journal = create_with(&disk, Options { spare_segments: 0, ..Options::default() }).journal;
    let large = vec![1; acquit_journal::MAX_ENTRY_BYTES];
    assert!(matches!(append(&journal, &[&large[..]; 4]), Err(JournalError::GroupTooLarge { .. })));
    assert_eq!(append(&journal, &[&large[..]; 3]).unwrap().sequence(), 3);
    drop(journal);
    assert_eq!(open_entries(&disk), 3);
}

#[test]
fn a_disk_that_is_full_under_a_group_is_not_called_harmless() {
    // On storage that grants space only when it is written (quotas, thin provisioning), the write of a group said that
    // the disk is full after the bytes had arrived. The caller was told that nothing was written down, and the next
    // start found the entry.
    for operation in [Operation::Write, Operation::Sync] {
        let disk = MemoryDisk::default();
        let journal = create(&disk).journal;
        disk.fail_next(operation, ErrorKind::StorageFull);
        let error = append(&journal, &[b"sale"]).unwrap_err();
        assert!(matches!(error, JournalError::Storage { .. }), "{operation:?}: {error}");
        assert!(matches!(append(&journal, &[b"sale"]), Err(JournalError::Poisoned)));
    }
}
