//! The one pass over a template's nodes.

use engine::contract::template::{
    ChipDataHole, CipherHole, DigestAlgorithm, DigestHole, Extent, KeySerialHole, LengthHole, MacHole, Node, NodeId,
    ReasonBytes, Secret, SecretHole, SignatureHole, TextHole, TrackHole, TrackProtection,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use sm3::{Digest as _, Sm3};
use zeroize::Zeroizing;

use super::budget::{Budget, check_count};
use super::error::{NodeError, RenderError};
use super::{CardSource, Holds, Part, RenderInput, RouteGrant, clock, encode};
use crate::card::UnsealedCard;
use crate::crypto::dukpt::Purpose;
use crate::crypto::pin_block::{Filling, PinBlockError};
use crate::crypto::{data, mac, pin_block, signature, track};
use crate::keys::dukpt::Turns;
use crate::keys::ring::KeyRing;
use crate::proof::{RawReply, resolve};
use crate::secret::SecretBytes;

/// Characters of a nonce.
const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What the nodes are rendered for.
pub(crate) enum Scope<'a> {
    /// A message to send.
    Message(RenderInput<'a>),
    /// What a reply's seal covers.
    Proof(&'a RawReply),
}

/// A pass under way.
pub(crate) struct Pass<'a> {
    ring: &'a KeyRing,
    plugin: &'a str,
    scope: Scope<'a>,
    turns: &'a Turns,
    budget: Budget,
    parts: Vec<Part>,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(ring: &'a KeyRing, plugin: &'a str, scope: Scope<'a>, turns: &'a Turns) -> Self {
        Self { ring, plugin, scope, turns, budget: Budget::full(), parts: Vec::new() }
    }

    /// Renders every node once, in order.
    pub(crate) fn run(mut self, nodes: &[Node]) -> Result<Vec<Part>, RenderError> {
        check_count(nodes)?;
        for (number, node) in (0..).zip(nodes) {
            let part = self.node(node).map_err(|error| RenderError::At { node: number, error })?;
            self.parts.push(part);
        }
        Ok(self.parts)
    }

    fn node(&mut self, node: &Node) -> Result<Part, NodeError> {
        match node {
            Node::Literal(bytes) => self.open(bytes),
            Node::Concat(of) => self.concat(of),
            Node::Secret(hole) => self.secret(hole),
            Node::PinBlock(slot) => self.pin_block(slot),
            Node::Mac(hole) => self.mac(hole),
            Node::Digest(hole) => self.digest(hole),
            Node::Text(hole) => self.text(hole),
            Node::LengthOf(hole) => self.length(hole),
            Node::Nonce(characters) => self.nonce(*characters),
            Node::Clock(pattern) => self.clock(pattern),
            Node::Reason(spelled) => self.reason(spelled),
            Node::Received(extent) => self.received(extent),
            Node::ReceivedHeader(name) => self.received_header(name),
            Node::Track(hole) => self.track(hole),
            Node::ChipData(hole) => self.chip_data(hole),
            Node::KeySerial(hole) => self.key_serial(hole),
            Node::Signature(hole) => self.signature(hole),
            Node::Cipher(hole) => self.cipher(hole),
        }
    }

    fn concat(&mut self, of: &[NodeId]) -> Result<Part, NodeError> {
        self.budget.refer(of.len())?;
        let mut length = 0_usize;
        for to in of {
            length = length.saturating_add(self.earlier(*to)?.bytes.len());
        }
        self.budget.render(length)?;
        let mut joined = Zeroizing::new(Vec::with_capacity(length));
        let (mut holds, mut is_received) = (Holds::Nothing, false);
        for to in of {
            let part = self.earlier(*to)?;
            joined.extend_from_slice(part.bytes.reveal());
            holds = holds.max(part.holds);
            is_received |= part.is_received;
        }
        if of.len() > 1 && holds == Holds::CardNumber {
            holds = Holds::Secrets;
        }
        Ok(Part { bytes: joined.into(), holds, is_received })
    }

    fn secret(&mut self, hole: &SecretHole) -> Result<Part, NodeError> {
        let input = self.message("card data")?;
        if !input.allowed.secrets.contains(&hole.secret) {
            return Err(NodeError::SecretNotGranted(hole.secret));
        }
        let clear = match (&input.card, hole.of_item) {
            (CardSource::Live(card), None) => card.secret(hole.secret),
            (CardSource::Unsealed(card), None) => card.secret(hole.secret),
            (CardSource::Items(cards), Some(item)) => item_of(cards, item)?.secret(hole.secret),
            _ => return Err(NodeError::NoCard),
        };
        let clear = clear.ok_or(NodeError::CardLacks(hole.secret))?;
        let bytes = encode::secret(hole.secret, clear, hole.encoding)?;
        let holds = if hole.secret == Secret::Pan { Holds::CardNumber } else { Holds::Secrets };
        self.budget.render(bytes.len())?;
        Ok(Part { bytes: bytes.into(), holds, is_received: false })
    }

    /// Data objects in the order asked for. What names the card goes only where the card itself may go.
    fn chip_data(&mut self, hole: &ChipDataHole) -> Result<Part, NodeError> {
        self.budget.refer(hole.tags.len())?;
        let input = self.message("chip data")?;
        let tags = match (&input.card, hole.of_item) {
            (CardSource::Live(card), None) => card.tags(),
            (CardSource::Unsealed(card), None) => card.tags(),
            (CardSource::Items(cards), Some(item)) => item_of(cards, item)?.tags(),
            _ => return Err(NodeError::NoCard),
        };
        let holds_secrets = hole.tags.iter().any(|tag| !tags.is_shown(*tag));
        for (tag, needs) in [(0x5A, Secret::Pan), (0x57, Secret::TrackTwo)] {
            if hole.tags.contains(&tag) && !input.allowed.secrets.contains(&needs) {
                return Err(NodeError::SecretNotGranted(needs));
            }
        }
        if let Some(tag) = hole.tags.iter().find(|tag| !matches!(tag, 0x5A | 0x57) && tags.is_secret(**tag)) {
            return Err(NodeError::TagNotGranted(*tag));
        }
        let bytes = tags.write(&hole.tags);
        self.budget.render(bytes.len())?;
        let holds = if holds_secrets { Holds::Secrets } else { Holds::Nothing };
        Ok(Part { bytes: bytes.into(), holds, is_received: false })
    }

    /// A track under its slot's protection. The number that the weakest of the three leaves in clear needs a leave of its
    /// own.
    fn track(&mut self, hole: &TrackHole) -> Result<Part, NodeError> {
        let (ring, plugin, turns) = (self.ring, self.plugin, self.turns);
        let input = self.message("a track")?;
        let key = ring.track_key(plugin, &hole.key, hole.protection, turns)?;
        let RouteGrant { secrets, protected_tracks, .. } = input.allowed;
        if !secrets.contains(&hole.track) && !protected_tracks.contains(&hole.track) {
            return Err(NodeError::SecretNotGranted(hole.track));
        }
        if hole.protection == TrackProtection::UnionpayLastBlock && !secrets.contains(&Secret::Pan) {
            return Err(NodeError::SecretNotGranted(Secret::Pan));
        }
        if !matches!(hole.track, Secret::TrackTwo | Secret::TrackThree) {
            return Err(NodeError::NotSupportedYet { what: format!("{:?} under a protection", hole.track) });
        }
        let CardSource::Live(card) = &input.card else { return Err(NodeError::NoCard) };
        let clear = card.secret(hole.track).ok_or(NodeError::CardLacks(hole.track))?;
        let key = key.des().ok_or_else(|| NodeError::KeyLength { slot: hole.key.clone() })?;
        let bytes = track::protect(key, hole.protection, clear).ok_or(NodeError::TrackTooShort)?;
        self.budget.render(bytes.len())?;
        Ok(Part { bytes: bytes.into(), holds: Holds::Secrets, is_received: false })
    }

    fn pin_block(&mut self, slot: &str) -> Result<Part, NodeError> {
        let (ring, plugin, turns) = (self.ring, self.plugin, self.turns);
        let input = self.message("a PIN block")?;
        if !input.allowed.pin {
            return Err(NodeError::PinNotGranted);
        }
        let (key, format) = ring.pin_key(plugin, slot, turns)?;
        let mut filling = Zeroizing::new(Filling::default());
        SystemRandom::new().fill(&mut *filling).map_err(|_| NodeError::NoRandomness)?;
        let CardSource::Live(card) = &mut input.card else { return Err(NodeError::NoPin) };
        let pin = card.take_pin().ok_or(NodeError::NoPin)?;
        let pan = card.pan().ok_or(NodeError::CardLacks(Secret::Pan))?;
        let block = pin_block::make(format, &key, &pin, pan, &filling).map_err(|error| match error {
            PinBlockError::PanLength => NodeError::PanTooShort,
            PinBlockError::Key => NodeError::KeyLength { slot: slot.to_owned() },
        })?;
        self.open(&block)
    }

    /// The serial number of the key this message has of a DUKPT slot.
    fn key_serial(&mut self, hole: &KeySerialHole) -> Result<Part, NodeError> {
        self.message("a key serial number")?;
        let serial = self.ring.serial(self.plugin, &hole.key, self.turns)?;
        self.open(&encode::text(&serial, hole.text)?)
    }

    fn mac(&mut self, hole: &MacHole) -> Result<Part, NodeError> {
        if matches!(self.scope, Scope::Proof(_)) {
            return Err(NodeError::NotInProof { what: "a MAC" });
        }
        self.budget.work(self.earlier(hole.over)?.bytes.len())?;
        let over = &self.earlier(hole.over)?.bytes;
        if over.len() == 0 {
            return Err(NodeError::MacOverNothing);
        }
        let key = self.ring.mac_key(self.plugin, &hole.key, hole.algorithm, (self.turns, Purpose::MacRequest))?;
        let made = mac::compute(hole.algorithm, &key, over.reveal());
        let made = made.ok_or_else(|| NodeError::KeyLength { slot: hole.key.clone() })?;
        self.open(&made)
    }

    /// Under a fresh initial vector, so that equal bytes are not known again. What holds card data still counts as holding
    /// it: no digest and no echo touches it.
    fn cipher(&mut self, hole: &CipherHole) -> Result<Part, NodeError> {
        self.message("a cipher")?;
        let length = self.earlier(hole.over)?.bytes.len();
        self.budget.work(length)?;
        self.budget.render(length.saturating_add(data::MAX_ADDED_BYTES))?;
        let mut fresh = data::Fresh::default();
        SystemRandom::new().fill(&mut fresh).map_err(|_| NodeError::NoRandomness)?;
        let over = self.earlier(hole.over)?;
        let key = self.ring.data_key(self.plugin, &hole.key, hole.algorithm, self.turns)?;
        let made = data::encipher(hole.algorithm, &key, &fresh, over.bytes.reveal());
        let made = made.ok_or_else(|| NodeError::KeyLength { slot: hole.key.clone() })?;
        let holds = if over.holds == Holds::Nothing { Holds::Nothing } else { Holds::Secrets };
        Ok(Part { bytes: SecretBytes::copy_of(&made), holds, is_received: false })
    }

    fn signature(&mut self, hole: &SignatureHole) -> Result<Part, NodeError> {
        self.message("a signature")?;
        self.budget.sign()?;
        self.budget.work(self.earlier(hole.over)?.bytes.len())?;
        let over = &self.earlier(hole.over)?.bytes;
        if over.len() == 0 {
            return Err(NodeError::MacOverNothing);
        }
        let key = self.ring.signing_key(self.plugin, &hole.key, hole.algorithm)?;
        let made = signature::sign(hole.algorithm, key, over.reveal());
        let made = made.ok_or_else(|| NodeError::KeyLength { slot: hole.key.clone() })?;
        self.open(&made)
    }

    fn digest(&mut self, hole: &DigestHole) -> Result<Part, NodeError> {
        self.budget.work(self.earlier(hole.over)?.bytes.len())?;
        let over = self.earlier(hole.over)?;
        if over.holds != Holds::Nothing {
            return Err(NodeError::DigestOverCardData);
        }
        let is_received = over.is_received;
        let over = over.bytes.reveal();
        let digest = match hole.algorithm {
            DigestAlgorithm::Sha1 => digest(&SHA1_FOR_LEGACY_USE_ONLY, over).as_ref().to_vec(),
            DigestAlgorithm::Sha256 => digest(&SHA256, over).as_ref().to_vec(),
            DigestAlgorithm::Sm3 => Sm3::digest(over).to_vec(),
        };
        Ok(Part { is_received, ..self.open(&digest)? })
    }

    fn text(&mut self, hole: &TextHole) -> Result<Part, NodeError> {
        let longest = self.earlier(hole.of)?.bytes.len().saturating_mul(encode::growth(hole.encoding));
        self.budget.render(longest)?;
        let text = encode::text(self.earlier(hole.of)?.bytes.reveal(), hole.encoding)?;
        self.budget.give_back(longest.saturating_sub(text.len()));
        let of = self.earlier(hole.of)?;
        let holds = match of.holds {
            Holds::Nothing => Holds::Nothing,
            unchanged if *text == of.bytes.reveal() => unchanged,
            Holds::EncodedSecrets => return Err(NodeError::CardDataEncodedTwice),
            Holds::CardNumber | Holds::Secrets => Holds::EncodedSecrets,
        };
        Ok(Part { bytes: text.into(), holds, is_received: of.is_received })
    }

    /// A length tells no more than `presented` does.
    fn length(&mut self, hole: &LengthHole) -> Result<Part, NodeError> {
        let length = encode::length(self.earlier(hole.of)?.bytes.len(), hole.encoding)?;
        self.open(&length)
    }

    fn nonce(&mut self, characters: u8) -> Result<Part, NodeError> {
        self.message("a nonce")?;
        let mut text = Vec::with_capacity(usize::from(characters));
        while text.len() < usize::from(characters) {
            let mut random = [0; 64];
            SystemRandom::new().fill(&mut random).map_err(|_| NodeError::NoRandomness)?;
            // Six bits that name no character are thrown away, so that every character is equally likely.
            let fair = random.iter().filter_map(|byte| ALPHANUMERIC.get(usize::from(byte & 63)));
            text.extend(fair.take(usize::from(characters) - text.len()));
        }
        self.open(&text)
    }

    fn clock(&mut self, pattern: &str) -> Result<Part, NodeError> {
        let text = clock::format(pattern, self.message("a clock")?.now)?;
        self.open(text.as_bytes())
    }

    fn reason(&mut self, spelled: &[ReasonBytes]) -> Result<Part, NodeError> {
        self.budget.refer(spelled.len())?;
        let reason = self.message("a reason")?.reason.ok_or(NodeError::NoReason)?;
        let found = spelled.iter().find(|spelling| spelling.reason == reason);
        self.open(&found.ok_or(NodeError::ReasonNotSpelled(reason))?.bytes)
    }

    fn received(&mut self, extent: &Extent) -> Result<Part, NodeError> {
        let reply = self.reply()?;
        let length = reply.body().len();
        let Extent { start, end } = *extent;
        let bytes = resolve(extent, length).and_then(|range| reply.body().get(range));
        let bytes = bytes.ok_or(NodeError::NoSuchBytes { start, end, length })?;
        Ok(Part { is_received: true, ..self.open(bytes)? })
    }

    fn received_header(&mut self, name: &str) -> Result<Part, NodeError> {
        let value = self.reply()?.header(name).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| NodeError::NoSuchHeader(name.to_owned()))?;
        Ok(Part { is_received: true, ..self.open(value.as_bytes())? })
    }

    /// Bytes that hold no card data.
    fn open(&mut self, bytes: &[u8]) -> Result<Part, NodeError> {
        self.budget.render(bytes.len())?;
        Ok(Part { bytes: SecretBytes::copy_of(bytes), holds: Holds::Nothing, is_received: false })
    }

    fn earlier(&self, to: NodeId) -> Result<&Part, NodeError> {
        usize::try_from(to).ok().and_then(|place| self.parts.get(place)).ok_or(NodeError::NotBefore { to })
    }

    fn message(&mut self, what: &'static str) -> Result<&mut RenderInput<'a>, NodeError> {
        match &mut self.scope {
            Scope::Message(input) => Ok(input),
            Scope::Proof(_) => Err(NodeError::NotInProof { what }),
        }
    }

    fn reply(&self) -> Result<&'a RawReply, NodeError> {
        match &self.scope {
            Scope::Message(_) => Err(NodeError::OnlyInProof),
            Scope::Proof(reply) => Ok(reply),
        }
    }
}

fn item_of(cards: &[UnsealedCard], item: u32) -> Result<&UnsealedCard, NodeError> {
    usize::try_from(item).ok().and_then(|item| cards.get(item)).ok_or(NodeError::NoItem(item))
}
