//! The rules of a script: when which answer is given.

use std::collections::BTreeMap;
use std::time::Duration;

use iso8583::{Decoded, Format};
use serde::Deserialize;
use toml::Spanned;

use super::desk::ANSWERED;
pub(crate) use super::script::message_type;
use super::script::{Seal, known};
use crate::mistake::{Mistake, Source};

/// The longest an answer is put off: a scenario waits for it.
const AFTER_MS_MAX: u32 = 60_000;

/// One `[[rule]]`, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RuleText {
    when: WhenText,
    #[serde(rename = "do")]
    deed: Spanned<DeedWord>,
    /// Message type of the answer.
    answer: Option<Spanned<String>>,
    /// Fields that come back as they were sent.
    #[serde(default)]
    copy: Vec<u8>,
    /// Fields of the answer, by number.
    #[serde(default)]
    set: BTreeMap<String, String>,
    /// How long the answer is put off.
    #[serde(default)]
    after_ms: u32,
    /// What is booked when the request is taken.
    #[serde(default)]
    book: Booking,
    /// Of an HTTP answer.
    status: Option<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WhenText {
    #[serde(rename = "type")]
    kind: Spanned<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    present: Vec<u8>,
    #[serde(default)]
    absent: Vec<u8>,
    nth: Option<u32>,
    booked: Option<bool>,
}

/// What is done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DeedWord {
    Answer,
    BadMac,
    Cut,
    Duplicate,
    Hold,
    Garbage,
    Silence,
    Close,
}

/// What a request does to the acquirer's books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Booking {
    /// Nothing.
    #[default]
    Nothing,
    /// The shop gets the amount.
    Charge,
    /// The shop gives the amount.
    Refund,
    /// What the identity names is undone.
    Reverse,
}

/// One rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    when: When,
    pub(super) deed: Deed,
    pub(super) after: Duration,
    pub(super) book: Booking,
}

#[derive(Clone, Debug)]
struct When {
    kind: u16,
    fields: Vec<(u8, String)>,
    present: Vec<u8>,
    absent: Vec<u8>,
    nth: Option<u32>,
    booked: Option<bool>,
}

/// What is done about a request.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// It is answered.
    Answer(Answer, Manner),
    /// Bytes come back that are no message.
    Garbage,
    /// Nothing comes back; the connection stays open.
    Silence,
    /// The connection is closed.
    Close,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub kind: u16,
    pub copy: Vec<u8>,
    pub set: Vec<(u8, String)>,
    /// Of an HTTP answer.
    pub status: u16,
}

/// How an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// As it should be.
    Whole,
    /// The last bit of its MAC is another.
    BadMac,
    /// The first half of it, then the connection is closed.
    Cut,
    /// Twice.
    Twice,
    /// When the scenario says so.
    Held,
}

impl Rule {
    pub(super) fn read(
        text: &Spanned<RuleText>,
        format: &Format,
        seal: Option<&Seal>,
        speaks_http: bool,
        source: &Source<'_>,
    ) -> Result<Self, Mistake> {
        let (span, RuleText { when, deed, answer, copy, set, after_ms, book, status }) = (text.span(), text.get_ref());
        let wrong = |what: String| source.mistake(span.clone(), what);
        if *after_ms > AFTER_MS_MAX {
            return Err(wrong(format!("after-ms is at most {AFTER_MS_MAX}")));
        }
        if status.is_some_and(|status| !speaks_http || !(200..=599).contains(&status)) {
            return Err(wrong("a status is 200 to 599, of an answer over HTTP".to_owned()));
        }
        let when = When::read(when, format, source, &wrong)?;
        let manner = match deed.get_ref() {
            DeedWord::Answer => Some(Manner::Whole),
            DeedWord::BadMac => Some(Manner::BadMac),
            DeedWord::Cut => Some(Manner::Cut),
            DeedWord::Duplicate => Some(Manner::Twice),
            DeedWord::Hold => Some(Manner::Held),
            DeedWord::Garbage | DeedWord::Silence | DeedWord::Close => None,
        };
        let deed = match (manner, answer) {
            (Some(manner), Some(kind)) => {
                let kind_read = message_type(kind, source)?;
                known(copy, format).map_err(&wrong)?;
                let set = numbered(set, format).map_err(&wrong)?;
                if manner == Manner::BadMac && !seal.is_some_and(|seal| seal.types.contains(&kind_read)) {
                    return Err(source.mistake(kind.span(), "bad-mac needs a [mac] whose types name this answer"));
                }
                Deed::Answer(
                    Answer { kind: kind_read, copy: copy.clone(), set, status: status.unwrap_or(ANSWERED) },
                    manner,
                )
            }
            (Some(_), None) => {
                return Err(source.mistake(deed.span(), "this needs `answer`, such as answer = \"0210\""));
            }
            (None, Some(kind)) => return Err(source.mistake(kind.span(), "there is no answer here; take `answer` out")),
            (None, None) if !copy.is_empty() || !set.is_empty() || status.is_some() => {
                return Err(wrong("there is no answer here; take `copy`, `set` and `status` out".to_owned()));
            }
            (None, None) => match deed.get_ref() {
                DeedWord::Garbage => Deed::Garbage,
                DeedWord::Close => Deed::Close,
                _ => Deed::Silence,
            },
        };
        Ok(Rule { when, deed, after: Duration::from_millis((*after_ms).into()), book: *book })
    }

    /// Whether the request is of the kind this rule is about, whatever its number.
    pub(super) fn concerns(&self, request: &Decoded<'_>, is_booked: bool) -> bool {
        let When { kind, fields, present, absent, booked, .. } = &self.when;
        request.message_type() == *kind
            && fields.iter().all(|(number, text)| request.get(*number).is_some_and(|value| value.is(text)))
            && present.iter().all(|number| request.get(*number).is_some())
            && absent.iter().all(|number| request.get(*number).is_none())
            && booked.is_none_or(|booked| booked == is_booked)
    }

    /// Whether it is about the n-th such request, counted from 1.
    pub(super) fn is_for(&self, nth: u32) -> bool {
        self.when.nth.is_none_or(|wanted| wanted == nth)
    }
}

impl When {
    fn read(
        text: &WhenText,
        format: &Format,
        source: &Source<'_>,
        wrong: &dyn Fn(String) -> Mistake,
    ) -> Result<Self, Mistake> {
        let WhenText { kind, fields, present, absent, nth, booked } = text;
        known(present.iter().chain(absent), format).map_err(wrong)?;
        if *nth == Some(0) {
            return Err(wrong("nth counts from 1".to_owned()));
        }
        Ok(When {
            kind: message_type(kind, source)?,
            fields: numbered(fields, format).map_err(wrong)?,
            present: present.clone(),
            absent: absent.clone(),
            nth: *nth,
            booked: *booked,
        })
    }
}

/// Field numbers as TOML has them: keys.
fn numbered(fields: &BTreeMap<String, String>, format: &Format) -> Result<Vec<(u8, String)>, String> {
    let read = |(number, text): (&String, &String)| {
        let number = number.parse().map_err(|_| format!("{number:?} is no field number; write 39 = \"00\""))?;
        known([&number], format)?;
        Ok((number, text.clone()))
    };
    fields.iter().map(read).collect()
}
