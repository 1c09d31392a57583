//! What can go wrong, and where.

use serde::{Deserialize, Serialize};

/// A place in a world where something can go wrong: this step, for the nth time, of what is done about that at this
/// terminal. It stays the same place when other acts are taken away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Occasion {
    /// At which terminal.
    pub terminal: usize,
    /// What it is about: the name of a payment, an errand or a debt; `start` for a start.
    pub about: String,
    /// What is about to be done.
    pub step: Step,
    /// Counted from 0.
    pub nth: u32,
}

/// What is about to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the engine's effects by their names, and the steps of a start")]
pub enum Step {
    Read,
    Close,
    AskCard,
    Start,
    Resume,
    Decide,
    Wait,
    Prepare,
    Commit,
    Send,
    Listen,
    Prove,
    StageKeys,
    Pause,
    Keys,
    AskCashier,
    FinishCard,
    Ended,
    Tried,
    Carried,
    Tend,
}

/// How many steps there are.
pub const STEPS: usize = Step::Tend as usize + 1;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The power fails before it.
    Cut,
    /// The power fails when it is done.
    CutAfter,
    /// The power fails after so many operations of the disk within it.
    CutInside(u32),
    /// A write to the disk fails, and leaves nothing or all of it.
    WriteFails(bool),
    /// A sync of the disk fails; of what was to be synced nothing or all has arrived.
    SyncFails(bool),
    /// The disk is full for a minute.
    DiskFull,
    /// A bit of what is written on the disk has changed while nobody read it: which, counted over all that is written.
    Rots(u32),
    /// The acquirer cannot be reached.
    Unreachable,
    /// No secure connection comes about.
    NoTls,
    /// The connection breaks while the request is written; whether it arrives.
    Breaks(bool),
    /// The request is lost, or the acquirer drops it.
    RequestLost,
    /// The answer is lost.
    ReplyLost,
    /// The request stays on its way for so long. Milliseconds.
    RequestLate(u64),
    /// The answer does. Milliseconds.
    ReplyLate(u64),
    /// The request arrives twice.
    RequestTwice,
    /// The answer arrives twice.
    ReplyTwice,
    /// A byte of the request is another one when it arrives.
    RequestGarbled(u32),
    /// A byte of the answer is.
    ReplyGarbled(u32),
    /// The acquirer refuses it, and somebody on the way makes the answer say that it did not.
    Forged,
    /// Half of the answer arrives.
    ReplyHalf,
    /// The answer's MAC is wrong.
    WrongMac,
    /// The answer is one to the next trace number.
    WrongTrace,
    /// The answer speaks of another amount.
    WrongAmount,
    /// The check value of a downloaded key is wrong.
    WrongCheckValue,
    /// The acquirer does not do it, and says this code.
    Refuses(String),
    /// The acquirer does it, and says this code.
    Says(String),
    /// The acquirer approves no more than this, minor units.
    ApprovesPartly(i64),
    /// The plugin traps.
    Traps,
    /// The plugin loops until it is stopped.
    Loops,
    /// The plugin says whatever happened: send it again.
    SaysResend,
    /// The plugin says whatever happened: give up.
    SaysFail,
    /// The plugin says whatever happened: the terminal may approve by itself.
    SaysStandIn,
    /// The plugin approves on its own word.
    ClaimsApproved,
    /// The plugin declines on its own word.
    ClaimsDeclined,
    /// The plugin says its message only asks.
    SaysAsks,
    /// The plugin forgets to say how it is taken back.
    ForgetsRemedy,
    /// Nobody presents a card.
    NoCard,
    /// The card cannot be read.
    CardUnreadable,
    /// The card is taken away.
    CardRemoved,
    /// The cashier chooses the other answer.
    ChoosesOtherwise,
    /// Somebody presses cancel.
    Cancel,
    /// The printer has no paper.
    NoPaper,
}

/// The kinds of fault whose chances are drawn apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "whose fault it is")]
pub enum Kind {
    Power,
    Disk,
    Line,
    Acquirer,
    Plugin,
    Counter,
}

/// All kinds.
pub const KINDS: [Kind; 6] = [Kind::Power, Kind::Disk, Kind::Line, Kind::Acquirer, Kind::Plugin, Kind::Counter];

/// How late something can be that is late: within the wait, and far behind it. Milliseconds.
const LATE_MS: [u64; 3] = [3_000, 45_000, 200_000];
/// Operations of a disk within which the power can fail.
const INSIDE: u32 = 4;
/// The same, while the journal is tended: a segment is written anew, and a snapshot.
const TENDING_INSIDE: u32 = 16;
/// Bits that may rot at one start.
const ROTTEN: u32 = 8;

