mod built_in;

use std::fmt;
use std::path::{Path, PathBuf};

use engine::contract::card::Entry;
use toml::{Table, Value};
use vault::{CardDataError, CardSession, EmvTags, Expiry, Pan, Pin, ScannedCode, Track};
use zeroize::Zeroizing;

use super::chip::{Chip, LastWord};
use crate::stripe::{StripeError, track_two};

pub use built_in::BUILT_IN_CARDS;

/// A virtual card and its holder: what the reader finds on it, and what its holder does.
///
/// Its secrets are held in vault types. The file they come from is in clear on a disk, which is why only test numbers
/// are taken.
#[derive(Clone)]
pub struct CardProfile {
    /// For people.
    pub label: String,
    /// What goes wrong when it is presented.
    pub fault: Option<CardFault>,
    medium: Medium,
    pin: Option<Entered>,
}

/// What there is to be read.
#[derive(Clone)]
enum Medium {
    Stripe(Track),
    Chip(Chip),
    Code(ScannedCode),
    Typed(Pan, Expiry),
}

/// What goes wrong with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardFault {
    /// Every swipe fails; of a chip, every try, while its stripe can be read.
    Unreadable,
    /// The holder takes it away while it is read.
    Removed,
    /// The holder enters another PIN than the card's.
    WrongPin,
    /// The holder gives up in the middle of the PIN.
    CancelledAtPin,
    /// The holder presses enter without a PIN.
    NoPin,
}

/// Why there is no such card. The fault is the operator's. Never holds what is on the card.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Neither a built-in card nor a file.
    #[error("there is no card called \"{name}\"; there are {}, or name a .toml file", built_in_names())]
    Unknown {
        /// As it was asked for.
        name: String,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Something in the profile is wrong.
    #[error("{card}: {problem}")]
    Wrong {
        /// The card's name or file.
        card: String,
        /// What is wrong.
        problem: ProfileProblem,
    },
}

