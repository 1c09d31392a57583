//! Digits two to a byte.

use super::CodecFault;

/// Which end of an odd run of digits is filled up with a zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// Digits first, padding last.
    Left,
    /// Padding first, digits last.
    Right,
}

/// What a nibble may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// 0 to 9.
    Decimal,
    /// Any: a track has 0 to 9 and the separator D, an enciphered one has all.
    Track,
}

/// Reads `count` digits out of exactly as many bytes as hold them.
pub(super) fn unpack(bytes: &[u8], count: usize, align: Align, alphabet: Alphabet) -> Result<String, CodecFault> {
    let mut nibbles: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).collect();
    if nibbles.len() > count {
        let padding = match align {
            Align::Left => nibbles.pop(),
            Align::Right => Some(nibbles.remove(0)),
        };
        if padding != Some(0) {
            return Err(CodecFault::Padding);
        }
    }
    nibbles
        .into_iter()
        .map(|nibble| match nibble {
            0..=9 => Ok(char::from(b'0' + nibble)),
            10..=15 if alphabet == Alphabet::Track => Ok(char::from(b'A' + nibble - 10)),
            _ => Err(CodecFault::NotDigits),
        })
        .collect()
}

/// Packs digits, filling an odd run up with a zero.
pub(super) fn pack(digits: &str, align: Align, alphabet: Alphabet) -> Result<Vec<u8>, CodecFault> {
    let mut nibbles = Vec::with_capacity(digits.len() + 1);
    if digits.len() % 2 == 1 && align == Align::Right {
        nibbles.push(0);
    }
    for digit in digits.bytes() {
        nibbles.push(match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'F' if alphabet == Alphabet::Track => digit - b'A' + 10,
            _ => return Err(CodecFault::NotDigits),
        });
    }
    if nibbles.len() % 2 == 1 {
        nibbles.push(0);
    }
    Ok(nibbles.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect())
}
