//! Bytes as sequences of digits, separators and what lies between.

/// Spaces and dashes that may stand between two digits of one number.
const MAX_GAP: usize = 2;

/// A plain encoding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// ASCII with JSON and percent escapes undone.
    Escaped,
    /// ASCII as it stands, but for escaped separators: a percent sign before a card number is not the beginning of an
    /// escape.
    Ascii,
    Ebcdic,
    /// Every nibble a symbol, so that both alignments are in one sequence.
    Bcd,
}

/// What one symbol is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Digit(u8),
    /// `=`, and the nibble D: behind it track 2 or 3 goes on.
    Equals,
    /// The letter D, which stands for `=` in some texts.
    LetterD,
    /// `^`: behind it track 1 goes on.
    Caret,
    /// What track 1 may also hold.
    Letter,
    /// Ends everything.
    Break,
}

/// One symbol and its place: a nibble's number in BCD, the first byte otherwise.
#[derive(Clone, Copy)]
pub(super) struct Symbol {
    pub(super) kind: Kind,
    pub(super) at: usize,
    /// Bytes: 1, or those of an escape. Not used in BCD.
    width: usize,
}

impl View {
    /// All of them, text before BCD: what reads as both is more often text.
    pub(super) const ALL: [View; 4] = [View::Escaped, View::Ascii, View::Ebcdic, View::Bcd];

    /// The symbols of these bytes, without gaps between digits.
    pub(super) fn symbols(self, bytes: &[u8]) -> Vec<Symbol> {
        let most = if self == Self::Bcd { 2 * bytes.len() } else { bytes.len() };
        let mut symbols = Vec::with_capacity(most);
        self.each(bytes, |symbol| symbols.push(symbol));
        symbols
    }

    /// No run of digits among these bytes is longer than this: counted without looking at gaps and escapes, in which each
    /// digit is still one of these bytes.
    pub(super) fn longest_run_at_most(self, bytes: &[u8]) -> usize {
        match self {
            Self::Escaped | Self::Ascii => bytes.iter().filter(|byte| byte.is_ascii_digit()).count(),
            Self::Ebcdic => bytes.iter().filter(|byte| matches!(byte, 0xF0..=0xF9)).count(),
            Self::Bcd => bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter(|nibble| *nibble <= 9).count(),
        }
    }

    /// Whether a run of digits is among these bytes for which `is_it` holds. Each run is as long as it can be.
    pub(super) fn has_run(self, bytes: &[u8], run: &mut Vec<u8>, is_it: impl Fn(&[u8]) -> bool) -> bool {
        run.clear();
        let mut has = false;
        self.each(bytes, |symbol| match symbol.kind {
            Kind::Digit(digit) => run.push(digit),
            _ => {
                has = has || is_it(run);
                run.clear();
            }
        });
        has || is_it(run)
    }

    /// Hands out the symbols of these bytes one by one.
    fn each(self, bytes: &[u8], mut take: impl FnMut(Symbol)) {
        match self {
            Self::Bcd => {
                bytes
                    .iter()
                    .enumerate()
                    .for_each(|(place, byte)| nibbles(place, *byte).into_iter().for_each(&mut take));
            }
            Self::Escaped => text_symbols(bytes, |bytes| ascii(bytes, |_| true), take),
            Self::Ascii => text_symbols(bytes, |bytes| ascii(bytes, |byte| matches!(byte, b'=' | b'^')), take),
            Self::Ebcdic => text_symbols(bytes, |bytes| (ebcdic(bytes[0]), 1), take),
        }
    }

    /// Writes a zero of this encoding in the symbol's place.
    pub(super) fn write_zero(self, bytes: &mut [u8], symbol: Symbol) {
        let Some(place) = bytes.get_mut(self.bytes_of(symbol)) else { return };
        match (self, place) {
            (Self::Bcd, [byte]) => *byte &= if symbol.at.is_multiple_of(2) { 0x0F } else { 0xF0 },
            (Self::Escaped | Self::Ascii, [byte]) => *byte = b'0',
            (Self::Escaped | Self::Ascii, [b'%', code @ ..]) => code.copy_from_slice(b"30"),
            (Self::Escaped | Self::Ascii, [b'\\', _, code @ ..]) => code.copy_from_slice(b"0030"),
            (Self::Ebcdic, [byte]) => *byte = 0xF0,
            _ => {}
        }
    }

    /// The bytes a symbol is in.
    pub(super) fn bytes_of(self, symbol: Symbol) -> std::ops::Range<usize> {
        match self {
            Self::Bcd => symbol.at / 2..symbol.at / 2 + 1,
            Self::Escaped | Self::Ascii | Self::Ebcdic => symbol.at..symbol.at + symbol.width,
        }
    }
}

/// What a text holds at its beginning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Symbol(Kind),
    Gap,
}

fn text_symbols(bytes: &[u8], read: impl Fn(&[u8]) -> (Found, usize), mut take: impl FnMut(Symbol)) {
    let (mut at, mut gap) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (found, width) = read(rest);
        match found {
            Found::Symbol(kind) => {
                take(Symbol { kind, at, width });
                gap = 0;
            }
            Found::Gap if gap < MAX_GAP => gap += 1,
            Found::Gap => take(Symbol { kind: Kind::Break, at, width }),
        }
        at += width.max(1);
    }
}

/// `is_undone` says which escaped characters count.
fn ascii(bytes: &[u8], is_undone: fn(u8) -> bool) -> (Found, usize) {
    let escaped = match bytes {
        [b'%', high, low, ..] => hex_pair(*high, *low).map(|byte| (byte, 3)),
        [b'\\', b'u', b'0', b'0', high, low, ..] => hex_pair(*high, *low).map(|byte| (byte, 6)),
        _ => None,
    };
    let (byte, width) = escaped.filter(|(byte, _)| is_undone(*byte)).unwrap_or((bytes[0], 1));
    let found = match byte {
        b'0'..=b'9' => Found::Symbol(Kind::Digit(byte - b'0')),
        b'=' => Found::Symbol(Kind::Equals),
        b'D' | b'd' => Found::Symbol(Kind::LetterD),
        b'^' => Found::Symbol(Kind::Caret),
        b' ' | b'-' => Found::Gap,
        b'!'..=b'_' => Found::Symbol(Kind::Letter),
        _ => Found::Symbol(Kind::Break),
    };
    (found, width)
}

/// Code pages 037 and 1047 where they agree, and the circumflex of both.
fn ebcdic(byte: u8) -> Found {
    Found::Symbol(match byte {
        0xF0..=0xF9 => Kind::Digit(byte - 0xF0),
        0x7E => Kind::Equals,
        0xC4 | 0x84 => Kind::LetterD,
        0x5F | 0xB0 => Kind::Caret,
        0x40 | 0x60 => return Found::Gap,
        0x4B | 0x61 | 0xC1..=0xC9 | 0xD1..=0xD9 | 0xE2..=0xE9 => Kind::Letter,
        _ => Kind::Break,
    })
}

fn nibbles(place: usize, byte: u8) -> [Symbol; 2] {
    let symbol = |nibble: u8, at: usize| {
        let kind = match nibble {
            0..=9 => Kind::Digit(nibble),
            0xD => Kind::Equals,
            _ => Kind::Break,
        };
        Symbol { kind, at, width: 0 }
    };
    [symbol(byte >> 4, 2 * place), symbol(byte & 15, 2 * place + 1)]
}

/// The byte two hex characters stand for.
pub(super) fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let nibble = |character: u8| char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(nibble(high)? << 4 | nibble(low)?)
}
