//! HTTP/1.1 on the wire: one request, one answer, and the connection is over. No I/O.
//!
//! Written here rather than by a client library because such a library buffers and retries on its own, and what may
//! have left must be known to the byte. httparse reads the heads of answers.

mod answer;
mod body;
mod request;

pub(crate) use answer::Incoming;
pub use request::Head;
pub(crate) use request::encode;
