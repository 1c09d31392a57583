//! The key file: the keys people loaded and the storage key, encrypted under a key-encryption key in a file of its own.
//!
//! Protects against: a copy of the key file or of a backup without the key-encryption key; another user of this
//! machine; a file changed, cut short or swapped (ChaCha20-Poly1305 fails); a power cut while it is replaced (the old
//! file or the new one is there, never half of one).
//! Does not protect against: anyone who can read files as this user, or root: both files lie on the same disk. Hardware
//! that keeps the key-encryption key takes this module's place on a real terminal. An older copy of the whole pair put
//! back is not noticed either.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::contract::acquirer::KeyAlgorithm;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;
use zeroize::Zeroizing;

use super::dukpt::{DukptKey, DukptKeys};
use super::fixed::{ALGORITHMS, FixedKey, FixedKeys, USES};
use super::ring::{Place, TransportKeys};
use crate::crypto::dukpt::InitialKey;
use crate::crypto::key::Key;
use crate::crypto::signature::MAX_PAIR_BYTES;

/// Bytes of the key-encryption key and of the storage key (ChaCha20).
pub(crate) const STORAGE_KEY_BYTES: usize = 32;
/// Opens the file of the key-encryption key.
const KEK_MAGIC: &[u8; 8] = b"ACQKEK\0\x01";
/// Opens the key file; authenticated with what follows. The last byte is the version of the format.
const FILE_MAGIC: &[u8; 8] = b"ACQKEY\0\x01";
/// Most bytes of a key file: some thousand keys; more is not one of ours.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The bytes that name the algorithms whose keys are no DES keys.
const OTHER_ALGORITHMS: [(KeyAlgorithm, u8); 3] =
    [(KeyAlgorithm::Aes128, 1), (KeyAlgorithm::Aes256, 2), (KeyAlgorithm::Sm4, 3)];
/// Most bytes of a key in one entry, whose length is one byte; a longer one, half of a pair, stands in several, in order.
const MAX_PART_BYTES: usize = 255;
/// Stands behind the slot of a fixed key, before what the key is for and of which algorithm; in no slot's name.
const FIXED_MARK: u8 = 0;
/// The same of an initial key; what follows it is its serial number, whose counter no key up to it is used again, behind
/// one byte of length, and the key.
const DUKPT_MARK: u8 = 1;
/// Stands in the place of a slot before the serial number of an initial key that another has replaced.
const RETIRED_MARK: u8 = 2;
/// Permission bits that let anyone but the owner in.
const GROUP_AND_OTHERS: u32 = 0o077;

/// Where the two files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPaths {
    /// The encrypted key file.
    pub keys: PathBuf,
    /// The file of the key-encryption key, mode 0600.
    pub key_encryption_key: PathBuf,
}

/// Why the key file cannot be used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file system says no.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
    /// A file that should be there is not. It is not taken for an empty one.
    #[error("{path} is missing; restore it, or make a new key store and load the keys again")]
    Missing {
        /// Which.
        path: PathBuf,
    },
    /// A store is there already.
    #[error("{path} exists; a key store is made once")]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// Others may read the key-encryption key.
    #[error("{path} has mode {mode:03o}: others can read the key-encryption key; take it for known, or chmod 600 it")]
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Cut short, changed, or not ours.
    #[error("{path} is damaged or is not the file it should be; restore it, or load the keys again into a new store")]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// No random numbers.
    #[error("the system gives no random numbers; nothing was written")]
    NoRandomness,
    /// More keys than a file may have.
    #[error("the key file would have more than {MAX_FILE_BYTES} bytes; nothing was written")]
    TooLarge,
}

/// An open key file; knows how to write the next one.
pub(crate) struct KeyFile {
    pub(super) path: PathBuf,
    kek: LessSafeKey,
}

/// What the file holds.
pub(crate) struct Contents {
    pub(crate) storage_key: Zeroizing<[u8; STORAGE_KEY_BYTES]>,
    pub(crate) transport: TransportKeys,
    pub(crate) fixed: FixedKeys,
    pub(crate) dukpt: DukptKeys,
}

