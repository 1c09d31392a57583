//! The fields and their shapes on the wire (UnionPay field formats).

use super::nibbles::{self, Align, Alphabet};
use super::{CodecError, CodecFault, Place, Reader, Value};

/// How one field is laid out.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A fixed count of BCD digits; an odd count is filled up at one end.
    Digits(usize, Align),
    /// A length in digits, then BCD digits from the left.
    VarDigits(Prefix, usize, Alphabet),
    /// A fixed count of ASCII characters.
    Text(usize),
    /// A length, then ASCII characters.
    VarText(Prefix, usize),
    /// A fixed count of bytes.
    Binary(usize),
    /// A length, then bytes.
    VarBinary(Prefix, usize),
}

/// The BCD length in front of a field of variable length.
#[derive(Clone, Copy)]
pub(super) enum Prefix {
    /// Two digits, one byte.
    Ll,
    /// Three digits in two bytes.
    Lll,
}

impl Shape {
    /// The shape of a data element; `None` where the protocol has none.
    pub(super) fn of(field: u8) -> Option<Self> {
        use Align::{Left, Right};
        use Alphabet::{Decimal, Track};
        use Prefix::{Ll, Lll};
        Some(match field {
            2 => Self::VarDigits(Ll, 19, Decimal),
            3 | 11 | 12 => Self::Digits(6, Right),
            4 => Self::Digits(12, Right),
            13..=15 => Self::Digits(4, Right),
            22 => Self::Digits(3, Left),
            23 | 24 => Self::Digits(3, Right),
            25 | 26 => Self::Digits(2, Right),
            32 => Self::VarDigits(Ll, 11, Decimal),
            // Longer when enciphered.
            35 => Self::VarDigits(Ll, 48, Track),
            36 => Self::VarDigits(Lll, 120, Track),
            37 => Self::Text(12),
            38 => Self::Text(6),
            39 => Self::Text(2),
            41 => Self::Text(8),
            42 => Self::Text(15),
            44 => Self::VarText(Ll, 25),
            48 => Self::VarDigits(Lll, 322, Decimal),
            49 => Self::Text(3),
            52 | 64 => Self::Binary(8),
            53 => Self::Digits(16, Right),
            54 => Self::VarText(Lll, 20),
            55 => Self::VarBinary(Lll, 512),
            57..=59 => Self::VarText(Lll, 999),
            60 => Self::VarDigits(Lll, 17, Decimal),
            61 => Self::VarDigits(Lll, 29, Decimal),
            62 => Self::VarBinary(Lll, 999),
            63 => Self::VarText(Lll, 163),
            _ => return None,
        })
    }

    pub(super) fn decode(self, place: Place, reader: &mut Reader<'_>) -> Result<Value, CodecError> {
        let at = reader.offset;
        let value = match self {
            Self::Digits(count, align) => digits(reader.take(place, count.div_ceil(2))?, count, align),
            Self::VarDigits(prefix, most, alphabet) => {
                let count = prefix.read(place, reader, most)?;
                nibbles::unpack(reader.take(place, count.div_ceil(2))?, count, Align::Left, alphabet).map(Value::Digits)
            }
            Self::Text(count) => text(reader.take(place, count)?),
            Self::VarText(prefix, most) => {
                let count = prefix.read(place, reader, most)?;
                text(reader.take(place, count)?)
            }
            Self::Binary(count) => Ok(Value::Binary(reader.take(place, count)?.to_vec())),
            Self::VarBinary(prefix, most) => {
                let count = prefix.read(place, reader, most)?;
                Ok(Value::Binary(reader.take(place, count)?.to_vec()))
            }
        };
        value.map_err(|fault| fault.at(place, at))
    }

    pub(super) fn encode(self, value: &Value) -> Result<Vec<u8>, CodecFault> {
        match (self, value) {
            (Self::Digits(count, align), Value::Digits(digits)) => {
                exact(digits.len(), count)?;
                nibbles::pack(digits, align, Alphabet::Decimal)
            }
            (Self::VarDigits(prefix, most, alphabet), Value::Digits(digits)) => {
                prefix.before(digits.len(), most, &nibbles::pack(digits, Align::Left, alphabet)?)
            }
            (Self::Text(count), Value::Text(text)) => {
                exact(text.len(), count)?;
                Ok(printable(text.as_bytes())?.into())
            }
            (Self::VarText(prefix, most), Value::Text(text)) => {
                prefix.before(text.len(), most, printable(text.as_bytes())?.as_bytes())
            }
            (Self::Binary(count), Value::Binary(bytes)) => {
                exact(bytes.len(), count)?;
                Ok(bytes.clone())
            }
            (Self::VarBinary(prefix, most), Value::Binary(bytes)) => prefix.before(bytes.len(), most, bytes),
            _ => Err(CodecFault::WrongKind),
        }
    }
}

impl Prefix {
    fn digits(self) -> usize {
        match self {
            Self::Ll => 2,
            Self::Lll => 4,
        }
    }

    fn read(self, place: Place, reader: &mut Reader<'_>, most: usize) -> Result<usize, CodecError> {
        let at = reader.offset;
        let bytes = reader.take(place, self.digits() / 2)?;
        let digits = nibbles::unpack(bytes, self.digits(), Align::Left, Alphabet::Decimal);
        let length = digits.and_then(|digits| digits.parse().map_err(|_| CodecFault::NotDigits));
        match length {
            Ok(length) if length <= most => Ok(length),
            Ok(length) => Err(CodecFault::FieldLength { length, limit: most }.at(place, at)),
            Err(fault) => Err(fault.at(place, at)),
        }
    }

    fn before(self, length: usize, most: usize, content: &[u8]) -> Result<Vec<u8>, CodecFault> {
        if length > most {
            return Err(CodecFault::FieldLength { length, limit: most });
        }
        let digits = format!("{length:0width$}", width = self.digits());
        let mut bytes = nibbles::pack(&digits, Align::Left, Alphabet::Decimal)?;
        bytes.extend_from_slice(content);
        Ok(bytes)
    }
}

fn digits(bytes: &[u8], count: usize, align: Align) -> Result<Value, CodecFault> {
    nibbles::unpack(bytes, count, align, Alphabet::Decimal).map(Value::Digits)
}

fn text(bytes: &[u8]) -> Result<Value, CodecFault> {
    printable(bytes).map(|text| Value::Text(text.into()))
}

fn printable(bytes: &[u8]) -> Result<&str, CodecFault> {
    let printable = bytes.iter().all(|byte| (0x20..0x7f).contains(byte));
    std::str::from_utf8(bytes).ok().filter(|_| printable).ok_or(CodecFault::NotText)
}

fn exact(length: usize, limit: usize) -> Result<(), CodecFault> {
    if length == limit { Ok(()) } else { Err(CodecFault::FieldLength { length, limit }) }
}
