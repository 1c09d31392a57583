//! What later versions than the first two can say.

use super::{approved, debt, declined, id, reference, yuan};
use crate::contract::acquirer::Verdict;
use crate::contract::template::UndoReason;
use crate::contract::transaction::{OperationKind, Totals};
use crate::record::{CardProblem, Doubt, Duty, Fact, Incident, NotSent, Outcome, Party, Sealed, Settlement, Unfit};

/// Reasons not to send that version 2 did not know.
pub(super) fn not_sent() -> Vec<NotSent> {
    let unfit =
        [Unfit::Kind, Unfit::NotApproved, Unfit::OtherBatch, Unfit::Unresolved, Unfit::OtherAcquirer, Unfit::Typed];
    let mut reasons = vec![
        NotSent::OriginalUnknown,
        NotSent::AlreadyDone,
        NotSent::OtherCard,
        NotSent::TooMuch,
        NotSent::Settling,
        NotSent::BooksDiffer,
        NotSent::NothingToSettle,
        NotSent::Card(CardProblem::Gone),
    ];
    reasons.extend(unfit.map(NotSent::OriginalNotFit));
    reasons.push(NotSent::Card(CardProblem::Busy));
    reasons
}

fn totals() -> Vec<Totals> {
    let of =
        |group: &str, operation, count, minor| Totals { group: group.into(), operation, count, amount: yuan(minor) };
    vec![of("domestic", OperationKind::Sale, 64, 12_345), of("foreign", OperationKind::Void, 1, 100)]
}

fn settlement() -> Settlement {
    Settlement {
        batch: 7,
        balanced: false,
        totals: totals(),
        groups: vec![("domestic".into(), Verdict::Balanced), ("foreign".into(), Verdict::Unbalanced)],
        uploaded: 65,
        carried: vec![debt()],
        closed: vec![id().advice()],
    }
}

/// Facts that version 2 did not know.
pub(super) fn since_version_3() -> Vec<(String, Fact)> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, fact: Fact| facts.push((name.to_owned(), fact));
    let due = |debt, duty, amount, sealed| Fact::Due { debt, of: id(), duty, amount, sealed };
    fact("due-reverse", due(debt(), Duty::Reverse(UndoReason::CardRefused), None, Sealed::None));
    fact("due-repeat", due(id().repetition(), Duty::Repeat, None, Sealed::None));
    fact("due-inquire", due(id().inquiry(), Duty::Inquire, None, Sealed::None));
    fact("due-advise", due(id().advice(), Duty::Advise, Some(yuan(300)), Sealed::Here(b"sealed".to_vec())));
    fact("due-report", due(id().report(), Duty::ReportScripts, None, Sealed::Here(Vec::new())));
    let resealed = |sealed| Fact::Resealed { transaction: id(), sealed };
    fact("resealed", resealed(Sealed::Here(b"sealed once more".to_vec())));
    fact("resealed-none", resealed(Sealed::None));
    let resolved = |by, outcome| Fact::Resolved { transaction: id(), by, outcome, reference: reference() };
    fact("resolved-approved", resolved(id().inquiry(), Outcome::Approved(approved())));
    fact("resolved-declined", resolved(id().repetition(), Outcome::Declined(declined())));
    fact("escalated", Fact::Escalated { debt: debt(), asked: true });
    let settlement_id = id;
    fact("totalled", Fact::Totalled { settlement: settlement_id(), batch: 7, totals: totals(), items: 65 });
    let groups = settlement().groups;
    let compared = |balanced, next| Fact::Compared { settlement: id(), balanced, groups: groups.clone(), next };
    fact("compared", compared(true, None));
    fact("compared-upload", compared(false, Some(OperationKind::Upload)));
    fact("uploaded", Fact::Uploaded { settlement: id(), through: 8, of: 65 });
    let closed = Fact::BatchClosed { settlement: id(), batch: 7, carried: vec![debt()], closed: vec![id().advice()] };
    fact("batch-closed", closed);
    let firsts = vec![("trace".into(), 123_400)];
    fact("carried-batch", Fact::CarriedBatch { batch: 8, firsts });
    fact("concluded-settled", super::concluded(Outcome::Settled(settlement())));
    fact("concluded-card-refused", super::concluded(Outcome::Unknown(Doubt::CardRefused)));
    let what = Incident::BooksDiffer("domestic sale: 64 of 123.45, 63 of 120.00".into());
    fact("incident-books-differ", Fact::Incident { transaction: Some(id()), party: Party::Terminal, what });
    let what = Incident::NotUploaded;
    fact("incident-not-uploaded", Fact::Incident { transaction: Some(id()), party: Party::Storage, what });
    facts
}
