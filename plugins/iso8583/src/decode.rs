//! Reading a frame: strict, borrowing, without allocation, and without a panic on any bytes.

use crate::bitmap::Present;
use crate::character;
use crate::error::{DecodeError, Path, Reason};
use crate::format::{Counts, Encoding, Field, Format, Length, MAX_FIELD, MessageType, Prefix, PrefixCode};
use crate::value::Value;

/// The longest frame: what two bytes of length before it can tell.
pub const MAX_FRAME_BYTES: usize = u16::MAX as usize;

/// A frame taken apart.
#[derive(Debug, Clone)]
pub struct Decoded<'f> {
    outline: Outline<'f>,
}

/// A frame followed by bitmap and lengths alone, for people who look at one that may be damaged. No value of it has
/// been checked; what decides anything goes through [`decode`].
#[derive(Debug, Clone)]
pub struct Outline<'f> {
    format: &'static Format,
    frame: &'f [u8],
    start: usize,
    /// Its four digits read as hexadecimal; `None` where they are no digits.
    message_type: Option<u16>,
    bitmap_at: usize,
    present: Present,
    /// Of the fields in ascending order, as many as could be told apart.
    places: [Place; MAX_FIELD as usize],
    told: usize,
    end: usize,
    trouble: Option<Trouble>,
}

/// What is wrong, and at which offset.
type Trouble = (Path, usize, Reason);

/// Where a field's value stands, how long it is, and which entry of the table tells its format.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    offset: u16,
    units: u16,
    entry: u16,
}

/// Takes a frame apart whose message type stands at `start`; what stands before is the transport's.
///
/// # Errors
/// The first thing that does not fit: a short field, a bitmap that names what is not there, bytes left over, a
/// prefix, digit, padding, part or data object that is none.
pub fn decode<'f>(format: &'static Format, frame: &'f [u8], start: usize) -> Result<Decoded<'f>, DecodeError> {
    let (mut outline, rest) = begin(format, frame, start)?;
    let failed = |path, offset, reason| Err(DecodeError::new(path, frame, offset, reason));
    match outline.message_type {
        None => return failed(Path::MessageType, start, Reason::BadCharacter),
        Some(digits) if digits >> 12 != u16::from(format.version.digit()) => {
            return failed(Path::MessageType, start, Reason::OtherVersion(format.version.digit()));
        }
        Some(_) => {}
    }
    outline.follow(rest, |value| value.check());
    match outline.trouble {
        None => Ok(Decoded { outline }),
        Some((path, offset, reason)) => failed(path, offset, reason),
    }
}

/// Follows the structure of a frame as far as it goes, whatever its values hold.
///
/// # Errors
/// [`Reason::Short`] where message type or bitmaps are not whole, [`Reason::BadCharacter`] where a bitmap is not
/// hexadecimal, [`Reason::FourthBitmap`], [`Reason::FrameTooLong`].
pub fn outline<'f>(format: &'static Format, frame: &'f [u8], start: usize) -> Result<Outline<'f>, DecodeError> {
    let (mut outline, rest) = begin(format, frame, start)?;
    outline.follow(rest, |_| Ok(()));
    Ok(outline)
}

/// Message type and bitmaps, and what stands behind them. An outline is large: it is made where it is used.
#[inline(always)]
fn begin<'f>(format: &'static Format, frame: &'f [u8], start: usize) -> Result<(Outline<'f>, Rest<'f>), DecodeError> {
    let failed = |path, offset, reason| DecodeError::new(path, frame, offset, reason);
    if frame.len() > MAX_FRAME_BYTES {
        return Err(failed(Path::End, MAX_FRAME_BYTES, Reason::FrameTooLong(frame.len())));
    }
    let start = start.min(frame.len());
    let mut rest = Rest { frame, offset: start };
    let written = rest.take(format.message_type.bytes()).map_err(|reason| failed(Path::MessageType, start, reason))?;
    let bitmap_at = rest.offset;
    let left = frame.get(bitmap_at..).unwrap_or_default();
    let (present, taken) =
        Present::read(left, format.bitmap).map_err(|reason| failed(Path::Bitmap, bitmap_at, reason))?;
    rest.offset += taken;
    let outline = Outline {
        format,
        frame,
        start,
        message_type: message_type(written, format.message_type),
        bitmap_at,
        present,
        places: [Place::default(); MAX_FIELD as usize],
        told: 0,
        end: rest.offset,
        trouble: None,
    };
    Ok((outline, rest))
}

