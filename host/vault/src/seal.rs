//! Sealing: what a standby message needs of the card, encrypted, so that the journal can keep it.
//!
//! Protects against: a journal or a backup read without the key store; a sealed card changed, or moved to another
//! transaction (the transaction is authenticated with it).
//! Does not protect against: whoever has both the key file and its key-encryption key, see `keys/file.rs`.

use std::fmt;

use engine::contract::acquirer::Standby;
use engine::contract::template::{Message, Node, Secret};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::card::{CardSession, Expiry, Pan, UnsealedCard};
use crate::keys::file::{STORAGE_KEY_BYTES, random};
use crate::tlv::{EmvTags, MAX_CHIP_BYTES};

/// Version, nonce, then ciphertext and tag. Version 2 holds a chip's objects behind number and expiry.
const VERSION: u8 = 2;
/// Number and expiry only; opened for ever.
const WITHOUT_CHIP: u8 = 1;
/// Authenticated before the context, so that no other use of the storage key gives the same bytes.
const PURPOSE: &[u8] = b"acquit sealed card\0";

/// A card's secrets, sealed: safe to store, of use to nobody without the key store that made it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedCard(Vec<u8>);

impl From<SealedCard> for Vec<u8> {
    /// As the journal stores it.
    fn from(sealed: SealedCard) -> Self {
        sealed.0
    }
}

impl From<Vec<u8>> for SealedCard {
    /// As the journal stored it; anything else does not unseal.
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SealedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[sealed, {} bytes]", self.0.len())
    }
}

/// Why a card was not sealed or unsealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// Only card number and expiry may be kept.
    #[error("{0:?} is never kept, not even sealed")]
    NeverKept(Secret),
    /// The card does not have it.
    #[error("the card has no {0:?} to seal")]
    CardLacks(Secret),
    /// A chip's object that names card or cardholder.
    #[error("chip object {0:X} names card or cardholder and is never kept, not even sealed")]
    TagNeverKept(u32),
    /// It would not open again.
    #[error("terminal: the card's chip gave more data than is ever kept")]
    TooMuchChipData,
    /// Changed, cut short, of another transaction, or of another key store.
    #[error("storage: a sealed card is damaged, of another transaction, or of another key store")]
    Damaged,
    /// Written by a later version.
    #[error("storage: a sealed card has format {0}, which this version does not know; do not go back a version")]
    Version(u8),
    /// No random numbers.
    #[error("terminal: the system gives no random numbers")]
    NoRandomness,
}

/// A standby message that could not be sent later.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StandbyError {
    /// A track, a card code or a scanned code.
    #[error("plugin: node {node} of the standby message needs {secret:?}, which is never kept")]
    NeverKept {
        /// Which node.
        node: usize,
        /// What it asks for.
        secret: Secret,
    },
    /// A PIN block.
    #[error("plugin: node {node} of the standby message is a PIN block, and a PIN is never kept")]
    Pin {
        /// Which node.
        node: usize,
    },
    /// The card of an item, of which a standby message has none.
    #[error("plugin: node {node} of the standby message asks for the card of an item; only an upload has items")]
    OfItem {
        /// Which node.
        node: usize,
    },
}

/// What is to be sealed of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// Card number, expiry, both or neither.
    pub secrets: Vec<Secret>,
    /// A chip's objects, as far as it has them.
    pub tags: Vec<u32>,
}

impl Needed {
    /// Number, expiry where there is one, and these objects.
    pub(crate) fn all_of(card: &CardSession, tags: &[u32]) -> Self {
        let secrets = [Secret::Pan, Secret::Expiry].into_iter().filter(|secret| card.secret(*secret).is_some());
        let tags = tags.iter().filter(|tag| !EmvTags::is_never_kept(**tag));
        Self { secrets: secrets.collect(), tags: tags.copied().collect() }
    }

    /// Also these objects, which later messages about the transaction may need.
    #[must_use]
    pub fn with_tags(mut self, tags: &[u32]) -> Self {
        self.tags.extend(tags);
        self
    }
}

/// Where what is sealed comes from: a card as it was presented, or what was sealed of one before.
pub(crate) trait Sealable {
    /// The secret in clear, where there is one.
    fn clear(&self, secret: Secret) -> Option<&[u8]>;
    /// The chip's objects.
    fn chip(&self) -> &EmvTags;
}

