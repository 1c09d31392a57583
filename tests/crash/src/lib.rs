//! Every power cut, fault and flipped bit that a payment can meet, enumerated.
//!
//! A script is played once on a disk that records ([`journal::memory`]). At every boundary between two of its
//! operations every disk that a power cut may leave within a stated [`Bound`] is made, recovered, held against the
//! laws of the journal, gone on with and cut once more.

mod books;
mod bound;
mod compaction;
mod dice;
pub mod faults;
pub mod images;
mod law;
mod ledger;
mod records;
mod run;
mod script;
pub mod seeds;
mod sins;
mod subject;

pub use bound::{Bound, Fineness};
pub use dice::Dice;
pub use law::{Broken, Law};
pub use ledger::{Compaction, Found, Ledger};
pub use records::Clerk;
pub use run::{Counts, Violation, run, run_nested};
pub use script::{SCRIPTS, Script, Tape, Till};
pub use sins::{ALL as SINS, Sin};
pub use subject::{Lab, Opened, Pen, Written};
