//! What is owed, and where it stands.

use serde::{Deserialize, Serialize};

use super::Inconsistent;
use crate::contract::retry_policy::Attempt;
use crate::contract::template::UndoReason;
use crate::identity::TransactionId;
use crate::record::Verdict;
use crate::time::Timestamp;

/// A reversal that is owed, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    pub id: TransactionId,
    pub of: TransactionId,
    pub acquirer: String,
    pub reason: UndoReason,
    pub since: Timestamp,
    pub standing: Standing,
    pub attempts: Vec<Attempt>,
    /// Codes of the negative answers, oldest first: refused, or of an original the acquirer does not know.
    pub refusals: Vec<String>,
    /// Tries begun, answered or not.
    pub tries: u32,
    /// When the newest try began.
    pub tried_at: Option<Timestamp>,
    /// When it left the books.
    pub ended: Option<Timestamp>,
    /// The acquirer's code, once it is paid.
    pub acknowledged_with: String,
    pub waived: Option<Waived>,
}

/// Where a debt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Standing {
    /// No proven answer yet.
    Unheard,
    /// Answered, proven, negative: shown, counted, tried again at sign-in and settlement.
    Refused,
    /// The acquirer does not know the original: not sent again, closed by settlement or statement.
    Unmatched,
    /// Acknowledged.
    Paid,
    /// Taken off by the operator's signed word.
    Waived,
}

/// Who took a debt off the books, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waived {
    pub at: Timestamp,
    pub reason: String,
    /// The verifying key, as text.
    pub signed_by: String,
}

impl Debt {
    /// Failed tries a plugin is told of; more tell it nothing new.
    pub(super) const ATTEMPTS_KEPT: usize = 64;

    /// Whether nobody has acknowledged or waived it yet.
    pub fn is_open(&self) -> bool {
        !matches!(self.standing, Standing::Paid | Standing::Waived)
    }

    pub(super) fn waived(&mut self, at: Timestamp, reason: &str, signed_by: &str) -> Result<(), Inconsistent> {
        if !self.is_open() {
            return Err(Inconsistent(self.id.to_string(), "waived when nothing was owed"));
        }
        self.standing = Standing::Waived;
        self.ended = Some(at);
        self.waived = Some(Waived { at, reason: reason.to_owned(), signed_by: signed_by.to_owned() });
        Ok(())
    }

    pub(super) fn answered(&mut self, at: Timestamp, verdict: Verdict, code: &str) {
        if !self.is_open() {
            // What has left the books does not come back to them; the answer stays in the journal.
            return;
        }
        self.standing = match verdict {
            Verdict::Paid => Standing::Paid,
            Verdict::Unmatched => Standing::Unmatched,
            Verdict::Refused => Standing::Refused,
        };
        if verdict == Verdict::Paid {
            self.ended = Some(at);
            code.clone_into(&mut self.acknowledged_with);
        } else if self.refusals.len() < Self::ATTEMPTS_KEPT {
            self.refusals.push(code.to_owned());
        }
    }
}
