//! Ceremonies: a key in components, each entered apart by its own custodian, today and tomorrow.
//!
//! Protects against: one person who learns a whole key; a component mistyped (its check value is shown); one entered
//! twice, or by one person for two; components lying about in clear between two custodians (they are sealed as the key
//! file is).
//! Does not protect against: custodians who show their components to each other, or whoever watches them type.

use std::path::PathBuf;

use engine::contract::acquirer::KeyUse;
use engine::contract::types::Name;
use thiserror::Error;
use zeroize::Zeroizing;

use super::clear::{ClearKey, ClearKeyError};
use super::file::{KeyFile, KeyFileError};
use super::grant::SlotError;
use super::ring::{KeyRing, TransportKeyError};
use crate::crypto::check_value::{self, MIN_CHECK_VALUE_BYTES};
use crate::crypto::key::Key;
use crate::secret::redacted;

/// Fewest components: with one, one person has the key.
pub const MIN_COMPONENTS: u8 = 2;
/// Most components; card schemes ask for two or three.
pub const MAX_COMPONENTS: u8 = 8;
/// Most bytes of a custodian's name: what one part of the file holds.
pub const MAX_CUSTODIAN_BYTES: usize = 64;
/// Opens the file; authenticated with what follows. The last byte is the version of the format.
const MAGIC: &[u8; 8] = b"ACQCER\0\x01";
/// Begins a ceremony in the file; a component of it.
const BEGUN: u8 = 0;
const ENTERED: u8 = 1;
/// What is left of a ceremony whose key was loaded: who entered a component, and when.
const LOADED: u8 = 2;

/// Why a ceremony does not go on. Holds nothing of a component.
#[derive(Debug, Error)]
pub enum CeremonyError {
    /// Nobody began.
    #[error("no ceremony is under way for slot {slot}: begin one with `acquit keys ceremony begin`")]
    None {
        /// Which slot.
        slot: Name,
    },
    /// Somebody began before.
    #[error(
        "a ceremony is under way for slot {slot}: go on with it, or abandon it with `acquit keys ceremony abandon`"
    )]
    UnderWay {
        /// Which slot.
        slot: Name,
    },
    /// A number of components that makes no sense.
    #[error("a key comes in {MIN_COMPONENTS} to {MAX_COMPONENTS} components")]
    Count,
    /// Components do not make such a key.
    #[error("the key of slot {slot} does not come in components: it is half of a key pair")]
    OfPair {
        /// Which slot.
        slot: Name,
    },
    /// Not a component.
    #[error("this is no component: {0}")]
    Component(ClearKeyError),
    /// The slot takes no key so long.
    #[error(
        "the component has {bytes} bytes; slot {slot} takes no such key, or the components before it have another length"
    )]
    Length {
        /// Which slot.
        slot: Name,
        /// How long the component is.
        bytes: usize,
    },
    /// Typed wrongly.
    #[error("the component does not give the check value entered with it; enter both again")]
    CheckValue,
    /// It would cancel the other out.
    #[error("this component was entered before")]
    Again,
    /// One person, two components.
    #[error("{by} has entered a component of this key already; another custodian enters the next one")]
    SamePerson {
        /// Who.
        by: String,
    },
    /// Nobody, or a name too long.
    #[error("say who enters the component, in at most {MAX_CUSTODIAN_BYTES} bytes, without control characters")]
    Nobody,
    /// Anybody has it.
    #[error("this component is published ({printed}); the custodian needs one of their own")]
    Published {
        /// Where it is printed.
        printed: &'static str,
    },
    /// All are there.
    #[error("every component is entered: finish the ceremony with `acquit keys ceremony finish`")]
    Complete,
    /// Some are missing.
    #[error("{entered} of {wanted} components are entered; the key is loaded when all are")]
    Incomplete {
        /// How many are there.
        entered: usize,
        /// How many there must be.
        wanted: u8,
    },
    /// No such slot.
    #[error(transparent)]
    Slot(#[from] SlotError),
    /// The key they make is not taken; the components stay.
    #[error(transparent)]
    Key(#[from] TransportKeyError),
    /// Not kept.
    #[error(transparent)]
    Storage(#[from] KeyFileError),
}

/// A ceremony under way, as far as anybody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whose slot.
    pub plugin: Name,
    /// Which.
    pub slot: Name,
    /// How many components there will be.
    pub wanted: u8,
    /// Those that are there.
    pub entered: Vec<Entered>,
}

/// A component that was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// By whom, as they said.
    pub by: String,
    /// When: seconds since 1970 by the terminal's clock.
    pub at: u64,
    /// The first three bytes of its check value.
    pub check_value: [u8; MIN_CHECK_VALUE_BYTES],
}

/// All that are under way, and what is known of those whose key was loaded.
#[derive(Default)]
pub(crate) struct Ceremonies(Vec<Ceremony>);