impl Sealable for CardSession {
    fn clear(&self, secret: Secret) -> Option<&[u8]> {
        self.secret(secret)
    }

    fn chip(&self) -> &EmvTags {
        self.tags()
    }
}

impl Sealable for UnsealedCard {
    fn clear(&self, secret: Secret) -> Option<&[u8]> {
        self.secret(secret)
    }

    fn chip(&self) -> &EmvTags {
        &self.tags
    }
}

/// What must be sealed for this standby message, its repetition included.
pub fn secrets_needed(standby: &Standby) -> Result<Needed, StandbyError> {
    let mut needed = Needed::default();
    for message in [Some(&standby.message), standby.again.as_ref()].into_iter().flatten() {
        add_needed(message, &mut needed)?;
    }
    Ok(needed)
}

fn add_needed(message: &Message, needed: &mut Needed) -> Result<(), StandbyError> {
    for (place, node) in message.nodes.iter().enumerate() {
        match node {
            Node::Secret(hole) if hole.of_item.is_some() => {
                return Err(StandbyError::OfItem { node: place });
            }
            Node::Secret(hole) => match hole.secret {
                Secret::Pan | Secret::Expiry if needed.secrets.contains(&hole.secret) => {}
                Secret::Pan | Secret::Expiry => needed.secrets.push(hole.secret),
                secret => return Err(StandbyError::NeverKept { node: place, secret }),
            },
            Node::Track(hole) => return Err(StandbyError::NeverKept { node: place, secret: hole.track }),
            Node::PinBlock(_) => return Err(StandbyError::Pin { node: place }),
            Node::ChipData(hole) if hole.of_item.is_some() => return Err(StandbyError::OfItem { node: place }),
            Node::ChipData(hole) => {
                let new = hole.tags.iter().filter(|tag| !needed.tags.contains(tag)).copied().collect::<Vec<_>>();
                needed.tags.extend(new);
            }
            _ => {}
        }
    }
    Ok(())
}

/// See [`crate::Vault::seal`].
pub(crate) fn seal(
    key: &[u8; STORAGE_KEY_BYTES],
    card: &impl Sealable,
    needed: &Needed,
    context: &[u8],
) -> Result<SealedCard, SealError> {
    let mut pan: &[u8] = &[];
    let mut expiry: &[u8] = &[];
    for secret in &needed.secrets {
        let clear = card.clear(*secret).ok_or(SealError::CardLacks(*secret));
        match secret {
            Secret::Pan => pan = clear?,
            Secret::Expiry => expiry = clear?,
            other => return Err(SealError::NeverKept(*other)),
        }
    }
    if let Some(tag) = needed.tags.iter().find(|tag| EmvTags::is_never_kept(**tag)) {
        return Err(SealError::TagNeverKept(*tag));
    }
    let chip = card.chip().kept(&needed.tags).write_all();
    if chip.len() > MAX_CHIP_BYTES {
        return Err(SealError::TooMuchChipData);
    }
    // Room for the tag as well: a vector that grows leaves a copy of its bytes behind.
    let room = 2 + pan.len() + expiry.len() + chip.len() + CHACHA20_POLY1305.tag_len();
    let mut sealed = Zeroizing::new(Vec::with_capacity(room));
    for part in [pan, expiry] {
        sealed.push(u8::try_from(part.len()).map_err(|_| SealError::Damaged)?);
        sealed.extend_from_slice(part);
    }
    sealed.extend_from_slice(&chip);
    let nonce = random::<NONCE_LEN>().map_err(|_| SealError::NoRandomness)?;
    aead(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), associated(VERSION, context), &mut *sealed)
        .map_err(|_| SealError::Damaged)?;
    Ok(SealedCard([&[VERSION], nonce.as_slice(), &sealed].concat()))
}

/// See [`crate::Vault::unseal`].
pub(crate) fn unseal(
    key: &[u8; STORAGE_KEY_BYTES],
    card: &SealedCard,
    context: &[u8],
) -> Result<UnsealedCard, SealError> {
    let (version, rest) = card.0.split_first().ok_or(SealError::Damaged)?;
    if !matches!(*version, VERSION | WITHOUT_CHIP) {
        return Err(SealError::Version(*version));
    }
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Damaged)?;
    let mut sealed = Zeroizing::new(sealed.to_vec());
    let clear = aead(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), associated(*version, context), &mut sealed)
        .map_err(|_| SealError::Damaged)?;
    parse(*version, clear).ok_or(SealError::Damaged)
}

