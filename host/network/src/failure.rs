//! What can be wrong with a route, and how one exchange can fail.

use std::io;
use std::time::Duration;

use engine::contract::retry_policy::{Delivery, Failure};
use thiserror::Error;

/// Why a route cannot be built from its configuration. All of these are the operator's to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The host name is empty.
    #[error("operator: route {route}: host is empty; give the acquirer's host name or address")]
    Host {
        /// Name of the route.
        route: String,
    },
    /// The port is 0.
    #[error("operator: route {route}: port 0 cannot be connected to; give 1 to 65535")]
    Port {
        /// Name of the route.
        route: String,
    },
    /// The server name is neither a DNS name nor an address.
    #[error("operator: route {route}: server_name {name:?} is neither a DNS name nor an IP address")]
    ServerName {
        /// Name of the route.
        route: String,
        /// What was configured.
        name: String,
    },
    /// There is no certificate among the roots.
    #[error("operator: route {route}: the roots hold no certificate; pin the acquirer's root in PEM form")]
    NoRoots {
        /// Name of the route.
        route: String,
    },
    /// One of the roots cannot be read.
    #[error("operator: route {route}: certificate {index} of the roots cannot be read: {reason}")]
    Root {
        /// Name of the route.
        route: String,
        /// Position in the PEM text, from 1.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A deadline of no time at all.
    #[error("operator: route {route}: {key} is zero; nothing could ever succeed")]
    NoTime {
        /// Name of the route.
        route: String,
        /// Name of the setting.
        key: &'static str,
    },
    /// The frame limit is outside of what the length field can say.
    #[error("operator: route {route}: max_frame_bytes is {bytes}; give 1 to {most}")]
    FrameLimit {
        /// Name of the route.
        route: String,
        /// What was configured.
        bytes: usize,
        /// The most the length field can say.
        most: usize,
    },
    /// The TLS library refused the settings.
    #[error("terminal: route {route}: TLS cannot be set up: {reason}")]
    Tls {
        /// Name of the route.
        route: String,
        /// What the library said.
        reason: String,
    },
}

/// A failed exchange: what may have left, the class that retry policies see, and what exactly happened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct Failed {
    /// How much of the last frame may have left the terminal.
    pub delivery: Delivery,
    /// The class of the failure.
    pub failure: Failure,
    /// What happened, for people.
    pub detail: FailureDetail,
}

impl Failed {
    pub(crate) fn new(delivery: Delivery, detail: FailureDetail) -> Self {
        Self { delivery, failure: detail.class(), detail }
    }
}

/// How far connecting had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectPhase {
    /// Looking up the host name.
    Name,
    /// Opening the TCP connection.
    Tcp,
    /// The TLS handshake.
    Handshake,
}

/// Why the acquirer's certificate is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// No pinned root stands behind it.
    #[error("no pinned root stands behind it")]
    Untrusted,
    /// It is for another name.
    #[error("it is for another server name")]
    WrongName,
    /// Its time is over, by the terminal's clock.
    #[error("it has expired, or the terminal's clock is wrong")]
    Expired,
    /// Its time has not begun, by the terminal's clock.
    #[error("it is not valid yet, or the terminal's clock is wrong")]
    NotValidYet,
    /// Anything else, as the TLS library names it.
    #[error("{0}")]
    Other(String),
}

