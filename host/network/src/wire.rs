//! What travels on a route, by the way its messages are told apart. No I/O.

use std::fmt;
use std::sync::Arc;

use engine::contract::acquirer::Framing;
use rustls::pki_types::ServerName;
use zeroize::Zeroizing;

use crate::failure::FailureDetail;
use crate::frame::{self, Prefix};
use crate::http::{self, Head};

/// Where no port is named, HTTP over TLS means this one (RFC 9110, 4.2.2).
const HTTPS_PORT: u16 = 443;

/// A message to send. The caller wipes it; copies made here are wiped too.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// On a route that speaks HTTP, and on no other.
    pub head: Option<&'a Head>,
    /// The frame, or the body of a request.
    pub body: &'a [u8],
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'a> From<&'a [u8]> for Outgoing<'a> {
    fn from(frame: &'a [u8]) -> Self {
        Self { head: None, body: frame }
    }
}

impl<'a> From<&'a Vec<u8>> for Outgoing<'a> {
    fn from(frame: &'a Vec<u8>) -> Self {
        Self::from(frame.as_slice())
    }
}

impl<'a, const BYTES: usize> From<&'a [u8; BYTES]> for Outgoing<'a> {
    fn from(frame: &'a [u8; BYTES]) -> Self {
        Self::from(frame.as_slice())
    }
}

/// What came back, as it came: card data and all.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of an HTTP answer; 0 elsewhere.
    pub status: u16,
    /// The headers of an HTTP answer, names in small letters; none elsewhere.
    pub headers: Vec<(String, String)>,
    /// The frame, or the body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, body } = self;
        write!(f, "status {status}, {} headers, {} bytes", headers.len(), body.len())
    }
}

/// How a route tells its messages apart.
#[derive(Clone, Debug)]
pub(crate) enum Wire {
    /// A length before each.
    Length(Prefix),
    /// Requests to this host, as it is named in each.
    Http(Arc<str>),
}

impl Wire {
    /// By what the plugin says of its route, and where it leads.
    pub fn of(framing: Framing, server: &ServerName<'_>, port: u16) -> Self {
        match framing {
            Framing::LengthU16 => Self::Length(Prefix::U16),
            Framing::LengthAsciiFour => Self::Length(Prefix::AsciiFour),
            Framing::Http => Self::Http(authority(server, port).into()),
        }
    }

    /// Whether a connection carries more than one exchange.
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Length(_))
    }

    /// The bytes as they leave.
    pub fn encode(&self, message: Outgoing<'_>, limit: usize) -> Result<Zeroizing<Vec<u8>>, FailureDetail> {
        match (self, message.head) {
            (Self::Length(prefix), None) => frame::encode(message.body, *prefix, limit),
            (Self::Http(authority), Some(head)) => http::encode(head, message.body, authority, limit),
            (Self::Length(_), Some(_)) => Err(FailureDetail::Head("this route does not speak HTTP".into())),
            (Self::Http(_), None) => Err(FailureDetail::Head("there is none, and this route speaks HTTP".into())),
        }
    }

    pub fn incoming(&self, limit: usize) -> Incoming {
        match self {
            Self::Length(prefix) => Incoming::Frame(frame::Incoming::new(*prefix, limit)),
            Self::Http(_) => Incoming::Http(http::Incoming::new(limit)),
        }
    }
}

fn authority(server: &ServerName<'_>, port: u16) -> String {
    let host = match server {
        ServerName::IpAddress(rustls::pki_types::IpAddr::V6(_)) => format!("[{}]", server.to_str()),
        _ => server.to_str().into_owned(),
    };
    if port == HTTPS_PORT { host } else { format!("{host}:{port}") }
}

/// What has arrived of the next answer. Kept between calls, so that listening can be given up and taken up again.
#[derive(Debug)]
pub(crate) enum Incoming {
    Frame(frame::Incoming),
    Http(http::Incoming),
}

impl Incoming {
    /// Bytes that have arrived, with length field or head.
    pub fn received(&self) -> usize {
        match self {
            Self::Frame(incoming) => incoming.received(),
            Self::Http(incoming) => incoming.received(),
        }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Frame(incoming) => incoming.push(bytes),
            Self::Http(incoming) => incoming.push(bytes),
        }
    }

    /// The answer if it is whole.
    pub fn take(&mut self) -> Result<Option<Answer>, FailureDetail> {
        match self {
            Self::Frame(incoming) => {
                let frame = incoming.take()?;
                Ok(frame.map(|body| Answer { status: 0, headers: Vec::new(), body }))
            }
            Self::Http(incoming) => incoming.take(),
        }
    }

    /// What the end of the connection makes whole.
    pub fn ended(&mut self, said_goodbye: bool) -> Option<Answer> {
        match self {
            Self::Frame(_) => None,
            Self::Http(incoming) => incoming.ended(said_goodbye),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_named_as_its_certificate_names_it() {
        for (server, port, named) in [
            ("pay.example", 443, "pay.example"),
            ("pay.example", 8443, "pay.example:8443"),
            ("127.0.0.1", 8443, "127.0.0.1:8443"),
            ("::1", 443, "[::1]"),
        ] {
            assert_eq!(authority(&ServerName::try_from(server).unwrap(), port), named);
        }
    }

    #[test]
    fn a_head_goes_where_heads_go() {
        let head = Head { method: "GET".into(), target: "/".into(), headers: Vec::new() };
        let length = Wire::Length(Prefix::U16);
        let http = Wire::Http("pay.example".into());
        let with_head = Outgoing { head: Some(&head), body: b"a" };
        assert!(matches!(length.encode(with_head, 8), Err(FailureDetail::Head(_))));
        assert!(matches!(http.encode(Outgoing::from(b"a"), 8), Err(FailureDetail::Head(_))));
        assert!(length.encode(Outgoing::from(b"a"), 8).is_ok() && http.encode(with_head, 8).is_ok());
    }

    /// An answer may bring card data back; printing one must not.
    #[test]
    fn nothing_printed_holds_what_was_said() {
        let answer = Answer { status: 200, headers: vec![("a".into(), "secret".into())], body: b"secret".to_vec() };
        assert!(!format!("{answer:?} {:?}", Outgoing::from(b"secret")).contains("secret"));
    }
}
