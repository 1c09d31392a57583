//! The acquirer's books: what was charged, given back and undone.

use super::rule::Booking;

/// What names a payment: the texts of its identity fields.
pub(super) type Identity = Vec<String>;

/// The books.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    identity: Identity,
    minor: i64,
    undone: bool,
}

impl Ledger {
    /// What the shop gets, in minor units; none where the sum is out of range.
    pub fn total_minor(&self) -> Option<i64> {
        let mut counted = self.entries.iter().filter(|entry| !entry.undone);
        counted.try_fold(0i64, |sum, entry| sum.checked_add(entry.minor))
    }

    /// How many payments were booked, undone ones too.
    pub fn booked(&self) -> usize {
        self.entries.len()
    }

    /// How many of them were undone.
    pub fn undone(&self) -> usize {
        self.entries.iter().filter(|entry| entry.undone).count()
    }

    pub(super) fn knows(&self, identity: &Identity) -> bool {
        self.entries.iter().any(|entry| entry.identity == *identity)
    }

    /// Books a request.
    ///
    /// # Errors
    /// A payment that was booked before and stands: a customer would pay twice.
    pub(super) fn book(&mut self, booking: Booking, identity: Identity, minor: i64) -> Result<(), String> {
        match booking {
            Booking::Nothing => {}
            Booking::Reverse => {
                let named = self.entries.iter_mut().filter(|entry| entry.identity == identity);
                named.for_each(|entry| entry.undone = true);
            }
            Booking::Charge | Booking::Refund => {
                if self.entries.iter().any(|entry| entry.identity == identity && !entry.undone) {
                    return Err(format!("{} was booked a second time", identity.join("/")));
                }
                let minor = if booking == Booking::Charge { minor } else { -minor };
                self.entries.push(Entry { identity, minor, undone: false });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undone_counts_no_more_and_nothing_is_booked_twice() {
        let mut ledger = Ledger::default();
        let identity = |trace: &str| vec![trace.to_owned(), "TERM0001".to_owned()];
        ledger.book(Booking::Charge, identity("000001"), 1234).unwrap();
        ledger.book(Booking::Charge, identity("000002"), 500).unwrap();
        assert!(ledger.book(Booking::Charge, identity("000002"), 500).is_err());
        ledger.book(Booking::Refund, identity("000003"), 200).unwrap();
        assert_eq!(ledger.total_minor(), Some(1534));
        for _ in 0..2 {
            ledger.book(Booking::Reverse, identity("000001"), 1234).unwrap();
        }
        assert_eq!((ledger.total_minor(), ledger.booked(), ledger.undone()), (Some(300), 3, 1));
        assert!(ledger.knows(&identity("000001")) && !ledger.knows(&identity("000009")));
    }
}
