//! What is signed about a journal: checkpoints in it, and those that anchors keep outside.

use std::str;
use std::sync::Arc;

use super::Identity;
use crate::checkpoint::{Anchor, Checkpoint, SignedNote, Signer, VerifyingKey};
use crate::seal::JournalId;
use crate::tree::{Frontier, Hash};

/// What an anchor says: so many entries had this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Name of the anchor.
    pub anchor: String,
    pub size: u64,
    /// `None` when it is not signed by this journal, so that no entries can ever fit it.
    pub root: Option<Hash>,
}

/// Asks all anchors. Those that could not answer are returned as sentences for the operator: not knowing is not the
/// same as nothing being there.
pub(crate) fn ask(anchors: &[Arc<dyn Anchor>], identity: &Identity) -> (Vec<Claim>, Vec<String>) {
    let (mut claims, mut unanswered) = (Vec::new(), Vec::new());
    for anchor in anchors {
        let name = anchor.name();
        match anchor.newest() {
            Ok(None) => {}
            Ok(Some(note)) => match identity.key().and_then(|key| note.verify(&key).ok()) {
                Some(Checkpoint { size, root, .. }) => claims.push(Claim { anchor: name, size, root: Some(root) }),
                None => {
                    let size = note.claimed().map_or(u64::MAX, |claimed| claimed.size);
                    claims.push(Claim { anchor: name, size: size.max(1), root: None });
                }
            },
            Err(error) => unanswered.push(format!("{name}: {error}")),
        }
    }
    (claims, unanswered)
}

/// Whether a checkpoint in the journal is signed by its key and says what the entries before it add up to.
pub(super) fn is_signed_here(note: &[u8], key: Option<&VerifyingKey>, frontier: &Frontier) -> bool {
    let Some(key) = key else { return false };
    let note = str::from_utf8(note).ok().and_then(|text| text.parse::<SignedNote>().ok());
    let checkpoint = note.and_then(|note| note.verify(key).ok());
    checkpoint.is_some_and(|checkpoint| checkpoint.size == frontier.size() && checkpoint.root == frontier.root())
}

impl Identity {
    /// The key that checks this journal's checkpoints; `None` for a journal that has none yet.
    pub fn key(&self) -> Option<VerifyingKey> {
        VerifyingKey::new(&origin(&self.journal), self.verifying_key).ok()
    }

    /// The key that signs them.
    pub fn signer(&self) -> Result<Signer, String> {
        let seed = self.signer.as_ref().ok_or("the journal was opened without its keys")?;
        Signer::from_seed(&origin(&self.journal), seed.bytes()).map_err(|error| error.to_string())
    }
}

/// The name of the log in its checkpoints (C2SP origin).
fn origin(journal: &JournalId) -> String {
    format!("acquit/journal/{journal}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_of_exactly_the_entries_before_it() {
        let signer = Signer::from_seed("acquit/journal/test", &[7; 32]).unwrap();
        let mut frontier = Frontier::default();
        frontier.push(Hash([1; 32]));
        let (size, root) = (frontier.size(), frontier.root());
        let holds = |size, root, key: Option<&VerifyingKey>| {
            let note = signer.sign(&Checkpoint { origin: signer.key().name().to_owned(), size, root }).unwrap();
            is_signed_here(note.as_str().as_bytes(), key, &frontier)
        };
        assert!(holds(size, root, Some(signer.key())));
        assert!(!holds(size, Hash([2; 32]), Some(signer.key())));
        assert!(!holds(size + 1, root, Some(signer.key())));
        assert!(!holds(size, root, Some(Signer::from_seed("acquit/journal/test", &[8; 32]).unwrap().key())));
        assert!(!holds(size, root, None));
    }
}
