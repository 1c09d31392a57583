use super::*;
use proptest::prelude::*;

/// The eight leaves of the test data of the Certificate Transparency reference implementation.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// The roots of the first one to eight of [`LEAVES`], of the same origin.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const F: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

/// (index, size, path) of the same test data.
const INCLUSIONS: [(u64, usize, &[&str]); 5] =
    [(0, 1, &[]), (0, 8, &[A, B, C]), (5, 8, &[D, E, ROOTS[3]]), (2, 3, &[ROOTS[1]]), (1, 5, &[ROOTS[0], B, D])];

/// (first, second, path) of the same test data.
const CONSISTENCIES: [(u64, usize, &[&str]); 4] =
    [(1, 1, &[]), (1, 8, &[A, B, C]), (6, 8, &[F, E, ROOTS[3]]), (2, 5, &[B, D])];

fn vector_leaves() -> Vec<Hash> {
    LEAVES.iter().map(|data| leaf_hash(&from_hex(data))).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn texts(path: &[Hash]) -> Vec<String> {
    path.iter().map(Hash::to_string).collect()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

/// All sizes of up to five levels, and those around six: what is proven of them is proven by all of their leaves, which
/// costs the cube of the size.
fn small_sizes() -> impl Iterator<Item = usize> {
    (1..=34).chain(63..=66)
}

/// MTH as RFC 6962 2.1 writes it, without any of the shortcuts of the code under test.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => sha256(&[b""]),
        1 => leaves[0],
        count => {
            let mut split = 1;
            while split * 2 < count {
                split *= 2;
            }
            node_hash(&root_by_definition(&leaves[..split]), &root_by_definition(&leaves[split..]))
        }
    }
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier
}

/// Every proof that differs from this one in a single place: a bit flipped, a hash missing, doubled or swapped.
fn altered(path: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..path.len() {
        let mut flipped = path.to_vec();
        flipped[at].0[at % HASH_BYTES] ^= 1;
        let mut missing = path.to_vec();
        missing.remove(at);
        let mut doubled = path.to_vec();
        doubled.insert(at, path[at]);
        all.extend([flipped, missing, doubled]);
        if at + 1 < path.len() {
            let mut swapped = path.to_vec();
            swapped.swap(at, at + 1);
            all.push(swapped);
        }
    }
    all.push([path, &[sha256(&[])]].concat());
    all
}

#[test]
fn roots_and_proofs_are_those_of_the_reference_implementation() {
    let leaves = vector_leaves();
    assert_eq!(frontier(&[]).root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(frontier(&leaves[..size]).root().to_string(), root);
    }
    for (index, size, path) in INCLUSIONS {
        assert_eq!(texts(&prove_inclusion(&leaves[..size], index).unwrap()), path);
    }
    for (first, size, path) in CONSISTENCIES {
        assert_eq!(texts(&prove_consistency(&leaves[..size], first).unwrap()), path);
    }
}

#[test]
fn every_leaf_of_every_small_tree_is_proven_and_nothing_else_is() {
    let all = leaves(66);
    for size in small_sizes() {
        let leaves = &all[..size];
        let size = size as u64;
        let root = root_by_definition(leaves);
        assert_eq!(frontier(leaves).root(), root);
        for (index, leaf) in (0..).zip(leaves) {
            let path = prove_inclusion(leaves, index).unwrap();
            assert!(verify_inclusion(leaf, index, size, &path, &root));
            assert!(!verify_inclusion(leaf, index + 1, size, &path, &root), "{index} of {size} at another place");
            assert!(!verify_inclusion(&sha256(&[]), index, size, &path, &root));
            assert!(!verify_inclusion(leaf, index, size, &path, &sha256(&[b"other"])));
        }
        assert_eq!(prove_inclusion(leaves, size), None);
    }
}

#[test]
fn every_prefix_of_every_small_tree_is_proven_and_no_other_root_is() {
    let nothing = sha256(&[]);
    assert!(verify_consistency(0, &nothing, 0, &nothing, &[]) && prove_consistency(&[], 0) == Some(Vec::new()));
    let all = leaves(66);
    let roots: Vec<Hash> = (0..=66).map(|size| root_by_definition(&all[..size])).collect();
    let other = sha256(&[b"other"]);
    for second in small_sizes() {
        for first in 0..=second {
            let path = prove_consistency(&all[..second], first as u64).unwrap();
            let holds = |old, new| verify_consistency(first as u64, old, second as u64, new, &path);
            assert!(holds(&roots[first], &roots[second]), "{first} of {second}");
            assert!(!holds(&other, &roots[second]));
            // Of the empty tree nothing follows about a later one.
            assert!(first == 0 || !holds(&roots[first], &other));
        }
        assert_eq!(prove_consistency(&all[..second], second as u64 + 1), None);
    }
}

#[test]
fn every_altered_proof_is_refused() {
    let all = leaves(18);
    for size in 1..=18 {
        let leaves = &all[..size];
        let root = root_by_definition(leaves);
        for (index, leaf) in (0..).zip(leaves) {
            for path in altered(&prove_inclusion(leaves, index).unwrap()) {
                assert!(!verify_inclusion(leaf, index, size as u64, &path, &root), "{index} of {size}");
            }
        }
        for first in 0..=size {
            let old = root_by_definition(&leaves[..first]);
            for path in altered(&prove_consistency(leaves, first as u64).unwrap()) {
                assert!(!verify_consistency(first as u64, &old, size as u64, &root, &path), "{first} of {size}");
            }
        }
    }
}

#[test]
fn a_frontier_comes_back_from_its_bytes_and_goes_on() {
    let all = leaves(70);
    for size in 0..70 {
        let bytes = frontier(&all[..size]).encode();
        let mut back = Frontier::decode(&bytes).unwrap();
        assert_eq!(back, frontier(&all[..size]));
        back.push(all[size]);
        assert_eq!(back.root(), root_by_definition(&all[..=size]));
        assert_eq!(Frontier::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Frontier::decode(&[&bytes[..], &[0]].concat()), None);
        assert_eq!(Frontier::decode(&[&bytes[..], &[0; HASH_BYTES]].concat()), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn trees_of_any_size_prove_their_leaves_and_prefixes(size in 1_u64..400, index: u64, first: u64) {
        let (index, first) = (index % size, first % (size + 1));
        let leaves = leaves(size);
        let root = frontier(&leaves).root();
        let path = prove_inclusion(&leaves, index).unwrap();
        prop_assert!(path.len() <= MAX_PROOF_HASHES);
        prop_assert!(verify_inclusion(&leaves[index as usize], index, size, &path, &root));
        let old = frontier(&leaves[..first as usize]).root();
        let path = prove_consistency(&leaves, first).unwrap();
        prop_assert!(verify_consistency(first, &old, size, &root, &path));
    }
}

proptest! {
    #[test]
    fn any_numbers_and_hashes_give_an_answer(
        first: u64, second: u64, path in proptest::collection::vec(any::<[u8; 32]>(), 0..80), root: [u8; 32],
    ) {
        let path: Vec<Hash> = path.into_iter().map(Hash).collect();
        let root = Hash(root);
        verify_inclusion(&root, first, second, &path, &root);
        prop_assert!(first == second || first == 0 || !verify_consistency(first, &root, second, &root, &path));
    }

    #[test]
    fn any_bytes_are_a_frontier_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(frontier) = Frontier::decode(&bytes) {
            prop_assert_eq!(frontier.encode(), bytes);
        }
    }
}
