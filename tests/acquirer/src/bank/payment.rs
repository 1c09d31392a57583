//! What moves money: read, proved, told from a repeat, decided, booked and remembered, the same for every operation.

use crate::codec::{Message, Mti};
use crate::config::Code;
use crate::ledger::{Movement, Posting, Transfer};

use super::operation::Operation;
use super::transaction::{State, Transaction, TransactionKey};
use super::{Bank, Handling, Verdict, amount_minor, format_error, private};
use crate::bank::card::{Card, card, pin_block};

/// What a payment asks for.
pub(super) struct Payment<'a> {
    pub(super) operation: Operation,
    pub(super) key: TransactionKey,
    pub(super) amount_minor: i64,
    pub(super) card: Option<Card<'a>>,
    pub(super) pin_block: Option<&'a [u8]>,
    pub(super) message: &'a Message,
}

/// What was decided: whose money moves where.
pub(super) struct Deal {
    /// Index of the card.
    pub(super) card: usize,
    /// What is approved, minor units.
    pub(super) amount_minor: i64,
    pub(super) transfers: Vec<Transfer>,
    /// What it takes back or completes.
    pub(super) original: Option<TransactionKey>,
}

/// Whether the card must have what is taken from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Funds {
    /// Code 51 if it has not.
    Needed,
    /// What is a fact already is booked even if the account goes below zero.
    Granted,
}

impl Bank {
    /// Carries out an operation that moves money.
    pub(super) fn pay(
        &mut self,
        operation: Operation,
        request: &Message,
        body: &[u8],
        handling: &Handling,
    ) -> Result<Verdict, Code> {
        let keys = self.authenticated(request, body)?;
        let payment = Payment::parse(operation, request, self.config.currency.as_str())?;
        if let Some(repeated) = self.repeated(&payment)? {
            return Ok(repeated);
        }
        self.open_batch(request, &payment.key.batch)?;
        if operation == Operation::ShowToPay {
            return self.give_code(payment, handling);
        }
        let decided = match handling {
            Handling::Refuse(code) => Err(code.clone()),
            _ => self.decide(&payment, &keys, handling).and_then(|deal| self.book(&payment, deal)),
        };
        match decided {
            Ok(approved) => {
                let verdict = approved.verdict();
                self.transactions.insert(payment.key, approved);
                Ok(verdict)
            }
            Err(code) => {
                if let Some(pending) = self.pending_scan(&payment, &code)? {
                    self.transactions.insert(payment.key, pending);
                } else if !code.leaves_open() {
                    let declined = self.declined(&payment, code.clone());
                    self.transactions.insert(payment.key, declined);
                }
                Err(code)
            }
        }
    }

    /// The answer given before, if this is the repeat of an advice or says of itself that it is one; code 94 for another
    /// attempt under a trace that is used up, code 12 for what was reversed before it came.
    fn repeated(&self, payment: &Payment<'_>) -> Result<Option<Verdict>, Code> {
        if self.transactions.is_buried(&payment.key) {
            return Err(Code::known("12"));
        }
        if self.transactions.of_trace(&payment.key).is_none() {
            return Ok(None);
        }
        let first = self.transactions.get(&payment.key).ok_or(Code::known("94"))?;
        let says_so = payment.is_advice() || payment.message.mti.is_repeat();
        let same = first.asked_minor == payment.amount_minor && first.operation == payment.operation;
        if !says_so || !same || first.state == State::Reversed {
            return Err(Code::known("94"));
        }
        Ok(Some(first.verdict()))
    }

    /// Whether the terminal is in this batch (77 if not) and not about to close it (90).
    fn open_batch(&mut self, request: &Message, batch: &str) -> Result<(), Code> {
        if self.known_terminal(request)?.batch != batch {
            return Err(Code::known("77"));
        }
        if self.is_settling(request.text(41).unwrap_or_default(), batch) { Err(Code::known("90")) } else { Ok(()) }
    }

