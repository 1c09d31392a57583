//! What a payment takes of the disk, and how many of them fit.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use journal::{Body, Fate, Journal, MAX_SEGMENTS, Purpose, SEGMENT_BYTES};
use serde::Serialize;

use crate::counting::Counts;
use crate::engines::{Engine, Ours};
use crate::records::record;

/// The intent of a payment, with its standby message, without what concerns the card.
pub const INTENT_BYTES: usize = 1_900;
/// The card part of the intent.
pub const CARD_BYTES: usize = 600;
/// What was concluded.
pub const CONCLUDED_BYTES: usize = 700;
/// The line that compaction leaves of a payment.
pub const SUMMARY_BYTES: usize = 96;
/// Payments of a day at a busy counter.
pub const PAYMENTS_A_DAY: u64 = 300;
/// Payments measured: the segments before the last are full, so that one of them can be compacted.
const PAYMENTS: u64 = 1_500;
/// Payments between two pauses at a counter where people queue.
const QUEUE: u64 = 50;

/// What a payment takes in one way of trading.
#[derive(Clone, Debug, Serialize)]
pub struct Space {
    /// Which way.
    pub what: String,
    /// Payments measured.
    pub payments: u64,
    /// Handed to the kernel for all of them by their own appends. Nothing for compaction.
    pub counted: Counts,
    /// The same by upkeep: idle markers, checkpoints, segments filled with zeros ahead.
    pub upkeep: Counts,
    /// Room in segment files that a payment takes. Bytes.
    pub disk_bytes_a_payment: f64,
}

impl Space {
    /// Days of [`PAYMENTS_A_DAY`] that fit into so many bytes.
    pub fn days_in(&self, bytes: u64) -> f64 {
        bytes as f64 / self.disk_bytes_a_payment / PAYMENTS_A_DAY as f64
    }
}

/// The most a journal may take before payments are refused. Bytes.
pub const MOST_BYTES: u64 = MAX_SEGMENTS * SEGMENT_BYTES;

/// Measures a queue of customers, a quiet counter, and what compaction leaves.
pub fn measure(folder: &Path) -> Result<Vec<Space>> {
    let mut spaces = Vec::new();
    for (name, what, between) in
        [("queue", format!("a pause every {QUEUE} payments"), QUEUE), ("quiet", "a pause after each payment".into(), 1)]
    {
        let folder = folder.join(format!("space-{name}"));
        fs::create_dir(&folder)?;
        let ours = Ours::create(&folder)?;
        spaces.push(trade(&ours, what, between)?);
        if between == QUEUE {
            spaces.push(compacted(ours.journal())?);
        }
    }
    Ok(spaces)
}

fn trade(ours: &Ours, what: String, between: u64) -> Result<Space> {
    let used_before = used(ours.journal());
    let (mut counted, mut upkeep) = (Counts::default(), Counts::default());
    for payment in 0..PAYMENTS {
        let (intent, card) = (record(payment, INTENT_BYTES), record(!payment, CARD_BYTES));
        let concluded = record(payment, CONCLUDED_BYTES);
        let before = Counts::now();
        let _ = ours.journal().append(Purpose::Payment, &[Body { record: &intent, card: Some(&card) }])?;
        let _ = ours.journal().append(Purpose::Obligation, &[concluded.as_slice().into()])?;
        counted = counted + Counts::since(before);
        if payment % between == 0 {
            let before = Counts::now();
            ours.rest()?;
            upkeep = upkeep + Counts::since(before);
        }
    }
    let bytes = used(ours.journal()) - used_before;
    Ok(Space { what, payments: PAYMENTS, counted, upkeep, disk_bytes_a_payment: bytes as f64 / PAYMENTS as f64 })
}

/// Bytes of segment files that are taken: all of the full ones, and the current one up to its end.
fn used(journal: &Journal) -> u64 {
    let room = journal.room();
    room.segments * SEGMENT_BYTES - room.segment_bytes_left
}

/// Compacts the first full segment as if every payment in it were settled: of the conclusion a line stays, of the
/// intent nothing.
fn compacted(journal: &Journal) -> Result<Space> {
    let first = journal.segments()?.into_iter().find(|segment| !segment.is_current && segment.bytes == SEGMENT_BYTES);
    let number = first.context("no segment was filled")?.number;
    let mut payments = 0;
    let line = record(0, SUMMARY_BYTES);
    let done = journal.compact(number, &mut |entry| {
        if matches!(&entry.content, journal::Content::Whole { record, .. } if record.len() == CONCLUDED_BYTES) {
            payments += 1;
            return Fate::Summary(line.clone());
        }
        Fate::Gone
    })?;
    Ok(Space {
        what: "compacted, all of them settled".into(),
        payments,
        counted: Counts::default(),
        upkeep: Counts::default(),
        disk_bytes_a_payment: done.bytes_after as f64 / payments as f64,
    })
}
