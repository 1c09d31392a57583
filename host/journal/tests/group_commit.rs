//! J8: one write and one sync a commit and nothing else, shared by all who append at the same time.

mod common;

use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;

use acquit_journal::memory::{MemoryDisk, Operation};
use acquit_journal::{AFTER_SYNC, BEFORE_WRITE, Health, JournalError, Options, Purpose};
use common::{append, create_with, open, options};

#[test]
fn a_commit_is_one_write_and_one_sync() {
    let disk = MemoryDisk::default();
    let journal = create_with(&disk, Options { segment_bytes: 64 * 4096, ..options() }).journal;
    let before = (journal.stats(), disk.operations());
    for _ in 0..20 {
        let _written = append(&journal, &[b"intent", b"standby"]).unwrap();
    }
    let after = (journal.stats(), disk.operations());
    assert_eq!(after.0.writes - before.0.writes, 20);
    assert_eq!(after.0.syncs - before.0.syncs, 20);
    assert_eq!(after.0.directory_syncs, before.0.directory_syncs);
    assert_eq!(after.0.groups - before.0.groups, 20);
    assert_eq!(after.0.appended, 40);
    assert_eq!(after.1 - before.1, 40, "the disk itself saw nothing else");
}

/// Lets the first append stop at its probe until it is released.
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    reached: Barrier,
}

#[test]
fn those_who_arrive_while_one_writes_share_the_next_write() {
    let gate = Arc::new(Gate { is_open: Mutex::new(false), opened: Condvar::new(), reached: Barrier::new(2) });
    let first = Arc::new(Mutex::new(true));
    let probe = {
        let gate = gate.clone();
        Arc::new(move |step: &'static str| {
            if step == BEFORE_WRITE && std::mem::take(&mut *first.lock().unwrap()) {
                gate.reached.wait();
                let mut is_open = gate.is_open.lock().unwrap();
                while !*is_open {
                    is_open = gate.opened.wait(is_open).unwrap();
                }
            }
        })
    };
    let disk = MemoryDisk::default();
    let journal = create_with(&disk, Options { segment_bytes: 64 * 4096, probe, ..options() }).journal;
    let before = journal.stats();
    let mut numbers: Vec<u64> = thread::scope(|scope| {
        let leader = scope.spawn(|| append(&journal, &[b"first"]).unwrap().sequence());
        gate.reached.wait();
        let followers: Vec<_> = (0..8_u8)
            .map(|writer| {
                let journal = &journal;
                scope.spawn(move || append(journal, &[&[writer; 100], b"second"]).unwrap().sequence())
            })
            .collect();
        while journal.waiting() < 8 {
            thread::yield_now();
        }
        *gate.is_open.lock().unwrap() = true;
        gate.opened.notify_all();
        followers.into_iter().chain([leader]).map(|writer| writer.join().unwrap()).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 3, 5, 7, 9, 11, 13, 15, 17]);
    let after = journal.stats();
    assert_eq!((after.writes - before.writes, after.syncs - before.syncs), (2, 2));
    drop(journal);
    let opened = open(&disk);
    assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 17));
    for pair in opened.entries[1..].chunks(2) {
        assert_eq!((pair[0].record().unwrap().len(), pair[1].record().unwrap()), (100, &b"second"[..]));
    }
}

#[test]
fn many_threads_lose_nothing_and_get_their_own_numbers() {
    let disk = MemoryDisk::default();
    let journal = create_with(&disk, Options { segment_bytes: 16 * 4096, ..options() }).journal;
    let mut promised: Vec<(u64, Vec<u8>)> = thread::scope(|scope| {
        let writers: Vec<_> = (0..8_u8)
            .map(|writer| {
                let journal = &journal;
                scope.spawn(move || {
                    let record = |turn| vec![writer, turn, 7];
                    (0..50).map(|turn| (append(journal, &[&record(turn)]).unwrap().sequence(), record(turn))).collect()
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| -> Vec<_> { writer.join().unwrap() }).collect()
    });
    promised.sort_unstable();
    drop(journal);
    disk.cut_power(false, |_| false);
    let opened = open(&disk);
    assert_eq!(opened.health, Health::Whole);
    let found: Vec<_> = opened.entries.iter().map(|entry| (entry.sequence, entry.record().unwrap().to_vec())).collect();
    assert_eq!(found, promised);
}

#[test]
fn a_failed_sync_is_told_to_all_who_wait() {
    let disk = MemoryDisk::default();
    let journal = create_with(&disk, Options { segment_bytes: 64 * 4096, ..options() }).journal;
    disk.fail_next(Operation::Sync, std::io::ErrorKind::Other);
    let outcomes: Vec<_> = thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|_| scope.spawn(|| append(&journal, &[b"lost"]))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let is_named = |outcome: &Result<_, JournalError>| {
        matches!(outcome, Err(JournalError::Storage { .. } | JournalError::Poisoned))
    };
    assert!(outcomes.iter().all(is_named));
    let opened = journal.reopen().unwrap();
    assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 0));
}

#[test]
fn a_probe_that_panics_leaves_nobody_waiting_and_the_handle_poisoned() {
    let disk = MemoryDisk::default();
    let probe = Arc::new(|step| assert_ne!(step, AFTER_SYNC, "the process is stopped here"));
    let journal = create_with(&disk, Options { probe, ..options() }).journal;
    let stopped = thread::scope(|scope| scope.spawn(|| append(&journal, &[b"told to nobody"])).join());
    assert!(stopped.is_err());
    assert!(matches!(append(&journal, &[b"refused"]), Err(JournalError::Poisoned)));
    drop(journal);
    assert_eq!(open(&disk).entries.len(), 1);
}

#[test]
fn a_refused_payment_does_not_refuse_the_debt_beside_it() {
    let disk = MemoryDisk::default();
    let journal = create_with(&disk, Options { spare_segments: 1, ..options() }).journal;
    disk.set_free_bytes(0);
    for _ in 0..4 {
        let _written = journal.append(Purpose::Obligation, &[b"debt".into()]).unwrap();
    }
    let outcomes = thread::scope(|scope| {
        let payment = scope.spawn(|| journal.append(Purpose::Payment, &[b"payment".into(), (&[0; 4000]).into()]));
        let debt = scope.spawn(|| journal.append(Purpose::Obligation, &[b"debt".into()]));
        (payment.join().unwrap(), debt.join().unwrap())
    });
    assert!(matches!(outcomes.0, Err(JournalError::Reserved)));
    assert!(outcomes.1.is_ok());
}
