//! What can go wrong with keys, and whose fault it is.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::wrapped::Scheme;

/// Why a key cannot be had. None of them holds a key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No random numbers.
    #[error("terminal: the system gives no random numbers, so no key was made")]
    NoRandomness,
    /// More than a cipher takes at once.
    #[error("terminal: too much to encrypt at once")]
    TooLongToEncrypt,
    /// Decryption failed.
    #[error("storage: encrypted bytes do not verify: they were changed, or belong to another place or another key")]
    NotAuthentic,

    /// The wrapped key was made by another kind of keeper than the one that was asked.
    #[error("operator: this journal's keys are under {needed}, and the journal was opened with {given}; name that one")]
    OtherScheme {
        /// What made it.
        needed: Scheme,
        /// What was asked, by its name.
        given: String,
    },
    /// The wrapped key names a scheme or version that this program does not know.
    #[error(
        "operator: this journal's keys are under something this program does not know (scheme {scheme}, version \
         {version}); open it with the program that wrote it, or a newer one"
    )]
    UnknownScheme {
        /// The byte that names the scheme.
        scheme: u8,
        /// The byte that names the version, 0 if there is none.
        version: u8,
    },
    /// The right kind of keeper with another key in it.
    #[error(
        "operator: this journal's keys are under key {needed}, and {given} holds key {held}; bring back the one that \
         was in use when the journal was written"
    )]
    OtherKey {
        /// Identity of the key-encryption key that made it; lower hex, tells nothing of the key.
        needed: String,
        /// What was asked, by its name.
        given: String,
        /// Identity of the key-encryption key it holds.
        held: String,
    },
    /// The wrapped key has the right form and the right key-encryption key, and does not verify.
    #[error("storage: a wrapped key is damaged, or was moved here from another place")]
    DamagedWrapping,

    /// The file system says no.
    #[error("storage: cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
    /// The key file is not there. It is not taken for an empty one.
    #[error("operator: the key file {path} is missing; without it the journal cannot be read, so restore it")]
    Missing {
        /// Which.
        path: PathBuf,
    },
    /// A key file is there already.
    #[error("operator: the key file {path} exists; it is made once, and what it encrypts is lost with it")]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// Others may read the key.
    #[error("operator: {path} has mode {mode:03o}, so others can read the key; take it for known, or chmod 600 it")]
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file belongs to somebody else, who can change it.
    #[error("operator: {path} belongs to user {owner}, and this program runs as user {user}; chown it, or run as them")]
    Foreign {
        /// Which.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// A link, a folder, a device or a pipe.
    #[error("operator: {path} is not a plain file; name the key file itself, not a link to it")]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// Cut short, changed, or not ours.
    #[error(
        "storage: {path} is damaged or is no key file of the journal; restore it from the copy made when it was new"
    )]
    DamagedFile {
        /// Which.
        path: PathBuf,
    },

    /// The kernel has no keyrings.
    #[error("operator: this kernel has no keyrings (CONFIG_KEYS is off); keep the key in a file instead")]
    NoKeyrings,
    /// The kernel has keyrings, and something forbids their use.
    #[error(
        "operator: this process may not {doing} in the kernel's keyring; containers and SELinux policies forbid it \
         unless told otherwise (add_key and keyctl): allow them, or keep the key in a file instead"
    )]
    KeyringForbidden {
        /// What was tried.
        doing: &'static str,
    },
    /// No key of that description.
    #[error(
        "operator: the user keyring holds no key named {description}; it is empty after every restart until the key is \
         loaded again, which the system's start must do before this program's"
    )]
    KeyringMissing {
        /// What was looked for.
        description: String,
    },
    /// A key of that description is there already.
    #[error("operator: the user keyring already holds a key named {description}; open it, or choose another name")]
    KeyringExists {
        /// What was to be made.
        description: String,
    },
    /// The key of that description is not one of ours.
    #[error(
        "operator: the key named {description} in the user keyring is not a key of the journal; load the right one"
    )]
    KeyringContents {
        /// What was looked for.
        description: String,
    },
    /// A description the kernel would not take.
    #[error("operator: a key's name in the keyring has 1 to {limit} printable characters without spaces")]
    KeyringName {
        /// The most. Bytes.
        limit: usize,
    },
    /// The kernel refused otherwise.
    #[error("terminal: cannot {doing} in the kernel's keyring: {reason}")]
    Keyring {
        /// What was tried.
        doing: &'static str,
        /// What the kernel said.
        reason: String,
    },
}
