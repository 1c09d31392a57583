//! What a terminal promises without its acquirer, and what people sign away.

use engine::books::{Books, Debt, Standing, Transaction};
use engine::contract::transaction::{FollowUpKind, Operation, PaymentKind};
use engine::{Duty, Outcome, TransactionId};

use super::{Law, Watch};
use crate::cards::LastWord;
use crate::ground;

impl Watch {
    /// A chip has spoken. Alone it may speak only within what the terminal may approve by itself, of a sale of which
    /// nothing left.
    pub fn last_word(&mut self, terminal: usize, transaction: &TransactionId, word: LastWord, books: &Books) {
        if word.alone && word.accepted {
            self.stands_in(terminal, transaction, books);
        }
        self.words.insert((terminal, transaction.clone()), word);
    }

    fn stands_in(&mut self, terminal: usize, transaction: &TransactionId, books: &Books) {
        if self.places.contains_key(&(terminal, transaction.as_str().to_owned())) {
            let story = format!("{transaction} may have arrived, and its card is asked to approve it alone");
            return self.breaks(Law::SentOnce, story);
        }
        let Some((_, minor, acquirer)) = self.asked.get(transaction).cloned() else {
            return self.breaks(Law::CeilingsHold, format!("{transaction} is no payment, and is approved alone"));
        };
        let name = ground::ACQUIRERS[acquirer].0;
        let waiting = books.open_debts().filter(|debt| debt.acquirer == name && debt.duty == Duty::Advise);
        let waiting: Vec<u64> = waiting.map(|debt| debt.amount.map_or(0, |amount| amount.minor)).collect();
        let sum = waiting.iter().sum::<u64>() + minor;
        let bounds = ground::OFFLINE;
        if minor > bounds.payment_minor || waiting.len() >= bounds.count as usize || sum > bounds.sum_minor {
            let story = format!("{transaction} of {minor} is approved alone beside {waiting:?}");
            self.breaks(Law::CeilingsHold, story);
        }
    }

    /// What was approved was approved by its card too, and what a script did is told to its issuer.
    pub(super) fn as_its_card_said(&mut self, terminal: usize, books: &Books, known: &Transaction, outcome: &Outcome) {
        let Outcome::Approved(approved) = outcome else { return };
        let is_unheard_of = approved.authorization.is_empty() && approved.retrieval_reference.is_empty();
        let is_sale = matches!(&known.operation, Operation::Pay(payment) if payment.kind == PaymentKind::Sale);
        let word = self.words.get(&(terminal, known.id.clone())).cloned();
        let story = match word {
            Some(word) if !word.accepted => format!("{} is approved, and its card refused", known.id),
            Some(word) if word.scripts && !books.debts_of(known).any(|debt| debt.duty == Duty::ReportScripts) => {
                format!("{} ran a script, and nobody is told", known.id)
            }
            None if is_unheard_of && is_sale => format!("{} is approved by nobody", known.id),
            _ => return,
        };
        self.breaks(Law::CardHasTheLastWord, story);
    }

    /// A waiver is durable: the debt it speaks of never comes back.
    pub fn waived(&mut self, terminal: usize, debt: &TransactionId, books: &Books) {
        self.waived.insert((terminal, debt.clone()));
        self.stays_waived(terminal, books);
    }

    /// What was signed away is off the books for ever.
    pub(super) fn stays_waived(&mut self, terminal: usize, books: &Books) {
        let mine = self.waived.iter().filter(|(whose, _)| *whose == terminal);
        let is_back = |debt: &TransactionId| books.debt(debt).is_none_or(|debt| debt.standing != Standing::Waived);
        let back: Vec<_> = mine.filter(|(_, debt)| is_back(debt)).map(|(_, debt)| debt.clone()).collect();
        if let Some(debt) = back.first() {
            self.breaks(Law::ToldIsDurable, format!("terminal {terminal}: {debt} was waived and is not any more"));
        }
    }

    /// Whatever was approved without the acquirer, and was not taken by it, is shown: as exposure, to the cent, and,
    /// where it was refused, to somebody.
    pub(super) fn losses_are_shown(&mut self, acquirer: usize, books: &Books) {
        let name = ground::ACQUIRERS[acquirer].0;
        let advices: Vec<&Debt> =
            books.open_debts().filter(|debt| debt.acquirer == name && debt.duty == Duty::Advise).collect();
        let sum: u64 = advices.iter().map(|debt| debt.amount.map_or(0, |amount| amount.minor)).sum();
        let shown = books.exposure(name).map(|sums| sums.iter().map(|amount| amount.minor).sum::<u64>());
        if shown != Ok(sum) {
            return self.breaks(Law::LossesAreShown, format!("{name}: exposure of {sum} is shown as {shown:?}"));
        }
        if let Some(hidden) = advices.iter().find(|debt| debt.standing == Standing::Refused && !debt.escalated()) {
            self.breaks(Law::LossesAreShown, format!("{} was refused and is not shown", hidden.id));
        }
    }
}

/// The tip a debt tells of, where it tells of one.
pub(super) fn tip_told_by<'a>(books: &'a Books, debt: &Debt) -> Option<&'a Transaction> {
    let is_tip = |later: &&Transaction| {
        matches!(&later.operation, Operation::FollowUp(follow_up) if follow_up.kind == FollowUpKind::Advise)
            && matches!(later.outcome(), Some(Outcome::Approved(_)))
    };
    books.followers(&debt.of).find(is_tip).filter(|_| debt.duty == Duty::Advise)
}

/// What tells of a payment or a tip that its acquirer has not seen, paid or not.
pub(super) fn advice_of<'a>(books: &'a Books, known: &'a Transaction) -> Option<&'a Debt> {
    let of = match &known.operation {
        Operation::FollowUp(follow_up) if follow_up.kind == FollowUpKind::Advise => {
            books.transactions().find(|earlier| books.followers(&earlier.id).any(|later| later.id == known.id))?
        }
        _ => known,
    };
    let is_own = |debt: &&Debt| tip_told_by(books, debt).is_none_or(|tip| tip.id == known.id);
    books.debts_of(of).filter(|debt| debt.duty == Duty::Advise).find(is_own)
}
