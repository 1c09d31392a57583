//! Writing a message: fields by number, each a value, or a hole of known length that somebody else fills.

use core::convert::Infallible;
use core::ops::Range;

use crate::bitmap::Present;
use crate::character::{self, SEPARATOR};
use crate::format::{
    Content, Counts, Encoding, Field, Format, Inside, Length, MessageType, Padding, Part, Prefix, PrefixCode,
};

/// Room for the values of most messages, so that the buffer is not moved as they are added.
const USUAL_BYTES: usize = 256;
/// Room for the fields of most messages.
const USUAL_FIELDS: usize = 20;

/// The kind of hole of a message that has none.
pub type NoHole = Infallible;

/// A value that does not fit its field: a mistake of whoever writes the message, or of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The protocol has no such field.
    #[error("DE{0} is not in the table")]
    UnknownField(u8),
    /// The value is longer or shorter than the field.
    #[error("DE{number} cannot hold {units} characters")]
    Length {
        /// The field.
        number: u8,
        /// Length of the value, in units.
        units: usize,
    },
    /// The value has a character the field does not allow.
    #[error("DE{0} does not allow a character of the value")]
    Character(u8),
    /// The field is not made of such parts.
    #[error("DE{0} is not made of so many parts of these lengths")]
    Parts(u8),
    /// The message has a hole, and somebody else must fill it.
    #[error("DE{0} is a hole")]
    Hole(u8),
}

/// A message being written. `H` is what a hole is to the one who fills it.
#[derive(Debug, Clone)]
pub struct Encoder<H> {
    format: &'static Format,
    message_type: u16,
    present: Present,
    /// Prefixes and values, in the order in which they were set.
    buffer: Vec<u8>,
    /// In ascending order of their numbers, each once.
    entries: Vec<Entry<H>>,
    /// Where in the table the last field was found.
    last: usize,
}

#[derive(Debug, Clone)]
struct Entry<H> {
    field: &'static Field,
    /// The prefix, and behind it the value where it is known.
    range: Range<usize>,
    filling: Filling<H>,
}

#[derive(Debug, Clone)]
enum Filling<H> {
    Known,
    Hole(H),
    Measured(H),
}

/// A field as it will be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'m, H> {
    /// Prefix and value.
    Known {
        /// The length before the value; empty where the length is fixed.
        prefix: &'m [u8],
        /// The value as sent.
        value: &'m [u8],
    },
    /// A prefix, and a value of that length that somebody else makes.
    Hole {
        /// The length before the value.
        prefix: &'m [u8],
        /// What makes the value.
        hole: &'m H,
    },
    /// A value that somebody else makes and measures, writing this prefix before it.
    Measured {
        /// How the length is to be written; it counts bytes.
        prefix: Prefix,
        /// What makes the value.
        hole: &'m H,
    },
}

impl<H> Encoder<H> {
    /// An empty message of this type, its four digits written as hexadecimal: `0x0200`.
    pub fn new(format: &'static Format, message_type: u16) -> Self {
        Encoder {
            format,
            message_type,
            present: Present::default(),
            buffer: Vec::with_capacity(USUAL_BYTES),
            entries: Vec::with_capacity(USUAL_FIELDS),
            last: 0,
        }
    }

