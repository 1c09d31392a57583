//! Requests and answers of an acquirer that speaks HTTP.
//!
//! ```
//! use acquit_plugin_sdk::http::RequestHead;
//! use acquit_plugin_sdk::prelude::{MacAlgorithm, TemplateBuilder, TextEncoding};
//!
//! let mut template = TemplateBuilder::new();
//! let body = template.literal(r#"{"order":"1"}"#);
//! let seal = template.mac(body, MacAlgorithm::HmacSha256, "seal");
//! let seal = template.text(seal, TextEncoding::HexUpper);
//! let message = template.request(RequestHead::post("/v1/orders").header("x-seal", seal), body);
//! assert_eq!(message.http.unwrap().target, "/v1/orders");
//! ```

use crate::prelude::{HttpHead, HttpHeader, NodeId, Reply};

/// The head of a request. Host, length and connection are the terminal's; a request that names them is not sent.
#[derive(Debug, Clone)]
pub struct RequestHead(HttpHead);

impl RequestHead {
    /// A request that brings something.
    pub fn post(target: &str) -> Self {
        Self::of("POST", target)
    }

    /// A request that only asks.
    pub fn get(target: &str) -> Self {
        Self::of("GET", target)
    }

    /// Any other method the terminal sends: `PUT`, `PATCH`, `DELETE`.
    pub fn of(method: &str, target: &str) -> Self {
        Self(HttpHead { method: method.to_owned(), target: target.to_owned(), headers: Vec::new() })
    }

    /// A header behind those that are there. Its value holds no secret; a MAC over one is none.
    #[must_use]
    pub fn header(mut self, name: &str, value: NodeId) -> Self {
        self.0.headers.push(HttpHeader { name: name.to_owned(), value });
        self
    }
}

impl From<RequestHead> for HttpHead {
    fn from(head: RequestHead) -> Self {
        head.0
    }
}

impl Reply {
    /// The value of a header, whatever letters its name is written in; `None` where it is missing or there twice, since
    /// then nobody knows which one counts.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_there_twice_is_not_there() {
        let header = |name: &str| (name.to_owned(), "1".to_owned());
        let headers = vec![header("X-Seal"), header("twice"), header("Twice")];
        let reply = Reply { status: 200, headers, body: Vec::new() };
        assert_eq!((reply.header("x-seal"), reply.header("twice"), reply.header("none")), (Some("1"), None, None));
    }
}
