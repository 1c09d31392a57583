//! Hearing a reply: whether it is ours, and what of it must be proven.

use sdk::iso8583::{DecodeError, Decoded, Value};
use sdk::prelude::{Claim, Echoed, Extent, Fault, MacAlgorithm, Node, NodeId, Proof, Reply, Seal, SealAlgorithm};

use crate::descriptor::MAC_KEY;
use crate::fields::{self, BEFORE_MTI_BYTES};
use crate::state::{NO_PROCESSING_CODE, Sent, State};

/// Bytes of DE64, always the last field.
const MAC_BYTES: i32 = 8;

/// A frame that answers what was asked.
#[derive(Debug)]
pub(crate) struct Answer<'f> {
    /// Apart, since a step from hand to hand would copy all 1.2 kB of it.
    pub fields: Box<Decoded<'f>>,
    /// DE39.
    pub code: String,
}

impl<'f> Answer<'f> {
    /// Reads a frame. `None` where trace, terminal or processing code are another message's: such a frame counts
    /// as no answer (rule R12).
    pub fn hear(reply: &'f Reply, mti: u16, state: &State) -> Result<Option<Self>, Fault> {
        let fields = Box::new(fields::read(&reply.body)?);
        fields.expect_message_type(mti)?;
        let is_ours = fields.need(11)?.is(&state.trace)
            && fields.need(41)?.is(&state.terminal)
            && fields
                .get(3)
                .is_none_or(|processing| state.processing == NO_PROCESSING_CODE || processing.is(&state.processing));
        if !is_ours {
            return Ok(None);
        }
        let code = fields.need(39)?.text();
        Ok(Some(Answer { fields, code }))
    }

    /// Whether the answer carries a MAC at all.
    pub fn is_sealed(&self) -> bool {
        self.fields.get(64).is_some()
    }

    /// The seal, and an echo of everything sent that came back.
    pub fn proofs(&self, sent: &Sent, mac: MacAlgorithm) -> Vec<Proof> {
        let seal = self.is_sealed().then(|| seal(mac));
        let echoes = [
            (Echoed::Trace, sent.trace, 11),
            (Echoed::Terminal, sent.terminal, 41),
            (Echoed::Merchant, sent.merchant, 42),
            (Echoed::Amount, sent.amount, 4),
        ];
        let echo = |(what, node, number): (Echoed, Option<NodeId>, u8)| {
            Some(Proof::echo(what, node?, self.fields.get(number)?.into()))
        };
        seal.into_iter().chain(echoes.into_iter().filter_map(echo)).collect()
    }

    /// A field's text without the spaces that pad it; empty where it is absent.
    pub fn text(&self, number: u8) -> String {
        let text = self.fields.get(number).map(|value| value.text()).unwrap_or_default();
        let trimmed = text.trim();
        if trimmed.len() == text.len() { text } else { trimmed.to_owned() }
    }

    /// A field the answer must have.
    pub fn need(&self, number: u8) -> Result<Value<'f>, DecodeError> {
        self.fields.need(number)
    }
}

/// The MAC of a reply: DE64 over everything from the message type to the field before (A.11).
pub(crate) fn seal(mac: MacAlgorithm) -> Proof {
    Proof::Seal(Seal {
        over: vec![Node::Received(Extent { start: BEFORE_MTI_BYTES as i32, end: -MAC_BYTES })],
        claimed: Claim::Body(Extent { start: -MAC_BYTES, end: 0 }),
        algorithm: SealAlgorithm::Mac(mac),
        key: MAC_KEY.to_owned(),
    })
}
