//! What the fields of digits are made of, by position: DE48 (A.9), DE54 (A.2), DE60 (A.4), DE61 (A.6). Every message
//! writes these fields, answers and the inspector read them, through the tables of this file.
//!
//! They stand beside the table of fields and not in it: DE48 is made of other parts in another message, and an
//! acquirer that answers with a part cut short at the end of DE60 still answers.

use sdk::iso8583::Content::{self, Alphanumeric, Digits};
use sdk::iso8583::{Composer, EncodeError, Part};

/// DE60.
pub(crate) const CUSTOM: &[Part] = &[
    digits("message type", 2),
    digits("batch", 6),
    digits("network management code", 3),
    digits("terminal read ability", 1),
    digits("chip condition", 1),
    digits("partial approval", 1),
    digits("account type", 3),
];
/// Where the batch stands in it.
pub(crate) const CUSTOM_BATCH: usize = 1;

/// DE61.
pub(crate) const ORIGINAL: &[Part] =
    &[digits("original batch", 6), digits("original trace", 6), digits("original date", 4)];

/// DE54.
pub(crate) const BALANCE: &[Part] = &[
    digits("account type", 2),
    digits("amount type", 2),
    digits("currency", 3),
    part("credit or debit", Alphanumeric, 1),
    digits("amount", 12),
];

/// DE48 of a settlement.
pub(crate) const TOTALS: &[Part] = &[
    digits("domestic debit amount", 12),
    digits("domestic debit count", 3),
    digits("domestic credit amount", 12),
    digits("domestic credit count", 3),
    digits("domestic result", 1),
    digits("foreign debit amount", 12),
    digits("foreign debit count", 3),
    digits("foreign credit amount", 12),
    digits("foreign credit count", 3),
    digits("foreign result", 1),
];
/// Where the results stand in it, of the domestic half and of the foreign one.
pub(crate) const RESULTS: [usize; 2] = [4, 9];

/// DE48 of an upload: its end.
pub(crate) const END: &[Part] = &[digits("rows of all messages", 4)];
/// DE48 of an upload: a count, and so many rows.
pub(crate) const ROWS: &[Part] = &[digits("rows", 2)];
/// One of them.
pub(crate) const ROW: &[Part] =
    &[digits("card class", 2), digits("trace", 6), digits("card number", 20), digits("amount", 12)];

/// Digits, or characters, of all parts together.
pub(crate) const fn units(parts: &[Part]) -> usize {
    let (mut sum, mut index) = (0, 0);
    while index < parts.len() {
        sum += parts[index].units as usize;
        index += 1;
    }
    sum
}

/// DE61; without a date it ends before it.
pub(crate) fn write_original(message: &mut Composer, batch: &str, trace: &str, date: &str) -> Result<(), EncodeError> {
    let all = [batch, trace, date];
    let told = if date.is_empty() { &all[..2] } else { &all[..] };
    message.set_parts_of(61, ORIGINAL, told)?;
    Ok(())
}

const fn digits(name: &'static str, units: u16) -> Part {
    part(name, Digits, units)
}

const fn part(name: &'static str, content: Content, units: u16) -> Part {
    Part { name, content, units }
}
