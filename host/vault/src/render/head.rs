//! The head of an HTTP request: what a plugin fixed of it, and headers filled from nodes.
//!
//! Protects against: a secret in a header or target, where servers and proxies log it; a value that ends its header and
//! begins another one.
//! Does not protect against: bytes the plugin knows; those it may put where it likes.

use engine::contract::template::{HttpHead, Node, NodeId};
use engine::rules::{check_head, check_header_value};

use super::error::RenderError;
use super::{Holds, Part};

/// A rendered head. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedHead {
    /// `POST`, `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values, in the order of the message.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Refuses what no rendering could mend, before the card is counted.
pub(super) fn check(head: &HttpHead, nodes: &[Node]) -> Result<(), RenderError> {
    check_head(head)?;
    let secret = secrets(nodes);
    for header in &head.headers {
        match at(&secret, header.value) {
            Some(false) => {}
            Some(true) => return Err(RenderError::SecretInHeader { name: header.name.clone() }),
            None => return Err(RenderError::NoHeaderValue { name: header.name.clone(), value: header.value }),
        }
    }
    Ok(())
}

/// The head with its values.
pub(super) fn render(head: &HttpHead, parts: &[Part]) -> Result<RenderedHead, RenderError> {
    let mut headers = Vec::with_capacity(head.headers.len());
    for header in &head.headers {
        let name = header.name.clone();
        let part = usize::try_from(header.value).ok().and_then(|value| parts.get(value));
        let part = part.ok_or_else(|| RenderError::NoHeaderValue { name: name.clone(), value: header.value })?;
        if part.holds != Holds::Nothing {
            return Err(RenderError::SecretInHeader { name });
        }
        let value = part.bytes.reveal();
        check_header_value(&name, value)?;
        headers.push((name, value.to_vec()));
    }
    Ok(RenderedHead { method: head.method.clone(), target: head.target.clone(), headers })
}

/// Which nodes hold a secret of the cardholder, in clear, enciphered, or as a digest. A PIN block does, though nobody
/// without its key reads it.
fn secrets(nodes: &[Node]) -> Vec<bool> {
    let mut secret: Vec<bool> = Vec::with_capacity(nodes.len());
    for node in nodes {
        // A node that is not before this one is refused when it is rendered.
        let before = |to: NodeId| at(&secret, to).unwrap_or(true);
        let holds = match node {
            Node::Secret(_) | Node::Track(_) | Node::PinBlock(_) | Node::ChipData(_) => true,
            Node::Concat(of) => of.iter().any(|to| before(*to)),
            Node::Text(hole) => before(hole.of),
            Node::Digest(hole) => before(hole.over),
            Node::Cipher(hole) => before(hole.over),
            Node::Mac(_) | Node::Signature(_) | Node::LengthOf(_) => false,
            Node::Literal(_) | Node::Nonce(_) | Node::Clock(_) | Node::Reason(_) | Node::KeySerial(_) => false,
            Node::Received(_) | Node::ReceivedHeader(_) => false,
        };
        secret.push(holds);
    }
    secret
}

fn at(secret: &[bool], node: NodeId) -> Option<bool> {
    usize::try_from(node).ok().and_then(|node| secret.get(node)).copied()
}
