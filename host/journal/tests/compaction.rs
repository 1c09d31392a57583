//! Compaction drops what nobody needs any more, and nothing else: at every instant the old segment or the new one is
//! there whole, and chain and tree stay what they were.

use std::io;
use std::sync::Arc;

use acquit_journal::keys::FixedKey;
use acquit_journal::memory::{MemoryDisk, Operation};
use acquit_journal::storage::{LockAttempt, Storage, StoredFile};
use acquit_journal::{
    Body, Card, Content, Entry, Fate, Health, Journal, JournalError, Opened, Options, Purpose, Reading,
};

/// Both headers and four blocks for groups.
const SMALL_SEGMENT_BYTES: u64 = 6 * 4096;

fn options() -> Options {
    Options { segment_bytes: SMALL_SEGMENT_BYTES, checkpoint_every: 0, ..Options::default() }
}

fn open(disk: &MemoryDisk) -> Opened {
    Journal::open_in(Arc::new(disk.clone()), Arc::new(FixedKey::new(9)), options()).unwrap()
}

fn read(disk: &MemoryDisk) -> Reading {
    Journal::read_in(disk, Some(&FixedKey::new(9))).unwrap()
}

fn record(number: u8) -> Vec<u8> {
    vec![number; 700]
}

/// Entries 1 to 10, each a group of its own, four to a segment; every other one with a card part.
fn ten_entries() -> (MemoryDisk, Journal) {
    let disk = MemoryDisk::default();
    let keys = Arc::new(FixedKey::new(9));
    let journal = Journal::create_in(Arc::new(disk.clone()), keys, options()).unwrap().journal;
    for number in 1..=10 {
        let record = record(number);
        let card = [number; 40];
        let card = (number % 2 == 0).then_some(card.as_slice());
        let _written = journal.append(Purpose::Obligation, &[Body { record: &record, card }]).unwrap();
    }
    (disk, journal)
}

/// Entry 1 to a summary, 2 kept without its card, 3 gone, 4 whole.
fn mixed(entry: &Entry) -> Fate {
    match entry.sequence % 4 {
        1 => Fate::Summary(format!("summary of {}", entry.sequence).into_bytes()),
        2 => Fate::WithoutCard,
        3 => Fate::Gone,
        _ => Fate::Whole,
    }
}

fn contents(reading: &Reading) -> Vec<&Content> {
    reading.entries.iter().map(|entry| &entry.content).collect()
}

#[test]
fn what_is_needed_stays_and_what_stands_for_the_rest_stays_too() {
    let (disk, journal) = ten_entries();
    let before = read(&disk);
    let compacted = journal.compact(1, &mut mixed).unwrap();
    assert_eq!((compacted.entries, compacted.whole, compacted.summaries), (4, 2, 1));
    assert!(compacted.bytes_after < compacted.bytes_before);
    assert_eq!(disk.bytes("000001.log").unwrap().len() as u64, compacted.bytes_after);

    let after = read(&disk);
    assert_eq!(after.health, Health::Whole);
    assert_eq!((after.size, after.root), (before.size, before.root));
    let whole = |number, card| Content::Whole { record: record(number), card };
    assert_eq!(*contents(&after)[0], Content::Summary(b"summary of 1".to_vec()));
    assert_eq!(*contents(&after)[1], whole(2, Card::Destroyed));
    assert_eq!(*contents(&after)[2], Content::Gone);
    assert_eq!(*contents(&after)[3], whole(4, Card::Here(vec![4; 40])));
    assert_eq!(contents(&after)[4..], contents(&before)[4..]);
    for (after, before) in after.entries.iter().zip(&before.entries) {
        assert_eq!(
            (after.sequence, after.seal.record, after.seal.card),
            (before.sequence, before.seal.record, before.seal.card)
        );
    }
    drop(journal);
    let opened = open(&disk);
    assert_eq!((opened.health, opened.entries), (Health::Whole, after.entries));
}

