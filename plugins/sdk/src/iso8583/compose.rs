//! Writing a message: fields by number, each a value or a hole of known length.

use std::collections::{BTreeMap, BTreeSet};

use super::decode::SEPARATOR;
use super::format::{Encoding, FieldFormat, Table};
use crate::prelude::{Fault, MacAlgorithm, Message, Node, NodeId};
use crate::template::{Part, TemplateBuilder};

/// The field that seals a message.
const MAC_FIELD: u8 = 64;

/// A value that does not fit its field: a mistake of the plugin, or of a value it was configured with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The protocol has no such field.
    #[error("DE{0} is not in the table")]
    UnknownField(u8),
    /// The value is longer or shorter than the field.
    #[error("DE{number} cannot hold {units} characters")]
    Length {
        /// The field.
        number: u8,
        /// Length of the value.
        units: usize,
    },
    /// The value has a character the field does not allow.
    #[error("DE{0} does not allow a character of the value")]
    Character(u8),
    /// The message has a hole and cannot become bytes without the terminal.
    #[error("DE{0} is a hole")]
    Hole(u8),
}

impl From<EncodeError> for Fault {
    fn from(error: EncodeError) -> Self {
        Fault::Internal(error.to_string())
    }
}

/// A message being written.
#[derive(Debug, Clone)]
pub struct Composer<'t> {
    table: &'t Table,
    mti: u16,
    fields: BTreeMap<u8, Content>,
    marked: BTreeSet<u8>,
    mac: Option<(MacAlgorithm, String)>,
}

/// A finished template, and which node holds each marked field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The template.
    pub message: Message,
    marks: BTreeMap<u8, NodeId>,
}

#[derive(Debug, Clone)]
struct Content {
    prefix: Vec<u8>,
    value: Held,
}

#[derive(Debug, Clone)]
enum Held {
    Bytes(Vec<u8>),
    Hole(Node),
}

impl<'t> Composer<'t> {
    /// An empty message of this type, its four digits written as hexadecimal: `0x0200`.
    pub fn new(table: &'t Table, mti: u16) -> Self {
        Composer { table, mti, fields: BTreeMap::new(), marked: BTreeSet::new(), mac: None }
    }

    /// Sets a field to text: digits, `=` in a track, or the characters themselves.
    ///
    /// # Errors
    /// [`EncodeError`] where the field does not exist or cannot hold the value.
    pub fn set(&mut self, number: u8, text: &str) -> Result<&mut Self, EncodeError> {
        let format = self.format(number)?;
        if !text.bytes().all(|character| format.allows(character)) {
            return Err(EncodeError::Character(number));
        }
        let bytes = match format.encoding {
            Encoding::Ascii | Encoding::Binary => text.as_bytes().to_vec(),
            Encoding::BcdPadLeft | Encoding::BcdPadRight => pack(text, format.encoding),
        };
        self.hold(format, text.len(), Held::Bytes(bytes))
    }

    /// Sets a binary or text field to bytes as they are.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_bytes(&mut self, number: u8, bytes: &[u8]) -> Result<&mut Self, EncodeError> {
        let format = self.format(number)?;
        let is_bcd = matches!(format.encoding, Encoding::BcdPadLeft | Encoding::BcdPadRight);
        if is_bcd || !bytes.iter().all(|character| format.allows(*character)) {
            return Err(EncodeError::Character(number));
        }
        self.hold(format, bytes.len(), Held::Bytes(bytes.to_vec()))
    }

    /// Leaves a field to the terminal: `units` digits or bytes of it, known beforehand, and the node that makes them.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn hole(&mut self, number: u8, units: usize, node: Node) -> Result<&mut Self, EncodeError> {
        let format = self.format(number)?;
        self.hold(format, units, Held::Hole(node))
    }

    /// Gives a field's value a node of its own, so that a proof can refer to it.
    pub fn mark(&mut self, numbers: &[u8]) -> &mut Self {
        self.marked.extend(numbers);
        self
    }

    /// Seals the message: DE64 over everything from the message type to the field before it.
    pub fn seal(&mut self, algorithm: MacAlgorithm, key: &str) -> &mut Self {
        self.mac = Some((algorithm, key.to_owned()));
        self
    }

    /// The message as bytes, where nothing is left to the terminal.
    ///
    /// # Errors
    /// [`EncodeError::Hole`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        if self.mac.is_some() {
            return Err(EncodeError::Hole(MAC_FIELD));
        }
        let mut bytes = self.head();
        for (number, field) in &self.fields {
            let Held::Bytes(value) = &field.value else { return Err(EncodeError::Hole(*number)) };
            bytes.extend(&field.prefix);
            bytes.extend(value);
        }
        Ok(bytes)
    }

    /// The message as a template, after what the transport puts before it.
    pub fn into_template(self, before: &[u8]) -> Composed {
        let mut template = TemplateBuilder::new();
        let mut marks = BTreeMap::new();
        let mut parts = vec![Part::Bytes(self.head())];
        for (number, field) in self.fields {
            parts.push(Part::Bytes(field.prefix));
            let part = match field.value {
                Held::Bytes(value) if !self.marked.contains(&number) => Part::Bytes(value),
                Held::Bytes(value) => Part::Node(template.literal(value)),
                Held::Hole(node) => Part::Node(template.node(node)),
            };
            if let (Part::Node(node), true) = (&part, self.marked.contains(&number)) {
                marks.insert(number, *node);
            }
            parts.push(part);
        }
        let before = Part::Bytes(before.to_vec());
        let whole = match self.mac {
            None => {
                parts.insert(0, before);
                template.group(parts)
            }
            Some((algorithm, key)) => {
                let sealed = template.group(parts);
                let mac = template.mac(sealed, algorithm, &key);
                template.group([before, Part::Node(sealed), Part::Node(mac)])
            }
        };
        Composed { message: template.finish(whole), marks }
    }

    fn format(&self, number: u8) -> Result<&'static FieldFormat, EncodeError> {
        self.table.format(number).ok_or(EncodeError::UnknownField(number))
    }

    fn hold(&mut self, format: &FieldFormat, units: usize, value: Held) -> Result<&mut Self, EncodeError> {
        let number = format.number;
        let prefix = format.prefix(units).ok_or(EncodeError::Length { number, units })?;
        self.fields.insert(number, Content { prefix, value });
        Ok(self)
    }

    fn head(&self) -> Vec<u8> {
        let mac = self.mac.as_ref().map(|_| MAC_FIELD);
        let bits = self.fields.keys().copied().chain(mac).fold(0u64, |bits, number| bits | 1 << (64 - number));
        [&self.mti.to_be_bytes()[..], &bits.to_be_bytes()[..]].concat()
    }
}

impl Composed {
    /// The node of a marked field; `None` where the field was not marked or is not in the message.
    pub fn node(&self, number: u8) -> Option<NodeId> {
        self.marks.get(&number).copied()
    }
}

/// Digits, already checked, two a byte.
fn pack(text: &str, encoding: Encoding) -> Vec<u8> {
    let digits = text.bytes().map(|character| if character == b'=' { SEPARATOR } else { character - b'0' });
    let mut nibbles: Vec<u8> = digits.collect();
    if nibbles.len() % 2 == 1 {
        let at = if encoding == Encoding::BcdPadLeft { 0 } else { nibbles.len() };
        nibbles.insert(at, 0);
    }
    nibbles.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect()
}
