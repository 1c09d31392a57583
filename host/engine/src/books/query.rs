//! Looking transactions up: by name, acquirer, batch, state and time.

use super::{Books, Debt, Standing, Transaction};
use crate::identity::TransactionId;
use crate::record::Outcome;
use crate::time::Timestamp;

/// The reference field in which plugins keep a transaction's batch number.
pub const BATCH: &str = "batch";

/// What to look for; what is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// A transaction's name, or its debt's.
    pub identity: Option<TransactionId>,
    pub acquirer: Option<String>,
    /// As the plugin wrote it, leading zeros and all.
    pub batch: Option<String>,
    pub state: Option<State>,
    /// Begun at this moment or later.
    pub since: Option<Timestamp>,
    /// Begun before this moment.
    pub until: Option<Timestamp>,
}

/// What a transaction can be looked up as; one may be several, such as unknown and owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Approved,
    Declined,
    NotSent,
    /// Whatever became of what is owed for it.
    Unknown,
    /// A reversal will be sent, or sent again.
    Owed,
    /// The acquirer refused the reversal; it is owed all the same.
    Refused,
    Unmatched,
    Waived,
    /// The acquirer took the reversal.
    Reversed,
    /// A sign-in or another errand, done.
    Done,
    /// An errand that came to nothing.
    Failed,
    Running,
}

impl State {
    /// All of them.
    pub const ALL: [State; 12] = [
        State::Approved,
        State::Declined,
        State::NotSent,
        State::Unknown,
        State::Owed,
        State::Refused,
        State::Unmatched,
        State::Waived,
        State::Reversed,
        State::Done,
        State::Failed,
        State::Running,
    ];

    /// The word for it on a command line and in `--json`.
    pub fn word(self) -> &'static str {
        match self {
            State::Approved => "approved",
            State::Declined => "declined",
            State::NotSent => "not-sent",
            State::Unknown => "unknown",
            State::Owed => "owed",
            State::Refused => "refused",
            State::Unmatched => "unmatched",
            State::Waived => "waived",
            State::Reversed => "reversed",
            State::Done => "done",
            State::Failed => "failed",
            State::Running => "running",
        }
    }

    /// The state a word names.
    pub fn of_word(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }

    fn fits(self, transaction: &Transaction, debts: &[&Debt]) -> bool {
        let outcome = transaction.outcome();
        let stands = |standing| debts.iter().any(|debt| debt.standing == standing);
        match self {
            State::Approved => matches!(outcome, Some(Outcome::Approved(_))),
            State::Declined => matches!(outcome, Some(Outcome::Declined(_))),
            State::NotSent => matches!(outcome, Some(Outcome::NotSent(_))),
            State::Unknown => matches!(outcome, Some(Outcome::Unknown(_))),
            State::Done => matches!(outcome, Some(Outcome::Done | Outcome::Settled(_))),
            State::Failed => matches!(outcome, Some(Outcome::Failed(_))),
            State::Running => outcome.is_none(),
            State::Owed => stands(Standing::Unheard) || stands(Standing::Refused),
            State::Refused => stands(Standing::Refused),
            State::Unmatched => stands(Standing::Unmatched),
            State::Waived => stands(Standing::Waived),
            State::Reversed => debts.iter().any(|debt| debt.standing == Standing::Paid && debt.reason().is_some()),
        }
    }
}

impl Books {
    /// Transactions in memory that fit, oldest first. Of older ones the journal holds lines: `apply_summary` makes books
    /// of them that can be asked the same.
    pub fn find(&self, query: &Query) -> Vec<&Transaction> {
        let mut found: Vec<_> = self.transactions().filter(|known| self.fits(query, known)).collect();
        found.sort_by_key(|known| known.begun.unix_ms);
        found
    }

