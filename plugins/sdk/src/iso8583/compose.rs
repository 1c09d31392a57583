//! Writing a message: fields by number, each a value or a hole of known length.

use super::decode::SEPARATOR;
use super::format::{Encoding, FieldFormat, Length, Table};
use crate::prelude::{Fault, LengthEncoding, LengthHole, MacAlgorithm, Message, Node, NodeId};
use crate::template::{Part, TemplateBuilder};

/// The field that seals a message.
const MAC_FIELD: u8 = 64;
/// Room for the fields of most messages, so that they are not moved as they are added.
const FIELDS_USUAL: usize = 20;

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
    /// In ascending order of their numbers, each once.
    fields: Vec<Field>,
    /// A bit for each field, as in a bitmap.
    marked: u64,
    mac: Option<(MacAlgorithm, String)>,
}

/// A finished template, and which node holds each marked field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The template.
    pub message: Message,
    marks: Vec<(u8, NodeId)>,
}

#[derive(Debug, Clone)]
struct Field {
    number: u8,
    prefix: Vec<u8>,
    value: Held,
}

#[derive(Debug, Clone)]
enum Held {
    Bytes(Vec<u8>),
    Hole(Node),
    /// Known bytes and holes, one after the other.
    Pieces(Vec<Node>),
    /// A hole whose bytes the terminal counts.
    Measured(Node, LengthEncoding),
}

impl<'t> Composer<'t> {
    /// An empty message of this type, its four digits written as hexadecimal: `0x0200`.
    pub fn new(table: &'t Table, mti: u16) -> Self {
        Composer { table, mti, fields: Vec::with_capacity(FIELDS_USUAL), marked: 0, mac: None }
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

    /// Leaves a field to the terminal of which nobody here knows how long it will be: the terminal counts its bytes.
    ///
    /// # Errors
    /// [`EncodeError`] where the field does not exist, or its prefix does not count bytes.
    pub fn measured(&mut self, number: u8, node: Node) -> Result<&mut Self, EncodeError> {
        let format = self.format(number)?;
        let is_bcd = matches!(format.encoding, Encoding::BcdPadLeft | Encoding::BcdPadRight);
        let counted = match format.length {
            Length::LlVar { .. } if !is_bcd => LengthEncoding::BcdOneByte,
            Length::LllVar { .. } if !is_bcd => LengthEncoding::BcdTwoBytes,
            _ => return Err(EncodeError::Length { number, units: 0 }),
        };
        self.put(Field { number, prefix: Vec::new(), value: Held::Measured(node, counted) });
        Ok(self)
    }

    /// Writes a field of several pieces, known bytes and holes: `units` digits or bytes of them all together, known
    /// beforehand. In packed digits every piece is of whole bytes.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn pieces(&mut self, number: u8, units: usize, pieces: Vec<Node>) -> Result<&mut Self, EncodeError> {
        let format = self.format(number)?;
        self.hold(format, units, Held::Pieces(pieces))
    }

    /// Takes a field out again.
    pub fn unset(&mut self, number: u8) -> &mut Self {
        self.fields.retain(|field| field.number != number);
        self
    }

    /// Gives a field's value a node of its own, so that a proof can refer to it. Marked fields are the first nodes of
    /// the message, in ascending order, so that messages with the same marks number them alike.
    pub fn mark(&mut self, numbers: &[u8]) -> &mut Self {
        self.marked = numbers.iter().fold(self.marked, |marked, number| marked | bit(*number));
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
        for field in &self.fields {
            let Held::Bytes(value) = &field.value else { return Err(EncodeError::Hole(field.number)) };
            bytes.extend(&field.prefix);
            bytes.extend(value);
        }
        Ok(bytes)
    }

