//! UnionPay (银联) ISO 8583 for card acquirers: sign-in, sale by stripe or key-entry, and its reversal.
//!
//! What an acquirer decides is a parameter, listed in [`settings`]. Each module reads like the part of the
//! specification it carries: [`fields`] the table of fields, [`sign_in`], [`sale`], [`reversal`], [`codes`] the
//! response codes, [`policy`] when to try again.

pub mod codes;
pub mod fields;
pub mod policy;
pub mod reversal;
pub mod sale;
pub mod settings;
pub mod sign_in;

mod answer;
mod calendar;
mod descriptor;
mod inspector;
mod purchase;
mod readings;
mod state;

use sdk::prelude::{
    Context, Debt, Decision, Descriptor, Event, Fault, Field, FollowUpKind, Maintenance, Operation, Patience,
    PaymentKind, Plugin, Reply, Situation, Step,
};

/// The plugin.
#[derive(Debug)]
pub struct UnionPay;

sdk::export_plugin!(UnionPay);

impl Plugin for UnionPay {
    fn describe() -> Descriptor {
        descriptor::describe()
    }

    fn start(context: &Context, operation: &Operation) -> Result<Step, Fault> {
        match offered(operation)? {
            Offered::SignIn => sign_in::start(context),
            Offered::Sale(payment) => sale::start(context, payment),
            Offered::Reverse(follow_up) => reversal::start(context, follow_up),
        }
    }

    fn resume(context: &Context, operation: &Operation, state: &[u8], event: &Event) -> Result<Step, Fault> {
        let reply = received(event)?;
        match offered(operation)? {
            Offered::SignIn => sign_in::resume(context, state, reply),
            Offered::Sale(payment) => sale::resume(context, payment, state, reply),
            Offered::Reverse(_) => reversal::resume(context, state, reply),
        }
    }

    fn decide(_context: &Context, situation: &Situation) -> Decision {
        policy::decide(situation)
    }

    fn wait(_context: &Context, debt: &Debt) -> Patience {
        policy::wait(debt)
    }

    fn read(frame: &[u8]) -> Result<Vec<Field>, Fault> {
        inspector::read(frame)
    }
}

enum Offered<'o> {
    SignIn,
    Sale(&'o sdk::prelude::Payment),
    Reverse(&'o sdk::prelude::FollowUp),
}

fn offered(operation: &Operation) -> Result<Offered<'_>, Fault> {
    match operation {
        Operation::Maintain(Maintenance::SignIn) => Ok(Offered::SignIn),
        Operation::Pay(payment) if payment.kind == PaymentKind::Sale => Ok(Offered::Sale(payment)),
        Operation::FollowUp(follow_up) if follow_up.kind == FollowUpKind::Reverse => Ok(Offered::Reverse(follow_up)),
        _ => Err(Fault::Unsupported("this plugin signs in, sells and reverses; nothing else yet".to_owned())),
    }
}

/// This protocol never pauses, and a cancelled wait never reaches it between its single exchanges.
fn received(event: &Event) -> Result<&Reply, Fault> {
    match event {
        Event::Received(reply) => Ok(reply),
        Event::Woke | Event::Cancelled => Err(Fault::Internal("only a reply can follow an exchange here".to_owned())),
    }
}