impl<'f> Decoded<'f> {
    /// The message type, its four digits read as hexadecimal: `0x0210`.
    pub fn message_type(&self) -> u16 {
        self.outline.message_type.unwrap_or_default()
    }

    /// Demands a message type.
    ///
    /// # Errors
    /// [`Reason::OtherMessageType`].
    pub fn expect_message_type(&self, expected: u16) -> Result<(), DecodeError> {
        if self.message_type() == expected {
            return Ok(());
        }
        let Outline { frame, start, .. } = self.outline;
        Err(DecodeError::new(Path::MessageType, frame, start, Reason::OtherMessageType(expected)))
    }

    /// A field, where the frame has it.
    pub fn get(&self, number: u8) -> Option<Value<'f>> {
        self.outline.get(number)
    }

    /// A field the message needs.
    ///
    /// # Errors
    /// [`Reason::Absent`], at the end of the frame.
    pub fn need(&self, number: u8) -> Result<Value<'f>, DecodeError> {
        let Outline { frame, .. } = self.outline;
        self.get(number).ok_or_else(|| DecodeError::new(Path::Field(number), frame, frame.len(), Reason::Absent))
    }

    /// All fields in ascending order.
    pub fn values(&self) -> impl Iterator<Item = Value<'f>> + '_ {
        self.outline.values()
    }

    /// Which fields the frame has.
    pub fn present(&self) -> Present {
        self.outline.present
    }
}

impl<'f> Outline<'f> {
    /// The message type, its four digits read as hexadecimal; `None` where they are no decimal digits.
    pub fn message_type(&self) -> Option<u16> {
        self.message_type
    }

    /// The fields that could be told apart, in ascending order.
    pub fn values(&self) -> impl Iterator<Item = Value<'f>> + '_ {
        self.places.iter().take(self.told).filter_map(|place| self.value(*place))
    }

    /// Offset after the last of them.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Why what stands there is no field.
    pub fn trouble(&self) -> Option<DecodeError> {
        self.trouble.map(|(path, offset, reason)| DecodeError::new(path, self.frame, offset, reason))
    }

    fn get(&self, number: u8) -> Option<Value<'f>> {
        let place = self.places.get(..self.told)?.get(self.present.rank(number))?;
        self.present.has(number).then_some(())?;
        self.value(*place)
    }

    fn value(&self, place: Place) -> Option<Value<'f>> {
        let field = self.format.fields.get(usize::from(place.entry))?;
        let (offset, units) = (usize::from(place.offset), usize::from(place.units));
        let bytes = self.frame.get(offset..offset + field.bytes_of(units))?;
        Some(Value::new(field, self.frame, bytes, units, offset))
    }

    /// Tells the fields apart that the bitmaps name, up to the first that is none or that `check` finds wrong.
    fn follow(&mut self, mut rest: Rest<'f>, check: impl Fn(&Value<'f>) -> Result<(), Trouble>) {
        let bitmap_at = self.bitmap_at;
        let knows_one_bitmap = self.format.fields.last().is_none_or(|field| field.number <= 64);
        if knows_one_bitmap && rest.offset - bitmap_at > self.format.bitmap.bytes() {
            self.trouble = Some((Path::Bitmap, bitmap_at, Reason::UnknownField(1)));
            self.end = bitmap_at + self.format.bitmap.bytes();
            return;
        }
        // The table and the bitmap are both in ascending order: one walk finds every field's format.
        let mut table = (0..).zip(self.format.fields);
        for (number, place) in self.present.iter().zip(&mut self.places) {
            let found = table.find(|(_, field)| field.number >= number).filter(|(_, field)| field.number == number);
            let Some((entry, field)) = found else {
                self.trouble = Some((Path::Bitmap, bitmap_at, Reason::UnknownField(number)));
                return;
            };
            let found = rest.field(field).map_err(|reason| (Path::Field(number), self.end, reason));
            match found.and_then(|value| check(&value).map(|()| value)) {
                // Both fit: a frame is at most MAX_FRAME_BYTES long.
                Ok(value) => *place = Place { offset: value.offset() as u16, units: value.units() as u16, entry },
                Err(trouble) => {
                    self.trouble = Some(trouble);
                    return;
                }
            }
            self.told += 1;
            self.end = rest.offset;
        }
        let left = self.frame.len() - self.end;
        self.trouble = (left > 0).then_some((Path::End, self.end, Reason::Leftover(left)));
    }
}

