//! What happens at the counter: cards are presented and have their last word, the cashier is asked.

use anyhow::Result;
use engine::contract::types::Amount;
use engine::{Answer, CardFinish, CardProblem, CardVerdict, Input, OperationId, TransactionId};

use super::{Service, Terminal};
use crate::cards::{self, LastWord};
use crate::fault::Fault;
use crate::world::{Around, Event, timeline};

/// How long a cardholder takes. Milliseconds.
const CARD_MS: u64 = 2_000;
/// How long a chip takes for its last word. Milliseconds.
const LAST_WORD_MS: u64 = 300;
/// How long a customer takes to scan a code: at once, while the terminal asks, when it has long stopped. Milliseconds.
const SCAN_MS: [u64; 3] = [3_000, 20_000, 200_000];
/// How long a cashier thinks about less than was asked for. Milliseconds.
const CASHIER_MS: u64 = 4_000;

/// What a card answers with: whose, and what for.
pub(super) struct Finishing<'a> {
    pub operation: OperationId,
    pub transaction: &'a TransactionId,
    pub keeps: &'a [u32],
    pub verdict: &'a CardVerdict,
}

impl Terminal {
    /// A cardholder presents a card or a code.
    pub(super) fn ask_card(
        &mut self,
        around: &mut Around,
        operation: OperationId,
        (transaction, amount): (&TransactionId, Amount),
        fault: Option<Fault>,
    ) -> Result<()> {
        let answer = match fault {
            Some(Fault::NoCard) => Answer::Card(Err(CardProblem::TimedOut)),
            Some(Fault::CardUnreadable) => Answer::Card(Err(CardProblem::Unreadable)),
            Some(Fault::CardRemoved) => Answer::Card(Err(CardProblem::Removed)),
            _ => {
                let card = cards::present(around.cards.get(transaction).copied().unwrap_or_default(), amount.minor)?;
                let presented = card.presented();
                if let Some(session) = self.session(operation) {
                    session.known_cards = vec![presented.clone()];
                    session.card = Some(card);
                }
                Answer::Card(Ok(presented))
            }
        };
        around.later(self.addressee(), CARD_MS, Input::Answer { operation, answer });
        Ok(())
    }

    /// A code is shown, and a customer may scan it.
    pub(super) fn show_code(&mut self, around: &mut Around, operation: OperationId, code: String) {
        timeline!(around, "T{} shows {code}", self.number);
        around.watch.look(code.as_bytes(), "a code on the screen");
        let Some(acquirer) = self.session(operation).map(|session| session.acquirer) else { return };
        let mut dice = around.source.dice_at(self.number, &code, 0);
        let after_ms = SCAN_MS[dice.below(SCAN_MS.len())];
        if !dice.one_in(5) {
            around.queue.at(around.now_ms + after_ms, Event::CustomerScans { acquirer, code });
        }
    }

    /// A chip has its last word; what later messages may need of it is sealed as it then stands.
    pub(super) fn finish_card(
        &mut self,
        around: &mut Around,
        finishing: &Finishing<'_>,
        fault: Option<Fault>,
    ) -> Result<()> {
        let Finishing { operation, transaction, verdict, .. } = *finishing;
        let answer = match fault {
            Some(Fault::CardRemoved) => {
                let alone = *verdict == CardVerdict::Unreachable;
                let word = LastWord { accepted: false, scripts: false, alone };
                self.judge_last_word(around, transaction, word);
                Err(CardProblem::Removed)
            }
            _ => {
                let card = around.cards.get(transaction).copied().unwrap_or_default();
                let (word, tags) = cards::finish(card, verdict)?;
                timeline!(around, "T{} {transaction} the card's last word: {word:?}", self.number);
                let (accepted, scripts) = (word.accepted, word.scripts);
                self.judge_last_word(around, transaction, word);
                self.seal_finished(finishing, tags).map(|sealed| CardFinish { accepted, scripts, sealed })
            }
        };
        let answer = Answer::CardFinished(answer);
        around.later(self.addressee(), LAST_WORD_MS, Input::Answer { operation, answer });
        Ok(())
    }

    fn seal_finished(
        &mut self,
        finishing: &Finishing<'_>,
        tags: vault::EmvTags,
    ) -> std::result::Result<Option<Vec<u8>>, CardProblem> {
        let Service::In(running) = &mut self.service else { return Err(CardProblem::Reader) };
        let session = running.sessions.get_mut(&finishing.operation);
        let Some(card) = session.and_then(|session| session.card.as_mut()) else { return Ok(None) };
        card.update_chip(tags);
        let context = finishing.transaction.as_str().as_bytes();
        let sealed = running.vault.reseal(card, finishing.keeps, context);
        sealed.map(|sealed| Some(sealed.into())).map_err(|_| CardProblem::Reader)
    }

    /// The cashier takes less than was asked for, or does not, by chance that belongs to the payment.
    pub(super) fn ask_cashier(
        &mut self,
        around: &mut Around,
        operation: OperationId,
        transaction: &TransactionId,
        fault: Option<Fault>,
    ) {
        let mut dice = around.source.dice_at(self.number, transaction.as_str(), 0);
        let takes_it = dice.one_in(2) != (fault == Some(Fault::ChoosesOtherwise));
        timeline!(around, "T{} {transaction} the cashier says {}", self.number, if takes_it { "yes" } else { "no" });
        let answer = Answer::Chosen(takes_it);
        around.later(self.addressee(), CASHIER_MS, Input::Answer { operation, answer });
    }
}
