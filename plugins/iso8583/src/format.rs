//! The shape of a protocol, as a table a plugin writes down.

/// The highest field number: three bitmaps of 64.
pub const MAX_FIELD: u8 = 192;

/// A protocol's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The first digit of every message type.
    pub version: Version,
    /// How the message type is written.
    pub message_type: MessageType,
    /// How bitmaps are written.
    pub bitmap: Bitmap,
    /// In ascending order of their numbers, each once.
    pub fields: &'static [Field],
}

/// The edition of the standard (protocols B.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// ISO 8583:1987, message types `0xxx`.
    V1987,
    /// ISO 8583:1993, message types `1xxx`.
    V1993,
    /// ISO 8583:2003, message types `2xxx`.
    V2003,
}

/// How the four digits of a message type are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// Two bytes, two digits each.
    Bcd,
    /// Four characters.
    Ascii,
    /// Four characters in IBM's code.
    Ebcdic,
}

/// How a bitmap of 64 bits is written. Bit 1 of the first says that a second follows, bit 1 of the second (field 65)
/// that a third follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bitmap {
    /// Eight bytes.
    Binary,
    /// Sixteen hexadecimal characters, capital when written.
    HexAscii,
    /// Sixteen hexadecimal characters in IBM's code.
    HexEbcdic,
}

/// One field: DE 4 is `Field::fixed(4, "amount", Content::Digits, Encoding::BCD_PAD_LEFT, 12)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// 2 to 192, not 65: bits 1 and 65 say that another bitmap follows.
    pub number: u8,
    /// The field's name, in lower case.
    pub name: &'static str,
    /// Which characters it may hold.
    pub content: Content,
    /// Its length, or how its length is told.
    pub length: Length,
    /// How its characters become bytes.
    pub encoding: Encoding,
    /// What it is made of.
    pub inside: Inside,
}

/// Which characters a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// `n`: decimal digits.
    Digits,
    /// `z`: decimal digits and the track separator, read as `=`, in packed digits the nibble D.
    Track,
    /// `x+n`: a sign, `C` or `D`, and digits.
    SignedDigits,
    /// `an`: letters, digits and the space that pads them.
    Alphanumeric,
    /// `ans`: printable ASCII.
    Printable,
    /// `ans` as acquirers really fill it: any byte but control characters, so that national text passes.
    Text,
    /// `b`: any byte.
    Bytes,
}

/// How long a field is, in units: digits where the encoding is packed, bytes as the value has them elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Always this long.
    Fixed(u16),
    /// A prefix says how long.
    Variable {
        /// The prefix.
        prefix: Prefix,
        /// What it counts.
        counts: Counts,
        /// The longest value.
        max: u16,
    },
}

/// A length before a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// Decimal digits, 1 to 4; with [`PrefixCode::Binary`] bytes, 1 or 2.
    pub digits: u8,
    /// How they are written.
    pub code: PrefixCode,
}

/// How a length prefix is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrefixCode {
    /// A character a digit.
    Ascii,
    /// A character a digit in IBM's code.
    Ebcdic,
    /// Two digits a byte, an odd number led by 0.
    Bcd,
    /// A binary number, the higher byte first.
    Binary,
}

/// What a length prefix counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Units of the value: digits in packed digits, bytes elsewhere.
    Units,
    /// Bytes as sent, in any encoding.
    Bytes,
}

/// How the characters of a field become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// One character a byte.
    Ascii,
    /// One character a byte, in IBM's code (code page 037).
    Ebcdic,
    /// Two digits a byte.
    Bcd(Padding),
    /// Bytes as they are.
    Binary,
    /// Two hexadecimal characters a byte of the value, capital when written; a unit is a byte of the value.
    HexAscii,
}

/// What fills the last nibble of an odd number of packed digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// 0 before the first digit.
    LeftZero,
    /// 0 after the last digit.
    RightZero,
    /// F after the last digit.
    RightF,
}

/// What a field is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// One value.
    Whole,
    /// Sub-fields by position; a shorter value leaves whole parts out at the end, none may be cut.
    Parts(&'static [Part]),
    /// BER-TLV data objects, nested at most [`MAX_TLV_DEPTH`](crate::MAX_TLV_DEPTH) deep.
    BerTlv,
}

/// A sub-field by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Which characters it may hold.
    pub content: Content,
    /// Its length, in the units of its field.
    pub units: u16,
}

