//! What can be wrong with a configuration file, said so that the operator can mend it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::profile::Blanks;

/// Why there is no configuration. The fault is the operator's in every case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The file is not there or may not be read.
    #[error("{}: cannot be read: {source}; name the configuration file with --config", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Something in the file is wrong.
    #[error(transparent)]
    Wrong(Box<Mistake>),
}

/// One mistake, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which file.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The whole key, with dots: `acquirer.routes.host.address`. Empty where the file is no TOML.
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with one key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file is not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// No such key here.
    #[error("unknown key{}", suggestion(nearest, known))]
    UnknownKey {
        /// The key that was probably meant.
        nearest: Option<String>,
        /// All keys that may stand here.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("missing; write {example}")]
    Missing {
        /// How it might look.
        example: String,
    },
    /// The value has another type.
    #[error("is {found}, but must be {expected}")]
    WrongType {
        /// The type that was found.
        found: &'static str,
        /// The type that is right, with an example.
        expected: String,
    },
    /// A number outside its limits.
    #[error("is {found}, but must be from {least} to {most}")]
    OutOfRange {
        /// The number as written.
        found: String,
        /// The least that is right.
        least: u64,
        /// The most that is right.
        most: u64,
    },
    /// A word that is none of those known.
    #[error("\"{found}\" is not a known {kind}{}", suggestion(nearest, known))]
    UnknownWord {
        /// The word as written.
        found: String,
        /// What it should be one of.
        kind: &'static str,
        /// The word that was probably meant.
        nearest: Option<String>,
        /// All that may stand here.
        known: Vec<String>,
    },
    /// A text that does not have the form it must have.
    #[error("\"{found}\" is not {expected}")]
    Malformed {
        /// The text as written.
        found: String,
        /// The form that is right.
        expected: &'static str,
    },
    /// A profile whose blanks nobody has filled.
    #[error("{0}")]
    Blanks(Blanks),
    /// Two things that exclude each other, or one that this profile does not allow.
    #[error("{0}")]
    Refused(String),
}

impl std::error::Error for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file.display(), self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}", self.problem)
    }
}

/// What would be right: the nearest word, and beside it all of them unless they are too many to read.
fn suggestion(nearest: &Option<String>, known: &[String]) -> String {
    const LISTED_MAX: usize = 12;
    match nearest {
        Some(nearest) => format!("; did you mean \"{nearest}\"?"),
        None if known.is_empty() => String::new(),
        None if known.len() > LISTED_MAX => {
            format!("; known are {}, and {} more", known[..LISTED_MAX].join(", "), known.len() - LISTED_MAX)
        }
        None => format!("; known are {}", known.join(", ")),
    }
}
