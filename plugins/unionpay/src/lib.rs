//! UnionPay (银联) ISO 8583 for card acquirers: sign-in, payments and what follows them, and their reversals.
//!
//! What an acquirer decides is a parameter, listed in `parameters`. Each module reads like the part of the
//! specification it carries: [`matrix`] the table of transactions, [`fields`] the table of fields, [`payment`],
//! [`following`], [`scan`], [`show`] and [`reversal`] the messages, [`codes`] the response codes, [`policy`] when to try again.

pub mod codes;
pub mod fields;
pub mod following;
pub mod matrix;
pub mod payment;
pub mod policy;
pub mod reversal;
pub mod scan;
pub mod settings;
pub mod show;
pub mod sign_in;

mod advice;
mod answer;
mod calendar;
mod card;
mod descriptor;
mod download;
mod ending;
mod inspector;
mod layouts;
mod maintenance;
mod managing;
mod original;
mod parameters;
mod readings;
mod repetition;
mod settlement;
mod state;
mod transaction;
mod upload;
mod words;

use matrix::Kind;
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
        match operation {
            Operation::Maintain(Maintenance::SignIn) => sign_in::start(context),
            Operation::Maintain(Maintenance::SignOff) => maintenance::start(context, Kind::SignOff),
            Operation::Maintain(Maintenance::Echo) => maintenance::start(context, Kind::Echo),
            Operation::Download(name) => download::start(context, name),
            Operation::Settle(totals) => settlement::start(context, totals),
            Operation::Upload(asked) => upload::start(context, asked),
            Operation::Pay(asked) if asked.kind == PaymentKind::ShowToPay => show::start(context, asked),
            Operation::Pay(asked) => payment::start(context, asked),
            Operation::FollowUp(asked) => match asked.kind {
                FollowUpKind::Reverse => reversal::start(context, asked),
                FollowUpKind::Inquire => scan::start_inquiry(context, asked),
                FollowUpKind::Advise | FollowUpKind::ReportScripts => advice::start(context, asked),
                _ => following::start(context, asked),
            },
        }
    }

    fn resume(context: &Context, operation: &Operation, state: &[u8], event: &Event) -> Result<Step, Fault> {
        match operation {
            Operation::Maintain(Maintenance::SignIn) => sign_in::resume(context, state, received(event)?),
            Operation::Maintain(Maintenance::SignOff) => {
                maintenance::resume(context, Kind::SignOff, state, received(event)?)
            }
            Operation::Maintain(Maintenance::Echo) => maintenance::resume(context, Kind::Echo, state, received(event)?),
            Operation::Download(name) => download::resume(context, name, state, received(event)?),
            Operation::Settle(totals) => settlement::resume(context, totals, state, received(event)?),
            Operation::Upload(asked) => upload::resume(context, asked, state, received(event)?),
            Operation::Pay(asked) if matches!(asked.kind, PaymentKind::ScanToPay | PaymentKind::ShowToPay) => {
                scan::resume(context, asked, state, event)
            }
            Operation::Pay(asked) => payment::resume(context, asked, state, received(event)?),
            Operation::FollowUp(asked) => match asked.kind {
                FollowUpKind::Reverse => reversal::resume(context, state, received(event)?),
                FollowUpKind::Inquire => scan::resume_inquiry(context, asked, state, event),
                FollowUpKind::Advise | FollowUpKind::ReportScripts => advice::resume(context, state, received(event)?),
                _ => following::resume(context, asked, state, received(event)?),
            },
        }
    }

    fn decide(context: &Context, situation: &Situation) -> Decision {
        policy::decide(context, situation)
    }

    fn wait(_context: &Context, debt: &Debt) -> Patience {
        policy::wait(debt)
    }

    fn read(frame: &[u8]) -> Result<Vec<Field>, Fault> {
        inspector::read(frame)
    }
}

/// Only a payment by a code pauses; a cancelled wait never reaches a single exchange.
fn received(event: &Event) -> Result<&Reply, Fault> {
    match event {
        Event::Received(reply) => Ok(reply),
        Event::Woke | Event::Cancelled => Err(Fault::Internal("only a reply can follow an exchange here".to_owned())),
    }
}
