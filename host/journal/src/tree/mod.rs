//! The Merkle tree of RFC 6962 over a journal's entries.
//!
//! Each entry is one leaf, in order, so the root of the first n leaves stands for those n entries and no others.
//! [`Frontier`] keeps just enough to go on: one hash for each set bit of the size, whatever the age of the journal. The
//! proofs are in `proof`; they need the leaf hashes, and are made when somebody asks for evidence.

mod proof;

use std::fmt;

use ring::digest;

pub use proof::{MAX_PROOF_HASHES, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};

/// Length of a hash of the tree: SHA-256.
pub const HASH_BYTES: usize = 32;

/// What stands before leaf data when it is hashed, so that no leaf can pass for an inner node (RFC 6962 2.1).
const LEAF_PREFIX: u8 = 0;

/// What stands before two child hashes when they are hashed together (RFC 6962 2.1).
const NODE_PREFIX: u8 = 1;

/// A SHA-256 hash; `Display` is lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// The hash of a leaf: SHA-256(0x00 || leaf data), RFC 6962 2.1.
pub fn leaf_hash(leaf_data: &[u8]) -> Hash {
    sha256(&[&[LEAF_PREFIX], leaf_data])
}

/// The hash of an inner node: SHA-256(0x01 || left || right), RFC 6962 2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[NODE_PREFIX], &left.0, &right.0])
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(context.finish().as_ref());
    Hash(hash)
}

/// What is needed to add leaves to a tree and to know its root: its size, and the roots of its perfect subtrees.
///
/// There is one such root for each set bit of the size, the largest subtree first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// Adds one leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // A leaf completes as many perfect subtrees as the size has ones at its low end.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.roots.push(hash);
        // 2^64 leaves cannot be written; were it so, the size would stand still and no checkpoint would hold.
        self.size = self.size.saturating_add(1);
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of all leaves so far; of none, the SHA-256 of nothing (RFC 6962 2.1).
    pub fn root(&self) -> Hash {
        self.roots.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(|| sha256(&[]))
    }

    /// The size as a big-endian u64, then one hash for each set bit of it, the largest subtree first.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.roots.iter().flat_map(|root| root.0));
        bytes
    }

    /// Reads what [`Frontier::encode`] wrote; `None` where the length is not exactly right.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (size, hashes) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let (roots, rest) = hashes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() || roots.len() != size.count_ones() as usize {
            return None;
        }
        Some(Self { size, roots: roots.iter().copied().map(Hash).collect() })
    }
}

#[cfg(test)]
mod tests;
