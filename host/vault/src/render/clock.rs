//! The time of rendering, in the part of strftime that messages use.

use engine::contract::types::LocalTime;

use super::error::NodeError;

/// Longest pattern: a timestamp with words around it.
pub const MAX_CLOCK_PATTERN_BYTES: usize = 64;

/// Formats `now` after `%Y %y %m %d %H %M %S %j %F %T %z %s %%`.
pub(super) fn format(pattern: &str, now: &LocalTime) -> Result<String, NodeError> {
    if pattern.len() > MAX_CLOCK_PATTERN_BYTES {
        return Err(NodeError::ClockPattern);
    }
    let day_of_year = day_of_year(now).ok_or(NodeError::Clock)?;
    let LocalTime { year, month, day, hour, minute, second, utc_offset } = *now;
    let mut text = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let written = match characters.next().ok_or(NodeError::ClockPattern)? {
            'Y' => format!("{year:04}"),
            'y' => format!("{:02}", year % 100),
            'm' => format!("{month:02}"),
            'd' => format!("{day:02}"),
            'H' => format!("{hour:02}"),
            'M' => format!("{minute:02}"),
            'S' => format!("{second:02}"),
            'j' => format!("{day_of_year:03}"),
            'F' => format!("{year:04}-{month:02}-{day:02}"),
            'T' => format!("{hour:02}:{minute:02}:{second:02}"),
            'z' => {
                let sign = if utc_offset < 0 { '-' } else { '+' };
                let minutes = utc_offset.unsigned_abs();
                format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
            }
            's' => seconds_since_1970(now, day_of_year).to_string(),
            '%' => "%".to_owned(),
            _ => return Err(NodeError::ClockPattern),
        };
        text.push_str(&written);
    }
    Ok(text)
}

/// 1 to 366; `None` for a day or an hour that does not exist.
fn day_of_year(now: &LocalTime) -> Option<u16> {
    let is_leap = now.year.is_multiple_of(4) && (!now.year.is_multiple_of(100) || now.year.is_multiple_of(400));
    let february = if is_leap { 29 } else { 28 };
    let days_in = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::from(now.month).checked_sub(1)?;
    let is_day = (1..=*days_in.get(month)?).contains(&u16::from(now.day));
    let is_time = now.hour < 24 && now.minute < 60 && now.second <= 60;
    let is_year = (1970..=9999).contains(&now.year) && now.utc_offset.unsigned_abs() < 24 * 60;
    (is_day && is_time && is_year).then(|| days_in.iter().take(month).sum::<u16>() + u16::from(now.day))
}

fn seconds_since_1970(now: &LocalTime, day_of_year: u16) -> i64 {
    let year_before = i64::from(now.year) - 1;
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let days = (year_before - 1969) * 365 + leap_days(year_before) - leap_days(1969) + i64::from(day_of_year) - 1;
    let minutes = (days * 24 + i64::from(now.hour)) * 60 + i64::from(now.minute) - i64::from(now.utc_offset);
    minutes * 60 + i64::from(now.second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: u16, month: u8, day: u8) -> LocalTime {
        LocalTime { year, month, day, hour: 13, minute: 5, second: 9, utc_offset: 480 }
    }

    #[test]
    fn patterns() {
        for (pattern, text) in [
            ("%H%M%S", "130509"),
            ("%m%d", "0301"),
            ("%Y%y", "202424"),
            ("%FT%T%z", "2024-03-01T13:05:09+0800"),
            ("%j", "061"),
            ("%s", "1709269509"),
            ("100%%", "100%"),
        ] {
            assert_eq!(format(pattern, &at(2024, 3, 1)).as_deref(), Ok(text));
        }
        let newfoundland = LocalTime { utc_offset: -210, ..at(2026, 11, 22) };
        assert_eq!(format("%z", &newfoundland).as_deref(), Ok("-0330"));
        let epoch = LocalTime { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, utc_offset: 0 };
        assert_eq!(format("%s", &epoch).as_deref(), Ok("0"));
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        for pattern in ["%", "%Q", "%-d", &"x".repeat(65)] {
            assert_eq!(format(pattern, &at(2024, 3, 1)), Err(NodeError::ClockPattern), "{pattern}");
        }
        for (year, month, day) in
            [(2023, 2, 29), (2024, 0, 1), (2024, 13, 1), (2024, 4, 31), (2024, 1, 0), (1969, 1, 1)]
        {
            assert_eq!(format("%d", &at(year, month, day)), Err(NodeError::Clock));
        }
    }
}
