//! ISO 8583 as data.
//!
//! A protocol is a [`Format`]: how its message type and bitmaps are written, and a table of fields, each with its
//! name, content, length rule and encoding. The decoder borrows from the frame and allocates nothing; the encoder's
//! fields are known values or holes of known length that somebody else fills in.
//!
//! ```
//! use iso8583::{Bitmap, Content, Encoding, Field, Format, MessageType, Prefix, Version};
//!
//! const FORMAT: Format = Format {
//!     version: Version::V1987,
//!     message_type: MessageType::Bcd,
//!     bitmap: Bitmap::Binary,
//!     fields: &[
//!         Field::variable(2, "card number", Content::Digits, Encoding::BCD_PAD_RIGHT, Prefix::BCD_2, 19),
//!         Field::fixed(3, "processing code", Content::Digits, Encoding::BCD_PAD_LEFT, 6),
//!         Field::fixed(4, "amount", Content::Digits, Encoding::BCD_PAD_LEFT, 12),
//!         Field::fixed(41, "terminal", Content::Printable, Encoding::Ascii, 8),
//!     ],
//! };
//! // A table that contradicts itself does not compile.
//! const _: () = FORMAT.check();
//!
//! let mut message = iso8583::Encoder::<iso8583::NoHole>::new(&FORMAT, 0x0200);
//! message.set(3, "000000")?.set(4, "000000000100")?.set(41, "TERM0001")?;
//! let frame = message.to_bytes()?;
//!
//! let read = iso8583::decode(&FORMAT, &frame, 0)?;
//! assert_eq!(read.message_type(), 0x0200);
//! assert_eq!(read.need(4)?.to_number()?, 100);
//! assert_eq!(read.need(41)?.text(), "TERM0001");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bitmap;
mod character;
mod check;
mod decode;
mod encode;
mod error;
mod format;
mod inside;
pub mod neutral;
mod value;

pub use bitmap::Present;
pub use decode::{Decoded, MAX_FRAME_BYTES, Outline, decode, outline};
pub use encode::{EncodeError, Encoder, NoHole, Piece};
pub use error::{Around, DecodeError, Path, Reason};
pub use format::{
    Bitmap, Content, Counts, Encoding, Field, Format, Inside, Length, MessageType, Padding, Part, Prefix, PrefixCode,
    Version,
};
pub use inside::{MAX_TLV_DEPTH, Tlv, TlvReader};
pub use value::Value;
