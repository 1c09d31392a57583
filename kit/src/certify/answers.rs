//! What an answer means: to the plugin, to the readings stored for the day it is gone, and under every other code.

use engine::contract::acquirer::{Action, Event, Meaning, Outcome, Remedy, Reply, Standby, Step};
use engine::contract::transaction::{FollowUp, FollowUpKind, Operation, Subject};
use engine::rules;

use super::{Answered, Asked, Case, Court, Law};
use crate::recording::RecordedCall;

/// Codes tried at a place to see whether the plugin reads its code there; one could be a code it names otherwise.
const PROBES: usize = 2;

pub(super) fn judge(case: &Case<'_>, court: &mut Court) {
    let Asked::Resume { operation, state, event: Event::Received(reply) } = &case.call.asked else { return };
    let Some(Action::Finish(outcome)) = case.step().map(|step| &step.action) else { return };
    if let Some(said) = meaning(outcome)
        && let Some(standby) = reversed(case, operation)
    {
        court.hear(case, Law::ReadingsAgree, reads_otherwise(standby, reply, said));
    }
    if let Some(approving) = &case.judge.approving_codes {
        Coded { case, operation, state, reply }.try_other_codes(outcome, approving, court);
    }
}

/// A reply that ended an operation by the code in it.
struct Coded<'a> {
    case: &'a Case<'a>,
    operation: &'a Operation,
    state: &'a [u8],
    reply: &'a Reply,
}

impl Coded<'_> {
    fn try_other_codes(&self, outcome: &Outcome, approving: &[String], court: &mut Court) {
        let here: Vec<&str> = match outcome {
            // An approval does not say by which code.
            Outcome::Approved(_) => approving.iter().map(String::as_str).collect(),
            outcome => code_of(outcome).into_iter().collect(),
        };
        let Some((at, here)) = here.into_iter().find_map(|code| Some((self.place(code, approving)?, code))) else {
            return;
        };
        for code in codes(here.len()).filter(|code| code != here && !approving.contains(code)) {
            let answer = self.answer_under(at, &code);
            let approves = matches!(&answer, Answered::Step(Step { action: Action::Finish(Outcome::Approved(_)), .. }));
            court.hear(self.case, Law::CodesAreKnown, approves.then(|| format!("code {code} approves")));
            if !approves {
                court.hear(self.case, Law::CodesHaveReasons, without_reason(&code, &answer));
            }
        }
    }

    /// Where the code stands. Two characters stand in many places of a message, so the plugin is asked: the place is
    /// where another code in it is the one the plugin then names. One that names no code leaves the only place, if
    /// there is but one.
    fn place(&self, code: &str, approving: &[String]) -> Option<usize> {
        let places = places(&self.reply.body, code.as_bytes());
        let others = codes(code.len()).filter(|other| other != code && !approving.contains(other)).take(PROBES);
        let others = others.collect::<Vec<_>>();
        let names =
            |at: usize, other: &String| self.under(at, other).as_ref().and_then(code_of) == Some(other.as_str());
        let named = places.iter().copied().find(|at| others.iter().any(|other| names(*at, other)));
        named.or_else(|| if let [only] = places[..] { Some(only) } else { None })
    }

    /// How it ends if these characters stand there.
    fn under(&self, at: usize, code: &str) -> Option<Outcome> {
        match self.answer_under(at, code) {
            Answered::Step(Step { action: Action::Finish(outcome), .. }) => Some(outcome),
            _ => None,
        }
    }

    fn answer_under(&self, at: usize, code: &str) -> Answered {
        let mut body = self.reply.body.clone();
        if let Some(place) = body.get_mut(at..at + code.len()) {
            place.copy_from_slice(code.as_bytes());
        }
        let event = Event::Received(Reply { body, ..self.reply.clone() });
        let asked = Asked::Resume { operation: self.operation.clone(), state: self.state.to_vec(), event };
        self.case.ask(&asked).0
    }
}

/// A code says something to a cashier where the end names it, for each reason and each doubt has its sentence and its
/// next step; or where the plugin itself goes on, as by signing in again.
fn without_reason(code: &str, answer: &Answered) -> Option<String> {
    match answer {
        Answered::Fault(fault) => Some(format!("code {code}: {fault}")),
        Answered::Step(Step { action: Action::Finish(outcome), .. }) => match code_of(outcome) {
            Some(named) if named == code => None,
            Some(named) => Some(format!("code {code} is said to be {named:?}")),
            None => Some(format!("code {code} ends it, and nobody is told that code")),
        },
        _ => None,
    }
}

/// The acquirer's code, where an outcome names it.
fn code_of(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Declined(declined) => Some(&declined.code),
        Outcome::Unknown(unknown) => Some(&unknown.code),
        Outcome::Acknowledged(code) | Outcome::Unmatched(code) | Outcome::Refused(code) => Some(code),
        _ => None,
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

/// Every place where these bytes stand.
fn places(body: &[u8], bytes: &[u8]) -> Vec<usize> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let windows = body.windows(bytes.len()).enumerate();
    windows.filter(|(_, window)| *window == bytes).map(|(at, _)| at).collect()
}

/// Every code of so many characters: digits, and letters where there are two.
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
