//! What is owed, and where it stands.

use serde::{Deserialize, Serialize};

use super::{ExchangeFacts, Inconsistent};
use crate::contract::retry_policy::Attempt;
use crate::contract::template::UndoReason;
use crate::contract::types::Amount;
use crate::identity::TransactionId;
use crate::record::{Duty, Sealed, Verdict};
use crate::time::Timestamp;

/// Something that is owed, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    pub id: TransactionId,
    pub of: TransactionId,
    pub acquirer: String,
    pub duty: Duty,
    /// Of an advice: how much it tells of.
    pub amount: Option<Amount>,
    /// Card data of its own; a reversal and a repetition use what was sealed with the original.
    pub sealed: Sealed,
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
    /// An advice or a report as it was first sent: what is sent again, with the same numbers.
    pub exchange: Option<Box<ExchangeFacts>>,
    /// It was written down that somebody should be told.
    pub called_for_help: bool,
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
    /// The acquirer did not know the original, and its books agreed with ours at a settlement since.
    Settled,
    /// An inquiry that found nothing: a reversal is owed instead.
    Replaced,
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
        matches!(self.standing, Standing::Unheard | Standing::Refused | Standing::Unmatched)
    }

    /// Why money is taken back, if that is what is owed.
    pub fn reason(&self) -> Option<UndoReason> {
        self.duty.reason()
    }

    /// Ends it in another way than by an answer or a waiver.
    pub(super) fn ended(&mut self, at: Timestamp, standing: Standing) {
        if self.is_open() {
            self.standing = standing;
            self.ended = Some(at);
            self.slim();
        }
    }

    pub(super) fn waived(&mut self, at: Timestamp, reason: &str, signed_by: &str) -> Result<(), Inconsistent> {
        if !self.is_open() {
            return Err(Inconsistent(self.id.to_string(), "waived when nothing was owed"));
        }
        self.standing = Standing::Waived;
        self.ended = Some(at);
        self.slim();
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
            self.slim();
            code.clone_into(&mut self.acknowledged_with);
        } else if self.refusals.len() < Self::ATTEMPTS_KEPT {
            self.refusals.push(code.to_owned());
        }
    }

    /// Nothing will be sent for it any more; under which numbers it was told stays known.
    fn slim(&mut self) {
        self.sealed.destroy();
        self.exchange.iter_mut().for_each(|exchange| exchange.slim());
    }

    /// Whether somebody should be told: it was refused, its original is not known, or it has failed so often that this
    /// was written down.
    pub fn escalated(&self) -> bool {
        self.is_open() && (self.called_for_help || self.standing != Standing::Unheard)
    }
}
