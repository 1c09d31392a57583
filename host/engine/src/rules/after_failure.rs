use serde::{Deserialize, Serialize};

use crate::contract::acquirer::Remedy;
use crate::contract::retry_policy::{Decision, Delivery, Resend};
use crate::contract::transaction::Gravity;

/// How much of an operation's gravest exchange may have left the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Left {
    /// Not a byte was handed to TLS.
    Nothing,
    /// Some of it, perhaps all.
    Something,
}

/// What is done about a failed exchange, and whether that is what the plugin proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The proposal is legal.
    AsProposed(Decision),
    /// It is not; this is what is done.
    Instead(Decision),
}

impl Left {
    /// What a delivery says of it.
    pub fn of(delivery: Delivery) -> Left {
        match delivery {
            Delivery::NotSent => Left::Nothing,
            Delivery::MaybeSent | Delivery::Sent => Left::Something,
        }
    }
}

/// A failed exchange, and what may still be done about it.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// Of the gravest exchange of the operation.
    pub gravity: Gravity,
    /// How much of that one may have left.
    pub left: Left,
    /// What it said is done about silence.
    pub remedy: Option<&'a Remedy>,
    /// The ceiling on attempts allows another.
    pub tries_left: bool,
    /// The ceiling on inquiries allows another.
    pub inquiries_left: bool,
    /// The terminal's own ceilings allow it to approve by itself.
    pub may_stand_in: bool,
}

/// Whether an answer of the retry policy is legal. Once money may have moved, `Resend` stands for the repetition, which
/// only that remedy allows: it is sent in its repeatable form, never the bytes that left.
pub fn legal(failed: &Failed<'_>, decision: &Decision) -> bool {
    match (failed.gravity, failed.left, decision) {
        (Gravity::MovesMoney, Left::Nothing, Decision::Resend(_)) => failed.tries_left,
        (Gravity::MovesMoney, Left::Nothing, Decision::Fail) => true,
        (Gravity::MovesMoney, Left::Nothing, Decision::StandIn) => failed.may_stand_in,
        (_, _, Decision::StandIn) => false,
        (Gravity::MovesMoney, Left::Nothing, Decision::Inquire(_) | Decision::Reverse) => false,
        (Gravity::MovesMoney, Left::Something, Decision::Reverse) => !matches!(failed.remedy, Some(Remedy::Repeat(_))),
        (Gravity::MovesMoney, Left::Something, Decision::Inquire(_)) => {
            matches!(failed.remedy, Some(Remedy::Inquire(_))) && failed.inquiries_left
        }
        (Gravity::MovesMoney, Left::Something, Decision::Resend(_)) => matches!(failed.remedy, Some(Remedy::Repeat(_))),
        (Gravity::MovesMoney, Left::Something, Decision::Fail) => false,
        (Gravity::Owes, _, Decision::Resend(_)) => true,
        (Gravity::Owes, _, Decision::Inquire(_) | Decision::Reverse | Decision::Fail) => false,
        (Gravity::Asks, _, Decision::Resend(_)) => failed.tries_left,
        (Gravity::Asks, _, Decision::Fail) => true,
        (Gravity::Asks, _, Decision::Inquire(_) | Decision::Reverse) => false,
    }
}

/// What is done: the proposal where it is legal, otherwise the safe answer.
pub fn after_failure(failed: &Failed<'_>, proposed: Option<Decision>) -> Ruling {
    match proposed {
        Some(decision) if legal(failed, &decision) => Ruling::AsProposed(decision),
        _ => Ruling::Instead(safe(failed)),
    }
}

