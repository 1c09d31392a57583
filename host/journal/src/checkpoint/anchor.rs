//! Where the newest checkpoint is kept outside the journal's reach.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::note::{MAX_NOTE_BYTES, NoteError, SignedNote};

/// The first line of an anchor file, which says that this is one and in what form.
const HEADING: &str = "acquit anchor 1\n";

/// What follows the heading as long as no checkpoint was made. An empty file does not say so: it may have been cut.
const NOTHING_YET: &str = "nothing yet\n";

/// Keeps the newest checkpoint of a journal where whoever rolls the journal's directory back does not reach it.
pub trait Anchor: Send + Sync {
    /// How to name it to an operator.
    fn name(&self) -> String;

    /// The newest checkpoint, or `None` where none was ever kept.
    ///
    /// # Errors
    /// Where that is not known. An anchor that cannot be read does not count as one without a checkpoint.
    fn newest(&self) -> Result<Option<SignedNote>, AnchorError>;

    /// Keeps this checkpoint durably in place of the one before it.
    ///
    /// # Errors
    /// Where it could not be kept, or would take the anchor back or over to another log.
    fn remember(&self, note: &SignedNote) -> Result<(), AnchorError>;
}

/// An anchor in a file on another medium than the journal, or at least outside its directory.
///
/// It is text: a heading, then the newest checkpoint as a signed note. It is replaced as a whole, never written in
/// place.
#[derive(Clone, Debug)]
pub struct FileAnchor {
    path: PathBuf,
}

impl FileAnchor {
    /// Makes the file, saying that nothing was kept yet, for the journal in the directory `journal`.
    ///
    /// # Errors
    /// Where a file is there already, where it would lie inside the journal's directory, or cannot be written.
    pub fn create(path: &Path, journal: &Path) -> Result<Self, AnchorError> {
        let anchor = Self::outside(path, journal)?;
        if path.try_exists().map_err(|cause| anchor.io(cause))? {
            return Err(AnchorError::AlreadyThere { anchor: anchor.name() });
        }
        anchor.replace(NOTHING_YET)?;
        Ok(anchor)
    }

    /// The anchor in a file that [`FileAnchor::create`] made, for the journal in the directory `journal`.
    ///
    /// # Errors
    /// Where it is not there or cannot be read, or lies inside the journal's directory.
    pub fn open(path: &Path, journal: &Path) -> Result<Self, AnchorError> {
        let anchor = Self::outside(path, journal)?;
        anchor.newest()?;
        Ok(anchor)
    }

    fn outside(path: &Path, journal: &Path) -> Result<Self, AnchorError> {
        let anchor = Self { path: path.to_owned() };
        let directory = fs::canonicalize(anchor.directory()).map_err(|cause| anchor.io(cause))?;
        // A journal's directory that is not there yet has nothing in it.
        if fs::canonicalize(journal).is_ok_and(|journal| directory.starts_with(journal)) {
            return Err(AnchorError::InsideJournal { anchor: anchor.name() });
        }
        Ok(anchor)
    }

    /// The directory the file is in.
    fn directory(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    /// Puts a new file in place of the old one, durably.
    fn replace(&self, contents: &str) -> Result<(), AnchorError> {
        let mut fresh = self.path.clone().into_os_string();
        fresh.push(".new");
        let fresh = PathBuf::from(fresh);
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&fresh)?;
            file.write_all(HEADING.as_bytes())?;
            file.write_all(contents.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)?;
            File::open(self.directory())?.sync_all()
        };
        write().map_err(|cause| self.io(cause))
    }

    fn io(&self, cause: io::Error) -> AnchorError {
        AnchorError::Io { anchor: self.name(), cause }
    }
}

impl Anchor for FileAnchor {
    fn name(&self) -> String {
        format!("anchor file {}", self.path.display())
    }

    fn newest(&self) -> Result<Option<SignedNote>, AnchorError> {
        let mut contents = Vec::new();
        let file = File::open(&self.path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => AnchorError::Missing { anchor: self.name() },
            _ => self.io(cause),
        })?;
        let most = (HEADING.len() + MAX_NOTE_BYTES + 1) as u64;
        file.take(most).read_to_end(&mut contents).map_err(|cause| self.io(cause))?;
        let foreign = || AnchorError::NotAnAnchor { anchor: self.name() };
        let contents = String::from_utf8(contents).map_err(|_| foreign())?;
        match contents.strip_prefix(HEADING).ok_or_else(foreign)? {
            NOTHING_YET => Ok(None),
            note => match note.parse() {
                Ok(note) => Ok(Some(note)),
                Err(cause) => Err(AnchorError::Note { anchor: self.name(), cause }),
            },
        }
    }

    fn remember(&self, note: &SignedNote) -> Result<(), AnchorError> {
        let claimed =
            |note: &SignedNote| note.claimed().map_err(|cause| AnchorError::Note { anchor: self.name(), cause });
        let new = claimed(note)?;
        if let Some(old) = self.newest()? {
            let old = claimed(&old)?;
            if old.origin != new.origin {
                return Err(AnchorError::OtherLog { anchor: self.name(), kept: old.origin, given: new.origin });
            }
            if old.size > new.size || (old.size == new.size && old.root != new.root) {
                return Err(AnchorError::Back { anchor: self.name(), kept: old.size, given: new.size });
            }
        }
        self.replace(note.as_str())
    }
}

/// Why an anchor did not answer or did not keep a checkpoint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// The file is not there although one was made.
    #[error(
        "storage: the {anchor} is gone. Without it nobody can tell whether the journal was rolled back: bring it \
             back, or compare the books and make a new one"
    )]
    Missing {
        /// Which anchor.
        anchor: String,
    },
    /// A new anchor was to be made where a file is.
    #[error("operator: the {anchor} is there already; open it, or choose another file")]
    AlreadyThere {
        /// Which anchor.
        anchor: String,
    },
    /// The file lies where it would be rolled back together with the journal.
    #[error(
        "operator: the {anchor} lies inside the journal's directory and would be rolled back with it; choose a \
             file elsewhere, best on another medium"
    )]
    InsideJournal {
        /// Which anchor.
        anchor: String,
    },
    /// The medium failed.
    #[error("storage: the {anchor} cannot be used: {cause}")]
    Io {
        /// Which anchor.
        anchor: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The file is something else, or was cut.
    #[error("storage: the {anchor} does not begin as an anchor does: it was overwritten, cut, or is another file")]
    NotAnAnchor {
        /// Which anchor.
        anchor: String,
    },
    /// What is kept, or was to be kept, is not a checkpoint.
    #[error("storage: the {anchor} was given or holds something that is no checkpoint: {cause}")]
    Note {
        /// Which anchor.
        anchor: String,
        /// What is wrong with it.
        cause: NoteError,
    },
    /// The anchor belongs to another log.
    #[error("operator: the {anchor} keeps checkpoints of {kept:?}, not of {given:?}; give each journal its own")]
    OtherLog {
        /// Which anchor.
        anchor: String,
        /// Origin of what is kept.
        kept: String,
        /// Origin of what was to be kept.
        given: String,
    },
    /// The checkpoint is older than, or contradicts, the one that is kept.
    #[error(
        "storage: the {anchor} has seen {kept} entries and was to go back to {given}, or to others: the journal \
             was rolled back or altered; keep both and compare the books"
    )]
    Back {
        /// Which anchor.
        anchor: String,
        /// Tree size of what is kept.
        kept: u64,
        /// Tree size of what was to be kept.
        given: u64,
    },
}
