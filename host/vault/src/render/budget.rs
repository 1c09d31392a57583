//! How much one template may cost.

use engine::contract::template::Node;

use super::error::{NodeError, RenderError};

/// Nodes in a template or a seal. The largest message of the field (64 data elements with lengths and a MAC) takes
/// under 200.
pub const MAX_TEMPLATE_NODES: usize = 512;
/// Bytes of all nodes together, so that a chain of doubling concatenations ends early. A frame has at most 65,535, and
/// every byte of it appears in its own node and once or twice in concatenations.
pub const MAX_RENDERED_BYTES: usize = 256 * 1024;
/// References of all concatenations together: empty nodes cost no bytes, but time.
pub const MAX_REFERENCES: usize = 4096;
/// Bytes put through MACs and digests: two of them over the largest frame.
pub const MAX_WORKED_BYTES: usize = 128 * 1024;

/// Signatures of one template: over the message and over a part of it, and as many again. One under a long RSA key takes
/// as much time as all else together.
pub const MAX_SIGNATURES: usize = 4;

/// What is left to spend.
pub(super) struct Budget {
    rendered_bytes: usize,
    worked_bytes: usize,
    references: usize,
    signatures: usize,
}

impl Budget {
    pub(super) fn full() -> Self {
        Self {
            rendered_bytes: MAX_RENDERED_BYTES,
            worked_bytes: MAX_WORKED_BYTES,
            references: MAX_REFERENCES,
            signatures: MAX_SIGNATURES,
        }
    }

    /// Called before the bytes are allocated.
    pub(super) fn render(&mut self, bytes: usize) -> Result<(), NodeError> {
        spend(&mut self.rendered_bytes, bytes).ok_or(NodeError::TooLarge)
    }

    /// What was reserved and not needed.
    pub(super) fn give_back(&mut self, bytes: usize) {
        self.rendered_bytes = self.rendered_bytes.saturating_add(bytes).min(MAX_RENDERED_BYTES);
    }

    pub(super) fn work(&mut self, bytes: usize) -> Result<(), NodeError> {
        spend(&mut self.worked_bytes, bytes).ok_or(NodeError::TooMuchWork)
    }

    pub(super) fn sign(&mut self) -> Result<(), NodeError> {
        spend(&mut self.signatures, 1).ok_or(NodeError::TooManySignatures)
    }

    pub(super) fn refer(&mut self, references: usize) -> Result<(), NodeError> {
        spend(&mut self.references, references).ok_or(NodeError::TooManyReferences)
    }
}

pub(super) fn check_count(nodes: &[Node]) -> Result<(), RenderError> {
    if nodes.len() > MAX_TEMPLATE_NODES { Err(RenderError::TooManyNodes { nodes: nodes.len() }) } else { Ok(()) }
}

fn spend(left: &mut usize, amount: usize) -> Option<()> {
    *left = left.checked_sub(amount)?;
    Some(())
}
