use std::fmt;

use serde::{Deserialize, Serialize};

use super::acquirer::{Descriptor, Event, Step};
use super::retry_policy::{Debt, Decision, Patience, Situation};
use super::transaction::{Context, Operation};
use super::types::Fault;

/// A plugin as the host calls it: a pure function whose every call may fail.
///
/// The sandbox implements it over a component; tests implement it over the same Rust code compiled natively.
pub trait Plugin: Send + Sync {
    /// SHA-256 over exactly the bytes that were loaded.
    fn digest(&self) -> Digest;
    /// What `describe` answered when the plugin was loaded and checked.
    fn descriptor(&self) -> &Descriptor;
    /// Begins an operation.
    fn start(&self, context: &Context, operation: &Operation) -> Result<Step, PluginError>;
    /// Goes on with an operation after something happened.
    fn resume(
        &self,
        context: &Context,
        operation: &Operation,
        state: &[u8],
        event: &Event,
    ) -> Result<Step, PluginError>;
    /// What to do about an exchange that failed.
    fn decide(&self, context: &Context, situation: &Situation) -> Result<Decision, PluginError>;
    /// When to try a debt again.
    fn wait(&self, context: &Context, debt: &Debt) -> Result<Patience, PluginError>;
    /// Names for the bytes of a masked frame.
    fn read(&self, masked_frame: &[u8]) -> Result<Vec<InspectedField>, PluginError>;
}

/// One named field of a frame, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectedField {
    pub path: String,
    pub name: String,
    pub value: String,
    pub note: String,
}

/// The SHA-256 of a plugin's artefact: which code began a transaction, for ever.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    /// The first eight hex digits, enough to tell two builds apart on a screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A call that gave no usable answer: which plugin, which build of it, and how it failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("plugin {plugin} ({digest}) failed in {call}: {fault}")]
pub struct PluginError {
    /// The acquirer's name in the deployment.
    pub plugin: String,
    pub digest: Digest,
    /// The export that was called.
    pub call: String,
    pub fault: PluginFault,
}

/// Every way a guest can fail. The host lives through each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum PluginFault {
    /// It answered with a fault of its own.
    #[error("it answered: {0:?}")]
    Answered(Fault),
    /// It used up its instructions: an endless loop, or far too much work.
    #[error("out of fuel")]
    OutOfFuel,
    /// It ran past its time.
    #[error("past its deadline")]
    Deadline,
    /// It asked for more linear memory than it may have.
    #[error("memory limit reached")]
    Memory,
    /// It asked for more table entries than it may have.
    #[error("table limit reached")]
    Table,
    /// Its stack overflowed.
    #[error("stack overflow")]
    StackOverflow,
    /// It trapped otherwise: unreachable, out-of-bounds access, division by zero.
    #[error("trapped: {0}")]
    Trapped(String),
    /// What it returned is larger than the host takes.
    #[error("its answer is larger than the host takes")]
    AnswerTooLarge,
    /// What it was to be given is larger than a guest takes.
    #[error("its input is larger than a guest is given: {0} bytes")]
    InputTooLarge(usize),
    /// Its state outgrew the limit.
    #[error("its state has {0} bytes")]
    StateTooLarge(usize),
    /// A template has more nodes than the host renders.
    #[error("a template has {0} nodes")]
    TooManyNodes(usize),
    /// An export is missing or has other types than the contract.
    #[error(
        "not of the contract's types: {0}; it was built for another draft of the contract: build it again with the SDK \
         of this version"
    )]
    WrongType(String),
    /// What it says of itself is empty, endless or contradicts itself.
    #[error("its description is unsound: {0}")]
    Description(String),
    /// It imports something; a plugin may import nothing.
    #[error("it imports {0}; a plugin may import nothing")]
    Imports(String),
    /// The artefact cannot be read or was made for another machine or version.
    #[error("its artefact cannot be loaded: {0}")]
    Unloadable(String),
    /// It is not there any more.
    #[error("it is not there")]
    Gone,
}