    fn fits(&self, query: &Query, known: &Transaction) -> bool {
        let Query { identity, acquirer, batch, state, since, until } = query;
        let debts: Vec<_> = self.debts_of(known).collect();
        let in_batch = |batch: &String| known.reference.iter().any(|(name, value)| name == BATCH && value == batch);
        identity.as_ref().is_none_or(|id| known.id == *id || known.debts.contains(id))
            && acquirer.as_ref().is_none_or(|acquirer| known.acquirer == *acquirer)
            && batch.as_ref().is_none_or(in_batch)
            && state.is_none_or(|state| state.fits(known, &debts))
            && since.is_none_or(|since| known.begun.unix_ms >= since.unix_ms)
            && until.is_none_or(|until| known.begun.unix_ms < until.unix_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world_tests::{House, lost_reply};

    fn names(books: &Books, query: &Query) -> Vec<String> {
        books.find(query).into_iter().map(|known| known.id.to_string()).collect()
    }

    fn in_state(state: State) -> Query {
        Query { state: Some(state), ..Query::default() }
    }

    /// One payment of nearly every kind, a minute apart.
    fn day() -> House {
        let mut house = House::new();
        let pass = |house: &mut House| house.now_ms += 60_000;
        house.sign_in("S1");
        pass(&mut house);
        house.sale("A1", 5);
        pass(&mut house);
        house.acquirer.sale_code = "51";
        house.sale("D1", 5);
        house.acquirer.sale_code = "00";
        pass(&mut house);
        house.sale("N1", 0);
        pass(&mut house);
        house.acquirer.line = [lost_reply()].into();
        house.sale("R1", 5);
        pass(&mut house);
        house.acquirer.refuses_reversals = Some("58");
        for id in ["O1", "W1"] {
            house.acquirer.line = [lost_reply()].into();
            house.sale(id, 5);
            pass(&mut house);
        }
        house.waive("W1R", "settled at the counter");
        house.rest();
        house
    }

    #[test]
    fn every_state_finds_what_is_in_it() {
        let house = day();
        for (state, found) in [
            (State::Approved, vec!["A1"]),
            (State::Declined, vec!["D1"]),
            (State::NotSent, vec!["N1"]),
            (State::Unknown, vec!["R1", "O1", "W1"]),
            (State::Owed, vec!["O1"]),
            (State::Refused, vec!["O1"]),
            (State::Unmatched, vec![]),
            (State::Waived, vec!["W1"]),
            (State::Reversed, vec!["R1"]),
            (State::Done, vec!["S1"]),
            (State::Failed, vec![]),
            (State::Running, vec![]),
        ] {
            assert_eq!(names(house.books(), &in_state(state)), found, "{state:?}");
        }
        let mut house = day();
        house.ask_sale("X1", 5);
        house.run_while(|house| house.books().find(&in_state(State::Running)).is_empty());
        assert_eq!(names(house.books(), &in_state(State::Running)), ["X1"]);
    }

    #[test]
    fn names_acquirers_batches_and_times_narrow_it_down() {
        let house = day();
        let books = house.books();
        let everything = ["S1", "A1", "D1", "N1", "R1", "O1", "W1"];
        assert_eq!(names(books, &Query::default()), everything);
        let of = |acquirer: &str| Query { acquirer: Some(acquirer.into()), ..Query::default() };
        assert_eq!(names(books, &of("model")).len(), everything.len());
        assert!(names(books, &of("another")).is_empty());
        let debt = TransactionId::parse("R1").unwrap().reversal();
        assert_eq!(names(books, &Query { identity: Some(debt), ..Query::default() }), ["R1"]);
        let begun = |id: &str| books.transaction(&TransactionId::parse(id).unwrap()).unwrap().begun;
        let between = Query { since: Some(begun("A1")), until: Some(begun("N1")), ..Query::default() };
        assert_eq!(names(books, &between), ["A1", "D1"]);
        assert!(names(books, &Query { batch: Some("000042".into()), ..Query::default() }).is_empty());
    }

    #[test]
    fn a_line_is_found_as_the_transaction_was() {
        let house = day();
        for known in house.books().transactions() {
            let Some(line) = house.books().summary_of(&known.id) else { continue };
            let mut books = Books::default();
            books.apply_summary(&line.encode().unwrap()).unwrap();
            for state in State::ALL {
                let found = names(house.books(), &in_state(state)).contains(&known.id.to_string());
                assert_eq!(!names(&books, &in_state(state)).is_empty(), found, "{} {state:?}", known.id);
            }
        }
    }

    #[test]
    fn batches_are_found_by_what_the_plugin_wrote() {
        let mut books = Books::default();
        for (name, record) in crate::record::samples::records() {
            if name == "intent-sale" {
                books.apply(&record).unwrap();
            }
        }
        assert_eq!(names(&books, &Query { batch: Some("000042".into()), ..Query::default() }), ["A1"]);
        assert!(names(&books, &Query { batch: Some("42".into()), ..Query::default() }).is_empty());
    }

    #[test]
    fn every_word_names_its_state() {
        assert!(State::ALL.into_iter().all(|state| State::of_word(state.word()) == Some(state)));
        assert_eq!(State::of_word("paid"), None);
    }
}
