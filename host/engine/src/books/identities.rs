//! Names that are known to have been used, eight bytes each: enough to say "never" for certain and "perhaps" otherwise.

use serde::{Deserialize, Serialize};

use crate::identity::TransactionId;

/// A set of hashes, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identities(Vec<u64>);

impl Identities {
    /// Whether this name may have been added; `false` is certain.
    pub fn may_hold(&self, id: &TransactionId) -> bool {
        self.0.binary_search(&hash(id)).is_ok()
    }

    /// Adds many at once: one pass over what is there.
    pub fn add<'a>(&mut self, ids: impl Iterator<Item = &'a TransactionId>) {
        let before = self.0.len();
        self.0.extend(ids.map(hash));
        if self.0.len() > before {
            self.0.sort();
            self.0.dedup();
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// FNV-1a with its bits mixed once more: stable for ever, since snapshots hold it. Somebody who makes two names collide
/// makes the terminal look one of them up in the log, and no more.
fn hash(id: &TransactionId) -> u64 {
    let fnv = id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> TransactionId {
        TransactionId::parse(text).unwrap()
    }

    #[test]
    fn what_was_added_is_perhaps_there_and_all_else_is_not() {
        let mut identities = Identities::default();
        let names: Vec<_> = (0..5_000).map(|number| id(&format!("A{number}"))).collect();
        for batch in names.chunks(700) {
            identities.add(batch.iter());
            identities.add(batch.iter());
        }
        assert_eq!(identities.len(), names.len());
        assert!(names.iter().all(|name| identities.may_hold(name)));
        assert!((0..5_000).all(|number| !identities.may_hold(&id(&format!("B{number}")))));
    }

    #[test]
    fn the_hash_is_the_same_for_ever() {
        assert_eq!(hash(&id("A1")), 17_211_239_612_121_963_178);
    }
}
