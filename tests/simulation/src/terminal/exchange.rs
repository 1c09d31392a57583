//! Rendering, sending and hearing: real bytes under real keys, on simulated connections.

use std::time::Instant;

use anyhow::Result;
use engine::contract::acquirer::Proof;
use engine::contract::retry_policy::{Delivery, Failure};
use engine::{Answer, BadProof, CardSource, Draft, ExchangeFailed, Input, OperationId};
use vault::{Preparing, ProofFailure, RawReply};

use super::{Service, Terminal};
use crate::fault::Fault;
use crate::ground;
use crate::spent::Room;
use crate::world::{Around, Damage, Event, Heard, Then, Up, Waiter, garble, shown, timeline};

/// How long a connection is tried. Milliseconds.
const CONNECT_MS: u64 = 3_000;

/// What is to be sent.
pub(super) struct Sending<'a> {
    /// The payment, errand or debt it belongs to.
    pub about: &'a str,
    pub acquirer: &'a str,
    pub route: &'a str,
    /// How long an answer is waited for. Milliseconds.
    pub timeout_ms: u64,
    pub fault: Option<Fault>,
}

impl Terminal {
    /// Renders a message and, before any money can move, everything that might have to be sent to take it back.
    pub(super) fn prepare(
        &mut self,
        around: &Around,
        operation: OperationId,
        acquirer: &str,
        draft: &Draft,
    ) -> std::result::Result<Option<Vec<u8>>, String> {
        let now = around.moment(self.ahead_ms, self.since_ms).wall.local();
        let grant = ground::route_grant();
        let Service::In(running) = &mut self.service else { return Err("out of service".into()) };
        let books = running.engine.books();
        let card_of = |id| books.transaction(id).and_then(|known| known.card().cloned());
        let of_this = card_of(&draft.transaction);
        let of_others: Vec<_> = match &draft.card {
            CardSource::Sealed { of, .. } => card_of(of).into_iter().collect(),
            CardSource::Items(items) => items.iter().filter_map(|item| card_of(&item.of)).collect(),
            CardSource::Presented | CardSource::None => Vec::new(),
        };
        let session = running.sessions.entry(operation).or_default();
        session.known_cards.extend(of_this.into_iter().chain(of_others));
        let allowed = |_: &str| Some(&grant);
        let preparing = Preparing { plugin: acquirer, card: session.card.as_mut(), allowed: &allowed, now: &now };
        let prepared = running.vault.prepare(draft, preparing).map_err(|error| error.to_string())?;
        session.rendered = Some(prepared.rendered);
        Ok(prepared.sealed.map(Into::into))
    }

    /// Sends what was rendered last, and waits for an answer.
    pub(super) fn send(&mut self, around: &mut Around, operation: OperationId, sending: &Sending<'_>) -> Result<()> {
        let Sending { about, acquirer, route, timeout_ms, ref fault } = *sending;
        let Some(session) = self.session(operation) else { return Ok(()) };
        let frame = session.rendered.as_ref().map(|rendered| rendered.whole().to_vec());
        let (Some(mut frame), Some(_permit)) = (frame, session.permit.take()) else {
            let failed = ExchangeFailed { delivery: Delivery::NotSent, failure: Failure::NoRoute };
            self.answer(operation, Answer::Reply(Err(failed)));
            return Ok(());
        };
        let index = ground::ACQUIRERS.iter().position(|(name, _)| *name == acquirer).unwrap_or_default();
        let route = ground::ROUTES.iter().position(|name| *name == route).unwrap_or_default();
        session.acquirer = index;
        let open = session.line.take().map(|line| (line, session.route));
        session.route = route;
        // A connection carries what its own route was granted, and nothing else.
        let (known_line, left) = match open {
            Some((line, taken)) if taken != route => (None, Some(line)),
            open => (open.map(|(line, _)| line), None),
        };
        left.into_iter().for_each(|line| around.lines.close(line));
        let refuses = around.desks[index].up_on(route) == Up::Refuses;
        if known_line.is_none() && (refuses || matches!(fault, Some(Fault::Unreachable | Fault::NoTls))) {
            let failure = if *fault == Some(Fault::NoTls) { Failure::Tls } else { Failure::Connect };
            let failed = ExchangeFailed { delivery: Delivery::NotSent, failure };
            let answer = Input::Answer { operation, answer: Answer::Reply(Err(failed)) };
            around.later(self.addressee(), CONNECT_MS, answer);
            return Ok(());
        }
        let line = known_line.unwrap_or_else(|| around.lines.connect());
        timeline!(around, "T{} {about} sends {} on {}", self.number, shown(&frame), ground::ROUTES[route]);
        self.judge_sending(around, sending, &frame, line);
        let (arrives, then) = self.on_its_way(around, &mut frame, fault.as_ref());
        if let Some(after_ms) = arrives {
            let at_ms = around.now_ms + after_ms;
            let to = (index, route);
            if *fault == Some(Fault::RequestTwice) {
                let lost = Then { damage: Damage::Lost, ..Then::default() };
                around.queue.at(at_ms + 1, Event::Request { line, to, frame: frame.clone(), then: lost });
            }
            around.queue.at(at_ms, Event::Request { line, to, frame, then });
        }
        if let Some(Fault::Breaks(_)) = fault {
            around.lines.close(line);
            let failed = ExchangeFailed { delivery: Delivery::MaybeSent, failure: Failure::Closed };
            let answer = Input::Answer { operation, answer: Answer::Reply(Err(failed)) };
            around.later(self.addressee(), around.shape.latency_ms, answer);
            return Ok(());
        }
        if let Some(session) = self.session(operation) {
            session.line = Some(line);
        }
        self.wait_on(around, operation, line, timeout_ms)
    }

