//! What one running operation holds that must not outlive it: card data, rendered bytes, its connection.

use engine::contract::card::Presented;
use engine::contract::types::Name;
use journal::Durable;
use network::Conversation;
use tokio::task::JoinHandle;
use vault::{CardSession, Mask, RawReply, Rendered, StagedKeys};

/// An operation's secrets and its connection. Dropping it wipes and closes.
#[derive(Default)]
pub(super) struct Session {
    pub card: Option<CardSession>,
    /// The cards a plugin knows in this operation, for scrubbing.
    pub known_cards: Vec<Presented>,
    pub rendered: Option<Rendered>,
    /// Leave to send once, by what the journal last made durable.
    pub permit: Option<Durable>,
    pub conversation: Option<Conversation>,
    /// The route of that conversation.
    pub route: Option<Name>,
    /// What sends or waits for an answer, with the connection in its hands.
    pub task: Option<JoinHandle<()>>,
    pub reply: Option<(RawReply, Mask)>,
    pub staged: Option<StagedKeys>,
}
