//! The counters count exactly, whichever way a program writes.
//!
//! They belong to the whole process, and the test harness writes too whenever a test ends: so this file holds one test.

use std::fs::File;
use std::io::{IoSlice, Write};
use std::os::unix::fs::FileExt;
use std::thread;

use acquit_journal_bench::counting::{self, Counts};
use acquit_journal_bench::kernel::Io;

#[test]
fn what_is_written_and_synced_is_counted_exactly() {
    one_thread();
    many_threads_and_the_kernel_agrees();
    a_failed_call_has_no_bytes_and_passes_its_error_on();
    counting::check(&mut scratch()).unwrap();
}

fn one_thread() {
    let mut file = scratch();
    let before = Counts::now();
    for number in 0..100 {
        file.write_all(&[1; 7]).unwrap();
        file.write_all_at(&[2; 512], number * 512).unwrap();
        if number % 4 == 0 {
            file.sync_data().unwrap();
        }
    }
    let parts = [IoSlice::new(b"two "), IoSlice::new(b"parts")];
    assert_eq!(file.write_vectored(&parts).unwrap(), 9);
    file.sync_all().unwrap();
    let expected = Counts { syncs: 26, writes: 201, bytes: 100 * (7 + 512) + 9 };
    assert_eq!(Counts::since(before), expected);
}

fn many_threads_and_the_kernel_agrees() {
    let (before, kernel_before) = (Counts::now(), Io::now());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let file = scratch();
                for number in 0..50 {
                    file.write_all_at(b"record", number * 6).unwrap();
                }
                file.sync_data().unwrap();
            });
        }
    });
    let counted = Counts::since(before);
    assert_eq!(counted, Counts { syncs: 8, writes: 400, bytes: 2400 });
    if let Some((before, after)) = kernel_before.zip(Io::now()) {
        (after - before).agrees_with(counted).unwrap();
        let missed = Counts { writes: counted.writes - 1, ..counted };
        assert!((after - before).agrees_with(missed).is_err());
    }
}

fn a_failed_call_has_no_bytes_and_passes_its_error_on() {
    let read_only = File::open("/proc/self/status").unwrap();
    let before = Counts::now();
    let error = (&read_only).write(b"refused").unwrap_err();
    assert_eq!(Counts::since(before), Counts { syncs: 0, writes: 1, bytes: 0 });
    assert_eq!(error.raw_os_error(), Some(libc::EBADF), "{error}");
}

fn scratch() -> File {
    tempfile::tempfile().unwrap()
}