    /// After how long a request arrives, if it does, and what becomes of its answer.
    fn on_its_way(&self, around: &Around, frame: &mut [u8], fault: Option<&Fault>) -> (Option<u64>, Then) {
        let latency_ms = around.shape.latency_ms;
        let damage = |damage| (Some(latency_ms), Then { damage, ..Then::default() });
        match fault {
            Some(Fault::Breaks(false) | Fault::RequestLost) => (None, Then::default()),
            Some(Fault::RequestLate(ms)) => (Some(latency_ms + ms), Then::default()),
            Some(Fault::ReplyLate(ms)) => (Some(latency_ms), Then { late_ms: *ms, ..Then::default() }),
            Some(Fault::ReplyLost) => damage(Damage::Lost),
            Some(Fault::ReplyHalf) => damage(Damage::Half),
            Some(Fault::ReplyTwice) => damage(Damage::Twice),
            Some(Fault::ReplyGarbled(byte)) => damage(Damage::Garbled(*byte)),
            Some(Fault::RequestGarbled(byte)) => {
                garble(frame, *byte);
                (Some(latency_ms), Then::default())
            }
            Some(Fault::Forged) => {
                let fault = Fault::Forged.of_acquirer();
                (Some(latency_ms), Then { damage: Damage::Forged, fault, ..Then::default() })
            }
            other => (Some(latency_ms), Then { fault: other.and_then(Fault::of_acquirer), ..Then::default() }),
        }
    }

    /// Waits for another answer on the same connection.
    pub(super) fn listen(&mut self, around: &mut Around, operation: OperationId, timeout_ms: u64) -> Result<()> {
        match self.session(operation).and_then(|session| session.line) {
            Some(line) => self.wait_on(around, operation, line, timeout_ms),
            None => {
                let failed = ExchangeFailed { delivery: Delivery::Sent, failure: Failure::Closed };
                self.answer(operation, Answer::Reply(Err(failed)));
                Ok(())
            }
        }
    }

    fn wait_on(&mut self, around: &mut Around, operation: OperationId, line: u64, timeout_ms: u64) -> Result<()> {
        let waiter = Waiter { to: self.addressee(), operation };
        match around.lines.wait(line, waiter) {
            Ok(heard) => self.hear(around, operation, line, heard),
            Err(wait) => around.queue.at(around.now_ms + timeout_ms, Event::Timeout { line, wait }),
        }
        Ok(())
    }

    /// Something was heard on a connection.
    pub fn heard(&mut self, around: &mut Around, waiter: Waiter, line: u64, heard: Heard) -> Result<()> {
        if waiter.to != self.addressee() {
            return Ok(());
        }
        self.hear(around, waiter.operation, line, heard);
        self.go_on(around)
    }

    fn hear(&mut self, around: &mut Around, operation: OperationId, line: u64, heard: Heard) {
        let Some(session) = self.session(operation) else { return };
        let answer = match heard {
            Ok(frame) => {
                let raw = RawReply::new(0, Vec::new(), frame);
                let began = Instant::now();
                let (reply, mask) = raw.scrub(&session.known_cards.iter().collect::<Vec<_>>());
                around.spent.add(Room::Vault, began);
                session.reply = Some((raw, mask));
                around.watch.look(&reply.body, "an answer as the plugin sees it");
                Ok(reply)
            }
            Err(failed) => {
                // Nothing more is said or heard on it.
                session.line = None;
                around.lines.close(line);
                Err(failed)
            }
        };
        self.answer(operation, Answer::Reply(answer));
    }

    pub(super) fn prove(
        &mut self,
        operation: OperationId,
        acquirer: &str,
        proofs: &[Proof],
    ) -> std::result::Result<(), BadProof> {
        let Service::In(running) = &self.service else { return Err(BadProof::Echo("out of service".into())) };
        let session = running.sessions.get(&operation);
        let parts = session.and_then(|session| session.rendered.as_ref().zip(session.reply.as_ref()));
        let Some((rendered, (raw, mask))) = parts else {
            return Err(BadProof::Echo("nothing was exchanged".into()));
        };
        running.vault.prove(acquirer, proofs, rendered, raw, mask).map_err(|failure| match &failure {
            ProofFailure::BadSeal { key } => BadProof::Seal(key.clone()),
            other => BadProof::Echo(other.to_string()),
        })
    }
}
