//! What is carried from a step to the next: small, versioned, checked.

use sdk::iso8583::Composed;
use sdk::prelude::{Fault, NodeId};

/// Layout of this version: version, kind, trace (6), batch (6), entry mode (3), terminal (8), then the nodes of the message sent
/// (4) and of its standby (4).
const VERSION: u8 = 1;
const STATE_BYTES: usize = 33;
/// Stands for a field the message does not have.
const NO_NODE: u8 = u8::MAX;

/// The operation that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SignIn = 1,
    Sale = 2,
    Reverse = 3,
}

/// What a reply must agree with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub kind: Kind,
    pub trace: String,
    pub batch: String,
    /// DE22; `000` where the message has none.
    pub entry_mode: String,
    pub terminal: String,
    /// Nodes of the message of this operation.
    pub sent: Sent,
    /// Nodes of the standby reversal of a sale; of a reversal, those of the message itself.
    pub undo: Sent,
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
        let mut bytes = vec![VERSION, self.kind as u8];
        bytes.extend(
            [&self.trace, &self.batch, &self.entry_mode, &self.terminal].into_iter().flat_map(|text| text.bytes()),
        );
        bytes.extend(self.sent.bytes());
        bytes.extend(self.undo.bytes());
        bytes
    }

    /// Reads the state, where it belongs to one of these operations.
    pub fn read(bytes: &[u8], kinds: &[Kind]) -> Result<Self, Fault> {
        let state = Self::parse(bytes).filter(|state| kinds.contains(&state.kind));
        state.ok_or_else(|| Fault::Internal("the state is not one this plugin returned for this operation".to_owned()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = <&[u8; STATE_BYTES]>::try_from(bytes).ok().filter(|bytes| bytes[0] == VERSION)?;
        let kind = match bytes[1] {
            1 => Kind::SignIn,
            2 => Kind::Sale,
            3 => Kind::Reverse,
            _ => return None,
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(State {
            kind,
            trace: text(&bytes[2..8])?,
            batch: text(&bytes[8..14])?,
            entry_mode: text(&bytes[14..17])?,
            terminal: text(&bytes[17..25])?,
            sent: Sent::read(&bytes[25..29])?,
            undo: Sent::read(&bytes[29..33])?,
        })
    }
}
