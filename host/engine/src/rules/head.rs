//! What the head of an HTTP request may be. Whoever renders one and whoever sends it ask here, so that a message that
//! could not be sent one day is refused before any money moves.

use thiserror::Error;

use crate::contract::template::HttpHead;

/// Methods a plugin may use. `HEAD` and `CONNECT` change what an answer is; nothing needs the rest.
pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// Path and query together: what every server takes.
pub const MAX_TARGET_BYTES: usize = 2_000;
/// Headers of one request: acquirers ask for a dozen.
pub const MAX_HEADERS: usize = 32;
/// Longest name of a header.
pub const MAX_HEADER_NAME_BYTES: usize = 64;
/// Longest value of a header: room for an RSA signature in base64, or a token.
pub const MAX_HEADER_VALUE_BYTES: usize = 2_048;
/// Where a request goes, how long it is and what becomes of its connection is the terminal's to say; and a compressed
/// body could not be scrubbed.
pub const TERMINAL_HEADERS: [&str; 15] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Why the head of a request is refused. Holds no value of a header.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeadFault {
    /// Not one of [`METHODS`].
    #[error("the method is none of {}", METHODS.join(", "))]
    Method,
    /// No path, or too long, or with bytes that a request line cannot hold.
    #[error("the target is not a path of at most {MAX_TARGET_BYTES} visible characters that begins with /")]
    Target,
    /// More than [`MAX_HEADERS`].
    #[error("it has {0} headers; at most {MAX_HEADERS} are sent")]
    TooManyHeaders(usize),
    /// The name at this place is empty, too long or no token.
    #[error("header {0} has no name, or one that is no header's")]
    Name(usize),
    /// One of [`TERMINAL_HEADERS`].
    #[error("the header {0} is the terminal's to write")]
    Terminals(String),
    /// The same name twice.
    #[error("the header {0} is there twice")]
    Twice(String),
    /// Empty, too long, or with bytes that could end it early.
    #[error("the value of the header {0} is not 1 to {MAX_HEADER_VALUE_BYTES} printable characters")]
    Value(String),
}

/// Checks what a plugin fixed of a head: all but the values.
pub fn check_head(head: &HttpHead) -> Result<(), HeadFault> {
    check_request(&head.method, &head.target, head.headers.iter().map(|header| header.name.as_str()))
}

/// As [`check_head`], of its parts.
pub fn check_request<'a>(
    method: &str,
    target: &str,
    names: impl ExactSizeIterator<Item = &'a str> + Clone,
) -> Result<(), HeadFault> {
    if !METHODS.contains(&method) {
        return Err(HeadFault::Method);
    }
    let visible = target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !target.starts_with('/') || !visible || target.len() > MAX_TARGET_BYTES {
        return Err(HeadFault::Target);
    }
    if names.len() > MAX_HEADERS {
        return Err(HeadFault::TooManyHeaders(names.len()));
    }
    for (place, name) in names.clone().enumerate() {
        if name.is_empty() || name.len() > MAX_HEADER_NAME_BYTES || !name.bytes().all(is_token) {
            return Err(HeadFault::Name(place));
        }
        if TERMINAL_HEADERS.iter().any(|theirs| theirs.eq_ignore_ascii_case(name)) {
            return Err(HeadFault::Terminals(name.to_owned()));
        }
        if names.clone().take(place).any(|before| before.eq_ignore_ascii_case(name)) {
            return Err(HeadFault::Twice(name.to_owned()));
        }
    }
    Ok(())
}

/// Checks a header's rendered value: no byte of it may end the header or begin another one.
pub fn check_header_value(name: &str, value: &[u8]) -> Result<(), HeadFault> {
    let is_printable = value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    let is_trimmed = value.first().is_some_and(|byte| *byte != b' ') && value.last() != Some(&b' ');
    if is_printable && is_trimmed && value.len() <= MAX_HEADER_VALUE_BYTES {
        Ok(())
    } else {
        Err(HeadFault::Value(name.to_owned()))
    }
}

/// RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::template::HttpHeader;

    fn head(method: &str, target: &str, names: &[&str]) -> HttpHead {
        let headers = names.iter().map(|name| HttpHeader { name: (*name).to_owned(), value: 0 }).collect();
        HttpHead { method: method.into(), target: target.into(), headers }
    }

    #[test]
    fn a_head_says_what_is_asked_and_nothing_about_the_connection() {
        let long = "/".repeat(MAX_TARGET_BYTES + 1);
        let many: Vec<String> = (0..=MAX_HEADERS).map(|number| format!("x-{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (head, judged) in [
            (head("POST", "/v1/sales?a=b", &["content-type", "x-seal"]), Ok(())),
            (head("GET", "/", &[]), Ok(())),
            (head("HEAD", "/", &[]), Err(HeadFault::Method)),
            (head("post", "/", &[]), Err(HeadFault::Method)),
            (head("POST / HTTP/1.1\r\nhost: b\r\n", "/", &[]), Err(HeadFault::Method)),
            (head("POST", "", &[]), Err(HeadFault::Target)),
            (head("POST", "https://elsewhere/", &[]), Err(HeadFault::Target)),
            (head("POST", "/a b", &[]), Err(HeadFault::Target)),
            (head("POST", "/a\r\nx: y", &[]), Err(HeadFault::Target)),
            (head("POST", &long, &[]), Err(HeadFault::Target)),
            (head("POST", "/", &many), Err(HeadFault::TooManyHeaders(MAX_HEADERS + 1))),
            (head("POST", "/", &["a", ""]), Err(HeadFault::Name(1))),
            (head("POST", "/", &["a: b\r\nc"]), Err(HeadFault::Name(0))),
            (head("POST", "/", &["Host"]), Err(HeadFault::Terminals("Host".into()))),
            (head("POST", "/", &["Transfer-Encoding"]), Err(HeadFault::Terminals("Transfer-Encoding".into()))),
            (head("POST", "/", &["X-Seal", "x-seal"]), Err(HeadFault::Twice("x-seal".into()))),
        ] {
            assert_eq!(check_head(&head), judged, "{head:?}");
        }
    }

    #[test]
    fn a_value_cannot_end_its_header() {
        let long = vec![b'a'; MAX_HEADER_VALUE_BYTES + 1];
        for (value, is_good) in [
            (&b"application/json; charset=utf-8"[..], true),
            (b"A", true),
            (b"", false),
            (b" a", false),
            (b"a ", false),
            (b"a\r\nhost: b", false),
            (b"a\nb", false),
            (b"a\0", false),
            (b"\xFF", false),
            (&long, false),
        ] {
            assert_eq!(check_header_value("x", value).is_ok(), is_good, "{value:?}");
        }
    }
}