fn parse(version: u8, mut clear: &[u8]) -> Option<UnsealedCard> {
    let [pan, expiry] = [(); 2].map(|()| {
        let length = usize::from(*clear.split_off_first()?);
        std::str::from_utf8(clear.split_off(..length)?).ok()
    });
    let (pan, expiry) = (pan?, expiry?);
    let pan = if pan.is_empty() { None } else { Some(Pan::parse(pan).ok()?) };
    let expiry = if expiry.is_empty() { None } else { Some(Expiry::parse(expiry).ok()?) };
    if version == WITHOUT_CHIP && !clear.is_empty() {
        return None;
    }
    Some(UnsealedCard { pan, expiry, tags: EmvTags::parse(clear).ok()? })
}

fn aead(key: &[u8; STORAGE_KEY_BYTES]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&CHACHA20_POLY1305, key).map(LessSafeKey::new).map_err(|_| SealError::Damaged)
}

fn associated(version: u8, context: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([PURPOSE, &[version], context].concat())
}

#[cfg(test)]
mod tests {
    use engine::contract::template::{ChipDataHole, Encoding, SecretHole, TrackHole, TrackProtection};

    use super::*;
    use crate::card::ChipData;

    const KEY: [u8; STORAGE_KEY_BYTES] = [7; STORAGE_KEY_BYTES];

    fn card() -> CardSession {
        CardSession::typed(Pan::parse("6200000123456787").unwrap(), Expiry::parse("3012").unwrap(), None)
    }

    fn secrets(secrets: &[Secret]) -> Needed {
        Needed { secrets: secrets.to_vec(), tags: Vec::new() }
    }

    fn chip(tags: &str) -> CardSession {
        CardSession::from_chip(ChipData {
            contactless: false,
            pan: Pan::parse("6200000123456787").unwrap(),
            expiry: Some(Expiry::parse("3012").unwrap()),
            track_two: None,
            sequence_number: Some(1),
            tags: EmvTags::parse(&hex::decode(tags).unwrap()).unwrap(),
        })
        .unwrap()
    }

    #[test]
    fn a_chips_objects_are_sealed_again_as_they_stand_and_never_what_names_the_card() {
        let mut card = chip("9f360200019f100401020304950500000000005a086200000123456787");
        let needed = secrets(&[Secret::Pan]).with_tags(&[0x95, 0x9F36, 0xDF31]);
        let first = unseal(&KEY, &seal(&KEY, &card, &needed, b"T1").unwrap(), b"T1").unwrap();
        assert_eq!(hex::encode(&*first.tags.write_all()), "950500000000009f36020001");
        card.update_chip(EmvTags::parse(&hex::decode("9505000000f000df31050100000000").unwrap()).unwrap());
        let later = seal(&KEY, &card, &needed, b"T1").unwrap();
        let later = unseal(&KEY, &later, b"T1").unwrap();
        assert_eq!(hex::encode(&*later.tags.write_all()), "9505000000f0009f36020001df31050100000000");
        // A void of it has a reversal of its own, sealed to the void.
        let void = seal(&KEY, &later, &needed, b"V1").unwrap();
        assert_eq!(unseal(&KEY, &void, b"V1").unwrap().secret(Secret::Pan), Some(&b"6200000123456787"[..]));
        // An object that repeats the number is left out, and spoils nothing: the acquirer may have approved already.
        card.update_chip(EmvTags::parse(&hex::decode("9f10086200000123456787").unwrap()).unwrap());
        let sealed = seal(&KEY, &card, &secrets(&[]).with_tags(&[0x9F10, 0x9F36]), b"T1").unwrap();
        let kept = unseal(&KEY, &sealed, b"T1").unwrap();
        assert_eq!(hex::encode(&*kept.tags.write_all()), "9f36020001");
        let number = secrets(&[]).with_tags(&[0x5A]);
        assert_eq!(seal(&KEY, &card, &number, b"T1"), Err(SealError::TagNeverKept(0x5A)));
    }

