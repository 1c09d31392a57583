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

/// Whether an answer of the retry policy is legal. `tries_left` is what the ceiling on attempts allows.
pub fn legal(gravity: Gravity, left: Left, remedy: Option<&Remedy>, tries_left: bool, decision: &Decision) -> bool {
    match (gravity, left, decision) {
        (Gravity::MovesMoney, Left::Nothing, Decision::Resend(_)) => tries_left,
        (Gravity::MovesMoney, Left::Nothing, Decision::Fail) => true,
        // Standing in is an offline approval: this terminal has no ceiling for it yet, so none is legal.
        (_, _, Decision::StandIn) => false,
        (Gravity::MovesMoney, Left::Nothing, Decision::Inquire(_) | Decision::Reverse) => false,
        (Gravity::MovesMoney, Left::Something, Decision::Reverse) => matches!(remedy, Some(Remedy::Undo(_)) | None),
        (Gravity::MovesMoney, Left::Something, Decision::Inquire(_)) => matches!(remedy, Some(Remedy::Inquire(_))),
        (Gravity::MovesMoney, Left::Something, Decision::Resend(_)) => matches!(remedy, Some(Remedy::Repeat(_))),
        (Gravity::MovesMoney, Left::Something, Decision::Fail) => false,
        (Gravity::Owes, _, Decision::Resend(_)) => true,
        (Gravity::Owes, _, Decision::Inquire(_) | Decision::Reverse | Decision::Fail) => false,
        (Gravity::Asks, _, Decision::Resend(_)) => tries_left,
        (Gravity::Asks, _, Decision::Fail) => true,
        (Gravity::Asks, _, Decision::Inquire(_) | Decision::Reverse) => false,
    }
}

/// What is done: the proposal where it is legal, otherwise the safe answer.
pub fn after_failure(
    gravity: Gravity,
    left: Left,
    remedy: Option<&Remedy>,
    tries_left: bool,
    proposed: Option<Decision>,
) -> Ruling {
    match proposed {
        Some(decision) if legal(gravity, left, remedy, tries_left, &decision) => Ruling::AsProposed(decision),
        _ => Ruling::Instead(safe(gravity, left, remedy)),
    }
}

/// What is always right to do: give up where nothing can have moved, otherwise what the remedy says.
fn safe(gravity: Gravity, left: Left, remedy: Option<&Remedy>) -> Decision {
    match (gravity, left, remedy) {
        (Gravity::MovesMoney, Left::Something, Some(Remedy::Inquire(_))) => Decision::Inquire(0),
        (Gravity::MovesMoney, Left::Something, _) => Decision::Reverse,
        (Gravity::Owes, _, _) => Decision::Resend(Resend { route: String::new(), wait: 0 }),
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
            ("undo", Some(Remedy::Undo(standby()))),
            ("repeat", Some(Remedy::Repeat(standby()))),
            ("inquire", Some(Remedy::Inquire(None))),
        ];
        let mut table = String::new();
        for gravity in [Gravity::MovesMoney, Gravity::Owes, Gravity::Asks] {
            for left in [Left::Nothing, Left::Something] {
                for (remedy_name, remedy) in &remedies {
                    let legal: Vec<_> = decisions()
                        .iter()
                        .filter(|(_, decision)| legal(gravity, left, remedy.as_ref(), true, decision))
                        .map(|(name, _)| *name)
                        .collect();
                    let safe = safe(gravity, left, remedy.as_ref());
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
                for remedy in [Remedy::Undo(standby()), Remedy::Inquire(None)] {
                    let decision = safe(gravity, left, Some(&remedy));
                    assert!(legal(gravity, left, Some(&remedy), true, &decision), "{gravity:?} {left:?} {decision:?}");
                }
            }
        }
    }

    #[test]
    fn money_that_may_have_left_is_never_given_up_on() {
        let undo = Remedy::Undo(standby());
        for (_, proposed) in decisions() {
            let ruling = after_failure(Gravity::MovesMoney, Left::Something, Some(&undo), true, Some(proposed));
            let (Ruling::AsProposed(decision) | Ruling::Instead(decision)) = ruling;
            assert_eq!(decision, Decision::Reverse);
        }
    }
}
