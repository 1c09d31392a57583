//! What is carried from a step to the next: small, versioned, checked.

use sdk::iso8583::Composed;
use sdk::prelude::{Fault, NodeId};

use crate::matrix::Kind;

/// Layout of this version: version, kind, trace (6), batch (6), entry mode (3), terminal (8), processing code (6), the
/// nodes of what an answer echoes (4), then what the operation itself keeps.
const VERSION: u8 = 2;
const FIXED_BYTES: usize = 35;
/// Stands for a field the message does not have.
const NO_NODE: u8 = u8::MAX;
/// DE22 of a message that reads no card, and DE3 of one that has none.
pub(crate) const NO_ENTRY_MODE: &str = "000";
pub(crate) const NO_PROCESSING_CODE: &str = "------";

/// What a reply must agree with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub kind: Kind,
    pub trace: String,
    pub batch: String,
    /// DE22; [`NO_ENTRY_MODE`] where the message has none.
    pub entry_mode: String,
    pub terminal: String,
    /// DE3; [`NO_PROCESSING_CODE`] where the message has none.
    pub processing: String,
    /// Nodes of the message, and of its reversal or repetition: equal marks have equal nodes.
    pub sent: Sent,
    /// What the operation itself keeps, in its own layout.
    pub extra: Vec<u8>,
}

/// Which nodes of a message hold what its reply must echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub trace: Option<NodeId>,
    pub terminal: Option<NodeId>,
    pub merchant: Option<NodeId>,
    pub amount: Option<NodeId>,
}

impl Sent {
    /// The fields a message marks.
    pub const FIELDS: [u8; 4] = [4, 11, 41, 42];

    pub fn of(composed: &Composed) -> Self {
        Sent {
            trace: composed.node(11),
            terminal: composed.node(41),
            merchant: composed.node(42),
            amount: composed.node(4),
        }
    }

    fn bytes(&self) -> [u8; 4] {
        let byte = |node: Option<NodeId>| node.and_then(|node| u8::try_from(node).ok()).unwrap_or(NO_NODE);
        [byte(self.trace), byte(self.terminal), byte(self.merchant), byte(self.amount)]
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let node = |byte: u8| (byte != NO_NODE).then_some(NodeId::from(byte));
        let [trace, terminal, merchant, amount] = *<&[u8; 4]>::try_from(bytes).ok()?;
        Some(Sent { trace: node(trace), terminal: node(terminal), merchant: node(merchant), amount: node(amount) })
    }
}

impl State {
    pub fn bytes(&self) -> Vec<u8> {
        let texts = [&self.trace, &self.batch, &self.entry_mode, &self.terminal, &self.processing];
        let mut bytes = Vec::with_capacity(FIXED_BYTES + self.extra.len());
        bytes.extend([VERSION, self.kind as u8]);
        texts.iter().for_each(|text| bytes.extend(text.as_bytes()));
        bytes.extend(self.sent.bytes());
        bytes.extend(&self.extra);
        bytes
    }

    /// Reads the state, where it belongs to one of these operations.
    pub fn read(bytes: &[u8], kinds: &[Kind]) -> Result<Self, Fault> {
        let state = Self::parse(bytes).filter(|state| kinds.contains(&state.kind));
        state.ok_or_else(|| Fault::Internal("the state is not one this plugin returned for this operation".to_owned()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (fixed, extra) = bytes.split_at_checked(FIXED_BYTES)?;
        let [VERSION, kind, rest @ ..] = fixed else { return None };
        let mut at = 0;
        let mut text = |length: usize| {
            at += length;
            String::from_utf8(rest.get(at - length..at)?.to_vec()).ok()
        };
        let [trace, batch, entry_mode, terminal, processing] = [text(6), text(6), text(3), text(8), text(6)];
        Some(State {
            kind: Kind::of_number(*kind)?,
            trace: trace?,
            batch: batch?,
            entry_mode: entry_mode?,
            terminal: terminal?,
            processing: processing?,
            sent: Sent::read(rest.get(at..)?)?,
            extra: extra.to_vec(),
        })
    }
}
