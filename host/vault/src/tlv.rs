//! EMV data objects (EMV Book 3, Annex B: BER-TLV), as a kernel gives them and a message carries them.
//!
//! Protects against: an object that holds the card number, a track or the cardholder's name shown to a plugin.
//! Does not protect against: a kernel that puts such data into an object where nobody expects it in another form than
//! the scrubber knows.

use std::collections::BTreeMap;

use engine::contract::card::Presented;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::scrub::scrub;
use crate::secret::{SecretBytes, redacted};

/// Bytes of all objects together: a message's DE55 has at most 512, and a kernel keeps some more.
pub const MAX_CHIP_BYTES: usize = 2048;

/// Objects a plugin may see: what the messages of UnionPay A.8 carry, none of which names card or cardholder.
const SHOWN: &[u32] = &[
    0x4F, 0x5F2A, 0x5F34, 0x82, 0x84, 0x8A, 0x91, 0x95, 0x9A, 0x9B, 0x9C, 0x9F02, 0x9F03, 0x9F06, 0x9F09, 0x9F10,
    0x9F1A, 0x9F1E, 0x9F26, 0x9F27, 0x9F33, 0x9F34, 0x9F35, 0x9F36, 0x9F37, 0x9F41, 0x9F63, 0x9F66, 0x9F6C, 0x9F74,
    0xDF31,
];
/// Objects that name card or cardholder: number, tracks and their equivalents, name, discretionary data.
const SECRET: &[u32] = &[0x5A, 0x57, 0x56, 0x5F20, 0x5F24, 0x9F0B, 0x9F1F, 0x9F20, 0x9F6B];

/// Why bytes are not data objects. Holds none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TlvError {
    /// The bytes end inside a tag, a length or a value.
    #[error("chip data ends inside the object that begins at offset {0}")]
    CutShort(usize),
    /// A tag of more than three bytes, or a length of more than two.
    #[error("chip data has a tag or a length of a form this terminal does not take, at offset {0}")]
    Form(usize),
    /// More than a message ever carries.
    #[error("chip data has more than {MAX_CHIP_BYTES} bytes")]
    TooLong,
}

/// A chip's data objects by tag. Of two with one tag, the later counts.
#[derive(Clone, Default)]
pub struct EmvTags(BTreeMap<u32, Object>);

#[derive(Clone)]
struct Object {
    value: SecretBytes,
    /// The scrubber found the card in it.
    names_card: bool,
}

impl EmvTags {
    /// None at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads objects one after the other; constructed ones are not opened. Zero bytes between objects are passed over
    /// (EMV Book 3, Annex B1).
    ///
    /// # Errors
    /// See [`TlvError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TlvError> {
        if bytes.len() > MAX_CHIP_BYTES {
            return Err(TlvError::TooLong);
        }
        let mut tags = Self::new();
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            if *first == 0 {
                rest = rest.get(1..).unwrap_or(&[]);
                continue;
            }
            let offset = bytes.len() - rest.len();
            let (tag, after) = read_tag(rest, offset)?;
            let (length, after) = read_length(after, offset)?;
            let (value, after) = after.split_at_checked(length).ok_or(TlvError::CutShort(offset))?;
            tags.set(tag, value)?;
            rest = after;
        }
        Ok(tags)
    }

    /// Puts one object in the place of the one of the same tag.
    ///
    /// # Errors
    /// It is no tag, or the value is longer than all objects together may be.
    pub fn set(&mut self, tag: u32, value: &[u8]) -> Result<(), TlvError> {
        let bytes = tag.to_be_bytes();
        let written = bytes.get(bytes.iter().take_while(|byte| **byte == 0).count()..).unwrap_or(&[]);
        if !matches!(read_tag(written, 0), Ok((read, [])) if read == tag) {
            return Err(TlvError::Form(0));
        }
        if value.len() > MAX_CHIP_BYTES {
            return Err(TlvError::TooLong);
        }
        let object = Object { value: SecretBytes::copy_of(value), names_card: false };
        self.0.insert(tag, object);
        Ok(())
    }

    /// The tags there are, in rising order.
    pub fn tags(&self) -> Vec<u32> {
        self.0.keys().copied().collect()
    }

    /// The value of an object that names neither card nor cardholder.
    pub fn open(&self, tag: u32) -> Option<&[u8]> {
        if self.is_secret(tag) { None } else { self.0.get(&tag).map(|object| object.value.reveal()) }
    }

    /// Takes over another's objects, which replace those of the same tag.
    pub(crate) fn update(&mut self, newer: EmvTags) {
        self.0.extend(newer.0);
    }

    /// Marks the objects in which the scrubber finds this card.
    pub(crate) fn look_for(&mut self, card: &Presented) {
        for object in self.0.values_mut() {
            object.names_card = !scrub(object.value.reveal(), &[card]).mask.is_clear();
        }
    }

    /// What a plugin may know.
    pub(crate) fn shown(&self) -> Vec<(u32, Vec<u8>)> {
        let shown = self.0.iter().filter(|(tag, object)| SHOWN.contains(tag) && !object.names_card);
        shown.map(|(tag, object)| (*tag, object.value.reveal().to_vec())).collect()
    }

    /// Whether a plugin may know the object, or would if there were one.
    pub(crate) fn is_shown(&self, tag: u32) -> bool {
        SHOWN.contains(&tag) && !self.is_secret(tag)
    }

    /// Whether no object of this tag is ever kept.
    pub(crate) fn is_never_kept(tag: u32) -> bool {
        SECRET.contains(&tag)
    }

    /// Whether the object names card or cardholder.
    pub(crate) fn is_secret(&self, tag: u32) -> bool {
        SECRET.contains(&tag) || self.0.get(&tag).is_some_and(|object| object.names_card)
    }

    /// These objects only, as far as they are there and name no card.
    pub(crate) fn kept(&self, tags: &[u32]) -> Self {
        let tags = tags.iter().filter(|tag| !self.is_secret(**tag));
        let kept = tags.filter_map(|tag| self.0.get(tag).map(|object| (*tag, object.clone())));
        Self(kept.collect())
    }

    /// These objects in this order as BER-TLV; absent ones are left out.
    pub(crate) fn write(&self, tags: &[u32]) -> Zeroizing<Vec<u8>> {
        let present = || tags.iter().filter_map(|tag| self.0.get(tag).map(|object| (*tag, &object.value)));
        // Room at once: a vector that grows leaves a copy of its bytes behind.
        let room = present().map(|(_, value)| value.len() + 7).sum();
        let mut written = Zeroizing::new(Vec::with_capacity(room));
        for (tag, value) in present() {
            written.extend(tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
            match value.len() {
                short @ 0..=0x7F => written.push(short as u8),
                middle @ 0x80..=0xFF => written.extend([0x81, middle as u8]),
                long => {
                    written.push(0x82);
                    written.extend((long as u16).to_be_bytes());
                }
            }
            written.extend_from_slice(value.reveal());
        }
        written
    }

    /// All of them as BER-TLV.
    pub(crate) fn write_all(&self) -> Zeroizing<Vec<u8>> {
        self.write(&self.tags())
    }
}

