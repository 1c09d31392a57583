//! The one word for what an operation is.

use super::transaction::{FollowUpKind, Maintenance, Operation, OperationKind, PaymentKind};

impl Maintenance {
    /// The operation of this name.
    pub fn kind(self) -> OperationKind {
        match self {
            Maintenance::SignIn => OperationKind::SignIn,
            Maintenance::SignOff => OperationKind::SignOff,
            Maintenance::Echo => OperationKind::Echo,
        }
    }
}

impl PaymentKind {
    /// The operation of this name.
    pub fn operation(self) -> OperationKind {
        match self {
            PaymentKind::Sale => OperationKind::Sale,
            PaymentKind::Preauthorize => OperationKind::Preauthorize,
            PaymentKind::ScanToPay => OperationKind::ScanToPay,
            PaymentKind::ShowToPay => OperationKind::ShowToPay,
            PaymentKind::Balance => OperationKind::Balance,
        }
    }
}

impl FollowUpKind {
    /// The operation of this name.
    pub fn operation(self) -> OperationKind {
        match self {
            FollowUpKind::Void => OperationKind::Void,
            FollowUpKind::Refund => OperationKind::Refund,
            FollowUpKind::Complete => OperationKind::Complete,
            FollowUpKind::CancelPreauthorization => OperationKind::CancelPreauthorization,
            FollowUpKind::CancelCompletion => OperationKind::CancelCompletion,
            FollowUpKind::Reverse => OperationKind::Reverse,
            FollowUpKind::Inquire => OperationKind::Inquire,
            FollowUpKind::Advise => OperationKind::Advise,
            FollowUpKind::ReportScripts => OperationKind::ReportScripts,
        }
    }
}

impl Operation {
    /// Which kind it is.
    pub fn kind(&self) -> OperationKind {
        match self {
            Operation::Maintain(maintenance) => maintenance.kind(),
            Operation::Download(_) => OperationKind::Download,
            Operation::Pay(payment) => payment.kind.operation(),
            Operation::FollowUp(follow_up) => follow_up.kind.operation(),
            Operation::Settle(_) => OperationKind::Settle,
            Operation::Upload(_) => OperationKind::Upload,
        }
    }
}
