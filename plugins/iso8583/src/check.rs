//! Whether a table contradicts itself, told by the compiler where the table is a constant.

use crate::format::{Content, Counts, Encoding, Field, Format, Inside, Length, MAX_FIELD, Part};

impl Format {
    /// Fails to compile, where called in a constant, for a table that contradicts itself.
    ///
    /// # Panics
    /// With a sentence that says what is wrong.
    pub const fn check(&self) {
        if let Some((_, what)) = self.contradiction() {
            panic!("{}", what);
        }
    }

    /// The first thing in which the table contradicts itself: the index of the field, and what is wrong with it. For
    /// tables that are read at run time.
    pub const fn contradiction(&self) -> Option<(usize, &'static str)> {
        let mut index = 0;
        let mut last = 1;
        while index < self.fields.len() {
            let field = &self.fields[index];
            let what = match field.contradiction() {
                _ if field.number <= last => {
                    Some("fields stand in ascending order, each number once, the first above 1")
                }
                _ if field.number > MAX_FIELD => Some("the highest field is 192"),
                _ if field.number == 65 => Some("bit 65 says that a third bitmap follows"),
                what => what,
            };
            if let Some(what) = what {
                return Some((index, what));
            }
            last = field.number;
            index += 1;
        }
        None
    }
}

impl Field {
    /// What is wrong with a field that contradicts itself.
    pub const fn contradiction(&self) -> Option<&'static str> {
        let is_binary = matches!(self.encoding, Encoding::Binary | Encoding::HexAscii);
        let is_packed = matches!(self.encoding, Encoding::Bcd(_));
        let is_digits = matches!(self.content, Content::Digits | Content::Track);
        if self.name.is_empty() {
            return Some("a field has a name");
        }
        if is_packed && !is_digits {
            return Some("packed digits hold digits or a track");
        }
        if is_binary != matches!(self.content, Content::Bytes) {
            return Some("bytes are written as binary or hexadecimal");
        }
        if let Length::Variable { prefix, counts, max } = self.length {
            let longest = match counts {
                Counts::Units => max as usize,
                Counts::Bytes => self.bytes_of(max as usize),
            };
            if prefix.digits == 0 || longest > prefix.highest() {
                return Some("the prefix can count the longest value");
            }
        }
        match self.inside {
            Inside::BerTlv if !is_binary => Some("data objects are bytes"),
            Inside::Parts(parts) => {
                let longest = match self.length {
                    Length::Fixed(units) | Length::Variable { max: units, .. } => units,
                };
                if total(parts) == longest as usize {
                    None
                } else {
                    Some("the parts are as long as the field, all together")
                }
            }
            Inside::Whole | Inside::BerTlv => None,
        }
    }
}

const fn total(parts: &[Part]) -> usize {
    let mut sum = 0;
    let mut index = 0;
    while index < parts.len() {
        sum += parts[index].units as usize;
        index += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Prefix;

    fn refused(field: Field) -> bool {
        field.contradiction().is_some()
    }

    #[test]
    fn a_table_that_contradicts_itself_is_refused() {
        let cases = [
            Field::fixed(3, "letters in packed digits", Content::Printable, Encoding::BCD_PAD_LEFT, 6),
            Field::fixed(52, "bytes as characters", Content::Bytes, Encoding::Ascii, 8),
            Field::variable(48, "too long for its prefix", Content::Printable, Encoding::Ascii, Prefix::ASCII_2, 100),
            Field::fixed(55, "objects as characters", Content::Printable, Encoding::Ascii, 8).of(Inside::BerTlv),
            Field::fixed(60, "parts too short", Content::Digits, Encoding::BCD_PAD_LEFT, 8)
                .of(Inside::Parts(&[Part { name: "batch", content: Content::Digits, units: 6 }])),
        ];
        for field in cases {
            assert!(refused(field), "{}", field.name);
        }
        assert!(!refused(Field::fixed(4, "amount", Content::Digits, Encoding::BCD_PAD_LEFT, 12)));
    }

    #[test]
    fn a_prefix_that_counts_bytes_may_count_more_digits() {
        let field = Field::variable(36, "track 3", Content::Track, Encoding::BCD_PAD_RIGHT, Prefix::BCD_2, 104);
        assert!(refused(field));
        assert!(!refused(field.counting_bytes()));
    }
}
