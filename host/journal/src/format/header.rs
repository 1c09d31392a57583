//! The header of a segment: written twice, so that a key can be destroyed in it without a moment at which a cut would
//! lose the segment.

use super::{BLOCK_BYTES, Fields, MAGIC, VERSION, check_segment_bytes, is_zero};
use crate::keys::{Cipher, MAX_WRAPPED_BYTES};
use crate::seal::JournalId;
use crate::tree::{Frontier, Hash};

/// The checksum covers everything after it.
const CHECKSUM_AT: usize = 8;
const CHECKED_FROM: usize = 12;
const CONTEXT_LABEL: &[u8] = b"acquit journal 2 key\0";

/// What a wrapped key of a segment is for; part of what it is wrapped with, so that one cannot stand in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPurpose {
    Signer,
    Records,
    Cards,
}

/// Where a segment is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// As it was appended to.
    Written,
    /// Written anew by compaction; nothing is ever appended to it.
    Compacted,
}

/// What a header says that never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// As in the file name, from 1.
    pub segment: u64,
    /// Sequence of the first entry this segment will hold: it says how much of the segments before was promised.
    pub first_sequence: u64,
    /// Length of the file.
    pub segment_bytes: u64,
    /// Counts the changes of this header; the copy with the higher one counts.
    pub generation: u64,
    pub cipher: Cipher,
    pub state: State,
    pub journal: JournalId,
    /// The chain's value before the first entry.
    pub chain: Hash,
    /// Ed25519 key that checks this journal's checkpoints.
    pub verifying_key: [u8; 32],
    /// The seed of the signing key, and the data keys; empty means destroyed.
    pub wrapped: WrappedKeys,
    /// The tree before the first entry.
    pub frontier: Frontier,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrappedKeys {
    pub signer: Vec<u8>,
    pub records: Vec<u8>,
    pub cards: Vec<u8>,
}

/// Why a header block cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Broken,
    Version(u32),
}

/// Both copies, and which of them counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderPair {
    pub header: SegmentHeader,
    /// Whether the copies differ, which a change of the header that was cut short leaves behind: the other copy must be
    /// written again.
    pub stale_copy: Option<usize>,
}

impl SegmentHeader {
    /// The header block as it stands in both places.
    pub fn encode(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(BLOCK_BYTES);
        fields.extend_from_slice(&VERSION.to_be_bytes());
        fields.extend_from_slice(&self.segment.to_be_bytes());
        fields.extend_from_slice(&self.first_sequence.to_be_bytes());
        fields.extend_from_slice(&self.segment_bytes.to_be_bytes());
        fields.extend_from_slice(&self.generation.to_be_bytes());
        fields.extend_from_slice(&[self.cipher as u8, self.state.code()]);
        fields.extend_from_slice(&self.journal.0);
        fields.extend_from_slice(&self.chain.0);
        fields.extend_from_slice(&self.verifying_key);
        let frontier = self.frontier.encode();
        // Each is far below what two bytes can count: keys by MAX_WRAPPED_BYTES, the frontier by 64 hashes.
        for blob in [&self.wrapped.signer, &self.wrapped.records, &self.wrapped.cards, &frontier] {
            fields.extend_from_slice(&(blob.len() as u16).to_be_bytes());
            fields.extend_from_slice(blob);
        }
        fields.resize(BLOCK_BYTES - CHECKED_FROM, 0);
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        block.extend_from_slice(MAGIC);
        block.extend_from_slice(&crc32c::crc32c(&fields).to_be_bytes());
        block.extend_from_slice(&fields);
        block
    }

    /// Reads one copy.
    pub fn decode(block: &[u8]) -> Result<Self, HeaderFault> {
        let mut fields = Fields::new(block.get(CHECKSUM_AT..BLOCK_BYTES).ok_or(HeaderFault::Broken)?);
        if !block.starts_with(MAGIC) || fields.u32() != crc32c::crc32c(fields.rest()) {
            return Err(HeaderFault::Broken);
        }
        let version = fields.u32();
        if version != VERSION {
            return Err(HeaderFault::Version(version));
        }
        Self::read_fields(fields).ok_or(HeaderFault::Broken)
    }

