//! Look-ups in what the terminal keeps for a plugin, with a typed fault where something is missing.

use crate::prelude::{Context, Fault, Original};

/// What a look-up did not find, or could not read. Turns into the [`Fault`] that names who is to put it right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The acquirer's configuration lacks a parameter the plugin declared as required.
    #[error("parameter `{0}` is not set; set it in the acquirer's configuration")]
    NoParameter(String),
    /// A parameter is set to something out of its range.
    #[error("parameter `{name}` must be {expected}")]
    BadParameter {
        /// The parameter.
        name: String,
        /// What would be right.
        expected: String,
    },
    /// The terminal gave no value for a counter the plugin declared.
    #[error("the terminal has no counter `{0}`, which this plugin declares")]
    NoCounter(String),
    /// The original transaction's reference lacks what this plugin attached to it.
    #[error("the original's reference has no `{0}`")]
    NoReference(String),
}

impl From<LookupError> for Fault {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::NoParameter(_) | LookupError::BadParameter { .. } => Fault::Configuration(error.to_string()),
            LookupError::NoCounter(_) | LookupError::NoReference(_) => Fault::Internal(error.to_string()),
        }
    }
}

/// Look-ups in the context of a call.
pub trait ContextLookup {
    /// A parameter, where it is set.
    fn parameter(&self, name: &str) -> Option<&str>;

    /// A parameter that must be set.
    ///
    /// # Errors
    /// [`LookupError::NoParameter`].
    fn required(&self, name: &str) -> Result<&str, LookupError> {
        self.parameter(name).ok_or_else(|| LookupError::NoParameter(name.to_owned()))
    }

    /// The next value of a counter.
    ///
    /// # Errors
    /// [`LookupError::NoCounter`].
    fn counter(&self, name: &str) -> Result<u64, LookupError>;

    /// What the plugin asked to be remembered under this name.
    fn memory(&self, name: &str) -> Option<&[u8]>;
}

impl ContextLookup for Context {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn counter(&self, name: &str) -> Result<u64, LookupError> {
        let found = self.counters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| *value).ok_or_else(|| LookupError::NoCounter(name.to_owned()))
    }

    fn memory(&self, name: &str) -> Option<&[u8]> {
        self.memory.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }
}

/// Look-ups in an earlier transaction.
pub trait OriginalLookup {
    /// What the plugin attached to the original under this name.
    ///
    /// # Errors
    /// [`LookupError::NoReference`].
    fn referred(&self, name: &str) -> Result<&str, LookupError>;
}

impl OriginalLookup for Original {
    fn referred(&self, name: &str) -> Result<&str, LookupError> {
        let found = self.reference.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| LookupError::NoReference(name.to_owned()))
    }
}
