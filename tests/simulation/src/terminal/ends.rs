//! How things end: what the cashier is told, and what must hold then and in the end.

use engine::{OperationId, Outcome, TransactionId};

use super::exchange::Sending;
use super::{Service, Terminal};
use crate::cards::LastWord;
use crate::ground;
use crate::laws::Sent;
use crate::world::{Around, last_settlement, timeline};

impl Terminal {
    /// A payment or an errand is over.
    pub(super) fn ended(
        &mut self,
        around: &mut Around,
        operation: OperationId,
        transaction: &TransactionId,
        outcome: &Outcome,
    ) {
        self.close(around, operation);
        around.figures.operations += 1;
        around.watch.look_at(outcome, "what a cashier is told");
        let was_awaited = self.waiting.remove(transaction);
        timeline!(around, "T{} {transaction} ended: {}", self.number, in_short(outcome));
        if was_awaited && let Some(books) = self.books() {
            around.watch.told(self.number, transaction, outcome, books);
        }
        self.judge_so_far(around);
    }

    /// Wipes what an operation held and closes its connection.
    pub(super) fn close(&mut self, around: &mut Around, operation: OperationId) {
        let Service::In(running) = &mut self.service else { return };
        if let Some(line) = running.sessions.remove(&operation).and_then(|session| session.line) {
            around.lines.close(line);
        }
    }

    /// What must hold when a message leaves.
    pub(super) fn judge_sending(&self, around: &mut Around, sending: &Sending<'_>, frame: &[u8], line: u64) {
        let Service::In(running) = &self.service else { return };
        let Sending { about, acquirer, route, timeout_ms, .. } = *sending;
        let lines = &around.lines;
        let is_open = |line| lines.is_open(line);
        let sent = Sent { terminal: self.number, acquirer, about, frame, line, route, timeout_ms };
        around.watch.sent(sent, running.engine.books(), &is_open);
        around.figures.by_second_route += u64::from(route != ground::ROUTES[0]);
    }

    /// What must hold when a chip has spoken.
    pub(super) fn judge_last_word(&self, around: &mut Around, transaction: &TransactionId, word: LastWord) {
        if let Some(books) = self.books() {
            around.watch.last_word(self.number, transaction, word, books);
        }
    }

    /// What must hold when everything is over.
    pub fn judge(&self, around: &mut Around) {
        let Around { watch, desks, shape, .. } = around;
        if watch.is_damaged(self.number) {
            return;
        }
        let Some(books) = self.books() else { return watch.never_came_back(self.number) };
        for (index, desk) in desks.iter().enumerate().take(shape.acquirers) {
            watch.balance(self.number, index, books, &desk.bank);
            watch.batches((self.number, index), &last_settlement(self.number, index), books, &desk.bank);
        }
    }
}

fn in_short(outcome: &Outcome) -> String {
    let text = format!("{outcome:?}");
    let end = text.char_indices().nth(140).map_or(text.len(), |(at, _)| at);
    text[..end].to_owned()
}
