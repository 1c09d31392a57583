//! Where the body of an answer ends (RFC 9112, 6.3), bounded before it arrives.

use httparse::{Status, parse_chunk_size};

use crate::failure::FailureDetail;

/// The line before a chunk, with whatever a server adds to it.
const MAX_CHUNK_LINE_BYTES: usize = 256;
/// Headers behind the last chunk; nobody reads them.
const MAX_TRAILER_BYTES: usize = 4 << 10;

/// How the rest of a body is told.
#[derive(Debug)]
pub(super) enum Body {
    /// So many bytes more.
    Sized(usize),
    /// In chunks, each with its length.
    Chunked(Chunk),
    /// All there is until the connection ends.
    UntilClose,
}

/// What comes next of a chunked body.
#[derive(Debug)]
pub(super) enum Chunk {
    Size,
    Bytes(usize),
    End,
    /// Headers behind the last chunk, and how many bytes of them there were.
    Trailer(usize),
}

impl Body {
    /// As the head says.
    pub fn of(status: u16, headers: &[(String, String)], limit: usize) -> Result<Self, FailureDetail> {
        let refused = |reason| Err(FailureDetail::ReplyHttp(reason));
        let all = |name: &'static str| {
            headers.iter().filter(move |(header, _)| header == name).map(|(_, value)| value.trim())
        };
        // A compressed body cannot be scrubbed, and was not asked for.
        if all("content-encoding").any(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return refused("it is compressed");
        }
        let (mut lengths, mut codings) = (all("content-length"), all("transfer-encoding"));
        match (lengths.next(), codings.next()) {
            (_, _) if lengths.next().is_some() || codings.next().is_some() => refused("it has two lengths"),
            (Some(_), Some(_)) => refused("it has two lengths"),
            (_, _) if matches!(status, 204 | 304) => Ok(Self::Sized(0)),
            (None, Some(coding)) if coding.eq_ignore_ascii_case("chunked") => Ok(Self::Chunked(Chunk::Size)),
            (None, Some(_)) => refused("its transfer encoding is not chunked"),
            (None, None) => Ok(Self::UntilClose),
            (Some(length), None) => {
                let digits = length.bytes().all(|byte| byte.is_ascii_digit());
                let Some(announced) = length.parse().ok().filter(|_| digits) else {
                    return refused("its length is no number");
                };
                if announced > limit {
                    return Err(FailureDetail::ReplyTooLong { announced, limit });
                }
                Ok(Self::Sized(announced))
            }
        }
    }

    /// Moves what belongs to the body from the bytes that arrived; true when it is whole.
    pub fn take(&mut self, bytes: &mut Vec<u8>, body: &mut Vec<u8>, limit: usize) -> Result<bool, FailureDetail> {
        match self {
            Self::Sized(left) => {
                *left -= moved(bytes, body, *left);
                Ok(*left == 0)
            }
            Self::UntilClose => {
                let announced = body.len() + bytes.len();
                if announced > limit {
                    return Err(FailureDetail::ReplyTooLong { announced, limit });
                }
                body.append(bytes);
                Ok(false)
            }
            Self::Chunked(chunk) => loop {
                match chunk.step(bytes, body, limit)? {
                    Step::More => {}
                    Step::Wait => return Ok(false),
                    Step::Whole => return Ok(true),
                }
            },
        }
    }
}

enum Step {
    More,
    Wait,
    Whole,
}

impl Chunk {
    fn step(&mut self, bytes: &mut Vec<u8>, body: &mut Vec<u8>, limit: usize) -> Result<Step, FailureDetail> {
        match self {
            Self::Size => {
                let Some((line, size)) = chunk_size(bytes)? else { return Ok(Step::Wait) };
                bytes.drain(..line);
                let announced = body.len().saturating_add(size);
                if announced > limit {
                    return Err(FailureDetail::ReplyTooLong { announced, limit });
                }
                *self = if size == 0 { Self::Trailer(0) } else { Self::Bytes(size) };
                Ok(Step::More)
            }
            Self::Bytes(left) => {
                *left -= moved(bytes, body, *left);
                if *left > 0 {
                    return Ok(Step::Wait);
                }
                *self = Self::End;
                Ok(Step::More)
            }
            Self::End => match bytes.get(..2) {
                Some(b"\r\n") => {
                    bytes.drain(..2);
                    *self = Self::Size;
                    Ok(Step::More)
                }
                Some(_) => Err(FailureDetail::ReplyHttp("a chunk is longer than it says")),
                None => Ok(Step::Wait),
            },
            Self::Trailer(before) => {
                let line = bytes.windows(2).position(|end| end == b"\r\n");
                *before += line.unwrap_or(0);
                if before.saturating_add(bytes.len()) > MAX_TRAILER_BYTES {
                    return Err(FailureDetail::ReplyHttp("what follows its chunks is too long"));
                }
                let Some(line) = line else { return Ok(Step::Wait) };
                bytes.drain(..line + 2);
                Ok(if line == 0 { Step::Whole } else { Step::More })
            }
        }
    }
}

/// The length of the line and the size it tells; none where the line is not whole yet.
fn chunk_size(bytes: &[u8]) -> Result<Option<(usize, usize)>, FailureDetail> {
    let unreadable = FailureDetail::ReplyHttp("the size of a chunk cannot be read");
    // A line without a digit is no size of nothing.
    if bytes.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
        return Err(unreadable);
    }
    match parse_chunk_size(bytes) {
        Ok(Status::Complete((line, size))) => match usize::try_from(size) {
            Ok(size) if line <= MAX_CHUNK_LINE_BYTES => Ok(Some((line, size))),
            _ => Err(unreadable),
        },
        Ok(Status::Partial) if bytes.len() <= MAX_CHUNK_LINE_BYTES => Ok(None),
        _ => Err(unreadable),
    }
}

/// Moves at most so many bytes to the body; how many there were.
fn moved(bytes: &mut Vec<u8>, body: &mut Vec<u8>, most: usize) -> usize {
    let now = bytes.len().min(most);
    body.extend(bytes.drain(..now));
    now
}
