//! What other commands ask of the running terminal.

use std::sync::atomic::Ordering;

use devices::virtual_set::CardProfile;
use engine::books::{Known, Summary};
use engine::contract::transaction::PaymentKind;
use engine::contract::types::Amount;
use engine::{Input, Order, Outcome, Request as Wanted, Target, TransactionId};
use journal::Content;
use serde_json::json;

use super::{Service, Terminal, keeping};
use crate::config::Devices;
use crate::control::{Ask, Begin, Reply, Request, Response};
use crate::messages::{Language, Messages, format_amount};
use crate::show;

/// Somebody who waits for a transaction to end.
pub(super) struct Waiting {
    transaction: TransactionId,
    /// What they asked for.
    order: Order,
    language: Language,
    reply: Reply,
}

impl Terminal {
    /// Does what is asked; whoever waits for an outcome is told when it is durable.
    pub(super) fn asked(&mut self, request: Request, reply: Reply) {
        self.return_to_service();
        let Request { language, ask, .. } = request;
        let messages = Messages::new(language);
        if let Some(response) = self.look(&ask, &messages) {
            return reply.answer(response);
        }
        if let Service::Out(_) = &self.service {
            return reply.answer(self.out_of_service());
        }
        match ask {
            Ask::Begin(begin) => self.begin(*begin, language, reply),
            Ask::Cancel { transaction } => reply.answer(self.cancelled(transaction, &messages)),
            Ask::Answer { yes, transaction } => reply.answer(self.answered(yes, transaction.as_ref(), &messages)),
            Ask::Pay { acquirer } => {
                let all = self.configuration.acquirers.iter().map(|known| known.name.clone());
                let whose: Vec<_> = all.filter(|name| acquirer.as_ref().is_none_or(|asked| asked == name)).collect();
                for acquirer in whose {
                    self.feed(Input::Request(Wanted::PayDebts { acquirer }));
                }
                let looked = self.look(&Ask::Owed, &messages);
                reply.answer(looked.unwrap_or_else(|| Response::done(json!({}), Vec::new())));
            }
            Ask::Checkpoint => reply.answer(self.checkpoint()),
            Ask::StateWaiver { debt, reason } => reply.answer(self.state_waiver(&debt, &reason, &messages)),
            Ask::Waive { waiver, by, signature } => match (by.parse(), hex::decode(&signature)) {
                (Ok(by), Ok(signature)) => self.waive(waiver, by, &signature, (language, reply)),
                _ => reply.answer(Response::failed(messages.text("waive-bad-signature", &[("key", by.into())]))),
            },
            Ask::Owed | Ask::Explain { .. } | Ask::Totals | Ask::Batch { .. } | Ask::Reprint { .. } => {}
        }
    }

    /// Stops what somebody waits for, and only that: what is over stays what it is, and the card of another payment stays
    /// in the reader.
    fn cancelled(&mut self, transaction: TransactionId, messages: &Messages) -> Response {
        if self.waiting.iter().all(|waiting| waiting.transaction != transaction) {
            let args = [("transaction", transaction.to_string().into())];
            return Response::failed(messages.text("cancelled-nothing", &args));
        }
        if let Some((_, stop)) = self.at_reader.as_ref().filter(|(whose, _)| *whose == transaction) {
            stop.store(true, Ordering::SeqCst);
        }
        if !self.refuse_question(&transaction) {
            self.feed(Input::Request(Wanted::Cancel { transaction }));
        }
        Response::done(json!({}), Vec::new())
    }

    /// Begins an operation that nobody at a counter asked for; it ends in the journal and on the screen.
    pub(super) fn begin_by_itself(&mut self, acquirer: String, transaction: TransactionId, order: Order) {
        let operator = AUTOMATIC.to_owned();
        self.feed(Input::Request(Wanted::Begin { acquirer, transaction, order, operator }));
    }

    fn begin(&mut self, begin: Begin, language: Language, reply: Reply) {
        let Begin { transaction, order, acquirer, card, operator, accept_partial } = begin;
        if let Order::FollowUp { of: Target::Known(original), .. } = &order {
            self.look_up(original);
        }
        let acquirer = match self.acquirer(acquirer, &order) {
            Ok(acquirer) => acquirer,
            Err(why) => return reply.answer(Response::failed(why)),
        };
        if let Err(why) = self.hold_card_ready(&transaction, &order, card, &Messages::new(language)) {
            return reply.answer(Response::failed(why));
        }
        self.look_up(&transaction);
        self.partial.insert(transaction.clone(), accept_partial);
        self.listeners.add(reply.clone());
        let waiting = Waiting { transaction: transaction.clone(), order: order.clone(), language, reply };
        self.waiting.push(waiting);
        self.feed(Input::Request(Wanted::Begin { acquirer, transaction, order, operator }));
    }

    /// Tells everybody who waits for this transaction.
    pub(super) fn tell(&mut self, transaction: &TransactionId, outcome: &Outcome) {
        self.partial.remove(transaction);
        let (told, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|waiting| waiting.transaction == *transaction);
        self.waiting = waiting;
        for Waiting { order, language, reply, .. } in told {
            let messages = Messages::new(language);
            let response = match self.books() {
                Some(books) => show::result(books, &self.configuration, transaction, outcome, &order, &messages),
                None => Response::failed(messages.text("sale-storage-full", &[])),
            };
            reply.answer(response);
        }
    }