redacted!(EmvTags);

/// A tag is one byte, or two or three where the first ends in five ones.
fn read_tag(bytes: &[u8], offset: usize) -> Result<(u32, &[u8]), TlvError> {
    let (&first, mut rest) = bytes.split_first().ok_or(TlvError::CutShort(offset))?;
    let mut tag = u32::from(first);
    if first & 0x1F == 0x1F {
        for place in 1..=2 {
            let (&next, after) = rest.split_first().ok_or(TlvError::CutShort(offset))?;
            tag = tag << 8 | u32::from(next);
            rest = after;
            if next & 0x80 == 0 {
                return Ok((tag, rest));
            }
            if place == 2 {
                return Err(TlvError::Form(offset));
            }
        }
    }
    Ok((tag, rest))
}

fn read_length(bytes: &[u8], offset: usize) -> Result<(usize, &[u8]), TlvError> {
    match bytes {
        [short @ 0..=0x7F, rest @ ..] => Ok((usize::from(*short), rest)),
        [0x81, length, rest @ ..] => Ok((usize::from(*length), rest)),
        [0x82, high, low, rest @ ..] => Ok((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        [] | [0x81] | [0x82] | [0x82, _] => Err(TlvError::CutShort(offset)),
        _ => Err(TlvError::Form(offset)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::typed_card;

    #[test]
    fn objects_are_written_in_the_order_asked_for() {
        let tags = EmvTags::parse(&hex::decode("9f3602000195050000000000009f2701808200").unwrap()).unwrap();
        assert_eq!(tags.tags(), [0x82, 0x95, 0x9F27, 0x9F36]);
        assert_eq!(hex::encode(&*tags.write(&[0x95, 0x9F37, 0x9F36])), "950500000000009f36020001");
        assert_eq!(hex::encode(&*tags.write_all()), "8200950500000000009f2701809f36020001");
    }

    #[test]
    fn what_is_damaged_is_named_by_its_offset() {
        for (hex_text, error) in [
            ("9f", TlvError::CutShort(0)),
            ("8200 95", TlvError::CutShort(2)),
            ("9505 0000", TlvError::CutShort(0)),
            ("9581", TlvError::CutShort(0)),
            ("9580", TlvError::Form(0)),
            ("958300000100", TlvError::Form(0)),
            ("9fffff0100", TlvError::Form(0)),
        ] {
            let bytes = hex::decode(hex_text.replace(' ', "")).unwrap();
            assert_eq!(EmvTags::parse(&bytes).map(drop), Err(error), "{hex_text}");
        }
        assert_eq!(EmvTags::parse(&[0; MAX_CHIP_BYTES + 1]).map(drop), Err(TlvError::TooLong));
    }

    #[test]
    fn what_would_not_be_read_again_is_not_taken() {
        let mut tags = EmvTags::new();
        for no_tag in [0, 0x9F, 0x1F, 0x5A00, 0x9F_FFFF, 0x0100_0000] {
            assert_eq!(tags.set(no_tag, &[1]), Err(TlvError::Form(0)), "{no_tag:X}");
        }
        assert_eq!(tags.set(0x95, &[0; MAX_CHIP_BYTES + 1]), Err(TlvError::TooLong));
        assert_eq!((tags.set(0xDF31, &[1]), tags.set(0x9F8101, &[])), (Ok(()), Ok(())));
    }

    #[test]
    fn an_object_with_the_card_number_in_it_is_not_shown() {
        let mut tags =
            EmvTags::parse(&hex::decode("5a0862000001234567879f100862000001234567879f36020001").unwrap()).unwrap();
        tags.look_for(&typed_card("6200000123456787").presented());
        assert_eq!(tags.shown(), [(0x9F36, vec![0, 1])]);
        assert!(tags.is_secret(0x5A) && tags.is_secret(0x9F10) && !tags.is_secret(0x9F36));
    }

    proptest! {
        #[test]
        fn any_bytes_are_objects_or_an_error_and_objects_come_back(bytes: Vec<u8>) {
            if let Ok(tags) = EmvTags::parse(&bytes) {
                let written = tags.write_all();
                let again = EmvTags::parse(&written).unwrap();
                prop_assert_eq!(&*again.write_all(), &*written);
            }
        }
    }
}
