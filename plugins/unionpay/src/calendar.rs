//! The year an acquirer leaves out of its date.

use sdk::prelude::LocalTime;

/// A date further than this from the terminal's own is not trusted to lie in a certain year.
const DAYS_APART_MAX: i64 = 60;

/// The acquirer's time, `hhmmss` and `MMDD`, in the year that brings it nearest to the terminal's. `None` where it
/// is no time, or so far away that the year would be a guess.
pub(crate) fn infer(now: &LocalTime, time: &str, date: &str) -> Option<LocalTime> {
    let [hour, minute, second] = pairs(time)?;
    let [month, day] = pairs(date)?;
    let is_time = hour < 24 && minute < 60 && second < 60;
    let today = day_number(now.year, now.month, now.day);
    let years = [now.year.checked_sub(1)?, now.year, now.year.checked_add(1)?];
    let candidates = years.into_iter().filter(|year| (1..=days_in(*year, month)).contains(&day));
    let apart = |year: u16| (day_number(year, month, day) - today).abs();
    let year = candidates.min_by_key(|year| apart(*year)).filter(|year| is_time && apart(*year) <= DAYS_APART_MAX)?;
    Some(LocalTime { year, month, day, hour, minute, second, utc_offset: now.utc_offset })
}

fn pairs<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let numbers: Option<Vec<u8>> = (0..N).map(|n| digits.get(2 * n..2 * n + 2)?.parse().ok()).collect();
    numbers?.try_into().ok().filter(|_| digits.len() == 2 * N)
}

fn days_in(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// Days since an arbitrary day, in the Gregorian calendar.
fn day_number(year: u16, month: u8, day: u8) -> i64 {
    let (year, month) = (i64::from(year), i64::from(month));
    // Years begin in March, so that the leap day is the last of its year.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + i64::from(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_year_is_taken_and_a_guess_is_not() {
        let at = |year, month, day| LocalTime { year, month, day, hour: 1, minute: 2, second: 3, utc_offset: 480 };
        let cases = [
            (at(2026, 11, 22), "1122", Some(2026)),
            (at(2026, 12, 31), "0101", Some(2027)),
            (at(2027, 1, 1), "1231", Some(2026)),
            (at(2028, 2, 28), "0229", Some(2028)),
            (at(2027, 3, 1), "0229", None),
            (at(2026, 11, 22), "0522", None),
            (at(2026, 11, 22), "1300", None),
            (at(2026, 11, 22), "112", None),
        ];
        for (now, date, year) in cases {
            assert_eq!(infer(&now, "235958", date).map(|time| time.year), year, "{now:?} {date}");
        }
        assert_eq!(infer(&at(2026, 11, 22), "240000", "1122"), None);
    }
}
