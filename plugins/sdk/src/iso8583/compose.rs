//! Writing a message as a template: fields by number, each a value or a hole of the terminal's.

use ::iso8583::{Encoder, Piece, Prefix, PrefixCode};

use super::{EncodeError, Format};
use crate::prelude::{LengthEncoding, LengthHole, MacAlgorithm, Message, Node, NodeId};
use crate::template::{Part, TemplateBuilder};

/// The field that seals a message, and its bytes.
const MAC_FIELD: u8 = 64;
const MAC_BYTES: usize = 8;

/// A message being written.
#[derive(Debug, Clone)]
pub struct Composer {
    encoder: Encoder<Hole>,
    /// A bit for each field of the first bitmap, field 1 the highest.
    marked: u64,
}

/// A finished template, and which node holds each marked field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The template.
    pub message: Message,
    marks: Vec<(u8, NodeId)>,
}

/// What the terminal makes of a field.
#[derive(Debug, Clone)]
enum Hole {
    Node(Node),
    /// Known bytes and holes, one after the other.
    Pieces(Vec<Node>),
    /// A MAC over everything before, under a key slot.
    Mac(MacAlgorithm, String),
}

impl Composer {
    /// An empty message of this type, its four digits written as hexadecimal: `0x0200`.
    pub fn new(format: &'static Format, message_type: u16) -> Self {
        Composer { encoder: Encoder::new(format, message_type), marked: 0 }
    }

    /// Sets a field to text: digits, `=` in a track, the characters themselves, hexadecimal for bytes.
    ///
    /// # Errors
    /// [`EncodeError`] where the field does not exist or cannot hold the value.
    pub fn set(&mut self, number: u8, text: &str) -> Result<&mut Self, EncodeError> {
        self.encoder.set(number, text)?;
        Ok(self)
    }

