//! The key-encryption key in the Linux kernel's user keyring.
//!
//! Protects against: a thief of the disk, of the whole terminal switched off, or of any backup, as the key is in the
//! kernel's memory alone and gone with the power; another user of this machine; a second `create` or `keyctl add` that
//! would overwrite it (the key loses its write permission as soon as it is made); a copy left in this process (the key
//! is asked for each time and wiped).
//! Does not protect against: root; any program that runs as the same user, which may read the key as we do.
//!
//! Gone with the power means that something must load it again at every start, before the terminal
//! ([`KeyringKey::load`]). Where nothing does, a power cut makes the journal unreadable: use a [`FileKey`] there.
//! The user keyring lives as long as the system runs; on kernels before 5.3, only as long as the user has a process.

use std::fmt;

use linux_keyutils::{Key, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use zeroize::Zeroizing;

use super::wrapped::{self, Scheme};
use super::{DATA_KEY_BYTES, DataKey, Entropy, FileKey, KeyError, KeyWrap, NONCE_BYTES, SystemEntropy};

/// Opens the payload; the last byte is the version of the form. The key follows.
const MAGIC: &[u8; 8] = b"ACQJKEK\x01";
const PAYLOAD_BYTES: usize = MAGIC.len() + DATA_KEY_BYTES;
/// Most bytes of a description: the kernel takes 4095, an operator's screen does not.
const MAX_DESCRIPTION_BYTES: usize = 64;
/// `ENOSYS`: the kernel was built without keyrings. The crate hands errors it does not know on as numbers.
const NO_SUCH_CALL: i32 = rustix::io::Errno::NOSYS.raw_os_error();

/// A key-encryption key in the user keyring, under a description such as `acquit-journal`.
pub struct KeyringKey {
    description: String,
    /// By its number: a key that takes over the description later is not the one this was opened with.
    key: Key,
}

impl KeyringKey {
    /// Makes a fresh key in the user keyring and opens it. A key that is there already is never replaced.
    ///
    /// There is no copy of it: when the power goes, so does all that is under it. A terminal that must read its journal
    /// after a power cut uses [`load`](Self::load).
    ///
    /// # Errors
    /// [`KeyError::KeyringExists`], [`KeyError::KeyringName`], [`KeyError::NoKeyrings`], [`KeyError::KeyringForbidden`],
    /// [`KeyError::NoRandomness`], [`KeyError::Keyring`].
    pub fn create(description: &str, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        put(description, &DataKey::random(entropy)?)
    }

    /// Puts the key of a key file into the user keyring and opens it there: at every start, before the terminal, from a
    /// stick or from a file that a TPM unsealed into memory, which can then be taken away.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn load(description: &str, from: &FileKey) -> Result<Self, KeyError> {
        put(description, from.key())
    }

    /// Opens a key that is there.
    ///
    /// # Errors
    /// [`KeyError::KeyringMissing`], [`KeyError::KeyringContents`], [`KeyError::KeyringName`],
    /// [`KeyError::NoKeyrings`], [`KeyError::KeyringForbidden`], [`KeyError::Keyring`].
    pub fn open(description: &str) -> Result<Self, KeyError> {
        check(description)?;
        let key = user_keyring()?.search(description).map_err(|error| gone_or("look for a key", description, error))?;
        let opened = Self { description: description.to_owned(), key };
        opened.read().map(|_| opened)
    }

    /// The key, in this process for as long as it is used.
    fn read(&self) -> Result<DataKey, KeyError> {
        // One byte more, so that a longer payload is seen to be longer.
        let mut payload = Zeroizing::new([0; PAYLOAD_BYTES + 1]);
        let length = self.key.read(&mut *payload).map_err(|error| gone_or("read a key", &self.description, error))?;
        let key = payload.get(..length).filter(|payload| payload.len() == PAYLOAD_BYTES);
        let key = key.and_then(|payload| payload.strip_prefix(MAGIC)).and_then(|key| key.first_chunk());
        key.map(DataKey::copy_of).ok_or_else(|| KeyError::KeyringContents { description: self.description.clone() })
    }
}

impl KeyWrap for KeyringKey {
    fn name(&self) -> String {
        format!("the key {} in the kernel's user keyring", self.description)
    }

    fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut nonce = [0; NONCE_BYTES];
        SystemEntropy.fill(&mut nonce)?;
        wrapped::wrap(Scheme::Keyring, &self.read()?, nonce, key, context)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<DataKey, KeyError> {
        wrapped::unwrap(Scheme::Keyring, &self.read()?, &self.name(), wrapped, context)
    }
}

impl fmt::Debug for KeyringKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringKey").field("description", &self.description).finish_non_exhaustive()
    }
}

fn put(description: &str, key: &DataKey) -> Result<KeyringKey, KeyError> {
    check(description)?;
    let ring = user_keyring()?;
    match ring.search(description) {
        Err(linux_keyutils::KeyError::KeyDoesNotExist) => {}
        // One that ran out or was revoked makes room.
        Err(linux_keyutils::KeyError::KeyExpired | linux_keyutils::KeyError::KeyRevoked) => {}
        Ok(_) => return Err(KeyError::KeyringExists { description: description.to_owned() }),
        Err(error) => return Err(refused("look for a key", error)),
    }
    let mut payload = Zeroizing::new([0; PAYLOAD_BYTES]);
    let (magic, body) = payload.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    body.copy_from_slice(key.bytes());
    let made = ring.add_key(description, payload.as_slice()).map_err(|error| refused("make a key", error))?;
    // By the user and not only by who possesses it: a service's session does not hold the user keyring. Without
    // write, `add_key` of the same description fails where it would else overwrite.
    let use_it = || Permission::VIEW | Permission::READ | Permission::SEARCH;
    let permissions = KeyPermissionsBuilder::builder()
        .posessor(use_it() | Permission::SETATTR | Permission::LINK)
        .user(use_it() | Permission::SETATTR)
        .build();
    made.set_perms(permissions).map_err(|error| refused("protect a key", error))?;
    KeyringKey::open(description)
}

fn user_keyring() -> Result<KeyRing, KeyError> {
    KeyRing::from_special_id(KeyRingIdentifier::User, true).map_err(|error| refused("open the user keyring", error))
}

fn check(description: &str) -> Result<(), KeyError> {
    let fits = (1..=MAX_DESCRIPTION_BYTES).contains(&description.len());
    match fits && description.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(()),
        false => Err(KeyError::KeyringName { limit: MAX_DESCRIPTION_BYTES }),
    }
}

/// What the kernel says of a key that was there once or never.
fn gone_or(doing: &'static str, description: &str, error: linux_keyutils::KeyError) -> KeyError {
    use linux_keyutils::KeyError as Kernel;
    match error {
        Kernel::KeyDoesNotExist | Kernel::KeyExpired | Kernel::KeyRevoked | Kernel::KeyRejected => {
            KeyError::KeyringMissing { description: description.to_owned() }
        }
        other => refused(doing, other),
    }
}

fn refused(doing: &'static str, error: linux_keyutils::KeyError) -> KeyError {
    use linux_keyutils::KeyError as Kernel;
    match error {
        Kernel::Unknown(NO_SUCH_CALL) => KeyError::NoKeyrings,
        Kernel::PermissionDenied | Kernel::AccessDenied => KeyError::KeyringForbidden { doing },
        other => KeyError::Keyring { doing, reason: other.to_string() },
    }
}
