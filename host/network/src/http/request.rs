//! The request: a head of which the terminal writes what concerns the connection, and a body.

use engine::rules::{check_header_value, check_request};
use zeroize::Zeroizing;

use crate::failure::FailureDetail;

/// What an acquirer's protocol says in the head of a request. Scheme, host, length and connection are the route's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// `POST`, `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values, in the order they are sent. None holds a secret.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// The request as it leaves, wiped when dropped. The connection is closed behind its answer: no later answer can be
/// taken for it, and no proxy can hold the next operation's request back.
pub(crate) fn encode(
    head: &Head,
    body: &[u8],
    authority: &str,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, FailureDetail> {
    let refused = |fault: engine::rules::HeadFault| FailureDetail::Head(fault.to_string());
    check_request(&head.method, &head.target, head.headers.iter().map(|(name, _)| name.as_str())).map_err(refused)?;
    if body.len() > limit {
        return Err(FailureDetail::FrameTooLong { bytes: body.len(), limit });
    }
    let mut lines = format!("{} {} HTTP/1.1\r\nhost: {authority}\r\n", head.method, head.target);
    lines.push_str("connection: close\r\naccept-encoding: identity\r\n");
    if !body.is_empty() || head.method != "GET" {
        lines.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    let values: usize = head.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut wire = Zeroizing::new(Vec::with_capacity(lines.len() + values + 2 + body.len()));
    wire.extend_from_slice(lines.as_bytes());
    for (name, value) in &head.headers {
        check_header_value(name, value).map_err(refused)?;
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            wire.extend_from_slice(part);
        }
    }
    wire.extend_from_slice(b"\r\n");
    wire.extend_from_slice(body);
    Ok(wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(method: &str, headers: &[(&str, &str)]) -> Head {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        Head { method: method.into(), target: "/v1/sales".into(), headers }
    }

    #[test]
    fn the_terminal_writes_where_it_goes_and_how_long_it_is() {
        let wire = encode(&head("POST", &[("x-seal", "00FF")]), b"{}", "pay.example:8443", 2).unwrap();
        let expected = "POST /v1/sales HTTP/1.1\r\nhost: pay.example:8443\r\nconnection: close\r\n\
                        accept-encoding: identity\r\ncontent-length: 2\r\nx-seal: 00FF\r\n\r\n{}";
        assert_eq!(String::from_utf8(wire.to_vec()).unwrap(), expected);
        let asks = encode(&head("GET", &[]), b"", "pay.example", 2).unwrap();
        assert!(asks.starts_with(b"GET ") && !asks.windows(14).any(|window| window == b"content-length"));
        assert!(encode(&head("POST", &[]), b"", "pay.example", 2).unwrap().windows(2).any(|window| window == b" 0"));
    }

    #[test]
    fn nothing_a_plugin_wrote_ends_the_head_or_lengthens_the_body() {
        let over = FailureDetail::FrameTooLong { bytes: 3, limit: 2 };
        assert_eq!(encode(&head("POST", &[]), b"abc", "pay.example", 2), Err(over));
        for headers in [[("x", "a\r\nhost: b")], [("x\r\nhost", "b")], [("content-length", "0")], [("x", "")]] {
            let refused = encode(&head("POST", &headers), b"", "pay.example", 2).unwrap_err();
            assert!(matches!(refused, FailureDetail::Head(_)), "{refused}");
        }
    }
}
