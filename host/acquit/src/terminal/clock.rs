//! The terminal's two clocks.

use std::time::Instant;

use engine::{Moment, Timestamp};
use jiff::Zoned;

/// Wall time for people, monotonic time for waits.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// Begins to count now.
    pub fn start() -> Clock {
        Clock { started: Instant::now() }
    }

    /// This moment.
    pub fn now(&self) -> Moment {
        let wall = Zoned::now();
        Moment {
            wall: Timestamp {
                unix_ms: wall.timestamp().as_millisecond(),
                utc_offset_minutes: i16::try_from(wall.offset().seconds() / 60).unwrap_or(0),
            },
            monotonic_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}
