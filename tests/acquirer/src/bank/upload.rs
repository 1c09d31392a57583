//! Batch upload (批上送): the terminal's details, row by row, and their end.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::codec::{Message, masked_card_number};
use crate::config::Code;

use super::settlement::Settlement;
use super::transaction::{Transaction, TransactionKey};
use super::{Bank, Handling, Operation, Verdict, amount_minor, format_error, private};

/// Digits of one row of DE48: card class, trace, card number, amount.
const ROW_DIGITS: usize = 40;

/// One row as the terminal has it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Uploaded {
    foreign: bool,
    card_number: String,
    amount_minor: i64,
}

/// How a row of the terminal compares with the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowState {
    /// The same on both sides.
    Matched,
    /// Card, its class or amount differ.
    Differs,
    /// The acquirer has no such transaction that counts.
    OnlyAtTerminal,
    /// The terminal did not send it.
    OnlyAtAcquirer,
}

/// One compared row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// DE11 of the transaction.
    pub trace: String,
    /// The masked card number.
    pub card: String,
    /// Minor units.
    pub amount_minor: i64,
    /// How it compares.
    pub state: RowState,
}

impl Bank {
    /// Takes details (60.3 `201`, `203` to `206`) or their end (`202`, `207`). A row that came before is not counted
    /// again, so that an upload can be resumed at any frame.
    pub(super) fn upload(&mut self, request: &Message, body: &[u8], handling: &Handling) -> Result<Verdict, Code> {
        self.authenticated_for_settlement(request, body)?;
        let private = private(request)?;
        let terminal = request.text(41).ok_or_else(format_error)?;
        handling.obey()?;
        let key = (terminal.to_owned(), private.batch.to_owned());
        let settlement = self.settlements.get_mut(&key).ok_or(Code::known("95"))?;
        match private.network_code {
            Some("202" | "207") => {
                let for_balanced = private.network_code == Some("207");
                settlement.end(request.digits(48).ok_or_else(format_error)?, for_balanced)?;
                self.close_batch(terminal, private.batch);
            }
            _ => settlement.take(rows(request)?)?,
        }
        Ok(Verdict::of(Code::approved()))
    }

    /// The details of a batch against the books; without any details every transaction is only at the acquirer.
    pub(super) fn compared(&self, merchant: &str, terminal: &str, batch: &str) -> Vec<Row> {
        let settlement = self.settlements.get(&(terminal.to_owned(), batch.to_owned()));
        let mut uploaded = settlement.map(|settlement| settlement.rows.clone()).unwrap_or_default();
        let counted = self.transactions.of_batch(merchant, terminal, batch);
        let counted = counted.filter(|(_, transaction)| self.side(transaction).is_some());
        let mut rows: Vec<Row> =
            counted.map(|(key, transaction)| self.compare(key, transaction, uploaded.remove(&key.trace))).collect();
        rows.extend(uploaded.into_iter().map(|(trace, row)| Row {
            trace,
            card: masked_card_number(&row.card_number),
            amount_minor: row.amount_minor,
            state: RowState::OnlyAtTerminal,
        }));
        rows
    }

    fn compare(&self, key: &TransactionKey, transaction: &Transaction, row: Option<Uploaded>) -> Row {
        let card = transaction.card.and_then(|at| self.config.cards.get(at));
        let by_code = self.is_by_code(transaction);
        let same = |row: Uploaded| {
            let is_number = |number: &str| row.card_number == number || (by_code && row.card_number.is_empty());
            row.amount_minor == transaction.amount_minor
                && card.is_some_and(|card| is_number(card.pan.digits()) && row.foreign == card.foreign)
        };
        let state = match row.map(same) {
            Some(true) => RowState::Matched,
            Some(false) => RowState::Differs,
            None => RowState::OnlyAtAcquirer,
        };
        let card = card.map(|card| card.pan.masked()).unwrap_or_default();
        Row { trace: key.trace.clone(), card, amount_minor: transaction.amount_minor, state }
    }

    /// A payment by a code, or what gave it back: the terminal never knew the card number.
    fn is_by_code(&self, transaction: &Transaction) -> bool {
        use Operation::{ScanToPay, ShowToPay};
        let of = transaction.original.as_ref().and_then(|key| self.transactions.get(key));
        [Some(transaction), of].into_iter().flatten().any(|known| matches!(known.operation, ScanToPay | ShowToPay))
    }
}

impl Settlement {
    /// Counts rows, each once; all or none. Code 79 for a row that contradicts an earlier one, code 95 for a new row
    /// after the end of an unbalanced batch.
    fn take(&mut self, rows: BTreeMap<String, Uploaded>) -> Result<(), Code> {
        if rows.iter().any(|(trace, row)| self.rows.get(trace).is_some_and(|known| known != row)) {
            return Err(Code::known("79"));
        }
        let anything_new = rows.keys().any(|trace| !self.rows.contains_key(trace));
        if anything_new && self.closed && !self.balanced {
            return Err(Code::known("95"));
        }
        self.rows.extend(rows);
        Ok(())
    }

    /// Code 95 for the end of the other kind of batch, code 79 if the count of rows is another.
    fn end(&self, count: &str, for_balanced: bool) -> Result<(), Code> {
        if for_balanced != self.balanced {
            return Err(Code::known("95"));
        }
        if count.len() != 4 {
            return Err(format_error());
        }
        if count.parse() == Ok(self.rows.len()) { Ok(()) } else { Err(Code::known("79")) }
    }
}

/// The rows of DE48: their count, then forty digits each. Chip details without DE48 are one row, from the message itself.
fn rows(request: &Message) -> Result<BTreeMap<String, Uploaded>, Code> {
    let Some(digits) = request.digits(48) else {
        let card_number = request.digits(2).ok_or_else(format_error)?.to_owned();
        let trace = request.digits(11).ok_or_else(format_error)?.to_owned();
        let row = Uploaded { foreign: false, card_number, amount_minor: amount_minor(request)? };
        return Ok(BTreeMap::from([(trace, row)]));
    };
    let (count, rows) = digits.split_at_checked(2).ok_or_else(format_error)?;
    let count: usize = count.parse().map_err(|_| format_error())?;
    if count == 0 || rows.len() != count * ROW_DIGITS {
        return Err(format_error());
    }
    let parsed = (0..count).map(|at| rows.get(at * ROW_DIGITS..(at + 1) * ROW_DIGITS).and_then(row));
    let parsed: Option<BTreeMap<_, _>> = parsed.collect();
    // A trace twice in one frame would be counted once and sent twice.
    parsed.filter(|parsed| parsed.len() == count).ok_or_else(format_error)
}

fn row(digits: &str) -> Option<(String, Uploaded)> {
    let foreign = match digits.get(..2)? {
        "00" => false,
        "01" => true,
        _ => return None,
    };
    let card_number = digits.get(8..28)?.trim_start_matches('0').to_owned();
    let amount_minor = digits.get(28..ROW_DIGITS)?.parse().ok()?;
    Some((digits.get(2..8)?.to_owned(), Uploaded { foreign, card_number, amount_minor }))
}
