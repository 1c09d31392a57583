//! Bytes as the protocols write them: card data, lengths, text.

use engine::contract::template::{Encoding, LengthEncoding, Secret, TextEncoding};
use zeroize::Zeroizing;

use super::error::NodeError;
use crate::crypto::base64;

/// EBCDIC (code page 037) for `=`.
const EBCDIC_EQUALS: u8 = 0x7E;
/// The nibble for a track's separator in BCD.
const BCD_SEPARATOR: u8 = 0xD;

/// A secret, which is ASCII, in the encoding a hole asks for.
pub(super) fn secret(secret: Secret, clear: &[u8], encoding: Encoding) -> Result<Zeroizing<Vec<u8>>, NodeError> {
    let wrong = || NodeError::Encoding { secret, encoding };
    match encoding {
        Encoding::Ascii => Ok(Zeroizing::new(clear.to_vec())),
        Encoding::Ebcdic => {
            let mut bytes = Zeroizing::new(Vec::with_capacity(clear.len()));
            for byte in clear {
                bytes.push(if *byte == b'=' { EBCDIC_EQUALS } else { 0xF0 | digit(*byte).ok_or_else(wrong)? });
            }
            Ok(bytes)
        }
        Encoding::BcdRightZero => packed(clear, None, Some(0)).ok_or_else(wrong),
        Encoding::BcdRightF => packed(clear, None, Some(0xF)).ok_or_else(wrong),
        Encoding::BcdLeftZero => packed(clear, Some(0), None).ok_or_else(wrong),
    }
}

/// A length in bytes, as its field writes it.
pub(super) fn length(length: usize, encoding: LengthEncoding) -> Result<Vec<u8>, NodeError> {
    let wrong = || NodeError::Length { length, encoding };
    let number = u32::try_from(length).map_err(|_| wrong())?;
    let below = |limit: u32| if number < limit { Ok(number) } else { Err(wrong()) };
    let binary = |bytes: usize| {
        let (high, low) = bytes_of(number, bytes);
        if high.iter().all(|byte| *byte == 0) { Ok(low) } else { Err(wrong()) }
    };
    match encoding {
        LengthEncoding::BinaryU8 => binary(1),
        LengthEncoding::BinaryU16 => binary(2),
        LengthEncoding::BinaryU32 => binary(4),
        LengthEncoding::Ber => Ok(ber(number)),
        LengthEncoding::BcdOneByte => below(100).map(|number| bcd(number, 1)),
        LengthEncoding::BcdTwoBytes => below(10_000).map(|number| bcd(number, 2)),
        LengthEncoding::AsciiTwoDigits => below(100).map(|number| format!("{number:02}").into_bytes()),
        LengthEncoding::AsciiThreeDigits => below(1_000).map(|number| format!("{number:03}").into_bytes()),
        LengthEncoding::AsciiFourDigits => below(10_000).map(|number| format!("{number:04}").into_bytes()),
    }
}

/// Most bytes the encoding makes of one byte: `41`, `%41`, `\u001f`, `&quot;`; of base64, with its padding, four.
pub(super) fn growth(encoding: TextEncoding) -> usize {
    match encoding {
        TextEncoding::HexUpper | TextEncoding::HexLower => 2,
        TextEncoding::Url => 3,
        TextEncoding::Base64 => 4,
        TextEncoding::JsonString | TextEncoding::XmlText => 6,
    }
}

/// Bytes as text.
pub(super) fn text(bytes: &[u8], encoding: TextEncoding) -> Result<Zeroizing<Vec<u8>>, NodeError> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_mul(growth(encoding))));
    match encoding {
        TextEncoding::HexUpper => text.extend(bytes.iter().flat_map(|byte| hex_pair(*byte, b"0123456789ABCDEF"))),
        TextEncoding::HexLower => text.extend(bytes.iter().flat_map(|byte| hex_pair(*byte, b"0123456789abcdef"))),
        TextEncoding::Base64 => text.extend_from_slice(&Zeroizing::new(base64::encode(bytes))),
        TextEncoding::Url => bytes.iter().for_each(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(*byte),
            _ => {
                text.push(b'%');
                text.extend_from_slice(&hex_pair(*byte, b"0123456789ABCDEF"));
            }
        }),
        TextEncoding::JsonString => {
            let _ = std::str::from_utf8(bytes).map_err(|_| NodeError::NotText)?;
            bytes.iter().for_each(|byte| match byte {
                b'"' | b'\\' => text.extend_from_slice(&[b'\\', *byte]),
                0..=0x1F => {
                    text.extend_from_slice(b"\\u00");
                    text.extend_from_slice(&hex_pair(*byte, b"0123456789abcdef"));
                }
                _ => text.push(*byte),
            });
        }
        TextEncoding::XmlText => xml(bytes, &mut text)?,
    }
    Ok(text)
}

fn xml(bytes: &[u8], text: &mut Vec<u8>) -> Result<(), NodeError> {
    let _ = std::str::from_utf8(bytes).map_err(|_| NodeError::NotText)?;
    for byte in bytes {
        match byte {
            b'&' => text.extend_from_slice(b"&amp;"),
            b'<' => text.extend_from_slice(b"&lt;"),
            b'>' => text.extend_from_slice(b"&gt;"),
            b'"' => text.extend_from_slice(b"&quot;"),
            // XML 1.0 cannot hold other control characters at all.
            0..=8 | 0x0B | 0x0C | 0x0E..=0x1F => return Err(NodeError::NotText),
            _ => text.push(*byte),
        }
    }
    Ok(())
}

