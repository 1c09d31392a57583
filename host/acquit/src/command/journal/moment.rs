//! A moment, as people write it on a command line.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit, Zoned};

/// What is said where a text is no moment.
const FORMS: &str = "write 2026-11-22, 2026-11-22 13:05, 2026-11-22 13:05:07 +08:00, or 2h for two hours ago; without \
                     an offset this machine's time zone counts";

/// One end of a stretch of time. Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(pub i64);

/// The first moment that counts: a day counts from its beginning.
pub(super) fn since(text: &str) -> Result<Moment, String> {
    parse(text, &Zoned::now(), Day::From)
}

/// The last moment that counts: a day counts to its end.
pub(super) fn until(text: &str) -> Result<Moment, String> {
    parse(text, &Zoned::now(), Day::To)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Day {
    From,
    To,
}

fn parse(text: &str, now: &Zoned, day: Day) -> Result<Moment, String> {
    let here = now.time_zone();
    let moment = with_offset(text)
        .or_else(|| text.parse::<Timestamp>().ok())
        .or_else(|| text.parse::<Zoned>().ok().map(|zoned| zoned.timestamp()))
        .or_else(|| whole_day(text, here, day))
        .or_else(|| text.parse::<DateTime>().ok().and_then(|time| time.to_zoned(here.clone()).ok()).map(Into::into))
        .or_else(|| ago(text, now));
    moment.map(|moment| Moment(moment.as_millisecond())).ok_or_else(|| FORMS.to_owned())
}

/// As receipts and `acquit explain` print it: `2026-11-22 13:05:07 +08:00`.
fn with_offset(text: &str) -> Option<Timestamp> {
    let (rest, offset) = text.rsplit_once(' ')?;
    offset.starts_with(['+', '-']).then(|| format!("{rest}{offset}").parse().ok()).flatten()
}

fn whole_day(text: &str, here: &TimeZone, day: Day) -> Option<Timestamp> {
    // A `DateTime` reads a date, too, as its first moment.
    let date: Date = (text.len() <= "2026-11-22".len()).then(|| text.parse().ok()).flatten()?;
    let start = |date: Date| date.to_zoned(here.clone()).ok().map(|zoned| zoned.timestamp());
    match day {
        Day::From => start(date),
        Day::To => {
            let next = start(date.tomorrow().ok()?)?;
            Timestamp::from_millisecond(next.as_millisecond() - 1).ok()
        }
    }
}

fn ago(text: &str, now: &Zoned) -> Option<Timestamp> {
    let span: Span = text.trim_end_matches(" ago").parse().ok()?;
    // A day ago is the same time yesterday, whatever the clocks did in between.
    let past = now.checked_sub(span.abs()).ok()?;
    past.round(Unit::Millisecond).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    #[test]
    fn moments_are_read_in_the_forms_people_write() {
        let shanghai = TimeZone::fixed(Offset::constant(8));
        let now: Zoned = DateTime::constant(2026, 11, 22, 13, 5, 7, 0).to_zoned(shanghai).unwrap();
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        for (text, day, moment) in [
            ("2026-11-22", Day::From, "2026-11-21T16:00:00Z"),
            ("2026-11-22", Day::To, "2026-11-22T15:59:59.999Z"),
            ("2026-11-22 13:05", Day::From, "2026-11-22T05:05:00Z"),
            ("2026-11-22T13:05:07", Day::To, "2026-11-22T05:05:07Z"),
            ("2026-11-22 13:05:07 +09:30", Day::From, "2026-11-22T03:35:07Z"),
            ("2026-11-22T13:05:07-01:00", Day::From, "2026-11-22T14:05:07Z"),
            ("2026-11-22T05:05:07Z", Day::From, "2026-11-22T05:05:07Z"),
            ("2h", Day::From, "2026-11-22T03:05:07Z"),
            ("2h 5m ago", Day::To, "2026-11-22T03:00:07Z"),
            ("1d", Day::From, "2026-11-21T05:05:07Z"),
        ] {
            assert_eq!(parse(text, &now, day), Ok(Moment(ms(moment))), "{text}");
        }
        for wrong in ["", "yesterday", "2026-13-01", "22.11.2026", "13:05"] {
            assert!(parse(wrong, &now, Day::From).unwrap_err().contains("write 2026-11-22"), "{wrong}");
        }
    }
}
