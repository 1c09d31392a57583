//! What an answer means: to the plugin, to the readings stored for the day it is gone, and under every other code.

use engine::contract::acquirer::{Action, Event, Meaning, Outcome, Remedy, Reply, Standby, Step};
use engine::contract::transaction::{FollowUp, FollowUpKind, Operation, Subject};
use engine::rules;

use super::{Answered, Asked, Case, Court, Law};
use crate::recording::RecordedCall;

pub(super) fn judge(case: &Case<'_>, court: &mut Court) {
    let Asked::Resume { operation, state, event: Event::Received(reply) } = &case.call.asked else { return };
    let Some(Action::Finish(outcome)) = case.step().map(|step| &step.action) else { return };
    if let Some(said) = meaning(outcome)
        && let Some(standby) = reversed(case, operation)
    {
        court.hear(case, Law::ReadingsAgree, reads_otherwise(standby, reply, said));
    }
    if let (Outcome::Declined(declined), Some(approving)) = (outcome, &case.judge.approving_codes) {
        for (code, reply) in under_other_codes(reply, &declined.code) {
            let asked =
                Asked::Resume { operation: operation.clone(), state: state.clone(), event: Event::Received(reply) };
            let (answer, _) = case.ask(&asked);
            let approves = matches!(&answer, Answered::Step(step)
                if matches!(step.action, Action::Finish(Outcome::Approved(_))));
            let what = (approves && !approving.contains(&code)).then(|| format!("code {code} approves"));
            court.hear(case, Law::CodesAreKnown, what);
        }
    }
}

/// What the end of a debt means, in the words of readings.
fn meaning(outcome: &Outcome) -> Option<Meaning> {
    match outcome {
        Outcome::Acknowledged(_) => Some(Meaning::Paid),
        Outcome::Unmatched(_) => Some(Meaning::Unmatched),
        Outcome::Refused(_) => Some(Meaning::Refused),
        _ => None,
    }
}

/// The standby message of what is reversed here, as it was recorded when that began.
fn reversed<'a>(case: &Case<'a>, operation: &Operation) -> Option<&'a Standby> {
    let Operation::FollowUp(FollowUp { kind: FollowUpKind::Reverse, of: Subject::Known(original), .. }) = operation
    else {
        return None;
    };
    let began = |call: &&RecordedCall| {
        matches!(call.asked, Asked::Start(_)) && call.context.transaction == original.transaction
    };
    case.recording[..case.at].iter().rev().filter(began).find_map(|call| stored(&call.answer))
}

/// What would be sent by itself in the days to come.
fn stored(answer: &Answered) -> Option<&Standby> {
    let Answered::Step(Step { action: Action::Send(exchange), .. }) = answer else { return None };
    match exchange.remedy.as_ref()? {
        Remedy::Undo(standby) | Remedy::Inquire(Some(standby)) => Some(standby),
        Remedy::Repeat(_) | Remedy::Inquire(None) => None,
    }
}

/// The first reading that fits decides, as it would without the plugin. One that fits none stays open, which loses
/// nothing.
fn reads_otherwise(standby: &Standby, reply: &Reply, said: Meaning) -> Option<String> {
    let read = standby.answers.iter().find(|reading| rules::fits(&reading.fits, reply))?.means;
    (read != said).then(|| format!("the plugin says {said:?}, its standby message {read:?}"))
}

/// The same reply under every other code of the same length: digits, and letters where it is short.
fn under_other_codes(reply: &Reply, code: &str) -> Vec<(String, Reply)> {
    let Some(at) = only_place(&reply.body, code.as_bytes()) else { return Vec::new() };
    let put = |other: String| {
        let mut body = reply.body.clone();
        body[at..at + other.len()].copy_from_slice(other.as_bytes());
        (other, Reply { body, ..reply.clone() })
    };
    codes(code.len()).filter(|other| other != code).map(put).collect()
}

/// Where these bytes stand, if they stand there alone.
fn only_place(body: &[u8], bytes: &[u8]) -> Option<usize> {
    if bytes.is_empty() {
        return None;
    }
    let mut places = body.windows(bytes.len()).enumerate().filter(|(_, window)| *window == bytes).map(|(at, _)| at);
    let first = places.next()?;
    places.next().is_none().then_some(first)
}

fn codes(length: usize) -> Box<dyn Iterator<Item = String>> {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    match length {
        2 => Box::new(
            LETTERS
                .iter()
                .flat_map(|one| LETTERS.iter().map(move |other| String::from_utf8_lossy(&[*one, *other]).into_owned())),
        ),
        3 | 4 => Box::new((0..10_u32.pow(length as u32)).map(move |code| format!("{code:0length$}"))),
        _ => Box::new(std::iter::empty()),
    }
}
