//! Counts what a program hands to the kernel, instead of timing it: calls that write, the bytes they took, and calls
//! that sync.
//!
//! The functions of the C library are defined here a second time. The linker prefers these, so that Rust's standard
//! library and a statically linked SQLite come through them alike; each forwards its arguments to the kernel as they
//! are and counts what came back. Whatever calls the kernel past the C library is not seen, which is why
//! [`check`] and the benchmark compare with the kernel's own tally (see [`crate::kernel::Io`]).

// A definition of a C function is unsafe by its nature: the callers are other people's code. Each one below passes on
// exactly what it was given, looks behind no pointer, and touches nothing but the three counters.
#![allow(unsafe_code)]

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::ops::{Add, Sub};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use libc::{c_int, c_long, c_void, iovec, off_t, size_t, ssize_t};
use serde::Serialize;

use crate::kernel::Io;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("file offsets are passed to the kernel in one register: the benchmark wants a 64-bit machine");

static SYNCS: AtomicU64 = AtomicU64::new(0);
static WRITES: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// What this process handed to the kernel since it started, or between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Calls of `fsync`, `fdatasync` and `msync`, failed ones too.
    pub syncs: u64,
    /// Calls of the `write` family, failed ones too.
    pub writes: u64,
    /// Bytes the kernel took.
    pub bytes: u64,
}

impl Counts {
    /// Everything so far, by all threads.
    pub fn now() -> Self {
        // Naming the functions makes every linker take this module's and not look further.
        black_box(DEFINED_HERE);
        Self { syncs: SYNCS.load(Relaxed), writes: WRITES.load(Relaxed), bytes: BYTES.load(Relaxed) }
    }

    /// What was added since `earlier`.
    pub fn since(earlier: Self) -> Self {
        Self::now() - earlier
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            syncs: self.syncs - earlier.syncs,
            writes: self.writes - earlier.writes,
            bytes: self.bytes - earlier.bytes,
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self { syncs: self.syncs + more.syncs, writes: self.writes + more.writes, bytes: self.bytes + more.bytes }
    }
}

/// Writes and syncs a known number of times and compares: an error when this program was linked in a way that counts
/// nothing, so that no table is ever printed from such counters.
pub fn check(scratch: &mut File) -> io::Result<()> {
    let (before, io_before) = (Counts::now(), Io::now());
    scratch.write_all(b"once")?;
    scratch.write_all_at(b"at a place", 512)?;
    scratch.sync_data()?;
    scratch.sync_all()?;
    let (counted, kernel) = (Counts::since(before), Io::now());
    let expected = Counts { syncs: 2, writes: 2, bytes: 14 };
    if counted != expected {
        return Err(io::Error::other(format!("the counters are not linked in: {counted:?} for {expected:?}")));
    }
    match (io_before, kernel) {
        (Some(before), Some(after)) => (after - before).agrees_with(counted),
        _ => Ok(()),
    }
}

/// A function's address, kept so that the linker cannot leave the function out.
#[derive(Clone, Copy)]
struct Address(#[allow(dead_code)] *const c_void);

// SAFETY: the address of a function is the same for all threads and is never read through.
unsafe impl Sync for Address {}

static DEFINED_HERE: &[Address] = &[
    Address(write as *const c_void),
    Address(writev as *const c_void),
    Address(pwrite as *const c_void),
    Address(pwrite64 as *const c_void),
    Address(pwritev as *const c_void),
    Address(pwritev64 as *const c_void),
    Address(fsync as *const c_void),
    Address(fdatasync as *const c_void),
    Address(msync as *const c_void),
];

// SAFETY, for all nine: the signature is that of the C library on a 64-bit Linux, the arguments go to the kernel
// unchanged, and `syscall` sets `errno` as the C library's own function would.

#[unsafe(no_mangle)]
unsafe extern "C" fn write(file: c_int, bytes: *const c_void, count: size_t) -> ssize_t {
    wrote(unsafe { libc::syscall(libc::SYS_write, file, bytes, count) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn writev(file: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    wrote(unsafe { libc::syscall(libc::SYS_writev, file, parts, count) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(file: c_int, bytes: *const c_void, count: size_t, offset: off_t) -> ssize_t {
    wrote(unsafe { libc::syscall(libc::SYS_pwrite64, file, bytes, count, offset) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(file: c_int, bytes: *const c_void, count: size_t, offset: off_t) -> ssize_t {
    wrote(unsafe { libc::syscall(libc::SYS_pwrite64, file, bytes, count, offset) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwritev(file: c_int, parts: *const iovec, count: c_int, offset: off_t) -> ssize_t {
    wrote(unsafe { libc::syscall(libc::SYS_pwritev, file, parts, count, offset, 0) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwritev64(file: c_int, parts: *const iovec, count: c_int, offset: off_t) -> ssize_t {
    wrote(unsafe { libc::syscall(libc::SYS_pwritev, file, parts, count, offset, 0) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(file: c_int) -> c_int {
    synced(unsafe { libc::syscall(libc::SYS_fsync, file) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(file: c_int) -> c_int {
    synced(unsafe { libc::syscall(libc::SYS_fdatasync, file) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn msync(address: *mut c_void, length: size_t, flags: c_int) -> c_int {
    synced(unsafe { libc::syscall(libc::SYS_msync, address, length, flags) })
}

fn wrote(result: c_long) -> ssize_t {
    WRITES.fetch_add(1, Relaxed);
    BYTES.fetch_add(u64::try_from(result).unwrap_or(0), Relaxed);
    result as ssize_t
}

fn synced(result: c_long) -> c_int {
    SYNCS.fetch_add(1, Relaxed);
    result as c_int
}
