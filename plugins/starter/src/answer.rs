//! Hearing a reply: whether it is ours, and what of it must be proven. And what a step keeps for the next.

use sdk::iso8583::{Composed, Decoded};
use sdk::prelude::{Claim, Echoed, Extent, Fault, MacAlgorithm, Node, NodeId, Proof, Reply, Seal, SealAlgorithm};

use crate::{MAC_KEY, fields};

/// The fields whose echo an answer must bring.
pub(crate) const ECHOED: [u8; 4] = [4, 11, 41, 42];
/// Bytes of DE64, always the last field.
const MAC_BYTES: i32 = 8;
/// Digits of DE11.
const TRACE_DIGITS: usize = 6;
/// Stands for a field the message does not have.
const NO_NODE: u8 = u8::MAX;

/// What is kept from a message to its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    /// DE11.
    pub trace: String,
    /// The nodes of [`ECHOED`].
    nodes: [Option<NodeId>; 4],
}

/// A frame that answers what was asked.
#[derive(Debug)]
pub(crate) struct Answer<'f> {
    pub fields: Decoded<'f>,
    /// DE39.
    pub code: String,
}

impl Sent {
    pub fn of(trace: &str, composed: &Composed) -> Self {
        Sent { trace: trace.to_owned(), nodes: ECHOED.map(|number| composed.node(number)) }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let node = |node: &Option<NodeId>| node.and_then(|node| u8::try_from(node).ok()).unwrap_or(NO_NODE);
        self.trace.bytes().chain(self.nodes.iter().map(node)).collect()
    }

    /// # Errors
    /// [`Fault::Internal`] for bytes that [`bytes`](Self::bytes) did not make.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let foreign = || Fault::Internal("the state is not one this plugin returned".to_owned());
        let (trace, nodes) = bytes.split_at_checked(TRACE_DIGITS).ok_or_else(foreign)?;
        let nodes = <[u8; 4]>::try_from(nodes).map_err(|_| foreign())?;
        let trace = String::from_utf8(trace.to_vec()).map_err(|_| foreign())?;
        Ok(Sent { trace, nodes: nodes.map(|node| (node != NO_NODE).then_some(node.into())) })
    }
}

impl<'f> Answer<'f> {
    /// Reads a frame; `None` where its trace is another message's: such a frame counts as no answer.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where it cannot be read.
    pub fn hear(reply: &'f Reply, message_type: u16, sent: &Sent) -> Result<Option<Self>, Fault> {
        let fields = fields::read(&reply.body)?;
        fields.expect_message_type(message_type)?;
        if !fields.need(11)?.is(&sent.trace) {
            return Ok(None);
        }
        let code = fields.need(39)?.text();
        Ok(Some(Answer { fields, code }))
    }

    /// Whether the answer carries a MAC at all.
    pub fn is_sealed(&self) -> bool {
        self.fields.get(64).is_some()
    }

    /// A field's text; empty where it is absent.
    pub fn text(&self, number: u8) -> String {
        self.fields.get(number).map(|value| value.text().trim().to_owned()).unwrap_or_default()
    }

    /// The seal, and an echo of everything sent that came back.
    pub fn proofs(&self, sent: &Sent) -> Vec<Proof> {
        let whats = [Echoed::Amount, Echoed::Trace, Echoed::Terminal, Echoed::Merchant];
        let echoes = ECHOED.into_iter().zip(whats).zip(sent.nodes);
        let echoes =
            echoes.filter_map(|((number, what), node)| Some(Proof::echo(what, node?, self.fields.get(number)?.into())));
        self.is_sealed().then(seal).into_iter().chain(echoes).collect()
    }
}

/// The MAC of a reply: DE64 over everything before it.
pub(crate) fn seal() -> Proof {
    Proof::Seal(Seal {
        over: vec![Node::Received(Extent { start: 0, end: -MAC_BYTES })],
        claimed: Claim::Body(Extent { start: -MAC_BYTES, end: 0 }),
        algorithm: SealAlgorithm::Mac(MacAlgorithm::X919),
        key: MAC_KEY.to_owned(),
    })
}
