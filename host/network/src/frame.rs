//! The frame on the wire: two bytes, big-endian, that count everything after themselves. No I/O.

use zeroize::Zeroizing;

use crate::failure::FailureDetail;

/// The most a two-byte length can say.
pub const MAX_FRAME_BYTES: usize = u16::MAX as usize;
/// Limit of a route unless configured: several times the largest message of an authorisation, small enough that a
/// hostile peer costs nothing.
pub const DEFAULT_MAX_FRAME_BYTES: usize = 8 << 10;

const LENGTH_BYTES: usize = 2;

/// The frame with its length before it, wiped when dropped.
pub(crate) fn encode(frame: &[u8], limit: usize) -> Result<Zeroizing<Vec<u8>>, FailureDetail> {
    let too_long = || FailureDetail::FrameTooLong { bytes: frame.len(), limit };
    if frame.is_empty() {
        return Err(FailureDetail::FrameEmpty);
    }
    if frame.len() > limit {
        return Err(too_long());
    }
    let length = u16::try_from(frame.len()).map_err(|_| too_long())?;
    let mut wire = Zeroizing::new(Vec::with_capacity(LENGTH_BYTES + frame.len()));
    wire.extend_from_slice(&length.to_be_bytes());
    wire.extend_from_slice(frame);
    Ok(wire)
}

/// What has arrived of the next frame. Kept between calls, so that listening can be given up and taken up again.
#[derive(Debug)]
pub(crate) struct Incoming {
    bytes: Vec<u8>,
    limit: usize,
}

impl Incoming {
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    /// Bytes that have arrived, with the length field.
    pub fn received(&self) -> usize {
        self.bytes.len()
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The frame if it is whole, refused if it is empty, over the limit, or has bytes behind it.
    pub fn take(&mut self) -> Result<Option<Vec<u8>>, FailureDetail> {
        let Some((length, contents)) = self.bytes.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let announced = usize::from(u16::from_be_bytes(*length));
        if announced == 0 {
            return Err(FailureDetail::ReplyEmpty);
        }
        if announced > self.limit {
            return Err(FailureDetail::ReplyTooLong { announced, limit: self.limit });
        }
        match contents.len().checked_sub(announced) {
            None => Ok(None),
            Some(0) => Ok(Some(std::mem::take(&mut self.bytes).split_off(LENGTH_BYTES))),
            Some(extra) => Err(FailureDetail::BytesAfterReply { extra }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_what_follows_it() {
        assert_eq!(encode(b"abc", 3).unwrap().as_slice(), b"\x00\x03abc");
        assert_eq!(encode(&[7; 0x102], MAX_FRAME_BYTES).unwrap()[..2], [1, 2]);
        assert_eq!(encode(b"", 3), Err(FailureDetail::FrameEmpty));
        assert_eq!(encode(b"abcd", 3), Err(FailureDetail::FrameTooLong { bytes: 4, limit: 3 }));
        let over = MAX_FRAME_BYTES + 1;
        assert!(matches!(encode(&vec![0; over], over), Err(FailureDetail::FrameTooLong { .. })));
    }

    #[test]
    fn a_frame_is_taken_whole_however_it_is_cut() {
        let mut incoming = Incoming::new(3);
        for byte in *b"\x00\x03ab" {
            incoming.push(&[byte]);
            assert_eq!(incoming.take(), Ok(None));
        }
        assert_eq!(incoming.received(), 4);
        incoming.push(b"c");
        assert_eq!(incoming.take(), Ok(Some(b"abc".to_vec())));
        assert_eq!((incoming.received(), incoming.take()), (0, Ok(None)));
    }

    #[test]
    fn a_wrong_length_is_refused_before_its_contents_arrive() {
        for (bytes, refusal) in [
            (&b"\x00\x00"[..], FailureDetail::ReplyEmpty),
            (b"\x00\x04", FailureDetail::ReplyTooLong { announced: 4, limit: 3 }),
            (b"\x00\x02abcde", FailureDetail::BytesAfterReply { extra: 3 }),
        ] {
            let mut incoming = Incoming::new(3);
            incoming.push(bytes);
            assert_eq!(incoming.take(), Err(refusal));
        }
    }
}
