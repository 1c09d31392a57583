//! What other commands ask of the running terminal.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

use devices::virtual_set::CardProfile;
use engine::books::{Books, Known, Summary};
use engine::contract::types::Amount;
use engine::{Input, Maintenance, Outcome, Request, TransactionId};
use journal::Content;
use serde_json::json;

use super::{OnDisk, Service, Terminal, keeping};
use crate::config::Devices;
use crate::control::{Ask, Order, Response};
use crate::messages::{Language, Messages, format_amount};
use crate::show;

/// Somebody who waits for a transaction to end.
pub(super) struct Waiting {
    transaction: TransactionId,
    /// What they asked for, if money.
    amount: Option<Amount>,
    language: Language,
    reply: Sender<Response>,
}

impl Terminal {
    /// Does what is asked; whoever waits for an outcome is told when it is durable.
    pub(super) fn order(&mut self, order: Order, reply: Sender<Response>) {
        self.return_to_service();
        let Order { language, ask } = order;
        let messages = Messages::new(language);
        if let Some(response) = self.look(&ask, &messages) {
            let _ = reply.send(response);
            return;
        }
        if let Service::Out(_) = &self.service {
            let _ = reply.send(self.out_of_service());
            return;
        }
        match ask {
            Ask::Sale { transaction, amount, acquirer, card, operator } => {
                let Some(acquirer) = self.acquirer(acquirer, &reply) else { return };
                if let Err(why) = self.hold_card_ready(&transaction, card, &messages) {
                    let _ = reply.send(Response::failed(why));
                    return;
                }
                self.look_up(&transaction);
                self.wait_for(Waiting { transaction: transaction.clone(), amount: Some(amount), language, reply });
                let order = engine::Order::sale(amount);
                self.feed(Input::Request(Request::Begin { acquirer, transaction, order, operator }));
            }
            Ask::SignIn { acquirer, transaction, operator } => {
                let Some(acquirer) = self.acquirer(acquirer, &reply) else { return };
                self.look_up(&transaction);
                self.wait_for(Waiting { transaction: transaction.clone(), amount: None, language, reply });
                let order = engine::Order::Maintain(Maintenance::SignIn);
                self.feed(Input::Request(Request::Begin { acquirer, transaction, order, operator }));
            }
            Ask::Cancel { transaction } => {
                self.cancel.store(true, Ordering::SeqCst);
                self.feed(Input::Request(Request::Cancel { transaction }));
                let _ = reply.send(Response::done(json!({}), Vec::new()));
            }
            Ask::Pay { acquirer } => {
                let all = self.configuration.acquirers.iter().map(|known| known.name.clone());
                let whose: Vec<_> = all.filter(|name| acquirer.as_ref().is_none_or(|asked| asked == name)).collect();
                for acquirer in whose {
                    self.feed(Input::Request(Request::PayDebts { acquirer }));
                }
                let looked = self.look(&Ask::Owed, &messages);
                let _ = reply.send(looked.unwrap_or_else(|| Response::done(json!({}), Vec::new())));
            }
            Ask::Checkpoint => drop(reply.send(self.checkpoint())),
            Ask::StateWaiver { debt, reason } => drop(reply.send(self.state_waiver(&debt, &reason, &messages))),
            Ask::Waive { waiver, by, signature } => match (by.parse(), hex::decode(&signature)) {
                (Ok(by), Ok(signature)) => self.waive(waiver, by, &signature, (language, reply)),
                _ => drop(reply.send(Response::failed(messages.text("waive-bad-signature", &[("key", by.into())])))),
            },
            Ask::Owed | Ask::Explain { .. } | Ask::Totals => {}
        }
    }

