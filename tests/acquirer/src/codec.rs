//! ISO 8583 as UnionPay terminals speak it: TPDU, header, message type, bitmap, fields.
//!
//! Written for this acquirer alone and shared with no plugin, so that each side checks the other. Strict in both
//! directions: a byte that no field accounts for, a padding digit that is not zero, or a field that its bitmap does
//! not announce is an error with its place and offset. Offsets count from the first byte after the length prefix.

mod error;
mod fields;
mod masking;
mod nibbles;

use std::collections::BTreeMap;
use std::fmt;

pub use error::{CodecError, CodecFault, Place};
pub use masking::masked_card_number;

use fields::Shape;

/// Longest frame taken, in bytes after the length prefix. The longest message of these terminals stays under 1.5 KiB;
/// more is a broken or hostile peer.
pub const MAX_FRAME_BYTES: usize = 4096;

/// Bytes of the length prefix: big-endian, counting what follows it.
pub const LENGTH_PREFIX_BYTES: usize = 2;

const TPDU_BYTES: usize = 5;
const HEADER_BYTES: usize = 6;
const ENVELOPE_BYTES: usize = TPDU_BYTES + HEADER_BYTES;
const MTI_BYTES: usize = 2;
const BITMAP_BYTES: usize = 8;
/// The field that carries the MAC, always the last of a message.
pub const MAC_FIELD: u8 = 64;
/// Bytes of DE64, raw; for MAC-1 these are ASCII hexadecimal characters.
pub const MAC_BYTES: usize = 8;

/// A whole frame without its length prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where the frame goes and where it comes from.
    pub tpdu: Tpdu,
    /// The six header bytes as received (application class, version, status, reserved).
    pub header: [u8; HEADER_BYTES],
    /// What is said.
    pub message: Message,
}

impl Frame {
    /// Reads the bytes after the length prefix, all of them.
    pub fn decode(body: &[u8]) -> Result<Self, CodecError> {
        if body.len() > MAX_FRAME_BYTES {
            return Err(CodecFault::TooLong { bytes: body.len() }.at(Place::Length, 0));
        }
        let mut reader = Reader { bytes: body, offset: 0 };
        let id = reader.array::<1>(Place::Tpdu)?[0];
        let destination = reader.array(Place::Tpdu)?;
        let source = reader.array(Place::Tpdu)?;
        let header = reader.array(Place::Header)?;
        let message = Message::read(&mut reader)?;
        Ok(Self { tpdu: Tpdu { id, destination, source }, header, message })
    }

    /// Reads a frame with its length prefix, which must count exactly the bytes after it.
    pub fn decode_prefixed(frame: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader { bytes: frame, offset: 0 };
        let announced = usize::from(u16::from_be_bytes(reader.array(Place::Length)?));
        let body = reader.rest();
        if announced != body.len() {
            return Err(CodecFault::LengthLies { announced, present: body.len() }.at(Place::Length, 0));
        }
        Self::decode(body)
    }

    /// The bytes after the length prefix.
    pub fn encode(&self) -> Result<Vec<u8>, CodecError> {
        let mut body = vec![self.tpdu.id];
        body.extend_from_slice(&self.tpdu.destination);
        body.extend_from_slice(&self.tpdu.source);
        body.extend_from_slice(&self.header);
        body.extend_from_slice(&self.message.encode()?);
        if body.len() > MAX_FRAME_BYTES {
            return Err(CodecFault::TooLong { bytes: body.len() }.at(Place::Length, 0));
        }
        Ok(body)
    }

    /// The whole frame, length prefix first.
    pub fn encode_prefixed(&self) -> Result<Vec<u8>, CodecError> {
        let body = self.encode()?;
        let length =
            u16::try_from(body.len()).map_err(|_| CodecFault::TooLong { bytes: body.len() }.at(Place::Length, 0))?;
        let mut frame = length.to_be_bytes().to_vec();
        frame.extend_from_slice(&body);
        Ok(frame)
    }
}

/// What a MAC is computed over: message type to the end of the last field before DE64, in a body whose last field is
/// DE64. `None` for a body too short to hold one.
pub fn mac_data(body: &[u8]) -> Option<&[u8]> {
    body.get(ENVELOPE_BYTES..body.len().checked_sub(MAC_BYTES)?)
}

