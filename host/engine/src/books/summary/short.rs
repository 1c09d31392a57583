//! What a line leaves out.

use crate::contract::acquirer::{Approved, Declined};
use crate::contract::transaction::{
    FollowUp, FollowUpKind, Maintenance, Operation, OperationKind, Original, Payment, PaymentKind, Subject, Upload,
};
use crate::contract::types::{Amount, Name};
use crate::identity::TransactionId;
use crate::record::{Doubt, Incident, NotSent, Outcome};
use crate::time::Timestamp;

impl Outcome {
    /// What a repeated request must be told, without what was for a printer, a card or a log.
    #[must_use]
    pub fn in_short(&self) -> Outcome {
        match self {
            Outcome::Approved(approved) => Outcome::Approved(Approved {
                chip_data: Vec::new(),
                balance: None,
                receipt: Vec::new(),
                ..approved.clone()
            }),
            Outcome::Declined(declined) => Outcome::Declined(wordless(declined)),
            Outcome::NotSent(why) => Outcome::NotSent(why.in_short()),
            Outcome::Failed(why) => Outcome::Failed(why.in_short()),
            Outcome::Unknown(Doubt::Plugin(incident)) => Outcome::Unknown(Doubt::Plugin(incident.in_short())),
            Outcome::Unknown(doubt) => Outcome::Unknown(doubt.clone()),
            Outcome::Done => Outcome::Done,
            Outcome::Settled(settlement) => Outcome::Settled(settlement.clone()),
        }
    }
}

fn wordless(declined: &Declined) -> Declined {
    Declined { message: String::new(), ..declined.clone() }
}

impl NotSent {
    fn in_short(&self) -> NotSent {
        match self {
            NotSent::Plugin(incident) => NotSent::Plugin(incident.in_short()),
            NotSent::Template(_) => NotSent::Template(String::new()),
            NotSent::Storage(_) => NotSent::Storage(String::new()),
            NotSent::Refused(declined) => NotSent::Refused(wordless(declined)),
            why => why.clone(),
        }
    }
}

impl Incident {
    fn in_short(&self) -> Incident {
        match self {
            Incident::PluginFailed(_) => Incident::PluginFailed(String::new()),
            Incident::IllegalDecision(_) => Incident::IllegalDecision(String::new()),
            Incident::IllegalStep(_) => Incident::IllegalStep(String::new()),
            what => what.clone(),
        }
    }
}

/// An operation of this kind that says nothing but its amount, and what it is about.
pub(super) fn bare(
    kind: OperationKind,
    amount: Option<Amount>,
    of: Option<&TransactionId>,
    at: Timestamp,
) -> Operation {
    let amount = amount.unwrap_or(Amount { minor: 0, currency: 0, exponent: 0 });
    let pay = |kind| Operation::Pay(Payment { kind, amount, tip: None, cash: None, card: None });
    let original = |of: &TransactionId| Original {
        transaction: of.to_string(),
        operation: kind,
        amount,
        at: at.local(),
        card: None,
        reference: Vec::new(),
    };
    let subject = || of.map_or(Subject::None, |of| Subject::Known(original(of)));
    let follow_up = |kind| Operation::FollowUp(FollowUp { kind, of: subject(), amount, card: None, reason: None });
    match kind {
        OperationKind::SignIn => Operation::Maintain(Maintenance::SignIn),
        OperationKind::SignOff => Operation::Maintain(Maintenance::SignOff),
        OperationKind::Echo => Operation::Maintain(Maintenance::Echo),
        OperationKind::Download => Operation::Download(Name::new()),
        OperationKind::Sale => pay(PaymentKind::Sale),
        OperationKind::Preauthorize => pay(PaymentKind::Preauthorize),
        OperationKind::ScanToPay => pay(PaymentKind::ScanToPay),
        OperationKind::ShowToPay => pay(PaymentKind::ShowToPay),
        OperationKind::Balance => pay(PaymentKind::Balance),
        OperationKind::Void => follow_up(FollowUpKind::Void),
        OperationKind::Refund => follow_up(FollowUpKind::Refund),
        OperationKind::Complete => follow_up(FollowUpKind::Complete),
        OperationKind::CancelPreauthorization => follow_up(FollowUpKind::CancelPreauthorization),
        OperationKind::CancelCompletion => follow_up(FollowUpKind::CancelCompletion),
        OperationKind::Reverse => follow_up(FollowUpKind::Reverse),
        OperationKind::Inquire => follow_up(FollowUpKind::Inquire),
        OperationKind::Advise => follow_up(FollowUpKind::Advise),
        OperationKind::ReportScripts => follow_up(FollowUpKind::ReportScripts),
        OperationKind::Settle => Operation::Settle(Vec::new()),
        OperationKind::Upload => Operation::Upload(Upload { balanced: false, first: 0, total: 0, items: Vec::new() }),
    }
}
