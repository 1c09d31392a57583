//! What a plugin was asked and what it answered, one call a line.
//!
//! A plugin sees no card number, no PIN and no key, so neither does a recording: it may be kept, sent and shown.

use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};

use engine::contract::acquirer::{Descriptor, Event, Step};
use engine::contract::retry_policy::{Debt, Decision, Patience, Situation};
use engine::contract::transaction::{Context, Operation};
use engine::contract::{Digest, InspectedField, Plugin, PluginError, PluginFault};
use serde::{Deserialize, Serialize};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCall {
    /// Which build answered.
    pub plugin: Digest,
    /// What the terminal told with it.
    pub context: Context,
    /// What was asked.
    pub asked: Asked,
    /// What it answered.
    pub answer: Answered,
}

/// What is asked of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// To begin an operation.
    Start(Operation),
    /// To go on with one.
    Resume {
        /// The operation.
        operation: Operation,
        /// What the plugin returned last.
        state: Vec<u8>,
        /// What happened.
        event: Event,
    },
    /// What to do about failed tries.
    Decide(Situation),
    /// When to try a debt again.
    Wait(Debt),
}

/// What a plugin answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// To begin, or to go on.
    Step(Step),
    /// About failed tries.
    Decision(Decision),
    /// About a debt.
    Patience(Patience),
    /// It failed, in one of these ways.
    Fault(PluginFault),
}

/// A line of a recording that is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("the recording cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A line is not a recorded call. Lines count from 1.
    #[error("line {line} of the recording is not a recorded call: {why}")]
    Line {
        /// Which.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Asked {
    /// Asks a plugin.
    pub fn of(&self, plugin: &dyn Plugin, context: &Context) -> Answered {
        let step = |answer: Result<Step, PluginError>| match answer {
            Ok(step) => Answered::Step(step),
            Err(error) => Answered::Fault(error.fault),
        };
        match self {
            Asked::Start(operation) => step(plugin.start(context, operation)),
            Asked::Resume { operation, state, event } => step(plugin.resume(context, operation, state, event)),
            Asked::Decide(situation) => match plugin.decide(context, situation) {
                Ok(decision) => Answered::Decision(decision),
                Err(error) => Answered::Fault(error.fault),
            },
            Asked::Wait(debt) => match plugin.wait(context, debt) {
                Ok(patience) => Answered::Patience(patience),
                Err(error) => Answered::Fault(error.fault),
            },
        }
    }
}

/// Reads a recording; blank lines are passed over.
///
/// # Errors
/// [`RecordingError`]: nothing is read where a line cannot be.
pub fn read_recording(from: impl BufRead) -> Result<Vec<RecordedCall>, RecordingError> {
    let mut calls = Vec::new();
    for (at, line) in from.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let call = serde_json::from_str(&line);
        calls.push(call.map_err(|error| RecordingError::Line { line: at + 1, why: error.to_string() })?);
    }
    Ok(calls)
}

/// A plugin whose every call is written down as it returns.
pub struct Recorder {
    plugin: Arc<dyn Plugin>,
    out: Arc<Mutex<dyn Write + Send>>,
}

impl Recorder {
    /// Around this plugin, into this file.
    pub fn new(plugin: Arc<dyn Plugin>, out: Arc<Mutex<dyn Write + Send>>) -> Recorder {
        Recorder { plugin, out }
    }

    /// A call that cannot be written down is made all the same: what is paid does not depend on who watches.
    fn write<T: Clone>(
        &self,
        context: &Context,
        asked: Asked,
        answer: &Result<T, PluginError>,
        answered: impl FnOnce(T) -> Answered,
    ) {
        let answer = match answer {
            Ok(answer) => answered(answer.clone()),
            Err(error) => Answered::Fault(error.fault.clone()),
        };
        let call = RecordedCall { plugin: self.plugin.digest(), context: context.clone(), asked, answer };
        let Ok(mut line) = serde_json::to_vec(&call) else { return };
        line.push(b'\n');
        let _ = self.out.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line);
    }
}

impl Plugin for Recorder {
    fn digest(&self) -> Digest {
        self.plugin.digest()
    }

    fn descriptor(&self) -> &Descriptor {
        self.plugin.descriptor()
    }

    fn start(&self, context: &Context, operation: &Operation) -> Result<Step, PluginError> {
        let answer = self.plugin.start(context, operation);
        self.write(context, Asked::Start(operation.clone()), &answer, Answered::Step);
        answer
    }

    fn resume(
        &self,
        context: &Context,
        operation: &Operation,
        state: &[u8],
        event: &Event,
    ) -> Result<Step, PluginError> {
        let answer = self.plugin.resume(context, operation, state, event);
        let asked = Asked::Resume { operation: operation.clone(), state: state.to_vec(), event: event.clone() };
        self.write(context, asked, &answer, Answered::Step);
        answer
    }

    fn decide(&self, context: &Context, situation: &Situation) -> Result<Decision, PluginError> {
        let answer = self.plugin.decide(context, situation);
        self.write(context, Asked::Decide(situation.clone()), &answer, Answered::Decision);
        answer
    }

    fn wait(&self, context: &Context, debt: &Debt) -> Result<Patience, PluginError> {
        let answer = self.plugin.wait(context, debt);
        self.write(context, Asked::Wait(debt.clone()), &answer, Answered::Patience);
        answer
    }

    fn read(&self, masked_frame: &[u8]) -> Result<Vec<InspectedField>, PluginError> {
        self.plugin.read(masked_frame)
    }
}
