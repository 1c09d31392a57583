//! What a terminal does while the power may go.

use engine::{Record, TransactionId};
use journal::memory::{MemoryDisk, Moment, Overwrite};
use journal::{JournalError, SegmentInfo};

use crate::compaction;
use crate::ledger::{Found, Ledger};
use crate::records::Clerk;
use crate::subject::{Lab, Opened, Pen, Written};

/// Segments that hold everything a short script writes.
const ROOMY_SEGMENT_BYTES: u64 = 64 << 10;
/// Segments that hold a payment or two.
const TIGHT_SEGMENT_BYTES: u64 = 24 << 10;

/// Segments whose every byte can be looked at.
const SMALL_SEGMENT_BYTES: u64 = 20 << 10;

/// A named course of events.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Length of segments. Bytes.
    pub segment_bytes: u64,
    play: fn(&mut Till) -> Result<(), JournalError>,
}

/// All short scripts.
pub const SCRIPTS: [Script; 7] = [
    Script { name: "sale", segment_bytes: ROOMY_SEGMENT_BYTES, play: sale },
    Script { name: "reversal", segment_bytes: ROOMY_SEGMENT_BYTES, play: reversal },
    Script { name: "rotation", segment_bytes: TIGHT_SEGMENT_BYTES, play: rotation },
    Script { name: "idle", segment_bytes: TIGHT_SEGMENT_BYTES, play: idle },
    Script { name: "restart", segment_bytes: ROOMY_SEGMENT_BYTES, play: restart },
    Script { name: "compaction", segment_bytes: TIGHT_SEGMENT_BYTES, play: compaction },
    Script { name: "settlement", segment_bytes: ROOMY_SEGMENT_BYTES, play: settlement },
];

/// One terminal with its journal.
pub struct Till {
    /// How the journal is built.
    pub lab: Lab,
    /// What it is on.
    pub disk: MemoryDisk,
    /// What was written.
    pub ledger: Ledger,
    /// Who writes the records.
    pub clerk: Clerk,
    /// Operations of the disk when a recovery within the script was reported.
    reopened_at: Option<usize>,
    /// Taken away while the process is between two lives.
    pen: Option<Pen>,
}

/// A script that was played.
pub struct Tape {
    /// How the journal was built.
    pub lab: Lab,
    /// The disk after each operation.
    pub moments: Vec<Moment>,
    /// Writes onto sectors that held something.
    pub overwrites: Vec<Overwrite>,
    /// What was written.
    pub ledger: Ledger,
}

impl Script {
    /// Two payments in two small segments, the last group with a witness behind it.
    pub const fn small() -> Self {
        Self { name: "small", segment_bytes: SMALL_SEGMENT_BYTES, play: small }
    }

    /// Looks a script up by name.
    pub fn find(name: &str) -> Option<Script> {
        SCRIPTS.into_iter().find(|script| script.name == name)
    }

    /// The lab it is played in.
    pub fn lab(&self, sector_bytes: usize) -> Lab {
        Lab { sector_bytes, segment_bytes: self.segment_bytes, spares: 1, sin: None, life: 0 }
    }

    /// Plays it once on a disk that records; the disk does not fail, so the journal must not either.
    pub fn play(&self, lab: Lab) -> Result<Tape, JournalError> {
        let disk = lab.disk();
        disk.record();
        let mut till = Till::begin_on(lab, disk)?;
        self.act(&mut till)?;
        let Till { disk, ledger, .. } = till;
        Ok(Tape { lab, moments: disk.moments(), overwrites: disk.overwrites(), ledger })
    }

    /// Plays it.
    pub fn act(&self, till: &mut Till) -> Result<(), JournalError> {
        (self.play)(till)
    }
}

impl Till {
    /// Begins a journal on an empty disk.
    pub fn begin_on(lab: Lab, disk: MemoryDisk) -> Result<Self, JournalError> {
        let opened = lab.create(&disk)?;
        let mut ledger = Ledger::default();
        ledger.created(&disk);
        Ok(Self { lab, disk, ledger, clerk: Clerk::default(), reopened_at: None, pen: Some(opened.pen) })
    }

    /// A journal that was begun in an earlier life.
    pub fn recovered(lab: Lab, disk: MemoryDisk, ledger: &Ledger, clerk: Clerk) -> Self {
        Self { lab, disk, ledger: ledger.clone(), clerk, reopened_at: None, pen: None }
    }

    /// Writes records as one group.
    pub fn write(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let group: Vec<Written> = records.iter().map(Written::of).collect();
        self.ledger.begin(&self.disk, &group);
        let pen = self.pen.as_ref().ok_or(JournalError::Poisoned)?;
        pen.append(&group)?;
        self.ledger.promise(&self.disk);
        Ok(())
    }

    /// The process ends.
    pub fn close(&mut self) {
        self.pen = None;
    }

    /// What writes, if there is one; there is none afterwards.
    pub fn take_pen(&mut self) -> Option<Pen> {
        self.pen.take()
    }

    /// Believes what a recovery found, and goes on from there.
    pub fn go_on_with(&mut self, found: &Found, opened: Opened) {
        self.ledger = self.ledger.recovered(found, self.disk.operations());
        self.reopened_at = Some(self.disk.operations());
        self.pen = Some(opened.pen);
    }

    /// Operations of the disk when a recovery was reported since this was last asked.
    pub fn reopened(&mut self) -> Option<usize> {
        self.reopened_at.take()
    }

