//! The shape of each field, as a table a plugin writes down.

/// The fields of a protocol, each number once.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// In ascending order of their numbers.
    pub fields: &'static [FieldFormat],
}

/// One field: DE 4 is `{ number: 4, name: "amount", content: Digits, length: Fixed(12), encoding: BcdPadLeft }`.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldFormat {
    /// 2 to 64.
    pub number: u8,
    /// The field's name, in lower case.
    pub name: &'static str,
    /// Which characters it may hold.
    pub content: Content,
    /// Its length, or how its length is told.
    pub length: Length,
    /// How its characters become bytes.
    pub encoding: Encoding,
}

/// Which characters a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// `n`: decimal digits.
    Digits,
    /// `z`: decimal digits and the track separator, written `=` and sent as the nibble D.
    Track,
    /// `an`: letters, digits and the space that pads them.
    Alphanumeric,
    /// `ans`: printable ASCII.
    Printable,
    /// `ans` as acquirers really fill it: any byte but control characters, so that GB 18030 text passes.
    Text,
    /// `b`: any byte.
    Bytes,
}

/// How long a field is. Lengths are digits where the encoding is BCD and bytes elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Always this long.
    Fixed(u16),
    /// One BCD byte of length before the value.
    LlVar {
        /// The longest value.
        max: u16,
        /// What the prefix counts.
        counts: Counts,
    },
    /// Two BCD bytes of length before the value, the first digit of the four always 0.
    LllVar {
        /// The longest value.
        max: u16,
        /// What the prefix counts.
        counts: Counts,
    },
}

/// What a length prefix counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Characters: digits in BCD, bytes elsewhere.
    Units,
    /// Bytes as sent, in any encoding.
    Bytes,
}

/// How the characters of a field become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// One character a byte.
    Ascii,
    /// Two digits a byte; an odd number of digits is padded on the left with 0.
    BcdPadLeft,
    /// Two digits a byte; an odd number of digits is padded on the right with 0.
    BcdPadRight,
    /// Bytes as they are.
    Binary,
}

impl Table {
    /// The format of a field, where the table has it.
    pub fn format(&self, number: u8) -> Option<&'static FieldFormat> {
        let index = self.fields.binary_search_by_key(&number, |format| format.number).ok()?;
        self.fields.get(index)
    }
}

impl FieldFormat {
    /// A field of constant length.
    pub const fn fixed(number: u8, name: &'static str, content: Content, encoding: Encoding, units: u16) -> Self {
        FieldFormat { number, name, content, encoding, length: Length::Fixed(units) }
    }

    /// A field with one byte of length, counted in characters.
    pub const fn ll(number: u8, name: &'static str, content: Content, encoding: Encoding, max: u16) -> Self {
        FieldFormat { number, name, content, encoding, length: Length::LlVar { max, counts: Counts::Units } }
    }

    /// A field with two bytes of length, counted in characters.
    pub const fn lll(number: u8, name: &'static str, content: Content, encoding: Encoding, max: u16) -> Self {
        FieldFormat { number, name, content, encoding, length: Length::LllVar { max, counts: Counts::Units } }
    }

    /// Bytes on the wire of a value of so many units, without the prefix.
    pub fn bytes_of(&self, units: usize) -> usize {
        match self.encoding {
            Encoding::BcdPadLeft | Encoding::BcdPadRight => units.div_ceil(2),
            Encoding::Ascii | Encoding::Binary => units,
        }
    }

    /// Bytes of the length prefix.
    pub fn prefix_bytes(&self) -> usize {
        match self.length {
            Length::Fixed(_) => 0,
            Length::LlVar { .. } => 1,
            Length::LllVar { .. } => 2,
        }
    }

    /// The length prefix for a value of so many units, or nothing where the length is fixed. `None` where the
    /// value does not fit the field.
    pub fn prefix(&self, units: usize) -> Option<Vec<u8>> {
        let (max, counts, bytes) = match self.length {
            Length::Fixed(length) => return (units == usize::from(length)).then(Vec::new),
            Length::LlVar { max, counts } => (max, counts, 1),
            Length::LllVar { max, counts } => (max, counts, 2),
        };
        let counted = match counts {
            Counts::Units => units,
            Counts::Bytes => self.bytes_of(units),
        };
        if units > usize::from(max) || counted > if bytes == 1 { 99 } else { 999 } {
            return None;
        }
        let bcd = |two: usize| (((two / 10) << 4) | (two % 10)) as u8;
        Some(if bytes == 1 { vec![bcd(counted)] } else { vec![bcd(counted / 100), bcd(counted % 100)] })
    }

    /// Whether the character may stand in the field; in BCD the separator of a track counts as `=`.
    pub(super) fn allows(&self, character: u8) -> bool {
        match self.content {
            Content::Digits => character.is_ascii_digit(),
            Content::Track => character.is_ascii_digit() || character == b'=',
            Content::Alphanumeric => character.is_ascii_alphanumeric() || character == b' ',
            Content::Printable => (0x20..=0x7E).contains(&character),
            Content::Text => character >= 0x20 && character != 0x7F,
            Content::Bytes => true,
        }
    }
}
