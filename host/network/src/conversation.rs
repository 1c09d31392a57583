//! One connection, for one operation: send a frame, hear the answer, perhaps again, close.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use engine::contract::retry_policy::Delivery;
use journal::{Durable, Probe};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::client::TlsStream;

use crate::failure::{Failed, FailureDetail};
use crate::steps;
use crate::wire::{Answer, Incoming, Outgoing, Wire};

/// Read from TLS at a time; most answers fit.
const READ_BYTES: usize = 2 << 10;

/// A connection on which a frame was sent. It carries one operation and is never reused for another. Any failure but a
/// [`FailureDetail::ReadTimeout`] ends it.
pub struct Conversation {
    route: Arc<str>,
    stream: TlsStream<TcpStream>,
    write_timeout: Duration,
    wire: Wire,
    max_frame_bytes: usize,
    probe: Option<Probe>,
    incoming: Incoming,
    /// Of the last frame.
    delivery: Delivery,
    /// No more can be said or heard. Set while a frame is being written, so that a write that is given up half way
    /// leaves it set.
    over: bool,
}

impl Conversation {
    pub(crate) fn new(
        route: Arc<str>,
        stream: TlsStream<TcpStream>,
        write_timeout: Duration,
        wire: Wire,
        max_frame_bytes: usize,
        probe: Option<Probe>,
    ) -> Self {
        let incoming = wire.incoming(max_frame_bytes);
        let delivery = Delivery::NotSent;
        Self { route, stream, write_timeout, wire, max_frame_bytes, probe, incoming, delivery, over: false }
    }

    /// Sends the next frame of the same operation. What [`Failed`] says of the delivery is about this frame.
    ///
    /// If the acquirer has already closed, or has sent bytes nobody asked for, the frame is not sent. A future that is
    /// dropped half way ends the conversation.
    pub async fn send<'a>(&mut self, message: impl Into<Outgoing<'a>>, permit: Durable) -> Result<(), Failed> {
        let not_sent = |detail| Failed::new(Delivery::NotSent, detail);
        let wire = self.wire.encode(message.into(), self.max_frame_bytes).map_err(not_sent)?;
        if self.over {
            return Err(not_sent(FailureDetail::Over));
        }
        self.over = true;
        self.delivery = Delivery::NotSent;
        self.heard_nothing_yet().await.map_err(not_sent)?;
        self.probe(steps::BEFORE_WRITE);
        let sequence = permit.sequence();
        let started = Instant::now();
        self.delivery = Delivery::MaybeSent;
        let written = timeout(self.write_timeout, self.write(&wire)).await;
        let written = match written {
            Ok(written) => written.map_err(|error| FailureDetail::connection(&error)),
            Err(_) => Err(FailureDetail::WriteTimeout { limit: self.write_timeout }),
        };
        let elapsed_ms = started.elapsed().as_millis();
        if let Err(detail) = written {
            tracing::debug!(route = %self.route, sequence, bytes = wire.len(), elapsed_ms, %detail, "maybe sent");
            return Err(Failed::new(Delivery::MaybeSent, detail));
        }
        self.delivery = Delivery::Sent;
        self.over = false;
        tracing::debug!(route = %self.route, sequence, bytes = wire.len(), elapsed_ms, "sent");
        self.probe(steps::AFTER_WRITE);
        Ok(())
    }

    /// Whether another frame may be sent on it. An HTTP connection carries one request.
    pub fn goes_on(&self) -> bool {
        self.wire.goes_on()
    }

    /// Waits for one whole frame, at most for `limit` whatever dribbles in. After a
    /// [`FailureDetail::ReadTimeout`], or if the future is dropped, it may be called again to keep listening: nothing
    /// that has arrived is lost.
    pub async fn receive(&mut self, limit: Duration) -> Result<Answer, Failed> {
        if self.over {
            return Err(Failed::new(self.delivery, FailureDetail::Over));
        }
        let started = Instant::now();
        let heard = timeout(limit, self.read_answer()).await;
        let elapsed_ms = started.elapsed().as_millis();
        let detail = match heard {
            Ok(Ok(answer)) => {
                let (status, bytes) = (answer.status, answer.body.len());
                tracing::debug!(route = %self.route, status, bytes, elapsed_ms, "received");
                self.probe(steps::REPLY_READ);
                self.over = !self.goes_on();
                return Ok(answer);
            }
            Ok(Err(detail)) => {
                self.over = true;
                detail
            }
            Err(_) => FailureDetail::ReadTimeout { limit, received: self.incoming.received() },
        };
        tracing::debug!(route = %self.route, elapsed_ms, %detail, "nothing received");
        Err(Failed::new(self.delivery, detail))
    }

    /// Says goodbye and closes the socket; when this returns, nothing more can leave on it. A goodbye that cannot be
    /// said changes nothing: dropping the conversation closes the socket too.
    pub async fn close(mut self) {
        let _ = timeout(self.write_timeout, self.stream.shutdown()).await;
        tracing::debug!(route = %self.route, "closed");
    }

    async fn write(&mut self, wire: &[u8]) -> io::Result<()> {
        match &self.probe {
            None => self.stream.write_all(wire).await?,
            Some(probe) => {
                let (first, second) = wire.split_at(wire.len() / 2);
                self.stream.write_all(first).await?;
                self.stream.flush().await?;
                probe(steps::HALF_WRITTEN);
                self.stream.write_all(second).await?;
            }
        }
        self.stream.flush().await
    }

    async fn read_answer(&mut self) -> Result<Answer, FailureDetail> {
        let mut chunk = [0; READ_BYTES];
        loop {
            if let Some(answer) = self.incoming.take()? {
                return match self.read_now(&mut chunk).await {
                    Some(Ok(extra)) if extra > 0 => Err(FailureDetail::BytesAfterReply { extra }),
                    // An acquirer that closes after its answer, or breaks off, has answered all the same.
                    _ => Ok(answer),
                };
            }
            match self.stream.read(&mut chunk).await {
                Ok(0) => return self.incoming.ended(true).ok_or_else(|| self.closed()),
                Ok(bytes) => self.incoming.push(chunk.get(..bytes).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(self.closed()),
                Err(error) => return Err(FailureDetail::connection(&error)),
            }
        }
    }

    /// Refuses to send where the acquirer has already hung up or said something.
    async fn heard_nothing_yet(&mut self) -> Result<(), FailureDetail> {
        let mut chunk = [0; READ_BYTES];
        let before = self.incoming.received();
        match self.read_now(&mut chunk).await {
            None if before == 0 => Ok(()),
            None => Err(FailureDetail::Unasked(before)),
            Some(Ok(0)) => Err(self.closed()),
            Some(Ok(bytes)) => Err(FailureDetail::Unasked(before + bytes)),
            Some(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.closed()),
            Some(Err(error)) => Err(FailureDetail::connection(&error)),
        }
    }

    /// What can be read without waiting.
    async fn read_now(&mut self, chunk: &mut [u8]) -> Option<io::Result<usize>> {
        let stream = &mut self.stream;
        poll_fn(|context| {
            let mut buffer = ReadBuf::new(chunk);
            Poll::Ready(match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Pending => None,
                Poll::Ready(outcome) => Some(outcome.map(|()| buffer.filled().len())),
            })
        })
        .await
    }

    fn closed(&self) -> FailureDetail {
        match self.incoming.received() {
            0 => FailureDetail::ClosedSilently,
            received => FailureDetail::ShortFrame { received },
        }
    }

    fn probe(&self, step: &'static str) {
        if let Some(probe) = &self.probe {
            probe(step);
        }
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("route", &self.route)
            .field("delivery", &self.delivery)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
