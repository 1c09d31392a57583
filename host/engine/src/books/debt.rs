//! What is owed, and where it stands.

use crate::contract::retry_policy::Attempt;
use crate::contract::template::UndoReason;
use crate::identity::TransactionId;
use crate::record::Verdict;
use crate::time::Timestamp;

/// A reversal that is owed, or was.
#[derive(Clone, Debug)]
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
}

/// Where a debt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// No proven answer yet.
    Unheard,
    /// Answered, proven, negative: shown, counted, tried again at sign-in and settlement.
    Refused,
    /// The acquirer does not know the original: not sent again, closed by settlement or statement.
    Unmatched,
    /// Acknowledged.
    Paid,
}

impl Debt {
    /// Failed tries a plugin is told of; more tell it nothing new.
    pub(super) const ATTEMPTS_KEPT: usize = 64;

    /// Whether nobody has acknowledged it yet.
    pub fn is_open(&self) -> bool {
        self.standing != Standing::Paid
    }

    pub(super) fn answered(&mut self, verdict: Verdict, code: &str) {
        self.standing = match verdict {
            Verdict::Paid => Standing::Paid,
            Verdict::Unmatched => Standing::Unmatched,
            Verdict::Refused => Standing::Refused,
        };
        if verdict != Verdict::Paid && self.refusals.len() < Self::ATTEMPTS_KEPT {
            self.refusals.push(code.to_owned());
        }
    }
}