    /// Sets a field to text: digits, `=` in a track, the characters themselves, hexadecimal for bytes.
    ///
    /// # Errors
    /// [`EncodeError`] where the field does not exist or cannot hold the value.
    pub fn set(&mut self, number: u8, text: &str) -> Result<&mut Self, EncodeError> {
        let field = self.field(number)?;
        match field.encoding {
            Encoding::Binary | Encoding::HexAscii => {
                let digits = text.bytes().map(character::hex_digit);
                if text.len() % 2 == 1 || !digits.clone().all(|digit| digit.is_some()) {
                    return Err(EncodeError::Character(number));
                }
                let nibbles = digits.map(Option::unwrap_or_default);
                self.write(field, text.len() / 2, |buffer| match field.encoding {
                    Encoding::Binary => pack(nibbles, buffer),
                    _ => buffer.extend(nibbles.map(character::hex_character)),
                })
            }
            _ if !field.content.allows_all(text.bytes()) => Err(EncodeError::Character(number)),
            Encoding::Ascii => self.write(field, text.len(), |buffer| buffer.extend(text.bytes())),
            Encoding::Ebcdic => {
                self.write(field, text.len(), |buffer| buffer.extend(text.bytes().map(character::to_ebcdic)))
            }
            Encoding::Bcd(padding) => self.write(field, text.len(), |buffer| pack_digits(text, padding, buffer)),
        }
    }

