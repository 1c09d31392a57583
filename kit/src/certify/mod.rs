//! The laws every plugin must keep, tried on any component without its source.
//!
//! What is tried is a recording of real calls: each is asked again, in many variations of what a bad line, a bad
//! acquirer or an attacker could make of it. A law that nothing in the recording could break was not tried, and the
//! report says so.

mod answers;
mod exchanges;
mod replies;
#[cfg(test)]
mod tests;

use engine::contract::acquirer::Step;
use engine::contract::transaction::OperationKind;
use engine::contract::{Plugin, PluginFault};
use serde::Serialize;

use crate::Inspection;
use crate::recording::{Answered, Asked, RecordedCall};

/// Breaches of one law that a report names; the count goes on.
const NAMED_BREACHES: usize = 8;

/// A law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// The same question is answered by the same bytes, for the same fuel, as often as it is asked, natively and by the
    /// interpreter.
    Deterministic,
    /// No reply whatsoever makes it trap, loop or outgrow its limits.
    LivesThroughAnyReply,
    /// What moves money brings what is done about silence, and says how its answer is read without the plugin.
    HasRemedy,
    /// What takes money back names the same amount and the same numbers as what took it.
    UndoNamesTheSame,
    /// A repetition differs from the first message only where the protocol marks repetitions.
    RepeatsTheSame,
    /// What the standby message says an answer means is what the plugin itself makes of it.
    ReadingsAgree,
    /// No reply is an approval without the proofs that its operation declares.
    ApprovalIsProven,
    /// An approval whose echoes were changed is refused, or asks for the proof that then fails.
    EchoesAreProven,
    /// Of all codes an answer could bring, only those the author names approve.
    CodesAreKnown,
}

/// What a law came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which law.
    pub law: Law,
    /// How often it was tried; 0 says that nothing recorded could break it.
    pub tried: u64,
    /// How often it was broken.
    pub broken: u64,
    /// The first breaches.
    pub breaches: Vec<Breach>,
}

/// One breach. Free of card data, as the recording is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// The recorded call that was varied, counted from 1.
    pub call: usize,
    /// What its operation is.
    pub operation: Option<OperationKind>,
    /// What was done to it, and what came of that.
    pub what: String,
}

/// What a plugin is, and what came of trying the laws on it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What it is and what it costs.
    pub inspection: Inspection,
    /// How many recorded calls it was tried on.
    pub calls: usize,
    /// One verdict a law.
    pub verdicts: Vec<Verdict>,
}

impl Report {
    /// Whether no law was broken, and those that nothing need be named for were tried.
    pub fn holds(&self) -> bool {
        let must_be_tried = |law| matches!(law, Law::Deterministic | Law::LivesThroughAnyReply | Law::ApprovalIsProven);
        self.verdicts.iter().all(|verdict| verdict.holds() || (verdict.tried == 0 && !must_be_tried(verdict.law)))
    }
}

/// What is judged, and how hard it is tried.
pub struct Judge<'a> {
    /// The plugin.
    pub plugin: &'a dyn Plugin,
    /// What its last call has cost in fuel; of a plugin that runs natively, nothing.
    pub fuel: &'a dyn Fn() -> u64,
    /// The same plugin, compiled for the interpreter: asked every recorded call too.
    pub interpreted: Option<Interpreted<'a>>,
    /// Random variations of each reply, besides the systematic ones.
    pub variations: u32,
    /// Codes that approve, as its author says; where nothing is said that law is not tried.
    pub approving_codes: Option<Vec<String>>,
}

/// A plugin on the interpreter, which terminals without a native back end use.
pub struct Interpreted<'a> {
    /// The plugin.
    pub plugin: &'a dyn Plugin,
    /// What its last call has cost in fuel.
    pub fuel: &'a dyn Fn() -> u64,
}

impl Law {
    /// Every law, in the order of a report.
    pub const ALL: [Law; 9] = [
        Law::Deterministic,
        Law::LivesThroughAnyReply,
        Law::HasRemedy,
        Law::UndoNamesTheSame,
        Law::RepeatsTheSame,
        Law::ReadingsAgree,
        Law::ApprovalIsProven,
        Law::EchoesAreProven,
        Law::CodesAreKnown,
    ];
}