    /// The message as a template, after what the transport puts before it.
    pub fn into_template(self, before: &[u8]) -> Composed {
        let mut template = TemplateBuilder::new();
        let marks = self.marks(&mut template);
        let mut parts = Vec::with_capacity(2 * self.fields.len() + 2);
        parts.push(Part::Bytes(self.head()));
        for Field { number, prefix, value } in self.fields {
            let marked = marks.iter().find(|(mark, _)| *mark == number).map(|(_, node)| *node);
            match (value, marked) {
                (Held::Measured(node, encoding), marked) => {
                    let of = marked.unwrap_or_else(|| template.node(node));
                    let length = template.node(Node::LengthOf(LengthHole { of, encoding }));
                    parts.extend([Part::Node(length), Part::Node(of)]);
                }
                (_, Some(node)) => parts.extend([Part::Bytes(prefix), Part::Node(node)]),
                (Held::Bytes(value), None) => parts.extend([Part::Bytes(prefix), Part::Bytes(value)]),
                (Held::Pieces(pieces), None) => {
                    parts.push(Part::Bytes(prefix));
                    parts.extend(pieces.into_iter().map(|piece| match piece {
                        Node::Literal(bytes) => Part::Bytes(bytes),
                        hole => Part::Node(template.node(hole)),
                    }));
                }
                (Held::Hole(node), None) => parts.extend([Part::Bytes(prefix), Part::Node(template.node(node))]),
            }
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

    /// The marked fields as the first nodes.
    fn marks(&self, template: &mut TemplateBuilder) -> Vec<(u8, NodeId)> {
        let marked = self.fields.iter().filter(|field| self.marked & bit(field.number) != 0);
        let node = |field: &Field| {
            let value = match &field.value {
                Held::Bytes(value) => Node::Literal(value.clone()),
                Held::Pieces(pieces) => Node::Concat(pieces.iter().map(|piece| template.node(piece.clone())).collect()),
                Held::Hole(node) | Held::Measured(node, _) => node.clone(),
            };
            (field.number, template.node(value))
        };
        marked.map(node).collect()
    }

    fn format(&self, number: u8) -> Result<&'static FieldFormat, EncodeError> {
        self.table.format(number).ok_or(EncodeError::UnknownField(number))
    }

    fn hold(&mut self, format: &FieldFormat, units: usize, value: Held) -> Result<&mut Self, EncodeError> {
        let number = format.number;
        let prefix = format.prefix(units).ok_or(EncodeError::Length { number, units })?;
        self.put(Field { number, prefix, value });
        Ok(self)
    }

    fn put(&mut self, field: Field) {
        match self.fields.binary_search_by_key(&field.number, |field| field.number) {
            Ok(there) => self.fields[there] = field,
            Err(between) => self.fields.insert(between, field),
        }
    }

    fn head(&self) -> Vec<u8> {
        let mac = self.mac.as_ref().map(|_| MAC_FIELD);
        let bits = self.fields.iter().map(|field| field.number).chain(mac).fold(0, |bits, number| bits | bit(number));
        [&self.mti.to_be_bytes()[..], &bits.to_be_bytes()[..]].concat()
    }
}

impl Composed {
    /// The node of a marked field; `None` where the field was not marked or is not in the message.
    pub fn node(&self, number: u8) -> Option<NodeId> {
        self.marks.iter().find(|(marked, _)| *marked == number).map(|(_, node)| *node)
    }
}

/// The bit of a field in a bitmap; a field of no bitmap has none.
fn bit(number: u8) -> u64 {
    1u64.checked_shl(64u32.wrapping_sub(number.into())).unwrap_or(0)
}

/// Digits, already checked, two a byte.
fn pack(text: &str, encoding: Encoding) -> Vec<u8> {
    let nibble = |character: &u8| if *character == b'=' { SEPARATOR } else { character & 0x0F };
    let is_led_by_zero = encoding == Encoding::BcdPadLeft && text.len() % 2 == 1;
    let mut packed = Vec::with_capacity(text.len().div_ceil(2));
    let rest = match text.as_bytes() {
        [first, rest @ ..] if is_led_by_zero => {
            packed.push(nibble(first));
            rest
        }
        all => all,
    };
    packed.extend(rest.chunks(2).map(|pair| nibble(&pair[0]) << 4 | pair.get(1).map_or(0, nibble)));
    packed
}
