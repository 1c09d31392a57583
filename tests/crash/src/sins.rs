//! What a careless journal would do, committed on purpose: each must be caught.

use std::io;
use std::sync::{Arc, Mutex};

use journal::memory::MemoryDisk;
use journal::storage::{LockAttempt, Storage, StoredFile};

/// One thing done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sin {
    /// The directory is never synced: a new segment's name may be lost with all that is in it.
    SkipDirectorySync,
    /// Success is reported before the sync has happened.
    AcknowledgeBeforeSync,
    /// A sync that failed is tried again, and its success believed.
    RetryFailedSync,
    /// What the cache shows after a failed sync is believed.
    KeepCache,
    /// Groups begin at any sector, so that one that was promised and one being written share a page of the device.
    ShareSectors,
    /// What cannot be read at the end is taken for an append nobody was told of, whatever stands behind it.
    IgnoreWitness,
}

/// All of them.
pub const ALL: [Sin; 6] = [
    Sin::SkipDirectorySync,
    Sin::AcknowledgeBeforeSync,
    Sin::RetryFailedSync,
    Sin::KeepCache,
    Sin::ShareSectors,
    Sin::IgnoreWitness,
];

/// The disk as a journal sees it that commits this sin.
pub fn storage(sin: Option<Sin>, disk: &MemoryDisk) -> Arc<dyn Storage> {
    match sin {
        // The last two are the journal's own, by its options.
        None | Some(Sin::ShareSectors | Sin::IgnoreWitness) => Arc::new(disk.clone()),
        Some(sin) => Arc::new(SinfulStorage { disk: disk.clone(), sin, late: Late::default() }),
    }
}

/// A sync that was reported and has not happened: of this file, or of the directory.
type Late = Arc<Mutex<Option<Box<dyn FnOnce() -> io::Result<()> + Send>>>>;

struct SinfulStorage {
    disk: MemoryDisk,
    sin: Sin,
    late: Late,
}

struct SinfulFile {
    file: Arc<Mutex<Box<dyn StoredFile>>>,
    sin: Sin,
    late: Late,
}

impl SinfulStorage {
    fn file(&self, file: Box<dyn StoredFile>) -> Box<dyn StoredFile> {
        Box::new(SinfulFile { file: Arc::new(Mutex::new(file)), sin: self.sin, late: self.late.clone() })
    }
}

impl SinfulFile {
    fn file(&self) -> std::sync::MutexGuard<'_, Box<dyn StoredFile>> {
        lock(&self.file)
    }
}

impl Storage for SinfulStorage {
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
        catch_up(&self.late)?;
        self.disk.create(name).map(|file| self.file(file))
    }

    fn open(&self, name: &str, read_only: bool) -> io::Result<Box<dyn StoredFile>> {
        self.disk.open(name, read_only).map(|file| self.file(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        catch_up(&self.late)?;
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        catch_up(&self.late)?;
        self.disk.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        if self.sin == Sin::SkipDirectorySync {
            return Ok(());
        }
        catch_up(&self.late)?;
        let sync = || Storage::sync(&self.disk);
        if self.sin == Sin::RetryFailedSync { sync().or_else(|_| sync()) } else { sync() }
    }
}

impl StoredFile for SinfulFile {
    fn length(&self) -> io::Result<u64> {
        self.file().length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file().read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        catch_up(&self.late)?;
        self.file().write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        catch_up(&self.late)?;
        match self.sin {
            Sin::AcknowledgeBeforeSync => {
                let file = self.file.clone();
                *lock(&self.late) = Some(Box::new(move || lock(&file).sync()));
                Ok(())
            }
            Sin::RetryFailedSync => {
                let file = self.file();
                file.sync().or_else(|_| file.sync())
            }
            _ => self.file().sync(),
        }
    }

    fn drop_cache(&self) -> io::Result<()> {
        if self.sin == Sin::KeepCache { Ok(()) } else { self.file().drop_cache() }
    }
}

/// What was reported long ago happens before anything else does.
fn catch_up(late: &Late) -> io::Result<()> {
    let sync = lock(late).take();
    sync.map_or(Ok(()), |sync| sync())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
