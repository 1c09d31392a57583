//! The one word for what an operation is.

use super::transaction::{FollowUpKind, Maintenance, Operation, OperationKind, PaymentKind};

impl Operation {
    /// Which kind it is.
    pub fn kind(&self) -> OperationKind {
        match self {
            Operation::Maintain(Maintenance::SignIn) => OperationKind::SignIn,
            Operation::Maintain(Maintenance::SignOff) => OperationKind::SignOff,
            Operation::Maintain(Maintenance::Echo) => OperationKind::Echo,
            Operation::Download(_) => OperationKind::Download,
            Operation::Pay(payment) => match payment.kind {
                PaymentKind::Sale => OperationKind::Sale,
                PaymentKind::Preauthorize => OperationKind::Preauthorize,
                PaymentKind::ScanToPay => OperationKind::ScanToPay,
                PaymentKind::ShowToPay => OperationKind::ShowToPay,
                PaymentKind::Balance => OperationKind::Balance,
            },
            Operation::FollowUp(follow_up) => match follow_up.kind {
                FollowUpKind::Void => OperationKind::Void,
                FollowUpKind::Refund => OperationKind::Refund,
                FollowUpKind::Complete => OperationKind::Complete,
                FollowUpKind::CancelPreauthorization => OperationKind::CancelPreauthorization,
                FollowUpKind::CancelCompletion => OperationKind::CancelCompletion,
                FollowUpKind::Reverse => OperationKind::Reverse,
                FollowUpKind::Inquire => OperationKind::Inquire,
                FollowUpKind::Advise => OperationKind::Advise,
                FollowUpKind::ReportScripts => OperationKind::ReportScripts,
            },
            Operation::Settle(_) => OperationKind::Settle,
            Operation::Upload(_) => OperationKind::Upload,
        }
    }
}
