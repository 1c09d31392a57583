//! Evidence: one file that shows, to whoever has the journal's public key, what the journal holds of one transaction.
//!
//! The file is a signed note (C2SP `signed-note`): a heading, then a JSON document in one canonical writing, then the
//! journal's signature over both. In it are the records with their salts, so that anybody can recompute what the
//! journal committed to; the proof that each is a leaf of a signed checkpoint; earlier signed checkpoints, each with
//! the proof that the journal only grew since; and the story in words. Of card data there is the commitment alone.
//!
//! The whole is signed last and verified last: what was altered is named by the first check that it breaks, and the
//! signature finds what no other check looks at, such as the story. `docs/evidence.md` has the format and the order of
//! the checks; `tests/evidence/verify.py` is a second verifier that shares nothing with this one.

mod build;
mod content;
mod error;
mod journal;
mod verify;

pub use build::{BuildError, Evidence, Shown, Story};
pub use error::{EvidenceError, NotANote};
pub use journal::Gathering;
pub use verify::{Verified, VerifiedEntry, verify};

/// The most bytes of an evidence file. A transaction has some ten records of a few hundred bytes.
pub const MAX_EVIDENCE_BYTES: usize = 4 << 20;

/// The most entries in one file: far more than one transaction writes, even with reversals tried for days.
pub const MAX_ENTRIES: usize = 1024;

/// The most earlier checkpoints in one file.
pub const MAX_EARLIER: usize = 256;

/// The most bytes of one record in a file: the most that the journal takes.
pub const MAX_RECORD_BYTES: usize = 256 << 10;

/// The most lines of the story in one language.
pub const MAX_STORY_LINES: usize = 4096;

/// The most bytes of one line of the story, and of the transaction's identity.
pub const MAX_LINE_BYTES: usize = 4096;

/// The first line of the file: what it is, and the version of its format. As the origin of a checkpoint it would name a
/// log that cannot be, since names have no spaces; so no evidence passes for a checkpoint.
const HEADING: &str = "acquit evidence 1\n";