impl Step {
    /// What can go wrong here, one of each; `byte` is where a message is garbled.
    pub fn faults(self, kind: Kind, byte: u32) -> Vec<Fault> {
        match (self, kind) {
            (Step::Read | Step::Close | Step::Commit, Kind::Power) => {
                (0..INSIDE).map(Fault::CutInside).chain([Fault::Cut, Fault::CutAfter]).collect()
            }
            (Step::Tend, Kind::Power) => (0..TENDING_INSIDE).map(Fault::CutInside).chain([Fault::Cut]).collect(),
            (_, Kind::Power) => vec![Fault::Cut, Fault::CutAfter],
            (Step::Read, Kind::Disk) => (0..ROTTEN).map(|bit| Fault::Rots(byte * ROTTEN + bit)).collect(),
            (Step::Commit | Step::Close | Step::Tend, Kind::Disk) => vec![
                Fault::WriteFails(false),
                Fault::WriteFails(true),
                Fault::SyncFails(false),
                Fault::SyncFails(true),
                Fault::DiskFull,
            ],
            (Step::Send, Kind::Line) => line_faults(byte),
            (Step::Send, Kind::Acquirer) => acquirer_faults(),
            (Step::Start, Kind::Plugin) => {
                vec![Fault::Traps, Fault::Loops, Fault::SaysAsks, Fault::ForgetsRemedy, Fault::ClaimsApproved]
            }
            (Step::Resume, Kind::Plugin) => {
                vec![Fault::Traps, Fault::Loops, Fault::ClaimsApproved, Fault::ClaimsDeclined]
            }
            (Step::Decide, Kind::Plugin) => {
                vec![Fault::Traps, Fault::Loops, Fault::SaysResend, Fault::SaysFail, Fault::SaysStandIn]
            }
            (Step::Wait, Kind::Plugin) => vec![Fault::Traps, Fault::Loops],
            (Step::AskCard, Kind::Counter) => {
                vec![Fault::NoCard, Fault::CardUnreadable, Fault::CardRemoved, Fault::Cancel]
            }
            (Step::AskCashier, Kind::Counter) => vec![Fault::ChoosesOtherwise, Fault::Cancel],
            (Step::FinishCard, Kind::Counter) => vec![Fault::CardRemoved, Fault::Cancel],
            (Step::Ended, Kind::Counter) => vec![Fault::NoPaper],
            (Step::Prepare | Step::Commit | Step::Send | Step::Resume | Step::Decide, Kind::Counter) => {
                vec![Fault::Cancel]
            }
            _ => Vec::new(),
        }
    }
}

fn line_faults(byte: u32) -> Vec<Fault> {
    let late = LATE_MS.into_iter().flat_map(|ms| [Fault::RequestLate(ms), Fault::ReplyLate(ms)]);
    let plain = [
        Fault::Unreachable,
        Fault::NoTls,
        Fault::Breaks(false),
        Fault::Breaks(true),
        Fault::RequestLost,
        Fault::ReplyLost,
        Fault::RequestTwice,
        Fault::ReplyTwice,
        Fault::RequestGarbled(byte),
        Fault::ReplyGarbled(byte),
        Fault::ReplyHalf,
        Fault::Forged,
    ];
    late.chain(plain).collect()
}

fn acquirer_faults() -> Vec<Fault> {
    let code = |text: &str| text.to_owned();
    vec![
        Fault::WrongMac,
        Fault::WrongTrace,
        Fault::WrongAmount,
        Fault::WrongCheckValue,
        Fault::Refuses(code("05")),
        Fault::Refuses(code("96")),
        Fault::Refuses(code("98")),
        Fault::Refuses(code("25")),
        Fault::Says(code("98")),
        Fault::Says(code("68")),
        Fault::ApprovesPartly(700),
    ]
}

impl Fault {
    /// Its name in the figures.
    pub fn word(&self) -> &'static str {
        match self {
            Fault::Cut | Fault::CutAfter => "power cut between two steps",
            Fault::CutInside(_) => "power cut inside the disk",
            Fault::WriteFails(_) => "write failed",
            Fault::SyncFails(_) => "sync failed",
            Fault::DiskFull => "disk full",
            Fault::Rots(_) => "bit rot",
            Fault::Unreachable | Fault::NoTls => "not connected",
            Fault::Breaks(_) => "connection broke while sending",
            Fault::RequestLost => "request lost",
            Fault::ReplyLost => "answer lost",
            Fault::RequestLate(_) => "request late",
            Fault::ReplyLate(_) => "answer late",
            Fault::RequestTwice => "request twice",
            Fault::ReplyTwice => "answer twice",
            Fault::RequestGarbled(_) => "request garbled",
            Fault::ReplyGarbled(_) | Fault::ReplyHalf => "answer garbled",
            Fault::Forged => "answer forged",
            Fault::WrongMac | Fault::WrongTrace | Fault::WrongAmount | Fault::WrongCheckValue => "answer not right",
            Fault::Refuses(_) => "acquirer refused",
            Fault::Says(_) => "acquirer did it and denied it",
            Fault::ApprovesPartly(_) => "approved in part",
            Fault::Traps | Fault::Loops => "plugin trapped",
            Fault::SaysResend | Fault::SaysFail | Fault::SaysStandIn => "plugin decided anything",
            Fault::ClaimsApproved | Fault::ClaimsDeclined => "plugin claimed anything",
            Fault::SaysAsks | Fault::ForgetsRemedy => "plugin belittled its message",
            Fault::NoCard | Fault::CardUnreadable | Fault::CardRemoved => "no card",
            Fault::ChoosesOtherwise => "cashier chose otherwise",
            Fault::Cancel => "cancelled",
            Fault::NoPaper => "printer out",
        }
    }

    /// What the acquirer is told to do wrong, where it is its doing.
    pub fn of_acquirer(&self) -> Option<acquirer::Fault> {
        let code = |text: &str| text.parse().ok();
        Some(match self {
            Fault::WrongMac => acquirer::Fault::WrongMac,
            Fault::WrongTrace => acquirer::Fault::WrongTrace,
            Fault::WrongAmount => acquirer::Fault::WrongAmount,
            Fault::WrongCheckValue => acquirer::Fault::WrongCheckValue,
            Fault::Forged => acquirer::Fault::RefuseCode { code: code("05")? },
            Fault::Refuses(text) => acquirer::Fault::RefuseCode { code: code(text)? },
            Fault::Says(text) => acquirer::Fault::AnswerCode { code: code(text)? },
            Fault::ApprovesPartly(amount_minor) => acquirer::Fault::ApprovePartly { amount_minor: *amount_minor },
            _ => return None,
        })
    }
}
