//! The newest records, and those a running terminal goes on to write.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use journal::Health;

use super::shown::Shown;
use crate::command::House;
use crate::control::Response;
use crate::terminal::keeping;

/// How often to look whether something was written.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How much to show.
#[derive(Debug, Args)]
pub(in crate::command) struct Tail {
    /// How many of those that are there.
    #[arg(short = 'n', value_name = "COUNT", default_value_t = 10)]
    count: usize,
    /// Do not wait for more.
    #[arg(long)]
    no_follow: bool,
}

pub(super) fn tail(house: &House, tail: &Tail) -> Result<ExitCode> {
    let Tail { count, no_follow } = *tail;
    let mut seen = 0;
    let mut said = None;
    loop {
        let reading = keeping::read(&house.configuration)?;
        let shown: Vec<_> =
            reading.entries.iter().filter(|entry| entry.sequence > seen).filter_map(Shown::of).collect();
        let skipped = if seen == 0 { shown.len().saturating_sub(count) } else { 0 };
        for shown in shown.iter().skip(skipped) {
            house.show(&shown.response())?;
        }
        seen = reading.entries.last().map_or(seen, |entry| entry.sequence);
        if let Health::Damaged(damage) = reading.health
            && said.as_ref() != Some(&damage)
        {
            house.show(&Response::failed(damage.to_string()))?;
            said = Some(damage);
        }
        if no_follow {
            return Ok(if said.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        // The journal is read again when its newest segment has changed; a file that is not there any more counts.
        let before = keeping::state(&house.configuration);
        while keeping::state(&house.configuration) == before {
            thread::sleep(LOOK_EVERY);
        }
    }
}
