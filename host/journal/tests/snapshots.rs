//! A snapshot saves reading years and decides nothing: whatever is wrong with it, the log is read and says the same.

use std::io;
use std::sync::Arc;

use acquit_journal::checkpoint::{Anchor, AnchorError, SignedNote};
use acquit_journal::keys::FixedKey;
use acquit_journal::memory::{MemoryDisk, Operation};
use acquit_journal::{Entry, Fate, Fold, Health, Journal, JournalError, Opened, Options, Purpose, SnapshotUse, Which};

/// Both headers and four blocks for groups.
const SMALL_SEGMENT_BYTES: u64 = 6 * 4096;

/// The whole application: the sum of all numbers that were appended, and how many entries it saw this time.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    sum: u64,
    last: u64,
    seen: usize,
    understands_snapshots: bool,
}

impl Sum {
    fn new() -> Self {
        Self { understands_snapshots: true, ..Self::default() }
    }

    fn image(&self) -> Vec<u8> {
        [self.sum.to_be_bytes(), self.last.to_be_bytes()].concat()
    }
}

impl Fold for Sum {
    fn snapshot(&mut self, application: &[u8]) -> bool {
        let number = |at: usize| u64::from_be_bytes(application[at..at + 8].try_into().unwrap());
        if self.understands_snapshots {
            (self.sum, self.last) = (number(0), number(8));
        }
        self.understands_snapshots
    }

    fn entry(&mut self, entry: Entry) {
        self.seen += 1;
        self.last = entry.sequence;
        if let Some(record) = entry.record().filter(|record| record.len() == 600) {
            self.sum += u64::from(record[0]);
        }
    }
}

fn options() -> Options {
    Options { segment_bytes: SMALL_SEGMENT_BYTES, checkpoint_every: 0, ..Options::default() }
}

fn open_with(disk: &MemoryDisk, options: Options) -> (Opened, Sum) {
    let mut sum = Sum::new();
    let keys = Arc::new(FixedKey::new(9));
    let opened = Journal::open_folding_in(Arc::new(disk.clone()), keys, options, &mut sum).unwrap();
    (opened, sum)
}

fn open(disk: &MemoryDisk) -> (Opened, Sum) {
    open_with(disk, options())
}

fn append(journal: &Journal, numbers: impl IntoIterator<Item = u8>) {
    for number in numbers {
        let _written = journal.append(Purpose::Obligation, &[(&[number; 600]).into()]).unwrap();
    }
}

/// Numbers 1 to 9, four to a segment, a snapshot of them all, then 10 and 11.
fn with_snapshot() -> MemoryDisk {
    let disk = MemoryDisk::default();
    let keys = Arc::new(FixedKey::new(9));
    let journal = Journal::create_in(Arc::new(disk.clone()), keys, options()).unwrap().journal;
    append(&journal, 1..=9);
    assert!(journal.write_snapshot(9, &Sum { sum: 45, last: 9, ..Sum::default() }.image()).unwrap());
    append(&journal, 10..=11);
    disk
}

#[track_caller]
fn check(disk: &MemoryDisk, usage: &SnapshotUse, seen: usize) {
    let (opened, sum) = open(disk);
    assert_eq!((&opened.snapshot, &opened.health), (usage, &Health::Whole));
    assert_eq!((sum.sum, sum.last, sum.seen), (66, 11, seen));
}

#[test]
fn only_what_follows_the_snapshot_is_handed_over() {
    let disk = with_snapshot();
    check(&disk, &SnapshotUse::Used { sequence: 10 }, 2);
    // Tree and appends are those of the whole journal.
    let (opened, sum) = open(&disk);
    let full = Journal::read_in(&disk, Some(&FixedKey::new(9))).unwrap();
    assert_eq!(opened.journal.tree(), (full.size, full.root));
    append(&opened.journal, [12]);
    assert!(!opened.journal.write_snapshot(sum.last, &sum.image()).unwrap(), "one entry is not in it");
    drop(opened);
    let (opened, sum) = open(&disk);
    assert!(opened.journal.write_snapshot(sum.last, &sum.image()).unwrap());
    drop(opened);
    let (opened, sum) = open(&disk);
    assert_eq!((opened.snapshot, sum.sum, sum.seen), (SnapshotUse::Used { sequence: 13 }, 78, 0));
}

