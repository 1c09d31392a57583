//! What can be wrong with a frame, and where.

use std::fmt;

use thiserror::Error;

/// A frame that cannot be read, or a message that cannot be written. Holds no content of any field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}, byte {offset}: {fault}")]
pub struct CodecError {
    /// The part of the frame.
    pub place: Place,
    /// Bytes after the length prefix before the fault, or before the field whose content is at fault; for writing, bytes
    /// of the message written so far.
    pub offset: usize,
    /// What is wrong there.
    pub fault: CodecFault,
}

/// A part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The two bytes before everything else.
    Length,
    /// The transport header.
    Tpdu,
    /// The six bytes of message header.
    Header,
    /// The message type.
    Mti,
    /// The bitmap.
    Bitmap,
    /// A data element by its number.
    Field(u8),
    /// Behind the last field that the bitmap announces.
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("length prefix"),
            Self::Tpdu => f.write_str("TPDU"),
            Self::Header => f.write_str("header"),
            Self::Mti => f.write_str("message type"),
            Self::Bitmap => f.write_str("bitmap"),
            Self::Field(number) => write!(f, "DE{number}"),
            Self::End => f.write_str("end of message"),
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodecFault {
    /// The bytes end before the part does.
    #[error("the frame ends here: {wanted} bytes wanted, {left} left")]
    Short {
        /// Bytes the part needs.
        wanted: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// Bytes that no field accounts for.
    #[error("{bytes} bytes follow that the bitmap does not announce")]
    Leftover {
        /// How many.
        bytes: usize,
    },
    /// The length prefix does not count what follows it.
    #[error("the prefix says {announced} bytes, {present} are there")]
    LengthLies {
        /// What the prefix says.
        announced: usize,
        /// What is there.
        present: usize,
    },
    /// Over the limit for frames.
    #[error("{bytes} bytes are more than a frame may have")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// A nibble that is no digit.
    #[error("a nibble is not a digit")]
    NotDigits,
    /// A padding digit that is not zero.
    #[error("the padding nibble is not zero")]
    Padding,
    /// Something unprintable in a field of text.
    #[error("text holds a byte that is not printable ASCII")]
    NotText,
    /// Longer or shorter than the field can be.
    #[error("length {length} where the field has {limit}")]
    FieldLength {
        /// Length found, in digits or bytes as the field counts.
        length: usize,
        /// Length of the field, or its most.
        limit: usize,
    },
    /// Bit 1 is set; terminals have no second bitmap.
    #[error("bit 1 announces a second bitmap, which terminals do not use")]
    SecondBitmap,
    /// A field that this protocol does not have.
    #[error("this protocol has no such field")]
    UnknownField,
    /// Digits given for a field of text, or the like; only when writing.
    #[error("the value is of the wrong kind for this field")]
    WrongKind,
}

impl CodecFault {
    /// This fault at a place.
    pub(crate) fn at(self, place: Place, offset: usize) -> CodecError {
        CodecError { place, offset, fault: self }
    }
}
