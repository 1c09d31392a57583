//! Scrubbing: card numbers leave the bytes before a plugin sees them.
//!
//! The rule depends only on what the plugin already knows. Every window of the card number's length that begins with
//! the BIN and ends with the last four digits becomes zeros, whatever its middle, and so does what follows it behind a
//! track separator. Two card numbers that differ only in the middle give the plugin identical bytes: replacing the true
//! number alone would be an oracle, since with BIN and last four known a hundred thousand candidates remain.
//!
//! Looked at: ASCII, with spaces or dashes and with JSON and percent escapes; EBCDIC; BCD at both nibble alignments; and
//! these inside hex of either case and base64 at every alignment.
//!
//! Protects against: a card number that an acquirer sends back in any of these forms.
//! Does not protect against: an acquirer that encrypts, compresses or twice encodes it on purpose; such an acquirer
//! knows the number and could tell it by other ways. Bytes that read as digits in two encodings at once (the BCD byte
//! 0x31 is also the character `1`) are searched one encoding after the other; where windows of two encodings overlap,
//! the bytes beside a card number may depend on it. No field of a known protocol puts them there.

mod carriers;
mod search;
mod symbols;
mod target;
#[cfg(test)]
mod tests;

use std::ops::Range;

use engine::contract::card::Presented;

use self::search::zero_windows;
use self::symbols::View;
use self::target::Target;

/// Rounds until nothing changes. Zeros can complete a window in another encoding, but hardly twice; bytes made to need
/// more rounds are withheld whole.
const MAX_ROUNDS: usize = 6;

/// Which bytes of a reply were card data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Vec<bool>);

impl Mask {
    /// Some byte in the range was card data, or is not there.
    pub fn touches(&self, range: &Range<usize>) -> bool {
        self.0.get(range.clone()).is_none_or(|bytes| bytes.contains(&true))
    }

    /// No byte was card data.
    pub fn is_clear(&self) -> bool {
        !self.0.contains(&true)
    }
}

/// Bytes a plugin may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrubbed {
    /// As long as the original; digits of card data are zeros of the same encoding.
    pub bytes: Vec<u8>,
    /// Where card data was.
    pub mask: Mask,
}

/// Scrubs a body for every card of the operation: presented, original, items.
pub fn scrub(bytes: &[u8], cards: &[&Presented]) -> Scrubbed {
    let target = Target::cards(cards);
    let mut scrubbed = Buffer::new(bytes);
    if target.is_empty() {
        return scrubbed.finish();
    }
    for _ in 0..MAX_ROUNDS {
        if !scrubbed.round(&target) {
            return scrubbed.finish();
        }
    }
    Scrubbed { bytes: vec![0; bytes.len()], mask: Mask(vec![true; bytes.len()]) }
}

/// Scrubs header names and values alike.
pub fn scrub_headers(headers: &[(String, String)], cards: &[&Presented]) -> Vec<(String, String)> {
    let text = |text: &String| String::from_utf8_lossy(&scrub(text.as_bytes(), cards).bytes).into_owned();
    headers.iter().map(|(name, value)| (text(name), text(value))).collect()
}

/// Masks bytes of which no card is known: every window of 13 to 19 digits that passes the Luhn check, in the same
/// encodings. One window in ten passes by chance, so long runs of digits mostly become zeros. Digits, spaces and equals
/// signs in ASCII are not read as BCD as well: one card number in millions, in BCD, is made of such bytes alone.
pub fn mask_by_luhn(bytes: &[u8]) -> Scrubbed {
    let mut masked = Buffer::new(bytes);
    masked.round(&Target::luhn());
    masked.finish()
}

/// Bytes being scrubbed.
struct Buffer {
    bytes: Vec<u8>,
    mask: Vec<bool>,
    /// Room for the digits that are looked at.
    run: Vec<u8>,
}

impl Buffer {
    fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), mask: vec![false; bytes.len()], run: Vec::new() }
    }

    fn finish(self) -> Scrubbed {
        Scrubbed { bytes: self.bytes, mask: Mask(self.mask) }
    }

    /// Looks through every encoding once, text before BCD: what reads as both is more often text. True if a byte
    /// changed.
    fn round(&mut self, target: &Target) -> bool {
        let text = self.views(&[View::Escaped, View::Ascii, View::Ebcdic], target);
        let hex = carriers::hex(self, target);
        let base64 = carriers::base64(self, target);
        let bcd = self.views(&[View::Bcd], target);
        text || hex || base64 || bcd
    }

    /// Looks at the bytes as they are; true if one changed.
    fn plain(&mut self, target: &Target) -> bool {
        self.views(&View::ALL, target)
    }

    fn views(&mut self, views: &[View], target: &Target) -> bool {
        let mut changed = false;
        for view in views {
            changed |= zero_windows(*view, self, target);
        }
        changed
    }
}
