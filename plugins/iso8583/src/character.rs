//! Characters as bytes: IBM's code, hexadecimal, and the classes of ISO 8583.

use crate::format::Content;

/// The nibble that separates the parts of a track.
pub(crate) const SEPARATOR: u8 = 0xD;

/// Printable ASCII of code page 037: from the code's value to the character, 0 where it has none.
const FROM_EBCDIC: [u8; 256] = from_ebcdic_table();
const TO_EBCDIC: [u8; 256] = to_ebcdic_table();

const DIGIT: u8 = 1;
const LETTER_DIGIT_SPACE: u8 = 2;
const PRINTABLE: u8 = 4;
const TEXT: u8 = 8;
const TRACK: u8 = 16;
/// The classes each byte belongs to.
const CLASSES: [u8; 256] = classes();

/// The ASCII character of a byte in IBM's code; 0, a control character, where there is none.
pub(crate) fn from_ebcdic(byte: u8) -> u8 {
    FROM_EBCDIC[usize::from(byte)]
}

/// A printable ASCII character in IBM's code; 0 for any other byte.
pub(crate) fn to_ebcdic(character: u8) -> u8 {
    TO_EBCDIC[usize::from(character)]
}

/// The value of a hexadecimal character, either case.
pub(crate) fn hex_digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).map(|digit| digit as u8)
}

/// Bytes as capital hexadecimal characters.
pub(crate) fn hex(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| [hex_character(byte >> 4), hex_character(byte & 0x0F)])
}

/// A nibble as a capital hexadecimal character.
pub(crate) fn hex_character(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(nibble & 0x0F)]
}

/// The character of a packed digit; the separator of a track is `=`.
pub(crate) fn packed_character(nibble: u8) -> u8 {
    if nibble == SEPARATOR { b'=' } else { b'0' + nibble }
}

/// Whether both nibbles of every byte are decimal digits.
pub(crate) fn are_digits(packed: &[u8]) -> bool {
    packed.iter().fold(true, |sound, byte| sound & (byte >> 4 <= 9) & (byte & 0x0F <= 9))
}

impl Content {
    /// Whether all of the characters, in ASCII, may stand there in this order.
    pub(crate) fn allows_all(self, mut characters: impl Iterator<Item = u8>) -> bool {
        if self == Content::SignedDigits && !matches!(characters.next(), Some(b'C' | b'D')) {
            return false;
        }
        // Values are short and nearly always sound: to look at all of them is quicker than to ask after each.
        let Some(class) = self.class() else { return true };
        characters.fold(class, |left, character| left & CLASSES[usize::from(character)]) != 0
    }

    fn class(self) -> Option<u8> {
        match self {
            Content::Digits | Content::SignedDigits => Some(DIGIT),
            Content::Track => Some(TRACK),
            Content::Alphanumeric => Some(LETTER_DIGIT_SPACE),
            Content::Printable => Some(PRINTABLE),
            Content::Text => Some(TEXT),
            Content::Bytes => None,
        }
    }
}

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = byte as u8;
        let is_digit = character.is_ascii_digit();
        let is_printable = character >= 0x20 && character < 0x7F;
        let mut class = 0;
        if is_digit {
            class |= DIGIT;
        }
        if is_digit || character == b'=' {
            class |= TRACK;
        }
        if character.is_ascii_alphanumeric() || character == b' ' {
            class |= LETTER_DIGIT_SPACE;
        }
        if is_printable {
            class |= PRINTABLE;
        }
        if is_printable || character >= 0x80 {
            class |= TEXT;
        }
        classes[byte] = class;
        byte += 1;
    }
    classes
}

const fn from_ebcdic_table() -> [u8; 256] {
    let mut table = [0; 256];
    let runs: [(usize, &[u8]); 16] = [
        (0x40, b" "),
        (0x4B, b".<(+|&"),
        (0x5A, b"!$*);"),
        (0x60, b"-/"),
        (0x6B, b",%_>?"),
        (0x79, b"`:#@'=\""),
        (0x81, b"abcdefghi"),
        (0x91, b"jklmnopqr"),
        (0xA1, b"~stuvwxyz"),
        (0xB0, b"^"),
        (0xBA, b"[]"),
        (0xC0, b"{ABCDEFGHI"),
        (0xD0, b"}JKLMNOPQR"),
        (0xE0, b"\\"),
        (0xE2, b"STUVWXYZ"),
        (0xF0, b"0123456789"),
    ];
    let mut run = 0;
    while run < runs.len() {
        let (first, characters) = runs[run];
        let mut index = 0;
        while index < characters.len() {
            table[first + index] = characters[index];
            index += 1;
        }
        run += 1;
    }
    table
}

const fn to_ebcdic_table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = FROM_EBCDIC[byte];
        if character != 0 {
            table[character as usize] = byte as u8;
        }
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibm_code_and_ascii_turn_into_each_other() {
        let printable = 0x20..=0x7Eu8;
        assert!(printable.clone().all(|character| from_ebcdic(to_ebcdic(character)) == character));
        assert_eq!((0..=255u8).filter(|byte| from_ebcdic(*byte) != 0).count(), printable.count());
        let written = b"ISO 8583 {=}".map(to_ebcdic);
        assert_eq!(hex::encode_upper(written), "C9E2D640F8F5F8F340C07ED0");
    }

    #[test]
    fn each_content_allows_its_characters() {
        let cases: [(Content, &[u8], &[u8]); 6] = [
            (Content::Digits, b"09", b"A =\x3A"),
            (Content::Track, b"09=", b"D;"),
            (Content::Alphanumeric, b"aZ0 ", b"-\x00"),
            (Content::Printable, b" ~", b"\x1F\x7F\x80"),
            (Content::Text, b" \xB0\xFF", b"\x1F\x7F"),
            (Content::Bytes, b"\x00\xFF", b""),
        ];
        for (content, allowed, refused) in cases {
            assert!(allowed.iter().all(|character| content.allows_all([*character].into_iter())), "{content:?}");
            assert!(!refused.iter().any(|character| content.allows_all([*character].into_iter())), "{content:?}");
        }
        let signed = |text: &str| Content::SignedDigits.allows_all(text.bytes());
        assert!(signed("C100") && signed("D0") && !signed("100") && !signed("CC") && !signed(""));
    }
}
