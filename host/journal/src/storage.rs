//! Where segments live: a directory of files, behind a trait so that tests can stand in a disk that fails.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{Advice, FlockOperation};
use rustix::io::Errno;

/// Name of the file that carries the lock; it holds the number of the process that took it last.
const LOCK_NAME: &str = "lock";
/// Readable and writable by the terminal's own user alone.
const FILE_MODE: u32 = 0o600;
/// The same for the directory.
const DIRECTORY_MODE: u32 = 0o700;

/// A directory that holds segments.
pub trait Storage: Send + Sync {
    /// How to name this place to an operator.
    fn name(&self) -> String;
    /// Names of all files. `NotFound` when the directory does not exist.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes the directory, durably, if it is not there.
    fn make(&self) -> io::Result<()>;
    /// Takes the exclusive lock, or says who has it. The lock is released when the value is dropped.
    fn lock(&self) -> io::Result<LockAttempt>;
    /// Makes a new, empty file; an existing one of that name is an error.
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>>;
    /// Opens a file for reading and, unless `read_only`, for writing.
    fn open(&self, name: &str, read_only: bool) -> io::Result<Box<dyn StoredFile>>;
    /// Gives a file another name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    fn sync(&self) -> io::Result<()>;
}

/// One file of a [`Storage`].
pub trait StoredFile: Send {
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Fills the buffer from `offset`.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// Writes all bytes at `offset`, into the cache.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes all that was written durable.
    fn sync(&self) -> io::Result<()>;
    /// Forgets what is cached, so that the next read shows what the device holds: after a failed sync the kernel calls
    /// pages clean that never reached it.
    fn drop_cache(&self) -> io::Result<()>;
}

/// What came of asking for the lock.
pub enum LockAttempt {
    /// It is ours until this is dropped.
    Taken(Box<dyn Send + Sync>),
    /// Somebody else has it.
    Busy {
        /// Process number of the holder, if it could be read.
        holder: Option<u32>,
    },
}

/// A directory of the operating system.
#[derive(Clone, Debug)]
pub struct FileStorage {
    directory: PathBuf,
}

impl FileStorage {
    /// Names a directory; nothing is touched yet.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }
}

impl Storage for FileStorage {
    fn name(&self) -> String {
        self.directory.display().to_string()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        fs::read_dir(&self.directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn make(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&self.directory)?;
        match self.directory.canonicalize()?.parent() {
            Some(parent) => fs::File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    }

    fn lock(&self) -> io::Result<LockAttempt> {
        let path = self.directory.join(LOCK_NAME);
        let mut file =
            fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut text = String::new();
                let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Ok(LockAttempt::Busy { holder });
            }
            Err(error) => return Err(error.into()),
        }
        // The number only helps the operator's message; a full disk must not keep debts from being read.
        let _ = file.set_len(0).and_then(|()| file.write_all(process::id().to_string().as_bytes()));
        Ok(LockAttempt::Taken(Box::new(file)))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let path = self.directory.join(name);
        let file = fs::OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)?;
        Ok(Box::new(file))
    }

    fn open(&self, name: &str, read_only: bool) -> io::Result<Box<dyn StoredFile>> {
        let file = fs::OpenOptions::new().read(true).write(!read_only).open(self.directory.join(name))?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.directory.join(from), self.directory.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.directory.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.directory)?.sync_all()
    }
}

impl StoredFile for fs::File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn drop_cache(&self) -> io::Result<()> {
        // Zero length means "to the end".
        Ok(rustix::fs::fadvise(self, 0, None, Advice::DontNeed)?)
    }
}
