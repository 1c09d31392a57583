//! The search: every window in one encoding, to the last that the zeros themselves complete.
//!
//! A digit in the middle of a window counts as any digit for every other window. So the set of windows is the smallest
//! one that holds the true card numbers and is closed under overlapping, and does not depend on the middles: what one
//! middle makes match, another matches as "any digit". A zeroed digit counts as the zero it becomes too, so that no
//! window is left in the result.

use super::Buffer;
use super::symbols::{Kind, Symbol, View};
use super::target::{Follow, Needle, Target};

/// Zeroes every window of the target in one encoding; true if a byte changed.
pub(super) fn zero_windows(view: View, buffer: &mut Buffer, target: &Target) -> bool {
    target.is_in(view, &buffer.bytes, &mut buffer.run) && zero_what_is_found(view, buffer, target)
}

/// The same without looking first whether there is anything.
pub(super) fn zero_what_is_found(view: View, buffer: &mut Buffer, target: &Target) -> bool {
    let symbols = view.symbols(&buffer.bytes);
    let mut search = Search::new(&symbols, target);
    if target.by_luhn {
        let is_text = |byte: u8| matches!(byte, b'0'..=b'9' | b'=' | b' ');
        search.zero_by_luhn(|place| view == View::Bcd && is_text(buffer.bytes[symbols[place].at / 2]));
    }
    search.zero_needles();
    let mut changed = false;
    for (symbol, state) in symbols.iter().zip(&search.states).filter(|(_, state)| state.zeroed) {
        let place = view.bytes_of(*symbol);
        if let Some(mask) = buffer.mask.get_mut(place) {
            mask.fill(true);
        }
        if state.is_written && symbol.kind != Kind::Digit(0) {
            view.write_zero(&mut buffer.bytes, *symbol);
            changed = true;
        }
    }
    changed
}

/// What is known of one symbol.
#[derive(Clone, Copy, Default)]
struct State {
    /// It is card data.
    zeroed: bool,
    /// It is overwritten, too; separators stay, so that the plugin finds its way.
    is_written: bool,
    /// In the middle of a window: any digit.
    hidden: bool,
    /// Its window waits to be looked at.
    waiting: bool,
}

struct Search<'a> {
    symbols: &'a [Symbol],
    target: &'a Target,
    states: Vec<State>,
    /// For each symbol, digits from here to the end of its run.
    digits_left: Vec<usize>,
    waiting: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(symbols: &'a [Symbol], target: &'a Target) -> Self {
        let mut digits_left = vec![0; symbols.len()];
        let mut left = 0;
        for (count, symbol) in digits_left.iter_mut().zip(symbols).rev() {
            left = if matches!(symbol.kind, Kind::Digit(_)) { left + 1 } else { 0 };
            *count = left;
        }
        Self { symbols, target, states: vec![State::default(); symbols.len()], digits_left, waiting: Vec::new() }
    }

    fn zero_needles(&mut self) {
        for start in 0..self.symbols.len() {
            self.look_at(start);
            while let Some(start) = self.waiting.pop() {
                self.states[start].waiting = false;
                self.look_at(start);
            }
        }
    }

    fn look_at(&mut self, start: usize) {
        let target = self.target;
        for needle in &target.needles {
            if self.digits_left[start] >= needle.length && self.fits(start, needle) {
                self.zero(start, needle.length, needle.follow);
                let middle = start + needle.bin.len()..start + needle.length - needle.last.len();
                middle.for_each(|place| self.set(place, |state| state.hidden = true));
            }
        }
    }

    fn fits(&self, start: usize, needle: &Needle) -> bool {
        let end = start + needle.length;
        self.all_fit(start, &needle.bin) && self.all_fit(end - needle.last.len(), &needle.last)
    }

    fn all_fit(&self, start: usize, digits: &[u8]) -> bool {
        (start..).zip(digits).all(|(place, digit)| {
            let state = self.states[place];
            state.hidden || self.symbols[place].kind == Kind::Digit(*digit) || (state.zeroed && *digit == 0)
        })
    }

    /// Zeroes a window, and the track that goes on behind it.
    fn zero(&mut self, start: usize, length: usize, follow: Follow) {
        (start..start + length)
            .for_each(|place| self.set(place, |state| (state.zeroed, state.is_written) = (true, true)));
        let separator = start + length;
        let (most, goes_on): (usize, fn(Kind) -> bool) = match self.symbols.get(separator).map(|symbol| symbol.kind) {
            Some(Kind::Equals | Kind::LetterD) => {
                (follow.behind_equals, |kind| matches!(kind, Kind::Digit(_) | Kind::Equals))
            }
            Some(Kind::Caret) => (follow.behind_caret, |kind| kind != Kind::Break),
            _ => return,
        };
        for place in separator..self.symbols.len().min(separator + most) {
            let kind = self.symbols[place].kind;
            if place > separator && !goes_on(kind) {
                break;
            }
            let is_written = place > separator && !matches!(kind, Kind::Equals | Kind::Caret);
            self.set(place, |state| (state.zeroed, state.is_written) = (true, state.is_written || is_written));
        }
    }

    /// Changes a state; windows that reach over the place are looked at again.
    fn set(&mut self, place: usize, change: impl Fn(&mut State)) {
        let state = &mut self.states[place];
        let before = (state.zeroed, state.hidden);
        change(state);
        if before == (state.zeroed, state.hidden) {
            return;
        }
        for start in (place + 1).saturating_sub(self.target.longest())..=place {
            if !self.states[start].waiting {
                self.states[start].waiting = true;
                self.waiting.push(start);
            }
        }
    }

    /// Windows of nothing but `is_text` are left: the characters of a number are not its nibbles.
    fn zero_by_luhn(&mut self, is_text: impl Fn(usize) -> bool) {
        let sums = LuhnSums::of(self.symbols);
        let mut text = 0;
        for start in 0..self.symbols.len() {
            let digits_left = self.digits_left[start];
            if digits_left < *Target::luhn_lengths().start() {
                continue;
            }
            // Text from here on, counted anew only behind its end.
            if text <= start {
                text = (start..start + digits_left).find(|place| !is_text(*place)).unwrap_or(start + digits_left);
            }
            for length in Target::luhn_lengths().take_while(|length| *length <= digits_left) {
                if start + length > text && sums.pass(start, start + length) {
                    self.zero(start, length, Follow::UNKNOWN);
                }
            }
        }
    }
}

/// Running Luhn sums, with every second digit doubled from an even or an odd place on.
struct LuhnSums([Vec<usize>; 2]);

impl LuhnSums {
    fn of(symbols: &[Symbol]) -> Self {
        Self([0, 1].map(|doubled_places| {
            let mut sum = 0;
            let sums = symbols.iter().enumerate().map(|(place, symbol)| {
                let digit = if let Kind::Digit(digit) = symbol.kind { usize::from(digit) } else { 0 };
                let doubled = place % 2 == doubled_places;
                sum += if doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit };
                sum
            });
            std::iter::once(0).chain(sums).collect()
        }))
    }

    /// The window from `start` to before `end` has a right check digit; the digit before the last is doubled.
    fn pass(&self, start: usize, end: usize) -> bool {
        let sums = &self.0[end % 2];
        (sums[end] - sums[start]).is_multiple_of(10)
    }
}
