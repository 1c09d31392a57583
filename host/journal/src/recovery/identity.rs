//! Who a journal is: its name, and the key that signs its checkpoints, as its headers say.

use ring::signature::{Ed25519KeyPair, KeyPair};

use super::image::segment_name;
use crate::error::JournalError;
use crate::format::FIRST_GROUP;
use crate::format::header::{HeaderPair, KeyPurpose, SegmentHeader};
use crate::keys::{DataKey, Entropy, KeyError, KeyWrap};
use crate::seal::JournalId;
use crate::storage::Storage;

/// The name and keys that every header of a journal repeats.
#[derive(Debug)]
pub(crate) struct Identity {
    pub journal: JournalId,
    pub verifying_key: [u8; 32],
    /// The seed of the signing key; `None` when the journal is read without keys.
    pub signer: Option<DataKey>,
}

impl Identity {
    /// That of a new journal, or of one that had only version 1.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let mut journal = JournalId::default();
        entropy.fill(&mut journal.0)?;
        let signer = DataKey::random(entropy)?;
        let verifying_key = verifying_key(&signer)?;
        Ok(Self { journal, verifying_key, signer: Some(signer) })
    }

    /// That of a journal that has none yet.
    pub fn unknown() -> Self {
        Self { journal: JournalId::default(), verifying_key: [0; 32], signer: None }
    }

    /// That of the newest segment whose header can be read; `None` when there is none of version 2.
    ///
    /// # Errors
    /// With keys: when they open no segment at all, which is the operator's to put right and not damage.
    pub fn find(
        storage: &dyn Storage,
        numbers: &[u64],
        keys: Option<&dyn KeyWrap>,
    ) -> Result<Option<Self>, JournalError> {
        let mut refused = None;
        for &number in numbers.iter().rev() {
            let Some(header) = read_header(storage, number) else { continue };
            let SegmentHeader { journal, verifying_key, .. } = header;
            let Some(keys) = keys else { return Ok(Some(Self { journal, verifying_key, signer: None })) };
            match unwrap_signer(&header, keys) {
                Ok(signer) => return Ok(Some(Self { journal, verifying_key, signer: Some(signer) })),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        refused.map_or(Ok(None), |error| Err(JournalError::Key(error)))
    }
}

/// Unwraps the signing seed of a header, which proves that the header was written by whoever holds the keys.
pub(crate) fn unwrap_signer(header: &SegmentHeader, keys: &dyn KeyWrap) -> Result<DataKey, KeyError> {
    let signer = keys.unwrap(&header.wrapped.signer, &header.key_context(KeyPurpose::Signer))?;
    if verifying_key(&signer)? == header.verifying_key { Ok(signer) } else { Err(KeyError::NotAuthentic) }
}

fn verifying_key(signer: &DataKey) -> Result<[u8; 32], KeyError> {
    // ring refuses nothing but another length than 32.
    let pair = Ed25519KeyPair::from_seed_unchecked(signer.bytes()).map_err(|_| KeyError::NotAuthentic)?;
    pair.public_key().as_ref().try_into().map_err(|_| KeyError::NotAuthentic)
}

/// The header of a segment; `None` when it cannot be read or is of version 1.
pub(crate) fn read_header(storage: &dyn Storage, number: u64) -> Option<SegmentHeader> {
    read_headers(storage, number).map(|pair| pair.header)
}

/// Both copies of it, on the same terms.
pub(crate) fn read_headers(storage: &dyn Storage, number: u64) -> Option<HeaderPair> {
    let file = storage.open(&segment_name(number), true).ok()?;
    let mut bytes = vec![0; FIRST_GROUP];
    file.read_at(0, &mut bytes).ok()?;
    HeaderPair::decode(&bytes).ok()
}
