use crate::contract::transaction::{FollowUpKind, OperationKind};
use crate::contract::types::Amount;
use crate::record::{NotSent, Unfit};

/// A transaction of this terminal, as far as it matters to what may follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// What it was.
    pub kind: OperationKind,
    /// How it stands.
    pub ended: Ended,
    /// The batch it counts in is still open.
    pub in_open_batch: bool,
    /// What was approved.
    pub amount: Amount,
    /// What followed it already.
    pub followed: Followed,
}

/// How a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It runs, or nobody knows, or it has been approved here and its acquirer has not been told.
    Unresolved,
    /// Nobody knows, and what is owed is to ask, or to send it again.
    ToBeAsked,
    /// It was approved.
    Approved,
    /// It was declined, not sent, or taken back.
    Not,
}

/// What followed a transaction already, and was approved or may have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// It was voided, or cancelled.
    pub undone: bool,
    /// It was completed.
    pub completed: bool,
    /// A tip was added, or its acquirer was told later that it had been approved offline.
    pub advised: bool,
    /// Minor units that were returned.
    pub refunded_minor: u64,
    /// Nobody knows what became of one of them.
    pub unresolved: bool,
}

/// Whether this may follow that, and of how much it then is. `asked` none is all of the original, of a refund all that
/// is left. A completion may take `completion_percent` hundredths of what was reserved.
///
/// # Errors
/// Why it may not.
pub fn may_follow(
    kind: FollowUpKind,
    past: &Past,
    asked: Option<Amount>,
    completion_percent: u32,
) -> Result<Amount, NotSent> {
    fits_kind(kind, past.kind)?;
    if kind == FollowUpKind::Inquire {
        return match past.ended {
            Ended::ToBeAsked => Ok(past.amount),
            // It runs, or is being taken back: what was asked now would be overtaken.
            Ended::Unresolved => Err(NotSent::OriginalNotFit(Unfit::Unresolved)),
            Ended::Approved | Ended::Not => Err(NotSent::AlreadyDone),
        };
    }
    match past.ended {
        Ended::Unresolved | Ended::ToBeAsked => return Err(NotSent::OriginalNotFit(Unfit::Unresolved)),
        Ended::Not => return Err(NotSent::OriginalNotFit(Unfit::NotApproved)),
        Ended::Approved => {}
    }
    if past.followed.unresolved {
        return Err(NotSent::OriginalNotFit(Unfit::Unresolved));
    }
    let Followed { undone, completed, advised, refunded_minor, .. } = past.followed;
    let within_batch = matches!(kind, FollowUpKind::Void | FollowUpKind::CancelCompletion | FollowUpKind::Advise);
    let is_done = match kind {
        FollowUpKind::Refund => undone,
        FollowUpKind::Complete | FollowUpKind::CancelPreauthorization => undone || completed,
        FollowUpKind::Advise => undone || advised || refunded_minor > 0,
        _ => undone || refunded_minor > 0,
    };
    if is_done {
        return Err(NotSent::AlreadyDone);
    }
    if within_batch && !past.in_open_batch {
        return Err(NotSent::OriginalNotFit(Unfit::OtherBatch));
    }
    amount(kind, past, asked, completion_percent)
}

fn fits_kind(kind: FollowUpKind, of: OperationKind) -> Result<(), NotSent> {
    use OperationKind::{Complete, Preauthorize, Sale, ScanToPay, ShowToPay};
    let fits = match kind {
        FollowUpKind::Void => matches!(of, Sale | ScanToPay | ShowToPay),
        FollowUpKind::Refund => matches!(of, Sale | ScanToPay | ShowToPay | Complete),
        FollowUpKind::Complete | FollowUpKind::CancelPreauthorization => of == Preauthorize,
        FollowUpKind::CancelCompletion => of == Complete,
        FollowUpKind::Advise => of == Sale,
        FollowUpKind::Inquire => !matches!(
            of,
            OperationKind::SignIn
                | OperationKind::SignOff
                | OperationKind::Echo
                | OperationKind::Download
                | OperationKind::Settle
                | OperationKind::Inquire
                | OperationKind::Balance
        ),
        // Debts, and nobody's to ask for.
        FollowUpKind::Reverse | FollowUpKind::ReportScripts => false,
    };
    if fits { Ok(()) } else { Err(NotSent::OriginalNotFit(Unfit::Kind)) }
}