/// The transport header: who sends to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tpdu {
    /// `60` for transactions.
    pub id: u8,
    /// Destination address, two BCD bytes.
    pub destination: [u8; 2],
    /// Source address, two BCD bytes.
    pub source: [u8; 2],
}

impl Tpdu {
    /// The header of the answer: destination and source change places.
    pub fn swapped(self) -> Self {
        Self { id: self.id, destination: self.source, source: self.destination }
    }
}

/// A message type indicator: four digits, `0200` and so on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mti([u8; MTI_BYTES]);

impl Mti {
    /// Sign-in.
    pub const SIGN_IN: Self = Self([0x08, 0x00]);
    /// Sale.
    pub const SALE: Self = Self([0x02, 0x00]);
    /// Reversal.
    pub const REVERSAL: Self = Self([0x04, 0x00]);
    /// Echo test, sign-off and other questions that carry no MAC.
    pub const NETWORK: Self = Self([0x08, 0x20]);
    /// Pre-authorisation and its void.
    pub const AUTHORISATION: Self = Self([0x01, 0x00]);
    /// What the terminal states as done: refunds, completions by advice, offline sales.
    pub const ADVICE: Self = Self([0x02, 0x20]);
    /// Details of a batch, and their end.
    pub const UPLOAD: Self = Self([0x03, 0x20]);
    /// Settlement of a batch.
    pub const SETTLEMENT: Self = Self([0x05, 0x00]);
    /// Result of an issuer's script.
    pub const SCRIPT_RESULT: Self = Self([0x06, 0x20]);

    /// The type of the answer to this request: `0200` gives `0210`, and so does its repeat `0201`. `None` if this is no
    /// request.
    pub fn answer(self) -> Option<Self> {
        let [class, function] = self.first().0;
        matches!(function, 0x00 | 0x20).then_some(Self([class, function + 0x10]))
    }

    /// The type without the mark of a repeat: `0221` gives `0220`.
    pub fn first(self) -> Self {
        let [class, function] = self.0;
        if self.is_repeat() { Self([class, function - 1]) } else { self }
    }

    /// Whether the type says of itself that it was sent before: `0201`, `0221`, `0401` and so on.
    pub fn is_repeat(self) -> bool {
        matches!(self.0, [_, 0x01 | 0x21])
    }
}

impl std::str::FromStr for Mti {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.len() == 4 && text.bytes().all(|c| c.is_ascii_digit());
        let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; MTI_BYTES]>::try_from(bytes).ok());
        match bytes {
            Some(bytes) if digits => Ok(Self(bytes)),
            _ => Err("a message type is four digits, for example 0200".into()),
        }
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}{:02x}", self.0[0], self.0[1])
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The content of one field.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Digits of a BCD field, without padding; in tracks also the separator `D` and, enciphered, `A` to `F`.
    Digits(String),
    /// Printable ASCII.
    Text(String),
    /// Bytes as they are.
    Binary(Vec<u8>),
}

impl fmt::Debug for Value {
    /// Kind and length only: without its number nobody knows whether a field is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits(digits) => write!(f, "{} digits", digits.len()),
            Self::Text(text) => write!(f, "{} characters", text.len()),
            Self::Binary(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

/// Message type and fields. The bitmap is worked out from the fields.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The message type.
    pub mti: Mti,
    fields: BTreeMap<u8, Value>,
}

impl Message {
    /// A message without fields.
    pub fn new(mti: Mti) -> Self {
        Self { mti, fields: BTreeMap::new() }
    }

    /// Sets a field of digits (BCD, or a track).
    pub fn set_digits(&mut self, field: u8, digits: impl Into<String>) -> &mut Self {
        self.set(field, Value::Digits(digits.into()))
    }

    /// Sets a field of text.
    pub fn set_text(&mut self, field: u8, text: impl Into<String>) -> &mut Self {
        self.set(field, Value::Text(text.into()))
    }

    /// Sets a field of bytes.
    pub fn set_binary(&mut self, field: u8, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.set(field, Value::Binary(bytes.into()))
    }

    /// Sets a field.
    pub fn set(&mut self, field: u8, value: Value) -> &mut Self {
        self.fields.insert(field, value);
        self
    }

    /// Takes a field out.
    pub fn remove(&mut self, field: u8) -> &mut Self {
        self.fields.remove(&field);
        self
    }

    /// A field, if present.
    pub fn get(&self, field: u8) -> Option<&Value> {
        self.fields.get(&field)
    }

