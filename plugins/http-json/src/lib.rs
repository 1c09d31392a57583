//! A plugin to begin with: an echo test, a sale, and the reversal that takes a sale back, as JSON over HTTP.
//!
//! The protocol is nobody's (`PROTOCOL.md`): every body is sealed by an HMAC in the header `x-seal`, and its members
//! stand in a fixed order, so that the terminal can read the answer to a reversal without this plugin. Put your
//! acquirer's members into [`message`], its codes into [`codes`], its messages into [`sale`] and [`reversal`]; the tests
//! beside say what has to stay true.

pub mod codes;
pub mod message;
pub mod reversal;
pub mod sale;

mod answer;
mod echo;
mod policy;
mod settings;

use sdk::json::Object;
use sdk::prelude::{
    Context, Counter, Debt, Decision, Descriptor, Event, Fault, Field, FollowUpKind, Framing, KeyAlgorithm, KeyScheme,
    KeySlot, KeyUse, MacAlgorithm, Maintenance, Operation, OperationKind, OperationSpec, Patience, PaymentKind, Plugin,
    Route, Situation, Step,
};

/// The one route.
pub const ROUTE: &str = "host";
/// Counts the orders.
pub const ORDER_COUNTER: &str = "order";
/// Key for seals.
pub const SEAL_KEY: &str = "seal";
/// Header of a seal.
pub const SEAL_HEADER: &str = "x-seal";

/// The plugin.
#[derive(Debug)]
pub struct HttpJson;

sdk::export_plugin!(HttpJson);

impl Plugin for HttpJson {
    fn describe() -> Descriptor {
        let does = |kind| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved: true };
        Descriptor {
            acquirer: env!("CARGO_PKG_NAME").trim_start_matches("acquit-plugin-").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            operations: [OperationKind::Echo, OperationKind::Sale, OperationKind::Reverse].map(does).to_vec(),
            routes: vec![Route { name: ROUTE.to_owned(), framing: Framing::Http }],
            keys: vec![KeySlot {
                name: SEAL_KEY.to_owned(),
                algorithms: vec![KeyAlgorithm::Hmac],
                scheme: KeyScheme::Fixed,
                uses: vec![KeyUse::Mac(MacAlgorithm::HmacSha256)],
            }],
            counters: vec![Counter { name: ORDER_COUNTER.to_owned(), first: 1, last: message::NUMBER_LAST }],
            parameters: settings::declared(),
        }
    }

    fn start(context: &Context, operation: &Operation) -> Result<Step, Fault> {
        match operation {
            Operation::Maintain(Maintenance::Echo) => echo::start(context),
            Operation::Pay(payment) if payment.kind == PaymentKind::Sale => sale::start(context, payment),
            Operation::FollowUp(asked) if asked.kind == FollowUpKind::Reverse => reversal::start(context, asked),
            _ => Err(unsupported("this operation")),
        }
    }

    fn resume(_context: &Context, operation: &Operation, state: &[u8], event: &Event) -> Result<Step, Fault> {
        let Event::Received(reply) = event else {
            return Err(Fault::Internal("only an answer can follow a message here".to_owned()));
        };
        match operation {
            Operation::Maintain(Maintenance::Echo) => echo::resume(state, reply),
            Operation::Pay(payment) => sale::resume(payment, state, reply),
            Operation::FollowUp(_) => reversal::resume(state, reply),
            _ => Err(unsupported("this operation")),
        }
    }

    fn decide(_context: &Context, situation: &Situation) -> Decision {
        policy::decide(situation)
    }

    fn wait(_context: &Context, debt: &Debt) -> Patience {
        policy::wait(debt)
    }

    fn read(frame: &[u8]) -> Result<Vec<Field>, Fault> {
        let object = Object::read(frame)?;
        let field = |(name, value): (&str, &str)| Field {
            path: name.to_owned(),
            name: message::title(name).to_owned(),
            value: value.to_owned(),
            note: String::new(),
        };
        Ok(object.members().map(field).collect())
    }
}

/// The fault of something this protocol has no message for.
pub(crate) fn unsupported(what: &str) -> Fault {
    Fault::Unsupported(format!("this plugin does not do {what}"))
}