    /// Sets a field to a number, led by zeros where the field is of fixed length.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_number(&mut self, number: u8, value: u64) -> Result<&mut Self, EncodeError> {
        self.encoder.set_number(number, value)?;
        Ok(self)
    }

    /// Sets a field to its parts by position, as many as the value has.
    ///
    /// # Errors
    /// [`EncodeError::Parts`] where a part has another length or the field fewer; else as [`set`](Self::set).
    pub fn set_parts(&mut self, number: u8, values: &[&str]) -> Result<&mut Self, EncodeError> {
        self.encoder.set_parts(number, values)?;
        Ok(self)
    }

    /// The same by a layout that only this message gives the field; the table need not know it.
    ///
    /// # Errors
    /// As [`set_parts`](Self::set_parts).
    pub fn set_parts_of(
        &mut self,
        number: u8,
        parts: &'static [::iso8583::Part],
        values: &[&str],
    ) -> Result<&mut Self, EncodeError> {
        self.encoder.set_parts_of(number, parts, values)?;
        Ok(self)
    }

    /// Sets a field of bytes, or of national text, to bytes as they are.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_bytes(&mut self, number: u8, bytes: &[u8]) -> Result<&mut Self, EncodeError> {
        self.encoder.set_bytes(number, bytes)?;
        Ok(self)
    }

    /// Leaves a field to the terminal: `units` digits or bytes of it, known beforehand, and the node that makes them.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn hole(&mut self, number: u8, units: usize, node: Node) -> Result<&mut Self, EncodeError> {
        self.encoder.hole(number, units, Hole::Node(node))?;
        Ok(self)
    }

    /// Leaves a field to the terminal of which nobody here knows how long it will be: the terminal counts its bytes.
    ///
    /// # Errors
    /// [`EncodeError`] where the field does not exist, or has no prefix in packed digits that counts bytes: the
    /// terminal writes no other.
    pub fn measured(&mut self, number: u8, node: Node) -> Result<&mut Self, EncodeError> {
        self.encoder.measured(number, Hole::Node(node))?;
        let added = self.encoder.pieces().find(|(field, _)| field.number == number);
        match added {
            Some((_, Piece::Measured { prefix, .. })) if counting(prefix).is_some() => Ok(self),
            _ => {
                self.encoder.unset(number);
                Err(EncodeError::Length { number, units: 0 })
            }
        }
    }

    /// Writes a field of several pieces, known bytes and holes: `units` digits or bytes of them all together, known
    /// beforehand. In packed digits every piece is of whole bytes.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn pieces(&mut self, number: u8, units: usize, pieces: Vec<Node>) -> Result<&mut Self, EncodeError> {
        self.encoder.hole(number, units, Hole::Pieces(pieces))?;
        Ok(self)
    }

    /// Takes a field out again.
    pub fn unset(&mut self, number: u8) -> &mut Self {
        self.encoder.unset(number);
        self
    }

    /// Gives a field's value a node of its own, so that a proof can refer to it. Marked fields are the first nodes of
    /// the message, in ascending order, so that messages with the same marks number them alike.
    pub fn mark(&mut self, numbers: &[u8]) -> &mut Self {
        self.marked = numbers.iter().fold(self.marked, |marked, number| marked | bit(*number));
        self
    }

    /// Seals the message: DE64 over everything from the message type to the field before it.
    ///
    /// # Errors
    /// [`EncodeError`] where the protocol has no DE64 of eight bytes.
    pub fn seal(&mut self, algorithm: MacAlgorithm, key: &str) -> Result<&mut Self, EncodeError> {
        self.encoder.hole(MAC_FIELD, MAC_BYTES, Hole::Mac(algorithm, key.to_owned()))?;
        Ok(self)
    }

    /// The message as bytes, where nothing is left to the terminal.
    ///
    /// # Errors
    /// [`EncodeError::Hole`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        self.encoder.to_bytes()
    }

    /// The message as a template, after what the transport puts before it.
    pub fn into_template(self, before: &[u8]) -> Composed {
        let mut template = TemplateBuilder::new();
        let marks = self.marks(&mut template);
        let head = self.encoder.head();
        let mut parts = vec![Part::Bytes(&head)];
        let mut mac = None;
        // Marks and pieces are both in ascending order.
        let mut left = marks.iter().peekable();
        for (field, piece) in self.encoder.pieces() {
            let marked = left.next_if(|(mark, _)| *mark == field.number).map(|(_, node)| *node);
            match (piece, marked) {
                (Piece::Measured { prefix, hole }, marked) => {
                    let of = marked.unwrap_or_else(|| hole.node(&mut template));
                    // `measured` let no other prefix in.
                    let encoding = counting(prefix).unwrap_or(LengthEncoding::BcdTwoBytes);
                    let length = template.node(Node::LengthOf(LengthHole { of, encoding }));
                    parts.extend([Part::Node(length), Part::Node(of)]);
                }
                (Piece::Known { prefix, .. } | Piece::Hole { prefix, .. }, Some(node)) => {
                    parts.extend([Part::Bytes(prefix), Part::Node(node)]);
                }
                (Piece::Known { prefix, value }, None) => parts.extend([Part::Bytes(prefix), Part::Bytes(value)]),
                (Piece::Hole { hole: Hole::Mac(algorithm, key), .. }, None) => mac = Some((*algorithm, key)),
                (Piece::Hole { prefix, hole: Hole::Pieces(pieces) }, None) => {
                    parts.push(Part::Bytes(prefix));
                    parts.extend(pieces.iter().map(|piece| match piece {
                        Node::Literal(bytes) => Part::Bytes(bytes),
                        hole => Part::Node(template.node(hole.clone())),
                    }));
                }
                (Piece::Hole { prefix, hole }, None) => {
                    parts.extend([Part::Bytes(prefix), Part::Node(hole.node(&mut template))]);
                }
            }
        }
        let whole = match mac {
            None => {
                parts.insert(0, Part::Bytes(before));
                template.group(parts)
            }
            Some((algorithm, key)) => {
                let sealed = template.group(parts);
                let mac = template.mac(sealed, algorithm, key);
                template.group([Part::Bytes(before), Part::Node(sealed), Part::Node(mac)])
            }
        };
        Composed { message: template.finish(whole), marks }
    }

    /// The marked fields as the first nodes. The seal covers all others and cannot be one.
    fn marks(&self, template: &mut TemplateBuilder) -> Vec<(u8, NodeId)> {
        let marked = self.encoder.pieces().filter(|(field, _)| self.marked & bit(field.number) != 0);
        let node = |(field, piece): (&'static super::Field, Piece<'_, Hole>)| {
            let node = match piece {
                Piece::Known { value, .. } => template.literal(value),
                Piece::Hole { hole: Hole::Mac(..), .. } => return None,
                Piece::Hole { hole, .. } | Piece::Measured { hole, .. } => hole.node(template),
            };
            Some((field.number, node))
        };
        marked.filter_map(node).collect()
    }
}

impl Composed {
    /// The node of a marked field; `None` where the field was not marked or is not in the message.
    pub fn node(&self, number: u8) -> Option<NodeId> {
        self.marks.iter().find(|(marked, _)| *marked == number).map(|(_, node)| *node)
    }
}

impl Hole {
    /// Its node. A seal needs what it covers and is made where that is known.
    fn node(&self, template: &mut TemplateBuilder) -> NodeId {
        match self {
            Hole::Node(node) => template.node(node.clone()),
            Hole::Pieces(pieces) => {
                let pieces = pieces.iter().map(|piece| template.node(piece.clone())).collect();
                template.node(Node::Concat(pieces))
            }
            Hole::Mac(..) => template.literal([]),
        }
    }
}

/// How the terminal writes such a prefix; `None` where it cannot.
fn counting(prefix: Prefix) -> Option<LengthEncoding> {
    match (prefix.code, prefix.bytes()) {
        (PrefixCode::Bcd, 1) => Some(LengthEncoding::BcdOneByte),
        (PrefixCode::Bcd, 2) => Some(LengthEncoding::BcdTwoBytes),
        _ => None,
    }
}

/// The bit of a field in a bitmap; a field of no bitmap has none.
fn bit(number: u8) -> u64 {
    1u64.checked_shl(64u32.wrapping_sub(number.into())).unwrap_or(0)
}
