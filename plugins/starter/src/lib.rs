//! A plugin to begin with: an echo test, a sale, and the reversal that takes a sale back.
//!
//! The protocol is nobody's: ISO 8583:1987 in characters, a binary bitmap, every message about money sealed by an
//! X9.19 MAC in DE64 over all that stands before it. Put your acquirer's table into [`fields`], its codes into
//! [`codes`], its messages into [`sale`] and [`reversal`]; the tests beside say what has to stay true.

pub mod codes;
pub mod fields;
pub mod reversal;
pub mod sale;

mod answer;
mod echo;
mod policy;
mod settings;

use sdk::prelude::{
    Context, Counter, Debt, Decision, Descriptor, Event, Fault, Field, FollowUpKind, Framing, KeyAlgorithm, KeyScheme,
    KeySlot, KeyUse, MacAlgorithm, Maintenance, Operation, OperationKind, OperationSpec, Patience, PaymentKind,
    PinFormat, Plugin, Reply, Route, Situation, Step,
};

/// The one route.
pub const ROUTE: &str = "host";
/// DE11.
pub const TRACE_COUNTER: &str = "trace";
/// Key for PIN blocks.
pub const PIN_KEY: &str = "pik";
/// Key for MACs.
pub const MAC_KEY: &str = "mak";

/// The plugin.
#[derive(Debug)]
pub struct Starter;

sdk::export_plugin!(Starter);

impl Plugin for Starter {
    fn describe() -> Descriptor {
        let does = |kind, proved| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved };
        let double = vec![KeyAlgorithm::Tdes];
        let key = |name: &str, key_use| KeySlot {
            name: name.to_owned(),
            algorithms: double.clone(),
            scheme: KeyScheme::Fixed,
            uses: vec![key_use],
        };
        Descriptor {
            acquirer: env!("CARGO_PKG_NAME").trim_start_matches("acquit-plugin-").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            operations: vec![
                does(OperationKind::Echo, false),
                does(OperationKind::Sale, true),
                does(OperationKind::Reverse, true),
            ],
            routes: vec![Route { name: ROUTE.to_owned(), framing: Framing::LengthU16 }],
            keys: vec![key(PIN_KEY, KeyUse::Pin(PinFormat::Iso0)), key(MAC_KEY, KeyUse::Mac(MacAlgorithm::X919))],
            counters: vec![Counter { name: TRACE_COUNTER.to_owned(), first: 1, last: 999_999 }],
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

    fn resume(context: &Context, operation: &Operation, state: &[u8], event: &Event) -> Result<Step, Fault> {
        let Event::Received(reply) = event else {
            return Err(Fault::Internal("only a reply can follow a message here".to_owned()));
        };
        answered(context, operation, state, reply)
    }

    fn decide(_context: &Context, situation: &Situation) -> Decision {
        policy::decide(situation)
    }

    fn wait(_context: &Context, debt: &Debt) -> Patience {
        policy::wait(debt)
    }

    fn read(frame: &[u8]) -> Result<Vec<Field>, Fault> {
        fields::name(frame)
    }
}

fn answered(context: &Context, operation: &Operation, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    match operation {
        Operation::Maintain(Maintenance::Echo) => echo::resume(state, reply),
        Operation::Pay(payment) => sale::resume(context, payment, state, reply),
        Operation::FollowUp(_) => reversal::resume(state, reply),
        _ => Err(unsupported("this operation")),
    }
}

/// The fault of something this protocol has no message for.
pub(crate) fn unsupported(what: &str) -> Fault {
    Fault::Unsupported(format!("this plugin does not do {what}"))
}
