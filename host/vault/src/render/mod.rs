//! Templates become bytes: one pass over the nodes, each referring only to earlier ones, all of it bounded.
//!
//! Protects against: a plugin that wants card data it was not granted, more renderings than a payment needs, or memory
//! and time of the host; and against oracles. What is refused as an oracle, and why:
//!
//! - A digest over card data. With the BIN and the last four digits known, a hundred thousand candidates remain; an
//!   acquirer that returns the digest would let the plugin find the card number. A MAC is no such oracle: the plugin
//!   does not hold its key. A signature is one only to who holds the public half and is shown the signature; messages
//!   that are signed whole need it, and it is the acquirer's to keep.
//! - Card data encoded twice (the hex of a base64). The scrubber undoes one encoding; what is encoded twice could come
//!   back unrecognised.
//! - A secret in a header or a target of HTTP, enciphered or not, and a digest of one: servers and proxies log those. A MAC
//!   over a secret may stand there.
//! - A cipher over card data is none: its initial vector is fresh each time. Card data still needs its leave for the
//!   route, and what it becomes still counts as card data.
//!
//! Does not protect against: an acquirer that tells the plugin's author what it was sent.

mod budget;
#[cfg(test)]
mod card_tests;
mod clock;
mod encode;
mod error;
mod head;
#[cfg(test)]
mod head_tests;
mod pass;
#[cfg(test)]
mod tests;

use engine::contract::template::{Message, Node, Secret, UndoReason};
use engine::contract::types::LocalTime;

use crate::card::{CardSession, UnsealedCard};
use crate::keys::dukpt::Turns;
use crate::keys::ring::KeyRing;
use crate::secret::{SecretBytes, redacted};

pub use budget::{MAX_REFERENCES, MAX_RENDERED_BYTES, MAX_SIGNATURES, MAX_TEMPLATE_NODES, MAX_WORKED_BYTES};
pub use clock::MAX_CLOCK_PATTERN_BYTES;
pub use error::{NodeError, RenderError};
pub use head::RenderedHead;
pub(crate) use pass::{Pass, Scope};

/// Which secrets may leave by one route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteGrant {
    /// In clear, as `secret` nodes.
    pub secrets: Vec<Secret>,
    /// Tracks that may leave under a protection, where they may not in clear.
    pub protected_tracks: Vec<Secret>,
    /// As PIN blocks.
    pub pin: bool,
    /// It speaks HTTP, so that what leaves by it needs a head.
    pub http: bool,
}

/// Whose secrets fill the holes.
pub enum CardSource<'a> {
    /// Nobody's: a message without a card.
    None,
    /// A card presented in this payment or follow-up; the rendering is counted.
    Live(&'a mut CardSession),
    /// What was sealed for a standby message; not counted, it holds no track and no PIN.
    Unsealed(&'a UnsealedCard),
    /// The cards of an upload's items, as they were sealed; not counted. An item without a card has an empty one.
    Items(&'a [UnsealedCard]),
}

/// What a rendering takes besides the template.
pub struct RenderInput<'a> {
    /// The card.
    pub card: CardSource<'a>,
    /// Why money is taken back; of a standby message only.
    pub reason: Option<UndoReason>,
    /// What may leave by the route this goes to.
    pub allowed: &'a RouteGrant,
    /// The terminal's time.
    pub now: &'a LocalTime,
}

/// A rendered message, with every node's bytes for the echoes of its answer. Wiped on drop.
pub struct Rendered {
    parts: Vec<Part>,
    whole: usize,
    head: Option<RenderedHead>,
    /// The keys of DUKPT slots it was rendered with; its answer is sealed under the same.
    turns: Turns,
}

impl Rendered {
    /// The bytes to send, without framing; of an HTTP request, its body.
    pub fn whole(&self) -> &[u8] {
        self.parts.get(self.whole).map_or(&[], |part| part.bytes.reveal())
    }

    /// The head of an HTTP request; none on other routes.
    pub fn head(&self) -> Option<&RenderedHead> {
        self.head.as_ref()
    }

    /// Some node held a secret: card data in clear or encoded.
    pub fn holds_card_data(&self) -> bool {
        self.parts.iter().any(|part| part.holds != Holds::Nothing)
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(crate) fn part(&self, node: u32) -> Option<&Part> {
        usize::try_from(node).ok().and_then(|node| self.parts.get(node))
    }
}

redacted!(Rendered);

/// One node's bytes, and what is known of them.
pub(crate) struct Part {
    pub(crate) bytes: SecretBytes,
    pub(crate) holds: Holds,
    /// Some of them came from the reply, or are a digest of such.
    pub(crate) is_received: bool,
}

/// Card data in a node's bytes, in rising order of what must not be done with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holds {
    /// None that anybody could recover.
    Nothing,
    /// A card number and nothing else.
    CardNumber,
    /// Card data among other bytes.
    Secrets,
    /// Card data under a text encoding.
    EncodedSecrets,
}

/// Renders a message; see [`crate::Vault::render`].
pub(crate) fn render(
    ring: &KeyRing,
    plugin: &str,
    message: &Message,
    mut input: RenderInput<'_>,
    turns: impl FnOnce(&[Node]) -> Result<Turns, RenderError>,
) -> Result<Rendered, RenderError> {
    match &message.http {
        Some(_) if !input.allowed.http => return Err(RenderError::NoHttpRoute),
        None if input.allowed.http => return Err(RenderError::NoHead),
        Some(http) => head::check(http, &message.nodes)?,
        None => {}
    }
    budget::check_count(&message.nodes)?;
    let whole = usize::try_from(message.whole).ok().filter(|whole| *whole < message.nodes.len());
    let whole = whole.ok_or(RenderError::NoWhole { whole: message.whole })?;
    // Counted before the first byte: a rendering that fails half way has taught its asker something too.
    if let CardSource::Live(card) = &mut input.card
        && message.nodes.iter().any(needs_card)
        && !card.take_rendering()
    {
        return Err(RenderError::CardUsedUp);
    }
    let turns = turns(&message.nodes)?;
    let parts = Pass::new(ring, plugin, Scope::Message(input), &turns).run(&message.nodes)?;
    let head = message.http.as_ref().map(|http| head::render(http, &parts)).transpose()?;
    Ok(Rendered { parts, whole, head, turns })
}

/// The node is filled from the card.
fn needs_card(node: &Node) -> bool {
    matches!(node, Node::Secret(_) | Node::Track(_) | Node::PinBlock(_) | Node::ChipData(_))
}
