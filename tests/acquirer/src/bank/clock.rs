//! Local time for the answers, and the business day.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use crate::config::StartTime;

/// The time of day comes from the system unless fixed; the business day changes only when it is told to, so that no
/// test is caught by midnight.
pub(super) struct Clock {
    fixed: Option<DateTime>,
    first_day: Date,
    day: u32,
}

impl Clock {
    pub(super) fn new(fixed: Option<&StartTime>) -> Self {
        let fixed = fixed.and_then(|time| time.as_str().parse().ok());
        Self { fixed, first_day: fixed.unwrap_or_else(system_time).date(), day: 0 }
    }

    /// `hhmmss` and `MMDD`.
    pub(super) fn local_time_and_date(&self) -> (String, String) {
        let now = self.fixed.unwrap_or_else(system_time);
        (now.strftime("%H%M%S").to_string(), now.strftime("%m%d").to_string())
    }

    /// The business date, `MMDD`.
    pub(super) fn business_date(&self) -> String {
        self.business_day().strftime("%m%d").to_string()
    }

    /// The business month, `YYMM`.
    pub(super) fn business_month(&self) -> String {
        self.business_day().strftime("%y%m").to_string()
    }

    /// The number of the business day, counted from zero.
    pub(super) fn day(&self) -> u32 {
        self.day
    }

    /// Stands at this time until told another; the business day stays.
    pub(super) fn set(&mut self, time: &StartTime) {
        self.fixed = time.as_str().parse().ok().or(self.fixed);
    }

    pub(super) fn next_day(&mut self) {
        self.day = self.day.saturating_add(1);
    }

    fn business_day(&self) -> Date {
        self.first_day.saturating_add(SignedDuration::from_hours(24 * i64::from(self.day)))
    }
}

fn system_time() -> DateTime {
    jiff::Zoned::now().datetime()
}
