//! The terminal's two clocks.

use std::time::Instant;

use engine::{Moment, Timestamp};
use jiff::Zoned;

use crate::faults;

const MS_PER_DAY: i64 = 86_400_000;

/// Wall time for people, monotonic time for waits.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    /// How far the wall clock is set forward, in a development build.
    ahead_ms: i64,
}

impl Clock {
    /// Begins to count now.
    pub fn start() -> Clock {
        Clock { started: Instant::now(), ahead_ms: faults::days_later().saturating_mul(MS_PER_DAY) }
    }

    /// This moment.
    pub fn now(&self) -> Moment {
        let wall = Zoned::now();
        Moment {
            wall: Timestamp {
                unix_ms: wall.timestamp().as_millisecond().saturating_add(self.ahead_ms),
                utc_offset_minutes: i16::try_from(wall.offset().seconds() / 60).unwrap_or(0),
            },
            monotonic_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}