    /// What a key of this segment is wrapped together with: everything the header says for ever, and the key's purpose.
    /// The signer is wrapped together with the names of the keys that were destroyed as well, so that nobody without
    /// the key-encryption key can take one away and call it destroyed.
    pub fn key_context(&self, purpose: KeyPurpose) -> Vec<u8> {
        let mut context = CONTEXT_LABEL.to_vec();
        context.extend_from_slice(MAGIC);
        context.extend_from_slice(&VERSION.to_be_bytes());
        context.extend_from_slice(&self.segment.to_be_bytes());
        context.extend_from_slice(&self.first_sequence.to_be_bytes());
        context.extend_from_slice(&self.segment_bytes.to_be_bytes());
        context.push(self.cipher as u8);
        context.extend_from_slice(&self.journal.0);
        context.extend_from_slice(&self.chain.0);
        context.extend_from_slice(&self.verifying_key);
        context.extend_from_slice(match purpose {
            KeyPurpose::Signer => b"signer",
            KeyPurpose::Records => b"records",
            KeyPurpose::Cards => b"cards",
        });
        if purpose == KeyPurpose::Signer {
            for (key, without) in [(&self.wrapped.records, " without records"), (&self.wrapped.cards, " without cards")]
            {
                if key.is_empty() {
                    context.extend_from_slice(without.as_bytes());
                }
            }
        }
        context
    }

    /// Whether a key of it was destroyed.
    pub fn is_shredded(&self) -> bool {
        self.wrapped.records.is_empty() || self.wrapped.cards.is_empty()
    }

    fn read_fields(mut fields: Fields<'_>) -> Option<Self> {
        let (segment, first_sequence, segment_bytes) = (fields.u64(), fields.u64(), fields.u64());
        let generation = fields.u64();
        let cipher = Cipher::from_number(fields.u8())?;
        let state = State::from_code(fields.u8())?;
        let journal = JournalId(fields.array());
        let chain = Hash(fields.array());
        let verifying_key = fields.array();
        let mut blob = || {
            let bytes = fields.u16();
            fields.take(usize::from(bytes)).to_vec()
        };
        let wrapped = WrappedKeys { signer: blob(), records: blob(), cards: blob() };
        let frontier = Frontier::decode(&blob())?;
        let within = [&wrapped.signer, &wrapped.records, &wrapped.cards].iter().all(|b| b.len() <= MAX_WRAPPED_BYTES);
        let plausible = within && check_segment_bytes(segment_bytes).is_ok() && segment > 0 && first_sequence > 0;
        let header = Self {
            segment,
            first_sequence,
            segment_bytes,
            generation,
            cipher,
            state,
            journal,
            chain,
            verifying_key,
            wrapped,
            frontier,
        };
        (plausible && !fields.ended_early() && is_zero(fields.rest())).then_some(header)
    }
}

impl HeaderPair {
    /// Reads both copies from the beginning of a segment. An unknown version in either is refused: a program that knew
    /// it may have changed what the other says.
    pub fn decode(segment: &[u8]) -> Result<Self, HeaderFault> {
        let copy = |index: usize| {
            let block = segment.get(index * BLOCK_BYTES..).unwrap_or_default();
            SegmentHeader::decode(block)
        };
        match (copy(0), copy(1)) {
            (Err(HeaderFault::Version(version)), _) | (_, Err(HeaderFault::Version(version))) => {
                Err(HeaderFault::Version(version))
            }
            (Ok(first), Ok(second)) => {
                let changed = SegmentHeader { generation: first.generation, ..second.clone() };
                let same_segment = changed.without_keys() == first.without_keys();
                match first.generation.cmp(&second.generation) {
                    _ if !same_segment => Err(HeaderFault::Broken),
                    std::cmp::Ordering::Equal if first == second => Ok(Self { header: first, stale_copy: None }),
                    std::cmp::Ordering::Equal => Err(HeaderFault::Broken),
                    std::cmp::Ordering::Greater => Ok(Self { header: first, stale_copy: Some(1) }),
                    std::cmp::Ordering::Less => Ok(Self { header: second, stale_copy: Some(0) }),
                }
            }
            (Ok(header), Err(_)) => Ok(Self { header, stale_copy: Some(1) }),
            (Err(_), Ok(header)) => Ok(Self { header, stale_copy: Some(0) }),
            (Err(_), Err(_)) => Err(HeaderFault::Broken),
        }
    }
}

