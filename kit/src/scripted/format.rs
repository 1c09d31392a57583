//! A message format written down as data: the table of the ISO 8583 crate, read at run time.

use std::ops::Range;

use iso8583::{Bitmap, Content, Counts, Encoding, Field, Format, Inside, Length, MessageType, Prefix, Version};
use serde::Deserialize;
use toml::Spanned;

use crate::mistake::{Mistake, Source};

/// `[format]` of a script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FormatText {
    #[serde(default)]
    version: VersionText,
    message_type: MessageTypeText,
    bitmap: BitmapText,
    /// Bytes before the message type; an answer begins with those of its request.
    #[serde(default)]
    pub header_bytes: u16,
    fields: Vec<Spanned<FieldText>>,
}

#[derive(Debug, Default, Deserialize)]
enum VersionText {
    #[default]
    #[serde(rename = "1987")]
    V1987,
    #[serde(rename = "1993")]
    V1993,
    #[serde(rename = "2003")]
    V2003,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MessageTypeText {
    Bcd,
    Ascii,
    Ebcdic,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BitmapText {
    Binary,
    HexAscii,
    HexEbcdic,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FieldText {
    number: u8,
    name: String,
    content: ContentText,
    encoding: EncodingText,
    /// Always this long.
    length: Option<u16>,
    /// How its length is told.
    prefix: Option<PrefixText>,
    /// The longest it may be, with a prefix.
    max: Option<u16>,
    /// What the prefix counts.
    #[serde(default)]
    counts: CountsText,
    /// Made of data objects.
    #[serde(default)]
    tlv: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ContentText {
    Digits,
    Track,
    SignedDigits,
    Alphanumeric,
    Printable,
    Text,
    Bytes,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EncodingText {
    Ascii,
    Ebcdic,
    BcdPadLeft,
    BcdPadRight,
    BcdPadF,
    Binary,
    HexAscii,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum PrefixText {
    #[serde(rename = "ascii-2")]
    Ascii2,
    #[serde(rename = "ascii-3")]
    Ascii3,
    #[serde(rename = "ebcdic-2")]
    Ebcdic2,
    #[serde(rename = "ebcdic-3")]
    Ebcdic3,
    #[serde(rename = "bcd-2")]
    Bcd2,
    #[serde(rename = "bcd-3")]
    Bcd3,
    #[serde(rename = "binary-1")]
    Binary1,
    #[serde(rename = "binary-2")]
    Binary2,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CountsText {
    #[default]
    Units,
    Bytes,
}

impl FormatText {
    /// The table. It lives as long as the process: a script is read once and used to the end.
    pub fn table(&self, source: &Source<'_>) -> Result<&'static Format, Mistake> {
        let fields: Vec<Field> =
            self.fields.iter().map(|field| field.get_ref().read(field.span(), source)).collect::<Result<_, _>>()?;
        let format = Format {
            version: match self.version {
                VersionText::V1987 => Version::V1987,
                VersionText::V1993 => Version::V1993,
                VersionText::V2003 => Version::V2003,
            },
            message_type: match self.message_type {
                MessageTypeText::Bcd => MessageType::Bcd,
                MessageTypeText::Ascii => MessageType::Ascii,
                MessageTypeText::Ebcdic => MessageType::Ebcdic,
            },
            bitmap: match self.bitmap {
                BitmapText::Binary => Bitmap::Binary,
                BitmapText::HexAscii => Bitmap::HexAscii,
                BitmapText::HexEbcdic => Bitmap::HexEbcdic,
            },
            fields: Box::leak(fields.into_boxed_slice()),
        };
        match format.contradiction() {
            None => Ok(Box::leak(Box::new(format))),
            Some((index, what)) => {
                let span = self.fields.get(index).map_or(0..0, Spanned::span);
                Err(source.mistake(span, format!("this field contradicts itself or the one before it: {what}")))
            }
        }
    }
}

impl FieldText {
    fn read(&self, span: Range<usize>, source: &Source<'_>) -> Result<Field, Mistake> {
        let length = match (self.length, self.prefix, self.max) {
            (Some(units), None, None) => Length::Fixed(units),
            (None, Some(prefix), Some(max)) => {
                Length::Variable { prefix: prefix.prefix(), counts: self.counts.counts(), max }
            }
            _ => {
                let right = "a field has either `length`, or `prefix` and `max`";
                return Err(source.mistake(span, format!("DE{}: {right}", self.number)));
            }
        };
        Ok(Field {
            number: self.number,
            name: Box::leak(self.name.clone().into_boxed_str()),
            content: self.content.content(),
            length,
            encoding: self.encoding.encoding(),
            inside: if self.tlv { Inside::BerTlv } else { Inside::Whole },
        })
    }
}

impl ContentText {
    fn content(self) -> Content {
        match self {
            ContentText::Digits => Content::Digits,
            ContentText::Track => Content::Track,
            ContentText::SignedDigits => Content::SignedDigits,
            ContentText::Alphanumeric => Content::Alphanumeric,
            ContentText::Printable => Content::Printable,
            ContentText::Text => Content::Text,
            ContentText::Bytes => Content::Bytes,
        }
    }
}

impl EncodingText {
    fn encoding(self) -> Encoding {
        match self {
            EncodingText::Ascii => Encoding::Ascii,
            EncodingText::Ebcdic => Encoding::Ebcdic,
            EncodingText::BcdPadLeft => Encoding::BCD_PAD_LEFT,
            EncodingText::BcdPadRight => Encoding::BCD_PAD_RIGHT,
            EncodingText::BcdPadF => Encoding::BCD_PAD_F,
            EncodingText::Binary => Encoding::Binary,
            EncodingText::HexAscii => Encoding::HexAscii,
        }
    }
}

impl PrefixText {
    fn prefix(self) -> Prefix {
        match self {
            PrefixText::Ascii2 => Prefix::ASCII_2,
            PrefixText::Ascii3 => Prefix::ASCII_3,
            PrefixText::Ebcdic2 => Prefix::EBCDIC_2,
            PrefixText::Ebcdic3 => Prefix::EBCDIC_3,
            PrefixText::Bcd2 => Prefix::BCD_2,
            PrefixText::Bcd3 => Prefix::BCD_3,
            PrefixText::Binary1 => Prefix::BINARY_1,
            PrefixText::Binary2 => Prefix::BINARY_2,
        }
    }
}

impl CountsText {
    fn counts(self) -> Counts {
        match self {
            CountsText::Units => Counts::Units,
            CountsText::Bytes => Counts::Bytes,
        }
    }
}
