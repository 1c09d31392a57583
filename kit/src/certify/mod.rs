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
mod transcript;

use engine::contract::acquirer::Step;
use engine::contract::transaction::OperationKind;
use engine::contract::{Plugin, PluginFault};
use sandbox::Spent;
use sandbox::limits::{FUEL_PER_CALL, MEMORY_BYTES, STATE_BYTES};
use serde::Serialize;

use crate::Inspection;
use crate::recording::{Answered, Asked, RecordedCall};

pub use transcript::{Heard, Told, transcript};

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
    /// No call takes more state, memory or fuel than the terminal gives.
    StaysWithinLimits,
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
    /// Every other code ends it with a reason that names that code, or is followed by a next step of its own: none makes
    /// it fail.
    CodesHaveReasons,
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
    /// The most that was seen, of [`Law::StaysWithinLimits`] alone.
    pub most: Option<Most>,
}

/// The most that any call took, each figure by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Most {
    /// State that a step handed on, bytes.
    pub state_bytes: usize,
    /// Linear memory at the end of a call, bytes.
    pub memory_bytes: usize,
    /// Instructions, roughly one unit each.
    pub fuel: u64,
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
    /// What went and came in each call, masked, and what the call costs.
    pub transcript: Vec<Told>,
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
    /// What its last call has cost; of a plugin in no sandbox, nothing.
    pub spent: &'a dyn Fn() -> Spent,
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
    /// What its last call has cost.
    pub spent: &'a dyn Fn() -> Spent,
}

impl Law {
    /// Every law, in the order of a report.
    pub const ALL: [Law; 11] = [
        Law::Deterministic,
        Law::LivesThroughAnyReply,
        Law::StaysWithinLimits,
        Law::HasRemedy,
        Law::UndoNamesTheSame,
        Law::RepeatsTheSame,
        Law::ReadingsAgree,
        Law::ApprovalIsProven,
        Law::EchoesAreProven,
        Law::CodesAreKnown,
        Law::CodesHaveReasons,
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
    fn ask(&self, asked: &Asked) -> (Answered, Spent) {
        let answer = asked.of(self.judge.plugin, &self.call.context);
        (answer, (self.judge.spent)())
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
        let (first, first_spent) = self.ask(&self.call.asked);
        court.weigh(self, &first, first_spent);
        let (second, second_spent) = self.ask(&self.call.asked);
        let (first_fuel, second_fuel) = (first_spent.fuel, second_spent.fuel);
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
        let cost = (interpreted.spent)().fuel;
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
        let verdict = |law: &Law| Verdict { law: *law, tried: 0, broken: 0, breaches: Vec::new(), most: None };
        Court { verdicts: Law::ALL.iter().map(verdict).collect() }
    }

    /// What a call took, against what it may.
    fn weigh(&mut self, case: &Case<'_>, answer: &Answered, spent: Spent) {
        let state_bytes = if let Answered::Step(step) = answer { step.state.len() } else { 0 };
        if let Some(verdict) = self.verdicts.iter_mut().find(|verdict| verdict.law == Law::StaysWithinLimits) {
            let most = verdict.most.unwrap_or_default();
            verdict.most = Some(Most {
                state_bytes: most.state_bytes.max(state_bytes),
                memory_bytes: most.memory_bytes.max(spent.memory_bytes),
                fuel: most.fuel.max(spent.fuel),
            });
        }
        self.hear(case, Law::StaysWithinLimits, outgrown(answer, state_bytes, spent));
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

/// The sandbox stops a call that outgrows a limit; a plugin that runs in none is held to the same figures here.
fn outgrown(answer: &Answered, state_bytes: usize, spent: Spent) -> Option<String> {
    use PluginFault::{AnswerTooLarge, Deadline, Memory, OutOfFuel, StackOverflow, StateTooLarge, Table, TooManyNodes};
    if let Some(
        fault @ (OutOfFuel | Deadline | Memory | Table | StackOverflow | AnswerTooLarge | StateTooLarge(_)
        | TooManyNodes(_)),
    ) = fell(answer)
    {
        return Some(fault.to_string());
    }
    let taken = [
        ("bytes of state", state_bytes as u64, STATE_BYTES as u64),
        ("bytes of memory", spent.memory_bytes as u64, MEMORY_BYTES as u64),
        ("units of fuel", spent.fuel, FUEL_PER_CALL),
    ];
    let (what, took, may) = taken.into_iter().find(|(_, took, may)| took > may)?;
    Some(format!("it took {took} {what}, and may take {may}"))
}

/// A plugin may say that it cannot read something; it may not fall over it.
fn fell(answer: &Answered) -> Option<&PluginFault> {
    match answer {
        Answered::Fault(PluginFault::Answered(_)) => None,
        Answered::Fault(fault) => Some(fault),
        _ => None,
    }
}