    /// Something to be written down.
    pub fn note(&mut self) -> Record {
        self.clerk.remembered(300)
    }

    /// Idle duties.
    pub fn tend(&mut self) -> Result<(), JournalError> {
        self.pen.as_ref().ok_or(JournalError::Poisoned)?.tend()
    }

    /// Signs what the journal holds.
    pub fn checkpoint(&mut self) -> Result<(), JournalError> {
        self.ledger.begin(&self.disk, &[Written::Checkpoint]);
        self.pen.as_ref().ok_or(JournalError::Poisoned)?.checkpoint()?;
        self.ledger.promise(&self.disk);
        Ok(())
    }

    /// Compacts every segment that is full and has not been compacted: what concerns a payment that is still open
    /// stays, others lose their card data, and of those that lie wholly in the segment a line is left.
    pub fn compact(&mut self) -> Result<(), JournalError> {
        let pen = self.pen.as_ref().ok_or(JournalError::Poisoned)?;
        let segments = pen.segments()?;
        let settled = |(info, next): &(&SegmentInfo, &SegmentInfo)| !info.is_compacted && info.number < next.number;
        for (info, next) in segments.iter().zip(segments.iter().skip(1)).filter(settled) {
            let (first, end) = (info.first_sequence as usize - 1, next.first_sequence as usize - 1);
            let fates = compaction::fates(self.ledger.entries(), first..end);
            let began = self.disk.operations();
            let outcome = pen.compact(info.number, &mut |entry| fates[entry.sequence as usize - 1 - first].clone());
            let reported = outcome.is_ok().then(|| self.disk.operations());
            self.ledger.compacted(first, fates, began, reported);
            outcome?;
        }
        Ok(())
    }

    /// A sale that is approved.
    pub fn approved_sale(&mut self) -> Result<(), JournalError> {
        let id = self.clerk.next_payment();
        let intent = self.clerk.sale(&id);
        self.write(&[intent])?;
        let approval = self.clerk.approval(&id);
        self.write(&approval)
    }

    /// A sale that is never answered.
    pub fn unanswered_sale(&mut self) -> Result<TransactionId, JournalError> {
        let id = self.clerk.next_payment();
        let intent = self.clerk.sale(&id);
        self.write(&[intent])?;
        let silence = self.clerk.silence(&id);
        self.write(&silence)?;
        Ok(id)
    }

    /// Its reversal, tried so often before, which is heard at the second try from now.
    pub fn reverse(&mut self, id: &TransactionId, tries: u32) -> Result<(), JournalError> {
        let first = self.clerk.try_to_reverse(id, tries + 1);
        self.write(&[first])?;
        let again = [self.clerk.reversal_unheard(id, tries + 1), self.clerk.try_to_reverse(id, tries + 2)];
        self.write(&again)?;
        let paid = self.clerk.reversal_acknowledged(id, tries + 2);
        self.write(&[paid])
    }

    /// The process ends and another begins; the power stays on.
    pub fn restart(&mut self) -> Result<(), JournalError> {
        self.pen = None;
        self.lab = self.lab.next_life();
        self.pen = Some(self.lab.open(&self.disk)?.pen);
        Ok(())
    }
}

fn sale(till: &mut Till) -> Result<(), JournalError> {
    till.approved_sale()
}

fn reversal(till: &mut Till) -> Result<(), JournalError> {
    let id = till.unanswered_sale()?;
    till.reverse(&id, 0)
}

fn rotation(till: &mut Till) -> Result<(), JournalError> {
    till.approved_sale()?;
    let id = till.clerk.next_payment();
    let intent = till.clerk.sale_to_be_asked_for(&id);
    till.write(&[intent])?;
    let silence = till.clerk.silence(&id);
    till.write(&silence)?;
    let id = till.unanswered_sale()?;
    till.reverse(&id, 0)
}

fn idle(till: &mut Till) -> Result<(), JournalError> {
    till.approved_sale()?;
    till.tend()?;
    let id = till.unanswered_sale()?;
    till.tend()?;
    till.reverse(&id, 0)?;
    till.tend()
}

fn restart(till: &mut Till) -> Result<(), JournalError> {
    till.approved_sale()?;
    till.restart()?;
    let id = till.unanswered_sale()?;
    till.restart()?;
    till.reverse(&id, 0)
}

fn compaction(till: &mut Till) -> Result<(), JournalError> {
    till.approved_sale()?;
    let id = till.unanswered_sale()?;
    till.approved_sale()?;
    till.checkpoint()?;
    till.compact()?;
    till.reverse(&id, 0)?;
    till.compact()
}

fn small(till: &mut Till) -> Result<(), JournalError> {
    till.approved_sale()?;
    let id = till.unanswered_sale()?;
    let first = till.clerk.try_to_reverse(&id, 1);
    till.write(&[first])?;
    // Once for the spare, once for the marker, which gives way to debts where there is none.
    till.tend()?;
    till.tend()
}

fn settlement(till: &mut Till) -> Result<(), JournalError> {
    const CALLS: u32 = 3;
    for _ in 0..4 {
        till.approved_sale()?;
    }
    for call in 0..CALLS {
        let upload = till.clerk.upload(call * 64, CALLS * 64);
        till.write(&upload)?;
    }
    till.tend()?;
    till.compact()?;
    till.approved_sale()
}
