//! Questions to the cashier: asked on the screen and of whoever waits, answered by another command, and a no when
//! nobody answers in time.

use std::time::Duration;

use engine::contract::types::Amount;
use engine::{Answer, Input, OperationId, Question, TransactionId};
use serde_json::json;

use super::{Event, Terminal};
use crate::control::{AcceptPartial, Response, Told};
use crate::messages::{Messages, format_amount};

/// A question that is open.
pub(super) struct Asking {
    operation: OperationId,
    transaction: TransactionId,
}

impl Terminal {
    /// Asks, unless whoever began the operation has said beforehand what to answer.
    pub(super) fn ask_cashier(&mut self, operation: OperationId, transaction: TransactionId, question: Question) {
        let Question::PartialApproval { asked, approved } = question;
        match self.partial.get(&transaction).copied().unwrap_or_default() {
            AcceptPartial::Yes => self.answer(operation, Answer::Chosen(true)),
            AcceptPartial::No => self.answer(operation, Answer::Chosen(false)),
            AcceptPartial::Ask => self.ask_in_time(operation, transaction, asked, approved),
        }
    }

    fn ask_in_time(&mut self, operation: OperationId, transaction: TransactionId, asked: Amount, approved: Amount) {
        let within = self.configuration.terminal.answer_within;
        let shown = |amount: &Amount| format_amount(amount, self.messages.language());
        let question = self.messages.text(
            "screen-partial",
            &[
                ("asked", shown(&asked).into()),
                ("approved", shown(&approved).into()),
                ("transaction", transaction.to_string().into()),
                ("seconds", within.as_secs().into()),
            ],
        );
        self.show(vec![question.clone()]);
        self.listeners.tell(&Told::Question { question, transaction: transaction.clone() });
        self.questions.push(Asking { operation, transaction });
        self.forget_in(operation, within);
    }

    fn forget_in(&self, operation: OperationId, within: Duration) {
        let (inbox, epoch) = (self.inbox.clone(), self.epoch);
        self.runtime.spawn(async move {
            tokio::time::sleep(within).await;
            let _ = inbox.send(Event::Unanswered(epoch, operation));
        });
    }

    /// An answer came: to the question of the named transaction, or to the only one there is.
    pub(super) fn answered(&mut self, yes: bool, transaction: Option<&TransactionId>, messages: &Messages) -> Response {
        let fits = |asking: &Asking| transaction.is_none_or(|named| asking.transaction == *named);
        let fitting: Vec<_> = (0..self.questions.len()).filter(|at| fits(&self.questions[*at])).collect();
        match fitting.as_slice() {
            [] => Response::failed(messages.text("answered-no-question", &[])),
            [at] => {
                let Asking { operation, transaction } = self.questions.remove(*at);
                self.feed(Input::Answer { operation, answer: Answer::Chosen(yes) });
                let text = messages.text(if yes { "answered-yes" } else { "answered-no" }, &[]);
                Response::done(json!({ "transaction": transaction, "answer": yes }), vec![text])
            }
            several => {
                let names: Vec<_> = several.iter().map(|at| self.questions[*at].transaction.to_string()).collect();
                Response::failed(messages.text("answered-which", &[("transactions", names.join(", ").into())]))
            }
        }
    }

    /// Nobody answered in time.
    pub(super) fn unanswered(&mut self, operation: OperationId) {
        if self.close_question(operation) {
            self.feed(Input::Answer { operation, answer: Answer::Chosen(false) });
        }
    }

    /// Takes a question back; says whether it was open.
    pub(super) fn close_question(&mut self, operation: OperationId) -> bool {
        let open = self.questions.len();
        self.questions.retain(|asking| asking.operation != operation);
        self.questions.len() < open
    }

    /// Whoever stops the transaction has answered its question: no. Says whether there was one.
    pub(super) fn refuse_question(&mut self, transaction: &TransactionId) -> bool {
        let asking = self.questions.iter().find(|asking| asking.transaction == *transaction);
        let Some(operation) = asking.map(|asking| asking.operation) else { return false };
        self.unanswered(operation);
        true
    }
}
