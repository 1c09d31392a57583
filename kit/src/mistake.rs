//! What is wrong with a file somebody wrote, and where.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// One mistake in a scenario or in an acquirer's script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which file.
    pub file: PathBuf,
    /// Counted from 1; none where the file as a whole is meant.
    pub line: Option<usize>,
    /// In characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// A file being read: its text, so that a place in it can be told as line and column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'s> {
    pub file: &'s Path,
    pub text: &'s str,
}

impl Source<'_> {
    /// Reads TOML; a key nobody knows is a mistake where the type says `deny_unknown_fields`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Mistake> {
        toml::from_str(self.text).map_err(|error| match error.span() {
            Some(span) => self.mistake(span, error.message()),
            None => self.whole(error.message()),
        })
    }

    /// A mistake at this place.
    pub fn mistake(&self, span: Range<usize>, what: impl Into<String>) -> Mistake {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Mistake { file: self.file.to_owned(), line: Some(line), column, what: what.into() }
    }

    /// A mistake of the whole file.
    pub fn whole(&self, what: impl Into<String>) -> Mistake {
        Mistake { file: self.file.to_owned(), line: None, column: 0, what: what.into() }
    }
}

impl std::error::Error for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { file, line, column, what } = self;
        match line {
            Some(line) => write!(f, "{}:{line}:{column}: {what}", file.display()),
            None => write!(f, "{}: {what}", file.display()),
        }
    }
}
