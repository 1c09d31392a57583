//! Proofs over the tree: RFC 9162 section 2.1, whose hashes are those of RFC 6962.

use super::{Hash, node_hash, sha256};

/// The most hashes a proof can hold: a tree of fewer than 2^64 leaves has 64 levels, and a consistency proof names one
/// hash more than that.
pub const MAX_PROOF_HASHES: usize = 65;

/// The proof that the leaf at `index` is in the tree of `leaves` (leaf hashes): its siblings, from the leaf upwards.
///
/// `None` where there is no such leaf.
pub fn prove_inclusion(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let mut at = usize::try_from(index).ok().filter(|at| *at < leaves.len())?;
    let mut within = leaves;
    let mut path = Vec::new();
    while within.len() > 1 {
        let (left, right) = within.split_at(split(within.len()));
        if at < left.len() {
            path.push(root_of(right));
            within = left;
        } else {
            path.push(root_of(left));
            at -= left.len();
            within = right;
        }
    }
    path.reverse();
    Some(path)
}

/// Whether `path` proves that `leaf` stands at `index` in the tree of `size` leaves with this root (RFC 9162 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            skip_missing_siblings(&mut node, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// The proof that the tree of the first `first` leaves is a prefix of the tree of all `leaves` (leaf hashes).
///
/// Empty where the two are the same tree, or where the first is empty: the empty tree is a prefix of every other.
/// `None` where there are not so many leaves.
pub fn prove_consistency(leaves: &[Hash], first: u64) -> Option<Vec<Hash>> {
    let mut kept = usize::try_from(first).ok().filter(|kept| *kept <= leaves.len())?;
    if kept == 0 || kept == leaves.len() {
        return Some(Vec::new());
    }
    let mut within = leaves;
    let mut path = Vec::new();
    // As long as only left branches were taken, the verifier knows the old root and need not be told.
    let mut known = true;
    while kept < within.len() {
        let (left, right) = within.split_at(split(within.len()));
        if kept <= left.len() {
            path.push(root_of(right));
            within = left;
        } else {
            path.push(root_of(left));
            kept -= left.len();
            within = right;
            known = false;
        }
    }
    if !known {
        path.push(root_of(within));
    }
    path.reverse();
    Some(path)
}

/// Whether `path` proves that the tree of `first` leaves with `first_root` is a prefix of the tree of `second` leaves
/// with `second_root` (RFC 9162 2.1.4.2).
///
/// RFC 9162 leaves out the empty tree. Here it is consistent with every tree, by an empty proof, if its root is the
/// hash of nothing.
pub fn verify_consistency(first: u64, first_root: &Hash, second: u64, second_root: &Hash, path: &[Hash]) -> bool {
    if first > second {
        return false;
    }
    if first == second {
        return path.is_empty() && first_root == second_root;
    }
    if first == 0 {
        return path.is_empty() && *first_root == sha256(&[]);
    }
    let (mut node, mut last) = (first - 1, second - 1);
    let levels = node.trailing_ones();
    (node, last) = (node.checked_shr(levels).unwrap_or(0), last.checked_shr(levels).unwrap_or(0));
    // A first tree that is one perfect subtree is where the proof begins, so it is not repeated in it.
    let (start, rest) = match path.split_first() {
        _ if first.is_power_of_two() => (first_root, path),
        Some(split) => split,
        None => return false,
    };
    let (mut old, mut new) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            skip_missing_siblings(&mut node, &mut last);
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old == *first_root && new == *second_root
}

/// Climbs past the levels where a node at the right edge has no sibling and is handed up as it is.
fn skip_missing_siblings(node: &mut u64, last: &mut u64) {
    while *node & 1 == 0 && *node != 0 {
        *node >>= 1;
        *last >>= 1;
    }
}

/// Where RFC 6962 splits a tree: the largest power of two smaller than `size`, which is at least 2.
fn split(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

/// The root of a tree of these leaf hashes.
fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root_of(left), &root_of(right))
        }
    }
}
