//! Answers off the wire: any bytes are an answer within the limit, the beginning of one, or an error; and an answer that
//! arrives at once is the same one in pieces.

use engine::contract::acquirer::Framing;
use network::fuzzing::answer;

/// Most bytes of a frame or a body.
const LIMIT_BYTES: usize = 64;
/// What the first byte of an input chooses from.
const FRAMINGS: [Framing; 3] = [Framing::Http, Framing::LengthU16, Framing::LengthAsciiFour];

/// Reads an input at once, and in pieces.
///
/// # Panics
/// Where an answer is over the limit, or pieces make another one of it.
pub fn check(input: &[u8]) {
    let Some((framing, piece, bytes)) = chosen(input) else { return };
    match answer(framing, std::iter::once(bytes), LIMIT_BYTES) {
        Err(why) => assert!(!why.to_string().is_empty()),
        Ok(whole) => {
            if let Some(answer) = &whole {
                assert!(answer.body.len() <= LIMIT_BYTES);
                assert_eq!(framing == Framing::Http, (200..600).contains(&answer.status));
            }
            assert!(answer(framing, bytes.chunks(piece), LIMIT_BYTES) == Ok(whole), "pieces of {piece} bytes");
        }
    }
}

/// Whether an input is an answer.
pub fn is_answer(input: &[u8]) -> bool {
    chosen(input)
        .is_some_and(|(framing, _, bytes)| matches!(answer(framing, std::iter::once(bytes), LIMIT_BYTES), Ok(Some(_))))
}

/// Every way to say how long an answer is.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let sized: &[u8] = b"HTTP/1.1 200 OK\r\nX-Seal: 00FF\r\ncontent-length: 5\r\n\r\nhello";
    let chunked: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nx: y\r\n\r\n";
    let closed: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 502 Bad Gateway\r\n\r\nhello";
    [
        ("sized", 0, sized),
        ("chunked", 3, chunked),
        ("closed", 6, closed),
        ("u16", 1, b"\x00\x05hello"),
        ("ascii", 5, b"0005hello"),
    ]
    .map(|(name, which, bytes)| (name, [&[which], bytes].concat()))
    .to_vec()
}

/// The framing, the bytes a piece has, and the bytes.
fn chosen(input: &[u8]) -> Option<(Framing, usize, &[u8])> {
    let (which, bytes) = input.split_first()?;
    let which = usize::from(*which);
    Some((FRAMINGS[which % FRAMINGS.len()], which / FRAMINGS.len() + 1, bytes))
}
