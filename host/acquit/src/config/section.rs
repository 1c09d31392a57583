//! One table of the file, read key by key: every answer is a parsed value or a mistake with its place.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::Word;
use super::error::{Mistake, Problem};
use super::words::nearest;

type Result<T> = std::result::Result<T, Box<Mistake>>;

/// The file being read: its name and its text, so that a byte can be told as line and column.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub file: &'a Path,
    pub text: &'a str,
}

impl Source<'_> {
    pub(super) fn mistake(&self, offset: usize, key: &str, problem: Problem) -> Box<Mistake> {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Box::new(Mistake { file: self.file.to_owned(), line, column, key: key.to_owned(), problem })
    }

    /// The file is no TOML.
    pub(super) fn syntax(&self, error: &toml::de::Error) -> Box<Mistake> {
        let offset = error.span().map_or(0, |span| span.start);
        self.mistake(offset, "", Problem::Syntax(error.message().replace('\n', ", ")))
    }
}

/// A table and its place in the file. Remembers which keys were asked for, so that `finish` finds the others.
pub(super) struct Section<'a> {
    source: Source<'a>,
    path: String,
    offset: usize,
    table: &'a DeTable<'a>,
    known: RefCell<BTreeSet<&'static str>>,
}

/// One value with its key and its place.
pub(super) struct Item<'a> {
    source: Source<'a>,
    pub key: String,
    offset: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    pub(super) fn root(source: Source<'a>, table: &'a DeTable<'a>) -> Self {
        Section { source, path: String::new(), offset: 0, table, known: RefCell::default() }
    }

    /// The value of a key that may be left out.
    pub(super) fn optional(&self, key: &'static str) -> Option<Item<'a>> {
        self.known.borrow_mut().insert(key);
        self.table.get(key).map(|value| self.item(key, value))
    }

    /// The value of a key that must be there; `example` is a whole line to copy.
    pub(super) fn required(&self, key: &'static str, example: &str) -> Result<Item<'a>> {
        self.optional(key).ok_or_else(|| {
            // A key that is not there but for a slip is told as the slip.
            let slip = self.strangers().find(|stranger| nearest(stranger.get_ref(), [key]).is_some());
            slip.map_or_else(
                || self.source.mistake(self.offset, &self.join(key), Problem::Missing { example: example.to_owned() }),
                |slip| self.unknown(slip, Some(key)),
            )
        })
    }

    /// All values of a table whose keys are names the operator gives, in the order of the file.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'a str, Item<'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries.into_iter().map(|(key, value)| {
            let name: &'a str = key.get_ref();
            let item = self.item(name, value);
            (name, Item { offset: key.span().start, ..item })
        })
    }

    /// Ends the reading: a key nobody asked for is a mistake.
    pub(super) fn finish(self) -> Result<()> {
        let Some(stranger) = self.strangers().min_by_key(|key| key.span().start) else { return Ok(()) };
        let nearest = nearest(stranger.get_ref(), self.known.borrow().iter().copied());
        Err(self.unknown(stranger, nearest))
    }

    /// A mistake about the table itself.
    pub(super) fn mistake(&self, problem: Problem) -> Box<Mistake> {
        self.source.mistake(self.offset, &self.path, problem)
    }

    /// The keys nobody has asked for yet.
    fn strangers(&self) -> impl Iterator<Item = &'a Spanned<DeString<'a>>> {
        self.table.keys().filter(|key| !self.known.borrow().contains(key.get_ref().as_ref()))
    }

    fn unknown(&self, key: &Spanned<DeString<'_>>, nearest: Option<&str>) -> Box<Mistake> {
        let problem = Problem::UnknownKey {
            nearest: nearest.map(str::to_owned),
            known: self.known.borrow().iter().map(|key| (*key).to_owned()).collect(),
        };
        self.source.mistake(key.span().start, &self.join(key.get_ref()), problem)
    }

    fn item(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Item<'a> {
        Item { source: self.source, key: self.join(key), offset: value.span().start, value: value.get_ref() }
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

impl<'a> Item<'a> {
    /// A mistake about this value.
    pub(super) fn mistake(&self, problem: Problem) -> Box<Mistake> {
        self.source.mistake(self.offset, &self.key, problem)
    }

    pub(super) fn table(&self, example: &str) -> Result<Section<'a>> {
        let table = self.value.as_table().ok_or_else(|| self.wrong_type(format!("a table: {example}")))?;
        Ok(Section {
            source: self.source,
            path: self.key.clone(),
            offset: self.offset,
            table,
            known: RefCell::default(),
        })
    }

    pub(super) fn array(&self, example: &str) -> Result<Vec<Item<'a>>> {
        let array = self.value.as_array().ok_or_else(|| self.wrong_type(format!("a list: {example}")))?;
        Ok(array
            .iter()
            .map(|value| Item {
                source: self.source,
                key: self.key.clone(),
                offset: value.span().start,
                value: value.get_ref(),
            })
            .collect())
    }

    /// A text, also an empty one.
    pub(super) fn any_text(&self) -> Result<&'a str> {
        self.value.as_str().ok_or_else(|| self.wrong_type("text in quotes".to_owned()))
    }

    /// A text that holds something.
    pub(super) fn text(&self) -> Result<&'a str> {
        let text = self.any_text()?;
        if text.trim().is_empty() {
            return Err(
                self.mistake(Problem::Malformed { found: text.to_owned(), expected: "a text that says something" })
            );
        }
        Ok(text)
    }

    /// A text that `parse` understands; `expected` says which texts those are.
    pub(super) fn parsed<T>(&self, expected: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let text = self.text()?;
        parse(text).ok_or_else(|| self.mistake(Problem::Malformed { found: text.to_owned(), expected }))
    }

    pub(super) fn boolean(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong_type("true or false".to_owned()))
    }

    pub(super) fn integer(&self, range: RangeInclusive<u64>) -> Result<u64> {
        let integer =
            self.value.as_integer().ok_or_else(|| self.wrong_type("a whole number without quotes".to_owned()))?;
        u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|number| range.contains(number)).ok_or_else(
            || {
                self.mistake(Problem::OutOfRange {
                    found: integer.as_str().to_owned(),
                    least: *range.start(),
                    most: *range.end(),
                })
            },
        )
    }

    /// One of a closed set of words.
    pub(super) fn word<T: Word>(&self) -> Result<T> {
        let words: Vec<_> = T::ALL.iter().map(|value| (value.word().to_owned(), *value)).collect();
        self.one_of(T::KIND, &words)
    }

    /// One of the words given.
    pub(super) fn one_of<T: Clone>(&self, kind: &'static str, words: &[(String, T)]) -> Result<T> {
        let text = self.text()?;
        words.iter().find(|(word, _)| word == text).map(|(_, value)| value.clone()).ok_or_else(|| {
            self.mistake(Problem::UnknownWord {
                found: text.to_owned(),
                kind,
                nearest: nearest(text, words.iter().map(|(word, _)| word.as_str())).map(str::to_owned),
                known: words.iter().map(|(word, _)| word.clone()).collect(),
            })
        })
    }

    fn wrong_type(&self, expected: String) -> Box<Mistake> {
        let found = match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.mistake(Problem::WrongType { found, expected })
    }
}