#[test]
fn a_snapshot_that_was_changed_anywhere_is_passed_over_and_said_so() {
    let whole = with_snapshot();
    for at in 0..whole.bytes("snapshot").unwrap().len() {
        let disk = whole.fork();
        disk.rewrite("snapshot", |bytes| bytes[at] ^= 0x20);
        let (opened, sum) = open(&disk);
        assert!(matches!(opened.snapshot, SnapshotUse::Refused(_)), "byte {at}: {:?}", opened.snapshot);
        assert_eq!((opened.health, sum.sum, sum.seen), (Health::Whole, 66, 11));
    }
}

#[test]
fn a_log_put_back_to_an_older_state_under_a_newer_snapshot_is_read_in_full() {
    let disk = MemoryDisk::default();
    let keys = Arc::new(FixedKey::new(9));
    let journal = Journal::create_in(Arc::new(disk.clone()), keys, options()).unwrap().journal;
    append(&journal, 1..=5);
    let older = disk.bytes("000002.log").unwrap();
    append(&journal, 6..=6);
    assert!(journal.write_snapshot(6, &Sum { sum: 21, last: 6, ..Sum::default() }.image()).unwrap());
    drop(journal);
    disk.rewrite("000002.log", |bytes| bytes.clone_from(&older));
    let (opened, sum) = open(&disk);
    assert!(
        matches!(&opened.snapshot, SnapshotUse::Refused(why) if why.contains("does not lead")),
        "{:?}",
        opened.snapshot
    );
    assert_eq!((sum.sum, sum.seen), (15, 5));
}

#[test]
fn segments_that_are_missing_cut_or_exchanged_make_everything_be_read() {
    let whole = with_snapshot();
    let second = whole.bytes("000002.log").unwrap();
    let change = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let disk = whole.fork();
        disk.rewrite(name, |bytes| change(bytes));
        disk
    };
    for disk in [
        change("000001.log", &|bytes| bytes.truncate(8192)),
        change("000001.log", &|bytes| bytes[..8192].fill(0)),
        change("000001.log", &|bytes| bytes.clone_from(&second)),
        change("000003.log", &|bytes| bytes[8192 + 200] ^= 1),
    ] {
        let (opened, _) = open(&disk);
        assert!(matches!(opened.snapshot, SnapshotUse::Refused(_)));
        assert!(matches!(opened.health, Health::Damaged(_)));
        // What is damaged gets no new snapshot, so that the next open says so again.
        assert!(!opened.journal.write_snapshot(11, b"").unwrap());
    }
}

#[test]
fn a_snapshot_of_another_program_version_is_left_to_whoever_understands_it() {
    let disk = with_snapshot();
    let mut sum = Sum::default();
    let keys = Arc::new(FixedKey::new(9));
    let opened = Journal::open_folding_in(Arc::new(disk.clone()), keys, options(), &mut sum).unwrap();
    assert!(matches!(&opened.snapshot, SnapshotUse::Refused(why) if why.contains("version of the program")));
    assert_eq!((sum.sum, sum.seen), (66, 11));
}

#[test]
fn a_snapshot_holds_over_compaction_of_its_own_and_of_older_segments() {
    let disk = with_snapshot();
    let (opened, _) = open(&disk);
    append(&opened.journal, 12..=16);
    for segment in 1..=3 {
        opened.journal.compact(segment, &mut |_| Fate::Gone).unwrap();
    }
    drop(opened);
    let (opened, sum) = open(&disk);
    assert_eq!((opened.snapshot, opened.health), (SnapshotUse::Used { sequence: 10 }, Health::Whole));
    assert_eq!(sum.last, 16);
}

#[test]
fn the_power_may_go_at_any_operation_of_writing_one() {
    for operations in 0.. {
        let mut is_finished = false;
        for (names_arrive, sectors_arrive) in [(false, false), (false, true), (true, false), (true, true)] {
            let disk = with_snapshot();
            let (opened, sum) = open(&disk);
            disk.die_after(operations);
            is_finished = opened.journal.write_snapshot(sum.last, &sum.image()).is_ok();
            drop(opened);
            disk.cut_power(names_arrive, |_| sectors_arrive);
            let (opened, sum) = open(&disk);
            assert_eq!((sum.sum, opened.health), (66, Health::Whole));
            let SnapshotUse::Used { sequence } = opened.snapshot else { panic!("{:?}", opened.snapshot) };
            assert!(sequence == 12 || sequence == 10 && !is_finished, "after {operations} operations: {sequence}");
        }
        if is_finished {
            return;
        }
    }
}

