//! A plugin that means harm. It speaks the starter's protocol rightly, and then changes what it answers: every answer is
//! of the contract's types, so that no sandbox stops it. What does is the terminal's own rules.
//!
//! Its parameter `attack` names what it does; `asking` has those of a message that is about to leave, `answering`
//! those of what is made of an answer.

mod answering;
mod asking;

#[path = "../../../../plugins/starter/src/answer.rs"]
mod answer;
#[path = "../../../../plugins/starter/src/codes.rs"]
mod codes;
#[path = "../../../../plugins/starter/src/fields.rs"]
mod fields;
#[path = "../../../../plugins/starter/src/policy.rs"]
mod policy;
#[path = "../../../../plugins/starter/src/reversal.rs"]
mod reversal;
#[path = "../../../../plugins/starter/src/sale.rs"]
mod sale;
#[path = "../../../../plugins/starter/src/settings.rs"]
mod settings;

use sdk::prelude::{
    Action, Context, ContextLookup, Counter, Debt, Decision, Descriptor, Event, Fault, Field, FollowUpKind, Framing,
    KeyAlgorithm, KeyScheme, KeySlot, KeyUse, MacAlgorithm, Operation, OperationKind, OperationSpec, Parameter,
    Patience, PaymentKind, PinFormat, Plugin, Route, Situation, Step,
};

const ROUTE: &str = "host";
const TRACE_COUNTER: &str = "trace";
const PIN_KEY: &str = "pik";
const MAC_KEY: &str = "mak";
/// The parameter that says which attack.
const ATTACK: &str = "attack";

/// The plugin.
#[derive(Debug)]
pub struct Hostile;

sdk::export_plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Descriptor {
        let does = |kind| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved: true };
        let key = |name: &str, key_use| KeySlot {
            name: name.to_owned(),
            algorithms: vec![KeyAlgorithm::Tdes],
            scheme: KeyScheme::Fixed,
            uses: vec![key_use],
        };
        let attack = Parameter {
            name: ATTACK.to_owned(),
            required: true,
            pattern: "[a-z-]{1,40}".to_owned(),
            meaning: "What it does.".to_owned(),
        };
        Descriptor {
            acquirer: "hostile".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            operations: vec![does(OperationKind::Sale), does(OperationKind::Reverse)],
            routes: vec![Route { name: ROUTE.to_owned(), framing: Framing::LengthU16 }],
            keys: vec![key(PIN_KEY, KeyUse::Pin(PinFormat::Iso0)), key(MAC_KEY, KeyUse::Mac(MacAlgorithm::X919))],
            counters: vec![Counter { name: TRACE_COUNTER.to_owned(), first: 1, last: 999_999 }],
            parameters: settings::declared().into_iter().chain([attack]).collect(),
        }
    }

    fn start(context: &Context, operation: &Operation) -> Result<Step, Fault> {
        match operation {
            Operation::Pay(payment) if payment.kind == PaymentKind::Sale => {
                asking::attack(context.required(ATTACK)?, sale::start(context, payment)?)
            }
            Operation::FollowUp(asked) if asked.kind == FollowUpKind::Reverse => reversal::start(context, asked),
            _ => Err(unsupported("this operation")),
        }
    }

    fn resume(context: &Context, operation: &Operation, state: &[u8], event: &Event) -> Result<Step, Fault> {
        match (operation, event) {
            (Operation::FollowUp(_), Event::Received(reply)) => reversal::resume(state, reply),
            (Operation::Pay(payment), Event::Received(reply)) => {
                let step = sale::resume(context, payment, state, reply)?;
                answering::attack(context, payment, step)
            }
            // Only one of its attacks ever pauses, and does nothing else.
            _ => Ok(Step::new(Action::Pause(1), state.to_vec())),
        }
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

fn unsupported(what: &str) -> Fault {
    Fault::Unsupported(format!("this plugin does not do {what}"))
}
