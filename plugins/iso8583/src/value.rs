//! One field of a frame.

use crate::character;
use crate::error::{DecodeError, Path, Reason};
use crate::format::{Content, Encoding, Field, Inside, Padding, Part};
use crate::inside::{self, Tlv, TlvReader};

/// One field of a frame, borrowed from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Value<'f> {
    field: &'static Field,
    frame: &'f [u8],
    bytes: &'f [u8],
    units: usize,
    offset: usize,
}

impl core::fmt::Debug for Value<'_> {
    /// Without the value: it may be a card number.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "DE{} {:?} at {}, {} long", self.field.number, self.field.name, self.offset, self.units)
    }
}

impl<'f> Value<'f> {
    pub(crate) fn new(field: &'static Field, frame: &'f [u8], bytes: &'f [u8], units: usize, offset: usize) -> Self {
        Value { field, frame, bytes, units, offset }
    }

    /// The field's number.
    pub fn number(&self) -> u8 {
        self.field.number
    }

    /// The field's format.
    pub fn field(&self) -> &'static Field {
        self.field
    }

    /// The value as sent, without its length prefix.
    pub fn bytes(&self) -> &'f [u8] {
        self.bytes
    }

    /// Offset of the value in the frame, after its length prefix.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Offset of the field in the frame, with its length prefix.
    pub fn start(&self) -> usize {
        self.offset - self.field.prefix_bytes()
    }

    /// Length in digits for packed digits, in bytes of the value elsewhere.
    pub fn units(&self) -> usize {
        self.units
    }

    /// The characters of the value: digits, `=` for a track's separator, capital hexadecimal for bytes.
    pub fn characters(&self) -> impl Iterator<Item = u8> + use<'f> {
        let value = *self;
        (0..value.length()).map(move |index| value.character(index))
    }

    /// The value as text; national characters that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        if self.field.encoding == Encoding::Ascii {
            let text = core::str::from_utf8(self.bytes).map(str::to_owned);
            return text.unwrap_or_else(|_| String::from_utf8_lossy(self.bytes).into_owned());
        }
        self.characters().map(char::from).collect()
    }

    /// Whether the value's characters are these.
    pub fn is(&self, text: &str) -> bool {
        text.len() == self.length() && self.characters().eq(text.bytes())
    }

    /// The digits of the value as a number.
    ///
    /// # Errors
    /// [`Reason::BadCharacter`] for a value that is not digits, [`Reason::TooLarge`] above 64 bits.
    pub fn to_number(&self) -> Result<u64, DecodeError> {
        let add = |sum: u64, character: u8| {
            let digit = character.wrapping_sub(b'0');
            if digit > 9 {
                return Err(self.wrong(Reason::BadCharacter));
            }
            let sum = sum.checked_mul(10).and_then(|sum| sum.checked_add(digit.into()));
            sum.ok_or_else(|| self.wrong(Reason::TooLarge))
        };
        self.characters().try_fold(0, add)
    }

    /// A part by position, from 0; `None` where the value ends before it or the field has none.
    pub fn part(&self, index: usize) -> Option<(&'static Part, impl Iterator<Item = u8> + use<'f>)> {
        let Inside::Parts(parts) = self.field.inside else { return None };
        self.part_of(parts, index)
    }

    /// The same by a layout that only this message gives the field; the table need not know it.
    pub fn part_of(
        &self,
        parts: &'static [Part],
        index: usize,
    ) -> Option<(&'static Part, impl Iterator<Item = u8> + use<'f>)> {
        let part = parts.get(index)?;
        let before: usize = parts.iter().take(index).map(|part| usize::from(part.units)).sum();
        let whole = (before + usize::from(part.units) <= self.units).then_some(*self)?;
        let scale = whole.characters_a_unit();
        let range = before * scale..(before + usize::from(part.units)) * scale;
        Some((part, range.map(move |index| whole.character(index))))
    }

    /// The data objects of the value, outermost first; none where the field has none.
    pub fn objects(&self) -> TlvReader<'f> {
        let has_objects = self.field.inside == Inside::BerTlv;
        TlvReader::new(if has_objects { self.bytes } else { &[] })
    }

    /// The first data object of this tag, not looked for inside others.
    pub fn object(&self, tag: u32) -> Option<Tlv<'f>> {
        self.objects().filter_map(Result::ok).find(|object| object.tag == tag)
    }

    /// An error at this field, for what a protocol demands of its value.
    pub fn wrong(&self, reason: Reason) -> DecodeError {
        DecodeError::new(Path::Field(self.number()), self.frame, self.offset, reason)
    }

    /// Whether the value is written as its format says; always so in a frame that [`decode`](crate::decode) read.
    pub fn is_well_formed(&self) -> bool {
        self.check().is_ok()
    }

    pub(crate) fn check(&self) -> Result<(), (Path, usize, Reason)> {
        let at = |reason| (Path::Field(self.number()), self.start(), reason);
        match self.field.encoding {
            Encoding::Binary => {}
            Encoding::Bcd(padding) => self.check_packed(padding).map_err(at)?,
            Encoding::HexAscii if !self.bytes.iter().all(u8::is_ascii_hexdigit) => {
                return Err(at(Reason::BadCharacter));
            }
            Encoding::HexAscii => {}
            Encoding::Ascii if self.field.content.allows_all(self.bytes.iter().copied()) => {}
            Encoding::Ebcdic if self.field.content.allows_all(self.characters()) => {}
            Encoding::Ascii | Encoding::Ebcdic => return Err(at(Reason::BadCharacter)),
        }
        match self.field.inside {
            Inside::Whole => Ok(()),
            Inside::Parts(parts) => self.check_parts(parts),
            Inside::BerTlv => inside::check(self.bytes).map_err(|(tag, offset, reason)| {
                let path = tag.map_or(Path::Field(self.number()), |tag| Path::Object(self.number(), tag));
                (path, self.offset + offset, reason)
            }),
        }
    }

    fn check_packed(&self, padding: Padding) -> Result<(), Reason> {
        let is_odd = self.units % 2 == 1;
        let (digits, pad) = match (is_odd, padding, self.bytes) {
            (true, Padding::LeftZero, [first, rest @ ..]) => (rest, Some((first >> 4, first & 0x0F, 0))),
            (true, Padding::RightZero, [rest @ .., last]) => (rest, Some((last & 0x0F, last >> 4, 0))),
            (true, Padding::RightF, [rest @ .., last]) => (rest, Some((last & 0x0F, last >> 4, 0x0F))),
            (_, _, all) => (all, None),
        };
        let is_digit =
            |nibble: u8| nibble <= 9 || (nibble == character::SEPARATOR && self.field.content == Content::Track);
        match pad {
            Some((found, _, expected)) if found != expected => return Err(Reason::BadPadding),
            Some((_, digit, _)) if !is_digit(digit) => return Err(Reason::BadNibble),
            _ => {}
        }
        let is_sound =
            character::are_digits(digits) || digits.iter().all(|byte| is_digit(byte >> 4) && is_digit(byte & 0x0F));
        if is_sound { Ok(()) } else { Err(Reason::BadNibble) }
    }

    fn check_parts(&self, parts: &'static [Part]) -> Result<(), (Path, usize, Reason)> {
        let mut before = 0;
        for (index, part) in parts.iter().enumerate() {
            // A message has at most as many parts as bytes; the path shows the low eight bits of absurd counts.
            let path = Path::Part(self.number(), (index + 1) as u8);
            let offset = self.offset + self.field.bytes_of(before).min(self.bytes.len());
            if before == self.units {
                return Ok(());
            }
            let Some((_, characters)) = self.part(index) else { return Err((path, offset, Reason::CutPart)) };
            if !part.content.allows_all(characters) {
                return Err((path, offset, Reason::BadCharacter));
            }
            before += usize::from(part.units);
        }
        Ok(())
    }

    /// How many characters the value has.
    fn length(&self) -> usize {
        self.units * self.characters_a_unit()
    }

    fn characters_a_unit(&self) -> usize {
        match self.field.encoding {
            Encoding::Binary | Encoding::HexAscii => 2,
            Encoding::Ascii | Encoding::Ebcdic | Encoding::Bcd(_) => 1,
        }
    }

    /// The character at an index below [`length`](Self::length).
    fn character(&self, index: usize) -> u8 {
        let byte = |index: usize| self.bytes.get(index).copied().unwrap_or_default();
        let nibble = |index: usize| if index.is_multiple_of(2) { byte(index / 2) >> 4 } else { byte(index / 2) & 0x0F };
        match self.field.encoding {
            Encoding::Ascii | Encoding::HexAscii => byte(index),
            Encoding::Ebcdic => character::from_ebcdic(byte(index)),
            Encoding::Binary => character::hex_character(nibble(index)),
            Encoding::Bcd(Padding::LeftZero) => character::packed_character(nibble(index + self.units % 2)),
            Encoding::Bcd(Padding::RightZero | Padding::RightF) => character::packed_character(nibble(index)),
        }
    }
}
