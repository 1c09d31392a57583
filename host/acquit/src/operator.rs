//! The operator's keys: what a waiver is signed with, and what the terminal checks it against.
//!
//! A private key is a file of its own that belongs off the terminal, in PKCS#8 as `openssl genpkey -algorithm ed25519`
//! writes it too. The terminal's configuration holds public keys alone.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::{Zeroize, Zeroizing};

/// What a public key begins with where people read and write it.
const SCHEME: &str = "ed25519:";
/// Length of a private key. Bytes.
const SEED_BYTES: usize = 32;
/// PKCS#8 of an Ed25519 key up to its seed (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";
/// A key file is a few lines; more is another kind of file.
const FILE_BYTES_MAX: u64 = 4096;

/// A public key: `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// A private key. Wiped when it is dropped, as far as the library that signs lets it be.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

/// Why there is no key. The operator's to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A key is never overwritten: what it signed could not be checked again.
    #[error("operator: {} is there already; a key is never overwritten, so name another file", .0.display())]
    AlreadyThere(PathBuf),
    /// Whoever reads the file can waive debts.
    #[error("operator: others may read {}; close it with: chmod 600 {}", .0.display(), .0.display())]
    ReadableByOthers(PathBuf),
    /// Something else.
    #[error("operator: {} holds no Ed25519 private key (PKCS#8, PEM)", .0.display())]
    NotAKey(PathBuf),
    /// The operating system gave no randomness.
    #[error("terminal: this system gives no randomness, so no key can be made")]
    NoRandomness,
    /// The file cannot be read or written.
    #[error("operator: cannot {action} {}: {source}", file.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl PublicKey {
    /// Whether this key signed this statement.
    pub fn verifies(&self, statement: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(statement, signature).is_ok()
    }
}

impl SigningKey {
    /// Makes a key and writes it to a new file that only its owner can read.
    ///
    /// # Errors
    /// The file is there already or cannot be written.
    pub fn create(file: &Path) -> Result<SigningKey, KeyFileError> {
        let failed = |action| move |source| KeyFileError::File { action, file: file.to_owned(), source };
        let mut out = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(KeyFileError::AlreadyThere(file.to_owned()));
            }
            opened => opened.map_err(failed("make"))?,
        };
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        SystemRandom::new().fill(seed.as_mut()).map_err(|_| KeyFileError::NoRandomness)?;
        out.write_all(encode(&seed).as_bytes()).and_then(|()| out.sync_all()).map_err(failed("write"))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync the folder of"))?;
        SigningKey::from_seed(&seed).ok_or_else(|| KeyFileError::NotAKey(file.to_owned()))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// The file cannot be read, others can read it too, or it holds no such key.
    pub fn open(file: &Path) -> Result<SigningKey, KeyFileError> {
        let failed = |source| KeyFileError::File { action: "read", file: file.to_owned(), source };
        let metadata = fs::metadata(file).map_err(failed)?;
        if metadata.mode() & 0o077 != 0 {
            return Err(KeyFileError::ReadableByOthers(file.to_owned()));
        }
        if metadata.len() > FILE_BYTES_MAX {
            return Err(KeyFileError::NotAKey(file.to_owned()));
        }
        let bytes = Zeroizing::new(fs::read(file).map_err(failed)?);
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let key = decode(text).and_then(|seed| SigningKey::from_seed(&seed));
        key.ok_or_else(|| KeyFileError::NotAKey(file.to_owned()))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let mut public = [0; 32];
        public.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(public)
    }

    /// Signs a statement.
    pub fn sign(&self, statement: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(statement).as_ref());
        signature
    }

    fn from_seed(seed: &[u8; SEED_BYTES]) -> Option<SigningKey> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(|pair| SigningKey { pair })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for PublicKey {
    type Err = ();

    fn from_str(text: &str) -> Result<PublicKey, ()> {
        let digits = text.strip_prefix(SCHEME).ok_or(())?;
        let mut key = [0; 32];
        hex::decode_to_slice(digits, &mut key).map_err(|_| ())?;
        Ok(PublicKey(key))
    }
}

fn encode(seed: &[u8; SEED_BYTES]) -> Zeroizing<String> {
    let mut der = Zeroizing::new([0; PKCS8_HEAD.len() + SEED_BYTES]);
    der[..PKCS8_HEAD.len()].copy_from_slice(&PKCS8_HEAD);
    der[PKCS8_HEAD.len()..].copy_from_slice(seed);
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str(PEM_BEGIN);
    text.push('\n');
    STANDARD.encode_string(der.as_ref(), &mut text);
    text.push('\n');
    text.push_str(PEM_END);
    text.push('\n');
    text
}

fn decode(text: &str) -> Option<Zeroizing<[u8; SEED_BYTES]>> {
    let (_, rest) = text.split_once(PEM_BEGIN)?;
    let (body, _) = rest.split_once(PEM_END)?;
    let mut digits = Zeroizing::new(String::with_capacity(body.len()));
    digits.extend(body.chars().filter(|letter| !letter.is_whitespace()));
    let mut der = STANDARD.decode(digits.as_bytes()).ok()?;
    let seed = der.strip_prefix(&PKCS8_HEAD).and_then(|seed| <[u8; SEED_BYTES]>::try_from(seed).ok());
    der.zeroize();
    seed.map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// RFC 8410, section 10.3: a private key as other programs write it.
    const PUBLISHED: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    /// The same key's public half, section 10.1.
    const PUBLISHED_PUBLIC: &str = "ed25519:19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

    #[test]
    fn a_key_of_another_program_is_read() {
        let seed = decode(PUBLISHED).unwrap();
        assert_eq!(SigningKey::from_seed(&seed).unwrap().public().to_string(), PUBLISHED_PUBLIC);
        assert_eq!(encode(&seed).as_str(), PUBLISHED);
    }

    #[test]
    fn a_key_is_made_once_read_back_and_kept_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("operator.pem");
        let made = SigningKey::create(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let bytes = fs::read(&file).unwrap();
        assert!(matches!(SigningKey::create(&file), Err(KeyFileError::AlreadyThere(_))));
        assert_eq!(fs::read(&file).unwrap(), bytes);

        let read = SigningKey::open(&file).unwrap();
        let signature = read.sign(b"statement");
        assert!(made.public().verifies(b"statement", &signature));
        assert!(!made.public().verifies(b"another", &signature));
        assert!(!made.public().verifies(b"statement", &signature[..63]));

        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(SigningKey::open(&file), Err(KeyFileError::ReadableByOthers(_))));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        for broken in ["", "no key", &PUBLISHED.replace("MC4C", "MC4D"), &PUBLISHED.replace("VhC", "")] {
            fs::write(&file, broken).unwrap();
            assert!(matches!(SigningKey::open(&file), Err(KeyFileError::NotAKey(_))), "{broken}");
        }
    }

    #[test]
    fn a_public_key_reads_back_and_nothing_else_is_one() {
        assert_eq!(PUBLISHED_PUBLIC.parse::<PublicKey>().unwrap().to_string(), PUBLISHED_PUBLIC);
        for wrong in ["", "ed25519:", &PUBLISHED_PUBLIC[8..], &PUBLISHED_PUBLIC[..70], "rsa:00"] {
            assert!(wrong.parse::<PublicKey>().is_err(), "{wrong}");
        }
    }
}
