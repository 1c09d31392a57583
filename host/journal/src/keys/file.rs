//! The key-encryption key in a file of mode 0600: for desks, and for terminals that have nothing better.
//!
//! Protects against: a copy of the journal, or a backup, without this file; another user of this machine; a file that
//! was changed or cut short (checksum); a power cut while it is made (it is there whole or not at all).
//! Does not protect against: anyone who reads files as this user, or root; a thief of the whole disk, if the file lies
//! on the same one. Put it on another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, OFlags, RenameFlags};
use zeroize::Zeroizing;

use super::wrapped::{self, Scheme};
use super::{DATA_KEY_BYTES, DataKey, Entropy, KeyError, KeyWrap, NONCE_BYTES, SystemEntropy};

/// Opens the file; the last byte is the version of the form.
const MAGIC: &[u8; 8] = b"ACQJKEK\x01";
/// CRC-32C of all before it, big-endian: so that a flipped bit is called damage and not another key.
const CHECKSUM_BYTES: usize = 4;
/// Magic, key, checksum.
const FILE_BYTES: usize = MAGIC.len() + DATA_KEY_BYTES + CHECKSUM_BYTES;
/// Readable and writable by the terminal's own user alone.
const FILE_MODE: u32 = 0o600;
/// Permission bits that let anyone but the owner in.
const GROUP_AND_OTHERS: u32 = 0o077;

/// A key-encryption key from a file.
#[derive(Debug)]
pub struct FileKey {
    path: PathBuf,
    key: DataKey,
}

impl FileKey {
    /// Makes the file with a fresh key and opens it. It appears whole and synced with its folder, or not at all; one
    /// that is there already is never replaced.
    ///
    /// # Errors
    /// [`KeyError::Exists`], [`KeyError::NoRandomness`], [`KeyError::Io`].
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let key = DataKey::random(entropy)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(key.bytes());
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        place(path, &bytes, entropy)?;
        Self::open(path)
    }

    /// Opens a file that was made.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::NotAFile`], [`KeyError::Foreign`], [`KeyError::Exposed`],
    /// [`KeyError::DamagedFile`], [`KeyError::Io`].
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let owned = || path.to_owned();
        // A link is refused, since whoever may replace it chooses the key; a pipe must not make us wait.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let opened = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path);
        let mut file = opened.map_err(|source| match rustix::io::Errno::from_io_error(&source) {
            Some(rustix::io::Errno::NOENT) => KeyError::Missing { path: owned() },
            Some(rustix::io::Errno::LOOP) => KeyError::NotAFile { path: owned() },
            _ => io_error("open", path)(source),
        })?;
        let about = file.metadata().map_err(io_error("look at", path))?;
        let (user, mode) = (rustix::process::geteuid().as_raw(), about.mode() & 0o777);
        if !about.is_file() {
            return Err(KeyError::NotAFile { path: owned() });
        }
        if about.uid() != user {
            return Err(KeyError::Foreign { path: owned(), owner: about.uid(), user });
        }
        if mode & GROUP_AND_OTHERS != 0 {
            return Err(KeyError::Exposed { path: owned(), mode });
        }
        let key = read(&mut file, about.len(), path)?;
        Ok(Self { path: owned(), key })
    }

    /// For a keeper that holds the same key elsewhere.
    #[cfg(target_os = "linux")]
    pub(super) fn key(&self) -> &DataKey {
        &self.key
    }
}

impl KeyWrap for FileKey {
    fn name(&self) -> String {
        format!("the key file {}", self.path.display())
    }

    fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Vec<u8>, KeyError> {
        // Random: 96 bits outlast the few thousand segments a key-encryption key ever sees by far.
        let mut nonce = [0; NONCE_BYTES];
        SystemEntropy.fill(&mut nonce)?;
        wrapped::wrap(Scheme::File, &self.key, nonce, key, context)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<DataKey, KeyError> {
        wrapped::unwrap(Scheme::File, &self.key, &self.name(), wrapped, context)
    }
}

fn read(file: &mut File, length: u64, path: &Path) -> Result<DataKey, KeyError> {
    let damaged = || KeyError::DamagedFile { path: path.to_owned() };
    if length != FILE_BYTES as u64 {
        return Err(damaged());
    }
    let mut bytes = Zeroizing::new([0; FILE_BYTES]);
    file.read_exact(&mut *bytes).map_err(|source| match source.kind() {
        io::ErrorKind::UnexpectedEof => damaged(),
        _ => io_error("read", path)(source),
    })?;
    let (covered, checksum) = bytes.split_at(FILE_BYTES - CHECKSUM_BYTES);
    let key = covered.strip_prefix(MAGIC).filter(|_| checksum == crc32c::crc32c(covered).to_be_bytes());
    key.and_then(|key| key.first_chunk()).map(DataKey::copy_of).ok_or_else(damaged)
}

/// Writes beside the file, syncs, gives it its name unless that is taken, and syncs the folder.
fn place(path: &Path, bytes: &[u8], entropy: &dyn Entropy) -> Result<(), KeyError> {
    let mut number = [0; 8];
    entropy.fill(&mut number)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".new-{:016x}", u64::from_be_bytes(number)));
    let beside = PathBuf::from(beside);
    let placed = fill(&beside, bytes).and_then(|()| {
        rustix::fs::renameat_with(CWD, &beside, CWD, path, RenameFlags::NOREPLACE).map_err(|errno| match errno {
            rustix::io::Errno::EXIST => KeyError::Exists { path: path.to_owned() },
            _ => io_error("create", path)(errno.into()),
        })
    });
    if placed.is_err() {
        // What failed is what the operator must hear; a key that was never used is no harm.
        let _ = fs::remove_file(&beside);
    }
    placed?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("sync", folder))
}

fn fill(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let created = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path);
    let mut file = created.map_err(io_error("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io_error("write", path))
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    move |source| KeyError::Io { doing, path: path.to_owned(), source }
}