impl SegmentHeader {
    fn without_keys(&self) -> Self {
        Self { wrapped: WrappedKeys::default(), ..self.clone() }
    }
}

impl State {
    fn code(self) -> u8 {
        match self {
            Self::Written => 0,
            Self::Compacted => 1,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Written),
            1 => Some(Self::Compacted),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{FIRST_GROUP, SEGMENT_BYTES};

    fn header() -> SegmentHeader {
        let mut frontier = Frontier::default();
        (0..41).for_each(|leaf| frontier.push(Hash([leaf; 32])));
        SegmentHeader {
            segment: 7,
            first_sequence: 42,
            segment_bytes: SEGMENT_BYTES,
            generation: 1,
            cipher: Cipher::ChaCha20Poly1305,
            state: State::Written,
            journal: JournalId([3; 16]),
            chain: Hash([4; 32]),
            verifying_key: [5; 32],
            wrapped: WrappedKeys { signer: vec![1; 60], records: vec![2; 60], cards: vec![3; MAX_WRAPPED_BYTES] },
            frontier,
        }
    }

    fn pair(first: &SegmentHeader, second: &SegmentHeader) -> Vec<u8> {
        let segment = [first.encode(), second.encode()].concat();
        assert_eq!(segment.len(), FIRST_GROUP);
        segment
    }

    #[test]
    fn a_header_reads_back_and_every_flip_is_noticed() {
        let block = header().encode();
        assert_eq!(SegmentHeader::decode(&block), Ok(header()));
        for place in 0..block.len() {
            let mut flipped = block.clone();
            flipped[place] ^= 0x10;
            assert_eq!(SegmentHeader::decode(&flipped), Err(HeaderFault::Broken), "byte {place}");
        }
    }

    #[test]
    fn either_copy_is_enough_and_the_newer_one_counts() {
        let (old, new) = (header(), SegmentHeader { generation: 2, wrapped: WrappedKeys::default(), ..header() });
        let decoded = |segment: &[u8]| HeaderPair::decode(segment).map(|pair| (pair.header, pair.stale_copy));
        assert_eq!(decoded(&pair(&old, &old)), Ok((old.clone(), None)));
        assert_eq!(decoded(&pair(&new, &old)), Ok((new.clone(), Some(1))));
        assert_eq!(decoded(&pair(&old, &new)), Ok((new.clone(), Some(0))));
        let mut torn = pair(&new, &old);
        torn[1000..4096].fill(0);
        torn[20] ^= 1;
        assert_eq!(decoded(&torn), Ok((old.clone(), Some(0))));
        torn[5000] ^= 1;
        assert_eq!(decoded(&torn), Err(HeaderFault::Broken));
    }

    #[test]
    fn copies_that_contradict_each_other_are_broken() {
        let other = SegmentHeader { wrapped: WrappedKeys::default(), ..header() };
        assert_eq!(HeaderPair::decode(&pair(&header(), &other)), Err(HeaderFault::Broken));
        let foreign = SegmentHeader { generation: 2, journal: JournalId([9; 16]), ..header() };
        assert_eq!(HeaderPair::decode(&pair(&header(), &foreign)), Err(HeaderFault::Broken));
    }

    #[test]
    fn the_longest_header_fits_its_block() {
        let keys = vec![1; MAX_WRAPPED_BYTES];
        let wrapped = WrappedKeys { signer: keys.clone(), records: keys.clone(), cards: keys };
        let mut encoded = u64::MAX.to_be_bytes().to_vec();
        encoded.extend_from_slice(&[7; 64 * 32]);
        let longest = SegmentHeader { wrapped, frontier: Frontier::decode(&encoded).unwrap(), ..header() };
        assert_eq!(SegmentHeader::decode(&longest.encode()), Ok(longest));
    }
}
