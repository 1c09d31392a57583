//! The journal as writer and judge use it: real files, a key file, an anchor that remembers every checkpoint and is
//! asked at every open, and the product's own options but for short segments and frequent checkpoints.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use journal::checkpoint::FileAnchor;
use journal::keys::{FileKey, KeyWrap, SystemEntropy};
use journal::{Body, Card, Content, Entry, Health, Journal, Kind, Options, Purpose};

use crate::judge::Found;
use crate::record::Record;

/// One append in so many begins a payment; the others are obligations, which may use the last spare segment.
const APPENDS_A_PAYMENT: u64 = 3;
/// Entries between two checkpoints: nearly every tending signs one, and dies between journal and anchor now and then.
const CHECKPOINT_EVERY: u64 = 16;

/// Where a journal is, and how long its segments are.
#[derive(Clone, Debug)]
pub struct Store {
    /// The folder that holds the journal and its key.
    pub folder: PathBuf,
    /// Length of new segments in bytes: short ones make rotation frequent.
    pub segment_bytes: u64,
}

/// A journal that is open for writing.
pub struct Open(Journal);

impl Store {
    /// Makes a key and an anchor, and begins a journal.
    pub fn begin(&self) -> Result<()> {
        let key = FileKey::create(&self.folder.join("key"), &SystemEntropy).context("the key cannot be made")?;
        FileAnchor::create(&self.anchor(), &self.journal()).context("the anchor cannot be made")?;
        Journal::create(&self.journal(), Arc::new(key), self.options()?).context("the journal cannot be begun")?;
        Ok(())
    }

    /// Opens it, and gives what it holds; refused where that is not everything.
    pub fn open(&self) -> Result<(Open, Vec<Found>)> {
        let opened = Journal::open(&self.journal(), Arc::new(self.key()?), self.options()?);
        let opened = opened.context("the journal cannot be opened")?;
        if !opened.unanswered.is_empty() {
            bail!("the anchor gave no answer: {:?}", opened.unanswered);
        }
        Ok((Open(opened.journal), whole(&opened.health, opened.entries)?))
    }

    /// Reads it without changing anything.
    pub fn read(&self) -> Result<Vec<Found>> {
        let (key, anchors) = (self.key()?, self.options()?.anchors);
        let mut entries = Vec::new();
        let keep = &mut |entry| entries.push(entry);
        let reading = Journal::read_with(&self.journal(), Some(&key as &dyn KeyWrap), &anchors, keep);
        let reading = reading.context("the journal cannot be read")?;
        whole(&reading.health, entries)
    }

    /// How many segments there are.
    pub fn segments(&self) -> Result<u64> {
        let names = self.journal().read_dir().context("the journal's folder cannot be listed")?;
        let segments = names.flatten().filter(|entry| entry.path().extension().is_some_and(|ending| ending == "log"));
        Ok(segments.count() as u64)
    }

    fn key(&self) -> Result<FileKey> {
        FileKey::open(&self.folder.join("key")).context("the key cannot be opened")
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    fn anchor(&self) -> PathBuf {
        self.folder.join("anchor")
    }

    fn options(&self) -> Result<Options> {
        let anchor = FileAnchor::open(&self.anchor(), &self.journal()).context("the anchor cannot be opened")?;
        let (segment_bytes, checkpoint_every) = (self.segment_bytes, CHECKPOINT_EVERY);
        Ok(Options { segment_bytes, checkpoint_every, anchors: vec![Arc::new(anchor)], ..Options::default() })
    }
}

impl Open {
    /// Appends the records of one append; gives the sequence that the token names.
    pub fn append(&self, append: u64, records: &[Record]) -> Result<u64> {
        let purpose = if append.is_multiple_of(APPENDS_A_PAYMENT) { Purpose::Payment } else { Purpose::Obligation };
        let parts: Vec<_> = records.iter().map(|record| (record.bytes(), record.card())).collect();
        let bodies: Vec<Body<'_>> = parts.iter().map(|(record, card)| Body { record, card: card.as_deref() }).collect();
        let token = self.0.append(purpose, &bodies).context("an append was refused")?;
        Ok(token.sequence())
    }

    /// The idle duties: marker, rotation ahead of need, checkpoint, spare segments.
    pub fn tend(&self) -> Result<()> {
        let tended = self.0.tend().context("the idle duties failed")?;
        match tended.not_anchored {
            None => Ok(()),
            Some(why) => bail!("a checkpoint was not anchored: {why}"),
        }
    }
}

fn whole(health: &Health, entries: Vec<Entry>) -> Result<Vec<Found>> {
    if *health != Health::Whole {
        bail!("the journal is damaged: {health:?}");
    }
    entries.into_iter().map(found).collect()
}

fn found(entry: Entry) -> Result<Found> {
    let Entry { sequence, kind, content, .. } = entry;
    let record = match (kind, content) {
        (Kind::Checkpoint, _) => None,
        (Kind::Record, Content::Whole { record, card: Card::None }) => Some((record, None)),
        (Kind::Record, Content::Whole { record, card: Card::Here(card) }) => Some((record, Some(card))),
        (_, content) => bail!("entry {sequence} cannot be read back: {content:?}"),
    };
    Ok(Found { sequence, record })
}
