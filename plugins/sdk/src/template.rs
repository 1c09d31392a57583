//! Building message templates: lists of nodes, each referring only to nodes before it.

use crate::http::RequestHead;
use crate::prelude::{MacAlgorithm, MacHole, Message, Node, NodeId, TextEncoding, TextHole};

/// Collects the nodes of one message.
#[derive(Debug, Default)]
pub struct TemplateBuilder {
    nodes: Vec<Node>,
}

/// A piece of a group: bytes, which are merged with their neighbours, or a node that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'b> {
    /// Bytes the plugin knows.
    Bytes(&'b [u8]),
    /// A node of its own: a hole, or bytes something refers to.
    Node(NodeId),
}

impl TemplateBuilder {
    /// A message without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds any node.
    pub fn node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        // A template of more nodes than fit 32 bits cannot exist in a 32-bit guest.
        (self.nodes.len() - 1) as NodeId
    }

    /// Bytes as a node of their own, so that a proof can refer to them.
    pub fn literal(&mut self, bytes: impl Into<Vec<u8>>) -> NodeId {
        self.node(Node::Literal(bytes.into()))
    }

    /// A MAC over a node, under a key slot.
    pub fn mac(&mut self, over: NodeId, algorithm: MacAlgorithm, key: &str) -> NodeId {
        self.node(Node::Mac(MacHole { over, algorithm, key: key.to_owned() }))
    }

    /// A node's bytes as text.
    pub fn text(&mut self, of: NodeId, encoding: TextEncoding) -> NodeId {
        self.node(Node::Text(TextHole { of, encoding }))
    }

    /// Parts one after the other: neighbouring bytes become one literal, and a group of one is that one.
    pub fn group<'b>(&mut self, parts: impl IntoIterator<Item = Part<'b>>) -> NodeId {
        let mut members = Vec::new();
        let mut bytes: Vec<u8> = Vec::new();
        for part in parts {
            match part {
                Part::Bytes(more) => bytes.extend_from_slice(more),
                Part::Node(node) => {
                    if !bytes.is_empty() {
                        members.push(self.literal(core::mem::take(&mut bytes)));
                    }
                    members.push(node);
                }
            }
        }
        if !bytes.is_empty() || members.is_empty() {
            members.push(self.literal(bytes));
        }
        if let [only] = members[..] { only } else { self.node(Node::Concat(members)) }
    }

    /// The finished message for a route that frames it.
    pub fn finish(self, whole: NodeId) -> Message {
        Message { nodes: self.nodes, whole, http: None }
    }

    /// The finished message for a route that speaks HTTP.
    pub fn request(self, head: RequestHead, body: NodeId) -> Message {
        Message { nodes: self.nodes, whole: body, http: Some(head.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_bytes_become_one_literal() {
        let mut template = TemplateBuilder::new();
        let marked = template.literal([2]);
        let parts = [Part::Bytes(&[0]), Part::Bytes(&[1]), Part::Node(marked), Part::Bytes(&[3])];
        let whole = template.group(parts);
        let message = template.finish(whole);
        let expected = vec![
            Node::Literal(vec![2]),
            Node::Literal(vec![0, 1]),
            Node::Literal(vec![3]),
            Node::Concat(vec![1, 0, 2]),
        ];
        assert_eq!((message.nodes, message.whole), (expected, 3));
    }

    #[test]
    fn a_group_of_one_is_that_one() {
        let mut template = TemplateBuilder::new();
        let whole = template.group([Part::Bytes(&[7, 8])]);
        assert_eq!(template.finish(whole).nodes, vec![Node::Literal(vec![7, 8])]);
    }
}