struct Ceremony {
    shown: Progress,
    /// None any more once the key is loaded.
    components: Vec<Zeroizing<Vec<u8>>>,
    /// The check value of the key, once it is loaded.
    made: Option<[u8; MIN_CHECK_VALUE_BYTES]>,
}

redacted!(Ceremony);

impl Ceremonies {
    pub(crate) fn progress(&self) -> Vec<Progress> {
        self.0.iter().filter(|ceremony| ceremony.made.is_none()).map(|ceremony| ceremony.shown.clone()).collect()
    }

    /// Who entered the components of the key in a slot, if it is the one with this check value.
    pub(crate) fn custodians(&self, at: (&str, &str), check_value: [u8; MIN_CHECK_VALUE_BYTES]) -> Vec<Entered> {
        let found = self.0.iter().find(|ceremony| ceremony.is_for(at) && ceremony.made == Some(check_value));
        found.map(|ceremony| ceremony.shown.entered.clone()).unwrap_or_default()
    }

    /// Begins one for a slot of this ring.
    pub(crate) fn begin(&mut self, ring: &KeyRing, at: (&str, &str), wanted: u8) -> Result<(), CeremonyError> {
        let (plugin, slot) = (at.0.to_owned(), at.1.to_owned());
        let grant = ring.grant(&plugin, &slot)?;
        if matches!(grant.key_use, KeyUse::Sign(_) | KeyUse::Verify(_)) {
            return Err(CeremonyError::OfPair { slot });
        }
        if !(MIN_COMPONENTS..=MAX_COMPONENTS).contains(&wanted) {
            return Err(CeremonyError::Count);
        }
        if self.find(at).is_some() {
            return Err(CeremonyError::UnderWay { slot });
        }
        let shown = Progress { plugin, slot, wanted, entered: Vec::new() };
        self.0.push(Ceremony { shown, components: Vec::new(), made: None });
        Ok(())
    }

    /// Takes one component, in hexadecimal. `expected` is what its custodian has written down for it, or nothing.
    pub(crate) fn enter(
        &mut self,
        ring: &KeyRing,
        at: (&str, &str),
        (by, when): (&str, u64),
        (component, expected): (&str, &[u8]),
    ) -> Result<Entered, CeremonyError> {
        let slot = || at.1.to_owned();
        let grant = ring.grant(at.0, at.1)?;
        let ceremony = self.find(at).ok_or_else(|| CeremonyError::None { slot: slot() })?;
        let by = by.trim();
        if by.is_empty() || by.len() > MAX_CUSTODIAN_BYTES || by.chars().any(char::is_control) {
            return Err(CeremonyError::Nobody);
        }
        if ceremony.is_complete() {
            return Err(CeremonyError::Complete);
        }
        if ceremony.shown.entered.iter().any(|entered| entered.by == by) {
            return Err(CeremonyError::SamePerson { by: by.to_owned() });
        }
        let ClearKey(bytes) = ClearKey::from_hex(component).map_err(CeremonyError::Component)?;
        let length = bytes.len();
        let wrong_length = || CeremonyError::Length { slot: slot(), bytes: length };
        if ceremony.components.first().is_some_and(|first| first.len() != length) {
            return Err(wrong_length());
        }
        let key = grant.key_of(bytes.clone()).ok_or_else(wrong_length)?;
        ceremony.check(ring, &key, expected)?;
        let check_value = check_value::whole(&key).first_chunk().copied().unwrap_or_default();
        let entered = Entered { by: by.to_owned(), at: when, check_value };
        ceremony.shown.entered.push(entered.clone());
        ceremony.components.push(bytes);
        Ok(entered)
    }

    /// The key they make, when all are there.
    pub(crate) fn combined(&mut self, at: (&str, &str)) -> Result<ClearKey, CeremonyError> {
        let ceremony = self.find(at).ok_or_else(|| CeremonyError::None { slot: at.1.to_owned() })?;
        if !ceremony.is_complete() {
            let (entered, wanted) = (ceremony.components.len(), ceremony.shown.wanted);
            return Err(CeremonyError::Incomplete { entered, wanted });
        }
        ClearKey::of_components(&ceremony.components).map_err(CeremonyError::Component)
    }

    /// Forgets the components of one.
    pub(crate) fn abandon(&mut self, at: (&str, &str)) -> Result<(), CeremonyError> {
        let before = self.0.len();
        self.0.retain(|ceremony| !ceremony.is_for(at) || ceremony.made.is_some());
        if self.0.len() < before { Ok(()) } else { Err(CeremonyError::None { slot: at.1.to_owned() }) }
    }

