//! What is searched for.

use engine::contract::card::{Entry, Presented};

use super::symbols::View;

/// Longest track 1 and track 2, where the card's own lengths are not known.
const MAX_TRACK_ONE_CHARACTERS: usize = 76;
const MAX_TRACK_TWO_CHARACTERS: usize = 37;
/// Digits of a card number of which nothing is known.
const UNKNOWN_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// The windows to be zeroed.
pub(super) struct Target {
    pub(super) needles: Vec<Needle>,
    /// Also every window of 13 to 19 digits that passes Luhn.
    pub(super) by_luhn: bool,
}

/// One card, as far as the plugin knows it.
pub(super) struct Needle {
    pub(super) bin: Vec<u8>,
    pub(super) last: Vec<u8>,
    pub(super) length: usize,
    pub(super) follow: Follow,
}

/// Most symbols behind a separator that belong to the track.
#[derive(Clone, Copy)]
pub(super) struct Follow {
    pub(super) behind_equals: usize,
    pub(super) behind_caret: usize,
}

impl Target {
    /// These cards and codes. One whose description makes no window is looked for by Luhn instead.
    pub(super) fn cards(cards: &[&Presented]) -> Self {
        let needles: Vec<_> = cards.iter().filter_map(|card| Needle::of(card)).collect();
        let by_luhn = needles.len() < cards.len();
        Self { needles, by_luhn }
    }

    /// Any card.
    pub(super) fn luhn() -> Self {
        Self { needles: Vec::new(), by_luhn: true }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.needles.is_empty() && !self.by_luhn
    }

    /// Digits in the longest window; a change of one symbol concerns windows that begin this far before it.
    pub(super) fn longest(&self) -> usize {
        let unknown = if self.by_luhn { *UNKNOWN_DIGITS.end() } else { 0 };
        self.needles.iter().map(|needle| needle.length).fold(unknown, usize::max)
    }

    /// Digits in the shortest window.
    pub(super) fn shortest(&self) -> usize {
        let unknown = if self.by_luhn { *UNKNOWN_DIGITS.start() } else { usize::MAX };
        self.needles.iter().map(|needle| needle.length).fold(unknown, usize::min)
    }

    /// Whether a search of these bytes in one encoding finds anything. The first window it finds is one of digits as they
    /// stand, nothing hidden or zeroed yet: where there is none, there is nothing.
    pub(super) fn is_in(&self, view: View, bytes: &[u8], run: &mut Vec<u8>) -> bool {
        let holds = |digits: &[u8]| self.needles.iter().any(|needle| needle.is_in(digits));
        self.by_luhn || (view.longest_run_at_most(bytes) >= self.shortest() && view.has_run(bytes, run, holds))
    }

    pub(super) fn luhn_lengths() -> std::ops::RangeInclusive<usize> {
        UNKNOWN_DIGITS
    }
}

impl Follow {
    /// Behind a card number of which nothing else is known.
    pub(super) const UNKNOWN: Self = Self {
        behind_equals: MAX_TRACK_TWO_CHARACTERS - *UNKNOWN_DIGITS.start(),
        behind_caret: MAX_TRACK_ONE_CHARACTERS - *UNKNOWN_DIGITS.start(),
    };
}

impl Needle {
    fn of(card: &Presented) -> Option<Self> {
        let bin = digits(&card.bin)?;
        // Of a scanned code nothing is known but its beginning and its length.
        let is_code = card.entry == Entry::CodeScan && card.last_four.is_empty();
        let last = if is_code { Vec::new() } else { digits(&card.last_four)? };
        let length = usize::from(card.pan_length);
        if length < bin.len() + last.len() {
            return None;
        }
        let rest = |known: u8, longest: usize| {
            let track = if known == 0 { longest } else { usize::from(known) };
            track.saturating_sub(length)
        };
        let behind_equals = rest(card.track_two_length.max(card.track_three_length), MAX_TRACK_TWO_CHARACTERS);
        let behind_caret = rest(card.track_one_length, MAX_TRACK_ONE_CHARACTERS);
        Some(Self { bin, last, length, follow: Follow { behind_equals, behind_caret } })
    }

    fn is_in(&self, digits: &[u8]) -> bool {
        let is_it = |window: &[u8]| window.starts_with(&self.bin) && window.ends_with(&self.last);
        self.length > 0 && digits.windows(self.length).any(is_it)
    }
}

fn digits(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.bytes().map(|byte| byte.is_ascii_digit().then(|| byte - b'0')).collect();
    digits.filter(|digits| !digits.is_empty())
}
