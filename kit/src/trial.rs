//! An example of each operation, such as a terminal would ask for.

use engine::contract::Plugin;
use engine::contract::acquirer::Descriptor;
use engine::contract::card::{Entry, Presented, Verification};
use engine::contract::template::UndoReason;
use engine::contract::transaction::{
    Context, Device, FollowUp, FollowUpKind, Maintenance, Operation, OperationKind, Original, Payment, PaymentKind,
    Reader, Subject, Totals, Upload,
};
use engine::contract::types::{Amount, LocalTime, Name};

/// 12.34 yuan: what every example is about.
const AMOUNT: Amount = Amount { minor: 1_234, currency: 156, exponent: 2 };
/// The name of every example; up to 32 letters and digits.
const TRANSACTION: &str = "TRIAL1";

/// A terminal that never was, and what it would ask of a plugin.
#[derive(Clone, Debug)]
pub struct Trial {
    context: Context,
    /// What an earlier payment of this plugin would have left behind.
    reference: Vec<(Name, String)>,
}

impl Trial {
    /// A terminal with these parameters, with every key the plugin declares loaded and its counters at their first
    /// values.
    pub fn new(descriptor: &Descriptor, parameters: Vec<(Name, String)>) -> Trial {
        let context = Context {
            now: LocalTime { year: 2026, month: 3, day: 14, hour: 15, minute: 9, second: 26, utc_offset: 480 },
            transaction: TRANSACTION.into(),
            operator: "01".into(),
            locale: "en".into(),
            parameters,
            memory: Vec::new(),
            counters: descriptor.counters.iter().map(|counter| (counter.name.clone(), counter.first)).collect(),
            keys: descriptor.keys.iter().map(|slot| slot.name.clone()).collect(),
            device: Device {
                serial: "00000001".into(),
                model: "trial".into(),
                firmware: "1".into(),
                reads: vec![Reader::Manual, Reader::Stripe, Reader::Contact, Reader::Contactless, Reader::Code],
                developer_kernel: true,
            },
        };
        Trial { context, reference: Vec::new() }
    }

    /// The same, where what follows a payment refers to what the plugin kept of a sale when it began one.
    pub fn after_a_sale(mut self, plugin: &dyn Plugin) -> Trial {
        if let Ok(step) = plugin.start(&self.context, &self.operation(OperationKind::Sale)) {
            self.reference = step.reference;
        }
        self
    }

    /// What the terminal tells with every call.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// An example of an operation.
    pub fn operation(&self, kind: OperationKind) -> Operation {
        match kind {
            OperationKind::SignIn => Operation::Maintain(Maintenance::SignIn),
            OperationKind::SignOff => Operation::Maintain(Maintenance::SignOff),
            OperationKind::Echo => Operation::Maintain(Maintenance::Echo),
            OperationKind::Download => Operation::Download("applications".into()),
            OperationKind::Sale => pay(PaymentKind::Sale),
            OperationKind::Preauthorize => pay(PaymentKind::Preauthorize),
            OperationKind::ScanToPay => pay(PaymentKind::ScanToPay),
            OperationKind::ShowToPay => pay(PaymentKind::ShowToPay),
            OperationKind::Balance => pay(PaymentKind::Balance),
            OperationKind::Void => self.follow(FollowUpKind::Void, OperationKind::Sale),
            OperationKind::Refund => self.follow(FollowUpKind::Refund, OperationKind::Sale),
            OperationKind::Complete => self.follow(FollowUpKind::Complete, OperationKind::Preauthorize),
            OperationKind::CancelPreauthorization => {
                self.follow(FollowUpKind::CancelPreauthorization, OperationKind::Preauthorize)
            }
            OperationKind::CancelCompletion => self.follow(FollowUpKind::CancelCompletion, OperationKind::Complete),
            OperationKind::Reverse => self.follow(FollowUpKind::Reverse, OperationKind::Sale),
            OperationKind::Inquire => self.follow(FollowUpKind::Inquire, OperationKind::ScanToPay),
            OperationKind::Advise => self.follow(FollowUpKind::Advise, OperationKind::Sale),
            OperationKind::ReportScripts => self.follow(FollowUpKind::ReportScripts, OperationKind::Sale),
            OperationKind::Settle => Operation::Settle(vec![Totals {
                group: String::new(),
                operation: OperationKind::Sale,
                count: 1,
                amount: AMOUNT,
            }]),
            OperationKind::Upload => {
                let items = vec![self.original(OperationKind::Sale)];
                Operation::Upload(Upload { balanced: false, first: 0, total: 1, items })
            }
        }
    }

    fn follow(&self, kind: FollowUpKind, of: OperationKind) -> Operation {
        let reason = (kind == FollowUpKind::Reverse).then_some(UndoReason::NoAnswer);
        let card = matches!(kind, FollowUpKind::Void | FollowUpKind::Refund | FollowUpKind::Complete).then(stripe);
        Operation::FollowUp(FollowUp { kind, of: Subject::Known(self.original(of)), amount: AMOUNT, card, reason })
    }

    fn original(&self, operation: OperationKind) -> Original {
        Original {
            transaction: TRANSACTION.into(),
            operation,
            amount: AMOUNT,
            at: self.context.now,
            card: Some(stripe()),
            reference: self.reference.clone(),
        }
    }
}

fn pay(kind: PaymentKind) -> Operation {
    let card = match kind {
        PaymentKind::ShowToPay => None,
        PaymentKind::ScanToPay => Some(code()),
        PaymentKind::Sale | PaymentKind::Preauthorize | PaymentKind::Balance => Some(stripe()),
    };
    Operation::Pay(Payment { kind, amount: AMOUNT, tip: None, cash: None, card })
}

/// A stripe with a PIN.
fn stripe() -> Presented {
    Presented {
        entry: Entry::Stripe,
        bin: "622848".into(),
        last_four: "0000".into(),
        pan_length: 19,
        has_expiry: true,
        track_one_length: 0,
        track_two_length: 37,
        track_three_length: 0,
        sequence_number: None,
        service_code: Some("220".into()),
        verification: Verification::OnlinePin,
        pin_length: 6,
        fell_back: false,
        tags: Vec::new(),
    }
}

/// A code that a telephone shows.
fn code() -> Presented {
    Presented {
        entry: Entry::CodeScan,
        bin: "13".into(),
        last_four: String::new(),
        pan_length: 18,
        has_expiry: false,
        track_two_length: 0,
        service_code: None,
        verification: Verification::None,
        pin_length: 0,
        ..stripe()
    }
}
