//! The answer, as its bytes arrive: heads that are only news, the head that counts, the body.

use httparse::{EMPTY_HEADER, Response, Status};

use super::body::Body;
use crate::failure::FailureDetail;
use crate::wire::Answer;

/// Head of an answer, or of news before it.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// Headers of one answer; gateways add dozens.
const MAX_HEADERS: usize = 96;
/// Answers that only say that another one follows (RFC 9110, 15.2): one is usual.
const MAX_INTERIM: usize = 4;

/// What has arrived of the answer. Kept between calls, so that listening can be given up and taken up again.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Not understood yet.
    bytes: Vec<u8>,
    received: usize,
    interim: usize,
    limit: usize,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Head,
    Body(Answer, Body),
    /// One request has one answer.
    Over,
}

impl Incoming {
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), received: 0, interim: 0, limit, stage: Stage::Head }
    }

    /// Bytes that have arrived, heads and all; none once the answer was taken.
    pub fn received(&self) -> usize {
        self.received
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.received += bytes.len();
        self.bytes.extend_from_slice(bytes);
    }

    /// The answer if it is whole. Refused if it cannot be read, is over the limit, or has bytes behind it.
    pub fn take(&mut self) -> Result<Option<Answer>, FailureDetail> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Head => match self.head()? {
                    Some((answer, body)) => self.stage = Stage::Body(answer, body),
                    None => {
                        self.stage = Stage::Head;
                        return Ok(None);
                    }
                },
                Stage::Body(mut answer, mut body) => {
                    if body.take(&mut self.bytes, &mut answer.body, self.limit)? {
                        return self.whole(answer).map(Some);
                    }
                    self.stage = Stage::Body(answer, body);
                    return Ok(None);
                }
                Stage::Over if self.bytes.is_empty() => return Ok(None),
                Stage::Over => return Err(FailureDetail::BytesAfterReply { extra: self.bytes.len() }),
            }
        }
    }

    /// The connection ended, with a goodbye or without: an answer of no stated length is whole after a goodbye.
    pub fn ended(&mut self, said_goodbye: bool) -> Option<Answer> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Body(answer, Body::UntilClose) if said_goodbye => self.whole(answer).ok(),
            other => {
                self.stage = other;
                None
            }
        }
    }

    fn whole(&mut self, answer: Answer) -> Result<Answer, FailureDetail> {
        if !self.bytes.is_empty() {
            return Err(FailureDetail::BytesAfterReply { extra: self.bytes.len() });
        }
        self.received = 0;
        Ok(answer)
    }

    /// The next head that is not only news, taken off the bytes.
    fn head(&mut self) -> Result<Option<(Answer, Body)>, FailureDetail> {
        loop {
            let Some((length, answer)) = parsed(&self.bytes)? else { return Ok(None) };
            self.bytes.drain(..length);
            match answer.status {
                // Another protocol on this connection was not asked for.
                101 => return Err(FailureDetail::ReplyHttp("it changes the protocol")),
                100..=199 if self.interim < MAX_INTERIM => self.interim += 1,
                100..=199 => return Err(FailureDetail::ReplyHttp("it only says that an answer follows, too often")),
                _ => {
                    let body = Body::of(answer.status, &answer.headers, self.limit)?;
                    return Ok(Some((answer, body)));
                }
            }
        }
    }
}

/// A head and how many bytes it has; none where it is not whole yet.
fn parsed(bytes: &[u8]) -> Result<Option<(usize, Answer)>, FailureDetail> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut head = Response::new(&mut headers);
    let unreadable = |error| match error {
        httparse::Error::TooManyHeaders => FailureDetail::ReplyHttp("it has too many headers"),
        _ => FailureDetail::ReplyHttp("its head cannot be read"),
    };
    let length = match head.parse(bytes).map_err(unreadable)? {
        Status::Complete(length) if length <= MAX_HEAD_BYTES => length,
        Status::Partial if bytes.len() <= MAX_HEAD_BYTES => return Ok(None),
        _ => return Err(FailureDetail::ReplyHttp("its head is too long")),
    };
    let status = head.code.filter(|status| (100..=599).contains(status));
    let status = status.ok_or(FailureDetail::ReplyHttp("it has no status between 100 and 599"))?;
    let headers = head.headers.iter().map(|header| (header.name.to_ascii_lowercase(), latin(header.value))).collect();
    Ok(Some((length, Answer { status, headers, body: Vec::new() })))
}

