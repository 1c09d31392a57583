//! The ids of the texts for what the contract and the journal name.

use engine::Outcome;
use engine::contract::card::{Entry, Presented};
use engine::contract::template::UndoReason;
use engine::contract::transaction::OperationKind;

/// What an operation is called.
pub(super) fn operation(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::SignIn => "operation-sign-in",
        OperationKind::SignOff => "operation-sign-off",
        OperationKind::Echo => "operation-echo",
        OperationKind::Download => "operation-download",
        OperationKind::Sale => "operation-sale",
        OperationKind::Preauthorize => "operation-preauthorize",
        OperationKind::ScanToPay => "operation-scan-to-pay",
        OperationKind::ShowToPay => "operation-show-to-pay",
        OperationKind::Balance => "operation-balance",
        OperationKind::Void => "operation-void",
        OperationKind::Refund => "operation-refund",
        OperationKind::Complete => "operation-complete",
        OperationKind::CancelPreauthorization => "operation-cancel-preauthorization",
        OperationKind::CancelCompletion => "operation-cancel-completion",
        OperationKind::Reverse => "operation-reverse",
        OperationKind::Inquire => "operation-inquire",
        // Whatever else is told by an advice goes by the name of its sale.
        OperationKind::Advise => "operation-tip",
        OperationKind::ReportScripts => "operation-report-scripts",
        OperationKind::Settle => "operation-settle",
        OperationKind::Upload => "operation-upload",
    }
}

/// Whether an operation gives money back, or lets it go, instead of taking it.
pub(super) fn gives_back(kind: OperationKind) -> bool {
    matches!(
        kind,
        OperationKind::Void
            | OperationKind::Refund
            | OperationKind::CancelPreauthorization
            | OperationKind::CancelCompletion
    )
}

/// Whether a paper is printed when it is approved.
pub(super) fn has_receipt(kind: OperationKind) -> bool {
    matches!(
        kind,
        OperationKind::Sale
            | OperationKind::Preauthorize
            | OperationKind::ScanToPay
            | OperationKind::ShowToPay
            | OperationKind::Void
            | OperationKind::Refund
            | OperationKind::Complete
            | OperationKind::CancelPreauthorization
            | OperationKind::CancelCompletion
            | OperationKind::Advise
    )
}

/// How a card was read.
pub(super) fn entry(card: &Presented) -> &'static str {
    match card.entry {
        _ if card.fell_back => "entry-fell-back",
        Entry::Manual => "entry-manual",
        Entry::Stripe => "entry-stripe",
        Entry::ContactChip => "entry-contact-chip",
        Entry::ContactlessChip => "entry-contactless-chip",
        Entry::ContactlessStripe => "entry-contactless-stripe",
        Entry::CodeScan => "entry-code-scan",
    }
}

/// Why money is taken back.
pub(super) fn undo(reason: UndoReason) -> &'static str {
    match reason {
        UndoReason::NoAnswer => "undo-no-answer",
        UndoReason::BadMac => "undo-bad-mac",
        UndoReason::Malfunction => "undo-malfunction",
        UndoReason::CardRefused => "undo-card-refused",
        UndoReason::Cancelled => "undo-cancelled",
    }
}

/// What is said when an errand was done.
pub(super) fn done(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::SignIn => "sign-in-done",
        OperationKind::SignOff => "errand-done-sign-off",
        OperationKind::Echo => "errand-done-echo",
        OperationKind::Download => "errand-done-download",
        OperationKind::Advise => "errand-done-advise",
        _ => "errand-done-other",
    }
}

/// How it ended, in a word or two.
pub(super) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved(_) => "outcome-approved",
        Outcome::Declined(_) => "outcome-declined",
        Outcome::NotSent(_) | Outcome::Failed(_) => "outcome-not-sent",
        Outcome::Unknown(_) => "outcome-unknown",
        Outcome::Done | Outcome::Settled(_) => "outcome-done",
    }
}

/// The outcome in one word.
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved(_) => "approved",
        Outcome::Declined(_) => "declined",
        Outcome::NotSent(_) => "not-sent",
        Outcome::Unknown(_) => "unknown",
        Outcome::Done => "done",
        Outcome::Failed(_) => "failed",
        Outcome::Settled(_) => "settled",
    }
}