impl KeyFile {
    /// Makes a store without transport keys. The key-encryption key is made too, unless an earlier attempt left one.
    pub(crate) fn create(paths: &KeyPaths) -> Result<(Self, Contents), KeyFileError> {
        if paths.keys.try_exists().map_err(io_error("look for", &paths.keys))? {
            return Err(KeyFileError::Exists { path: paths.keys.clone() });
        }
        let kek_path = &paths.key_encryption_key;
        if !kek_path.try_exists().map_err(io_error("look for", kek_path))? {
            let kek = random::<STORAGE_KEY_BYTES>()?;
            let mut bytes = Zeroizing::new(Vec::with_capacity(KEK_MAGIC.len() + kek.len()));
            bytes.extend_from_slice(KEK_MAGIC);
            bytes.extend_from_slice(&*kek);
            replace(kek_path, &bytes)?;
        }
        let file = Self { path: paths.keys.clone(), kek: read_kek(kek_path)? };
        let (transport, fixed, dukpt) = (TransportKeys::new(), FixedKeys::new(), DukptKeys::default());
        let contents = Contents { storage_key: random()?, transport, fixed, dukpt };
        file.write(&contents)?;
        Ok((file, contents))
    }

    /// Opens a store that was made.
    pub(crate) fn open(paths: &KeyPaths) -> Result<(Self, Contents), KeyFileError> {
        let file = Self { path: paths.keys.clone(), kek: read_kek(&paths.key_encryption_key)? };
        let clear = file.unsealed(&file.path, FILE_MAGIC)?;
        let mut contents = Contents::parse(&clear).ok_or_else(|| KeyFileError::Damaged { path: paths.keys.clone() })?;
        file.raise_to_marks(&mut contents.dukpt)?;
        Ok((file, contents))
    }

    /// Replaces the file. After an error the old one is still there.
    pub(crate) fn write(&self, contents: &Contents) -> Result<(), KeyFileError> {
        self.write_marks(&contents.dukpt)?;
        self.sealed(&self.path, FILE_MAGIC, contents.to_bytes())
    }

    /// Replaces a file by these bytes, sealed; `magic` opens it and is authenticated with them.
    pub(super) fn sealed(
        &self,
        path: &Path,
        magic: &[u8; 8],
        mut clear: Zeroizing<Vec<u8>>,
    ) -> Result<(), KeyFileError> {
        let nonce = random::<NONCE_LEN>()?;
        let once = Nonce::assume_unique_for_key(*nonce);
        let sealing = self.kek.seal_in_place_append_tag(once, Aad::from(magic), &mut *clear);
        sealing.map_err(|_| KeyFileError::TooLarge)?;
        let bytes = [magic.as_slice(), nonce.as_slice(), &clear].concat();
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(KeyFileError::TooLarge);
        }
        replace(path, &bytes)
    }

    /// What [`sealed`](Self::sealed) wrote.
    pub(super) fn unsealed(&self, path: &Path, magic: &[u8; 8]) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let mut bytes = read(path)?.1;
        let damaged = || KeyFileError::Damaged { path: path.to_owned() };
        let (found, rest) = bytes.split_at_mut_checked(magic.len()).ok_or_else(damaged)?;
        let (nonce, sealed) = rest.split_first_chunk_mut::<NONCE_LEN>().ok_or_else(damaged)?;
        if found != magic {
            return Err(damaged());
        }
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let clear = self.kek.open_in_place(nonce, Aad::from(magic), sealed).map_err(|_| damaged())?;
        Ok(Zeroizing::new(clear.to_vec()))
    }
}

