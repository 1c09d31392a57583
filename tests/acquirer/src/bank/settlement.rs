//! Settlement (批结算): the terminal's totals of DE48 compared with the books.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::codec::Message;
use crate::config::{Code, Voids};

use super::operation::Operation;
use super::transaction::{State, Transaction};
use super::upload::Uploaded;
use super::{Bank, Handling, Verdict, format_error, private};

/// Digits of one half of DE48: amount, count, amount, count, result.
const HALF_DIGITS: usize = 31;
/// The most that a count of DE48 can say.
const MOST_COUNTED: u32 = 999;
/// Results of a comparison: equal, not equal.
const BALANCED: u8 = 1;
const UNBALANCED: u8 = 2;
/// Where batch numbers begin again.
const MOST_BATCHES: u32 = 999_999;

/// Sums of one kind of cards in a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Taken from cards, minor units.
    pub debit_minor: i64,
    /// How often.
    pub debit_count: u32,
    /// Given back to cards, minor units.
    pub credit_minor: i64,
    /// How often.
    pub credit_count: u32,
}

/// What a batch sums to, as DE48 of a settlement has it. Reversed and declined transactions and pre-authorisations do
/// not count; a voided sale counts on both sides unless configured otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BatchTotals {
    /// Cards of this country.
    pub domestic: Sums,
    /// Cards of other countries.
    pub foreign: Sums,
}

/// What the next settlement is answered though its totals may be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettlementFault {
    /// Result `2`.
    Unbalanced = 2,
    /// Result `3`.
    Failed = 3,
}

/// How the settlement of one batch stands.
pub(super) struct Settlement {
    /// DE11 of the request.
    trace: String,
    /// DE48 of the answer.
    answer: String,
    pub(super) balanced: bool,
    /// Whether the terminal has gone on to the next batch.
    pub(super) closed: bool,
    /// Details uploaded, by trace.
    pub(super) rows: BTreeMap<String, Uploaded>,
}

impl Bank {
    /// Compares the totals. A balanced batch is closed; an unbalanced one waits for its details and their end. The same
    /// request again gets the same answer; another one before the end is compared anew.
    pub(super) fn settle(&mut self, request: &Message, body: &[u8], handling: &Handling) -> Result<Verdict, Code> {
        self.authenticated_for_settlement(request, body)?;
        let text = |field| request.text(field).ok_or_else(format_error);
        let (terminal, merchant) = (text(41)?, text(42)?);
        let (batch, trace) = (private(request)?.batch, request.digits(11).ok_or_else(format_error)?);
        let claimed = request.digits(48).and_then(BatchTotals::from_digits).ok_or_else(format_error)?;
        handling.obey()?;
        let key = (terminal.to_owned(), batch.to_owned());
        let known = self.settlements.get(&key);
        if let Some(known) = known.filter(|known| known.closed || known.trace == trace) {
            return Ok(known.verdict());
        }
        if self.known_terminal(request)?.batch != batch {
            return Err(Code::known("77"));
        }
        let held = self.batch_totals(merchant, terminal, batch);
        let result = self.settlement_answer.take().unwrap_or(if held == claimed { BALANCED } else { UNBALANCED });
        let balanced = result == BALANCED;
        let answer = held.to_digits(result).ok_or(Code::known("95"))?;
        let rows = self.settlements.remove(&key).map(|known| known.rows).unwrap_or_default();
        let settlement = Settlement { trace: trace.into(), answer, balanced, closed: false, rows };
        let verdict = settlement.verdict();
        self.settlements.insert(key, settlement);
        if balanced {
            self.close_batch(terminal, batch);
        }
        Ok(verdict)
    }

    /// Answers the next settlement as unbalanced (`2`) or failed (`3`), equal or not; none for what is true.
    pub fn answer_settlement(&mut self, result: Option<SettlementFault>) {
        self.settlement_answer = result.map(|fault| fault as u8);
    }

