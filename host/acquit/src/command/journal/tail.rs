//! The newest records, and those a running terminal goes on to write.

use std::collections::VecDeque;
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
    let (mut seen, mut last) = (None, 0);
    let mut said = None;
    loop {
        // Taken first: what is written while the journal is read is seen the next time.
        let before = keeping::state(&house.configuration);
        let mut shown = VecDeque::new();
        let health = keeping::visit(&house.configuration, |entry| {
            if seen.is_none_or(|seen| entry.sequence > seen) {
                shown.push_back(Shown::of(&entry).response());
                if seen.is_none() && shown.len() > count {
                    shown.pop_front();
                }
            }
            last = last.max(entry.sequence);
            Ok(())
        })?;
        for response in &shown {
            house.show(response)?;
        }
        seen = Some(last);
        if let Health::Damaged(damage) = health
            && said.as_ref() != Some(&damage)
        {
            house.show(&Response::failed(damage.to_string()))?;
            said = Some(damage);
        }
        if no_follow {
            return Ok(if said.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        while keeping::state(&house.configuration) == before {
            thread::sleep(LOOK_EVERY);
        }
    }
}