/// What exactly happened. Holds sizes, times and names, never bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FailureDetail {
    /// The host name could not be looked up.
    #[error("network: the acquirer's host name cannot be resolved: {0}")]
    Resolve(String),
    /// No TCP connection.
    #[error("network: no connection to the acquirer: {0}")]
    Connect(String),
    /// Connecting took too long.
    #[error("network: no connection to the acquirer within {limit:?} (while at {phase:?})")]
    ConnectTimeout {
        /// How far it had come.
        phase: ConnectPhase,
        /// The deadline for all of connecting.
        limit: Duration,
    },
    /// The acquirer's certificate is not accepted.
    #[error("acquirer: its certificate is refused: {0}")]
    Certificate(CertificateFault),
    /// TLS failed, in the handshake or later.
    #[error("acquirer: TLS failed: {0}")]
    Tls(String),
    /// The frame to send is empty.
    #[error("plugin: the message to send is empty")]
    FrameEmpty,
    /// The frame to send is over the limit.
    #[error("plugin: the message to send has {bytes} bytes; this route carries at most {limit}")]
    FrameTooLong {
        /// Its size. Bytes.
        bytes: usize,
        /// The route's limit. Bytes.
        limit: usize,
    },
    /// The head of a request is refused, is missing, or stands where no HTTP is spoken.
    #[error("plugin: the head of its request is refused: {0}")]
    Head(String),
    /// Bytes arrived that nobody asked for, before the frame was sent.
    #[error("acquirer: it sent {0} bytes that answer nothing")]
    Unasked(usize),
    /// Writing took too long.
    #[error("network: the message could not be written within {limit:?}")]
    WriteTimeout {
        /// The deadline.
        limit: Duration,
    },
    /// The connection broke.
    #[error("network: the connection broke: {0}")]
    Broken(String),
    /// No whole answer within the deadline.
    #[error("acquirer: no whole answer within {limit:?}; {received} bytes had arrived")]
    ReadTimeout {
        /// The deadline.
        limit: Duration,
        /// What had arrived, with the length field. Bytes.
        received: usize,
    },
    /// The acquirer closed the connection without a byte of an answer.
    #[error("acquirer: it closed the connection without an answer")]
    ClosedSilently,
    /// The acquirer closed the connection in the middle of a frame.
    #[error("acquirer: it closed the connection in the middle of its answer, after {received} bytes")]
    ShortFrame {
        /// What had arrived, with the length field. Bytes.
        received: usize,
    },
    /// The answer does not begin with its length.
    #[error("acquirer: its answer does not begin with four digits of length")]
    ReplyLength,
    /// The answer is no HTTP, or such as is not taken here.
    #[error("acquirer: its answer is not the HTTP this terminal takes: {0}")]
    ReplyHttp(&'static str),
    /// The answer announces no contents.
    #[error("acquirer: its answer is empty")]
    ReplyEmpty,
    /// The answer announces more than the limit.
    #[error("acquirer: its answer announces {announced} bytes; this route carries at most {limit}")]
    ReplyTooLong {
        /// What the length field says. Bytes.
        announced: usize,
        /// The route's limit. Bytes.
        limit: usize,
    },
    /// More bytes came with the answer.
    #[error("acquirer: {extra} bytes came behind its answer; all of it is refused")]
    BytesAfterReply {
        /// How many. Bytes.
        extra: usize,
    },
    /// An earlier failure or a cancelled write ended this conversation.
    #[error("terminal: this conversation is over; open another one")]
    Over,
}

impl FailureDetail {
    /// The class that retry policies see.
    pub fn class(&self) -> Failure {
        match self {
            Self::Resolve(_) | Self::Connect(_) => Failure::Connect,
            Self::Certificate(_) | Self::Tls(_) => Failure::Tls,
            Self::ConnectTimeout { .. } | Self::WriteTimeout { .. } | Self::ReadTimeout { .. } => Failure::Timeout,
            Self::Broken(_) | Self::ClosedSilently | Self::ShortFrame { .. } | Self::Over => Failure::Closed,
            Self::FrameEmpty | Self::FrameTooLong { .. } | Self::Head(_) => Failure::PluginFault,
            Self::Unasked(_)
            | Self::ReplyLength
            | Self::ReplyHttp(_)
            | Self::ReplyEmpty
            | Self::ReplyTooLong { .. }
            | Self::BytesAfterReply { .. } => Failure::Malformed,
        }
    }

    /// An error in the TLS handshake.
    pub(crate) fn handshake(error: &io::Error) -> Self {
        Self::from_tls(error).unwrap_or_else(|| Self::Tls(error.to_string()))
    }

    /// An error after the handshake.
    pub(crate) fn connection(error: &io::Error) -> Self {
        Self::from_tls(error).unwrap_or_else(|| Self::Broken(error.to_string()))
    }

    fn from_tls(error: &io::Error) -> Option<Self> {
        let tls = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        Some(match tls {
            rustls::Error::InvalidCertificate(fault) => Self::Certificate(CertificateFault::from(fault)),
            other => Self::Tls(other.to_string()),
        })
    }
}

impl From<&rustls::CertificateError> for CertificateFault {
    fn from(fault: &rustls::CertificateError) -> Self {
        use rustls::CertificateError as Fault;
        match fault {
            Fault::UnknownIssuer | Fault::BadSignature => Self::Untrusted,
            Fault::NotValidForName | Fault::NotValidForNameContext { .. } => Self::WrongName,
            Fault::Expired | Fault::ExpiredContext { .. } => Self::Expired,
            Fault::NotValidYet | Fault::NotValidYetContext { .. } => Self::NotValidYet,
            other => Self::Other(other.to_string()),
        }
    }
}
