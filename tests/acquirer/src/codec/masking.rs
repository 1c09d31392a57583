//! What people and logs may see of a field.

use super::Value;

const REDACTED: &str = "[redacted]";
/// Digits shown at the front of a masked card number: the bank's identification.
const SHOWN_FIRST: usize = 6;
/// Digits shown at its end.
const SHOWN_LAST: usize = 4;
/// Shortest card number there is; anything shorter is not shown at all.
const SHORTEST_CARD_NUMBER: usize = 13;
/// Characters of the longest DE63 that is shown.
const MOST_SHOWN_OF_63: usize = 3;

/// A card number with its first six and last four digits, the rest as stars.
pub fn masked_card_number(digits: &str) -> String {
    let (Some(first), Some(last)) =
        (digits.get(..SHOWN_FIRST), digits.len().checked_sub(SHOWN_LAST).and_then(|at| digits.get(at..)))
    else {
        return REDACTED.into();
    };
    if digits.len() < SHORTEST_CARD_NUMBER {
        return REDACTED.into();
    }
    format!("{first}{}{last}", "*".repeat(digits.len() - SHOWN_FIRST - SHOWN_LAST))
}

/// A field for people: what could hold a card number, track, PIN or key is masked or redacted.
pub(super) fn masked_field(field: u8, value: &Value) -> String {
    match (field, value) {
        (2, Value::Digits(digits)) => masked_card_number(digits),
        (35, Value::Digits(track)) => {
            format!("{} and track {REDACTED}", masked_card_number(track.split('D').next().unwrap_or_default()))
        }
        // Operators and schemes have three characters; more may be a payment code.
        (63, Value::Text(text)) if text.len() > MOST_SHOWN_OF_63 => REDACTED.into(),
        // Tracks, expiry, batch details, PIN block, chip data, free data and keys.
        (14 | 35 | 36 | 48 | 52 | 55 | 57..=59 | 62, _) => REDACTED.into(),
        (_, Value::Digits(text) | Value::Text(text)) => text.clone(),
        (_, Value::Binary(bytes)) => hex::encode_upper(bytes),
    }
}