    pub(super) fn tell_all_that_storage_failed(&mut self) {
        self.partial.clear();
        for Waiting { transaction, order, language, reply } in std::mem::take(&mut self.waiting) {
            tracing::error!(%transaction, "the journal failed under it");
            let messages = Messages::new(language);
            let response = match moved(&order) {
                Moves::Money(amount) => {
                    let amount = amount.map(|amount| format_amount(&amount, language)).unwrap_or_default();
                    let why = messages.text("sale-unknown", &[("amount", amount.into())]);
                    let facts = json!({ "transaction": transaction, "outcome": "unknown", "error": why });
                    Response { ok: false, facts, lines: vec![why] }
                }
                Moves::Nothing => Response::failed(messages.text("sale-storage-full", &[])),
            };
            reply.answer(response);
        }
    }

    /// A name that may have been used long ago is looked up in the journal before anything is begun under it. Whoever
    /// asks waits for that; only names that come back after a month do.
    pub(super) fn look_up(&mut self, id: &TransactionId) {
        if self.books().is_none_or(|books| books.knows(id) != Known::Perhaps) {
            return;
        }
        let is_it = |summary: &Summary| summary.id == *id || summary.debts.iter().any(|debt| debt.id == *id);
        let found = keeping::read_into(
            &self.configuration,
            || None,
            |found: &mut Option<Vec<u8>>, entry| {
                if let Content::Summary(line) = entry.content
                    && Summary::decode(&line).is_ok_and(|summary| is_it(&summary))
                {
                    *found = Some(line);
                }
            },
        );
        match found {
            Ok((summary, _)) => self.feed(Input::LookedUp { transaction: id.clone(), summary }),
            // The engine begins nothing under a name nobody could look up.
            Err(error) => tracing::error!(error = format!("{error:#}"), %id, "could not be looked up"),
        }
    }

    fn checkpoint(&mut self) -> Response {
        let Service::In(running) = &self.service else { return self.out_of_service() };
        match running.journal.checkpoint() {
            Ok(note) => Response::done(json!({ "checkpoint": note.as_str() }), vec![note.as_str().to_owned()]),
            Err(error) => Response::failed(error.to_string()),
        }
    }

    /// What everybody is told while the journal cannot be written.
    pub(super) fn out_of_service(&self) -> Response {
        match &self.service {
            Service::Out(why) => Response::failed(why.clone()),
            Service::In(_) => Response::failed("the terminal is busy; ask again".into()),
        }
    }

    /// The acquirer that was named, else the original's, else the first.
    fn acquirer(&self, asked: Option<String>, order: &Order) -> Result<String, String> {
        let acquirers = &self.configuration.acquirers;
        let Some(asked) = asked else {
            let of_original = match order {
                Order::FollowUp { of: Target::Known(original), .. } => {
                    self.books().and_then(|books| books.transaction(original)).map(|known| known.acquirer.clone())
                }
                _ => None,
            };
            return Ok(of_original.unwrap_or_else(|| acquirers.first().name.clone()));
        };
        acquirers.named(&asked).map(|known| known.name.clone()).ok_or_else(|| {
            let known: Vec<_> = acquirers.iter().map(|known| known.name.as_str()).collect();
            format!("no acquirer {asked}; there are: {}", known.join(", "))
        })
    }

    /// Chooses the virtual card this operation will find, if it asks for one.
    fn hold_card_ready(
        &mut self,
        transaction: &TransactionId,
        order: &Order,
        card: Option<String>,
        messages: &Messages,
    ) -> Result<(), String> {
        let needs_one = match order {
            Order::Pay(payable) => payable.kind != PaymentKind::ShowToPay,
            Order::FollowUp { .. } | Order::Maintain(_) | Order::Download(_) | Order::Settle => false,
        };
        let Devices::Virtual(devices) = &self.configuration.devices else {
            return if needs_one { Err(messages.text("sale-no-devices", &[])) } else { Ok(()) };
        };
        let profile = CardProfile::find(&card.unwrap_or_else(|| devices.card.clone()));
        self.cards.insert(transaction.clone(), profile.map_err(|error| error.to_string())?);
        Ok(())
    }
}

/// Who is said to have asked for what the terminal does by itself.
const AUTOMATIC: &str = "00";

/// What an operation may do in the world.
enum Moves {
    /// It may take or give money; how much, where that was said.
    Money(Option<Amount>),
    Nothing,
}

fn moved(order: &Order) -> Moves {
    use engine::contract::transaction::FollowUpKind::{Advise, Inquire, ReportScripts};
    match order {
        Order::Pay(payable) if payable.kind == PaymentKind::Balance => Moves::Nothing,
        Order::Pay(payable) => Moves::Money(Some(payable.amount)),
        Order::FollowUp { kind: Advise | Inquire | ReportScripts, .. } => Moves::Nothing,
        Order::FollowUp { amount, .. } => Moves::Money(*amount),
        Order::Maintain(_) | Order::Download(_) | Order::Settle => Moves::Nothing,
    }
}
