//! The books against the acquirer's ledger.

use std::collections::BTreeMap;

use acquirer::Bank;
use acquirer::bank::{Listed, Operation as Theirs, State};
use engine::books::{Books, Debt, Standing, Transaction};
use engine::contract::transaction::{FollowUpKind, Operation, PaymentKind};
use engine::{Duty, Outcome, TransactionId};

use super::promises::advice_of;
use super::{Law, Watch};
use crate::ground;

/// What two sides know of each other.
#[derive(Debug, Default)]
struct Sums {
    /// What the terminal holds to have taken, less what it gave back, minor units.
    taken: i64,
    /// What the acquirer has beyond that, and the terminal lists as open, minor units.
    listed: i64,
}

impl Watch {
    /// Everything one terminal and one acquirer know of each other, when all is over.
    pub fn balance(&mut self, terminal: usize, acquirer: usize, books: &Books, bank: &Bank) {
        let number = ground::terminal_number(terminal);
        let mut theirs: BTreeMap<TransactionId, Vec<Listed>> = BTreeMap::new();
        for listed in bank.transactions(Some(&number), None) {
            match self.about(terminal, acquirer, &listed.batch, &listed.trace) {
                Some(about) => theirs.entry(about).or_default().push(listed),
                None if happened(&listed) => {
                    let story = format!("terminal {terminal} never sent batch {} trace {}", listed.batch, listed.trace);
                    return self.breaks(Law::BooksEqualLedgers, story);
                }
                None => {}
            }
        }
        let mut sums = Sums::default();
        for (about, listed) in &theirs {
            let done: Vec<_> = listed.iter().filter(|listed| happened(listed)).collect();
            if done.len() > 1 {
                return self.breaks(Law::ChargedOnce, format!("{about} was done as {done:?}"));
            }
            let Some(known) = books.transaction(about) else {
                let story = format!("the acquirer has {about} as {listed:?}; the terminal does not know it");
                return self.breaks(Law::BooksEqualLedgers, story);
            };
            self.compare((terminal, books), known, done.first().copied(), &mut sums);
        }
        let name = ground::ACQUIRERS[acquirer].0;
        for known in books.transactions().filter(|known| known.acquirer == name && !theirs.contains_key(&known.id)) {
            self.compare((terminal, books), known, None, &mut sums);
        }
        let ledger = bank.ledger().merchant_total(&number).unwrap_or_default();
        self.losses_are_shown(acquirer, books);
        if sums.taken + sums.listed != ledger || bank.ledger().check().is_err() {
            let story = format!("terminal {terminal} at {name}: {sums:?}, and the ledger has {ledger}");
            self.breaks(Law::BooksEqualLedgers, story);
        }
    }

    /// One transaction on both sides.
    fn compare(
        &mut self,
        (terminal, books): (usize, &Books),
        known: &Transaction,
        done: Option<&Listed>,
        sums: &mut Sums,
    ) {
        let id = &known.id;
        let Some(outcome) = known.outcome() else {
            return self.breaks(Law::DebtsArePaid, format!("{id} never ended"));
        };
        self.as_its_card_said(terminal, books, known, outcome);
        match outcome {
            Outcome::Approved(approved) => {
                let minor = approved.amount.minor as i64;
                sums.taken += sign(&known.operation) * minor;
                let is_listed = |debt: &&Debt| debt.is_open() || debt.standing == Standing::Waived;
                let untold = advice_of(books, known).filter(is_listed);
                match (done, untold) {
                    (Some(listed), _) if listed.amount_minor == minor || !moves_money(&known.operation) => {}
                    (None, _) if !moves_money(&known.operation) => {}
                    (None, Some(_)) => sums.listed -= sign(&known.operation) * minor,
                    _ => self
                        .breaks(Law::ApprovedIsNotLost, format!("{id} was approved for {minor}; they have {done:?}")),
                }
            }
            Outcome::Declined(_) | Outcome::NotSent(_) | Outcome::Failed(_) if done.is_some() => {
                self.breaks(Law::FailedIsNotCharged, format!("{id} ended as {outcome:?}; they have {done:?}"));
            }
            Outcome::Unknown(doubt) => self.compare_unknown(books, known, &format!("{doubt:?}"), done, sums),
            _ => {}
        }
        if let Some(debt) = books.debts_of(known).find(|debt| debt.standing == Standing::Unheard) {
            self.breaks(Law::DebtsArePaid, format!("{} is still unheard", debt.id));
        }
    }

    fn compare_unknown(
        &mut self,
        books: &Books,
        known: &Transaction,
        doubt: &str,
        done: Option<&Listed>,
        sums: &mut Sums,
    ) {
        let id = &known.id;
        let is_open_end = |debt: &&Debt| !matches!(debt.duty, Duty::ReportScripts | Duty::Advise);
        let debts: Vec<&Debt> = books.debts_of(known).filter(is_open_end).collect();
        if debts.is_empty() {
            return self.breaks(Law::UnknownIsOwed, format!("{id} is unknown ({doubt}) and nothing is owed for it"));
        }
        if let Some(listed) = done {
            if debts.iter().any(|debt| debt.standing == Standing::Paid) && !debts.iter().any(|debt| debt.is_open()) {
                return self.breaks(Law::FailedIsNotCharged, format!("{id} is paid for; they have {listed:?}"));
            }
            sums.listed += their_sign(listed.operation) * listed.amount_minor;
        }
    }
}

/// Whether it took place and was not reversed. What was voided or completed since took place.
pub(super) fn happened(listed: &Listed) -> bool {
    matches!(listed.state, State::Approved | State::Voided | State::Completed)
}

pub(super) fn moves_money(operation: &Operation) -> bool {
    matches!(operation, Operation::Pay(payment) if payment.kind != PaymentKind::Balance)
        || matches!(operation, Operation::FollowUp(follow_up) if follow_up.kind != FollowUpKind::Inquire)
}

/// Which way the merchant's money goes.
pub(super) fn sign(operation: &Operation) -> i64 {
    match operation {
        Operation::Pay(payment) => match payment.kind {
            PaymentKind::Sale | PaymentKind::ScanToPay | PaymentKind::ShowToPay => 1,
            PaymentKind::Preauthorize | PaymentKind::Balance => 0,
        },
        Operation::FollowUp(follow_up) => match follow_up.kind {
            FollowUpKind::Complete | FollowUpKind::Advise => 1,
            FollowUpKind::Void | FollowUpKind::Refund | FollowUpKind::CancelCompletion => -1,
            _ => 0,
        },
        _ => 0,
    }
}

/// The same, as the acquirer knows it.
pub(super) fn their_sign(operation: Theirs) -> i64 {
    match operation {
        Theirs::Void | Theirs::Refund | Theirs::CompletionVoid => -1,
        Theirs::PreAuthorisation | Theirs::PreAuthorisationVoid | Theirs::Balance => 0,
        _ => 1,
    }
}