/// What is wrong in a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileProblem {
    /// Not TOML; what stands there may be a card number, so only the line is told.
    #[error("line {0} is not TOML")]
    Syntax(usize),
    /// A key is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A key has no text.
    #[error("{0} must be text in quotes")]
    NotText(&'static str),
    /// A key that means nothing here.
    #[error("{0} is no key of a card; there are {keys}", keys = KEYS.join(", "))]
    UnknownKey(String),
    /// A word that is none of those known.
    #[error("{key} must be one of {known}")]
    UnknownWord {
        /// Where it stands.
        key: &'static str,
        /// Which words there are.
        known: &'static str,
    },
    /// The number typed, the date or the code is none.
    #[error("card.{key}: {error}")]
    CardData {
        /// Which key.
        key: &'static str,
        /// What is wrong with it.
        error: CardDataError,
    },
    /// The track gives no card.
    #[error("card.track-two: {0}")]
    Stripe(#[from] StripeError),
    /// The PIN is none.
    #[error("card.pin: {0}")]
    Pin(#[from] CardDataError),
    /// The card number is not a published or made-up test number.
    #[error("card holds a card number that is no known test number; never put a real card in a file")]
    NotATestCard,
}

/// Card numbers that payment companies publish for tests and issue to nobody.
const PUBLISHED_TEST_NUMBERS: &[&str] = &[
    "3056930009020004",
    "3566002020360505",
    "36227206271667",
    "371449635398431",
    "378282246310005",
    "4000056655665556",
    "4111111111111111",
    "4242424242424242",
    "4506445006931933",
    "5105105105105100",
    "5200828282828210",
    "5555555555554444",
    "6011111111111117",
    "6200000000000005",
];
/// Beginnings of numbers made up for tests: around the published 6200000000000005, and 999999.
const MADE_UP_BEGINNINGS: &[&str] = &["6200000", "999999"];

/// What the holder types at the PIN pad.
#[derive(Clone)]
struct Entered {
    right: Pin,
    wrong: Pin,
    keys: u8,
}

impl CardProfile {
    /// The card of this name among those built in, or in this file if the name ends in `.toml`.
    ///
    /// # Errors
    ///
    /// There is none, or something in it is wrong.
    pub fn find(name: &str) -> Result<Self, ProfileError> {
        let wrong = |problem| ProfileError::Wrong { card: name.to_owned(), problem };
        if let Some((_, text)) = BUILT_IN_CARDS.iter().find(|(built_in, _)| *built_in == name) {
            return Self::parse(text).map_err(wrong);
        }
        let file = Path::new(name);
        if file.extension().is_none_or(|extension| extension != "toml") {
            return Err(ProfileError::Unknown { name: name.to_owned() });
        }
        let text = std::fs::read_to_string(file)
            .map(Zeroizing::new)
            .map_err(|source| ProfileError::Unreadable { file: file.to_owned(), source })?;
        Self::parse(&text).map_err(wrong)
    }

    /// Reads a profile.
    ///
    /// # Errors
    ///
    /// Something in it is wrong.
    pub fn parse(text: &str) -> Result<Self, ProfileProblem> {
        let document: Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            ProfileProblem::Syntax(before.matches('\n').count() + 1)
        })?;
        if let Some(key) = document.keys().find(|key| *key != "card") {
            return Err(ProfileProblem::UnknownKey(key.clone()));
        }
        let card = document.get("card").and_then(Value::as_table).ok_or(ProfileProblem::Missing("[card]"))?;
        if let Some(key) = card.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(ProfileProblem::UnknownKey(format!("card.{key}")));
        }
        Ok(CardProfile {
            label: required(card, "label", "card.label")?.to_owned(),
            fault: optional(card, "fault", "card.fault")?.map(fault).transpose()?,
            medium: Medium::parse(card)?,
            pin: optional(card, "pin", "card.pin")?.map(Entered::parse).transpose()?,
        })
    }

    /// How it is read.
    pub(super) fn entry(&self) -> Entry {
        match &self.medium {
            Medium::Stripe(_) => Entry::Stripe,
            Medium::Chip(chip) if chip.contactless => Entry::ContactlessChip,
            Medium::Chip(_) => Entry::ContactChip,
            Medium::Code(_) => Entry::CodeScan,
            Medium::Typed(..) => Entry::Manual,
        }
    }

    /// The chip, where it has one that is used.
    pub(super) fn chip(&self) -> Option<&Chip> {
        match &self.medium {
            Medium::Chip(chip) => Some(chip),
            _ => None,
        }
    }

    /// The same card held out with its stripe, after its chip could not be read; none where it is no inserted chip.
    pub(super) fn turned(self) -> Option<Self> {
        match self.medium {
            Medium::Chip(chip) if !chip.contactless => {
                Some(CardProfile { fault: None, medium: Medium::Stripe(chip.track_two), ..self })
            }
            _ => None,
        }
    }

    /// Whether its holder is asked for a PIN at all: not for a code, and not for a number that was typed.
    pub(super) fn asks_for_pin(&self) -> bool {
        matches!(self.medium, Medium::Stripe(_) | Medium::Chip(_))
    }

    /// What reading it gives; `tags` are the kernel's where it is a chip.
    pub(super) fn read(&self, tags: EmvTags) -> Result<CardSession, CardDataError> {
        match &self.medium {
            Medium::Stripe(track) => CardSession::from_stripe(None, track.clone(), None),
            Medium::Chip(chip) => chip.session(tags),
            Medium::Code(code) => Ok(CardSession::from_code(code.clone())),
            Medium::Typed(pan, expiry) => Ok(CardSession::typed(pan.clone(), expiry.clone(), None)),
        }
    }

    /// What the holder types, and with how many keys; none where the holder has no PIN or gives none.
    pub(super) fn typed_pin(&self) -> Option<(Pin, u8)> {
        let entered = self.pin.as_ref()?;
        match self.fault {
            Some(CardFault::NoPin) => None,
            Some(CardFault::WrongPin) => Some((entered.wrong.clone(), entered.keys)),
            _ => Some((entered.right.clone(), entered.keys)),
        }
    }
}

impl Medium {
    fn parse(card: &Table) -> Result<Self, ProfileProblem> {
        let data = |key| move |error| ProfileProblem::CardData { key, error };
        match required(card, "entry", "card.entry")? {
            "stripe" => Ok(Medium::Stripe(test_track(required(card, "track-two", "card.track-two")?)?)),
            "chip" => Chip::parse(card, false).map(Medium::Chip),
            "contactless" => Chip::parse(card, true).map(Medium::Chip),
            "code" => {
                let code = ScannedCode::parse(required(card, "code", "card.code")?);
                code.map(Medium::Code).map_err(data("code"))
            }
            "typed" => {
                let number = required(card, "number", "card.number")?;
                let expiry = Expiry::parse(required(card, "expiry", "card.expiry")?).map_err(data("expiry"))?;
                Ok(Medium::Typed(Pan::parse(test_number(number)?).map_err(data("number"))?, expiry))
            }
            _ => {
                Err(ProfileProblem::UnknownWord { key: "card.entry", known: "stripe, chip, contactless, code, typed" })
            }
        }
    }
}

