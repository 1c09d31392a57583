//! One entry of the journal as it is shown: a line for people, and the same as facts. Of card data it says whether it is
//! still there, and nothing else.

use engine::books::Summary;
use engine::{Fact, Record, Timestamp, TransactionId};
use journal::{Card, Content, Entry, Kind};
use serde_json::{Value, json};

use crate::control::Response;
use crate::messages::format_time;
use crate::show;

/// An entry, read.
pub(in crate::command) struct Shown {
    sequence: u64,
    card: Option<&'static str>,
    what: What,
}

enum What {
    Record(Box<Record>),
    /// A record, or a line in place of one, that this program cannot read.
    Unreadable(String),
    /// The journal's own.
    Checkpoint(String),
    /// What compaction left of a transaction.
    Summary(Box<Summary>),
    /// Compaction left its seal alone, or its key was destroyed.
    Gone,
}

impl Shown {
    /// Reads an entry.
    pub(in crate::command) fn of(entry: &Entry) -> Shown {
        let what = match (entry.kind, &entry.content) {
            (_, Content::Gone) => What::Gone,
            (_, Content::Summary(line)) => match Summary::decode(line) {
                Ok(summary) => What::Summary(Box::new(summary)),
                Err(error) => What::Unreadable(error.to_string()),
            },
            (Kind::Checkpoint, Content::Whole { record, .. }) => {
                What::Checkpoint(String::from_utf8_lossy(record).into_owned())
            }
            (Kind::Record, Content::Whole { record, .. }) => match Record::decode(record, entry.card()) {
                Ok(record) => What::Record(Box::new(record)),
                Err(error) => What::Unreadable(error.to_string()),
            },
        };
        let card = match &entry.content {
            Content::Whole { card: Card::Here(_), .. } => Some("sealed"),
            Content::Whole { card: Card::Destroyed, .. } => Some("destroyed"),
            _ if entry.seal.card.is_some() => Some("destroyed"),
            _ => None,
        };
        Shown { sequence: entry.sequence, card, what }
    }

    /// Whose it is, when it was, and what it is about: of a record, or of a transaction in one line.
    pub(in crate::command) fn about(&self) -> Option<(&str, Timestamp, Option<&TransactionId>)> {
        match &self.what {
            What::Record(record) => Some((&record.acquirer, record.at, record.fact.subject())),
            What::Summary(summary) => Some((&summary.acquirer, summary.concluded, Some(&summary.id))),
            What::Unreadable(_) | What::Checkpoint(_) | What::Gone => None,
        }
    }

    /// Whether this program understands it.
    pub(in crate::command) fn is_readable(&self) -> bool {
        !matches!(self.what, What::Unreadable(_))
    }

    /// As it is shown.
    pub(in crate::command) fn response(&self) -> Response {
        Response::done(self.facts(), vec![self.line()])
    }

    /// For machines.
    pub(in crate::command) fn facts(&self) -> Value {
        let sequence = self.sequence;
        match &self.what {
            What::Record(record) => json!({
                "sequence": sequence,
                "at": format_time(&record.at.local()),
                "acquirer": record.acquirer,
                "fact": word(&record.fact),
                "transaction": record.fact.subject(),
                "card-data": self.card,
                "record": without_card_data(record),
            }),
            What::Unreadable(error) => json!({ "sequence": sequence, "error": error }),
            What::Checkpoint(note) => json!({ "sequence": sequence, "fact": "checkpoint", "note": note }),
            What::Summary(summary) => json!({
                "sequence": sequence,
                "at": format_time(&summary.concluded.local()),
                "acquirer": summary.acquirer,
                "fact": "summary",
                "transaction": summary.id,
                "card-data": self.card,
                "summary": summary,
            }),
            What::Gone => json!({ "sequence": sequence, "fact": "gone" }),
        }
    }

    fn line(&self) -> String {
        let sequence = self.sequence;
        match &self.what {
            What::Record(record) => {
                let time = format_time(&record.at.local());
                let subject = record.fact.subject().map(TransactionId::to_string).unwrap_or_default();
                format!("{sequence:>6}  {time}  {:<10} {:<14} {subject}", record.acquirer, word(&record.fact))
            }
            What::Unreadable(error) => format!("{sequence:>6}  {error}"),
            What::Checkpoint(note) => {
                let size = note.lines().nth(1).unwrap_or_default();
                format!("{sequence:>6}  {:<26}  {:<10} {:<14} {size} entries", "", "", "checkpoint")
            }
            What::Summary(summary) => {
                let Summary { id, acquirer, concluded, outcome, .. } = summary.as_ref();
                let time = format_time(&concluded.local());
                format!("{sequence:>6}  {time}  {acquirer:<10} {:<14} {id}: {}", "summary", show::word(outcome))
            }
            What::Gone => format!("{sequence:>6}  {:<26}  {:<10} gone", "", ""),
        }
    }
}

/// The record as JSON. Sealed card data is no secret without its key; it is still nobody's to hand around.
fn without_card_data(record: &Record) -> Value {
    let mut value = json!(record);
    for place in ["/fact/Intent/sealed", "/fact/Due/sealed", "/fact/Resealed/sealed"] {
        if let Some(sealed) = value.pointer_mut(place) {
            let word = if sealed.is_object() { json!("Here") } else { sealed.take() };
            *sealed = word;
        }
    }
    value
}

/// A fact in one word.
pub(in crate::command) fn word(fact: &Fact) -> &'static str {
    match fact {
        Fact::Intent(_) => "intent",
        Fact::Resent { .. } => "resent",
        Fact::Sent { .. } => "sent",
        Fact::Heard { .. } => "heard",
        Fact::Concluded { .. } => "concluded",
        Fact::Owed { .. } => "owed",
        Fact::Tried { .. } => "tried",
        Fact::Unheard { .. } => "unheard",
        Fact::Answered { .. } => "answered",
        Fact::KeysInstalled { .. } => "keys-installed",
        Fact::KeysDropped { .. } => "keys-dropped",
        Fact::Remembered { .. } => "remembered",
        Fact::CounterSet { .. } => "counter-set",
        Fact::Incident { .. } => "incident",
        Fact::Waived { .. } => "waived",
        Fact::Carried { .. } => "carried",
        Fact::Due { .. } => "due",
        Fact::Resealed { .. } => "resealed",
        Fact::Resolved { .. } => "resolved",
        Fact::Escalated { .. } => "escalated",
        Fact::Totalled { .. } => "totalled",
        Fact::Compared { .. } => "compared",
        Fact::Uploaded { .. } => "uploaded",
        Fact::BatchClosed { .. } => "batch-closed",
        Fact::CarriedBatch { .. } => "carried-batch",
    }
}
