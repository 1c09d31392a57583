//! Proofs: what must be true of a reply's raw bytes before anything in a step counts.
//!
//! Protects against: a reply forged or changed on its way; a plugin that takes another message's answer for its own, or
//! believes one without looking; proofs over nothing.
//! Does not protect against: a plugin that mislabels its echoes (the label is its word), or that guesses scrubbed
//! digits inside a seal: a wrong guess is a failed proof, and the engine suspends a plugin after a few of them.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use engine::contract::acquirer::{Claim, Echo, Echoed, Proof, Reply, Seal, SealAlgorithm};
use engine::contract::card::Presented;
use engine::contract::template::{Extent, NodeId};
use engine::contract::types::Name;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::crypto::dukpt::Purpose;
use crate::crypto::{base64, mac, signature};
use crate::keys::SlotError;
use crate::keys::ring::KeyRing;
use crate::render::{Holds, Pass, RenderError, Rendered, Scope};
use crate::scrub::{self, Mask};
use crate::secret::REDACTED;

/// Proofs of one step: an echo of each kind and a seal or two.
pub const MAX_PROOFS: usize = 16;

/// A reply as it came, card data and all. Only [`RawReply::scrub`] makes something of it that a plugin may see.
#[derive(Clone, PartialEq, Eq)]
pub struct RawReply {
    status: u16,
    headers: Vec<(String, String)>,
    body: zeroize::Zeroizing<Vec<u8>>,
}

impl RawReply {
    /// `status` is 0 and there are no headers where the route does not speak HTTP.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body: body.into() }
    }

    /// What the plugin may see, and which bytes of the body were card data.
    pub fn scrub(&self, cards: &[&Presented]) -> (Reply, Mask) {
        let scrubbed = scrub::scrub(&self.body, cards);
        let headers = scrub::scrub_headers(&self.headers, cards);
        (Reply { status: self.status, headers, body: scrubbed.bytes }, scrubbed.mask)
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The value of the header, if it is there exactly once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value.as_str())
    }
}

impl fmt::Debug for RawReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// A reply that is not proven. Holds no bytes of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofFailure {
    /// More proofs than a step may have.
    #[error("plugin: a step has at most {MAX_PROOFS} proofs, this one {0}")]
    TooMany(usize),
    /// The MAC does not fit: the message was changed, or the keys differ.
    #[error("acquirer: the seal under key {key} does not fit the reply")]
    BadSeal {
        /// The slot it was checked with.
        key: Name,
    },
    /// It could not be checked.
    #[error("the seal under key {key} cannot be checked: {why}")]
    SealUnusable {
        /// The slot it names.
        key: Name,
        /// Why.
        why: SealFault,
    },
    /// The reply answers something else.
    #[error("acquirer: the reply does not repeat the {what:?} that was sent")]
    BadEcho {
        /// The plugin's label.
        what: Echoed,
    },
    /// It could not be compared.
    #[error("the echo of the {what:?} cannot be compared: {why}")]
    EchoUnusable {
        /// The plugin's label.
        what: Echoed,
        /// Why.
        why: EchoFault,
    },
}

impl ProofFailure {
    /// A seal was there and wrong: a reversal says so (UnionPay A0). Everything else is no proven answer.
    pub fn is_bad_mac(&self) -> bool {
        matches!(self, Self::BadSeal { .. })
    }
}

/// Why a seal cannot be checked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealFault {
    /// What it covers cannot be put together.
    #[error(transparent)]
    Over(#[from] RenderError),
    /// It covers no byte of the reply.
    #[error("plugin: it covers no byte of the reply, so it proves nothing of it")]
    CoversNothing,
    /// The reply claims nothing where the seal looks.
    #[error("the reply has no seal there, or one that is no hex or base64")]
    NoClaim,
    /// The slot is not for this, or empty.
    #[error(transparent)]
    Slot(#[from] SlotError),
    /// The slot holds a key of a length the algorithm does not take.
    #[error("terminal: the key in the slot does not go with the algorithm")]
    KeyLength,
}

/// Why an echo cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EchoFault {
    /// The request has no such node.
    #[error("plugin: the request has no node {0}")]
    NoSuchNode(NodeId),
    /// The reply has no bytes there, or none are asked for.
    #[error("the reply has no bytes there")]
    NoSuchBytes,
    /// It would let the plugin guess card data.
    #[error("plugin: card data may only be compared with a card number by itself")]
    CardData,
}

