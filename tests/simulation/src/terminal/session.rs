//! What one running operation holds that must not outlive it.

use std::sync::Arc;

use engine::contract::card::Presented;
use journal::Durable;
use vault::{CardSession, Mask, RawReply, Rendered, StagedKeys};

/// An operation's secrets and its connection.
#[derive(Default)]
pub struct Session {
    /// The payment, errand or debt it is.
    pub about: Option<Arc<str>>,
    pub card: Option<CardSession>,
    /// The cards a plugin knows in this operation, for scrubbing.
    pub known_cards: Vec<Presented>,
    pub rendered: Option<Rendered>,
    /// Leave to send once, by what the journal last made durable.
    pub permit: Option<Durable>,
    /// The acquirer it last sent something to, and on which route, counted from 0.
    pub acquirer: usize,
    pub route: usize,
    /// Its connection, on that route.
    pub line: Option<u64>,
    pub reply: Option<(RawReply, Mask)>,
    pub staged: Option<StagedKeys>,
}
