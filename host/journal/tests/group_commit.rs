//! J8: one write and one sync a commit and nothing else, shared by all who append at the same time.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;

use acquit_journal::memory::{MemoryDisk, Operation};
use acquit_journal::{AFTER_SYNC, BEFORE_WRITE, Health, Journal, JournalError, Options, Purpose};
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

/// Stops the first append that comes to its write until it is released.
struct Gate {
    is_first: AtomicBool,
    is_open: Mutex<bool>,
    opened: Condvar,
    reached: Barrier,
}

impl Gate {
    fn new() -> Arc<Self> {
        let (is_first, is_open) = (AtomicBool::new(true), Mutex::new(false));
        Arc::new(Self { is_first, is_open, opened: Condvar::new(), reached: Barrier::new(2) })
    }

    /// Waits if this is the first to come. Says whether it was.
    fn pass(&self) -> bool {
        let is_first = self.is_first.swap(false, Ordering::Relaxed);
        if is_first {
            self.reached.wait();
            drop(self.opened.wait_while(self.is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
        }
        is_first
    }

    /// Lets one append begin and so many others wait behind it, then releases it. What came of the others.
    fn share<T: Send>(
        &self,
        journal: &Journal,
        followers: u8,
        append_as: impl Fn(u8) -> T + Sync,
    ) -> Vec<thread::Result<T>> {
        thread::scope(|scope| {
            let leader = scope.spawn(|| journal.append(Purpose::Obligation, &[b"first".into()]).unwrap().sequence());
            self.reached.wait();
            let append_as = &append_as;
            let threads: Vec<_> = (0..followers).map(|number| scope.spawn(move || append_as(number))).collect();
            while journal.waiting() < usize::from(followers) {
                thread::yield_now();
            }
            *self.is_open.lock().unwrap() = true;
            self.opened.notify_all();
            leader.join().unwrap();
            threads.into_iter().map(|thread| thread.join()).collect()
        })
    }
}

/// A journal whose first append, once `is_armed`, waits at the gate.
fn gated(options: Options) -> (MemoryDisk, Journal, Arc<Gate>, Arc<AtomicBool>) {
    let (disk, gate, is_armed) = (MemoryDisk::default(), Gate::new(), Arc::new(AtomicBool::new(false)));
    let (held, armed) = (gate.clone(), is_armed.clone());
    let probe = Arc::new(move |step| {
        if step == BEFORE_WRITE && armed.load(Ordering::Relaxed) {
            held.pass();
        }
    });
    let journal = create_with(&disk, Options { probe, ..options }).journal;
    (disk, journal, gate, is_armed)
}

#[test]
fn those_who_arrive_while_one_writes_share_the_next_write() {
    let (disk, journal, gate, is_armed) = gated(Options { segment_bytes: 64 * 4096, ..options() });
    is_armed.store(true, Ordering::Relaxed);
    let before = journal.stats();
    let numbers = gate.share(&journal, 8, |writer| append(&journal, &[&[writer; 100], b"second"]).unwrap().sequence());
    let mut numbers: Vec<u64> = numbers.into_iter().map(Result::unwrap).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [3, 5, 7, 9, 11, 13, 15, 17]);
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
fn more_than_one_group_holds_is_written_as_several() {
    let (disk, journal, gate, is_armed) = gated(Options { segment_bytes: 32 * 4096, ..options() });
    is_armed.store(true, Ordering::Relaxed);
    let outcomes = gate.share(&journal, 8, |writer| append(&journal, &[&[writer; 30_000]]).is_ok());
    assert!(outcomes.into_iter().all(Result::unwrap));
    drop(journal);
    let opened = open(&disk);
    assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 9));
}

#[test]
fn payments_that_share_a_group_are_counted_together_against_the_reserve() {
    // Of a segment of 16 blocks a quarter and its headers are the reserve. Each of three payments alone leaves that,
    // and two of them do; the third was let in, because each was counted as if it came alone.
    let segment_bytes = 18 * 4096;
    let (disk, journal, gate, is_armed) = gated(Options { segment_bytes, spare_segments: 1, ..options() });
    disk.set_free_bytes(0);
    // Into the only spare.
    let _written = journal.append(Purpose::Obligation, &[(&[0; 58_000]).into()]).unwrap();
    let _written = journal.append(Purpose::Obligation, &[(&[0; 8_000]).into()]).unwrap();
    assert_eq!(journal.room().spares, 0);
    is_armed.store(true, Ordering::Relaxed);
    let outcomes = gate.share(&journal, 3, |_| append(&journal, &[&[1; 12_000]]));
    let (written, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!((written.len(), refused.len()), (2, 1));
    assert!(matches!(refused[0], Err(JournalError::Reserved)));
}

#[test]
fn who_shares_a_write_that_panics_is_told_so() {
    let (disk, gate) = (MemoryDisk::default(), Gate::new());
    let held = gate.clone();
    let probe = Arc::new(move |step| {
        if step == BEFORE_WRITE && !held.pass() {
            panic!("the process is stopped here");
        }
    });
    let journal = create_with(&disk, Options { probe, ..options() }).journal;
    let outcomes = gate.share(&journal, 2, |_| append(&journal, &[b"told to nobody"]));
    let (told, panicked): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((told.len(), panicked.len()), (1, 1));
    assert!(matches!(told[0], Ok(Err(JournalError::Poisoned))));
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