    /// Forgets the components of one whose key was loaded, and what was known of the key before it.
    pub(crate) fn end(&mut self, at: (&str, &str), made: [u8; MIN_CHECK_VALUE_BYTES]) {
        self.0.retain(|ceremony| !ceremony.is_for(at) || ceremony.made.is_none());
        if let Some(ceremony) = self.find(at) {
            ceremony.components.clear();
            ceremony.made = Some(made);
        }
    }

    fn find(&mut self, at: (&str, &str)) -> Option<&mut Ceremony> {
        self.0.iter_mut().find(|ceremony| ceremony.is_for(at) && ceremony.made.is_none())
    }
}

impl Ceremony {
    fn is_for(&self, (plugin, slot): (&str, &str)) -> bool {
        self.shown.plugin == plugin && self.shown.slot == slot
    }

    fn is_complete(&self) -> bool {
        self.components.len() >= usize::from(self.shown.wanted)
    }

    /// No component is known to others, there already, or other than its custodian wrote down. The parity of DES is not
    /// looked at: two components of odd parity make a key of even parity, and a check value finds more.
    fn check(&self, ring: &KeyRing, key: &Key, expected: &[u8]) -> Result<(), CeremonyError> {
        if !expected.is_empty() && !check_value::fits(key, expected) {
            return Err(CeremonyError::CheckValue);
        }
        let like = |bytes: &Zeroizing<Vec<u8>>| {
            Key::new(key.algorithm(), bytes.clone()).is_some_and(|other| other.is_like(key))
        };
        if self.components.iter().any(like) {
            return Err(CeremonyError::Again);
        }
        ring.refused_as_printed(key).map_or(Ok(()), |printed| Err(CeremonyError::Published { printed }))
    }
}

impl KeyFile {
    /// What was begun and not ended. No file: nothing.
    pub(crate) fn ceremonies(&self) -> Result<Ceremonies, KeyFileError> {
        let path = self.ceremonies_path();
        match self.unsealed(&path, MAGIC) {
            Err(KeyFileError::Missing { .. }) => Ok(Ceremonies::default()),
            Err(error) => Err(error),
            Ok(bytes) => parsed(&bytes).ok_or(KeyFileError::Damaged { path }),
        }
    }

    /// Keeps them, sealed.
    pub(crate) fn keep_ceremonies(&self, Ceremonies(all): &Ceremonies) -> Result<(), KeyFileError> {
        // One ceremony has at most nine entries of five parts, each behind its length.
        let room = all.len() * 9 * 5 * 256 + 16;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        for Ceremony { shown, components, made } in all {
            let (kind, check_value) = made.as_ref().map_or((BEGUN, &[][..]), |made| (LOADED, made));
            let (plugin, slot) = (shown.plugin.as_bytes(), shown.slot.as_bytes());
            write([&[kind], plugin, slot, &[shown.wanted], check_value], &mut bytes);
            for (place, entered) in shown.entered.iter().enumerate() {
                let component = components.get(place).map_or(&[][..], |component| component);
                let at = entered.at.to_be_bytes();
                write([&[ENTERED], entered.by.as_bytes(), &at, component, &entered.check_value], &mut bytes);
            }
        }
        self.sealed(&self.ceremonies_path(), MAGIC, bytes)
    }

    fn ceremonies_path(&self) -> PathBuf {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".ceremonies");
        path.into()
    }
}

/// Each behind one byte of length; none is longer than that.
fn write(parts: [&[u8]; 5], into: &mut Vec<u8>) {
    for part in parts {
        into.extend(u8::try_from(part.len()));
        into.extend_from_slice(part);
    }
}

fn parsed(mut bytes: &[u8]) -> Option<Ceremonies> {
    let text = |part: &[u8]| String::from_utf8(part.to_vec()).ok();
    let mut all = Vec::<Ceremony>::new();
    while !bytes.is_empty() {
        let [kind, one, two, three, four] = [(); 5].map(|()| {
            let length = usize::from(*bytes.split_off_first()?);
            bytes.split_off(..length)
        });
        match kind? {
            [BEGUN | LOADED] => {
                let (plugin, slot, wanted) = (text(one?)?, text(two?)?, *three?.first()?);
                let shown = Progress { plugin, slot, wanted, entered: Vec::new() };
                let four = four?;
                let made = if four.is_empty() { None } else { Some(four.try_into().ok()?) };
                all.push(Ceremony { shown, components: Vec::new(), made });
            }
            [ENTERED] => {
                let ceremony = all.last_mut()?;
                let (at, check_value) = (u64::from_be_bytes(two?.try_into().ok()?), four?.try_into().ok()?);
                ceremony.shown.entered.push(Entered { by: text(one?)?, at, check_value });
                if ceremony.made.is_none() {
                    ceremony.components.push(Zeroizing::new(three?.to_vec()));
                }
            }
            _ => return None,
        }
    }
    Some(Ceremonies(all))
}

#[cfg(test)]
#[path = "ceremony_tests.rs"]
mod tests;
