//! What the engine wants done, done in virtual time, with the real journal and vault.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use engine::contract::{Digest, PluginError, PluginFault};
use engine::{Answer, Call, Effect, Fact, Input, OperationId, Purpose, Record, Request, TransactionId};
use journal::memory::{Extent, Fault as DiskFault, Operation as DiskOperation};
use journal::{Durable, Journal, JournalError};

use super::calls::{lie, refused, run};
use super::counter::Finishing;
use super::exchange::Sending;
use super::session::Session;
use super::{Cut, Service, Terminal, books};
use crate::fault::{Fault, Step};
use crate::ground;
use crate::spent::Room;
use crate::world::{Around, Event, timeline};

/// How long a full disk stays full. Milliseconds.
const FULL_MS: u64 = 60_000;

/// Why records were not written.
pub enum NotWritten {
    /// The power failed.
    Cut,
    /// The journal says why.
    Failed(JournalError),
}

impl Terminal {
    /// Does what the engine says, in order, until the power fails.
    pub(super) fn perform_all(&mut self, around: &mut Around, effects: Vec<Effect>) -> Result<()> {
        for effect in effects {
            if let Effect::ReopenJournal = effect {
                return self.reopen(around);
            }
            if let Err(Cut) = self.perform(around, effect)? {
                return self.cut_here(around);
            }
        }
        Ok(())
    }

    fn perform(&mut self, around: &mut Around, effect: Effect) -> Result<std::result::Result<(), Cut>> {
        let Some((operation, step)) = place(&effect) else {
            self.note(around, effect);
            return Ok(Ok(()));
        };
        self.name(operation, &effect);
        let about = self.about(operation);
        let fault = self.strike_at(around, &about, step);
        match fault {
            Some(Fault::Cut) => return Ok(Err(Cut)),
            Some(Fault::Cancel) => self.press_cancel(&about),
            _ => {}
        }
        let cuts_after = fault == Some(Fault::CutAfter);
        let done = self.act_on(around, effect, operation, &about, fault)?;
        Ok(if cuts_after { Err(Cut) } else { done })
    }

    fn act_on(
        &mut self,
        around: &mut Around,
        effect: Effect,
        operation: OperationId,
        about: &Arc<str>,
        fault: Option<Fault>,
    ) -> Result<std::result::Result<(), Cut>> {
        match effect {
            Effect::AskCard { transaction, amount, .. } => {
                self.ask_card(around, operation, (&transaction, amount), fault)?
            }
            Effect::Call { acquirer, call, .. } => {
                let answer = self.call(around, &acquirer, &call, fault);
                self.answer(operation, answer);
            }
            Effect::Prepare { acquirer, draft, .. } => {
                let began = Instant::now();
                let prepared = self.prepare(around, operation, &acquirer, &draft);
                around.spent.add(Room::Vault, began);
                self.answer(operation, Answer::Prepared(prepared));
            }
            Effect::Commit { purpose, records, .. } => match self.commit(around, operation, purpose, &records, fault) {
                Ok(answer) => self.answer(operation, answer),
                Err(Cut) => return Ok(Err(Cut)),
            },
            Effect::Send { acquirer, route, timeout, .. } => {
                let timeout_ms = u64::from(timeout);
                let sending = Sending { about, acquirer: &acquirer, route: &route, timeout_ms, fault };
                self.send(around, operation, &sending)?
            }
            Effect::Listen { timeout, .. } => self.listen(around, operation, u64::from(timeout))?,
            Effect::Prove { acquirer, proofs, .. } => {
                let began = Instant::now();
                let proven = self.prove(operation, &acquirer, &proofs);
                around.spent.add(Room::Vault, began);
                self.answer(operation, Answer::Proven(proven));
            }
            Effect::StageKeys { acquirer, keys, .. } => {
                let Service::In(running) = &mut self.service else { return Ok(Ok(())) };
                let staged = running.vault.stage(&acquirer, &keys).map_err(|error| error.to_string());
                let answer = staged.map(|staged| {
                    running.sessions.entry(operation).or_default().staged = Some(staged);
                });
                self.answer(operation, Answer::Staged(answer));
            }
            Effect::Wake { after, .. } => {
                let woke = Input::Answer { operation, answer: Answer::Woke };
                around.later(self.addressee(), u64::from(after), woke);
            }
            Effect::ActivateKeys { .. } => {
                if let Service::In(running) = &mut self.service
                    && let Some(staged) = running.sessions.get_mut(&operation).and_then(|session| session.staged.take())
                {
                    running.vault.activate(staged);
                }
            }
            Effect::AskCashier { transaction, .. } => self.ask_cashier(around, operation, &transaction, fault),
            Effect::FinishCard { transaction, keeps, verdict, .. } => {
                let finishing = Finishing { operation, transaction: &transaction, keeps: &keeps, verdict: &verdict };
                self.finish_card(around, &finishing, fault)?
            }
            Effect::Ended { transaction, outcome, .. } => self.ended(around, operation, &transaction, &outcome),
            Effect::DebtTried { debt, owed, .. } => {
                timeline!(around, "T{} {debt} was tried, owed: {owed}", self.number);
                around.figures.operations += 1;
                self.close(around, operation);
                self.judge_so_far(around);
            }
            other => self.note(around, other),
        }
        Ok(Ok(()))
    }