/// What is always right to do: give up where nothing can have moved, otherwise what the remedy says. An inquiry that may
/// not be made any more in this operation is owed.
fn safe(failed: &Failed<'_>) -> Decision {
    let again = || Decision::Resend(Resend { route: String::new(), wait: 0 });
    match (failed.gravity, failed.left, failed.remedy) {
        (Gravity::MovesMoney, Left::Something, Some(Remedy::Inquire(_))) => Decision::Inquire(0),
        (Gravity::MovesMoney, Left::Something, Some(Remedy::Repeat(_))) => again(),
        (Gravity::MovesMoney, Left::Something, _) => Decision::Reverse,
        (Gravity::Owes, _, _) => again(),
        (Gravity::MovesMoney, Left::Nothing, _) | (Gravity::Asks, _, _) => Decision::Fail,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::contract::acquirer::Standby;
    use crate::contract::template::Message;

    fn standby() -> Standby {
        let message = Message { nodes: Vec::new(), whole: 0, http: None };
        Standby { route: "host".into(), message, again: None, timeout: 1, answers: Vec::new() }
    }

    fn failed(gravity: Gravity, left: Left, remedy: Option<&Remedy>) -> Failed<'_> {
        Failed { gravity, left, remedy, tries_left: true, inquiries_left: true, may_stand_in: true }
    }

    fn decisions() -> [(&'static str, Decision); 5] {
        [
            ("resend", Decision::Resend(Resend { route: "host".into(), wait: 0 })),
            ("inquire", Decision::Inquire(0)),
            ("reverse", Decision::Reverse),
            ("stand-in", Decision::StandIn),
            ("fail", Decision::Fail),
        ]
    }

    /// The whole table of what may follow a failed exchange, for a reviewer to read.
    #[test]
    fn table_of_legal_answers() {
        let remedies = [
            ("undo", Some(Remedy::Undo(standby().into()))),
            ("repeat", Some(Remedy::Repeat(standby().into()))),
            ("inquire", Some(Remedy::Inquire(None))),
        ];
        let mut table = String::new();
        for gravity in [Gravity::MovesMoney, Gravity::Owes, Gravity::Asks] {
            for left in [Left::Nothing, Left::Something] {
                for (remedy_name, remedy) in &remedies {
                    let failed = failed(gravity, left, remedy.as_ref());
                    let legal: Vec<_> = decisions()
                        .iter()
                        .filter(|(_, decision)| legal(&failed, decision))
                        .map(|(name, _)| *name)
                        .collect();
                    let safe = safe(&failed);
                    let safe = decisions()
                        .iter()
                        .find(|(_, d)| std::mem::discriminant(d) == std::mem::discriminant(&safe))
                        .unwrap()
                        .0;
                    writeln!(table, "{gravity:?} {left:?} {remedy_name}: {} (safe: {safe})", legal.join(", ")).unwrap();
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn the_safe_answer_is_always_legal_while_tries_are_left() {
        for gravity in [Gravity::MovesMoney, Gravity::Owes, Gravity::Asks] {
            for left in [Left::Nothing, Left::Something] {
                for remedy in [Remedy::Undo(standby().into()), Remedy::Repeat(standby().into()), Remedy::Inquire(None)]
                {
                    let failed = failed(gravity, left, Some(&remedy));
                    let decision = safe(&failed);
                    assert!(legal(&failed, &decision), "{gravity:?} {left:?} {decision:?}");
                }
            }
        }
    }

    #[test]
    fn money_that_may_have_left_is_never_given_up_on() {
        for remedy in [Remedy::Undo(standby().into()), Remedy::Repeat(standby().into()), Remedy::Inquire(None)] {
            let failed = failed(Gravity::MovesMoney, Left::Something, Some(&remedy));
            for (_, proposed) in decisions() {
                let (Ruling::AsProposed(decision) | Ruling::Instead(decision)) = after_failure(&failed, Some(proposed));
                let fits = match remedy {
                    Remedy::Undo(_) => matches!(decision, Decision::Reverse),
                    Remedy::Repeat(_) => matches!(decision, Decision::Resend(_)),
                    Remedy::Inquire(_) => matches!(decision, Decision::Reverse | Decision::Inquire(_)),
                };
                assert!(fits, "{remedy:?}: {decision:?}");
            }
        }
    }

    #[test]
    fn ceilings_stop_resending_asking_and_standing_in() {
        let remedy = Remedy::Inquire(None);
        let stopped = |gravity, left| Failed {
            tries_left: false,
            inquiries_left: false,
            may_stand_in: false,
            ..failed(gravity, left, Some(&remedy))
        };
        for (gravity, left, decision) in [
            (Gravity::MovesMoney, Left::Nothing, Decision::Resend(Resend { route: "host".into(), wait: 0 })),
            (Gravity::MovesMoney, Left::Nothing, Decision::StandIn),
            (Gravity::MovesMoney, Left::Something, Decision::Inquire(0)),
            (Gravity::Asks, Left::Something, Decision::Resend(Resend { route: "host".into(), wait: 0 })),
        ] {
            assert!(!legal(&stopped(gravity, left), &decision), "{gravity:?} {left:?} {decision:?}");
        }
    }
}
