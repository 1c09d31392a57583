//! The journal's own duties, done when nothing happens and nobody waits: markers and spare segments, checkpoints, old
//! segments written anew with what is still needed of them, and a snapshot to start from.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use engine::books::{Books, Debt, Fate, INDEX_DAYS, Known};
use engine::{Fact, Input, Record, Timestamp, TransactionId};
use journal::{Entry, JournalError, SegmentInfo};

use super::{Epoch, Event, Running, Service, Terminal, keeping, record};
use crate::config::Configuration;

/// How long after a look for old segments the next one is worth its reading.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Segments that are written anew in one go: what is read of them is held in memory meanwhile.
const SEGMENTS_AT_ONCE: usize = 4;
/// Entries after which a snapshot spares the next start more than it costs now.
const SNAPSHOT_EVERY: u64 = 4096;

/// What was done, and what is to be done.
#[derive(Default)]
pub(super) struct Upkeep {
    /// When old segments were last looked for.
    looked_at: Option<Instant>,
    /// Old segments, until what the plugins keep has been written down once more.
    old: Vec<Old>,
    /// Entries the newest snapshot knows of.
    pub(super) snapshot: u64,
}

/// A segment that is old enough.
pub struct Old {
    segment: u64,
    records: Vec<(u64, Record)>,
}

impl Terminal {
    /// Does what there is to do, unless somebody waits.
    pub(super) fn tend(&mut self) {
        let somebody_waits = !self.waiting.is_empty() || !self.waivers.is_empty();
        let Service::In(running) = &mut self.service else { return };
        if somebody_waits || !running.sessions.is_empty() {
            return;
        }
        self.untended = false;
        let tended = running.journal.tend();
        tracing::debug!(?tended, "the journal is tended");
        if let Err(error) = tended {
            return self.failed_idly(&error);
        }
        if !running.upkeep.old.is_empty() {
            return self.feed(Input::Carry);
        }
        let horizon = retention(&self.configuration, self.clock.now().wall);
        running.look_for_old(&self.configuration, horizon, (self.epoch, self.inbox.clone()));
        if let Err(error) = running.snapshot(SNAPSHOT_EVERY) {
            self.failed_idly(&error);
        }
    }

    /// Old segments were found; they are written anew in the next quiet moment.
    pub(super) fn found_old(&mut self, old: Vec<Old>) {
        let Service::In(running) = &mut self.service else { return };
        self.untended |= !old.is_empty();
        running.upkeep.old = old;
    }

    /// What the plugins keep has been written down behind everything: old segments may be written anew.
    pub(super) fn compact(&mut self, written: bool) {
        let horizon = retention(&self.configuration, self.clock.now().wall);
        let Service::In(running) = &mut self.service else { return };
        let old = std::mem::take(&mut running.upkeep.old);
        if !written {
            // A payment came between; the next quiet moment will do.
            running.upkeep.looked_at = None;
            return;
        }
        if old.len() == SEGMENTS_AT_ONCE {
            // There may be more.
            running.upkeep.looked_at = None;
        }
        let mut lines = Vec::new();
        for old in old {
            match running.compact(&old, horizon) {
                Ok(summarised) => lines.extend(summarised),
                Err(error) => return self.failed_idly(&error),
            }
        }
        let forget = self.clock.now().wall.days_before(INDEX_DAYS);
        self.feed(Input::Compacted { lines, horizon: forget });
        let Service::In(running) = &mut self.service else { return };
        // An older one knows of records that are not there any more, and card data that should not be.
        if let Err(error) = running.snapshot(0) {
            self.failed_idly(&error);
        }
    }

    /// Found now, while nobody waits, and not by the next payment. A full disk has changed nothing.
    fn failed_idly(&mut self, error: &JournalError) {
        tracing::warn!(%error, "the journal could not be tended");
        if !matches!(error, JournalError::DiskFull | JournalError::NotAnchored { .. }) {
            self.reopen();
            self.untended = false;
        }
    }
}

