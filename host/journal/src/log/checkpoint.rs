//! Checkpoints: the journal signs what it holds, and tells those who keep it elsewhere.

use super::Journal;
use crate::checkpoint::{Checkpoint, SignedNote, Signer, VerifyingKey};
use crate::error::JournalError;
use crate::format::draft::Draft;
use crate::format::group::Salted;
use crate::seal::Kind;

impl Journal {
    /// What signs this journal's checkpoints, and evidence from it.
    pub fn signer(&self) -> Result<Signer, JournalError> {
        self.writer().signer()
    }

    /// The key that checks this journal's checkpoints, with the name of the log; `None` never happens but for a name
    /// that C2SP forbids.
    pub fn checkpoint_key(&self) -> Option<VerifyingKey> {
        self.writer().identity.key()
    }

    /// Signs size and root of everything that is durable, appends that as an entry of kind
    /// [`Checkpoint`](Kind::Checkpoint), and tells the anchors.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] in a journal that does not verify; [`JournalError::NotAnchored`] when the checkpoint is
    /// in the journal and an anchor could not be told; otherwise as [`Journal::append`].
    pub fn checkpoint(&self) -> Result<SignedNote, JournalError> {
        let salt = self.salt()?;
        let note = {
            let mut writer = self.writer();
            writer.check_whole()?;
            let (size, root) = (writer.position.frontier.size(), writer.position.frontier.root());
            let refused = |reason| JournalError::NotSigned { reason };
            let signer = writer.signer()?;
            let checkpoint = Checkpoint { origin: signer.key().name().to_owned(), size, root };
            let note = signer.sign(&checkpoint).map_err(|error| refused(error.to_string()))?;
            let mut draft = Draft::default();
            draft.push(Kind::Checkpoint, Salted { salt: &salt, bytes: note.as_str().as_bytes() }, None);
            writer.commit(&self.disk, draft)?;
            writer.since_checkpoint = 0;
            writer.vouch_for([(size, root)]);
            note
        };
        let mut outcome = Ok(());
        // All are told, also behind one that fails.
        for anchor in &self.options.anchors {
            if let Err(error) = anchor.remember(&note) {
                outcome = Err(JournalError::NotAnchored { anchor: anchor.name(), reason: error.to_string() });
            }
        }
        outcome.map(|()| note)
    }
}
