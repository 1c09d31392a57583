//! Faults of a device that stays on: full, failing, rotting. Each is reported or harmless; none is silent.

use std::io::ErrorKind;

use journal::memory::{Extent, Fault, MemoryDisk, Operation};
use journal::{Content, Health, JournalError, Kind};

use crate::law::{Broken, Law, broken};
use crate::ledger::{Found, Ledger};
use crate::run::{Counts, Violation, each_in_parallel};
use crate::script::{Script, Till};
use crate::subject::{Lab, Written};

/// What is done to the disk before a script is played.
#[derive(Clone, Copy, Debug)]
enum Order {
    Fault(Fault),
    FreeBytes(usize),
}

/// Everything that can be ordered of one script: an error at each operation of each kind, with nothing, half or all of
/// it done, once or for good; no space, and no more than so many bytes of it.
///
/// After the error the journal is gone on with as a terminal does: opened again, read, closed, written to; then the
/// power goes, and what was promised is looked for.
pub fn sweep(script: &Script, lab: Lab) -> Result<Counts, Box<Violation>> {
    let quiet = script.play(lab).map_err(|error| violation(script, lab, "no fault", failed("script", &error)))?;
    let most = quiet.moments.last().map_or(0, |last| last.without_cut().held_bytes());
    let full = (0..most).step_by(8 << 10).map(Order::FreeBytes);
    let orders: Vec<Order> = faults().into_iter().map(Order::Fault).chain(full).collect();
    each_in_parallel(&orders, &|order| {
        let mut counts = Counts::default();
        for after in 0.. {
            let order = order.delayed(after);
            let struck = suffer(script, lab, order);
            if !struck.map_err(|broken| violation(script, lab, &format!("{order:?}"), broken))? {
                break;
            }
            counts.add(Counts { points: 1, images: 2 });
            if matches!(order, Order::FreeBytes(_)) {
                break;
            }
        }
        Ok(counts)
    })
}

/// Every kind of error at the first operation of each kind. One that lasts leaves nothing behind.
fn faults() -> Vec<Fault> {
    let mut faults = Vec::new();
    for operation in [Operation::Name, Operation::Write, Operation::Sync, Operation::SyncDirectory] {
        for kind in [ErrorKind::Other, ErrorKind::StorageFull] {
            for extent in [Extent::Nothing, Extent::Half, Extent::All] {
                faults.push(Fault { operation, after: 0, kind, extent, lasts: false });
            }
            faults.push(Fault { operation, after: 0, kind, extent: Extent::Nothing, lasts: true });
        }
    }
    faults
}

impl Order {
    /// The same at a later operation.
    fn delayed(self, after: usize) -> Self {
        match self {
            Self::Fault(fault) => Self::Fault(Fault { after, ..fault }),
            Self::FreeBytes(bytes) => Self::FreeBytes(bytes),
        }
    }
}

/// Plays a script with a fault to come; whether it came.
fn suffer(script: &Script, lab: Lab, order: Order) -> Result<bool, Broken> {
    let disk = lab.disk();
    match order {
        Order::Fault(fault) => disk.order(fault),
        Order::FreeBytes(bytes) => disk.set_free_bytes(bytes),
    }
    let mut till = match Till::begin_on(lab, disk.clone()) {
        Ok(till) => till,
        Err(_) => return unborn(lab, &disk).map(|()| true),
    };
    let outcome = script.act(&mut till);
    if disk.faults_struck() == 0 {
        return Ok(false);
    }
    if let Err(error) = outcome {
        mend(&mut till, error)?;
    }
    disk.recover_from_faults();
    till.close();
    check_cuts(&till.lab, &till.ledger, &disk)?;
    Ok(true)
}

/// Creation failed and said so: it can be done again, and nothing is called damage.
fn unborn(lab: Lab, disk: &MemoryDisk) -> Result<(), Broken> {
    disk.recover_from_faults();
    check_cuts(&lab, &Ledger::default(), disk)
}

/// The power goes with all of what was not synced lost, and with all of it kept.
fn check_cuts(lab: &Lab, ledger: &Ledger, disk: &MemoryDisk) -> Result<(), Broken> {
    for arrives in [false, true] {
        let cut = disk.fork();
        cut.cut_power(arrives, |_| arrives);
        Law::new(lab, ledger).check(&cut, disk.operations())?;
    }
    Ok(())
}

/// After a failed append: what the journal says it holds is believed, and what it then promises must hold.
pub fn mend(till: &mut Till, error: JournalError) -> Result<(), Broken> {
    if matches!(error, JournalError::DiskFull | JournalError::Reserved) {
        // Nothing of it is durable, and the handle stays as it was.
        till.ledger.take_back_unpromised();
        return Ok(());
    }
    let reopened = till.take_pen().map(|pen| pen.reopen());
    let opened = match reopened {
        Some(Ok(opened)) => opened,
        Some(Err(_)) | None => {
            till.disk.recover_from_faults();
            till.lab = till.lab.next_life();
            till.lab.open(&till.disk).map_err(|error| failed("recovery after the fault had passed", &error))?
        }
    };
    let law = Law::new(&till.lab, &till.ledger);
    let (found, closing) = law.check_opened(&opened, till.disk.operations())?;
    till.disk.recover_from_faults();
    till.go_on_with(&found, opened);
    let closing: Vec<_> = closing.into_iter().chain([till.note()]).collect();
    till.write(&closing).map_err(|error| failed("an append after the fault had passed", &error))
}