impl Verdict {
    /// Whether it was tried and never broken.
    pub fn holds(&self) -> bool {
        self.tried > 0 && self.broken == 0
    }
}

/// Tries every law on a recording. A breach of any is the plugin's fault.
pub fn certify(judge: &Judge<'_>, recording: &[RecordedCall]) -> Vec<Verdict> {
    let mut court = Court::new();
    for (at, call) in recording.iter().enumerate() {
        let case = Case { judge, recording, call, at: at + 1 };
        case.is_deterministic(&mut court);
        exchanges::judge(&case, &mut court);
        replies::judge(&case, &mut court);
        answers::judge(&case, &mut court);
    }
    court.verdicts
}

/// One recorded call before the court.
struct Case<'a> {
    judge: &'a Judge<'a>,
    recording: &'a [RecordedCall],
    call: &'a RecordedCall,
    at: usize,
}

impl Case<'_> {
    fn ask(&self, asked: &Asked) -> (Answered, u64) {
        let answer = asked.of(self.judge.plugin, &self.call.context);
        (answer, (self.judge.fuel)())
    }

    /// The step it gave when it was recorded.
    fn step(&self) -> Option<&Step> {
        if let Answered::Step(step) = &self.call.answer { Some(step) } else { None }
    }

    fn operation(&self) -> Option<OperationKind> {
        match &self.call.asked {
            Asked::Start(operation) | Asked::Resume { operation, .. } => Some(operation.kind()),
            Asked::Decide(situation) => Some(situation.operation),
            Asked::Wait(debt) => Some(debt.kind),
        }
    }

    fn is_deterministic(&self, court: &mut Court) {
        let (first, first_fuel) = self.ask(&self.call.asked);
        let (second, second_fuel) = self.ask(&self.call.asked);
        let what = if first != second {
            Some("the same question had two answers".to_owned())
        } else if first_fuel != second_fuel {
            Some(format!("the same question cost {first_fuel} and then {second_fuel} units of fuel"))
        } else if self.call.plugin == self.judge.plugin.digest() && first != self.call.answer {
            Some("this very build answered otherwise when it was recorded".to_owned())
        } else {
            None
        };
        court.hear(self, Law::Deterministic, what);
        if let Some(interpreted) = &self.judge.interpreted {
            court.hear(self, Law::Deterministic, self.differs_interpreted(interpreted, &first, first_fuel));
        }
    }

    /// Fuel is counted by the compiler in WebAssembly's own instructions, before there is a back end, so it is equal.
    fn differs_interpreted(&self, interpreted: &Interpreted<'_>, native: &Answered, fuel: u64) -> Option<String> {
        let answer = self.call.asked.of(interpreted.plugin, &self.call.context);
        let cost = (interpreted.fuel)();
        if answer != *native {
            return Some("the interpreter answers otherwise than the native back end".to_owned());
        }
        (cost != fuel).then(|| format!("it costs {fuel} units of fuel natively, and {cost} by the interpreter"))
    }
}

/// Collects what came of it all.
struct Court {
    verdicts: Vec<Verdict>,
}

impl Court {
    fn new() -> Court {
        let verdict = |law: &Law| Verdict { law: *law, tried: 0, broken: 0, breaches: Vec::new() };
        Court { verdicts: Law::ALL.iter().map(verdict).collect() }
    }

    /// One trial of a law: nothing, or what was wrong.
    fn hear(&mut self, case: &Case<'_>, law: Law, what: Option<String>) {
        let Some(verdict) = self.verdicts.iter_mut().find(|verdict| verdict.law == law) else { return };
        verdict.tried += 1;
        let Some(what) = what else { return };
        verdict.broken += 1;
        if verdict.breaches.len() < NAMED_BREACHES {
            verdict.breaches.push(Breach { call: case.at, operation: case.operation(), what });
        }
    }
}

/// A plugin may say that it cannot read something; it may not fall over it.
fn fell(answer: &Answered) -> Option<&PluginFault> {
    match answer {
        Answered::Fault(PluginFault::Answered(_)) => None,
        Answered::Fault(fault) => Some(fault),
        _ => None,
    }
}
