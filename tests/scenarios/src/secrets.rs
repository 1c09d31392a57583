//! What the acquirer of these tests saw inside TLS, and nothing else may hold.

use acquirer::codec::Frame;
use acquirer::crypto::Key;
use acquirer::{Direction, RawFrame};
use kit::Secrets;

/// The field of a key download, and of a PIN block.
const KEYS_FIELD: u8 = 62;
const PIN_BLOCK_FIELD: u8 = 52;
/// A work key and its check value in a key download.
const KEY_BYTES: usize = 16;
const WRAPPED_BYTES: usize = KEY_BYTES + 4;

/// Enciphered PIN blocks, and the work keys it handed out under this master key.
pub(crate) fn learn(mut secrets: Secrets, frames: &[RawFrame], master_key: &str) -> Secrets {
    let master = hex::decode(master_key).ok().and_then(|bytes| Key::from_bytes(&bytes));
    for RawFrame { direction, bytes } in frames {
        let Ok(frame) = Frame::decode_prefixed(bytes) else { continue };
        match direction {
            Direction::Received => {
                let block = frame.message.binary(PIN_BLOCK_FIELD).map(<[u8]>::to_vec);
                block.iter().for_each(|block| secrets.bytes("enciphered PIN block", block));
            }
            Direction::Sent => {
                let wrapped = frame.message.binary(KEYS_FIELD).unwrap_or_default();
                for wrapped in wrapped.chunks(WRAPPED_BYTES).filter_map(|key| key.get(..KEY_BYTES)) {
                    let clear = master.as_ref().map(|master| master.decipher(wrapped)).unwrap_or_default();
                    secrets.key_bytes("work key", &clear);
                }
            }
        }
    }
    secrets
}
