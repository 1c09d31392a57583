//! The frame on the wire: a length, and what it counts. No I/O.

use zeroize::Zeroizing;

use crate::failure::FailureDetail;

/// The most a two-byte length can say.
pub const MAX_FRAME_BYTES: usize = u16::MAX as usize;
/// Limit of a route unless configured: several times the largest message of an authorisation, small enough that a
/// hostile peer costs nothing.
pub const DEFAULT_MAX_FRAME_BYTES: usize = 8 << 10;

/// How a length is written before each frame. It does not count itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// Two bytes, the higher first.
    U16,
    /// Four decimal digits as characters.
    AsciiFour,
}

impl Prefix {
    fn bytes(self) -> usize {
        match self {
            Prefix::U16 => 2,
            Prefix::AsciiFour => 4,
        }
    }

    /// The prefix of a frame of this length; none where it cannot tell that.
    fn written(self, length: usize) -> Option<Vec<u8>> {
        match self {
            Prefix::U16 => u16::try_from(length).ok().map(|length| length.to_be_bytes().to_vec()),
            Prefix::AsciiFour => {
                Some(format!("{length:04}").into_bytes()).filter(|digits| digits.len() == self.bytes())
            }
        }
    }

    /// The length these bytes tell.
    fn read(self, bytes: &[u8]) -> Result<usize, FailureDetail> {
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| usize::from(byte - b'0'));
        let number = match self {
            Prefix::U16 => Some(bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
            Prefix::AsciiFour => bytes.iter().try_fold(0, |sum, byte| Some(sum * 10 + digit(byte)?)),
        };
        number.ok_or(FailureDetail::ReplyLength)
    }
}

/// The frame with its length before it, wiped when dropped.
pub(crate) fn encode(frame: &[u8], prefix: Prefix, limit: usize) -> Result<Zeroizing<Vec<u8>>, FailureDetail> {
    let too_long = || FailureDetail::FrameTooLong { bytes: frame.len(), limit };
    if frame.is_empty() {
        return Err(FailureDetail::FrameEmpty);
    }
    if frame.len() > limit {
        return Err(too_long());
    }
    let length = prefix.written(frame.len()).ok_or_else(too_long)?;
    let mut wire = Zeroizing::new(Vec::with_capacity(length.len() + frame.len()));
    wire.extend_from_slice(&length);
    wire.extend_from_slice(frame);
    Ok(wire)
}

/// What has arrived of the next frame. Kept between calls, so that listening can be given up and taken up again.
#[derive(Debug)]
pub(crate) struct Incoming {
    bytes: Vec<u8>,
    prefix: Prefix,
    limit: usize,
}

impl Incoming {
    pub fn new(prefix: Prefix, limit: usize) -> Self {
        Self { bytes: Vec::new(), prefix, limit }
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
        let Some((length, contents)) = self.bytes.split_at_checked(self.prefix.bytes()) else { return Ok(None) };
        let announced = self.prefix.read(length)?;
        if announced == 0 {
            return Err(FailureDetail::ReplyEmpty);
        }
        if announced > self.limit {
            return Err(FailureDetail::ReplyTooLong { announced, limit: self.limit });
        }
        match contents.len().checked_sub(announced) {
            None => Ok(None),
            Some(0) => Ok(Some(std::mem::take(&mut self.bytes).split_off(self.prefix.bytes()))),
            Some(extra) => Err(FailureDetail::BytesAfterReply { extra }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_length_counts_what_follows_it() {
        assert_eq!(encode(b"abc", Prefix::U16, 3).unwrap().as_slice(), b"\x00\x03abc");
        assert_eq!(encode(&[7; 0x102], Prefix::U16, MAX_FRAME_BYTES).unwrap()[..2], [1, 2]);
        assert_eq!(encode(b"", Prefix::U16, 3), Err(FailureDetail::FrameEmpty));
        assert_eq!(encode(b"abcd", Prefix::U16, 3), Err(FailureDetail::FrameTooLong { bytes: 4, limit: 3 }));
        let over = MAX_FRAME_BYTES + 1;
        assert!(matches!(encode(&vec![0; over], Prefix::U16, over), Err(FailureDetail::FrameTooLong { .. })));
    }

    #[test]
    fn a_frame_is_taken_whole_however_it_is_cut() {
        let mut incoming = Incoming::new(Prefix::U16, 3);
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
            let mut incoming = Incoming::new(Prefix::U16, 3);
            incoming.push(bytes);
            assert_eq!(incoming.take(), Err(refusal));
        }
    }

    #[test]
    fn a_length_in_four_characters_counts_what_follows_it() {
        let encoded = |bytes: usize| encode(&vec![b'x'; bytes], Prefix::AsciiFour, MAX_FRAME_BYTES);
        assert_eq!(encoded(12).unwrap()[..5], *b"0012x");
        assert_eq!(encoded(9_999).unwrap()[..5], *b"9999x");
        assert!(matches!(encoded(10_000), Err(FailureDetail::FrameTooLong { bytes: 10_000, .. })));
        let mut incoming = Incoming::new(Prefix::AsciiFour, 12);
        incoming.push(b"000");
        assert_eq!(incoming.take(), Ok(None));
        incoming.push(b"3ab");
        assert_eq!(incoming.take(), Ok(None));
        incoming.push(b"c");
        assert_eq!(incoming.take(), Ok(Some(b"abc".to_vec())));
        for (bytes, refusal) in [
            (&b"0000"[..], FailureDetail::ReplyEmpty),
            (b"0013", FailureDetail::ReplyTooLong { announced: 13, limit: 12 }),
            (b"0001ab", FailureDetail::BytesAfterReply { extra: 1 }),
            (b" 003abc", FailureDetail::ReplyLength),
            (b"\x00\x03abc", FailureDetail::ReplyLength),
        ] {
            let mut incoming = Incoming::new(Prefix::AsciiFour, 12);
            incoming.push(bytes);
            assert_eq!(incoming.take(), Err(refusal));
        }
    }

    proptest! {
        /// Any bytes, cut anywhere: a frame as long as its length says, more to come, or an error.
        #[test]
        fn any_bytes_are_a_frame_or_an_error(
            start in prop::sample::select(vec![&b""[..], b"\x00", b"\x00\x05", b"\xFF\xFF", b"0005", b"00"]),
            bytes in prop::collection::vec(any::<u8>(), 0..16),
            piece in 1_usize..8,
        ) {
            let bytes = [start, &bytes].concat();
            for prefix in [Prefix::U16, Prefix::AsciiFour] {
                let mut incoming = Incoming::new(prefix, 8);
                for piece in bytes.chunks(piece) {
                    incoming.push(piece);
                    match incoming.take() {
                        Ok(None) => {}
                        Ok(Some(frame)) => {
                            prop_assert!(bytes.starts_with(&encode(&frame, prefix, 8).unwrap()));
                            break;
                        }
                        Err(_) => break,
                    }
                }
            }
        }
    }
}
