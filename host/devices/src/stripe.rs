//! From what a magnetic head delivers as track 2 to a card session of the vault.

use vault::{CardDataError, CardSession, Track};

/// Why a stripe gives no card. Says where, never what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StripeError {
    /// One of the two sentinels without the other: the swipe began late or ended early.
    #[error("track 2 has only one of its sentinels \";\" and \"?\"; swipe again, evenly")]
    Sentinel,
    /// No field separator, so no telling where the card number ends.
    #[error("track 2 has no separator after the card number")]
    Separator,
    /// The separator does not stand behind 12 to 19 digits.
    #[error("track 2 has a card number of {0} digits; 12 to 19 are right")]
    CardNumber(usize),
    /// It ends before the service code.
    #[error("track 2 is too short: it ends before the service code")]
    TooShort,
    /// Something that is neither digit nor separator.
    #[error("track 2 has a character at place {0} that is neither digit nor separator")]
    Character(usize),
    /// The vault refused it.
    #[error(transparent)]
    CardData(#[from] CardDataError),
}

/// Digits of date (YYMM) and service code behind the separator (ISO/IEC 7813).
const DATE_AND_SERVICE_CODE_DIGITS: usize = 7;
/// Digits of a card number (ISO/IEC 7812-1).
const CARD_NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

/// Reads a track 2, with both sentinels or with none.
///
/// # Errors
///
/// It is damaged; see [`StripeError`].
pub fn track_two(raw: &str) -> Result<Track, StripeError> {
    let track = match (raw.strip_prefix(';'), raw.strip_suffix('?')) {
        (None, None) => raw,
        (Some(inner), Some(_)) => inner.strip_suffix('?').ok_or(StripeError::Sentinel)?,
        _ => return Err(StripeError::Sentinel),
    };
    let is_separator = |c: char| matches!(c, '=' | 'D' | 'd');
    if let Some(place) = track.chars().position(|c| !c.is_ascii_digit() && !is_separator(c)) {
        return Err(StripeError::Character(place));
    }
    let (number, rest) = track.split_once(is_separator).ok_or(StripeError::Separator)?;
    if !CARD_NUMBER_DIGITS.contains(&number.len()) {
        return Err(StripeError::CardNumber(number.len()));
    }
    if rest.len() < DATE_AND_SERVICE_CODE_DIGITS {
        return Err(StripeError::TooShort);
    }
    Ok(Track::two(track)?)
}

/// The card has a chip: its service code begins with 2 or 6 (ISO/IEC 7813).
pub fn has_chip(card: &CardSession) -> bool {
    card.presented().service_code.is_some_and(|code| code.starts_with(['2', '6']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(raw: &str) -> Result<CardSession, StripeError> {
        Ok(CardSession::from_stripe(None, track_two(raw)?, None)?)
    }

    #[test]
    fn a_stripe_is_read_with_and_without_sentinels() {
        for raw in [
            ";6200000000000005=30121010000000000000?",
            "6200000000000005=30121010000000000000",
            "6200000000000005D30121010000000000000",
            "6200000000000005=3012101",
        ] {
            let presented = session(raw).unwrap().presented();
            assert_eq!((presented.bin.as_str(), presented.last_four.as_str()), ("620000", "0005"));
            assert_eq!(presented.service_code.as_deref(), Some("101"));
        }
    }

    #[test]
    fn a_damaged_stripe_says_where_and_never_what() {
        let table = [
            (";6200000000000005=3012101", StripeError::Sentinel),
            ("6200000000000005=3012101?", StripeError::Sentinel),
            (";", StripeError::Sentinel),
            ("?", StripeError::Sentinel),
            ("62000000000000053012101", StripeError::Separator),
            ("", StripeError::Separator),
            (";?", StripeError::Separator),
            ("=3012101", StripeError::CardNumber(0)),
            ("62000000000=3012101", StripeError::CardNumber(11)),
            ("62000000000000000005=3012101", StripeError::CardNumber(20)),
            ("6200000000000005=", StripeError::TooShort),
            ("6200000000000005=301210", StripeError::TooShort),
            ("6200000000000005=3012 01", StripeError::Character(21)),
            ("６200000000000005=3012101", StripeError::Character(0)),
            ("6200000000000005=301210100000000000000", StripeError::CardData(CardDataError::Track(2))),
            ("6200000000000005=3013101", StripeError::CardData(CardDataError::Expiry)),
        ];
        for (raw, error) in table {
            assert_eq!(session(raw).map(drop), Err(error), "{raw}");
            assert!(!error.to_string().contains("6200"), "{error}");
        }
    }

    #[test]
    fn the_service_code_tells_of_a_chip() {
        for (code, chip) in [("101", false), ("201", true), ("601", true), ("120", false), ("999", false)] {
            assert_eq!(has_chip(&session(&format!("6200000000000005=3012{code}")).unwrap()), chip, "{code}");
        }
    }
}
