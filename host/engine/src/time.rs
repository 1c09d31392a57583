//! Moments, as the journal keeps them and as a receipt prints them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::contract::types::{LocalTime, Milliseconds};

const MS_PER_DAY: i64 = 86_400_000;

/// A moment: UTC, with the offset the terminal's clock showed then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub unix_ms: i64,
    /// Minutes east of UTC.
    pub utc_offset_minutes: i16,
}

impl Timestamp {
    /// The calendar and clock a person at the counter would read.
    pub fn local(self) -> LocalTime {
        let local_ms = self.unix_ms.saturating_add(i64::from(self.utc_offset_minutes) * 60_000);
        let (year, month, day) = civil(local_ms.div_euclid(MS_PER_DAY));
        let seconds = local_ms.rem_euclid(MS_PER_DAY) / 1000;
        LocalTime {
            year,
            month,
            day,
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            utc_offset: self.utc_offset_minutes,
        }
    }

    /// Whole seconds from `earlier` to this moment; none when the clock has gone back.
    pub fn seconds_since(self, earlier: Timestamp) -> u64 {
        u64::try_from(self.unix_ms.saturating_sub(earlier.unix_ms) / 1000).unwrap_or(0)
    }

    /// Milliseconds from `earlier` to this moment; none when the clock has gone back.
    pub fn milliseconds_since(self, earlier: Timestamp) -> Milliseconds {
        let since = self.unix_ms.saturating_sub(earlier.unix_ms).max(0);
        Milliseconds::try_from(since).unwrap_or(Milliseconds::MAX)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LocalTime { year, month, day, hour, minute, second, utc_offset } = *self;
        let (sign, offset) = (if utc_offset < 0 { '-' } else { '+' }, utc_offset.unsigned_abs());
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} {sign}{:02}:{:02}",
            offset / 60,
            offset % 60
        )
    }
}

/// The proleptic Gregorian date of a day counted from 1970-01-01, by eras of 400 years that begin on 1 March.
fn civil(days: i64) -> (u16, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (u16::try_from(year).unwrap_or(0), month as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_follows_the_calendar() {
        for (unix_ms, offset, shown) in [
            (0, 0, "1970-01-01 00:00:00 +00:00"),
            (951_782_400_000, 0, "2000-02-29 00:00:00 +00:00"),
            (1_795_352_707_000, 480, "2026-11-22 21:05:07 +08:00"),
            (1_798_761_599_000, 0, "2026-12-31 23:59:59 +00:00"),
            (1_798_761_599_000, -90, "2026-12-31 22:29:59 -01:30"),
        ] {
            let moment = Timestamp { unix_ms, utc_offset_minutes: offset };
            assert_eq!(moment.local().to_string(), shown);
        }
    }

    #[test]
    fn a_clock_that_went_back_is_no_time_at_all() {
        let later = Timestamp { unix_ms: 5_000, utc_offset_minutes: 0 };
        let earlier = Timestamp { unix_ms: 1_000, utc_offset_minutes: 0 };
        assert_eq!(later.seconds_since(earlier), 4);
        assert_eq!(earlier.seconds_since(later), 0);
    }
}
