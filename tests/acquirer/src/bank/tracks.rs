//! Tracks that come enciphered (UnionPay, track encryption): deciphered and held against the card's own.

use std::borrow::Cow;

use crate::codec::Message;
use crate::config::{Code, TrackScheme};
use crate::crypto::Key;

use super::Bank;

/// Which digit of DE53 says whether tracks are enciphered.
const TRACKS_DIGIT: usize = 2;
/// Bytes of a cipher block.
const BLOCK_BYTES: usize = 8;

impl Bank {
    /// The request with its tracks in clear. Code A7 where they cannot be deciphered, are not the card's own, or come in
    /// clear though this acquirer wants them enciphered.
    pub(super) fn with_clear_tracks<'m>(&self, request: &'m Message) -> Result<Cow<'m, Message>, Code> {
        let wrong = || Code::known("A7");
        let fields = [35, 36].map(|field| (field, request.digits(field)));
        if fields.iter().all(|(_, track)| track.is_none()) {
            return Ok(Cow::Borrowed(request));
        }
        let rules = &self.config.tracks;
        let enciphered = request.digits(53).and_then(|control| control.get(TRACKS_DIGIT..=TRACKS_DIGIT)) == Some("1");
        if !enciphered {
            return if rules.required { Err(wrong()) } else { Ok(Cow::Borrowed(request)) };
        }
        // Without keys the terminal is not signed in, which is said elsewhere.
        let Some(keys) = self.work_keys(request) else { return Ok(Cow::Borrowed(request)) };
        let key = keys.track.ok_or_else(wrong)?;
        let mut clear = request.clone();
        for (field, track) in fields {
            let Some(track) = track else { continue };
            clear.set_digits(field, rules.encryption.decipher(&key, track).ok_or_else(wrong)?);
        }
        let own = clear.digits(35).and_then(|track| {
            let number = track.split('D').next()?;
            self.config.cards.iter().find(|card| card.pan.digits() == number)?.track_two.as_ref()
        });
        let differs = own.is_some_and(|own| Some(own.digits()) != clear.digits(35));
        if differs { Err(wrong()) } else { Ok(Cow::Owned(clear)) }
    }
}

impl TrackScheme {
    /// The digits of a track in clear; none if what comes out is no track.
    fn decipher(self, key: &Key, track: &str) -> Option<String> {
        let clear = match self {
            Self::LastBlock => last_block(key, track)?,
            Self::PaddedF => whole(key, track)?.trim_end_matches('F').to_owned(),
            Self::LengthPrefixed => {
                let blocks = whole(key, track)?;
                let (length, rest) = blocks.split_at_checked(2)?;
                rest.get(..length.parse().ok()?)?.to_owned()
            }
        };
        let sound = clear.bytes().all(|digit| digit.is_ascii_digit() || digit == b'D');
        (sound && !clear.is_empty()).then_some(clear)
    }
}

/// T-a: the eight bytes that end before the last byte.
fn last_block(key: &Key, track: &str) -> Option<String> {
    let even = if track.len().is_multiple_of(2) { track.to_owned() } else { format!("{track}0") };
    let bytes = hex::decode(even).ok()?;
    let to = bytes.len().checked_sub(1)?;
    let from = to.checked_sub(BLOCK_BYTES)?;
    let clear = [bytes.get(..from)?, &key.decipher(bytes.get(from..to)?), bytes.get(to..)?].concat();
    hex::encode_upper(clear).get(..track.len()).map(str::to_owned)
}

/// T-b and T-c: whole blocks.
fn whole(key: &Key, track: &str) -> Option<String> {
    let bytes = hex::decode(track).ok().filter(|bytes| bytes.len().is_multiple_of(BLOCK_BYTES))?;
    Some(hex::encode_upper(key.decipher(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::from_bytes(&hex::decode("0123456789ABCDEFFEDCBA9876543210").unwrap()).unwrap()
    }

    #[test]
    fn the_published_block_and_the_three_schemes_come_out_in_clear() {
        let track = "6200000123456787D301210100000000000";
        for (scheme, sent, clear) in [
            (
                TrackScheme::LastBlock,
                "1234567890123456789D054CFC20D6F04568AC2",
                "1234567890123456789D0508201781999168302",
            ),
            (TrackScheme::LastBlock, "6200000123456787D31934F0D5E44C4C120", track),
            (TrackScheme::PaddedF, "D1235CA2DD0973506C16DAB4F9A12D863814538088941DDB", track),
            (TrackScheme::LengthPrefixed, "68C7B033F36DF3C33358544F0858A96408D7B4FB629D0885", track),
        ] {
            assert_eq!(scheme.decipher(&key(), sent).as_deref(), Some(clear), "{scheme:?}");
        }
    }

    #[test]
    fn what_is_no_track_is_none() {
        for scheme in [TrackScheme::LastBlock, TrackScheme::PaddedF, TrackScheme::LengthPrefixed] {
            for sent in ["", "1", "12345678", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"] {
                assert_eq!(scheme.decipher(&key(), sent), None, "{scheme:?} {sent}");
            }
        }
    }
}
