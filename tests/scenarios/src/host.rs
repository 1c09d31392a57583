//! The terminal's program while it runs.

use std::cell::Cell;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::process::Process;

/// A running `acquit run`. Dropping it kills it.
pub struct Host {
    process: Process,
    /// How many debts it had when it was ready.
    owed_at_start: u64,
    /// How many its screen showed last.
    owed: Cell<u64>,
}

/// What became of waiting for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It showed what was waited for.
    Shown,
    /// It ended before.
    Gone,
}

impl Host {
    /// Reads what it prints until it is ready, or ends with what it said last: a host killed while it starts is none.
    pub(crate) fn ready(process: Process) -> Result<Result<Host, String>> {
        while let Some(line) = process.next_line()? {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if said["ready"] == true {
                let owed_at_start = said["owed"].as_u64().unwrap_or_default();
                return Ok(Ok(Host { process, owed_at_start, owed: Cell::new(owed_at_start) }));
            }
        }
        let (_, _, errors) = process.finish()?;
        Ok(Err(errors))
    }

    /// How many debts it had when it was ready.
    pub fn owed_at_start(&self) -> u64 {
        self.owed_at_start
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line on the screen; none once it has ended.
    pub fn next_screen(&self) -> Result<Option<String>> {
        while let Some(line) = self.process.next_line()? {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(screen) = said["screen"].as_str() {
                owed_on(screen).inspect(|owed| self.owed.set(*owed));
                return Ok(Some(screen.to_owned()));
            }
        }
        Ok(None)
    }

    /// Watches the screen until it says that this many are owed; returns at once if that is what was seen of it last.
    /// Whoever waits for a debt to come and go waits for 1 before waiting for 0.
    pub fn wait_owed(&self, count: u64) -> Result<Seen> {
        while self.owed.get() != count {
            if self.next_screen()?.is_none() {
                return Ok(Seen::Gone);
            }
        }
        Ok(Seen::Shown)
    }

    /// Pulls the plug: SIGKILL. Returns what it had printed on standard error.
    pub fn kill(self) -> Result<String> {
        self.process.kill()
    }

    /// Waits for a host that is to stop by itself at a named step, and says which: `journal.after-sync`.
    pub fn stopped_at(self) -> Result<String> {
        let (status, _, errors) = self.process.finish()?;
        match stopped_at(&errors) {
            Some(step) => Ok(step),
            None => bail!("the host ended ({status}) without a word of where; its errors:\n{errors}"),
        }
    }
}

/// The step named in what a host printed before it was killed there.
pub(crate) fn stopped_at(errors: &str) -> Option<String> {
    let said = errors.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    said.into_iter().find_map(|said| said["stopped-at"].as_str().map(str::to_owned))
}

/// The count on a screen that says how many are owed, in either language.
fn owed_on(screen: &str) -> Option<u64> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok();
    let says = screen.starts_with("owed:") || (screen.starts_with('欠') && screen.ends_with('笔'));
    says.then(|| digits(screen)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_off_the_screen_in_both_languages() {
        assert_eq!(owed_on("owed: 2"), Some(2));
        assert_eq!(owed_on("欠 0 笔"), Some(0));
        assert_eq!(owed_on("CNY 2.00, present card"), None);
    }
}
