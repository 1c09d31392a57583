//! HelloPay with a new key for each message: every body is sealed by an AES-CMAC under a DUKPT slot, its key serial number
//! stands in the header `x-ksn`, and the answer is sealed under the other half of the same key (ANSI X9.24-3).
//!
//! All else is the plugin of `plugins/http-json`: its messages are made by its own code, and sealed otherwise here.

#[path = "../../../plugins/http-json/src/answer.rs"]
mod answer;
#[path = "../../../plugins/http-json/src/codes.rs"]
mod codes;
#[path = "../../../plugins/http-json/src/echo.rs"]
mod echo;
#[path = "../../../plugins/http-json/src/message.rs"]
mod message;
#[path = "../../../plugins/http-json/src/policy.rs"]
mod policy;
#[path = "../../../plugins/http-json/src/reversal.rs"]
mod reversal;
#[path = "../../../plugins/http-json/src/sale.rs"]
mod sale;
#[path = "../../../plugins/http-json/src/settings.rs"]
mod settings;

use sdk::json::Object;
use sdk::prelude::{
    Action, Context, Counter, Debt, Decision, Descriptor, Event, Fault, Field, FollowUpKind, Framing, HttpHeader,
    KeyAlgorithm, KeyScheme, KeySerialHole, KeySlot, KeyUse, MacAlgorithm, Maintenance, Message, Node, NodeId,
    Operation, OperationKind, OperationSpec, Patience, PaymentKind, Plugin, Proof, Remedy, Route, SealAlgorithm,
    Situation, Standby, Step, TextEncoding,
};

const ROUTE: &str = "host";
const ORDER_COUNTER: &str = "order";
const SEAL_KEY: &str = "seal";
const SEAL_HEADER: &str = "x-seal";
/// Header of the key serial number.
const SERIAL_HEADER: &str = "x-ksn";
const MAC: MacAlgorithm = MacAlgorithm::AesCmac;

/// The plugin.
#[derive(Debug)]
pub struct Dukpt;

sdk::export_plugin!(Dukpt);

impl Plugin for Dukpt {
    fn describe() -> Descriptor {
        let does = |kind| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved: true };
        Descriptor {
            acquirer: "dukpt".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            operations: [OperationKind::Echo, OperationKind::Sale, OperationKind::Reverse].map(does).to_vec(),
            routes: vec![Route { name: ROUTE.to_owned(), framing: Framing::Http }],
            keys: vec![KeySlot {
                name: SEAL_KEY.to_owned(),
                algorithms: vec![KeyAlgorithm::Aes128],
                scheme: KeyScheme::DukptAes,
                uses: vec![KeyUse::Mac(MAC)],
            }],
            counters: vec![Counter { name: ORDER_COUNTER.to_owned(), first: 1, last: message::NUMBER_LAST }],
            parameters: settings::declared(),
        }
    }

    fn start(context: &Context, operation: &Operation) -> Result<Step, Fault> {
        let step = match operation {
            Operation::Maintain(Maintenance::Echo) => echo::start(context),
            Operation::Pay(payment) if payment.kind == PaymentKind::Sale => sale::start(context, payment),
            Operation::FollowUp(asked) if asked.kind == FollowUpKind::Reverse => reversal::start(context, asked),
            _ => Err(unsupported("this operation")),
        };
        step.map(sealed)
    }

    fn resume(_context: &Context, operation: &Operation, state: &[u8], event: &Event) -> Result<Step, Fault> {
        let Event::Received(reply) = event else {
            return Err(Fault::Internal("only an answer can follow a message here".to_owned()));
        };
        let step = match operation {
            Operation::Maintain(Maintenance::Echo) => echo::resume(state, reply),
            Operation::Pay(payment) => sale::resume(payment, state, reply),
            Operation::FollowUp(_) => reversal::resume(state, reply),
            _ => Err(unsupported("this operation")),
        };
        step.map(sealed)
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

/// The same step under DUKPT: what it sends, what takes that back, and what proves an answer.
fn sealed(mut step: Step) -> Step {
    proofs(&mut step.proofs);
    if let Action::Send(exchange) = &mut step.action {
        numbered(&mut exchange.message);
        match &mut exchange.remedy {
            Some(Remedy::Undo(standby) | Remedy::Repeat(standby)) => taken_back(standby),
            Some(Remedy::Inquire(standby)) => standby.iter_mut().for_each(taken_back),
            None => {}
        }
    }
    step
}

fn taken_back(standby: &mut Standby) {
    numbered(&mut standby.message);
    standby.again.iter_mut().for_each(numbered);
    standby.answers.iter_mut().for_each(|reading| proofs(&mut reading.proofs));
}

/// The message with its seal by AES-CMAC, and the serial number of the key behind the head's other values.
fn numbered(message: &mut Message) {
    for node in &mut message.nodes {
        if let Node::Mac(mac) = node {
            mac.algorithm = MAC;
        }
    }
    let serial = KeySerialHole { key: SEAL_KEY.to_owned(), text: TextEncoding::HexUpper };
    let value = message.nodes.len() as NodeId;
    message.nodes.push(Node::KeySerial(serial));
    if let Some(head) = &mut message.http {
        head.headers.push(HttpHeader { name: SERIAL_HEADER.to_owned(), value });
    }
}

fn proofs(proofs: &mut [Proof]) {
    for proof in proofs {
        if let Proof::Seal(seal) = proof {
            seal.algorithm = SealAlgorithm::Mac(MAC);
        }
    }
}

pub(crate) fn unsupported(what: &str) -> Fault {
    Fault::Unsupported(format!("this plugin does not do {what}"))
}
