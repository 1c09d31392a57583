//! An acquirer's profile: how it deploys a protocol, as far as that is public, and what it must supply itself.
//!
//! A profile is a file beside a plugin. It gives a value only with the source of it; all else is a blank with the
//! question to put to the acquirer. A terminal that takes over a profile fills the blanks in its own configuration, and
//! does not trade while one is left.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use engine::contract::types::Name;
use toml::de::DeTable;

use super::error::{ConfigurationError, Mistake, Problem};
use super::section::{Item, Section, Source};

type Result<T> = std::result::Result<T, Box<Mistake>>;

/// How one acquirer deploys a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquirerProfile {
    /// Where it was read.
    pub file: PathBuf,
    /// The acquirer, in its own words.
    pub acquirer: String,
    /// What is public of its interface, in a sentence or two.
    pub public: String,
    /// What the acquirer must supply that is no parameter of the plugin (its address, its root certificate, its key),
    /// and the question for each.
    pub supplies: BTreeMap<String, String>,
    /// The plugin's parameters, by name.
    pub parameters: BTreeMap<Name, Known>,
}

/// What a profile says of one parameter.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// Public.
    Value {
        /// What it is.
        value: String,
        /// Who says so.
        source: String,
    },
    /// Only the acquirer can say.
    Blank(Question),
}

/// What to ask an acquirer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// What others of its family answer; it never stands for the acquirer's own answer.
    pub usual: Option<String>,
}

/// The blanks that are left of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blanks {
    /// The acquirer they are to be asked of.
    pub acquirer: String,
    /// Each parameter and the question, by name.
    pub left: Vec<(Name, Question)>,
}

impl AcquirerProfile {
    /// Reads a profile, and the one it extends.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or something in it is wrong: see [`Problem`].
    pub fn load(file: &Path) -> std::result::Result<Self, ConfigurationError> {
        let read = |file: &Path| {
            std::fs::read_to_string(file)
                .map_err(|source| ConfigurationError::Unreadable { file: file.to_owned(), source })
        };
        let (profile, extends) = parse(file, &read(file)?).map_err(ConfigurationError::Wrong)?;
        let Some(base) = extends else { return Ok(profile) };
        let (base, further) = parse(&base, &read(&base)?).map_err(ConfigurationError::Wrong)?;
        match further {
            None => Ok(profile.over(base)),
            Some(_) => Err(ConfigurationError::Wrong(Box::new(Mistake {
                file: base.file,
                line: 1,
                column: 1,
                key: "extends".to_owned(),
                problem: Problem::Refused(
                    "a profile that is extended extends no other; put it all into one of the two".to_owned(),
                ),
            }))),
        }
    }

    /// The parameters of a terminal: its own, before those of the profile.
    ///
    /// # Errors
    ///
    /// [`Blanks`] that the terminal's own do not fill.
    pub fn filled(&self, own: &[(Name, String)]) -> std::result::Result<Vec<(Name, String)>, Blanks> {
        let mut parameters = own.to_vec();
        let mut left = Vec::new();
        for (name, known) in self.parameters.iter().filter(|(name, _)| !own.iter().any(|(own, _)| own == *name)) {
            match known {
                Known::Value { value, .. } => parameters.push((name.clone(), value.clone())),
                Known::Blank(question) => left.push((name.clone(), question.clone())),
            }
        }
        if left.is_empty() { Ok(parameters) } else { Err(Blanks { acquirer: self.acquirer.clone(), left }) }
    }

    fn over(self, base: AcquirerProfile) -> Self {
        let mut parameters = base.parameters;
        parameters.extend(self.parameters);
        let mut supplies = base.supplies;
        supplies.extend(self.supplies);
        AcquirerProfile { parameters, supplies, ..self }
    }
}

impl fmt::Display for Blanks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Blanks { acquirer, left } = self;
        write!(f, "{acquirer} has not said {}; ask it, and add to [acquirer.parameters]:", left.len())?;
        for (name, question) in left {
            write!(f, "\n    {name} = \"...\"   # {question}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.usual {
            Some(usual) => write!(f, "{} Often \"{usual}\".", self.ask),
            None => f.write_str(&self.ask),
        }
    }
}

/// The profile of one file, and the file it extends.
fn parse(file: &Path, text: &str) -> Result<(AcquirerProfile, Option<PathBuf>)> {
    let source = Source { file, text };
    let document = DeTable::parse(text).map_err(|error| source.syntax(&error))?;
    let root = Section::root(source, document.get_ref());
    let acquirer = root.required("acquirer", "acquirer = \"Example Bank\"")?.text()?.to_owned();
    let public = root.required("public", "public = \"what is known of its interface, and who says so\"")?;
    let public = public.text()?.trim().to_owned();
    let folder = file.parent().unwrap_or(Path::new(""));
    let extends = root.optional("extends").map(|item| item.text().map(|name| folder.join(name))).transpose()?;
    let supplies = match root.optional("supplies") {
        Some(item) => {
            let section = item.table("[supplies]")?;
            section.named().map(|(name, item)| Ok((name.to_owned(), item.text()?.to_owned()))).collect::<Result<_>>()?
        }
        None => BTreeMap::new(),
    };
    let parameters = match root.optional("parameters") {
        Some(item) => {
            let section = item.table("[parameters]")?;
            section.named().map(|(name, item)| Ok((name.to_owned(), known(&item)?))).collect::<Result<_>>()?
        }
        None => BTreeMap::new(),
    };
    root.finish()?;
    Ok((AcquirerProfile { file: file.to_owned(), acquirer, public, supplies, parameters }, extends))
}

/// `{ value = "156", source = "..." }`, or `{ ask = "...", usual = "..." }`.
fn known(item: &Item<'_>) -> Result<Known> {
    let section = item.table("{ value = \"156\", source = \"who says so\" }, or { ask = \"the question\" }")?;
    let known = match section.optional("ask") {
        Some(ask) => {
            let usual = section.optional("usual").map(|item| item.any_text().map(str::to_owned)).transpose()?;
            Known::Blank(Question { ask: ask.text()?.to_owned(), usual })
        }
        None => {
            let value = section.required("value", "value = \"156\", or ask = \"the question to the acquirer\"")?;
            let source = section.required("source", "source = \"who says so\": a value without one is a guess")?;
            Known::Value { value: value.any_text()?.to_owned(), source: source.text()?.to_owned() }
        }
    };
    section.finish()?;
    Ok(known)
}

#[cfg(test)]
mod tests;