fn amount(kind: FollowUpKind, past: &Past, asked: Option<Amount>, completion_percent: u32) -> Result<Amount, NotSent> {
    let left_minor = past.amount.minor.saturating_sub(past.followed.refunded_minor);
    let whole =
        Amount { minor: if kind == FollowUpKind::Refund { left_minor } else { past.amount.minor }, ..past.amount };
    let amount = match (kind, asked) {
        (FollowUpKind::Advise, None) => return Err(NotSent::Amount),
        (_, asked) => asked.unwrap_or(whole),
    };
    if amount.same_currency(past.amount).is_err() {
        return Err(NotSent::Amount);
    }
    let most = match kind {
        FollowUpKind::Complete => u128::from(past.amount.minor) * u128::from(completion_percent) / 100,
        _ => u128::from(whole.minor),
    };
    if u128::from(amount.minor) > most {
        return Err(NotSent::TooMuch);
    }
    let is_whole =
        matches!(kind, FollowUpKind::Void | FollowUpKind::CancelPreauthorization | FollowUpKind::CancelCompletion);
    if amount.minor == 0 || (is_whole && amount != whole) {
        return Err(if left_minor == 0 { NotSent::AlreadyDone } else { NotSent::Amount });
    }
    Ok(amount)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    const KINDS: [FollowUpKind; 9] = [
        FollowUpKind::Void,
        FollowUpKind::Refund,
        FollowUpKind::Complete,
        FollowUpKind::CancelPreauthorization,
        FollowUpKind::CancelCompletion,
        FollowUpKind::Reverse,
        FollowUpKind::Inquire,
        FollowUpKind::Advise,
        FollowUpKind::ReportScripts,
    ];

    const ORIGINALS: [OperationKind; 12] = [
        OperationKind::Sale,
        OperationKind::Preauthorize,
        OperationKind::ScanToPay,
        OperationKind::ShowToPay,
        OperationKind::Balance,
        OperationKind::Void,
        OperationKind::Refund,
        OperationKind::Complete,
        OperationKind::CancelPreauthorization,
        OperationKind::CancelCompletion,
        OperationKind::SignIn,
        OperationKind::Settle,
    ];

    fn yuan(minor: u64) -> Amount {
        Amount::of(minor, 156, 2)
    }

    fn past(kind: OperationKind) -> Past {
        let followed = Followed::default();
        Past { kind, ended: Ended::Approved, in_open_batch: true, amount: yuan(1_000), followed }
    }

    /// A name, and what it changes.
    type Situation = (&'static str, fn(&mut Past));

    fn situations() -> Vec<Situation> {
        vec![
            ("approved", |_| {}),
            ("earlier batch", |past| past.in_open_batch = false),
            ("unresolved", |past| past.ended = Ended::Unresolved),
            ("to be asked", |past| past.ended = Ended::ToBeAsked),
            ("not approved", |past| past.ended = Ended::Not),
            ("undone", |past| past.followed.undone = true),
            ("completed", |past| past.followed.completed = true),
            ("tipped", |past| past.followed.advised = true),
            ("partly refunded", |past| past.followed.refunded_minor = 400),
            ("all refunded", |past| past.followed.refunded_minor = 1_000),
            ("followed by an unknown", |past| past.followed.unresolved = true),
        ]
    }

    /// The whole table of what may follow what, for a reviewer to read.
    #[test]
    fn table_of_what_may_follow_what() {
        let mut table = String::new();
        for kind in KINDS {
            let tip = (kind == FollowUpKind::Advise).then(|| yuan(100));
            for original in ORIGINALS {
                if may_follow(kind, &past(original), tip, 115) == Err(NotSent::OriginalNotFit(Unfit::Kind)) {
                    writeln!(table, "{kind:?} of {original:?}: never").unwrap();
                    continue;
                }
                for (name, change) in situations() {
                    let mut past = past(original);
                    change(&mut past);
                    let may = match may_follow(kind, &past, tip, 115) {
                        Ok(amount) => format!("yes, {}", amount.minor),
                        Err(why) => format!("no, {why:?}"),
                    };
                    writeln!(table, "{kind:?} of {original:?}, {name}: {may}").unwrap();
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn amounts_stay_within_the_original() {
        use FollowUpKind::{Complete, Refund, Void};
        let (sale, reserved) = (past(OperationKind::Sale), past(OperationKind::Preauthorize));
        let mut returned = sale;
        returned.followed.refunded_minor = 400;
        for (kind, past, asked, expected) in [
            (Void, sale, Some(999), Err(NotSent::Amount)),
            (Void, sale, Some(1_001), Err(NotSent::TooMuch)),
            (Void, sale, Some(1_000), Ok(yuan(1_000))),
            (Refund, sale, Some(0), Err(NotSent::Amount)),
            (Refund, sale, Some(1), Ok(yuan(1))),
            (Refund, returned, Some(601), Err(NotSent::TooMuch)),
            (Refund, returned, Some(600), Ok(yuan(600))),
            (Refund, returned, None, Ok(yuan(600))),
            (Complete, reserved, Some(1_150), Ok(yuan(1_150))),
            (Complete, reserved, Some(1_151), Err(NotSent::TooMuch)),
        ] {
            assert_eq!(may_follow(kind, &past, asked.map(yuan), 115), expected, "{kind:?} {asked:?}");
        }
        let yen = Amount::of(1, 392, 0);
        assert_eq!(may_follow(Refund, &sale, Some(yen), 115), Err(NotSent::Amount));
        let huge = Past { amount: yuan(u64::MAX), ..reserved };
        assert_eq!(may_follow(Complete, &huge, None, 115), Ok(yuan(u64::MAX)));
    }
}