    /// What the books say a batch sums to.
    pub fn batch_totals(&self, merchant: &str, terminal: &str, batch: &str) -> BatchTotals {
        let mut totals = BatchTotals::default();
        for (_, transaction) in self.transactions.of_batch(merchant, terminal, batch) {
            let Some(debit) = self.side(transaction) else { continue };
            let sums = if self.is_foreign(transaction) { &mut totals.foreign } else { &mut totals.domestic };
            let (amount, count) = match debit {
                true => (&mut sums.debit_minor, &mut sums.debit_count),
                false => (&mut sums.credit_minor, &mut sums.credit_count),
            };
            *amount = amount.saturating_add(transaction.amount_minor);
            *count = count.saturating_add(1);
        }
        totals
    }

    /// Whether a transaction counts as debit (true) or credit (false) of its batch; none if it does not count.
    pub(super) fn side(&self, transaction: &Transaction) -> Option<bool> {
        use Operation::{
            Adjustment, Completion, CompletionAdvice, CompletionVoid, OfflineSale, Refund, Sale, ScanToPay, ShowToPay,
            Void,
        };
        let both_sides = self.config.settlement.voids == Voids::BothSides;
        match (transaction.operation, transaction.state) {
            (Void | CompletionVoid, State::Approved) => both_sides.then_some(false),
            (Refund, State::Approved) => Some(false),
            (Adjustment, State::Approved) => Some(transaction.added_minor() > 0),
            (Sale | ScanToPay | ShowToPay | OfflineSale | Completion | CompletionAdvice, State::Approved) => Some(true),
            (Sale | ScanToPay | ShowToPay | OfflineSale | Completion | CompletionAdvice, State::Voided) => {
                both_sides.then_some(true)
            }
            _ => None,
        }
    }

    pub(super) fn is_foreign(&self, transaction: &Transaction) -> bool {
        transaction.card.and_then(|at| self.config.cards.get(at)).is_some_and(|card| card.foreign)
    }

    /// Whether the totals of a batch were sent and it is not closed yet.
    pub(super) fn is_settling(&self, terminal: &str, batch: &str) -> bool {
        let settlement = self.settlements.get(&(terminal.to_owned(), batch.to_owned()));
        settlement.is_some_and(|settlement| !settlement.closed)
    }

    /// Closes a batch; its terminal goes on to the next one.
    pub(super) fn close_batch(&mut self, terminal: &str, batch: &str) {
        if let Some(settlement) = self.settlements.get_mut(&(terminal.to_owned(), batch.to_owned())) {
            settlement.closed = true;
        }
        if let Some(terminal) = self.terminals.get_mut(terminal).filter(|terminal| terminal.batch == batch) {
            let number: u32 = batch.parse().unwrap_or_default();
            terminal.batch = format!("{:06}", number % MOST_BATCHES + 1);
        }
    }
}

impl Settlement {
    fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::of(Code::approved());
        verdict.digits(48, self.answer.clone());
        verdict
    }
}

impl BatchTotals {
    /// DE48 of a settlement request: both halves with result `0`.
    pub fn from_digits(digits: &str) -> Option<Self> {
        let (domestic, foreign) = digits.split_at_checked(HALF_DIGITS)?;
        Some(Self { domestic: Sums::from_digits(domestic)?, foreign: Sums::from_digits(foreign)? })
    }

    /// DE48 of the answer: these totals and the result; none if a count or an amount does not fit.
    fn to_digits(self, result: u8) -> Option<String> {
        Some(format!("{}{result}{}{result}", self.domestic.to_digits()?, self.foreign.to_digits()?))
    }
}

impl Sums {
    fn from_digits(half: &str) -> Option<Self> {
        let part = |range: std::ops::Range<usize>| half.get(range);
        let sums = Self {
            debit_minor: part(0..12)?.parse().ok()?,
            debit_count: part(12..15)?.parse().ok()?,
            credit_minor: part(15..27)?.parse().ok()?,
            credit_count: part(27..30)?.parse().ok()?,
        };
        (part(30..HALF_DIGITS)? == "0" && half.len() == HALF_DIGITS).then_some(sums)
    }

    fn to_digits(self) -> Option<String> {
        let Self { debit_minor, debit_count, credit_minor, credit_count } = self;
        let fits = debit_count.max(credit_count) <= MOST_COUNTED;
        let digits = format!("{debit_minor:012}{debit_count:03}{credit_minor:012}{credit_count:03}");
        (fits && digits.len() == HALF_DIGITS - 1).then_some(digits)
    }
}