impl Format {
    /// The format of a field, where the table has it.
    pub fn field(&self, number: u8) -> Option<&'static Field> {
        let index = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        self.fields.get(index)
    }
}

impl Version {
    /// The first digit of message types.
    pub const fn digit(self) -> u8 {
        match self {
            Version::V1987 => 0,
            Version::V1993 => 1,
            Version::V2003 => 2,
        }
    }
}

impl Field {
    /// A field of constant length, in units.
    pub const fn fixed(number: u8, name: &'static str, content: Content, encoding: Encoding, units: u16) -> Self {
        Field { number, name, content, encoding, length: Length::Fixed(units), inside: Inside::Whole }
    }

    /// A field whose prefix counts its units.
    pub const fn variable(
        number: u8,
        name: &'static str,
        content: Content,
        encoding: Encoding,
        prefix: Prefix,
        max: u16,
    ) -> Self {
        let length = Length::Variable { prefix, counts: Counts::Units, max };
        Field { number, name, content, encoding, length, inside: Inside::Whole }
    }

    /// The same, its prefix counting bytes as sent.
    pub const fn counting_bytes(self) -> Self {
        match self.length {
            Length::Fixed(_) => self,
            Length::Variable { prefix, max, .. } => {
                Field { length: Length::Variable { prefix, counts: Counts::Bytes, max }, ..self }
            }
        }
    }

    /// The same, made of these.
    pub const fn of(self, inside: Inside) -> Self {
        Field { inside, ..self }
    }

    /// Bytes on the wire of a value of so many units, without the prefix.
    pub const fn bytes_of(&self, units: usize) -> usize {
        match self.encoding {
            Encoding::Bcd(_) => units.div_ceil(2),
            Encoding::HexAscii => units * 2,
            Encoding::Ascii | Encoding::Ebcdic | Encoding::Binary => units,
        }
    }

    /// Bytes of the length prefix.
    pub const fn prefix_bytes(&self) -> usize {
        match self.length {
            Length::Fixed(_) => 0,
            Length::Variable { prefix, .. } => prefix.bytes(),
        }
    }
}

impl Prefix {
    /// Two characters.
    pub const ASCII_2: Prefix = Prefix { digits: 2, code: PrefixCode::Ascii };
    /// Three characters.
    pub const ASCII_3: Prefix = Prefix { digits: 3, code: PrefixCode::Ascii };
    /// Two characters in IBM's code.
    pub const EBCDIC_2: Prefix = Prefix { digits: 2, code: PrefixCode::Ebcdic };
    /// Three characters in IBM's code.
    pub const EBCDIC_3: Prefix = Prefix { digits: 3, code: PrefixCode::Ebcdic };
    /// One byte of two packed digits.
    pub const BCD_2: Prefix = Prefix { digits: 2, code: PrefixCode::Bcd };
    /// Two bytes of packed digits, the first of the four 0.
    pub const BCD_3: Prefix = Prefix { digits: 3, code: PrefixCode::Bcd };
    /// One binary byte.
    pub const BINARY_1: Prefix = Prefix { digits: 1, code: PrefixCode::Binary };
    /// Two binary bytes.
    pub const BINARY_2: Prefix = Prefix { digits: 2, code: PrefixCode::Binary };

    /// Bytes it takes.
    pub const fn bytes(self) -> usize {
        match self.code {
            PrefixCode::Ascii | PrefixCode::Ebcdic | PrefixCode::Binary => self.digits as usize,
            PrefixCode::Bcd => (self.digits as usize).div_ceil(2),
        }
    }

    /// The highest length it can tell.
    pub const fn highest(self) -> usize {
        match (self.code, self.digits) {
            (PrefixCode::Binary, 0) | (_, 0) => 0,
            (PrefixCode::Binary, 1) => 0xFF,
            (PrefixCode::Binary, _) => 0xFFFF,
            (_, 1) => 9,
            (_, 2) => 99,
            (_, 3) => 999,
            (_, _) => 9999,
        }
    }
}

impl Encoding {
    /// Two digits a byte; an odd number of digits is led by 0.
    pub const BCD_PAD_LEFT: Encoding = Encoding::Bcd(Padding::LeftZero);
    /// Two digits a byte; an odd number of digits is followed by 0.
    pub const BCD_PAD_RIGHT: Encoding = Encoding::Bcd(Padding::RightZero);
    /// Two digits a byte; an odd number of digits is followed by F.
    pub const BCD_PAD_F: Encoding = Encoding::Bcd(Padding::RightF);
}