impl Contents {
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let of_keys = self.transport.iter().map(|((plugin, slot), key)| 4 + plugin.len() + slot.len() + key.len());
        let of_fixed = self.fixed.iter().map(|((plugin, slot), it)| {
            it.key.len().div_ceil(MAX_PART_BYTES) * (6 + plugin.len() + slot.len()) + it.key.len()
        });
        // Room for the tag as well: a vector that grows leaves a copy of its bytes behind.
        let of_dukpt = self.dukpt.keys.keys().map(|(plugin, slot)| 6 + plugin.len() + slot.len() + MAX_DUKPT_BYTES);
        let of_retired = self.dukpt.retired.iter().map(|serial| 4 + serial.len());
        let of_all = of_keys.chain(of_fixed).chain(of_dukpt).chain(of_retired).sum::<usize>();
        let room = STORAGE_KEY_BYTES + of_all + CHACHA20_POLY1305.tag_len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        bytes.extend_from_slice(&*self.storage_key);
        for ((plugin, slot), key) in &self.transport {
            write_parts([plugin.as_bytes(), slot.as_bytes(), &stored(key)], &mut bytes);
        }
        for ((plugin, slot), fixed) in &self.fixed {
            let marked = [slot.as_bytes(), &[FIXED_MARK], &fixed.tag()].concat();
            for part in fixed.key.reveal().chunks(MAX_PART_BYTES) {
                write_parts([plugin.as_bytes(), &marked, part], &mut bytes);
            }
        }
        for ((plugin, slot), known) in &self.dukpt.keys {
            let (tag, key) = stored_initial(known);
            let marked = [slot.as_bytes(), &[DUKPT_MARK], &tag].concat();
            write_parts([plugin.as_bytes(), &marked, &key], &mut bytes);
        }
        for serial in &self.dukpt.retired {
            write_parts([&[], &[RETIRED_MARK], serial], &mut bytes);
        }
        bytes
    }

    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let storage_key = Zeroizing::new(*bytes.split_off(..STORAGE_KEY_BYTES)?.first_chunk()?);
        let (mut transport, mut fixed, mut dukpt) = (TransportKeys::new(), FixedKeys::new(), DukptKeys::default());
        let mut parts = FixedParts::new();
        while !bytes.is_empty() {
            let [plugin, slot, key] = [(); 3].map(|()| {
                let length = usize::from(*bytes.split_off_first()?);
                bytes.split_off(..length)
            });
            let name = |part: &[u8]| String::from_utf8(part.to_vec()).ok();
            let (plugin, key) = (name(plugin?)?, key?);
            match slot? {
                [slot @ .., FIXED_MARK, key_use, algorithm] => {
                    let room = || Zeroizing::new(Vec::with_capacity(MAX_PAIR_BYTES));
                    let whole = parts.entry(((plugin, name(slot)?), [*key_use, *algorithm])).or_insert_with(room);
                    if whole.len() + key.len() > MAX_PAIR_BYTES {
                        return None;
                    }
                    whole.extend_from_slice(key);
                }
                [slot @ .., DUKPT_MARK, key_use, algorithm] => {
                    dukpt.keys.insert((plugin, name(slot)?), restored_initial([*key_use, *algorithm], key)?);
                }
                [RETIRED_MARK] => dukpt.retired.push(key.to_vec()),
                slot => drop(transport.insert((plugin, name(slot)?), restored(key)?)),
            }
        }
        for ((at, tag), key) in parts {
            if fixed.insert(at, FixedKey::restored(tag, key)?).is_some() {
                return None;
            }
        }
        Some(Self { storage_key, transport, fixed, dukpt })
    }
}

/// Fixed keys by place and by what they are for, as far as they have been read: a long one stands in several entries.
type FixedParts = BTreeMap<(Place, [u8; 2]), Zeroizing<Vec<u8>>>;

/// Each behind one byte of length.
fn write_parts(parts: [&[u8]; 3], into: &mut Vec<u8>) {
    for part in parts {
        let length = u8::try_from(part.len()).unwrap_or(u8::MAX);
        into.push(length);
        into.extend(part.iter().take(usize::from(length)));
    }
}

/// A key of DES as its 8, 16 or 24 bytes; any other behind one byte that names its algorithm, so 17 or 33 bytes.
fn stored(key: &Key) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 + key.len()));
    bytes.extend(OTHER_ALGORITHMS.iter().find(|(algorithm, _)| *algorithm == key.algorithm()).map(|(_, tag)| tag));
    bytes.extend_from_slice(key.reveal());
    bytes
}

