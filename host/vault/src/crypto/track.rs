//! Tracks under a key, in the three forms of UnionPay A.12.
//!
//! Protects against: discretionary data and (but for the first form) the card number read from a message.
//! Does not protect against: the electronic code book of all three, which shows equal blocks as equal.

use engine::contract::template::TrackProtection;
use zeroize::Zeroizing;

use super::tdes::{DES_BLOCK_BYTES, DesKey};

/// The nibble for a separator.
const SEPARATOR: u8 = 0xD;
/// What fills a track up to whole blocks in the second form.
const FILLER: u8 = 0xF;

/// The track, which is ASCII, as the protection makes it; none where it is too short to hold a block, or holds what is
/// neither digit nor separator.
pub(crate) fn protect(key: &DesKey, protection: TrackProtection, track: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    match protection {
        TrackProtection::UnionpayLastBlock => last_block(key, track),
        TrackProtection::PaddedF => {
            let blocks = track.len().div_ceil(2 * DES_BLOCK_BYTES);
            Some(enciphered(key, &packed(None, track, FILLER, blocks * DES_BLOCK_BYTES)?))
        }
        TrackProtection::LengthPrefixed => {
            let length = u8::try_from(track.len()).ok().filter(|length| *length < 100)?;
            let blocks = (1 + track.len().div_ceil(2)).div_ceil(DES_BLOCK_BYTES);
            let prefix = Some((length / 10) << 4 | (length % 10));
            Some(enciphered(key, &packed(prefix, track, 0, blocks * DES_BLOCK_BYTES)?))
        }
    }
}

/// Only the eight bytes that end before the last one are enciphered.
fn last_block(key: &DesKey, track: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = packed(None, track, 0, track.len().div_ceil(2))?;
    let end = bytes.len().checked_sub(1)?;
    let block = bytes.get_mut(end.checked_sub(DES_BLOCK_BYTES)?..end)?;
    let clear: [u8; DES_BLOCK_BYTES] = (&*block).try_into().ok()?;
    block.copy_from_slice(&key.schedule().encrypt(clear));
    Some(bytes)
}

fn enciphered(key: &DesKey, clear: &[u8]) -> Zeroizing<Vec<u8>> {
    let schedule = key.schedule();
    let mut bytes = Zeroizing::new(Vec::with_capacity(clear.len()));
    clear.as_chunks().0.iter().for_each(|block| bytes.extend_from_slice(&schedule.encrypt(*block)));
    bytes
}

/// Two characters a byte behind the prefix, filled up to this many bytes. A nibble of the last pair is zero where the
/// filling is in bytes, as `fill` is then.
fn packed(prefix: Option<u8>, track: &[u8], fill: u8, bytes: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut packed = Zeroizing::new(Vec::with_capacity(bytes));
    packed.extend(prefix);
    for pair in track.chunks(2) {
        let (high, low) = (nibble(*pair.first()?)?, pair.get(1).map_or(Some(fill), |low| nibble(*low))?);
        packed.push(high << 4 | low);
    }
    while packed.len() < bytes {
        packed.push(fill << 4 | fill);
    }
    Some(packed)
}

fn nibble(character: u8) -> Option<u8> {
    match character {
        b'=' => Some(SEPARATOR),
        digit => digit.is_ascii_digit().then(|| digit - b'0'),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tdes::key;
    use super::*;

    /// protocols: K6.
    #[test]
    fn the_published_track_and_the_synthetic_one_in_all_three_forms() {
        let key = key("0123456789ABCDEFFEDCBA9876543210");
        let synthetic = b"6200000123456787=301210100000000000";
        for (track, protection, expected) in [
            (
                &b"1234567890123456789=0508201781999168302"[..],
                TrackProtection::UnionpayLastBlock,
                "1234567890123456789D054CFC20D6F04568AC20",
            ),
            (synthetic, TrackProtection::UnionpayLastBlock, "6200000123456787D31934F0D5E44C4C1200"),
            (synthetic, TrackProtection::PaddedF, "D1235CA2DD0973506C16DAB4F9A12D863814538088941DDB"),
            (synthetic, TrackProtection::LengthPrefixed, "68C7B033F36DF3C33358544F0858A96408D7B4FB629D0885"),
        ] {
            let made = protect(&key, protection, track).unwrap();
            assert_eq!(hex::encode_upper(&*made), expected, "{protection:?}");
        }
    }

    #[test]
    fn what_is_too_short_or_no_track_is_refused() {
        let key = key("0123456789ABCDEFFEDCBA9876543210");
        assert!(protect(&key, TrackProtection::UnionpayLastBlock, b"62000001234567").is_none());
        assert!(protect(&key, TrackProtection::UnionpayLastBlock, b"").is_none());
        assert!(protect(&key, TrackProtection::PaddedF, b"B620000^").is_none());
        assert!(protect(&key, TrackProtection::LengthPrefixed, &[b'1'; 100]).is_none());
    }
}
