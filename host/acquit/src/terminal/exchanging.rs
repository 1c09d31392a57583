//! Messages on their way: sent, waited for, and cut off when nobody waits any more.

use std::time::Duration;

use engine::contract::retry_policy::{Delivery, Failure};
use engine::contract::types::Milliseconds;
use engine::{Answer, ExchangeFailed, Input, OperationId};
use network::{Conversation, Head, Outgoing};
use tokio::task::JoinHandle;
use vault::{RawReply, Rendered};
use zeroize::Zeroizing;

use super::{Event, Heard, Service, Terminal};

impl Terminal {
    pub(super) fn send(&mut self, operation: OperationId, acquirer: &str, name: &str, timeout: Milliseconds) {
        let route = self.routes.get(acquirer).and_then(|routes| routes.get(name)).map(|(route, _)| route.clone());
        let Some(session) = self.session(operation) else { return };
        // What may leave was granted for the route it was rendered for: another route's connection is closed.
        let is_same = session.route.as_deref() == Some(name);
        let conversation = session.conversation.take().filter(|open| is_same && open.goes_on());
        session.route = Some(name.to_owned());
        let message = session.rendered.as_ref().map(copied);
        let (Some(route), Some((head, body)), Some(permit)) = (route, message, session.permit.take()) else {
            let failed = ExchangeFailed { delivery: Delivery::NotSent, failure: Failure::NoRoute };
            return self.answer(operation, Answer::Reply(Err(failed)));
        };
        let parting = self.parting();
        let (inbox, epoch) = (self.inbox.clone(), self.epoch);
        let task = self.runtime.spawn(async move {
            for closed in parting {
                let _ = closed.await;
            }
            let message = Outgoing { head: head.as_ref(), body: &body };
            let sent = match conversation {
                Some(mut conversation) => conversation.send(message, permit).await.map(|()| conversation),
                None => route.send(message, permit).await,
            };
            let heard = match sent {
                Ok(conversation) => receive(conversation, timeout).await,
                Err(failed) => Err(failed),
            };
            let _ = inbox.send(Event::Heard(epoch, operation, heard));
        });
        self.hold(operation, task);
    }

    pub(super) fn listen(&mut self, operation: OperationId, timeout: Milliseconds) {
        let Some(session) = self.session(operation) else { return };
        let Some(conversation) = session.conversation.take() else {
            let failed = ExchangeFailed { delivery: Delivery::Sent, failure: Failure::Closed };
            return self.answer(operation, Answer::Reply(Err(failed)));
        };
        let (inbox, epoch) = (self.inbox.clone(), self.epoch);
        let task = self.runtime.spawn(async move {
            let heard = receive(conversation, timeout).await;
            let _ = inbox.send(Event::Heard(epoch, operation, heard));
        });
        self.hold(operation, task);
    }

    pub(super) fn heard(&mut self, operation: OperationId, heard: Heard) {
        if !self.runs(operation) {
            // Nobody waits any more: the connection is closed.
            return;
        }
        let Some(session) = self.session(operation) else { return };
        session.task = None;
        let answer = match heard {
            Ok((conversation, answer)) => {
                let raw = RawReply::new(answer.status, answer.headers, answer.body);
                let (reply, mask) = raw.scrub(&session.known_cards.iter().collect::<Vec<_>>());
                session.conversation = Some(conversation);
                session.reply = Some((raw, mask));
                Ok(reply)
            }
            Err(failed) => {
                tracing::info!(detail = %failed.detail, "no answer");
                Err(ExchangeFailed { delivery: failed.delivery, failure: failed.failure })
            }
        };
        self.feed(Input::Answer { operation, answer: Answer::Reply(answer) });
    }

    /// Whether this operation has not ended yet.
    pub(super) fn runs(&self, operation: OperationId) -> bool {
        matches!(&self.service, Service::In(running) if running.engine.runs(operation))
    }

    fn hold(&mut self, operation: OperationId, task: JoinHandle<()>) {
        if let Some(session) = self.session(operation) {
            session.task = Some(task);
        }
    }

    /// Exchanges that were cut off: a reversal leaves only after the connection that carried its original is closed.
    fn parting(&mut self) -> Vec<JoinHandle<()>> {
        match &mut self.service {
            Service::In(running) => std::mem::take(&mut running.parting),
            Service::Out(_) => Vec::new(),
        }
    }
}

async fn receive(mut conversation: Conversation, timeout: Milliseconds) -> Heard {
    match conversation.receive(Duration::from_millis(u64::from(timeout))).await {
        Ok(answer) => Ok((conversation, answer)),
        // Dropped here with its connection: a reversal leaves only after the original's connection is closed.
        Err(failed) => Err(failed),
    }
}

/// A rendered message for the task that sends it: the very bytes that were rendered, each time it is sent.
fn copied(rendered: &Rendered) -> (Option<Head>, Zeroizing<Vec<u8>>) {
    let head = rendered.head().map(|head| Head {
        method: head.method.clone(),
        target: head.target.clone(),
        headers: head.headers.clone(),
    });
    (head, Zeroizing::new(rendered.whole().to_vec()))
}
