//! The response codes.

use sdk::prelude::Reason;

/// The money moved.
pub const APPROVED: &str = "00";

/// Codes with which no money moved and none will: code, reason, sentence for the screen.
pub const DECLINED: &[(&str, Reason, &str)] = &[
    ("51", Reason::InsufficientFunds, "not enough money"),
    ("54", Reason::ExpiredCard, "the card has expired"),
    ("61", Reason::LimitExceeded, "over the card's limit"),
    ("91", Reason::IssuerUnavailable, "the issuer cannot be reached"),
    ("94", Reason::Duplicate, "the acquirer has seen this order before"),
    ("96", Reason::AcquirerUnavailable, "the acquirer cannot go on"),
];

/// What a refusal says; `None` for a code that is not in the table, which is unknown and never a refusal.
pub fn declined(code: &str) -> Option<(Reason, &'static str)> {
    DECLINED.iter().find(|(known, ..)| *known == code).map(|(_, reason, sentence)| (*reason, *sentence))
}
