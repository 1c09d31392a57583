//! The codec of [`::iso8583`] bound to the contract: what it cannot read or write is a [`Fault`], a value says
//! where it stands for a proof, and a message becomes a template whose holes the terminal fills.
//!
//! ```
//! use acquit_plugin_sdk::iso8583::{Bitmap, Composer, Content, Encoding, Field, Format, MessageType, Version};
//! use acquit_plugin_sdk::prelude::{Node, Secret, SecretHole};
//!
//! const FORMAT: Format = Format {
//!     version: Version::V1987,
//!     message_type: MessageType::Bcd,
//!     bitmap: Bitmap::Binary,
//!     fields: &[
//!         Field::fixed(11, "trace", Content::Digits, Encoding::BCD_PAD_LEFT, 6),
//!         Field::fixed(14, "expiry", Content::Digits, Encoding::BCD_PAD_LEFT, 4),
//!     ],
//! };
//!
//! let expiry = SecretHole {
//!     secret: Secret::Expiry,
//!     encoding: acquit_plugin_sdk::prelude::Encoding::BcdLeftZero,
//!     of_item: None,
//! };
//! let mut message = Composer::new(&FORMAT, 0x0200);
//! message.set_number(11, 42)?.hole(14, 4, Node::Secret(expiry))?.mark(&[11]);
//! let composed = message.into_template(&[]);
//! assert_eq!(composed.node(11), Some(0), "marked fields are the first nodes");
//! # Ok::<(), acquit_plugin_sdk::iso8583::EncodeError>(())
//! ```

mod compose;

pub use ::iso8583::{
    Around, Bitmap, Content, Counts, DecodeError, Decoded, EncodeError, Encoding, Field, Format, Inside, Length,
    MessageType, Outline, Padding, Part, Path, Prefix, PrefixCode, Present, Reason, Tlv, TlvReader, Value, Version,
    decode, outline,
};
pub use compose::{Composed, Composer};

use crate::prelude::{Extent, Fault, Malformed};

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        let offset = u32::try_from(error.offset).unwrap_or(u32::MAX);
        Fault::Malformed(Malformed { path: error.path.to_string(), offset, reason: error.reason.to_string() })
    }
}

impl From<EncodeError> for Fault {
    fn from(error: EncodeError) -> Self {
        Fault::Internal(error.to_string())
    }
}

impl From<Value<'_>> for Extent {
    /// Where the value stands, without its length prefix, for a proof.
    fn from(value: Value<'_>) -> Self {
        let at = |offset: usize| i32::try_from(offset).unwrap_or(i32::MAX);
        Extent { start: at(value.offset()), end: at(value.offset() + value.bytes().len()) }
    }
}

#[cfg(test)]
mod tests;
