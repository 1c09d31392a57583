//! How a day goes with one acquirer, and within which bounds.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::DutyKind;
use engine::contract::transaction::OperationKind;

use super::super::section::{Item, Section};
use super::super::{Ceilings, Offline, Profile, TimeOfDay, Trade, Word};
use super::{Result, milliseconds};

/// What a reply may take at most.
const EXCHANGE_TIMEOUT_MS_MAX: u64 = 600_000;
/// The longest pause between two tries: a debt is tried at least once a day.
const WAIT_MS_MAX: u64 = 86_400_000;
/// Twelve digits: what an ISO 8583 amount field can carry.
const AMOUNT_MINOR_MAX: u64 = 999_999_999_999;
/// More offline payments than a shop can afford to lose.
const OFFLINE_COUNT_MAX: u64 = 1_000;
/// A month: after that no issuer honours an offline payment.
const OFFLINE_AGE_HOURS_MAX: u64 = 31 * 24;

/// Reads what a day of trade needs, from the acquirer's own section.
pub(super) fn trade(section: &Section<'_>, profile: Profile) -> Result<Trade> {
    let default = Trade::of(profile);
    let settle_at = section
        .optional("settle-at")
        .map(|item| item.parsed("a time of the day, such as \"23:30\"", TimeOfDay::parse))
        .transpose()?;
    let presents = section.optional("presents").map_or(Ok(default.presents), |item| follow_ups(&item))?;
    let typed = section.optional("typed").map_or(Ok(default.typed), |item| follow_ups(&item))?;
    let unreferenced_refunds =
        section.optional("unreferenced-refunds").map_or(Ok(default.unreferenced_refunds), |item| item.boolean())?;
    let offline = section.optional("offline").map_or(Ok(default.offline), |item| offline(&item))?;
    let blocking = section.optional("blocking").map_or(Ok(default.blocking), |item| debts(&item))?;
    Ok(Trade { settle_at, presents, typed, unreferenced_refunds, offline, blocking })
}

/// What a plugin can only undercut.
pub(super) fn ceilings(item: &Item<'_>) -> Result<Ceilings> {
    let section = item.table("[acquirer.ceilings]")?;
    let default = Ceilings::default();
    let number = |key, range, default| section.optional(key).map_or(Ok(default), |item| item.integer(range));
    let count = |key, range, default: u32| {
        // The ranges end far below `u32::MAX`.
        number(key, range, u64::from(default)).map(|number| u32::try_from(number).unwrap_or(default))
    };
    let ceilings = Ceilings {
        attempts: count("attempts", 1..=10, default.attempts)?,
        wait: milliseconds(&section, "wait-ms", 0..=WAIT_MS_MAX, as_ms(default.wait))?,
        exchange_timeout: milliseconds(
            &section,
            "exchange-timeout-ms",
            1..=EXCHANGE_TIMEOUT_MS_MAX,
            as_ms(default.exchange_timeout),
        )?,
        refused_debts: count("refused-debts", 0..=1000, default.refused_debts)?,
        amount_minor: number("amount-minor", 1..=AMOUNT_MINOR_MAX, default.amount_minor)?,
        completion_percent: count("completion-percent", 100..=200, default.completion_percent)?,
        inquiries: count("inquiries", 0..=20, default.inquiries)?,
        upload_items: count("upload-items", 1..=64, default.upload_items)?,
        escalate_after_tries: count("escalate-after-tries", 1..=100, default.escalate_after_tries)?,
    };
    section.finish()?;
    Ok(ceilings)
}

/// A count of zero allows nothing, like a production file without this section.
fn offline(item: &Item<'_>) -> Result<Option<Offline>> {
    let section = item.table("[acquirer.offline]")?;
    let number = |key, example, range| section.required(key, example).and_then(|item: Item<'_>| item.integer(range));
    let count = number("count", "count = 10", 0..=OFFLINE_COUNT_MAX)?;
    let offline = Offline {
        // The range ends far below `u32::MAX`.
        count: u32::try_from(count).unwrap_or(u32::MAX),
        sum_minor: number("sum-minor", "sum-minor = 100000", 1..=AMOUNT_MINOR_MAX)?,
        payment_minor: number("payment-minor", "payment-minor = 20000", 1..=AMOUNT_MINOR_MAX)?,
        age: Duration::from_secs(number("age-hours", "age-hours = 24", 1..=OFFLINE_AGE_HOURS_MAX)? * 60 * 60),
    };
    section.finish()?;
    Ok((count > 0).then_some(offline))
}

fn follow_ups(item: &Item<'_>) -> Result<BTreeSet<OperationKind>> {
    let known: Vec<_> = Trade::FOLLOW_UPS.iter().map(|kind| (kind.word().to_owned(), *kind)).collect();
    item.array("[\"void\", \"refund\"]")?.iter().map(|item| item.one_of("follow-up", &known)).collect()
}

fn debts(item: &Item<'_>) -> Result<BTreeSet<DutyKind>> {
    let known = DutyKind::ALL.map(|kind| (kind.word().to_owned(), kind));
    item.array("[\"reversal\", \"repetition\", \"inquiry\"]")?.iter().map(|item| item.one_of("debt", &known)).collect()
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