    /// Sealed by the version that knew no chips; a debt of that day must still be paid.
    #[test]
    fn what_the_first_version_sealed_still_opens() {
        let clear = b"\x106200000123456787\x043012";
        let nonce = [9; NONCE_LEN];
        let mut sealed = clear.to_vec();
        aead(&KEY)
            .unwrap()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated(WITHOUT_CHIP, b"T1"), &mut sealed)
            .unwrap();
        let sealed = SealedCard([&[WITHOUT_CHIP], nonce.as_slice(), &sealed].concat());
        let card = unseal(&KEY, &sealed, b"T1").unwrap();
        assert_eq!(card.secret(Secret::Expiry), Some(&b"3012"[..]));
        let mut renamed = sealed.clone();
        renamed.0[0] = VERSION;
        assert_eq!(unseal(&KEY, &renamed, b"T1").map(drop), Err(SealError::Damaged));
    }

    #[test]
    fn what_is_sealed_comes_back_for_its_transaction_only() {
        let sealed = seal(&KEY, &card(), &secrets(&[Secret::Pan, Secret::Expiry]), b"T1").unwrap();
        let card = unseal(&KEY, &sealed, b"T1").unwrap();
        assert_eq!(card.secret(Secret::Pan), Some(&b"6200000123456787"[..]));
        assert_eq!(card.secret(Secret::Expiry), Some(&b"3012"[..]));
        assert_eq!(card.secret(Secret::TrackTwo), None);
        assert_eq!(unseal(&KEY, &sealed, b"T2").map(drop), Err(SealError::Damaged));
        assert_eq!(unseal(&[8; STORAGE_KEY_BYTES], &sealed, b"T1").map(drop), Err(SealError::Damaged));
        assert!(!format!("{sealed:?}").contains("3012"));
    }

    #[test]
    fn only_what_is_needed_is_sealed() {
        let sealed = seal(&KEY, &card(), &secrets(&[Secret::Expiry]), b"T1").unwrap();
        assert_eq!(unseal(&KEY, &sealed, b"T1").unwrap().secret(Secret::Pan), None);
        for secret in [Secret::TrackTwo, Secret::CardCode, Secret::ScannedCode] {
            assert_eq!(seal(&KEY, &card(), &secrets(&[secret]), b"T1"), Err(SealError::NeverKept(secret)));
        }
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let sealed = seal(&KEY, &card(), &secrets(&[Secret::Pan]), b"T1").unwrap();
        for place in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[place] ^= 0x40;
            assert!(unseal(&KEY, &changed, b"T1").is_err(), "byte {place}");
            let cut = SealedCard(sealed.0[..place].to_vec());
            assert!(unseal(&KEY, &cut, b"T1").is_err(), "cut at {place}");
        }
    }

    #[test]
    fn standby_messages_may_need_number_and_expiry_only() {
        let hole = |secret| Node::Secret(SecretHole { secret, encoding: Encoding::Ascii, of_item: None });
        let standby = |nodes: Vec<Node>, again: Option<Vec<Node>>| Standby {
            route: "host".into(),
            message: Message { nodes, whole: 0, http: None },
            again: again.map(|nodes| Message { nodes, whole: 0, http: None }),
            timeout: 1000,
            answers: Vec::new(),
        };
        let needed = |nodes, again| secrets_needed(&standby(nodes, again));
        assert_eq!(needed(vec![Node::Literal(vec![])], None), Ok(secrets(&[])));
        assert_eq!(
            needed(vec![hole(Secret::Pan), hole(Secret::Pan)], Some(vec![hole(Secret::Expiry)])),
            Ok(secrets(&[Secret::Pan, Secret::Expiry]))
        );
        let secret = Secret::TrackTwo;
        assert_eq!(
            needed(vec![hole(Secret::Pan)], Some(vec![hole(secret)])),
            Err(StandbyError::NeverKept { node: 0, secret })
        );
        let chip = |of_item| Node::ChipData(ChipDataHole { tags: vec![0x95, 0x9F36, 0x95], of_item });
        assert_eq!(needed(vec![chip(None)], None).map(|needed| needed.tags.len()), Ok(3));
        assert_eq!(needed(vec![chip(Some(0))], None), Err(StandbyError::OfItem { node: 0 }));
        let track = TrackHole { track: secret, protection: TrackProtection::PaddedF, key: "tdk".into() };
        assert_eq!(needed(vec![Node::Track(track)], None), Err(StandbyError::NeverKept { node: 0, secret }));
        assert_eq!(needed(vec![Node::PinBlock("pik".into())], None), Err(StandbyError::Pin { node: 0 }));
        let secret = Secret::CardCode;
        assert_eq!(needed(vec![hole(secret)], None), Err(StandbyError::NeverKept { node: 0, secret }));
    }
}
