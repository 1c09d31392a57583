//! The process that is killed: eight threads append through one journal until they die.

use std::thread;

use anyhow::{Result, anyhow};

use crate::THREADS;
use crate::message::{Acknowledged, Message};
use crate::record::Record;
use crate::store::{Open, Store};

/// A thread stops after this many appends, so that a writer nobody kills cannot fill the disk.
const MOST_APPENDS: u64 = 10_000;
/// The first thread does the idle duties after this many of its appends.
const APPENDS_A_TENDING: u64 = 8;

/// When the writer tells of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// After the journal gave its token.
    WhenDurable,
    /// Before it asks the journal: the sin that shows that the judge sees a loss.
    TooEarly,
}

/// Opens the journal and writes as run number `run`; returns only if nobody kills it.
pub fn write(store: &Store, run: u32, tells: Tells) -> Result<()> {
    Message::Started.tell()?;
    let (journal, _) = store.open()?;
    Message::Opened.tell()?;
    thread::scope(|scope| {
        let threads = (0..THREADS as u8).map(|thread| {
            let journal = &journal;
            scope.spawn(move || append_for_ever(journal, run, thread, tells))
        });
        // All are started before one is waited for.
        let threads: Vec<_> = threads.collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?)
    })
}

fn append_for_ever(journal: &Open, run: u32, thread: u8, tells: Tells) -> Result<()> {
    for append in 0..MOST_APPENDS {
        let told = |sequence| Message::Acknowledged(Acknowledged { thread, append, sequence }).tell();
        if tells == Tells::TooEarly {
            told(None)?;
        }
        let sequence = journal.append(append, &Record::of_append(run, thread, append))?;
        if tells == Tells::WhenDurable {
            told(Some(sequence))?;
        }
        if thread == 0 && append % APPENDS_A_TENDING == APPENDS_A_TENDING - 1 {
            Message::Tending.tell()?;
            journal.tend()?;
            Message::Tended.tell()?;
        }
    }
    Ok(())
}