/// Flips bits, zeroes sectors and loses blocks of a small journal at rest, everywhere: `fine` takes every bit of every
/// byte that is not zero and one of each that is; otherwise one bit of each that is not zero, and of some that are.
pub fn rot(sector_bytes: usize, fine: bool) -> Result<Counts, Box<Violation>> {
    rot_in(SMALL.lab(sector_bytes), fine)
}

/// Two small segments, the last group with a witness behind it.
pub const SMALL: Script = Script::small();

/// The same in any lab.
pub fn rot_in(lab: Lab, fine: bool) -> Result<Counts, Box<Violation>> {
    let told = |what: &str, broken| violation(&SMALL, lab, what, broken);
    let tape = SMALL.play(lab).map_err(|error| told("no fault", failed("script", &error)))?;
    let disk = tape.moments.last().map(journal::memory::Moment::without_cut).unwrap_or_default();
    let mut wounds = Vec::new();
    for name in disk.names().into_iter().filter(|name| name.ends_with(".log")) {
        let bytes = disk.bytes(&name).unwrap_or_default();
        for (offset, byte) in bytes.iter().enumerate() {
            let every_bit = fine && *byte != 0;
            let bits: &[u8] = if every_bit { &[1, 2, 4, 8, 16, 32, 64, 128] } else { &[1 << (offset % 8)] };
            if fine || *byte != 0 || offset % 61 == 0 {
                wounds.extend(bits.iter().map(|bits| (name.clone(), Wound::Flip(offset, *bits))));
            }
        }
        wounds.extend((0..bytes.len()).step_by(512).map(|offset| (name.clone(), Wound::Zero(offset))));
        wounds.extend((0..bytes.len() / 4096).map(|block| (name.clone(), Wound::Lose(block as u64))));
    }
    each_in_parallel(&wounds, &|(name, wound)| {
        let hurt = disk.fork();
        wound.inflict(&hurt, name);
        let held = reported_or_harmless(&lab, &tape.ledger, &hurt);
        held.map_err(|broken| told(&format!("{wound:?} of {name}"), broken))?;
        Ok(Counts { points: 1, images: 1 })
    })
}

#[derive(Clone, Copy, Debug)]
enum Wound {
    /// These bits of this byte.
    Flip(usize, u8),
    /// This sector reads as if it had never been written.
    Zero(usize),
    /// This block cannot be read.
    Lose(u64),
}

impl Wound {
    fn inflict(self, disk: &MemoryDisk, name: &str) {
        match self {
            Self::Flip(offset, bits) => disk.flip(name, offset, bits),
            Self::Zero(offset) => disk.rewrite(name, |bytes| {
                let end = (offset + 512).min(bytes.len());
                bytes[offset..end].fill(0);
            }),
            Self::Lose(block) => disk.lose_block(name, block),
        }
    }
}

/// Either all is there, or it is said that something is not; nothing that is read is anything else than what was
/// written; and what is owed can still be written down and found again.
fn reported_or_harmless(lab: &Lab, ledger: &Ledger, disk: &MemoryDisk) -> Result<(), Broken> {
    let lab = lab.next_life();
    let opened = lab.open(disk).map_err(|error| failed("opening a journal with a fault at one place", &error))?;
    let written = ledger.entries();
    for entry in opened.entries.iter().filter(|entry| matches!(entry.content, Content::Whole { .. })) {
        let same = usize::try_from(entry.sequence - 1).ok().and_then(|index| written.get(index));
        if !same.is_some_and(|written| written.is_record_of(entry)) {
            return Err(broken("J5", format!("entry {} is not what was appended", entry.sequence)));
        }
    }
    let found: Result<Found, String> = ledger.compare(&opened.entries, usize::MAX);
    let is_all = found.is_ok_and(|found| found.count == written.len());
    if opened.health == Health::Whole && !is_all {
        let (read, all) = (opened.entries.len(), written.len());
        return Err(broken("J4", format!("{read} of {all} entries are left, and nothing is said")));
    }
    let debt = Written::of(&crate::records::Clerk::default().remembered(200));
    opened.pen.append(std::slice::from_ref(&debt)).map_err(|error| failed("writing down what is owed", &error))?;
    drop(opened.pen);
    disk.cut_power(false, |_| false);
    let again = lab.next_life().open(disk).map_err(|error| failed("opening it again", &error))?;
    let is_there = again.entries.iter().any(|entry| entry.kind == Kind::Record && debt.is_record_of(entry));
    if is_there { Ok(()) } else { Err(broken("J4", "what was written down after the damage is gone".into())) }
}

fn failed(what: &str, error: &JournalError) -> Broken {
    broken("J4", format!("{what} failed: {error}"))
}

fn violation(script: &Script, lab: Lab, what: &str, broken: Broken) -> Box<Violation> {
    Box::new(Violation {
        script: script.name.to_owned(),
        sector_bytes: lab.sector_bytes,
        point: 0,
        operation: what.to_owned(),
        cut: String::new(),
        image: 0,
        broken,
    })
}
