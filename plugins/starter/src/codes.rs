//! The response codes, DE39.

use sdk::prelude::Reason;

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The money moved.
    Approved,
    /// No money moved and none will.
    Declined(Reason),
}

/// Code, verdict, sentence for the screen.
pub const CODES: &[(&str, Verdict, &str)] = &[
    ("00", Verdict::Approved, "approved"),
    ("05", Verdict::Declined(Reason::DoNotHonour), "declined by the issuer"),
    ("13", Verdict::Declined(Reason::InvalidAmount), "the amount is not accepted"),
    ("14", Verdict::Declined(Reason::InvalidCard), "no such card"),
    ("51", Verdict::Declined(Reason::InsufficientFunds), "not enough money"),
    ("54", Verdict::Declined(Reason::ExpiredCard), "the card has expired"),
    ("55", Verdict::Declined(Reason::WrongPin), "wrong PIN"),
];

/// The code of a reversal the acquirer took, and of one whose original it does not know.
pub const REVERSAL_PAID: &str = "00";
/// The acquirer does not know what is to be reversed.
pub const REVERSAL_UNMATCHED: &str = "25";

/// What a code says and its sentence; `None` for one that is not in the table, which is unknown and never a refusal.
pub fn find(code: &str) -> Option<(Verdict, &'static str)> {
    CODES.iter().find(|(known, ..)| *known == code).map(|(_, verdict, sentence)| (*verdict, *sentence))
}