impl MessageType {
    fn bytes(self) -> usize {
        match self {
            MessageType::Bcd => 2,
            MessageType::Ascii | MessageType::Ebcdic => 4,
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

    /// A field, unchecked.
    fn field(&mut self, field: &'static Field) -> Result<Value<'f>, Reason> {
        let units = match field.length {
            Length::Fixed(units) => usize::from(units),
            Length::Variable { prefix, counts, max } => {
                let counted = counted(self.take(prefix.bytes())?, prefix).ok_or(Reason::BadPrefix)?;
                let length = units_of(field.encoding, counts, counted);
                let max = usize::from(max);
                // A prefix that counts bytes cannot tell whether the last nibble is padding.
                let slack = usize::from(counts == Counts::Bytes && matches!(field.encoding, Encoding::Bcd(_)));
                if length > max + slack * (max % 2) {
                    return Err(Reason::TooLong { length, max });
                }
                length
            }
        };
        let offset = self.offset;
        let bytes = self.take(field.bytes_of(units))?;
        Ok(Value::new(field, self.frame, bytes, units, offset))
    }
}

fn units_of(encoding: Encoding, counts: Counts, counted: usize) -> usize {
    match (counts, encoding) {
        (Counts::Units, _) => counted,
        (Counts::Bytes, Encoding::Bcd(_)) => counted * 2,
        (Counts::Bytes, Encoding::HexAscii) => counted / 2,
        (Counts::Bytes, Encoding::Ascii | Encoding::Ebcdic | Encoding::Binary) => counted,
    }
}

/// The number a length prefix tells; `None` where it is none.
fn counted(bytes: &[u8], prefix: Prefix) -> Option<usize> {
    let decimal = |sum: usize, digit: u8| (digit <= 9).then(|| sum * 10 + usize::from(digit));
    bytes.iter().try_fold(0usize, |sum, byte| match prefix.code {
        PrefixCode::Binary => Some((sum << 8) | usize::from(*byte)),
        PrefixCode::Ascii => decimal(sum, byte.wrapping_sub(b'0')),
        PrefixCode::Ebcdic => decimal(sum, character::from_ebcdic(*byte).wrapping_sub(b'0')),
        PrefixCode::Bcd => decimal(decimal(sum, byte >> 4)?, byte & 0x0F),
    })
}

fn message_type(bytes: &[u8], written: MessageType) -> Option<u16> {
    let digits = |sum: u16, digit: u8| (digit <= 9).then_some(sum << 4 | u16::from(digit));
    bytes.iter().try_fold(0, |sum, byte| match written {
        MessageType::Bcd => digits(digits(sum, byte >> 4)?, byte & 0x0F),
        MessageType::Ascii => digits(sum, byte.wrapping_sub(b'0')),
        MessageType::Ebcdic => digits(sum, character::from_ebcdic(*byte).wrapping_sub(b'0')),
    })
}
