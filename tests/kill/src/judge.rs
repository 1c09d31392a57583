//! What must hold of a journal whose writer was killed.

use thiserror::Error;

use crate::THREADS;
use crate::message::{Acknowledged, Message};
use crate::record::Record;

/// An entry that was read, as much of it as is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place in the journal.
    pub sequence: u64,
    /// The record and its card part; none for the journal's own entries.
    pub record: Option<(Vec<u8>, Option<Vec<u8>>)>,
}

/// What one writer told before it died.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// It said that the journal was open.
    pub opened: bool,
    /// It was at its idle duties.
    pub tending: bool,
    /// Its acknowledgements, in the order of the pipe.
    pub acknowledged: Vec<Acknowledged>,
}

impl Told {
    /// Takes one message in.
    pub fn hear(&mut self, message: Message) {
        match message {
            Message::Started => {}
            Message::Opened => self.opened = true,
            Message::Acknowledged(told) => self.acknowledged.push(told),
            Message::Tending => self.tending = true,
            Message::Tended => self.tending = false,
        }
    }
}

/// What is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    /// Sequences do not go up by one.
    #[error("entry {found} is where entry {expected} belongs")]
    Sequence {
        /// The sequence that should be here.
        expected: u64,
        /// The one that is.
        found: u64,
    },
    /// The bytes are not those of any record, or the card part is not the record's.
    #[error("entry {sequence} holds bytes that no writer wrote")]
    Foreign {
        /// The entry.
        sequence: u64,
    },
    /// A run before the newest, or one that was never started.
    #[error("entry {sequence} is of run {run}, which is not the one that wrote here")]
    Run {
        /// The entry.
        sequence: u64,
        /// The run it says it is of.
        run: u32,
    },
    /// A record is missing before this one, or is there twice, or in another order.
    #[error("entry {sequence} is {found:?} where {expected:?} belongs")]
    Order {
        /// The entry.
        sequence: u64,
        /// The record that is there.
        found: Record,
        /// The one that follows what came before it.
        expected: Record,
    },
    /// Some records of an append are there and some are not.
    #[error("append {append} of thread {thread} in run {run} is there in part")]
    Half {
        /// The run.
        run: u32,
        /// The thread.
        thread: usize,
        /// The append.
        append: u64,
    },
    /// An acknowledged append is not there.
    #[error(
        "thread {thread} was told that append {append} of run {run} is durable, and only {found} appends are there"
    )]
    Lost {
        /// The run.
        run: u32,
        /// The thread.
        thread: u8,
        /// The append that was acknowledged, from 0.
        append: u64,
        /// How many appends of that thread are there.
        found: u64,
    },
    /// A token named another place than the one the append is at.
    #[error(
        "the token for append {append} of thread {thread} in run {run} named entry {sequence}, which holds another"
    )]
    Misplaced {
        /// The run.
        run: u32,
        /// The thread.
        thread: u8,
        /// The append, from 0.
        append: u64,
        /// What the token said.
        sequence: u64,
    },
    /// More is there than one append that nobody was told of.
    #[error("thread {thread} heard of {told} appends of run {run}, and {found} are there")]
    Unheard {
        /// The run.
        run: u32,
        /// The thread.
        thread: usize,
        /// How many acknowledgements it told.
        told: u64,
        /// How many appends are there.
        found: u64,
    },
    /// What was judged before reads differently now.
    #[error("run {run} was judged to have written {before:?} appends, and {now:?} are there now")]
    Changed {
        /// The run.
        run: u32,
        /// How many appends a thread there were.
        before: [u64; THREADS],
        /// How many there are.
        now: [u64; THREADS],
    },
}

/// The memory of one directory: how many appends each thread of each run had when it was judged.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    runs: Vec<[u64; THREADS]>,
}

impl Ledger {
    /// The run that writes next, from 1.
    pub fn next_run(&self) -> u32 {
        self.runs.len() as u32 + 1
    }

