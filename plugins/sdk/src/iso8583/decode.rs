//! Reading a frame: strict, borrowing, and without a panic on any bytes.

use core::ops::Range;

use super::format::{Content, Counts, Encoding, FieldFormat, Length, Table};
use crate::prelude::{Extent, Fault, Malformed};

/// A message of another party that cannot be read: where, and why. Holds no value of any field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} at byte {offset}: {reason}")]
pub struct DecodeError {
    /// The field, as `DE35`, or the part of the frame: `MTI`, `bitmap`, `end`.
    pub path: String,
    /// Offset in the frame.
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The frame ends inside the field.
    #[error("needs {needed} bytes, the frame has {left} left")]
    Short {
        /// Bytes the field needs.
        needed: usize,
        /// Bytes the frame still has.
        left: usize,
    },
    /// Bytes follow the last field.
    #[error("{0} bytes are left over after the last field of the bitmap")]
    Leftover(usize),
    /// The bitmap names a field that the protocol does not have.
    #[error("the bitmap names field {0}, which this protocol does not have")]
    UnknownField(u8),
    /// The length prefix is not two decimal digits a byte.
    #[error("the length prefix is not decimal")]
    BadPrefix,
    /// The length prefix exceeds what the field may hold.
    #[error("is {length} long, at most {max} is allowed")]
    TooLong {
        /// As the prefix says.
        length: usize,
        /// As the protocol allows.
        max: usize,
    },
    /// A nibble is no decimal digit.
    #[error("holds a nibble that is not a digit")]
    BadNibble,
    /// An odd number of digits leaves a nibble that must be 0 and is not.
    #[error("the nibble that pads an odd number of digits is not 0")]
    BadPadding,
    /// A byte that is no character of this field.
    #[error("holds a byte that is not allowed there")]
    BadCharacter,
    /// A field that the message needs is absent.
    #[error("is absent")]
    Absent,
    /// A field whose content does not say what it must.
    #[error("must be {0}")]
    Unexpected(String),
}

impl DecodeError {
    /// An error at a field of this number.
    pub fn at(number: u8, offset: usize, reason: Reason) -> Self {
        DecodeError { path: format!("DE{number}"), offset, reason }
    }

    /// An error at a named part of the frame.
    pub fn part(path: &str, offset: usize, reason: Reason) -> Self {
        DecodeError { path: path.to_owned(), offset, reason }
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        let offset = u32::try_from(error.offset).unwrap_or(u32::MAX);
        Fault::Malformed(Malformed { path: error.path, offset, reason: error.reason.to_string() })
    }
}

/// A frame taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields<'f> {
    mti: u16,
    start: usize,
    end: usize,
    values: Vec<Value<'f>>,
}

/// One field of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'f> {
    format: &'static FieldFormat,
    bytes: &'f [u8],
    units: usize,
    offset: usize,
}

/// A frame followed by bitmap and lengths alone, for people who look at one that may be damaged. No value of it has
/// been checked; what decides anything goes through [`decode`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline<'f> {
    /// The message type as sent.
    pub mti: [u8; 2],
    /// The fields that could be told apart, in order.
    pub values: Vec<Value<'f>>,
    /// Offset after the last of them.
    pub end: usize,
    /// Why what stands there is no field.
    pub trouble: Option<DecodeError>,
}

/// Takes a frame apart whose message type stands at `start`; what stands before is the transport's.
///
/// # Errors
/// The first thing that does not fit: a short field, a bitmap that names what is not there, bytes left over, a
/// prefix, digit or padding that is none.
pub fn decode<'f>(table: &Table, frame: &'f [u8], start: usize) -> Result<Fields<'f>, DecodeError> {
    let Outline { mti, values, trouble, .. } = outline(table, frame, start)?;
    if !decimal(&mti) {
        return Err(DecodeError::part("MTI", start, Reason::BadNibble));
    }
    for value in &values {
        value.check().map_err(|reason| DecodeError::at(value.number(), value.start(), reason))?;
    }
    match trouble {
        None => Ok(Fields { mti: u16::from_be_bytes(mti), start, end: frame.len(), values }),
        Some(error) => Err(error),
    }
}

