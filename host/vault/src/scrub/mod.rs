//! Scrubbing, not yet discerning: every byte of a reply counts as card data, so a plugin sees zeros only.

use std::ops::Range;

use engine::contract::card::Presented;

/// Which bytes were card data.
pub struct Mask(Vec<bool>);

/// Bytes a plugin may see.
pub struct Scrubbed {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Which of them were card data.
    pub mask: Mask,
}

impl Mask {
    /// Some byte in the range was card data, or is not there.
    pub fn touches(&self, range: &Range<usize>) -> bool {
        self.0.get(range.clone()).is_none_or(|bytes| bytes.contains(&true))
    }
}

/// Replaces everything by zeros.
pub fn scrub(bytes: &[u8], _cards: &[&Presented]) -> Scrubbed {
    Scrubbed { bytes: vec![0; bytes.len()], mask: Mask(vec![true; bytes.len()]) }
}

/// Leaves out every header.
pub fn scrub_headers(_headers: &[(String, String)], _cards: &[&Presented]) -> Vec<(String, String)> {
    Vec::new()
}
