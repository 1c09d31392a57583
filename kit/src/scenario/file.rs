//! A scenario file: what the cashier does, what happens to the terminal, and what must then be true.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::mistake::{Mistake, Source};
use crate::scripted::Script;
use crate::scripted::rule::{Rule, RuleText, message_type};

/// A scenario, read and checked.
pub struct Scenario {
    /// What it shows, in a sentence.
    pub title: String,
    /// Parameters of the plugin, over those of the script.
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) rules: Vec<Rule>,
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

/// One step, and how a failure names it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub name: String,
    pub does: Does,
    pub expect: Expect,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(super) enum Does {
    /// Gives the terminal an order, and waits for its end.
    Order(Vec<String>),
    /// Gives it one and goes on.
    Begin(Vec<String>),
    /// Waits for the end of the one that was begun.
    Finish,
    /// Pulls the plug.
    Cut,
    /// Starts the terminal, its clock so many days ahead.
    Start(u32),
    /// Waits until the acquirer has taken so many messages of a type.
    Received(u16, usize),
    /// Waits until the terminal owes so much.
    Owed(u64),
    /// Lets the answers go that the acquirer holds.
    Release,
}

/// What must be true of an order's end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Expect {
    /// The exit code.
    pub exit: Option<i32>,
    /// `approved`, `declined`, `unknown`, `not-sent`, `failed`, `done`.
    pub outcome: Option<String>,
    /// The acquirer's code.
    pub code: Option<String>,
    /// The reason of a decline.
    pub reason: Option<String>,
    /// `yes`, `no`, `perhaps`, `taken-back` and so on.
    pub charged: Option<String>,
    /// Each stands in a row of the receipt.
    #[serde(default)]
    pub receipt: Vec<String>,
}

/// What must be true at the end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct End {
    /// How many debts are left.
    #[serde(default)]
    pub owed: u64,
    /// What the shop gets, minor units.
    pub total_minor: Option<i64>,
    /// How many payments the acquirer booked, undone ones too.
    pub booked: Option<usize>,
    /// How many of them were undone.
    pub undone: Option<usize>,
    /// Messages that were exchanged.
    #[serde(default, rename = "message")]
    pub messages: Vec<Wanted>,
}

/// Messages that must have been exchanged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Wanted {
    /// Who sent them.
    pub from: From,
    /// How the plugin names their fields, and what stands there.
    pub fields: BTreeMap<String, String>,
    /// How many there are; at least one where nothing is said.
    pub times: Option<usize>,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum From {
    Terminal,
    Acquirer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ScenarioText {
    title: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default, rename = "rule")]
    rules: Vec<Spanned<RuleText>>,
    #[serde(rename = "step")]
    steps: Vec<Spanned<StepText>>,
    #[serde(default)]
    end: End,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StepText {
    order: Option<Spanned<String>>,
    begin: Option<Spanned<String>>,
    finish: Option<Spanned<bool>>,
    power: Option<Spanned<Power>>,
    days_later: Option<Spanned<u32>>,
    received: Option<Spanned<String>>,
    times: Option<Spanned<usize>>,
    owed: Option<u64>,
    release: Option<Spanned<bool>>,
    expect: Option<Spanned<Expect>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Power {
    Cut,
    On,
}

impl Scenario {
    /// Reads a scenario for the acquirer of this script.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong; with line and column.
    pub fn load(file: &Path, script: &Script) -> Result<Self, Mistake> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Source { file, text: "" }.whole(format!("cannot be read: {error}")))?;
        Self::parse(file, &text, script)
    }

    /// Reads the text of a scenario. `file` is where it stands, for mistakes.
    ///
    /// # Errors
    /// Something in it is wrong.
    pub fn parse(file: &Path, text: &str, script: &Script) -> Result<Self, Mistake> {
        let source = Source { file, text };
        let read: ScenarioText = source.parse()?;
        let steps = read.steps.into_iter().enumerate().map(|(index, step)| step_of(index + 1, step, &source));
        Ok(Scenario {
            title: read.title,
            parameters: read.parameters,
            rules: script.rules_of(&read.rules, &source)?,
            steps: steps.collect::<Result<_, _>>()?,
            end: read.end,
        })
    }
}

