//! A frame that cannot be read: where, why, and what stands there, free of card data.

use core::fmt::{self, Display, Formatter};

/// Bytes shown before and after the place of an error: enough to see a shifted field.
const AROUND_BYTES: usize = 8;

/// A message of another party that cannot be read. Holds no value of any field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{path} at byte {offset}: {reason} ({around})")]
pub struct DecodeError {
    /// The field or the part of the frame.
    pub path: Path,
    /// Offset in the frame.
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
    /// The bytes there, their decimal digits masked.
    pub around: Around,
}

/// Where in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The message type, written `MTI`.
    MessageType,
    /// The bitmaps, written `bitmap`.
    Bitmap,
    /// A field, written `DE35`.
    Field(u8),
    /// A part of a field by position, from 1, written `DE60.2`.
    Part(u8, u8),
    /// A data object of a field, written `DE55.9F26`.
    Object(u8, u32),
    /// After the last field, written `end`.
    End,
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The frame ends inside.
    #[error("needs {needed} bytes, {left} are left")]
    Short {
        /// Bytes it needs.
        needed: usize,
        /// Bytes the frame, or the field around it, still has.
        left: usize,
    },
    /// Bytes follow the last field.
    #[error("{0} bytes are left over after the last field of the bitmap")]
    Leftover(usize),
    /// Longer than any message.
    #[error("the frame has {0} bytes, no message is longer than 65535")]
    FrameTooLong(usize),
    /// The message type is of another edition of the standard.
    #[error("the message type does not begin with {0}")]
    OtherVersion(u8),
    /// The third bitmap says that a fourth follows.
    #[error("the third bitmap announces a fourth")]
    FourthBitmap,
    /// The bitmap names a field that the protocol does not have.
    #[error("the bitmap names field {0}, which this protocol does not have")]
    UnknownField(u8),
    /// The length prefix is no number.
    #[error("the length prefix is not decimal")]
    BadPrefix,
    /// The length prefix exceeds what the field may hold.
    #[error("is {length} long, at most {max} is allowed")]
    TooLong {
        /// As the prefix says, in units.
        length: usize,
        /// As the protocol allows.
        max: usize,
    },
    /// A nibble is no decimal digit.
    #[error("holds a nibble that is not a digit")]
    BadNibble,
    /// An odd number of digits leaves a nibble that is not the padding.
    #[error("the nibble that pads an odd number of digits is another")]
    BadPadding,
    /// A byte that is no character of this field.
    #[error("holds a byte that is not allowed there")]
    BadCharacter,
    /// The value ends inside a part.
    #[error("ends inside a part")]
    CutPart,
    /// A data object's tag has more than four bytes, or its length more than two.
    #[error("holds a data object whose tag or length is too long")]
    BadObject,
    /// Data objects nest deeper than any protocol's.
    #[error("holds data objects nested too deep")]
    TooDeep,
    /// The number is larger than 64 bits hold.
    #[error("is a number too large")]
    TooLarge,
    /// A field that the message needs is absent.
    #[error("is absent")]
    Absent,
    /// The message type is another than the one demanded, its four digits read as hexadecimal.
    #[error("must be {0:04x}")]
    OtherMessageType(u16),
    /// The value is another than the one demanded.
    #[error("must be {0}")]
    Unexpected(&'static str),
}

/// The bytes around the place of an error, each decimal digit masked: in what is left nobody finds a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// Nibbles of 0 to 9 are 0; A to F are as they were.
    masked: [u8; 2 * AROUND_BYTES],
    length: u8,
    at: u8,
}

impl DecodeError {
    /// An error at an offset of the frame.
    pub fn new(path: Path, frame: &[u8], offset: usize, reason: Reason) -> Self {
        DecodeError { path, offset, reason, around: Around::new(frame, offset) }
    }
}

impl Display for Path {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Path::MessageType => formatter.write_str("MTI"),
            Path::Bitmap => formatter.write_str("bitmap"),
            Path::Field(number) => write!(formatter, "DE{number}"),
            Path::Part(number, part) => write!(formatter, "DE{number}.{part}"),
            Path::Object(number, tag) => write!(formatter, "DE{number}.{tag:02X}"),
            Path::End => formatter.write_str("end"),
        }
    }
}

impl Around {
    fn new(frame: &[u8], offset: usize) -> Self {
        let offset = offset.min(frame.len());
        let first = offset.saturating_sub(AROUND_BYTES);
        let shown = frame.iter().skip(first).take(offset - first + AROUND_BYTES);
        let mut masked = [0; 2 * AROUND_BYTES];
        let mut length = 0;
        for (place, byte) in masked.iter_mut().zip(shown) {
            *place = mask(byte >> 4) << 4 | mask(byte & 0x0F);
            length += 1;
        }
        // Both fit: neither exceeds twice AROUND_BYTES.
        Around { masked, length, at: (offset - first) as u8 }
    }
}

impl Display for Around {
    /// `## #A >## ##`: the byte in question stands behind `>`.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let digit = |nibble: u8| if nibble == 0 { '#' } else { char::from(b'A' + nibble - 10) };
        for (index, byte) in self.masked.iter().take(self.length.into()).enumerate() {
            formatter.write_str(if index == 0 { "" } else { " " })?;
            formatter.write_str(if index == usize::from(self.at) { ">" } else { "" })?;
            write!(formatter, "{}{}", digit(byte >> 4), digit(byte & 0x0F))?;
        }
        match (self.at == self.length, self.length) {
            (true, 0) => formatter.write_str(">"),
            (true, _) => formatter.write_str(" >"),
            (false, _) => Ok(()),
        }
    }
}

fn mask(nibble: u8) -> u8 {
    if nibble <= 9 { 0 } else { nibble }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_where_it_is_and_no_digit() {
        let frame = hex::decode("6200000123456789D30121C1FF").expect("hex");
        let error = DecodeError::new(Path::Field(35), &frame, 8, Reason::BadNibble);
        assert_eq!(
            error.to_string(),
            "DE35 at byte 8: holds a nibble that is not a digit (## ## ## ## ## ## ## ## >D# ## ## C# FF)"
        );
        let end = DecodeError::new(Path::End, &frame[..2], 2, Reason::Short { needed: 1, left: 0 });
        assert_eq!(end.to_string(), "end at byte 2: needs 1 bytes, 0 are left (## ## >)");
        let first = DecodeError::new(Path::Part(60, 2), &[0x1C], 0, Reason::CutPart);
        assert_eq!(first.to_string(), "DE60.2 at byte 0: ends inside a part (>#C)");
        let empty = DecodeError::new(Path::Object(55, 0x9F26), &[], 9, Reason::BadObject);
        assert!(empty.to_string().ends_with("(>)") && empty.to_string().starts_with("DE55.9F26 at byte 9"));
    }
}