/// Values are visible ASCII in practice and were once ISO 8859-1 (RFC 9110, 5.5): so read, every byte is kept.
fn latin(value: &[u8]) -> String {
    value.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is made of an answer that arrives in pieces of this many bytes.
    fn arrived(bytes: &[u8], piece: usize, limit: usize) -> Result<Option<Answer>, FailureDetail> {
        let mut incoming = Incoming::new(limit);
        for piece in bytes.chunks(piece) {
            incoming.push(piece);
            if let Some(answer) = incoming.take()? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    fn body_of(bytes: &[u8]) -> Result<Option<String>, FailureDetail> {
        arrived(bytes, usize::MAX, 8).map(|answer| answer.map(|answer| String::from_utf8(answer.body).unwrap()))
    }

    const SIZED: &[u8] = b"HTTP/1.1 200 OK\r\nX-Seal: 00FF\r\ncontent-length: 5\r\n\r\nhello";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nx: y\r\n\r\n";

    #[test]
    fn an_answer_is_read_however_it_is_cut() {
        for bytes in [SIZED, CHUNKED] {
            for piece in 1..=bytes.len() {
                let answer = arrived(bytes, piece, 8).unwrap().unwrap();
                assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hello"[..]), "pieces of {piece}");
            }
            for cut in 0..bytes.len() {
                assert_eq!(arrived(&bytes[..cut], usize::MAX, 8), Ok(None), "{cut} bytes");
            }
        }
        let answer = arrived(SIZED, usize::MAX, 8).unwrap().unwrap();
        assert_eq!(answer.headers[0], ("x-seal".to_owned(), "00FF".to_owned()));
    }

    #[test]
    fn news_before_the_answer_is_skipped() {
        let news: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        assert_eq!(
            body_of(&[news, b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n", SIZED].concat()),
            Ok(Some("hello".into()))
        );
        assert!(matches!(body_of(&[&news.repeat(5), SIZED].concat()), Err(FailureDetail::ReplyHttp(_))));
        let other = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n";
        assert!(matches!(body_of(other), Err(FailureDetail::ReplyHttp(_))));
    }

    #[test]
    fn an_answer_without_a_body_is_whole_at_once() {
        for status in ["204 No Content", "304 Not Modified"] {
            assert_eq!(body_of(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()), Ok(Some(String::new())));
        }
        assert_eq!(body_of(b"HTTP/1.1 504 Gateway Timeout\r\ncontent-length: 0\r\n\r\n"), Ok(Some(String::new())));
    }

    #[test]
    fn what_is_not_plainly_one_answer_is_refused() {
        let http = |reason| FailureDetail::ReplyHttp(reason);
        for (head, rest, refusal) in [
            ("content-length: 9", "", FailureDetail::ReplyTooLong { announced: 9, limit: 8 }),
            ("content-length: 2", "abc", FailureDetail::BytesAfterReply { extra: 1 }),
            ("content-length: -1", "", http("its length is no number")),
            ("content-length: 99999999999999999999999", "", http("its length is no number")),
            ("content-length: 1\r\ncontent-length: 2", "a", http("it has two lengths")),
            ("content-length: 1\r\ntransfer-encoding: chunked", "a", http("it has two lengths")),
            ("transfer-encoding: gzip, chunked", "", http("its transfer encoding is not chunked")),
            ("content-encoding: gzip\r\ncontent-length: 1", "a", http("it is compressed")),
            ("transfer-encoding: chunked", "9\r\n", FailureDetail::ReplyTooLong { announced: 9, limit: 8 }),
            (
                "transfer-encoding: chunked",
                "5\r\nhello\r\n5\r\n",
                FailureDetail::ReplyTooLong { announced: 10, limit: 8 },
            ),
            ("transfer-encoding: chunked", "\r\n", http("the size of a chunk cannot be read")),
            ("transfer-encoding: chunked", "fffffffffffffffff\r\n", http("the size of a chunk cannot be read")),
            ("transfer-encoding: chunked", "1\r\nabc", http("a chunk is longer than it says")),
            ("transfer-encoding: chunked", "0\r\n\r\nmore", FailureDetail::BytesAfterReply { extra: 4 }),
        ] {
            let bytes = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{rest}");
            assert_eq!(body_of(bytes.as_bytes()), Err(refusal), "{bytes:?}");
        }
        assert_eq!(body_of(b"\x00\x05hello"), Err(http("its head cannot be read")));
        assert_eq!(body_of(b"HTTP/1.1 999 Odd\r\n\r\n"), Err(http("it has no status between 100 and 599")));
        let long = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'a'; MAX_HEAD_BYTES]].concat();
        assert_eq!(body_of(&long), Err(http("its head is too long")));
    }

    #[test]
    fn an_answer_of_no_stated_length_ends_with_a_goodbye_and_no_other_way() {
        let ended = |said_goodbye| {
            let mut incoming = Incoming::new(8);
            incoming.push(b"HTTP/1.0 200 OK\r\n\r\nhello");
            assert_eq!(incoming.take(), Ok(None));
            incoming.ended(said_goodbye).map(|answer| answer.body)
        };
        assert_eq!((ended(true), ended(false)), (Some(b"hello".to_vec()), None));
    }

    proptest! {
        /// Any bytes, cut anywhere: an answer within its limits, more to come, or an error; and always the same one.
        #[test]
        fn any_bytes_are_an_answer_or_an_error(
            start in prop::sample::select(vec![&b""[..], b"HTTP/1.1 200 OK\r\n", SIZED, CHUNKED, &CHUNKED[..60]]),
            bytes in prop::collection::vec(any::<u8>(), 0..64),
            piece in 1_usize..16,
        ) {
            let bytes = [start, &bytes].concat();
            if let Ok(Some(answer)) = arrived(&bytes, piece, 8) {
                prop_assert!(answer.body.len() <= 8 && (200..600).contains(&answer.status));
            }
        }
    }
}