fn step_of(number: usize, step: Spanned<StepText>, source: &Source<'_>) -> Result<Step, Mistake> {
    let span = step.span();
    let StepText { order, begin, finish, power, days_later, received, times, owed, release, expect } =
        step.into_inner();
    if let Some(times) = times.as_ref().filter(|_| received.is_none()) {
        return Err(source.mistake(times.span(), "`times` stands beside `received`"));
    }
    if let Some(days) = days_later.as_ref().filter(|_| !matches!(power.as_ref().map(Spanned::get_ref), Some(Power::On)))
    {
        return Err(source.mistake(days.span(), "`days-later` stands beside power = \"on\""));
    }
    let mut found: Vec<(Does, String)> = Vec::new();
    if let Some(text) = order {
        found.push((Does::Order(words(&text, source)?), text.into_inner()));
    }
    if let Some(text) = begin {
        found.push((Does::Begin(words(&text, source)?), format!("begin {}", text.get_ref())));
    }
    if is_said(finish, "finish", source)? {
        found.push((Does::Finish, "finish".to_owned()));
    }
    match power.map(Spanned::into_inner) {
        Some(Power::Cut) => found.push((Does::Cut, "power cut".to_owned())),
        Some(Power::On) => {
            found.push((Does::Start(days_later.map_or(0, Spanned::into_inner)), "power on".to_owned()));
        }
        None => {}
    }
    if let Some(kind) = received {
        let times = times.map_or(1, Spanned::into_inner);
        found.push((Does::Received(message_type(&kind, source)?, times), format!("received {}", kind.get_ref())));
    }
    if let Some(owed) = owed {
        found.push((Does::Owed(owed), format!("owed {owed}")));
    }
    if is_said(release, "release", source)? {
        found.push((Does::Release, "release".to_owned()));
    }
    let [(does, name)] = <[_; 1]>::try_from(found).map_err(|found: Vec<_>| {
        let right = "a step does one thing: order, begin, finish, power, received, owed or release";
        source.mistake(span, format!("{right}; this one does {}", found.len()))
    })?;
    if let Some(expect) = expect.as_ref().filter(|_| !matches!(does, Does::Order(_) | Does::Finish)) {
        return Err(source.mistake(expect.span(), "`expect` stands beside `order` or `finish`"));
    }
    let expect = expect.map(Spanned::into_inner).unwrap_or_default();
    Ok(Step { name: format!("step {number}: {name}"), does, expect })
}

fn is_said(flag: Option<Spanned<bool>>, name: &str, source: &Source<'_>) -> Result<bool, Mistake> {
    match flag {
        None => Ok(false),
        Some(flag) if *flag.get_ref() => Ok(true),
        Some(flag) => Err(source.mistake(flag.span(), format!("write {name} = true, or leave it out"))),
    }
}

/// The words of a command line; quotes keep blanks together.
fn words(text: &Spanned<String>, source: &Source<'_>) -> Result<Vec<String>, Mistake> {
    /// What a scenario itself decides.
    const OURS: [&str; 2] = ["--config", "--json"];
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    for letter in text.get_ref().chars() {
        match (letter, quote) {
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, Some(open)) if letter == open => quote = None,
            (letter, None) if letter.is_whitespace() => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    let wrong = match (quote, words.iter().find(|word| OURS.contains(&word.as_str()))) {
        (Some(_), _) => Some("a quote is not closed".to_owned()),
        (None, Some(ours)) => Some(format!("a scenario says {ours} itself; leave it out")),
        _ if words.is_empty() => Some("write an order as on the command line, such as \"sale 12.34\"".to_owned()),
        _ => None,
    };
    wrong.map_or(Ok(words), |what| Err(source.mistake(text.span(), what)))
}
