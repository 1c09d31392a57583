//! Routes to acquirers: TLS, framing, deadlines, exact delivery.
//!
//! A [`Route`] is built once from the terminal's configuration. [`Route::send`] opens a connection, sends one frame, or
//! one HTTP request, and returns the [`Conversation`] to hear the answer on. Sending takes a [`journal::Durable`] by value: nothing leaves the
//! terminal that was not written down first. Nothing is ever sent twice by itself, and no connection is kept for
//! another operation.
//!
//! An HTTP connection is closed behind its one answer. No redirect is followed, nothing is compressed, and a frame below
//! means a request too.
//!
//! Whatever fails, [`Failed::delivery`] says exactly what may have left: `NotSent` means that no byte of the frame was
//! handed to TLS, `MaybeSent` that a first write was attempted, `Sent` that all of it was written and flushed.

mod conversation;
mod failure;
mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod route;
mod wire;

pub use conversation::Conversation;
pub use failure::{CertificateFault, ConnectPhase, Failed, FailureDetail, NetworkError};
pub use frame::{DEFAULT_MAX_FRAME_BYTES, MAX_FRAME_BYTES};
pub use http::Head;
pub use journal::Probe;
pub use route::{Route, RouteConfig};
pub use wire::{Answer, Outgoing};

/// Names of the steps at which a probe is called, in their order.
pub mod steps {
    /// Before the name is looked up; no byte has left.
    pub const BEFORE_CONNECT: &str = "network.before-connect";
    /// The TLS handshake is done.
    pub const CONNECTED: &str = "network.connected";
    /// Before the first byte of a frame is handed to TLS.
    pub const BEFORE_WRITE: &str = "network.before-write";
    /// The first half of a frame was written and flushed. Frames are written in halves only when a probe is set.
    pub const HALF_WRITTEN: &str = "network.half-written";
    /// All of a frame was written and flushed.
    pub const AFTER_WRITE: &str = "network.after-write";
    /// A whole frame was received; nobody was told yet.
    pub const REPLY_READ: &str = "network.reply-read";
}