/// Follows the structure of a frame as far as it goes, whatever its values hold.
///
/// # Errors
/// [`Reason::Short`] where message type or bitmap are not whole.
pub fn outline<'f>(table: &Table, frame: &'f [u8], start: usize) -> Result<Outline<'f>, DecodeError> {
    let mut rest = Rest { frame, offset: start.min(frame.len()) };
    let mti = *rest.chunk().map_err(|reason| DecodeError::part("MTI", start, reason))?;
    let bitmap_at = rest.offset;
    let bitmap = rest.chunk().map_err(|reason| DecodeError::part("bitmap", bitmap_at, reason))?;
    let bits = u64::from_be_bytes(*bitmap);
    let mut outline =
        Outline { mti, values: Vec::with_capacity(bits.count_ones() as usize), end: rest.offset, trouble: None };
    for number in (1..=64u8).filter(|number| bits & (1 << (64 - number)) != 0) {
        let value = match table.format(number) {
            None => Err(DecodeError::part("bitmap", bitmap_at, Reason::UnknownField(number))),
            Some(format) => rest.value(format).map_err(|reason| DecodeError::at(number, outline.end, reason)),
        };
        match value {
            Ok(value) => outline.values.push(value),
            Err(error) => return Ok(Outline { trouble: Some(error), ..outline }),
        }
        outline.end = rest.offset;
    }
    let left = frame.len() - outline.end;
    outline.trouble = (left > 0).then(|| DecodeError::part("end", outline.end, Reason::Leftover(left)));
    Ok(outline)
}

impl<'f> Fields<'f> {
    /// The message type, its four digits read as hexadecimal: `0x0210`.
    pub fn mti(&self) -> u16 {
        self.mti
    }

    /// A field, where the frame has it.
    pub fn get(&self, number: u8) -> Option<Value<'f>> {
        self.values.iter().find(|value| value.format.number == number).copied()
    }

    /// A field the message needs.
    ///
    /// # Errors
    /// [`Reason::Absent`], at the end of the frame.
    pub fn need(&self, number: u8) -> Result<Value<'f>, DecodeError> {
        self.get(number).ok_or_else(|| DecodeError::at(number, self.end, Reason::Absent))
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'f>> + '_ {
        self.values.iter().copied()
    }

    /// Demands a message type.
    ///
    /// # Errors
    /// [`Reason::Unexpected`], at the message type.
    pub fn expect_mti(&self, expected: u16) -> Result<(), DecodeError> {
        if self.mti == expected {
            return Ok(());
        }
        Err(DecodeError::part("MTI", self.start, Reason::Unexpected(format!("{expected:04x}"))))
    }
}

impl<'f> Value<'f> {
    /// The field's number.
    pub fn number(&self) -> u8 {
        self.format.number
    }

