//! The books against the acquirer's ledger while the day goes on.

use acquirer::Bank;
use acquirer::bank::Listed;
use engine::books::{Books, Debt, Standing, Transaction};
use engine::{Duty, Outcome};

use super::balance::{happened, moves_money, sign, their_sign};
use super::promises::advice_of;
use super::{Law, Watch};
use crate::ground;

impl Watch {
    /// From now on books and ledgers are compared whenever something has ended.
    pub fn compare_at_each_step(&mut self) {
        self.each_step = true;
    }

    /// Something has ended at a terminal. What it took, and beyond that what runs or is listed as open, is what the
    /// ledger has, to the cent. Says whether it was compared.
    pub fn so_far(&mut self, terminal: usize, acquirer: usize, books: &Books, bank: &Bank) -> bool {
        if !self.each_step || self.is_damaged(terminal) {
            return false;
        }
        let number = ground::terminal_number(terminal);
        let name = ground::ACQUIRERS[acquirer].0;
        let done: Vec<Listed> = bank.transactions(Some(&number), None).into_iter().filter(happened).collect();
        let mut explained = 0;
        let mut matched = Vec::new();
        for listed in &done {
            let about = self.about(terminal, acquirer, &listed.batch, &listed.trace);
            let Some(known) = about.as_ref().and_then(|about| books.transaction(about)) else {
                let story =
                    format!("the acquirer has {listed:?}, and terminal {terminal} does not know it as {about:?}");
                self.breaks(Law::BooksEqualLedgers, story);
                return true;
            };
            match explanation(books, known, listed) {
                Ok(minor) => explained += minor,
                Err(law) => {
                    self.breaks(law, format!("{} ended as {:?}; they have {listed:?}", known.id, known.outcome()));
                    return true;
                }
            }
            matched.push(&known.id);
        }
        let approved = books.transactions().filter(|known| known.acquirer == name && moves_money(&known.operation));
        for known in approved.filter(|known| !matched.contains(&&known.id)) {
            if let Some(Outcome::Approved(approved)) = known.outcome()
                && !is_told_later(books, known)
            {
                let story = format!("{} was approved for {}, and they do not have it", known.id, approved.amount.minor);
                self.breaks(Law::ApprovedIsNotLost, story);
            }
        }
        let ledger = bank.ledger().merchant_total(&number).unwrap_or_default();
        if explained != ledger {
            let story = format!("terminal {terminal} at {name} can explain {explained}, and the ledger has {ledger}");
            self.breaks(Law::BooksEqualLedgers, story);
        }
        true
    }
}

/// What of the ledger this transaction explains: approved as the terminal has it; running, or listed as open, as the
/// acquirer has it.
fn explanation(books: &Books, known: &Transaction, listed: &Listed) -> Result<i64, Law> {
    let theirs = their_sign(listed.operation) * listed.amount_minor;
    let owes = |debt: &&Debt| !matches!(debt.duty, Duty::ReportScripts | Duty::Advise);
    let is_open = books.debts_of(known).filter(owes).any(Debt::is_open);
    let is_paid = books.debts_of(known).filter(owes).any(|debt| debt.standing == Standing::Paid);
    match known.outcome() {
        None => Ok(theirs),
        Some(Outcome::Approved(approved)) => Ok(sign(&known.operation) * approved.amount.minor as i64),
        Some(Outcome::Unknown(_)) if books.debts_of(known).next().is_none() => Err(Law::UnknownIsOwed),
        Some(Outcome::Unknown(_)) if is_open || !is_paid => Ok(theirs),
        // Its card refused, or somebody stopped it: it is taken back.
        Some(_) if is_open => Ok(theirs),
        Some(_) => Err(Law::FailedIsNotCharged),
    }
}

/// Whether it was approved without the acquirer, who is to be told, or of whom it is signed away.
fn is_told_later(books: &Books, known: &Transaction) -> bool {
    advice_of(books, known).is_some_and(|debt| debt.is_open() || debt.standing == Standing::Waived)
}