impl Running {
    /// Looks for segments whose records are all older than is kept whole: beside the loop, since all of the journal is
    /// read.
    fn look_for_old(&mut self, configuration: &Configuration, horizon: Timestamp, to: (Epoch, Sender<Event>)) {
        if self.upkeep.looked_at.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return;
        }
        self.upkeep.looked_at = Some(Instant::now());
        let segments = match self.journal.segments() {
            Ok(segments) if segments.len() > 1 => segments,
            Ok(_) => return,
            Err(error) => return tracing::warn!(%error, "old segments could not be looked for"),
        };
        let (configuration, books) = (configuration.clone(), self.engine.books().clone());
        let look = move || match old_segments(&configuration, &segments, &books, horizon) {
            Ok(old) => drop(to.1.send(Event::Old(to.0, old))),
            Err(error) => tracing::warn!(error = format!("{error:#}"), "old segments could not be looked for"),
        };
        if let Err(error) = std::thread::Builder::new().name("upkeep".into()).spawn(look) {
            tracing::warn!(%error, "old segments could not be looked for");
        }
    }

    /// Writes one segment anew. Gives the lines that stand in place of its records.
    fn compact(&self, old: &Old, horizon: Timestamp) -> Result<Vec<Vec<u8>>, JournalError> {
        let books = self.engine.books();
        let records: Vec<_> = old.records.iter().map(|(_, record)| record.clone()).collect();
        let fates = books.fates(&records, horizon);
        let lines = fates.iter().filter_map(|fate| match fate {
            Fate::Summary(line) => Some(line.clone()),
            Fate::Whole | Fate::Gone => None,
        });
        let lines: Vec<_> = lines.collect();
        let fates: BTreeMap<_, _> = old
            .records
            .iter()
            .zip(fates)
            .map(|((sequence, record), fate)| (*sequence, fate_of(books, record, fate)))
            .collect();
        let mut fate = |entry: &Entry| fates.get(&entry.sequence).cloned().unwrap_or(journal::Fate::Whole);
        let compacted = self.journal.compact(old.segment, &mut fate)?;
        tracing::info!(segment = old.segment, ?compacted, "a segment was written anew");
        Ok(lines)
    }

    /// Keeps what is known for the next start, where reading what has come since the last time would cost more.
    fn snapshot(&mut self, least: u64) -> Result<(), JournalError> {
        let (size, _) = self.journal.tree();
        if size < self.upkeep.snapshot.saturating_add(least) {
            return Ok(());
        }
        let image = match self.engine.books().image() {
            Ok(image) => image,
            Err(error) => {
                tracing::warn!(%error, "no snapshot");
                return Ok(());
            }
        };
        if self.journal.write_snapshot(size, &image)? {
            self.upkeep.snapshot = size;
        }
        Ok(())
    }
}

/// Card data stays where something may still have to be taken back, and nowhere else.
fn fate_of(books: &Books, record: &Record, fate: Fate) -> journal::Fate {
    match fate {
        Fate::Whole if record.fact.subject().is_some_and(|id| is_open(books, id)) => journal::Fate::Whole,
        Fate::Whole => journal::Fate::WithoutCard,
        Fate::Summary(line) => journal::Fate::Summary(line),
        Fate::Gone => journal::Fate::Gone,
    }
}

/// Before this moment, settled payments need not be kept whole.
fn retention(configuration: &Configuration, now: Timestamp) -> Timestamp {
    now.days_before(configuration.journal.retention_days)
}

/// The oldest segments with only old records, of which something can go.
fn old_segments(
    configuration: &Configuration,
    segments: &[SegmentInfo],
    books: &Books,
    horizon: Timestamp,
) -> anyhow::Result<Vec<Old>> {
    let starts: Vec<_> = segments.iter().map(|segment| segment.first_sequence).collect();
    let (mut old, mut is_over): (Vec<Old>, bool) = (Vec::new(), false);
    keeping::visit(configuration, |entry| {
        let index = starts.partition_point(|start| *start <= entry.sequence);
        let Some(segment) = index.checked_sub(1).and_then(|index| segments.get(index)) else { return Ok(()) };
        let Some(Ok(record)) = record(&entry) else { return Ok(()) };
        if record.at.unix_ms >= horizon.unix_ms {
            // This segment is too young, and so are all behind it.
            is_over = true;
            old.retain(|known| known.segment != segment.number);
        }
        if is_over || segment.is_current || (segment.is_compacted && !may_go(books, &record)) {
            return Ok(());
        }
        let found = old.len();
        match old.last_mut() {
            Some(last) if last.segment == segment.number => last.records.push((entry.sequence, record)),
            _ if found == SEGMENTS_AT_ONCE => is_over = true,
            _ => old.push(Old { segment: segment.number, records: vec![(entry.sequence, record)] }),
        }
        Ok(())
    })?;
    Ok(old)
}

/// Whether something that was kept when its segment was written anew has been settled since.
fn may_go(books: &Books, record: &Record) -> bool {
    record.fact.subject().is_some_and(|id| books.knows(id) == Known::Here && !is_open(books, id))
        && !matches!(record.fact, Fact::Waived { .. })
}

/// Whether something may still have to be taken back.
fn is_open(books: &Books, id: &TransactionId) -> bool {
    let of = books.debt(id).map_or(id, |debt| &debt.of);
    books.transaction(of).is_none_or(|known| {
        let debt = books.debts_of(known).last();
        known.conclusion.is_none() || debt.is_some_and(Debt::is_open)
    })
}