    /// Judges all that is found after [`Ledger::next_run`] was killed, and remembers it. Gives the number of appends
    /// that are there though nobody heard of them.
    pub fn judge(&mut self, told: &Told, found: &[Found]) -> Result<u64, Wrong> {
        let runs = count(found, self.next_run())?;
        for (before, (now, run)) in self.runs.iter().zip(runs.iter().zip(1..)) {
            if before != now {
                return Err(Wrong::Changed { run, before: *before, now: *now });
            }
        }
        let newest = runs.last().copied().unwrap_or_default();
        let unheard = compare(self.next_run(), told, &newest, found)?;
        self.runs = runs;
        Ok(unheard)
    }

    /// Judges what is found when nobody wrote since the last judgement.
    pub fn judge_again(&self, found: &[Found]) -> Result<(), Wrong> {
        let runs = count(found, self.next_run() - 1)?;
        let changed = self.runs.iter().zip(&runs).zip(1..).find(|((before, now), _)| before != now);
        match changed {
            None => Ok(()),
            Some(((before, now), run)) => Err(Wrong::Changed { run, before: *before, now: *now }),
        }
    }
}

/// Appends a thread of every run up to `newest`, where everything is in order.
fn count(found: &[Found], newest: u32) -> Result<Vec<[u64; THREADS]>, Wrong> {
    let mut runs = vec![[0; THREADS]; newest as usize];
    let mut run = 1;
    // The rest of an append that has begun: its records follow one another.
    let mut rest: Vec<Record> = Vec::new();
    for (entry, expected) in found.iter().zip(1..) {
        let sequence = entry.sequence;
        if sequence != expected {
            return Err(Wrong::Sequence { expected, found: sequence });
        }
        let Some((bytes, card)) = &entry.record else { continue };
        let record = Record::parse(bytes).filter(|record| record.card() == *card).ok_or(Wrong::Foreign { sequence })?;
        let counts = runs.get_mut(record.run.wrapping_sub(1) as usize).filter(|_| record.run >= run);
        let counts = counts.ok_or(Wrong::Run { sequence, run: record.run })?;
        let written = counts.get_mut(usize::from(record.thread)).ok_or(Wrong::Foreign { sequence })?;
        run = record.run;
        if rest.is_empty() {
            rest = Record::of_append(record.run, record.thread, *written);
            rest.reverse();
        }
        let expected = rest.pop().unwrap_or(record);
        if record != expected {
            return Err(Wrong::Order { sequence, found: record, expected });
        }
        if rest.is_empty() {
            *written += 1;
        }
    }
    match rest.first() {
        None => Ok(runs),
        Some(missing) => {
            Err(Wrong::Half { run: missing.run, thread: usize::from(missing.thread), append: missing.append })
        }
    }
}

fn compare(run: u32, told: &Told, written: &[u64; THREADS], found: &[Found]) -> Result<u64, Wrong> {
    let mut heard = [0; THREADS];
    for &Acknowledged { thread, append, sequence } in &told.acknowledged {
        let there = written.get(usize::from(thread)).copied().unwrap_or(0);
        if append >= there {
            return Err(Wrong::Lost { run, thread, append, found: there });
        }
        if let Some(heard) = heard.get_mut(usize::from(thread)) {
            *heard = append + 1;
        }
        let Some(sequence) = sequence else { continue };
        let last = Record::of_append(run, thread, append).pop();
        let entry = sequence.checked_sub(1).and_then(|index| found.get(index as usize));
        let there = entry.and_then(|entry| entry.record.as_ref()).and_then(|(bytes, _)| Record::parse(bytes));
        if there != last {
            return Err(Wrong::Misplaced { run, thread, append, sequence });
        }
    }
    let mut unheard = 0;
    for (thread, (told, found)) in heard.into_iter().zip(*written).enumerate() {
        unheard += found - told;
        if found > told + 1 {
            return Err(Wrong::Unheard { run, thread, told, found });
        }
    }
    Ok(unheard)
}

#[cfg(test)]
mod tests;