#[test]
fn a_compacted_segment_is_compacted_again() {
    let (disk, journal) = ten_entries();
    journal.compact(1, &mut mixed).unwrap();
    let root = read(&disk).root;
    // What is a summary stays one when nothing else is said of it; what is gone does not come back.
    let compacted =
        journal.compact(1, &mut |entry| if entry.sequence == 4 { Fate::Gone } else { Fate::Whole }).unwrap();
    assert_eq!((compacted.entries, compacted.whole, compacted.summaries), (4, 1, 1));
    let reading = read(&disk);
    assert_eq!((reading.health.clone(), reading.root), (Health::Whole, root));
    assert_eq!(*contents(&reading)[0], Content::Summary(b"summary of 1".to_vec()));
    assert_eq!([contents(&reading)[2], contents(&reading)[3]], [&Content::Gone; 2]);
    assert_eq!(journal.segments().unwrap().iter().filter(|segment| segment.is_compacted).count(), 1);
}

#[test]
fn appends_go_on_meanwhile() {
    let (disk, journal) = ten_entries();
    let appended = std::thread::scope(|scope| {
        let compacting = scope.spawn(|| {
            for _ in 0..20 {
                journal.compact(1, &mut mixed).unwrap();
                journal.compact(2, &mut |_| Fate::Whole).unwrap();
            }
        });
        let mut appended = 0;
        while !compacting.is_finished() {
            let _written = journal.append(Purpose::Obligation, &[(&[7; 10]).into()]).unwrap();
            appended += 1;
        }
        appended
    });
    let reading = read(&disk);
    assert_eq!((reading.health, reading.entries.len()), (Health::Whole, 10 + appended));
}

#[test]
fn the_power_may_go_at_any_operation() {
    for operations in 0.. {
        let mut is_finished = false;
        for (names_arrive, sectors_arrive) in [(false, false), (false, true), (true, false), (true, true)] {
            let (disk, journal) = ten_entries();
            let before = read(&disk);
            disk.die_after(operations);
            is_finished = journal.compact(1, &mut mixed).is_ok();
            drop(journal);
            disk.cut_power(names_arrive, |_| sectors_arrive);
            let opened = open(&disk);
            assert_eq!(opened.health, Health::Whole, "cut after {operations} operations");
            assert_eq!(opened.journal.tree(), (before.size, before.root));
            let is_compacted = matches!(opened.entries[0].content, Content::Summary(_));
            let unchanged = opened.entries == before.entries;
            assert!(is_compacted != unchanged, "neither the old segment nor the new one after {operations} operations");
            assert!(is_compacted || !is_finished, "compaction was confirmed and is not there");
            assert!(disk.names().iter().all(|name| !name.ends_with(".new")));
            let _written = opened.journal.append(Purpose::Obligation, &[(&[1; 10]).into()]).unwrap();
        }
        if is_finished {
            return;
        }
    }
}

#[test]
fn a_full_or_failing_disk_changes_nothing() {
    let failures = [
        (Operation::Write, io::ErrorKind::StorageFull),
        (Operation::Write, io::ErrorKind::Other),
        (Operation::Sync, io::ErrorKind::Other),
        (Operation::Name, io::ErrorKind::StorageFull),
    ];
    for (operation, kind) in failures {
        let (disk, journal) = ten_entries();
        let before = read(&disk);
        disk.fail_next(operation, kind);
        assert!(journal.compact(1, &mut mixed).is_err(), "{operation:?} {kind:?}");
        assert_eq!(read(&disk), before);
        let _written = journal.append(Purpose::Obligation, &[(&[1; 10]).into()]).unwrap();
        journal.compact(1, &mut mixed).unwrap();
    }
}

#[test]
fn a_failed_sync_and_a_power_cut_leave_the_old_segment() {
    let (disk, journal) = ten_entries();
    let before = read(&disk);
    disk.fail_next(Operation::Sync, io::ErrorKind::Other);
    assert!(journal.compact(1, &mut |_| Fate::Whole).is_err());
    disk.cut_power(true, |_| false);
    assert_eq!(read(&disk), before);
}