    /// Effects that nothing can go wrong with.
    fn note(&mut self, around: &mut Around, effect: Effect) {
        match effect {
            Effect::Alarm { acquirer, after } => {
                around.later(self.addressee(), u64::from(after), Input::Alarm { acquirer });
            }
            Effect::DropKeys { acquirer, slots } => {
                if let Service::In(running) = &mut self.service {
                    running.vault.drop_keys(&acquirer, &slots);
                }
            }
            Effect::ShowCode { operation, code } => self.show_code(around, operation, code),
            Effect::Waived { debt, result } => {
                timeline!(around, "T{} {debt} waived: {result:?}", self.number);
                if let (Ok(()), Some(books)) = (result, self.books()) {
                    around.figures.operations += 1;
                    around.watch.waived(self.number, &debt, books);
                }
            }
            Effect::Unexpected { state, event, .. } => {
                timeline!(around, "T{} an answer nobody waited for: {event} in {state}", self.number);
            }
            _ => {}
        }
    }

    /// An answer that is there at once.
    pub(super) fn answer(&mut self, operation: OperationId, answer: Answer) {
        self.inbox.push_back(Input::Answer { operation, answer });
    }

    pub(super) fn session(&mut self, operation: OperationId) -> Option<&mut Session> {
        match &mut self.service {
            Service::In(running) => Some(running.sessions.entry(operation).or_default()),
            Service::Off | Service::Out => None,
        }
    }

    /// An operation gets its name from the first effect that carries one.
    fn name(&mut self, operation: OperationId, effect: &Effect) {
        let Some(session) = self.session(operation).filter(|session| session.about.is_none()) else { return };
        session.about = subject(effect).map(Arc::from);
    }

    fn about(&mut self, operation: OperationId) -> Arc<str> {
        let known = self.session(operation).and_then(|session| session.about.clone());
        known.unwrap_or_else(|| Arc::from("nameless"))
    }

    fn press_cancel(&mut self, about: &str) {
        if let Ok(transaction) = TransactionId::parse(about) {
            self.inbox.push_front(Input::Request(Request::Cancel { transaction }));
        }
    }

    fn commit(
        &mut self,
        around: &mut Around,
        operation: OperationId,
        purpose: Purpose,
        records: &[Record],
        fault: Option<Fault>,
    ) -> std::result::Result<Answer, Cut> {
        let Service::In(running) = std::mem::replace(&mut self.service, Service::Out) else {
            return Ok(Answer::Durable(Err("out of service".into())));
        };
        let written = self.append(around, &running.journal, purpose, records, fault);
        self.service = Service::In(running);
        match written {
            Ok(durable) => {
                if !records.iter().any(|record| matches!(record.fact, Fact::Waived { .. } | Fact::Carried { .. }))
                    && let Some(session) = self.session(operation)
                {
                    session.permit = Some(durable);
                }
                Ok(Answer::Durable(Ok(())))
            }
            Err(NotWritten::Cut) => Err(Cut),
            Err(NotWritten::Failed(JournalError::Reserved | JournalError::TooManySegments { .. })) => {
                Ok(Answer::NoRoom("the space left is kept for debts".into()))
            }
            Err(NotWritten::Failed(error)) => Ok(Answer::Durable(Err(error.to_string()))),
        }
    }

    /// Writes records outside of any operation.
    pub(super) fn write(
        &mut self,
        around: &mut Around,
        journal: &Journal,
        about: &str,
        step: Step,
        purpose: Purpose,
        records: &[Record],
    ) -> std::result::Result<Durable, NotWritten> {
        let fault = self.strike(around, about, step);
        if fault == Some(Fault::Cut) {
            return Err(NotWritten::Cut);
        }
        let cuts_after = fault == Some(Fault::CutAfter);
        let written = self.append(around, journal, purpose, records, fault)?;
        if cuts_after { Err(NotWritten::Cut) } else { Ok(written) }
    }