    /// Sets a field to a number, led by zeros where the field is of fixed length.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_number(&mut self, number: u8, value: u64) -> Result<&mut Self, EncodeError> {
        let field = self.field(number)?;
        let mut digits = [b'0'; 20];
        let mut left = value;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
        }
        let significant = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len() - 1);
        let wanted = match field.length {
            Length::Fixed(units) => usize::from(units),
            Length::Variable { .. } => digits.len() - significant,
        };
        let Some(first) = digits.len().checked_sub(wanted).filter(|first| *first <= significant) else {
            return Err(EncodeError::Length { number, units: digits.len() - significant });
        };
        let text = digits.get(first..).and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or_default();
        self.set(number, text)
    }

    /// Sets a field of bytes, or of national text, to bytes as they are.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_bytes(&mut self, number: u8, bytes: &[u8]) -> Result<&mut Self, EncodeError> {
        let field = self.field(number)?;
        match field.encoding {
            Encoding::Bcd(_) | Encoding::Ebcdic => Err(EncodeError::Character(number)),
            Encoding::HexAscii => self.write(field, bytes.len(), |buffer| buffer.extend(character::hex(bytes))),
            Encoding::Ascii if !field.content.allows_all(bytes.iter().copied()) => Err(EncodeError::Character(number)),
            Encoding::Ascii | Encoding::Binary => self.write(field, bytes.len(), |buffer| buffer.extend(bytes)),
        }
    }

    /// Sets a field to its parts by position, as many as the value has.
    ///
    /// # Errors
    /// [`EncodeError::Parts`] where a part has another length or the field fewer; else as [`set`](Self::set).
    pub fn set_parts(&mut self, number: u8, values: &[&str]) -> Result<&mut Self, EncodeError> {
        let Inside::Parts(parts) = self.field(number)?.inside else { return Err(EncodeError::Parts(number)) };
        self.set_parts_of(number, parts, values)
    }

    /// The same by a layout that only this message gives the field; the table need not know it.
    ///
    /// # Errors
    /// As [`set_parts`](Self::set_parts).
    pub fn set_parts_of(
        &mut self,
        number: u8,
        parts: &'static [Part],
        values: &[&str],
    ) -> Result<&mut Self, EncodeError> {
        let field = self.field(number)?;
        let scale = if field.content == Content::Bytes { 2 } else { 1 };
        let fits = |(value, part): (&&str, &Part)| {
            value.len() == usize::from(part.units) * scale && (scale == 2 || part.content.allows_all(value.bytes()))
        };
        if values.len() > parts.len() || !values.iter().zip(parts).all(fits) {
            return Err(EncodeError::Parts(number));
        }
        self.set(number, &values.concat())
    }

    /// Leaves a field to somebody else: `units` digits or bytes of it, known beforehand.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn hole(&mut self, number: u8, units: usize, hole: H) -> Result<&mut Self, EncodeError> {
        let field = self.field(number)?;
        let range = self.prefix(field, units)?;
        self.put(Entry { field, range, filling: Filling::Hole(hole) });
        Ok(self)
    }

    /// Leaves a field to somebody else of which nobody here knows how long it will be.
    ///
    /// # Errors
    /// [`EncodeError`] where the field does not exist, or its prefix does not count bytes.
    pub fn measured(&mut self, number: u8, hole: H) -> Result<&mut Self, EncodeError> {
        let field = self.field(number)?;
        let counts_bytes = match (field.length, field.encoding) {
            (Length::Fixed(_), _) => false,
            (Length::Variable { counts: Counts::Bytes, .. }, _) => true,
            (_, Encoding::Ascii | Encoding::Ebcdic | Encoding::Binary) => true,
            (_, Encoding::Bcd(_) | Encoding::HexAscii) => false,
        };
        if !counts_bytes {
            return Err(EncodeError::Length { number, units: 0 });
        }
        let end = self.buffer.len();
        self.put(Entry { field, range: end..end, filling: Filling::Measured(hole) });
        Ok(self)
    }

    /// Takes a field out again.
    pub fn unset(&mut self, number: u8) -> &mut Self {
        self.entries.retain(|entry| entry.field.number != number);
        self.present = Present::default();
        self.entries.iter().for_each(|entry| self.present.insert(entry.field.number));
        self
    }

    /// Message type and bitmaps.
    pub fn head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(USUAL_BYTES);
        self.write_head(&mut head);
        head
    }

    /// The fields in ascending order, as they will be sent.
    pub fn pieces(&self) -> impl Iterator<Item = (&'static Field, Piece<'_, H>)> {
        self.entries.iter().map(|entry| {
            let bytes = self.buffer.get(entry.range.clone()).unwrap_or_default();
            let (prefix, value) = bytes.split_at(entry.field.prefix_bytes().min(bytes.len()));
            let piece = match (&entry.filling, entry.field.length) {
                (Filling::Measured(hole), Length::Variable { prefix, .. }) => Piece::Measured { prefix, hole },
                (Filling::Hole(hole) | Filling::Measured(hole), _) => Piece::Hole { prefix, hole },
                (Filling::Known, _) => Piece::Known { prefix, value },
            };
            (entry.field, piece)
        })
    }

    /// The message as bytes, where nothing is left to others.
    ///
    /// # Errors
    /// [`EncodeError::Hole`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::with_capacity(self.buffer.len() + 52);
        self.write_head(&mut bytes);
        for entry in &self.entries {
            let Filling::Known = entry.filling else { return Err(EncodeError::Hole(entry.field.number)) };
            bytes.extend_from_slice(self.buffer.get(entry.range.clone()).unwrap_or_default());
        }
        Ok(bytes)
    }

    /// A field of the table. Fields are mostly set in ascending order, so walking on from the last one is the shortest
    /// search.
    fn field(&mut self, number: u8) -> Result<&'static Field, EncodeError> {
        let fields = self.format.fields;
        let from = if fields.get(self.last).is_some_and(|last| last.number <= number) { self.last } else { 0 };
        for (index, field) in fields.iter().enumerate().skip(from) {
            if field.number >= number {
                self.last = index;
                return if field.number == number { Ok(field) } else { Err(EncodeError::UnknownField(number)) };
            }
        }
        Err(EncodeError::UnknownField(number))
    }

    fn write(
        &mut self,
        field: &'static Field,
        units: usize,
        value: impl FnOnce(&mut Vec<u8>),
    ) -> Result<&mut Self, EncodeError> {
        let start = self.prefix(field, units)?.start;
        value(&mut self.buffer);
        self.put(Entry { field, range: start..self.buffer.len(), filling: Filling::Known });
        Ok(self)
    }

    /// Writes the length of a value of so many units, and says where it stands.
    fn prefix(&mut self, field: &Field, units: usize) -> Result<Range<usize>, EncodeError> {
        let start = self.buffer.len();
        let fits = field.write_prefix(units, &mut self.buffer);
        if fits { Ok(start..self.buffer.len()) } else { Err(EncodeError::Length { number: field.number, units }) }
    }

    fn put(&mut self, entry: Entry<H>) {
        let number = entry.field.number;
        self.present.insert(number);
        // Fields are mostly set in ascending order.
        if self.entries.last().is_none_or(|last| last.field.number < number) {
            return self.entries.push(entry);
        }
        match self.entries.binary_search_by_key(&number, |entry| entry.field.number) {
            Ok(there) => self.entries[there] = entry,
            Err(between) => self.entries.insert(between, entry),
        }
    }

    fn write_head(&self, into: &mut Vec<u8>) {
        let digits = [12, 8, 4, 0].map(|shift| (self.message_type >> shift & 0x0F) as u8);
        match self.format.message_type {
            MessageType::Bcd => into.extend(self.message_type.to_be_bytes()),
            MessageType::Ascii => into.extend(digits.map(character::hex_character)),
            MessageType::Ebcdic => {
                into.extend(digits.map(|digit| character::to_ebcdic(character::hex_character(digit))))
            }
        }
        self.present.write(self.format.bitmap, into);
    }
}

