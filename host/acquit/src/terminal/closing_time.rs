//! The hour at which the terminal settles by itself, every day, also when it was off at that moment.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::books::Transaction;
use engine::{Order, Outcome, Timestamp, TransactionId};

use super::{Event, Terminal};
use crate::config::TimeOfDay;

/// How often the terminal looks at its clock. It may jump, so nothing sleeps until the hour itself.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long after a settlement that came to nothing the next one is tried: a network is often back by then.
const TRY_AGAIN_MS: i64 = 15 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// When each acquirer's settlement was last begun by the terminal itself, since it started.
#[derive(Default)]
pub(super) struct ClosingTimes(BTreeMap<String, Timestamp>);

impl Terminal {
    /// Begins to watch the clock, if any acquirer is settled by it.
    pub(super) fn watch_the_clock(&self) {
        if self.configuration.acquirers.iter().all(|acquirer| acquirer.trade.settle_at.is_none()) {
            return;
        }
        let inbox = self.inbox.clone();
        self.runtime.spawn(async move {
            // Ends with the terminal that listens.
            while inbox.send(Event::Clock).is_ok() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
    }

    /// Settles with every acquirer whose hour has come.
    pub(super) fn clock_looked_at(&mut self) {
        let now = self.clock.now().wall;
        let hours = self.configuration.acquirers.iter();
        let hours: Vec<_> = hours.filter_map(|known| Some((known.name.clone(), known.trade.settle_at?))).collect();
        for (acquirer, at) in hours {
            let Some(last) = self.last_settled(&acquirer) else { continue };
            let tried = self.closing_times.0.get(&acquirer).copied();
            if !is_due(at, now, last, tried) {
                continue;
            }
            let Ok(transaction) = TransactionId::parse(&format!("B{:X}", now.unix_ms)) else { continue };
            self.closing_times.0.insert(acquirer.clone(), now);
            self.show(vec![self.messages.text("screen-settling", &[("acquirer", acquirer.clone().into())])]);
            self.begin_by_itself(acquirer, transaction, Order::Settle);
        }
    }

    /// When this acquirer's last batch was closed; the beginning of time where none was. None when there is nothing to
    /// settle, or nobody can say.
    fn last_settled(&self, acquirer: &str) -> Option<Timestamp> {
        let books = self.books()?;
        let batch = books.batch(acquirer);
        let closed = |known: &&Transaction| matches!(known.outcome(), Some(Outcome::Settled(_)));
        let last = books.settlements(acquirer).filter(closed).last();
        let last = last.map_or(Timestamp { unix_ms: i64::MIN, utc_offset_minutes: 0 }, |known| known.begun);
        let traded = !batch.members.is_empty() || batch.settling.is_some();
        traded.then_some(last)
    }
}

/// Whether a settlement is to begin: the hour of this day, or of the day before where it has not struck yet, came after
/// the last settlement.
fn is_due(at: TimeOfDay, now: Timestamp, last: Timestamp, tried: Option<Timestamp>) -> bool {
    let offset_ms = i64::from(now.utc_offset_minutes) * 60_000;
    let local_ms = now.unix_ms.saturating_add(offset_ms);
    let today = local_ms.div_euclid(DAY_MS).saturating_mul(DAY_MS).saturating_add(at.ms());
    let struck = if today <= local_ms { today } else { today.saturating_sub(DAY_MS) }.saturating_sub(offset_ms);
    // A clock that was set back does not silence the hour for longer than the pause.
    let waits = tried.is_some_and(|tried| (0..TRY_AGAIN_MS).contains(&(now.unix_ms.saturating_sub(tried.unix_ms))));
    last.unix_ms < struck && !waits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE_MS: i64 = 60_000;
    /// 2026-11-22, midnight in Shanghai.
    const MIDNIGHT_MS: i64 = 1_795_305_600_000 - 8 * 60 * MINUTE_MS;

    fn shanghai(day: i64, hour: i64, minute: i64) -> Timestamp {
        let unix_ms = MIDNIGHT_MS + day * DAY_MS + (hour * 60 + minute) * MINUTE_MS;
        Timestamp { unix_ms, utc_offset_minutes: 480 }
    }

    #[test]
    fn the_hour_strikes_once_a_day_also_while_the_terminal_is_off() {
        let at = TimeOfDay::parse("23:30").unwrap();
        let settled = shanghai(-1, 23, 30);
        for (now, due) in [
            (shanghai(0, 9, 0), false),
            (shanghai(0, 23, 29), false),
            (shanghai(0, 23, 30), true),
            (shanghai(1, 0, 10), true),
            // Off over the hour, on again in the morning, or a week later.
            (shanghai(1, 8, 0), true),
            (shanghai(7, 8, 0), true),
        ] {
            assert_eq!(is_due(at, now, settled, None), due, "{now:?}");
        }
        // Settled by hand in the afternoon: the hour still comes.
        assert!(is_due(at, shanghai(0, 23, 45), shanghai(0, 15, 0), None));
        // Settled late: once is enough.
        assert!(!is_due(at, shanghai(1, 9, 0), shanghai(1, 8, 0), None));
    }

    #[test]
    fn one_that_came_to_nothing_is_tried_again_after_a_pause() {
        let at = TimeOfDay::parse("23:30").unwrap();
        let (last, tried) = (shanghai(-1, 23, 30), Some(shanghai(0, 23, 30)));
        assert!(!is_due(at, shanghai(0, 23, 44), last, tried));
        assert!(is_due(at, shanghai(0, 23, 45), last, tried));
        // The clock was set back below the moment of the try.
        assert!(is_due(at, shanghai(0, 23, 30), last, Some(shanghai(1, 3, 0))));
    }

    proptest! {
        #[test]
        fn whatever_the_clock_says_a_settlement_is_never_due_twice_for_one_stroke(
            minutes in 0_u16..1440,
            now_ms in 0_i64..4_000_000_000_000,
            offset in -720_i16..=840,
        ) {
            let at = TimeOfDay::parse(&format!("{:02}:{:02}", minutes / 60, minutes % 60)).unwrap();
            let now = Timestamp { unix_ms: now_ms, utc_offset_minutes: offset };
            // Settled at this very moment: nothing more to do.
            prop_assert!(!is_due(at, now, now, None));
            // Not settled for two days: it is due, whatever the hour.
            let long_ago = Timestamp { unix_ms: now_ms - 2 * DAY_MS, ..now };
            prop_assert!(is_due(at, now, long_ago, None));
        }
    }
}
