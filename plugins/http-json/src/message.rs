//! Requests: members all have in common, members of their own, and the seal over the body.

use sdk::http::RequestHead;
use sdk::json::ObjectText;
use sdk::prelude::{
    Amount, Context, ContextLookup, Fault, MacAlgorithm, Message, Node, NodeId, TemplateBuilder, TextEncoding,
};

use crate::{ORDER_COUNTER, SEAL_HEADER, SEAL_KEY, unsupported};

/// The largest order, and the largest amount in minor units: twelve digits.
pub const NUMBER_LAST: u64 = 999_999_999_999;

/// The first nodes of every message, numbered alike in all, so that one state speaks for a sale and its reversal.
pub(crate) const TERMINAL: NodeId = 0;
/// As [`TERMINAL`].
pub(crate) const ORDER: NodeId = 1;
/// As [`TERMINAL`]; an echo has none.
pub(crate) const AMOUNT: NodeId = 2;

/// What every message says.
#[derive(Debug, Clone)]
pub(crate) struct Common<'c> {
    pub terminal: &'c str,
    /// Twelve digits.
    pub order: &'c str,
    /// Of a message about money.
    pub amount: Option<Amount>,
}

impl Common<'_> {
    /// The message, with members of its own behind those in common.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for an amount this protocol cannot carry.
    pub fn message(&self, target: &str, own: impl IntoIterator<Item = (&'static str, Node)>) -> Result<Message, Fault> {
        let mut template = TemplateBuilder::new();
        let mut body = ObjectText::new();
        for (name, value) in self.members()? {
            let node = template.literal(value);
            body = body.node(name, node);
        }
        for (name, node) in own {
            let node = template.node(node);
            body = body.node(name, node);
        }
        let body = body.whole(&mut template);
        let seal = template.mac(body, MacAlgorithm::HmacSha256, SEAL_KEY);
        let seal = template.text(seal, TextEncoding::HexUpper);
        let json = template.literal("application/json");
        let head = RequestHead::post(target).header("content-type", json).header(SEAL_HEADER, seal);
        Ok(template.request(head, body))
    }

    fn members(&self) -> Result<Vec<(&'static str, String)>, Fault> {
        let mut members = vec![("terminal", self.terminal.to_owned()), ("order", self.order.to_owned())];
        if let Some(amount) = self.amount {
            if !(1..=NUMBER_LAST).contains(&amount.minor) {
                return Err(unsupported("an amount of more than twelve digits, or none"));
            }
            members.push(("amount", format!("{:012}", amount.minor)));
            members.push(("currency", format!("{:03}", amount.currency)));
        }
        Ok(members)
    }
}

/// The next order.
///
/// # Errors
/// [`Fault::Internal`] where the terminal counts otherwise than this plugin declared.
pub(crate) fn next_order(context: &Context) -> Result<String, Fault> {
    match context.counter(ORDER_COUNTER)? {
        number @ 1..=NUMBER_LAST => Ok(format!("{number:012}")),
        _ => Err(Fault::Internal("the next order is not within 1 to 999999999999".to_owned())),
    }
}

/// A member's name for people.
pub(crate) fn title(name: &str) -> &str {
    match name {
        "code" => "response code",
        "authorization" => "authorisation code",
        "reference" => "retrieval reference",
        "reason" => "reason of a reversal",
        other => other,
    }
}