    /// Moves the money.
    fn book(&mut self, payment: &Payment<'_>, deal: Deal) -> Result<Transaction, Code> {
        let system_error = || Code::known("96");
        let what = payment.operation.movement().ok_or_else(system_error)?;
        let card = self.config.cards.get(deal.card).ok_or_else(system_error)?.pan.masked();
        let posting = payment.key.posting(what, deal.amount_minor, card, deal.transfers.clone());
        let is_fact = matches!(payment.operation, Operation::OfflineSale | Operation::Adjustment);
        let funds = if is_fact { Funds::Granted } else { Funds::Needed };
        self.post(deal.card, posting, funds)?;
        let is_part = !is_fact && deal.amount_minor < payment.amount_minor;
        let code = if is_part { Code::known("10") } else { Code::approved() };
        let booked = Transaction {
            state: State::Approved,
            code,
            amount_minor: deal.amount_minor,
            card: Some(deal.card),
            authorisation: Some(self.authorisation()),
            transfers: deal.transfers,
            original: deal.original,
            ..self.declined(payment, Code::approved())
        };
        if let Some(original) = &booked.original {
            self.mark(original, &booked);
        }
        Ok(booked)
    }

    /// Books on the ledger and on what the card can spend, both or neither.
    pub(super) fn post(&mut self, card: usize, posting: Posting, funds: Funds) -> Result<(), Code> {
        use crate::ledger::Party::Cardholder;
        let system_error = || Code::known("96");
        let account = self.cards.get_mut(card).ok_or_else(system_error)?;
        let before = account.available_minor;
        let after = posting.transfers.iter().try_fold(before, |left, transfer| match transfer {
            Transfer { from: Cardholder, amount_minor, .. } => left.checked_sub(*amount_minor),
            Transfer { to: Cardholder, amount_minor, .. } => left.checked_add(*amount_minor),
            _ => Some(left),
        });
        let after = after.ok_or_else(system_error)?;
        if funds == Funds::Needed && after < 0 && after < before {
            return Err(Code::known("51"));
        }
        self.ledger.post(posting).map_err(|_| system_error())?;
        account.available_minor = after;
        Ok(())
    }

    pub(super) fn declined(&self, payment: &Payment<'_>, code: Code) -> Transaction {
        let number = payment.card.as_ref().map(|card| card.number);
        Transaction {
            operation: payment.operation,
            state: State::Declined,
            code,
            asked_minor: payment.amount_minor,
            amount_minor: 0,
            card: number.and_then(|number| self.card_of_number(number)),
            day: self.clock.day(),
            date: self.clock.business_date(),
            local_date: self.clock.local_time_and_date().1,
            reference: self.reference(),
            authorisation: None,
            transfers: Vec::new(),
            original: None,
            refunded_minor: 0,
            adjusted_minor: 0,
            script_results: std::collections::BTreeSet::new(),
        }
    }
}

impl TransactionKey {
    /// What is booked for this transaction.
    pub(super) fn posting(&self, what: Movement, amount_minor: i64, card: String, transfers: Vec<Transfer>) -> Posting {
        let Self { merchant, terminal, batch, trace, .. } = self.clone();
        Posting { what, terminal, merchant, batch, trace, amount_minor, card, transfers }
    }
}

impl Transaction {
    /// The answer to the request, and to every repeat of it.
    pub(super) fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::of(self.code.clone());
        verdict.authorisation.clone_from(&self.authorisation);
        verdict.text(37, self.reference.clone());
        if self.code == Code::known("10") {
            verdict.digits(4, format!("{:012}", self.amount_minor));
        }
        verdict
    }
}

impl<'a> Payment<'a> {
    /// Whether a second arrival of the same message is its repeat and not another attempt.
    pub(super) fn is_advice(&self) -> bool {
        self.message.mti.first() == Mti::ADVICE || self.operation == Operation::OfflineSale
    }

    pub(super) fn parse(operation: Operation, message: &'a Message, currency: &str) -> Result<Self, Code> {
        let digits = |field| message.digits(field).ok_or_else(format_error);
        let text = |field| message.text(field).ok_or_else(format_error);
        let private = private(message)?;
        let condition = digits(25)?;
        if operation.is_of_pre_authorisation() && condition != "06" {
            return Err(format_error());
        }
        if text(49)? != currency {
            return Err(Code::known("A1"));
        }
        let amount_minor = amount_minor(message)?;
        if amount_minor == 0 {
            return Err(Code::known("13"));
        }
        let card = card(message)?;
        if card.is_none() && matches!(operation, Operation::Sale | Operation::PreAuthorisation | Operation::OfflineSale)
        {
            return Err(format_error());
        }
        Ok(Self {
            operation,
            key: TransactionKey::new(text(42)?, text(41)?, private.kind, private.batch, digits(11)?),
            amount_minor,
            card,
            pin_block: pin_block(message)?,
            message,
        })
    }
}
