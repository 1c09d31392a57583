//! Looks for what must not be found: card numbers, tracks, PINs, PIN blocks and keys, in every spelling they are known
//! to escape in.

use std::collections::HashMap;
use std::fmt;

/// Shortest pattern that is looked for: shorter ones stand in encrypted bytes by chance.
const PATTERN_BYTES_MIN: usize = 5;
/// Blocks of DES.
const BLOCK_BYTES: usize = 8;

/// Secrets to look for, spelt out in advance.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Spellings by their first four bytes.
    patterns: HashMap<Start, Vec<Pattern>>,
}

/// How a spelling begins. Four bytes, so that most of what is searched is passed over at one look.
type Start = [u8; 4];

#[derive(Clone, PartialEq, Eq)]
struct Pattern {
    bytes: Vec<u8>,
    what: String,
    spelling: &'static str,
}

/// A secret where none may be. Says which and how, never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `card number`, for example.
    pub what: String,
    /// `base64`, for example.
    pub spelling: &'static str,
    /// Where it begins.
    pub offset: usize,
}

impl Secrets {
    /// None yet.
    pub fn new() -> Secrets {
        Secrets::default()
    }

    /// A card: its number, what follows on its second track, its PIN, and the clear PIN block of both.
    ///
    /// The PIN should have twelve digits, and the track data after the expiry should be odd: short or round ones stand
    /// in other bytes by chance.
    pub fn card(mut self, track_two: &str, pin: &str) -> Secrets {
        let (number, rest) = track_two.split_once('=').unwrap_or((track_two, ""));
        self.digits("card number", number);
        self.digits("track", rest);
        self.digits("PIN", pin);
        self.bytes("PIN block", &pin_block(number, pin));
        self
    }

    /// A key in hexadecimal: the whole and each half.
    pub fn key(mut self, what: &str, hexadecimal: &str) -> Secrets {
        let key = hex::decode(hexadecimal).unwrap_or_default();
        self.key_bytes(what, &key);
        self
    }

    /// The first secret in these bytes, if there is one.
    pub fn find(&self, haystack: &[u8]) -> Option<Found> {
        // One bit for each first pair of bytes: a look that costs next to nothing.
        let mut begins = vec![false; 1 << 16];
        for [first, second, ..] in self.patterns.keys() {
            if let Some(begins) = begins.get_mut(pair(*first, *second)) {
                *begins = true;
            }
        }
        let mut before = 0;
        for (end, byte) in haystack.iter().enumerate() {
            let promising = begins.get(pair(before, *byte)).copied().unwrap_or_default();
            before = *byte;
            if promising && let Some(found) = self.at(haystack, end.saturating_sub(1)) {
                return Some(found);
            }
        }
        None
    }

    fn at(&self, haystack: &[u8], offset: usize) -> Option<Found> {
        let rest = haystack.get(offset..)?;
        let patterns = self.patterns.get(rest.first_chunk::<4>()?)?;
        let found = patterns.iter().find(|pattern| rest.starts_with(&pattern.bytes))?;
        Some(Found { what: found.what.clone(), spelling: found.spelling, offset })
    }

    /// How many spellings are looked for.
    pub fn spellings(&self) -> usize {
        self.patterns.values().map(Vec::len).sum()
    }

    /// A key as bytes: the whole and each half.
    pub fn key_bytes(&mut self, what: &str, key: &[u8]) {
        self.bytes(what, key);
        for half in key.chunks_exact(BLOCK_BYTES) {
            self.bytes(what, half);
        }
    }

    /// Digits, with whatever stands between them.
    pub fn digits(&mut self, what: &str, digits: &str) {
        let nibbles: Vec<u8> = digits.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        self.spell(what, digits.as_bytes(), "ASCII");
        self.nibbles(what, &nibbles);
    }