/// Checks every proof; see [`crate::Vault::prove`].
pub(crate) fn prove(
    ring: &KeyRing,
    plugin: &str,
    proofs: &[Proof],
    request: &Rendered,
    reply: &RawReply,
    mask: &Mask,
) -> Result<(), ProofFailure> {
    if proofs.len() > MAX_PROOFS {
        return Err(ProofFailure::TooMany(proofs.len()));
    }
    proofs.iter().try_for_each(|proof| match proof {
        Proof::Seal(seal) => match seal_fits(ring, plugin, seal, request, reply) {
            Ok(true) => Ok(()),
            Ok(false) => Err(ProofFailure::BadSeal { key: seal.key.clone() }),
            Err(why) => Err(ProofFailure::SealUnusable { key: seal.key.clone(), why }),
        },
        Proof::Echo(echo) => match echo_fits(echo, request, reply, mask) {
            Ok(true) => Ok(()),
            Ok(false) => Err(ProofFailure::BadEcho { what: echo.what }),
            Err(why) => Err(ProofFailure::EchoUnusable { what: echo.what, why }),
        },
    })
}

/// The bytes an extent means among `length`; `None` where it is empty or reaches outside.
pub(crate) fn resolve(extent: &Extent, length: usize) -> Option<Range<usize>> {
    let from_end = |number: i32| {
        let magnitude = usize::try_from(number.unsigned_abs()).ok()?;
        if number < 0 { length.checked_sub(magnitude) } else { Some(magnitude) }
    };
    let start = from_end(extent.start)?;
    let end = if extent.end == 0 { length } else { from_end(extent.end)? };
    (start < end && end <= length).then_some(start..end)
}

fn seal_fits(
    ring: &KeyRing,
    plugin: &str,
    seal: &Seal,
    request: &Rendered,
    reply: &RawReply,
) -> Result<bool, SealFault> {
    let parts = Pass::new(ring, plugin, Scope::Proof(reply), request.turns()).run(&seal.over)?;
    let covered = parts.last().filter(|part| part.is_received && part.bytes.len() > 0);
    let covered = covered.ok_or(SealFault::CoversNothing)?;
    let claimed = claimed(&seal.claimed, reply).ok_or(SealFault::NoClaim)?;
    match &seal.algorithm {
        SealAlgorithm::Mac(algorithm) => {
            let key = ring.mac_key(plugin, &seal.key, *algorithm, (request.turns(), Purpose::MacResponse))?;
            let made = mac::compute(*algorithm, &key, covered.bytes.reveal()).ok_or(SealFault::KeyLength)?;
            Ok(made.as_slice().ct_eq(&claimed).into())
        }
        SealAlgorithm::Signature(algorithm) => {
            let key = ring.verifying_key(plugin, &seal.key, *algorithm)?;
            signature::verify(*algorithm, key, covered.bytes.reveal(), &claimed).ok_or(SealFault::KeyLength)
        }
    }
}

fn claimed(claim: &Claim, reply: &RawReply) -> Option<Vec<u8>> {
    match claim {
        Claim::Body(extent) => {
            resolve(extent, reply.body().len()).and_then(|range| reply.body().get(range)).map(<[u8]>::to_vec)
        }
        Claim::HeaderHex(name) => reply.header(name).and_then(|value| hex::decode(value).ok()),
        Claim::HeaderBase64(name) => reply.header(name).and_then(|value| base64::decode(value.as_bytes())),
    }
}

fn echo_fits(echo: &Echo, request: &Rendered, reply: &RawReply, mask: &Mask) -> Result<bool, EchoFault> {
    let sent = request.part(echo.sent).ok_or(EchoFault::NoSuchNode(echo.sent))?;
    let range = resolve(&echo.got, reply.body().len()).ok_or(EchoFault::NoSuchBytes)?;
    let may_compare = match sent.holds {
        Holds::Nothing => !mask.touches(&range),
        Holds::CardNumber => true,
        Holds::Secrets | Holds::EncodedSecrets => false,
    };
    if !may_compare {
        return Err(EchoFault::CardData);
    }
    let got = reply.body().get(range).ok_or(EchoFault::NoSuchBytes)?;
    Ok(sent.bytes.reveal().ct_eq(got).into())
}
