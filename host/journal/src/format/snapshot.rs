//! The bytes of a snapshot: where in the journal it stands, in clear; what the application knew there, encrypted.

use zeroize::Zeroizing;

use super::Fields;
use crate::keys::{Cipher, DataKey, KeyError, KeyWrap, MAX_WRAPPED_BYTES, NONCE_BYTES, TAG_BYTES};
use crate::seal::JournalId;
use crate::tree::{Frontier, Hash};

/// The version this program writes and reads; another is refused, and the journal is read in full.
pub(crate) const SNAPSHOT_VERSION: u32 = 1;
/// Beyond this the application should forget more; reading so much is no quicker than reading the journal.
pub const MAX_SNAPSHOT_BYTES: usize = 128 << 20;
/// Checkpoints a snapshot vouches for: those that an anchor may be asked about at the next open.
pub(crate) const VOUCHED: usize = 16;

const MAGIC: &[u8; 8] = b"ACQUITSN";
const KEY_CONTEXT: &[u8] = b"acquit journal 2 snapshot";

/// The place a snapshot was taken at, and what the journal itself knew there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotPlace {
    pub journal: JournalId,
    /// The segment that was being appended to.
    pub segment: u64,
    /// Of the next entry.
    pub sequence: u64,
    /// The chain's value before it.
    pub chain: Hash,
    /// The tree before it.
    pub frontier: Frontier,
    /// Sizes and roots that were verified when everything was read, newest last.
    pub vouched: Vec<(u64, Hash)>,
}

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotFault {
    #[error("it is in version {0}, which this program does not know")]
    Version(u32),
    #[error("its bytes do not verify")]
    Broken,
    #[error("{0}")]
    Key(KeyError),
}

/// The file, encrypted under a key of its own that is wrapped in it.
pub(crate) fn encode(
    place: &SnapshotPlace,
    application: &[u8],
    cipher: Cipher,
    key: &DataKey,
    keys: &dyn KeyWrap,
) -> Result<Vec<u8>, KeyError> {
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&SNAPSHOT_VERSION.to_be_bytes());
    file.push(cipher.number());
    file.extend_from_slice(&place.journal.0);
    file.extend_from_slice(&place.segment.to_be_bytes());
    file.extend_from_slice(&place.sequence.to_be_bytes());
    file.extend_from_slice(&place.chain.0);
    // The frontier is at most 64 hashes, a wrapped key at most MAX_WRAPPED_BYTES: two bytes count both.
    for blob in [place.frontier.encode(), keys.wrap(key, &context(&place.journal))?] {
        file.extend_from_slice(&(blob.len() as u16).to_be_bytes());
        file.extend_from_slice(&blob);
    }
    let vouched = &place.vouched[place.vouched.len().saturating_sub(VOUCHED)..];
    file.push(vouched.len() as u8);
    for (size, root) in vouched {
        file.extend_from_slice(&size.to_be_bytes());
        file.extend_from_slice(&root.0);
    }
    let mut sealed = Zeroizing::new(Vec::with_capacity(application.len() + TAG_BYTES));
    sealed.extend_from_slice(application);
    // The key encrypts this and nothing else.
    cipher.seal(key, [0; NONCE_BYTES], &file, &mut sealed)?;
    file.extend_from_slice(&sealed);
    Ok(file)
}

/// Reads and verifies a file.
pub(crate) fn decode(
    file: &mut [u8],
    keys: &dyn KeyWrap,
) -> Result<(SnapshotPlace, Zeroizing<Vec<u8>>), SnapshotFault> {
    let mut fields = Fields::new(file.strip_prefix(MAGIC).ok_or(SnapshotFault::Broken)?);
    let version = fields.u32();
    if version != SNAPSHOT_VERSION {
        return Err(SnapshotFault::Version(version));
    }
    let (cipher, place, wrapped) = read_clear(&mut fields).ok_or(SnapshotFault::Broken)?;
    let clear_bytes = file.len() - fields.rest().len();
    let key = keys.unwrap(&wrapped, &context(&place.journal)).map_err(SnapshotFault::Key)?;
    let (clear, sealed) = file.split_at_mut(clear_bytes);
    let application = cipher.open(&key, [0; NONCE_BYTES], clear, sealed).map_err(|_| SnapshotFault::Broken)?;
    Ok((place, Zeroizing::new(application.to_vec())))
}

fn read_clear(fields: &mut Fields<'_>) -> Option<(Cipher, SnapshotPlace, Vec<u8>)> {
    let cipher = Cipher::from_number(fields.u8())?;
    let journal = JournalId(fields.array());
    let (segment, sequence, chain) = (fields.u64(), fields.u64(), Hash(fields.array()));
    let mut blob = || {
        let bytes = fields.u16();
        fields.take(usize::from(bytes)).to_vec()
    };
    let (frontier, wrapped) = (Frontier::decode(&blob())?, blob());
    let count = usize::from(fields.u8());
    if count > VOUCHED || wrapped.len() > MAX_WRAPPED_BYTES {
        return None;
    }
    let vouched = (0..count).map(|_| (fields.u64(), Hash(fields.array()))).collect();
    let place = SnapshotPlace { journal, segment, sequence, chain, frontier, vouched };
    (!fields.ended_early()).then_some((cipher, place, wrapped))
}

fn context(journal: &JournalId) -> Vec<u8> {
    [KEY_CONTEXT, &journal.0].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::{CountingEntropy, FixedKey};

    fn file(application: &[u8]) -> (SnapshotPlace, Vec<u8>) {
        let mut frontier = Frontier::default();
        (0..7).for_each(|leaf| frontier.push(Hash([leaf; 32])));
        let vouched = (0..3).map(|size| (size, Hash([9; 32]))).collect();
        let (journal, chain) = (JournalId([1; 16]), Hash([2; 32]));
        let place = SnapshotPlace { journal, segment: 3, sequence: 8, chain, frontier, vouched };
        let key = DataKey::random(&CountingEntropy::default()).unwrap();
        let file = encode(&place, application, Cipher::ChaCha20Poly1305, &key, &FixedKey::new(9)).unwrap();
        (place, file)
    }

    #[test]
    fn a_snapshot_reads_back_and_every_flip_is_noticed() {
        let (place, file) = file(b"what the application knew");
        let (read, application) = decode(&mut file.clone(), &FixedKey::new(9)).unwrap();
        assert_eq!((read, application.as_slice()), (place, b"what the application knew".as_slice()));
        for at in 0..file.len() {
            let mut flipped = file.clone();
            flipped[at] ^= 0x04;
            assert!(decode(&mut flipped, &FixedKey::new(9)).is_err(), "byte {at}");
            assert!(decode(&mut file[..at].to_vec(), &FixedKey::new(9)).is_err(), "cut at {at}");
        }
        assert!(matches!(decode(&mut file.clone(), &FixedKey::new(8)), Err(SnapshotFault::Key(_))));
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let (_, mut file) = file(b"");
        file[11] = 2;
        assert!(matches!(decode(&mut file, &FixedKey::new(9)), Err(SnapshotFault::Version(2))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_snapshot_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(decode(&mut bytes, &FixedKey::new(9)).is_err());
            let mut tagged = [MAGIC.as_slice(), &SNAPSHOT_VERSION.to_be_bytes(), &[1], &bytes].concat();
            prop_assert!(decode(&mut tagged, &FixedKey::new(9)).is_err());
        }
    }
}