fn restored(bytes: &[u8]) -> Option<Key> {
    let (algorithm, key) = match bytes.len() {
        8 => (KeyAlgorithm::Des, bytes),
        16 | 24 => (KeyAlgorithm::Tdes, bytes),
        _ => {
            let (tag, key) = bytes.split_first()?;
            (OTHER_ALGORITHMS.iter().find(|(_, other)| other == tag)?.0, key)
        }
    };
    Key::new(algorithm, Zeroizing::new(key.to_vec()))
}

/// Most bytes of an initial key behind its serial number: that of AES and its longer key.
const MAX_DUKPT_BYTES: usize = 1 + 12 + 32;

/// What an initial key is for and of which algorithm; its serial number with the counter, and the key.
fn stored_initial(known: &DukptKey) -> ([u8; 2], Zeroizing<Vec<u8>>) {
    let (key, serial) = (known.key.initial(), known.key.serial(known.used));
    // Every use and algorithm a grant admits is in the tables.
    let key_use = USES.iter().find(|(_, other)| *other == known.key_use).map_or(0, |(tag, _)| *tag);
    let algorithm = ALGORITHMS.iter().find(|(_, other)| *other == key.algorithm()).map_or(0, |(tag, _)| *tag);
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_DUKPT_BYTES));
    bytes.extend(u8::try_from(serial.len()));
    bytes.extend_from_slice(&serial);
    bytes.extend_from_slice(key.reveal());
    ([key_use, algorithm], bytes)
}

fn restored_initial([key_use, algorithm]: [u8; 2], bytes: &[u8]) -> Option<DukptKey> {
    let (_, key_use) = USES.iter().find(|(tag, _)| *tag == key_use)?;
    let (_, algorithm) = ALGORITHMS.iter().find(|(tag, _)| *tag == algorithm)?;
    let (length, rest) = bytes.split_first()?;
    let (serial, key) = rest.split_at_checked(usize::from(*length))?;
    let key = Key::new(*algorithm, Zeroizing::new(key.to_vec()))?;
    let (initial, used) = InitialKey::parse(&key, serial)?;
    Some(DukptKey { key: Arc::new(initial), key_use: key_use.clone(), used })
}

/// Fresh random bytes.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeyFileError> {
    let mut bytes = Zeroizing::new([0; N]);
    SystemRandom::new().fill(&mut *bytes).map_err(|_| KeyFileError::NoRandomness)?;
    Ok(bytes)
}

fn read_kek(path: &Path) -> Result<LessSafeKey, KeyFileError> {
    let (file, bytes) = read(path)?;
    let mode = file.metadata().map_err(io_error("look at", path))?.mode() & 0o777;
    if mode & GROUP_AND_OTHERS != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
    }
    let damaged = || KeyFileError::Damaged { path: path.to_owned() };
    let key = bytes.strip_prefix(KEK_MAGIC).ok_or_else(damaged)?;
    UnboundKey::new(&CHACHA20_POLY1305, key).map(LessSafeKey::new).map_err(|_| damaged())
}

/// The open file too, so that what is known of it is known of these bytes.
fn read(path: &Path) -> Result<(File, Zeroizing<Vec<u8>>), KeyFileError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing { path: path.to_owned() },
        _ => io_error("open", path)(source),
    })?;
    let length = file.metadata().map_err(io_error("look at", path))?.len();
    if length > MAX_FILE_BYTES {
        return Err(KeyFileError::Damaged { path: path.to_owned() });
    }
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or(0)]);
    (&file).read_exact(&mut bytes).map_err(io_error("read", path))?;
    Ok((file, bytes))
}

/// Writes beside the file, syncs, renames over it and syncs the folder: the old bytes or the new ones survive.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(io_error("remove", &beside)(source)),
        _ => {}
    }
    let options = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
    let mut file = options.map_err(io_error("create", &beside))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io_error("write", &beside))?;
    fs::rename(&beside, path).map_err(io_error("replace", path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("sync", folder))
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    move |source| KeyFileError::Io { doing, path: path.to_owned(), source }
}