    /// The field's format.
    pub fn format(&self) -> &'static FieldFormat {
        self.format
    }

    /// The value as sent, without its length prefix.
    pub fn bytes(&self) -> &'f [u8] {
        self.bytes
    }

    /// Offset of the value in the frame, after its length prefix.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Length in digits for BCD and in bytes elsewhere.
    pub fn units(&self) -> usize {
        self.units
    }

    /// Where the value stands, for a proof.
    pub fn extent(&self) -> Extent {
        let at = |offset: usize| i32::try_from(offset).unwrap_or(i32::MAX);
        Extent { start: at(self.offset), end: at(self.offset + self.bytes.len()) }
    }

    /// The value as text: digits of a BCD field, `=` for a track's separator, hexadecimal for binary fields.
    pub fn text(&self) -> String {
        match self.format.encoding {
            Encoding::Ascii => String::from_utf8_lossy(self.bytes).into_owned(),
            Encoding::Binary => self.bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
            Encoding::BcdPadLeft | Encoding::BcdPadRight => {
                let digits = self.digit_range();
                nibbles(self.bytes).skip(digits.start).take(digits.len()).map(|n| char::from(character(n))).collect()
            }
        }
    }

    /// Whether the value is written as its format says; always so in a frame that [`decode`] read.
    pub fn is_well_formed(&self) -> bool {
        self.check().is_ok()
    }

    /// An error about this field.
    pub fn error(&self, reason: Reason) -> DecodeError {
        DecodeError::at(self.format.number, self.offset, reason)
    }

    /// Offset of the field in the frame, with its length prefix.
    fn start(&self) -> usize {
        self.offset - self.format.prefix_bytes()
    }

    fn digit_range(&self) -> Range<usize> {
        let odd = self.units % 2;
        let first = if self.format.encoding == Encoding::BcdPadLeft { odd } else { 0 };
        first..first + self.units
    }

    fn check(&self) -> Result<(), Reason> {
        match self.format.encoding {
            Encoding::Binary => Ok(()),
            Encoding::Ascii if self.bytes.iter().all(|byte| self.format.allows(*byte)) => Ok(()),
            Encoding::Ascii => Err(Reason::BadCharacter),
            Encoding::BcdPadLeft | Encoding::BcdPadRight => {
                let digits = self.digit_range();
                for (index, nibble) in nibbles(self.bytes).enumerate() {
                    if !digits.contains(&index) && nibble != 0 {
                        return Err(Reason::BadPadding);
                    }
                    let separator = nibble == SEPARATOR && self.format.content == Content::Track;
                    if digits.contains(&index) && nibble > 9 && !separator {
                        return Err(Reason::BadNibble);
                    }
                }
                Ok(())
            }
        }
    }
}

/// What has not been read yet.
struct Rest<'f> {
    frame: &'f [u8],
    offset: usize,
}

impl<'f> Rest<'f> {
    fn take(&mut self, needed: usize) -> Result<&'f [u8], Reason> {
        let left = self.frame.get(self.offset..).unwrap_or_default();
        let taken = left.get(..needed).ok_or(Reason::Short { needed, left: left.len() })?;
        self.offset += needed;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Result<&'f [u8; N], Reason> {
        let left = self.frame.get(self.offset..).unwrap_or_default();
        let taken = left.first_chunk().ok_or(Reason::Short { needed: N, left: left.len() })?;
        self.offset += N;
        Ok(taken)
    }

    /// A field, unchecked.
    fn value(&mut self, format: &'static FieldFormat) -> Result<Value<'f>, Reason> {
        let units = self.units(format)?;
        let offset = self.offset;
        let bytes = self.take(format.bytes_of(units))?;
        Ok(Value { format, bytes, units, offset })
    }

    fn units(&mut self, format: &FieldFormat) -> Result<usize, Reason> {
        let (max, counts) = match format.length {
            Length::Fixed(units) => return Ok(usize::from(units)),
            Length::LlVar { max, counts } | Length::LllVar { max, counts } => (usize::from(max), counts),
        };
        let prefix = self.take(format.prefix_bytes())?;
        if !decimal(prefix) {
            return Err(Reason::BadPrefix);
        }
        let counted = nibbles(prefix).fold(0, |sum, nibble| sum * 10 + usize::from(nibble));
        let is_bcd = matches!(format.encoding, Encoding::BcdPadLeft | Encoding::BcdPadRight);
        let length = if counts == Counts::Bytes && is_bcd { counted * 2 } else { counted };
        if length > max { Err(Reason::TooLong { length, max }) } else { Ok(length) }
    }
}

/// The nibble that separates the parts of a track.
pub(super) const SEPARATOR: u8 = 0xD;

fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F])
}

fn decimal(bytes: &[u8]) -> bool {
    nibbles(bytes).all(|nibble| nibble <= 9)
}

fn character(nibble: u8) -> u8 {
    if nibble == SEPARATOR { b'=' } else { b'0' + nibble }
}
