//! What the engine wants done, done with real parts.

use std::time::Duration;

use engine::contract::acquirer::Proof;
use engine::contract::types::Milliseconds;
use engine::contract::{Digest, Plugin, PluginError, PluginFault};
use engine::{
    Answer, BadProof, Call, CardSource, Draft, Effect, Fact, Input, OperationId, Outcome, Purpose, Record,
    TransactionId,
};
use journal::JournalError;
use vault::{Preparing, ProofFailure};

use super::card;
use super::session::Session;
use super::{Event, Service, Terminal, append};
use crate::show::NO_ROOM;

impl Terminal {
    /// Does what the engine says, in order.
    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::AskCard { operation, transaction, amount, kind } => {
                    self.ask_card(operation, transaction, amount, kind);
                }
                Effect::AskCashier { operation, transaction, question } => {
                    self.ask_cashier(operation, transaction, question);
                }
                Effect::FinishCard { operation, transaction, keeps, verdict } => {
                    self.finish_card(operation, card::Finishing { transaction, keeps }, verdict);
                }
                Effect::ShowCode { code, .. } => {
                    self.show(vec![self.messages.text("screen-show-code", &[("code", code.into())])]);
                }
                Effect::Call { operation, acquirer, plugin, call } => self.call(operation, acquirer, plugin, *call),
                Effect::Prepare { operation, acquirer, draft } => {
                    let prepared = self.prepare(operation, &acquirer, &draft);
                    self.answer(operation, Answer::Prepared(prepared));
                }
                Effect::Commit { operation, purpose, records } => {
                    let answer = self.commit(operation, purpose, &records);
                    self.answer(operation, answer);
                }
                Effect::Send { operation, acquirer, route, timeout } => {
                    self.send(operation, &acquirer, &route, timeout)
                }
                Effect::Listen { operation, timeout } => self.listen(operation, timeout),
                Effect::Prove { operation, acquirer, proofs } => {
                    let proven = self.prove(operation, &acquirer, &proofs);
                    self.answer(operation, Answer::Proven(proven));
                }
                Effect::StageKeys { operation, acquirer, keys } => {
                    let staged = self.vault.stage(&acquirer, &keys);
                    let answer = match staged {
                        Ok(staged) => {
                            if let Some(session) = self.session(operation) {
                                session.staged = Some(staged);
                            }
                            Ok(())
                        }
                        Err(error) => Err(error.to_string()),
                    };
                    self.answer(operation, Answer::Staged(answer));
                }
                Effect::Wake { operation, after } => {
                    self.later(after, Input::Answer { operation, answer: Answer::Woke });
                }
                Effect::Alarm { acquirer, after } => self.later(after, Input::Alarm { acquirer }),
                Effect::ActivateKeys { operation, .. } => {
                    if let Some(staged) = self.session(operation).and_then(|session| session.staged.take()) {
                        self.vault.activate(staged);
                    }
                }
                Effect::DropKeys { acquirer, slots } => self.vault.drop_keys(&acquirer, &slots),
                Effect::LoadKernel { acquirer, rows } => {
                    tracing::info!(acquirer, tables = rows.len(), "the developer kernel takes no rows");
                }
                Effect::Ended { operation, transaction, outcome } => self.ended(operation, &transaction, &outcome),
                Effect::DebtTried { operation, debt, owed } => {
                    tracing::info!(%debt, owed, "a reversal was tried");
                    self.close(operation, Parting::Polite);
                    self.show_owed();
                }
                Effect::Waived { debt, result } => self.waived(&debt, &result),
                Effect::Carried { written } => self.compact(written),
                Effect::ReopenJournal => {
                    self.reopen();
                    return;
                }
                Effect::Unexpected { operation, state, event } => {
                    tracing::info!(?operation, state, event, "an answer nobody waited for");
                }
            }
        }
    }

    pub(super) fn session(&mut self, operation: OperationId) -> Option<&mut Session> {
        match &mut self.service {
            Service::In(running) => Some(running.sessions.entry(operation).or_default()),
            Service::Out(_) => None,
        }
    }

    /// An answer that is there at once; it goes through the inbox like all others, so that no effect is overtaken.
    pub(super) fn answer(&mut self, operation: OperationId, answer: Answer) {
        let _ = self.inbox.send(Event::Input(self.epoch, Input::Answer { operation, answer }));
    }

    fn later(&self, after: Milliseconds, input: Input) {
        let (inbox, epoch) = (self.inbox.clone(), self.epoch);
        self.runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(u64::from(after))).await;
            let _ = inbox.send(Event::Input(epoch, input));
        });
    }

    /// Plugins run beside the loop: one that hangs until its deadline delays nobody else.
    fn call(&mut self, operation: OperationId, acquirer: String, digest: Digest, call: Call) {
        let plugin = self.shelf.get(digest);
        let (inbox, epoch) = (self.inbox.clone(), self.epoch);
        self.runtime.spawn_blocking(move || {
            let answer = match plugin {
                Some(plugin) => run(plugin.as_ref(), &call),
                None => gone(acquirer, digest, &call),
            };
            let _ = inbox.send(Event::Input(epoch, Input::Answer { operation, answer }));
        });
    }

    fn commit(&mut self, operation: OperationId, purpose: Purpose, records: &[Record]) -> Answer {
        let Service::In(running) = &mut self.service else { return Answer::Durable(Err("out of service".into())) };
        self.untended = true;
        match append(&running.journal, purpose, records) {
            Ok(durable) => {
                // Nothing is sent for these.
                if !records.iter().any(|record| matches!(record.fact, Fact::Waived { .. } | Fact::Carried { .. })) {
                    running.sessions.entry(operation).or_default().permit = Some(durable);
                }
                Answer::Durable(Ok(()))
            }
            Err(error) => match error.downcast_ref() {
                Some(error @ (JournalError::Reserved | JournalError::TooManySegments { .. })) => {
                    tracing::error!(%error, "no payment");
                    Answer::NoRoom(NO_ROOM.into())
                }
                _ => Answer::Durable(Err(error.to_string())),
            },
        }
    }

    /// Renders a message and, before any money can move, everything that might have to be sent to take it back.
    fn prepare(&mut self, operation: OperationId, acquirer: &str, draft: &Draft) -> Result<Option<Vec<u8>>, String> {
        let now = self.clock.now().wall.local();
        let sealed_to = match &draft.card {
            CardSource::Sealed { of, .. } => vec![of],
            CardSource::Items(items) => items.iter().map(|item| &item.of).collect(),
            CardSource::Presented | CardSource::None => Vec::new(),
        };
        // Whichever card the message carries, an answer that brings it back is scrubbed of it.
        let of_this = self.known_card(&draft.transaction);
        let of_others: Vec<_> = sealed_to.into_iter().filter_map(|of| self.known_card(of)).collect();
        let Service::In(running) = &mut self.service else { return Err("out of service".into()) };
        let session = running.sessions.entry(operation).or_default();
        session.known_cards.extend(of_this.into_iter().chain(of_others));
        let routes = self.routes.get(acquirer);
        let allowed = |route: &str| routes.and_then(|routes| routes.get(route)).map(|(_, grant)| grant);
        let preparing = Preparing { plugin: acquirer, card: session.card.as_mut(), allowed: &allowed, now: &now };
        let prepared = self.vault.prepare(draft, preparing).map_err(|error| error.to_string())?;
        session.rendered = Some(prepared.rendered);
        Ok(prepared.sealed.map(Into::into))
    }

    fn known_card(&self, transaction: &TransactionId) -> Option<engine::contract::card::Presented> {
        self.books()?.transaction(transaction)?.card().cloned()
    }

    fn prove(&mut self, operation: OperationId, acquirer: &str, proofs: &[Proof]) -> Result<(), BadProof> {
        let Service::In(running) = &self.service else { return Err(BadProof::Echo("out of service".into())) };
        let session = running.sessions.get(&operation);
        let parts = session.and_then(|session| session.rendered.as_ref().zip(session.reply.as_ref()));
        let Some((rendered, (raw, mask))) = parts else {
            return Err(BadProof::Echo("nothing was exchanged".into()));
        };
        self.vault.prove(acquirer, proofs, rendered, raw, mask).map_err(|failure| {
            tracing::warn!(%failure, acquirer, "an answer did not prove itself");
            match &failure {
                ProofFailure::BadSeal { key } => BadProof::Seal(key.clone()),
                other => BadProof::Echo(other.to_string()),
            }
        })
    }

    fn ended(&mut self, operation: OperationId, transaction: &TransactionId, outcome: &Outcome) {
        // In doubt the connection is cut before anything else: a reversal leaves only after that.
        let parting = if matches!(outcome, Outcome::Unknown(_)) { Parting::AtOnce } else { Parting::Polite };
        let ran_just_now = self.close(operation, parting);
        self.cards.remove(transaction);
        if ran_just_now {
            self.print(transaction, outcome);
        }
        self.tell(transaction, outcome);
        self.show_owed();
    }

    /// Wipes what an operation held and closes its connection. Says whether there was such an operation: an outcome
    /// that is only repeated has none.
    fn close(&mut self, operation: OperationId, parting: Parting) -> bool {
        self.close_question(operation);
        let Service::In(running) = &mut self.service else { return false };
        let Some(mut session) = running.sessions.remove(&operation) else { return false };
        if let Some(task) = session.task.take() {
            // Somebody stopped waiting: its connection is closed with it, and nothing leaves before that.
            task.abort();
            running.parting.push(task);
        }
        match (session.conversation, parting) {
            (Some(conversation), Parting::Polite) => drop(self.runtime.spawn(conversation.close())),
            (conversation, _) => drop(conversation),
        }
        true
    }
}

/// How a connection ends.
enum Parting {
    /// With a goodbye, beside the loop.
    Polite,
    /// Now.
    AtOnce,
}

fn run(plugin: &dyn Plugin, call: &Call) -> Answer {
    match call {
        Call::Start(context, operation) => Answer::Step(plugin.start(context, operation)),
        Call::Resume(context, operation, state, event) => Answer::Step(plugin.resume(context, operation, state, event)),
        Call::Decide(context, situation) => Answer::Decision(plugin.decide(context, situation)),
        Call::Wait(context, debt) => Answer::Patience(plugin.wait(context, debt)),
    }
}

fn gone(plugin: String, digest: Digest, call: &Call) -> Answer {
    let error = |call: &str| PluginError { plugin, digest, call: call.to_owned(), fault: PluginFault::Gone };
    match call {
        Call::Start(..) => Answer::Step(Err(error("start"))),
        Call::Resume(..) => Answer::Step(Err(error("resume"))),
        Call::Decide(..) => Answer::Decision(Err(error("decide"))),
        Call::Wait(..) => Answer::Patience(Err(error("wait"))),
    }
}