#[test]
fn a_full_disk_keeps_the_old_one() {
    let disk = with_snapshot();
    let (opened, sum) = open(&disk);
    for operation in [Operation::Name, Operation::Write, Operation::Sync] {
        disk.fail_next(operation, io::ErrorKind::StorageFull);
        assert!(opened.journal.write_snapshot(sum.last, &sum.image()).is_err());
    }
    append(&opened.journal, [0]);
    drop(opened);
    let (opened, _) = open(&disk);
    assert_eq!(opened.snapshot, SnapshotUse::Used { sequence: 10 });
}

#[test]
fn a_destruction_that_was_cut_short_is_finished_although_there_is_a_snapshot() {
    // The next open went by the snapshot and never looked at the second copy of the header, in which the key was kept
    // for as long as there were snapshots.
    let disk = with_snapshot();
    let (opened, _) = open(&disk);
    disk.die_after(2);
    assert!(opened.journal.destroy_keys(1, Which::Cards).is_err());
    drop(opened);
    disk.cut_power(true, |_| false);
    let headers_agree = || disk.bytes("000001.log").is_some_and(|bytes| bytes[..4096] == bytes[4096..8192]);
    assert!(!headers_agree());
    assert!(matches!(open(&disk).0.snapshot, SnapshotUse::Refused(_)));
    assert!(headers_agree());
    assert!(matches!(open(&disk).0.snapshot, SnapshotUse::Used { .. }));
}

#[test]
fn a_rename_that_may_not_last_poisons_the_handle() {
    let disk = with_snapshot();
    let (opened, sum) = open(&disk);
    disk.fail_next(Operation::SyncDirectory, io::ErrorKind::Other);
    assert!(opened.journal.write_snapshot(sum.last, &sum.image()).is_err());
    let refused = opened.journal.append(Purpose::Obligation, &[(&[12; 600]).into()]);
    assert!(matches!(refused, Err(JournalError::Poisoned)));
}

#[test]
fn after_a_failure_the_journal_is_reopened_from_it() {
    let disk = with_snapshot();
    let (opened, _) = open(&disk);
    disk.fail_next(Operation::Sync, io::ErrorKind::Other);
    assert!(opened.journal.append(Purpose::Obligation, &[(&[12; 600]).into()]).is_err());
    let mut sum = Sum::new();
    let reopened = opened.journal.reopen_folding(&mut sum).unwrap();
    assert_eq!((reopened.snapshot, sum.sum, sum.seen), (SnapshotUse::Used { sequence: 10 }, 66, 2));
}

/// Keeps one note for ever, however many it is told.
struct Fixed(SignedNote);

impl Anchor for Fixed {
    fn name(&self) -> String {
        "the fleet".into()
    }

    fn newest(&self) -> Result<Option<SignedNote>, AnchorError> {
        Ok(Some(self.0.clone()))
    }

    fn remember(&self, _: &SignedNote) -> Result<(), AnchorError> {
        Ok(())
    }
}

#[test]
fn an_anchor_of_long_ago_is_believed_only_if_everything_was_once_held_against_it() {
    let disk = MemoryDisk::default();
    let keys = Arc::new(FixedKey::new(9));
    let journal = Journal::create_in(Arc::new(disk.clone()), keys, options()).unwrap().journal;
    append(&journal, 1..=2);
    let known = journal.checkpoint().unwrap();
    append(&journal, 4..=9);
    assert!(journal.write_snapshot(9, &Sum { last: 9, ..Sum::default() }.image()).unwrap());
    drop(journal);
    let asking = |note: &SignedNote| Options { anchors: vec![Arc::new(Fixed(note.clone()))], ..options() };
    assert!(matches!(open_with(&disk, asking(&known)).0.snapshot, SnapshotUse::Used { .. }));

    // The same terminal's keys, another history: the fleet knows of two other entries.
    let fork = MemoryDisk::default();
    let keys = Arc::new(FixedKey::new(9));
    let other = Journal::create_in(Arc::new(fork.clone()), keys, options()).unwrap().journal;
    append(&other, 7..=8);
    let foreign = other.checkpoint().unwrap();
    let (opened, _) = open_with(&disk, asking(&foreign));
    assert!(matches!(opened.snapshot, SnapshotUse::Refused(why) if why.contains("the fleet")));
    assert!(matches!(opened.health, Health::Damaged(_)));
}
