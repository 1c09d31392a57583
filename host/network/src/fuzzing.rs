//! What the fuzz targets reach: answers out of bytes, without a connection.

use engine::contract::acquirer::Framing;

use crate::failure::FailureDetail;
use crate::frame::{self, Prefix};
use crate::http;
use crate::wire::{Answer, Incoming};

/// The first answer in bytes that arrive in these pieces, before the other end says goodbye and ends the connection.
///
/// # Errors
/// They are no answer within `limit` bytes.
pub fn answer<'a>(
    framing: Framing,
    pieces: impl Iterator<Item = &'a [u8]>,
    limit: usize,
) -> Result<Option<Answer>, FailureDetail> {
    let mut incoming = match framing {
        Framing::LengthU16 => Incoming::Frame(frame::Incoming::new(Prefix::U16, limit)),
        Framing::LengthAsciiFour => Incoming::Frame(frame::Incoming::new(Prefix::AsciiFour, limit)),
        Framing::Http => Incoming::Http(http::Incoming::new(limit)),
    };
    for piece in pieces {
        incoming.push(piece);
        if let Some(answer) = incoming.take()? {
            return Ok(Some(answer));
        }
    }
    Ok(incoming.ended(true))
}
