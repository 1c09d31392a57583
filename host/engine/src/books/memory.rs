//! What stays in memory: all that is unsettled, and the last days; of the rest sums and names.

use super::{Books, Flow, Summary, SummaryError, Transaction};
use crate::contract::types::Amount;
use crate::identity::TransactionId;
use crate::record::Outcome;
use crate::time::Timestamp;

/// Days after its end that a transaction stays in memory: longer than a merchant's questions about a payment take to
/// come, and than a month's statement.
pub const INDEX_DAYS: u32 = 30;

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Everything about it is in memory.
    Here,
    /// It may be the name of a transaction that has left memory: only the journal can tell.
    Perhaps,
    /// It was never used.
    No,
}

impl Books {
    /// Whether this name has been used.
    pub fn knows(&self, id: &TransactionId) -> Known {
        if self.transactions.contains_key(id) || self.debts.contains_key(id) {
            Known::Here
        } else if self.forgotten.may_hold(id) {
            Known::Perhaps
        } else {
            Known::No
        }
    }

    /// Lets transactions leave memory that were settled before the horizon and of which the journal holds a line. Sums
    /// stay exact, and names are never taken for new.
    pub fn forget(&mut self, horizon: Timestamp) {
        let settled_before = |known: &&Transaction| {
            let ended = self.settled(&known.id);
            let is_old = ended.is_some_and(|ended| ended.unix_ms < horizon.unix_ms);
            known.summarised && is_old && !self.is_in_open_batch(known)
        };
        let old: Vec<_> = self.transactions.values().filter(settled_before).map(|known| known.id.clone()).collect();
        let mut names = Vec::new();
        for id in old {
            if self.keep_sum(&id)
                && let Some(known) = self.transactions.remove(&id)
            {
                self.indices.unfollow(&id, known.follows());
                for debt in known.debts {
                    self.debts.remove(&debt);
                    self.place(&debt);
                    names.push(debt);
                }
                names.push(id);
            }
        }
        self.forgotten.add(names.iter());
        self.order.retain(|id| self.transactions.contains_key(id));
    }

    /// How many names have left memory.
    pub fn forgotten(&self) -> usize {
        self.forgotten.len()
    }

    /// Brings a transaction back that has left memory, from the line the journal holds of it.
    ///
    /// # Errors
    /// It is no line, or more was approved by it than by all that left memory.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SummaryError> {
        let summary = Summary::decode(bytes)?;
        if self.knows(&summary.id) != Known::Perhaps {
            return Ok(());
        }
        if let Outcome::Approved(approved) = summary.last_outcome() {
            let unknown = super::Inconsistent(summary.id.to_string(), "approved and in no sum");
            let Amount { minor, currency, exponent } = approved.amount;
            let sums = self.forgotten_sums.get_mut(&(summary.acquirer.clone(), currency, exponent));
            let (taken, given) = sums.ok_or_else(|| unknown.clone())?;
            match summary.kind.flow() {
                Flow::Taken => *taken = taken.checked_sub(minor).ok_or(unknown)?,
                Flow::Given => *given = given.checked_sub(minor).ok_or(unknown)?,
                Flow::None => {}
            }
        }
        self.insert(&summary);
        Ok(())
    }

    /// Adds what was approved to the sums that outlive it; false when that does not fit, and it must stay.
    fn keep_sum(&mut self, id: &TransactionId) -> bool {
        let Some(known) = self.transactions.get(id) else { return false };
        let Some(Outcome::Approved(approved)) = known.outcome() else { return true };
        let Amount { minor, currency, exponent } = approved.amount;
        let sums = self.forgotten_sums.entry((known.acquirer.clone(), currency, exponent)).or_default();
        let sum = match known.kind().flow() {
            Flow::Taken => &mut sums.0,
            Flow::Given => &mut sums.1,
            Flow::None => return true,
        };
        match sum.checked_add(minor) {
            Some(more) => {
                *sum = more;
                true
            }
            None => false,
        }
    }
}

impl Timestamp {
    /// So many days before this moment.
    #[must_use]
    pub fn days_before(self, days: u32) -> Timestamp {
        const MS_PER_DAY: i64 = 86_400_000;
        Timestamp { unix_ms: self.unix_ms.saturating_sub(i64::from(days) * MS_PER_DAY), ..self }
    }
}