/// Two digits a byte; an odd number of them is filled up on the side that has a pad.
fn packed(clear: &[u8], left_pad: Option<u8>, right_pad: Option<u8>) -> Option<Zeroizing<Vec<u8>>> {
    let odd = clear.len() % 2 == 1;
    let mut nibbles = Zeroizing::new(Vec::with_capacity(clear.len() + 1));
    nibbles.extend(left_pad.filter(|_| odd));
    for byte in clear {
        nibbles.push(if *byte == b'=' { BCD_SEPARATOR } else { digit(*byte)? });
    }
    nibbles.extend(right_pad.filter(|_| odd));
    let mut bytes = Zeroizing::new(Vec::with_capacity(nibbles.len() / 2));
    bytes.extend(nibbles.as_chunks().0.iter().map(|[high, low]| high << 4 | low));
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

fn bcd(number: u32, bytes: usize) -> Vec<u8> {
    let digits = format!("{number:0width$}", width = 2 * bytes);
    packed(digits.as_bytes(), None, None).map(|packed| packed.to_vec()).unwrap_or_default()
}

/// ISO/IEC 8825-1 definite length, shortest form.
fn ber(number: u32) -> Vec<u8> {
    let bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    match number {
        0..=127 => vec![number.to_be_bytes()[3]],
        _ => [vec![0x80 | u8::try_from(bytes.len()).unwrap_or(4)], bytes].concat(),
    }
}

/// The number's high bytes, which must be zero, and the low ones.
fn bytes_of(number: u32, low_bytes: usize) -> (Vec<u8>, Vec<u8>) {
    let mut high = number.to_be_bytes().to_vec();
    let low = high.split_off(high.len().saturating_sub(low_bytes));
    (high, low)
}

fn hex_pair(byte: u8, digits: &[u8; 16]) -> [u8; 2] {
    [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_data_in_every_encoding() {
        for (clear, encoding, hex_text) in [
            ("123", Encoding::Ascii, "313233"),
            ("12=3", Encoding::Ebcdic, "F1F27EF3"),
            ("123", Encoding::BcdRightZero, "1230"),
            ("12=3", Encoding::BcdRightZero, "12D3"),
            ("123", Encoding::BcdRightF, "123F"),
            ("123", Encoding::BcdLeftZero, "0123"),
            ("1234", Encoding::BcdLeftZero, "1234"),
        ] {
            let made = secret(Secret::TrackTwo, clear.as_bytes(), encoding).unwrap();
            assert_eq!(hex::encode_upper(&*made), hex_text, "{encoding:?}");
        }
        for encoding in [Encoding::Ebcdic, Encoding::BcdRightZero] {
            let refused = secret(Secret::TrackOne, b"B123^A", encoding).map(drop);
            assert_eq!(refused, Err(NodeError::Encoding { secret: Secret::TrackOne, encoding }));
        }
    }

    #[test]
    fn lengths() {
        for (number, encoding, hex_text) in [
            (255, LengthEncoding::BinaryU8, Some("ff")),
            (256, LengthEncoding::BinaryU8, None),
            (256, LengthEncoding::BinaryU16, Some("0100")),
            (65_536, LengthEncoding::BinaryU16, None),
            (65_536, LengthEncoding::BinaryU32, Some("00010000")),
            (127, LengthEncoding::Ber, Some("7f")),
            (128, LengthEncoding::Ber, Some("8180")),
            (256, LengthEncoding::Ber, Some("820100")),
            (99, LengthEncoding::BcdOneByte, Some("99")),
            (100, LengthEncoding::BcdOneByte, None),
            (123, LengthEncoding::BcdTwoBytes, Some("0123")),
            (10_000, LengthEncoding::BcdTwoBytes, None),
            (7, LengthEncoding::AsciiTwoDigits, Some("3037")),
            (100, LengthEncoding::AsciiTwoDigits, None),
            (7, LengthEncoding::AsciiThreeDigits, Some("303037")),
            (1_000, LengthEncoding::AsciiThreeDigits, None),
            (7, LengthEncoding::AsciiFourDigits, Some("30303037")),
            (10_000, LengthEncoding::AsciiFourDigits, None),
        ] {
            let made = length(number, encoding).map(hex::encode);
            let expected = hex_text.map(str::to_owned).ok_or(NodeError::Length { length: number, encoding });
            assert_eq!(made, expected);
        }
    }

    #[test]
    fn texts() {
        for (bytes, encoding, expected) in [
            (&b"\x0f\xa0"[..], TextEncoding::HexUpper, "0FA0"),
            (b"\x0f\xa0", TextEncoding::HexLower, "0fa0"),
            (b"f", TextEncoding::Base64, "Zg=="),
            (b"a b=\xc3\xa4~", TextEncoding::Url, "a%20b%3D%C3%A4~"),
            (b"a\"\\\n", TextEncoding::JsonString, "a\\\"\\\\\\u000a"),
            (b"<a&\"b>\n", TextEncoding::XmlText, "&lt;a&amp;&quot;b&gt;\n"),
        ] {
            assert_eq!(std::str::from_utf8(&text(bytes, encoding).unwrap()), Ok(expected));
        }
        assert_eq!(text(b"\xff", TextEncoding::JsonString).map(drop), Err(NodeError::NotText));
        assert_eq!(text(b"\x01", TextEncoding::XmlText).map(drop), Err(NodeError::NotText));
    }
}