    /// Any bytes.
    pub fn bytes(&mut self, what: &str, bytes: &[u8]) {
        self.spell(what, bytes, "bytes");
        let nibbles: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).collect();
        self.nibbles(what, &nibbles);
    }

    /// Two digits a byte, at both alignments; what shares a byte with a neighbour is left out.
    fn nibbles(&mut self, what: &str, nibbles: &[u8]) {
        let packed = |from: usize| -> Vec<u8> {
            let pairs = nibbles.get(from..).unwrap_or_default().as_chunks::<2>().0;
            pairs.iter().map(|[high, low]| high << 4 | low).collect()
        };
        self.spell(what, &packed(0), "BCD");
        self.spell(what, &packed(1), "BCD, shifted by a nibble");
    }

    /// Bytes as they are, and every way text carries them.
    fn spell(&mut self, what: &str, bytes: &[u8], spelling: &'static str) {
        let list = |separator: &str| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(separator).into_bytes();
        self.add(what, bytes.to_vec(), spelling);
        self.add(what, hex::encode(bytes).into_bytes(), "hexadecimal");
        self.add(what, hex::encode_upper(bytes).into_bytes(), "hexadecimal, upper case");
        self.add(what, list(","), "list of numbers");
        self.add(what, list(", "), "list of numbers, spaced");
        for skipped in 0..3 {
            for (alphabet, spelling) in [(STANDARD, "base64"), (URL, "base64, URL")] {
                self.add(what, base64_inside(bytes, skipped, alphabet), spelling);
            }
        }
    }

    fn add(&mut self, what: &str, bytes: Vec<u8>, spelling: &'static str) {
        let Some(start) = bytes.first_chunk::<4>().filter(|_| bytes.len() >= PATTERN_BYTES_MIN) else { return };
        let known = self.patterns.entry(*start).or_default();
        if known.iter().all(|known| known.bytes != bytes) {
            known.push(Pattern { bytes, what: what.to_owned(), spelling });
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} spellings)", self.spellings())
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} as {} at offset {}", self.what, self.spelling, self.offset)
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// ISO 9564 format 0, in clear: the PIN field exclusive-or the twelve digits before the check digit.
fn pin_block(number: &str, pin: &str) -> [u8; BLOCK_BYTES] {
    let field = format!("0{:X}{pin:F<14}", pin.len());
    let account = number.get(..number.len().saturating_sub(1)).unwrap_or_default();
    let account = format!("{:0>16}", account.get(account.len().saturating_sub(12)..).unwrap_or_default());
    let mut block = [0; BLOCK_BYTES];
    let decode = |text: &str| hex::decode(text).unwrap_or_default();
    let bytes = decode(&field).into_iter().zip(decode(&account)).map(|(pin, account)| pin ^ account);
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    block
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The characters of a base64 text that depend on these bytes alone, where `before` bytes (0 to 2) of the same group
/// stand before them.
fn base64_inside(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let padded = [vec![0; before], bytes.to_vec()].concat();
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    let sextet = |at: usize| {
        let bit = |offset: usize| padded.get(offset / 8).map_or(0, |byte| byte >> (7 - offset % 8) & 1);
        let value = (at * 6..at * 6 + 6).fold(0, |value, offset| value << 1 | bit(offset));
        alphabet.get(usize::from(value)).copied().unwrap_or_default()
    };
    (first..last).map(sextet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "6200000123456787";
    const TRACK: &str = "6200000123456787=30121018273645901";
    const PIN: &str = "739182640517";
    const KEY: &str = "CB6E9D1F3A2C58E07F4513B8A6D92E64";

    fn secrets() -> Secrets {
        Secrets::new().card(TRACK, PIN).key("key", KEY)
    }

    fn base64(bytes: &[u8]) -> Vec<u8> {
        let whole = bytes.len() / 3 * 3;
        base64_inside(&bytes[..whole], 0, STANDARD)
    }

    /// Every secret, as digits or as bytes, between bytes that are none.
    fn hidden(spell: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
        let block = pin_block(NUMBER, PIN);
        let key = hex::decode(KEY).unwrap();
        let plain: [&[u8]; 6] = [NUMBER.as_bytes(), TRACK.as_bytes(), PIN.as_bytes(), &block, &key, &key[8..]];
        plain
            .into_iter()
            .flat_map(|secret| {
                (0..3)
                    .map(|before| spell(&[vec![b'x'; before].as_slice(), secret, b"yyy"].concat()))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn every_spelling_of_every_secret_is_found() {
        let secrets = secrets();
        type Spelling = (&'static str, fn(&[u8]) -> Vec<u8>);
        let spellings: [Spelling; 6] = [
            ("as it is", <[u8]>::to_vec),
            ("hexadecimal", |bytes| hex::encode(bytes).into_bytes()),
            ("upper case", |bytes| hex::encode_upper(bytes).into_bytes()),
            ("base64", base64),
            ("JSON", |bytes| serde_json::to_vec(bytes).unwrap()),
            ("debug", |bytes| format!("{bytes:?}").into_bytes()),
        ];
        for (spelling, spell) in spellings {
            for (number, haystack) in hidden(spell).iter().enumerate() {
                assert!(secrets.find(haystack).is_some(), "{spelling}, {number}");
            }
        }
    }

    #[test]
    fn digits_packed_two_a_byte_are_found_at_both_alignments_and_in_text_that_carries_them() {
        let secrets = secrets();
        for digits in [NUMBER, PIN, "30121018273645901"] {
            for (before, after) in [("ff", "ee"), ("f", "e"), ("fff", "eee")] {
                let mut text = format!("{before}{digits}{after}");
                if text.len() % 2 == 1 {
                    text.push('0');
                }
                let packed = hex::decode(&text).unwrap();
                assert!(secrets.find(&packed).is_some(), "{text}");
                assert!(secrets.find(&base64(&[packed.as_slice(), b"..."].concat())).is_some(), "{text} in base64");
                assert!(secrets.find(format!("{packed:?}").as_bytes()).is_some(), "{text} as a list");
            }
        }
    }

    #[test]
    fn what_may_be_shown_is_not_found() {
        let secrets = secrets();
        for shown in ["620000******6787", "6200 00", "3012", "[redacted]", "5a90f3c1", "30121010000"] {
            assert_eq!(secrets.find(shown.as_bytes()), None, "{shown}");
        }
    }

    #[test]
    fn the_pin_block_is_the_published_one() {
        // protocols: PIN block format 0; the widely published example.
        assert_eq!(hex::encode_upper(pin_block("43219876543210987", "1234")), "0412AC89ABCDEF67");
    }

    #[test]
    fn a_find_says_what_and_how_and_never_repeats_the_secret() {
        let found = secrets().find(format!("card {NUMBER}").as_bytes()).unwrap();
        assert_eq!(found.to_string(), "a card number as ASCII at offset 5");
    }
}
