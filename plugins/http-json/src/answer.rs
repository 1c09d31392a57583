//! Hearing an answer: whether it says anything, and what of it must be proven.

use sdk::json::Object;
use sdk::prelude::{
    Claim, Echoed, Extent, Fault, MacAlgorithm, Malformed, Node, NodeId, Proof, Reply, Seal, SealAlgorithm,
};

use crate::message::{AMOUNT, ORDER, TERMINAL};
use crate::{SEAL_HEADER, SEAL_KEY};

/// The one status that says something about money.
pub(crate) const ANSWERED: u16 = 200;
/// Digits of an order.
const ORDER_DIGITS: usize = 12;
/// Members whose echo proves that the answer is about what was sent.
const ECHOED: [(&str, Echoed, NodeId); 3] =
    [("terminal", Echoed::Terminal, TERMINAL), ("order", Echoed::Trace, ORDER), ("amount", Echoed::Amount, AMOUNT)];

/// An answer of the acquirer.
#[derive(Debug)]
pub(crate) struct Answer<'r> {
    members: Object<'r>,
    is_sealed: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) enum Heard<'r> {
    /// An answer.
    Answer(Answer<'r>),
    /// A status that says nothing: a proxy's, or of an acquirer that failed.
    Nothing(u16),
}

impl<'r> Answer<'r> {
    /// Reads what came back.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where an answer cannot be read.
    pub fn hear(reply: &'r Reply) -> Result<Heard<'r>, Fault> {
        if reply.status != ANSWERED {
            return Ok(Heard::Nothing(reply.status));
        }
        let members = Object::read(&reply.body)?;
        for name in ["terminal", "order", "result"] {
            if members.text(name).is_none() {
                let reason = "a plain string is missing".to_owned();
                return Err(Fault::Malformed(Malformed { path: name.to_owned(), offset: 0, reason }));
            }
        }
        Ok(Heard::Answer(Answer { members, is_sealed: reply.header(SEAL_HEADER).is_some() }))
    }

    /// A member's text; empty where it is absent.
    pub fn text(&self, name: &str) -> &'r str {
        self.members.text(name).unwrap_or_default()
    }

    /// What it says, where it carries a seal at all.
    pub fn result(&self) -> Option<&'r str> {
        self.is_sealed.then(|| self.text("result"))
    }

    /// The seal, and an echo of everything sent that came back: an answer about another order proves nothing here.
    pub fn proofs(&self) -> Vec<Proof> {
        let echoes = ECHOED.into_iter().filter_map(|(name, what, node)| {
            let got = self.members.extent(name).filter(|got| got.end > got.start)?;
            Some(Proof::echo(what, node, got))
        });
        self.is_sealed.then(seal).into_iter().chain(echoes).collect()
    }
}

/// The seal of an answer: the header, over the whole body.
pub(crate) fn seal() -> Proof {
    Proof::Seal(Seal {
        over: vec![Node::Received(Extent { start: 0, end: 0 })],
        claimed: Claim::HeaderHex(SEAL_HEADER.to_owned()),
        algorithm: SealAlgorithm::Mac(MacAlgorithm::HmacSha256),
        key: SEAL_KEY.to_owned(),
    })
}

/// The order a state was made of.
///
/// # Errors
/// [`Fault::Internal`] for a state this plugin did not return.
pub(crate) fn order_of(state: &[u8]) -> Result<&str, Fault> {
    let order = core::str::from_utf8(state).ok();
    let order = order.filter(|order| order.len() == ORDER_DIGITS && order.bytes().all(|byte| byte.is_ascii_digit()));
    order.ok_or_else(|| Fault::Internal("the state is not one this plugin returned".to_owned()))
}