    /// Tells everybody who waits for this transaction.
    pub(super) fn tell(&mut self, transaction: &TransactionId, outcome: &Outcome) {
        let (told, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|waiting| waiting.transaction == *transaction);
        self.waiting = waiting;
        for Waiting { amount, language, reply, .. } in told {
            let messages = Messages::new(language);
            let response = match self.books() {
                Some(books) => show::result(books, &self.configuration, transaction, outcome, amount, &messages),
                None => Response::failed(messages.text("sale-storage-full", &[])),
            };
            let _ = reply.send(response);
        }
    }

    pub(super) fn tell_all_that_storage_failed(&mut self) {
        for Waiting { transaction, amount, language, reply } in std::mem::take(&mut self.waiting) {
            tracing::error!(%transaction, "the journal failed under it");
            let messages = Messages::new(language);
            let response = match amount {
                Some(amount) => {
                    let why = messages.text("sale-unknown", &[("amount", format_amount(&amount, language).into())]);
                    let facts = json!({ "transaction": transaction, "outcome": "unknown", "error": why });
                    Response { ok: false, facts, lines: vec![why] }
                }
                None => Response::failed(messages.text("sale-storage-full", &[])),
            };
            let _ = reply.send(response);
        }
    }

    /// A name that may have been used long ago is looked up in the journal before anything is begun under it. Whoever
    /// asks waits for that; only names that come back after a month do.
    fn look_up(&mut self, id: &TransactionId) {
        if self.books().is_none_or(|books| books.knows(id) != Known::Perhaps) {
            return;
        }
        let is_it = |summary: &Summary| summary.id == *id || summary.debt.as_ref().is_some_and(|debt| debt.id == *id);
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

    fn wait_for(&mut self, waiting: Waiting) {
        self.waiting.push(waiting);
    }

    /// The acquirer that was named, or the first; tells who asked when there is none of that name.
    fn acquirer(&self, asked: Option<String>, reply: &Sender<Response>) -> Option<String> {
        let acquirers = &self.configuration.acquirers;
        let found = match &asked {
            Some(name) => acquirers.named(name),
            None => Some(acquirers.first()),
        };
        if found.is_none() {
            let known: Vec<_> = acquirers.iter().map(|known| known.name.as_str()).collect();
            let why = format!("no acquirer {}; there are: {}", asked.unwrap_or_default(), known.join(", "));
            let _ = reply.send(Response::failed(why));
        }
        found.map(|acquirer| acquirer.name.clone())
    }

    /// Chooses the virtual card this payment will find.
    fn hold_card_ready(
        &mut self,
        transaction: &TransactionId,
        card: Option<String>,
        messages: &Messages,
    ) -> Result<(), String> {
        let Devices::Virtual(devices) = &self.configuration.devices else {
            return Err(messages.text("sale-no-devices", &[]));
        };
        let profile = CardProfile::find(&card.unwrap_or_else(|| devices.card.clone()));
        self.cards.insert(transaction.clone(), profile.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Answers what only looks at the books; while the terminal is out of service, from what can be read of the disk.
    fn look(&self, ask: &Ask, messages: &Messages) -> Option<Response> {
        if !matches!(ask, Ask::Owed | Ask::Explain { .. } | Ask::Totals) {
            return None;
        }
        let on_disk;
        let has_left_memory =
            |books: &&Books| matches!(ask, Ask::Explain { transaction: Some(id) } if books.knows(id) == Known::Perhaps);
        let books = match self.books().filter(|books| !has_left_memory(books)) {
            Some(books) => books,
            None => match OnDisk::read(&self.configuration) {
                Ok(read) => {
                    on_disk = read;
                    &on_disk.books
                }
                Err(error) => return Some(Response::failed(format!("{error:#}"))),
            },
        };
        match ask {
            Ask::Owed => Some(show::owed(books, messages)),
            Ask::Explain { transaction } => Some(show::explain(books, transaction.as_ref(), messages)),
            Ask::Totals => {
                let acquirers: Vec<_> = self.configuration.acquirers.iter().map(|known| known.name.clone()).collect();
                Some(show::totals(books, &acquirers, self.configuration.terminal.currency, messages))
            }
            _ => None,
        }
    }
}
