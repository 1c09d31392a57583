//! Batches: in the calm each closes, and what was uploaded is what the acquirer has.

use acquirer::Bank;
use acquirer::bank::{Row, RowState};
use engine::books::Books;
use engine::{NotSent, Outcome, TransactionId};

use super::{Law, Watch};
use crate::ground;

impl Watch {
    /// Every batch of one terminal at one acquirer; `last` is the settlement asked for in the calm.
    pub fn batches(&mut self, (terminal, acquirer): (usize, usize), last: &str, books: &Books, bank: &Bank) {
        let name = ground::ACQUIRERS[acquirer].0;
        if let Some(settling) = books.settling(name) {
            let story = format!("terminal {terminal} at {name} is still settling: {settling:?}");
            return self.breaks(Law::BatchesClose, story);
        }
        let told = TransactionId::parse(last).ok().and_then(|last| self.told.get(&(terminal, last)));
        if !matches!(told, Some(Outcome::Settled(_) | Outcome::Failed(NotSent::NothingToSettle))) {
            let story = format!("terminal {terminal} at {name} cannot settle in the calm: {told:?}");
            return self.breaks(Law::BatchesClose, story);
        }
        let number = ground::terminal_number(terminal);
        let mut batches: Vec<String> = bank.transactions(Some(&number), None).into_iter().map(|of| of.batch).collect();
        batches.dedup();
        for batch in batches {
            let report = bank.batch(&number, Some(&batch));
            let Some(report) = report.filter(|report| report.closed && report.balanced == Some(false)) else {
                continue;
            };
            let differs = |row: &&Row| !self.row_fits((terminal, acquirer), &batch, row, books);
            if let Some(row) = report.rows.iter().find(differs) {
                let story = format!("terminal {terminal} at {name} uploaded batch {batch} with {row:?}");
                return self.breaks(Law::BatchesClose, story);
            }
        }
    }

    /// The same on both sides; or what the acquirer has beyond it is listed as open or was told otherwise.
    fn row_fits(&self, (terminal, acquirer): (usize, usize), batch: &str, row: &Row, books: &Books) -> bool {
        let about = self.about(terminal, acquirer, batch, &row.trace);
        let known = about.as_ref().and_then(|about| books.transaction(about));
        match row.state {
            RowState::Matched => true,
            RowState::OnlyAtAcquirer => known.is_some_and(|known| {
                let is_open = matches!(known.outcome(), Some(Outcome::Unknown(_)));
                is_open && books.debts_of(known).next().is_some()
            }),
            RowState::Differs | RowState::OnlyAtTerminal => false,
        }
    }
}