impl Field {
    /// The length prefix of a value of so many units as it is written; empty where the length is fixed. `None` where
    /// the field cannot hold such a value.
    pub fn prefix_of(&self, units: usize) -> Option<Vec<u8>> {
        let mut written = Vec::new();
        self.write_prefix(units, &mut written).then_some(written)
    }

    /// Writes the length of a value of so many units; `false` where the field cannot hold it.
    fn write_prefix(&self, units: usize, into: &mut Vec<u8>) -> bool {
        match self.length {
            Length::Fixed(length) => units == usize::from(length),
            Length::Variable { prefix, counts, max } => {
                let counted = if counts == Counts::Bytes { self.bytes_of(units) } else { units };
                let fits = units <= usize::from(max) && counted <= prefix.highest();
                if fits {
                    write_length(counted, prefix, into);
                }
                fits
            }
        }
    }
}

fn write_length(length: usize, prefix: Prefix, into: &mut Vec<u8>) {
    let digit = |index: usize| (length / 10usize.pow(index as u32) % 10) as u8;
    match prefix.code {
        PrefixCode::Binary => {
            let bytes = length.to_be_bytes();
            into.extend(bytes.get(bytes.len() - prefix.bytes()..).unwrap_or_default());
        }
        PrefixCode::Bcd => {
            into.extend((0..prefix.bytes()).rev().map(|byte| digit(2 * byte + 1) << 4 | digit(2 * byte)));
        }
        PrefixCode::Ascii => into.extend((0..prefix.bytes()).rev().map(|index| b'0' + digit(index))),
        PrefixCode::Ebcdic => into.extend((0..prefix.bytes()).rev().map(|index| 0xF0 + digit(index))),
    }
}

/// Digits, already checked, two a byte. A digit's character ends in its nibble, and `=` in that of the separator.
fn pack_digits(text: &str, padding: Padding, into: &mut Vec<u8>) {
    const { assert!(b'=' & 0x0F == SEPARATOR) };
    let is_led_by_zero = padding == Padding::LeftZero && text.len() % 2 == 1;
    let rest = match text.as_bytes() {
        [first, rest @ ..] if is_led_by_zero => {
            into.push(first & 0x0F);
            rest
        }
        all => all,
    };
    let (pairs, last) = rest.as_chunks::<2>();
    into.extend(pairs.iter().map(|[high, low]| high << 4 | low & 0x0F));
    let filling = if padding == Padding::RightF { 0x0F } else { 0 };
    into.extend(last.iter().map(|high| high << 4 | filling));
}

/// An even number of nibbles, two a byte.
fn pack(mut nibbles: impl Iterator<Item = u8>, into: &mut Vec<u8>) {
    while let (Some(high), Some(low)) = (nibbles.next(), nibbles.next()) {
        into.push(high << 4 | low);
    }
}