impl Chip {
    fn parse(card: &Table, contactless: bool) -> Result<Self, ProfileProblem> {
        let data = |key| move |error| ProfileProblem::CardData { key, error };
        let text = required(card, "track-two", "card.track-two")?;
        let track_two = test_track(text)?;
        // `test_track` has seen a separator, and a date behind it.
        let (number, rest) = text.trim_start_matches(';').split_once(['=', 'D', 'd']).ok_or(StripeError::Separator)?;
        let expiry = rest.get(..4).ok_or(StripeError::TooShort)?;
        Ok(Chip {
            contactless,
            pan: Pan::parse(number).map_err(data("track-two"))?,
            expiry: Expiry::parse(expiry).map_err(data("track-two"))?,
            track_two,
            has_pin: card.contains_key("pin"),
            last_word: match optional(card, "last-word", "card.last-word")?.unwrap_or("approves") {
                "approves" => LastWord::Approves,
                "refuses" => LastWord::Refuses,
                "gone" => LastWord::Gone,
                _ => {
                    return Err(ProfileProblem::UnknownWord {
                        key: "card.last-word",
                        known: "approves, refuses, gone",
                    });
                }
            },
            scripts_fail: yes(card, "scripts-fail", "card.scripts-fail")?,
            approves_offline: yes(card, "approves-offline", "card.approves-offline")?,
        })
    }
}

impl fmt::Debug for CardProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardProfile").field("label", &self.label).field("fault", &self.fault).finish_non_exhaustive()
    }
}

impl Entered {
    fn parse(text: &str) -> Result<Self, ProfileProblem> {
        // Each digit one higher, so that no digit is right.
        let wrong: Zeroizing<String> = Zeroizing::new(
            text.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit((d + 1) % 10, 10)).collect(),
        );
        let right = Pin::parse(text)?;
        // A PIN has at most twelve digits.
        Ok(Entered { right, wrong: Pin::parse(&wrong)?, keys: u8::try_from(text.len()).unwrap_or(u8::MAX) })
    }
}

const KEYS: [&str; 11] = [
    "label",
    "entry",
    "track-two",
    "pin",
    "fault",
    "code",
    "number",
    "expiry",
    "last-word",
    "scripts-fail",
    "approves-offline",
];

fn yes(card: &Table, key: &str, whole_key: &'static str) -> Result<bool, ProfileProblem> {
    match optional(card, key, whole_key)? {
        None | Some("no") => Ok(false),
        Some("yes") => Ok(true),
        Some(_) => Err(ProfileProblem::UnknownWord { key: whole_key, known: "yes, no" }),
    }
}

fn optional<'a>(card: &'a Table, key: &str, whole_key: &'static str) -> Result<Option<&'a str>, ProfileProblem> {
    card.get(key).map(|value| value.as_str().ok_or(ProfileProblem::NotText(whole_key))).transpose()
}

fn required<'a>(card: &'a Table, key: &str, whole_key: &'static str) -> Result<&'a str, ProfileProblem> {
    optional(card, key, whole_key)?.ok_or(ProfileProblem::Missing(whole_key))
}

fn fault(word: &str) -> Result<CardFault, ProfileProblem> {
    match word {
        "unreadable" => Ok(CardFault::Unreadable),
        "removed" => Ok(CardFault::Removed),
        "wrong-pin" => Ok(CardFault::WrongPin),
        "cancelled-at-pin" => Ok(CardFault::CancelledAtPin),
        "no-pin" => Ok(CardFault::NoPin),
        _ => Err(ProfileProblem::UnknownWord {
            key: "card.fault",
            known: "unreadable, removed, wrong-pin, cancelled-at-pin, no-pin",
        }),
    }
}

fn test_track(text: &str) -> Result<Track, ProfileProblem> {
    let track = track_two(text)?;
    CardSession::from_stripe(None, track.clone(), None).map_err(StripeError::from)?;
    let number = text.trim_start_matches(';').split(['=', 'D', 'd']).next().unwrap_or_default();
    test_number(number).map(|_| track)
}

fn test_number(number: &str) -> Result<&str, ProfileProblem> {
    let made_up = MADE_UP_BEGINNINGS.iter().any(|beginning| number.starts_with(beginning));
    if made_up || PUBLISHED_TEST_NUMBERS.contains(&number) { Ok(number) } else { Err(ProfileProblem::NotATestCard) }
}

fn built_in_names() -> String {
    BUILT_IN_CARDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