    /// What the disk does wrong from now on.
    pub(super) fn order_of_disk(&self, around: &mut Around, fault: Option<&Fault>) {
        let order = |operation, whole: bool| DiskFault {
            operation,
            after: 0,
            kind: ErrorKind::Other,
            extent: if whole { Extent::All } else { Extent::Nothing },
            lasts: false,
        };
        match fault {
            Some(Fault::CutInside(operations)) => self.disk.die_after(*operations as usize),
            Some(Fault::WriteFails(whole)) => self.disk.order(order(DiskOperation::Write, *whole)),
            Some(Fault::SyncFails(whole)) => self.disk.order(order(DiskOperation::Sync, *whole)),
            Some(Fault::DiskFull) => {
                self.disk.set_free_bytes(0);
                around.queue.at(around.now_ms + FULL_MS, Event::DiskMended { terminal: self.number });
            }
            _ => {}
        }
    }

    fn append(
        &mut self,
        around: &mut Around,
        journal: &Journal,
        purpose: Purpose,
        records: &[Record],
        fault: Option<Fault>,
    ) -> std::result::Result<Durable, NotWritten> {
        self.order_of_disk(around, fault.as_ref());
        let watch = &mut around.watch;
        let began = Instant::now();
        let written = books::append(journal, purpose, records, &mut |bytes| watch.look(bytes, "a record"));
        around.spent.add(Room::Journal, began);
        if matches!(fault, Some(Fault::CutInside(_))) {
            return Err(NotWritten::Cut);
        }
        if matches!(fault, Some(Fault::WriteFails(_) | Fault::SyncFails(_))) {
            self.disk.recover_from_faults();
        }
        written.map_err(NotWritten::Failed)
    }

    /// Calls the plugin, or what a fault makes of it.
    fn call(&mut self, around: &mut Around, acquirer: &str, call: &Call, fault: Option<Fault>) -> Answer {
        let index = ground::ACQUIRERS.iter().position(|(name, _)| *name == acquirer).unwrap_or_default();
        let failed =
            |fault| PluginError { plugin: acquirer.to_owned(), digest: Digest([0; 32]), call: "a call".into(), fault };
        if self.broken_plugins.contains(&index) {
            return refused(call, failed(PluginFault::Gone));
        }
        around.watch.look_at_call(call);
        match fault {
            Some(Fault::Traps) => return refused(call, failed(PluginFault::Trapped("unreachable".into()))),
            Some(Fault::Loops) => return refused(call, failed(PluginFault::OutOfFuel)),
            _ => {}
        }
        let began = Instant::now();
        let answer = run(around.ground.plugin.as_ref(), call);
        around.spent.add(Room::Plugin, began);
        lie(answer, call, fault)
    }
}

/// What an effect is about.
fn subject(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::AskCard { transaction, .. }
        | Effect::AskCashier { transaction, .. }
        | Effect::FinishCard { transaction, .. }
        | Effect::Ended { transaction, .. } => Some(transaction.as_str()),
        Effect::Call { call, .. } => match call.as_ref() {
            Call::Start(context, _) | Call::Resume(context, ..) | Call::Decide(context, _) | Call::Wait(context, _) => {
                Some(&context.transaction)
            }
        },
        Effect::Prepare { draft, .. } => Some(draft.transaction.as_str()),
        Effect::Commit { records, .. } => {
            records.iter().find_map(|record| record.fact.subject()).map(TransactionId::as_str)
        }
        Effect::DebtTried { debt, .. } => Some(debt.as_str()),
        _ => None,
    }
}

/// The operation an effect belongs to, and what it is as a step; none for those that nothing can go wrong with.
fn place(effect: &Effect) -> Option<(OperationId, Step)> {
    Some(match effect {
        Effect::AskCard { operation, .. } => (*operation, Step::AskCard),
        Effect::Call { operation, call, .. } => match call.as_ref() {
            Call::Start(..) => (*operation, Step::Start),
            Call::Resume(..) => (*operation, Step::Resume),
            Call::Decide(..) => (*operation, Step::Decide),
            Call::Wait(..) => (*operation, Step::Wait),
        },
        Effect::Prepare { operation, .. } => (*operation, Step::Prepare),
        Effect::Commit { operation, .. } => (*operation, Step::Commit),
        Effect::Send { operation, .. } => (*operation, Step::Send),
        Effect::Listen { operation, .. } => (*operation, Step::Listen),
        Effect::Prove { operation, .. } => (*operation, Step::Prove),
        Effect::StageKeys { operation, .. } => (*operation, Step::StageKeys),
        Effect::Wake { operation, .. } => (*operation, Step::Pause),
        Effect::ActivateKeys { operation, .. } => (*operation, Step::Keys),
        Effect::AskCashier { operation, .. } => (*operation, Step::AskCashier),
        Effect::FinishCard { operation, .. } => (*operation, Step::FinishCard),
        Effect::Ended { operation, .. } => (*operation, Step::Ended),
        Effect::DebtTried { operation, .. } => (*operation, Step::Tried),
        _ => return None,
    })
}
