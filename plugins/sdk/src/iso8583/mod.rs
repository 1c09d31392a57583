//! ISO 8583 as data: a table of field formats, a strict decoder that borrows from the frame, and a composer whose
//! fields may be holes of a message template.
//!
//! First version: a message type of two BCD bytes, one bitmap of eight bytes, BCD length prefixes.

mod compose;
mod decode;
mod format;

pub use compose::{Composed, Composer, EncodeError};
pub use decode::{DecodeError, Fields, Outline, Reason, Value, decode, outline};
pub use format::{Content, Counts, Encoding, FieldFormat, Length, Table};

#[cfg(test)]
mod tests;
