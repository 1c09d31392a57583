//! Errors to order.

use std::io;

/// What can be told to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Creating, renaming or removing a file.
    Name,
    /// Writing into the cache.
    Write,
    /// Syncing a file. As on Linux, its pages are called clean afterwards though they never reached the medium.
    Sync,
    /// Syncing the directory.
    SyncDirectory,
}

/// How much of a failing operation took place all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Nothing of it.
    #[default]
    Nothing,
    /// The first half: of the bytes written, of the sectors synced. A change of names does not come in halves.
    Half,
    /// All of it, and it failed all the same.
    All,
}

/// An error to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What fails.
    pub operation: Operation,
    /// How many of its kind succeed before.
    pub after: usize,
    /// The error.
    pub kind: io::ErrorKind,
    /// How much of it takes place.
    pub extent: Extent,
    /// Whether all later ones of its kind fail too.
    pub lasts: bool,
}

/// What is ordered of one disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    pub ordered: Vec<Fault>,
    /// Changing operations that still succeed; then the power is gone.
    pub operations_left: Option<usize>,
    pub free_bytes: Option<usize>,
    pub keeps_stale_cache: bool,
    /// Faults that came about.
    pub struck: usize,
}

/// Why an operation does not succeed.
pub(super) struct Failure {
    pub error: io::Error,
    pub extent: Extent,
    /// Nothing at all happens any more.
    pub power_is_gone: bool,
}

impl Fault {
    /// The next operation of this kind fails once and leaves nothing behind.
    pub fn next(operation: Operation, kind: io::ErrorKind) -> Self {
        Self { operation, after: 0, kind, extent: Extent::Nothing, lasts: false }
    }
}

impl Faults {
    /// Whether the next operation of this kind succeeds.
    pub fn step(&mut self, operation: Operation) -> Result<(), Failure> {
        if let Some(left) = &mut self.operations_left {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => {
                    let error = io::Error::other("the power is gone");
                    return Err(Failure { error, extent: Extent::Nothing, power_is_gone: true });
                }
            }
        }
        let mut struck = None;
        for fault in self.ordered.iter_mut().filter(|fault| fault.operation == operation) {
            match fault.after.checked_sub(1) {
                Some(fewer) => fault.after = fewer,
                None => struck = struck.or(Some(*fault)),
            }
        }
        let Some(fault) = struck else { return Ok(()) };
        self.struck += 1;
        self.ordered.retain(|other| other.lasts || *other != fault);
        Err(Failure { error: fault.kind.into(), extent: fault.extent, power_is_gone: false })
    }

    /// Takes room for growth.
    pub fn grow(&mut self, bytes: usize) -> io::Result<()> {
        if let Some(free) = self.free_bytes {
            let left = free.checked_sub(bytes).ok_or_else(|| {
                self.struck += 1;
                io::ErrorKind::StorageFull
            })?;
            self.free_bytes = Some(left);
        }
        Ok(())
    }

    /// Gives room back.
    pub fn shrink(&mut self, bytes: usize) {
        self.free_bytes = self.free_bytes.map(|free| free + bytes);
    }
}