    /// The digits of a field of digits.
    pub fn digits(&self, field: u8) -> Option<&str> {
        match self.get(field)? {
            Value::Digits(digits) => Some(digits),
            _ => None,
        }
    }

    /// The text of a field of text.
    pub fn text(&self, field: u8) -> Option<&str> {
        match self.get(field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of a field of bytes.
    pub fn binary(&self, field: u8) -> Option<&[u8]> {
        match self.get(field)? {
            Value::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Every field as text for people: card numbers masked, PIN blocks, tracks and keys as `[redacted]`.
    pub fn masked(&self) -> BTreeMap<u8, String> {
        self.fields.iter().map(|(field, value)| (*field, masking::masked_field(*field, value))).collect()
    }

    /// Message type, bitmap and fields. With DE64 set this ends in the MAC.
    pub fn encode(&self) -> Result<Vec<u8>, CodecError> {
        let mut bytes = self.mti.0.to_vec();
        let mut bitmap = 0_u64;
        for field in self.fields.keys() {
            if !(2..=64).contains(field) {
                return Err(CodecFault::UnknownField.at(Place::Field(*field), bytes.len()));
            }
            bitmap |= 1 << (64 - u32::from(*field));
        }
        bytes.extend_from_slice(&bitmap.to_be_bytes());
        for (field, value) in &self.fields {
            let place = Place::Field(*field);
            let shape = Shape::of(*field).ok_or_else(|| CodecFault::UnknownField.at(place, bytes.len()))?;
            let encoded = shape.encode(value).map_err(|fault| fault.at(place, bytes.len()))?;
            bytes.extend_from_slice(&encoded);
        }
        Ok(bytes)
    }

    /// Whether a track has a track's digits and length; one that DE53 says is enciphered may have others.
    fn clear_track(&self, field: u8) -> Result<(), CodecFault> {
        let enciphered = self.digits(53).is_some_and(|control| control.get(2..3) == Some("1"));
        let (track, limit) = (self.digits(field).unwrap_or_default(), if field == 35 { 37 } else { 104 });
        match track.len() {
            _ if enciphered => Ok(()),
            length if length > limit => Err(CodecFault::FieldLength { length, limit }),
            _ if track.bytes().all(|digit| digit.is_ascii_digit() || digit == b'D') => Ok(()),
            _ => Err(CodecFault::NotDigits),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let at = reader.offset;
        let mti = reader.array(Place::Mti)?;
        if !mti.iter().all(|byte| byte >> 4 <= 9 && byte & 0xf <= 9) {
            return Err(CodecFault::NotDigits.at(Place::Mti, at));
        }
        let bitmap_at = reader.offset;
        let bitmap = u64::from_be_bytes(reader.array::<BITMAP_BYTES>(Place::Bitmap)?);
        if bitmap >> 63 == 1 {
            return Err(CodecFault::SecondBitmap.at(Place::Bitmap, bitmap_at));
        }
        let mut message = Self::new(Mti(mti));
        let mut tracks = Vec::new();
        for field in (2..=64_u8).filter(|field| bitmap >> (64 - u32::from(*field)) & 1 == 1) {
            let place = Place::Field(field);
            let at = reader.offset;
            let shape = Shape::of(field).ok_or_else(|| CodecFault::UnknownField.at(place, at))?;
            let value = shape.decode(place, reader)?;
            message.set(field, value);
            if matches!(field, 35 | 36) {
                tracks.push((field, at));
            }
        }
        for (field, at) in tracks {
            message.clear_track(field).map_err(|fault| fault.at(Place::Field(field), at))?;
        }
        match reader.rest().len() {
            0 => Ok(message),
            bytes => Err(CodecFault::Leftover { bytes }.at(Place::End, reader.offset)),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.mti)?;
        f.debug_map().entries(self.masked()).finish()
    }
}

/// Walks over the bytes; never past their end.
struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, place: Place, wanted: usize) -> Result<&'a [u8], CodecError> {
        let rest = self.rest();
        let taken =
            rest.get(..wanted).ok_or_else(|| CodecFault::Short { wanted, left: rest.len() }.at(place, self.offset))?;
        self.offset += wanted;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, place: Place) -> Result<[u8; N], CodecError> {
        let at = self.offset;
        let taken = self.take(place, N)?;
        taken.try_into().map_err(|_| CodecFault::Short { wanted: N, left: taken.len() }.at(place, at))
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }
}
