//! What a writer tells its killer, in messages of a fixed size.
//!
//! Each is one `write` to a pipe, far below `PIPE_BUF`, so messages of several threads never mix and a message is
//! there whole or not at all. What was in the pipe when the writer died is still read.
//!
//! ```text
//! 0  1  kind: 1 started, 2 opened, 3 acknowledged, 4 tending, 5 tended
//! 1  1  thread
//! 2  6  zero
//! 8  8  append of that thread, counted from 0; big-endian
//! 16 8  sequence its token named; 0 when it named none
//! ```

use std::io;
use std::os::fd::AsFd;

/// Length of a message in bytes.
pub const MESSAGE_BYTES: usize = 24;

/// One thing told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The process runs; the journal is not open yet.
    Started,
    /// The journal is open; the threads begin.
    Opened,
    /// An append returned its token.
    Acknowledged(Acknowledged),
    /// The idle duties begin.
    Tending,
    /// The idle duties are done.
    Tended,
}

/// An append that the journal said is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Which thread, from 0.
    pub thread: u8,
    /// Which append of that thread in this run, from 0.
    pub append: u64,
    /// The sequence the token named; none where a sin tells before there is a token.
    pub sequence: Option<u64>,
}

impl Message {
    /// As bytes.
    pub fn encode(self) -> [u8; MESSAGE_BYTES] {
        let mut bytes = [0; MESSAGE_BYTES];
        bytes[0] = match self {
            Self::Started => 1,
            Self::Opened => 2,
            Self::Acknowledged(_) => 3,
            Self::Tending => 4,
            Self::Tended => 5,
        };
        if let Self::Acknowledged(told) = self {
            bytes[1] = told.thread;
            bytes[8..16].copy_from_slice(&told.append.to_be_bytes());
            bytes[16..24].copy_from_slice(&told.sequence.unwrap_or(0).to_be_bytes());
        }
        bytes
    }

    /// From bytes; none if no writer tells this.
    pub fn decode(bytes: &[u8; MESSAGE_BYTES]) -> Option<Self> {
        let [kind, thread, _, _, _, _, _, _, numbers @ ..] = bytes;
        let (append, sequence) = numbers.split_first_chunk::<8>()?;
        let message = match kind {
            1 => Self::Started,
            2 => Self::Opened,
            3 => Self::Acknowledged(Acknowledged {
                thread: *thread,
                append: u64::from_be_bytes(*append),
                sequence: Some(u64::from_be_bytes(sequence.try_into().ok()?)).filter(|sequence| *sequence != 0),
            }),
            4 => Self::Tending,
            5 => Self::Tended,
            _ => return None,
        };
        (message.encode() == *bytes).then_some(message)
    }

    /// Tells it on standard output, past every buffer of the program.
    pub fn tell(self) -> io::Result<()> {
        let bytes = self.encode();
        match rustix::io::write(io::stdout().as_fd(), &bytes)? {
            MESSAGE_BYTES => Ok(()),
            written => Err(io::Error::other(format!("a pipe took {written} of {MESSAGE_BYTES} bytes"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_read_as_it_was_told() {
        let told = Acknowledged { thread: 7, append: u64::MAX, sequence: Some(3) };
        let early = Acknowledged { sequence: None, ..told };
        let all = [Message::Started, Message::Opened, Message::Acknowledged(told), Message::Acknowledged(early)];
        for message in all.into_iter().chain([Message::Tending, Message::Tended]) {
            assert_eq!(Message::decode(&message.encode()), Some(message));
        }
    }

    #[test]
    fn what_no_writer_tells_is_not_guessed() {
        assert_eq!(Message::decode(&[0; MESSAGE_BYTES]), None);
        assert_eq!(Message::decode(&[1; MESSAGE_BYTES]), None);
    }
}
