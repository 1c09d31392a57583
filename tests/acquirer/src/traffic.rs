//! Everything that came and went, in order.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::codec::Frame;

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the terminal.
    Received,
    /// To the terminal, which may have gone before it arrived.
    Sent,
}

/// One frame, for people: nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exchanged {
    /// Counts from 1.
    pub number: u64,
    /// Which way.
    pub direction: Direction,
    /// The message type, or `unreadable`.
    pub kind: String,
    /// The fields by number, masked. Empty if unreadable.
    pub fields: BTreeMap<u8, String>,
    /// What was odd about it: why it could not be read, or the fault that was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A frame as it was on the wire inside TLS, length prefix included; card numbers in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct RawFrame {
    /// Which way.
    pub direction: Direction,
    /// The bytes, for a faulty answer exactly those that went out.
    pub bytes: Vec<u8>,
}

/// The record of both.
#[derive(Default)]
pub(crate) struct Traffic {
    messages: Vec<Exchanged>,
    raw: Vec<RawFrame>,
}

impl Traffic {
    /// Writes a frame down; it is read here, so that what is listed is what was on the wire.
    pub(crate) fn record(&mut self, direction: Direction, bytes: Vec<u8>, note: Option<String>) {
        let (kind, fields, note) = match Frame::decode_prefixed(&bytes) {
            Ok(frame) => (frame.message.mti.to_string(), frame.message.masked(), note),
            Err(error) => {
                let note = note.map_or_else(|| error.to_string(), |note| format!("{note}; {error}"));
                ("unreadable".into(), BTreeMap::new(), Some(note))
            }
        };
        let number = self.messages.len() as u64 + 1;
        tracing::info!(number, ?direction, kind, ?fields, note, "frame");
        self.messages.push(Exchanged { number, direction, kind, fields, note });
        self.raw.push(RawFrame { direction, bytes });
    }

    pub(crate) fn messages(&self) -> &[Exchanged] {
        &self.messages
    }

    pub(crate) fn raw(&self) -> &[RawFrame] {
        &self.raw
    }
}
