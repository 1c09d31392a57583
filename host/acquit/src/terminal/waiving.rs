//! Waivers: the operator's signed word, checked against the configuration before the engine hears of it.
//!
//! What is signed is a statement made from the books of the terminal that owes, so it is asked for first and comes back
//! signed. Where no terminal runs, the command opens the journal itself and lets an engine without plugins write it down.

use anyhow::Result;
use engine::books::Books;
use engine::{Answer, Effect, Input, NotWaived, Request, SignedWaiver, TransactionId, Waiver};
use journal::Journal;
use serde_json::json;

use super::{BooksRead, Clock, Service, Terminal, append, keeping};
use crate::config::Configuration;
use crate::control::{Reply, Response, WaiverAsked};
use crate::messages::{Language, Messages};
use crate::operator::{PublicKey, SigningKey};
use crate::show;

/// Somebody who waits for a waiver to be durable.
pub(super) struct AwaitedWaiver {
    debt: TransactionId,
    language: Language,
    reply: Reply,
}

impl Terminal {
    /// What must be signed.
    pub(super) fn state_waiver(&self, debt: &TransactionId, reason: &str, messages: &Messages) -> Response {
        let Service::In(running) = &self.service else { return self.out_of_service() };
        let asked = WaiverAsked { debt: debt.clone(), reason: reason.to_owned(), at: self.clock.now().wall };
        state(running.engine.books(), &running.journal, &asked, messages)
    }

    /// Hands a waiver to the engine once its signature holds.
    pub(super) fn waive(&mut self, asked: WaiverAsked, by: PublicKey, signature: &[u8], to: (Language, Reply)) {
        let (language, reply) = to;
        let messages = Messages::new(language);
        let Service::In(running) = &self.service else {
            return reply.answer(self.out_of_service());
        };
        let books = running.engine.books();
        match signed(&self.configuration, books, &running.journal, asked, by, signature, &messages) {
            Ok(waiver) => {
                self.waivers.push(AwaitedWaiver { debt: waiver.waiver.debt.clone(), language, reply });
                self.feed(Input::Request(Request::Waive(Box::new(waiver))));
            }
            Err(refusal) => reply.answer(refusal),
        }
    }

    /// Tells whoever waits for it what became of a waiver.
    pub(super) fn waived(&mut self, debt: &TransactionId, result: &Result<(), NotWaived>) {
        let (told, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waivers).into_iter().partition(|waiting| waiting.debt == *debt);
        self.waivers = waiting;
        for AwaitedWaiver { language, reply, .. } in told {
            let messages = Messages::new(language);
            let response = match (result, self.books()) {
                (Ok(()), Some(books)) => show::waived(books, debt, &messages),
                (Ok(()), None) => Response::done(json!({ "debt": debt }), Vec::new()),
                (Err(why), _) => show::not_waived(why, &messages),
            };
            reply.answer(response);
        }
        self.show_owed();
    }

    /// The journal failed: whether a waiver is on the disk is found out when it has been read again.
    pub(super) fn tell_waivers_that_storage_failed(&mut self) {
        for AwaitedWaiver { language, reply, .. } in std::mem::take(&mut self.waivers) {
            reply.answer(Response::failed(Messages::new(language).text("waive-storage", &[])));
        }
    }
}

/// Waives a debt of a terminal that does not run.
///
/// # Errors
/// The journal cannot be opened or written.
pub fn waive_at_rest(
    configuration: &Configuration,
    debt: &TransactionId,
    reason: &str,
    key: &SigningKey,
    messages: &Messages,
) -> Result<Response> {
    let clock = Clock::start();
    let mut books = BooksRead::of_late(clock.now());
    let journal = keeping::open(configuration, None, &mut books)?.journal;
    let (recovery, _) = books.finish(clock.now());
    if !recovery.closing().is_empty() {
        let _closed = append(&journal, engine::Purpose::Obligation, recovery.closing())?;
    }
    let (mut engine, _) = recovery.begin(Vec::new(), None, &[], clock.now());

    let asked = WaiverAsked { debt: debt.clone(), reason: reason.to_owned(), at: clock.now().wall };
    let stated = state(engine.books(), &journal, &asked, messages);
    let Some(statement) = stated.facts["statement"].as_str().filter(|_| stated.ok) else { return Ok(stated) };
    let signature = key.sign(statement.as_bytes());
    let waiver = match signed(configuration, engine.books(), &journal, asked, key.public(), &signature, messages) {
        Ok(waiver) => waiver,
        Err(refusal) => return Ok(refusal),
    };
    let mut effects = engine.handle(Input::Request(Request::Waive(Box::new(waiver))), clock.now());
    loop {
        match effects.pop() {
            Some(Effect::Commit { operation, purpose, records }) => {
                let durable = append(&journal, purpose, &records).map(drop).map_err(|error| format!("{error:#}"));
                let answer = Input::Answer { operation, answer: Answer::Durable(durable) };
                effects.extend(engine.handle(answer, clock.now()));
            }
            Some(Effect::Waived { debt, result: Ok(()) }) => return Ok(show::waived(engine.books(), &debt, messages)),
            Some(Effect::Waived { result: Err(why), .. }) => return Ok(show::not_waived(&why, messages)),
            Some(_) => {}
            None => return Ok(Response::failed(messages.text("waive-storage", &[]))),
        }
    }
}

/// The statement to sign, and what it was made from.
fn state(books: &Books, journal: &Journal, asked: &WaiverAsked, messages: &Messages) -> Response {
    let waiver = waiver(books, journal, asked.clone());
    match waiver.statement(books) {
        Ok(statement) => {
            let lines = statement.lines().map(str::to_owned).collect();
            Response::done(json!({ "debt": waiver.debt, "at": asked.at, "statement": statement }), lines)
        }
        Err(why) => show::not_waived(&why, messages),
    }
}

/// A waiver whose signature holds, by a key of the configuration; or what is said instead.
fn signed(
    configuration: &Configuration,
    books: &Books,
    journal: &Journal,
    asked: WaiverAsked,
    by: PublicKey,
    signature: &[u8],
    messages: &Messages,
) -> Result<SignedWaiver, Response> {
    let waiver = waiver(books, journal, asked);
    let refused = |id: &str| Response::failed(messages.text(id, &[("key", by.to_string().into())]));
    if configuration.operators.is_empty() {
        return Err(refused("waive-no-keys"));
    }
    if !configuration.operators.contains(&by) {
        return Err(refused("waive-other-key"));
    }
    let statement = waiver.statement(books).map_err(|why| show::not_waived(&why, messages))?;
    if !by.verifies(statement.as_bytes(), signature) {
        return Err(refused("waive-bad-signature"));
    }
    Ok(SignedWaiver { waiver, signed_by: by.to_string(), signature: signature.to_vec() })
}

fn waiver(books: &Books, journal: &Journal, asked: WaiverAsked) -> Waiver {
    let WaiverAsked { debt, reason, at } = asked;
    Waiver { debt: named(books, &debt), journal: journal.id().to_string(), reason, at }
}

/// A debt is called by its own name or by that of the payment it is owed for.
fn named(books: &Books, id: &TransactionId) -> TransactionId {
    books.transaction(id).and_then(|of| of.debts.last().cloned()).unwrap_or_else(|| id.clone())
}