#[test]
fn a_rename_that_may_not_last_poisons_the_handle() {
    let (disk, journal) = ten_entries();
    disk.fail_next(Operation::SyncDirectory, io::ErrorKind::Other);
    assert!(matches!(journal.compact(1, &mut mixed), Err(JournalError::Storage { .. })));
    let append = |journal: &Journal| journal.append(Purpose::Obligation, &[(&[1; 10]).into()]);
    assert!(matches!(append(&journal), Err(JournalError::Poisoned)));
    let opened = journal.reopen().unwrap();
    assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 10));
    assert!(append(&opened.journal).is_ok());
}

/// A device that confirms everything and keeps something else of a file that is still being made.
struct Liar {
    disk: MemoryDisk,
    change: fn(&mut Vec<u8>),
}

/// A file of it: what is cached is right.
struct LiarsFile {
    file: Box<dyn StoredFile>,
    disk: MemoryDisk,
    name: String,
    change: fn(&mut Vec<u8>),
}

impl Storage for Liar {
    fn name(&self) -> String {
        self.disk.name()
    }
    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }
    fn make(&self) -> io::Result<()> {
        self.disk.make()
    }
    fn lock(&self) -> io::Result<LockAttempt> {
        self.disk.lock()
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let (file, disk, change) = (self.disk.create(name)?, self.disk.clone(), self.change);
        Ok(Box::new(LiarsFile { file, disk, name: name.to_owned(), change }))
    }
    fn open(&self, name: &str, read_only: bool) -> io::Result<Box<dyn StoredFile>> {
        self.disk.open(name, read_only)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }
    fn sync(&self) -> io::Result<()> {
        Storage::sync(&self.disk)
    }
}

impl StoredFile for LiarsFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }
    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
    fn drop_cache(&self) -> io::Result<()> {
        self.file.drop_cache()?;
        self.disk.rewrite(&self.name, self.change);
        Ok(())
    }
}

#[test]
fn a_device_that_keeps_something_else_keeps_the_old_segment() {
    // Only the cache was looked at, and the device held a changed byte, or nothing at all, of the only copy of a debt.
    let changes: [fn(&mut Vec<u8>); 2] = [|bytes| bytes[9000] ^= 1, |bytes| bytes[8192..].fill(0)];
    for change in changes {
        let (disk, journal) = ten_entries();
        let before = read(&disk);
        drop(journal);
        let keys = Arc::new(FixedKey::new(9));
        let opened = Journal::open_in(Arc::new(Liar { disk: disk.clone(), change }), keys, options()).unwrap();
        let refused = opened.journal.compact(1, &mut |_| Fate::Whole);
        assert!(matches!(refused, Err(JournalError::NotCompacted { segment: 1, .. })), "{refused:?}");
        assert_eq!(read(&disk), before);
    }
}

#[test]
fn what_must_not_be_compacted_is_refused_and_left_alone() {
    let (disk, journal) = ten_entries();
    let current = journal.segments().unwrap().last().unwrap().number;
    let refused = |journal: &Journal, segment| {
        assert!(matches!(journal.compact(segment, &mut mixed), Err(JournalError::NotCompacted { .. })), "{segment}");
    };
    refused(&journal, current);
    refused(&journal, current + 1);
    refused(&journal, 0);
    let untouched = disk.bytes("000001.log").unwrap();
    disk.rewrite("000001.log", |bytes| bytes[3 * 4096 + 100] ^= 1);
    refused(&journal, 1);
    disk.rewrite("000001.log", |bytes| bytes.clone_from(&untouched));
    journal.compact(1, &mut mixed).unwrap();
    // Nor when the segment behind does not follow.
    disk.rewrite("000003.log", |bytes| bytes.fill(0));
    refused(&journal, 2);
}
