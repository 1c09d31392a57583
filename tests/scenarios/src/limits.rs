//! A host whose disk takes no more: for real, by the kernel, and without being root.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::host::Host;
use crate::house::House;
use crate::process::Process;
use crate::programs;

/// What `ulimit -f` counts in, by POSIX. Bytes.
const LIMIT_UNIT_BYTES: u64 = 512;
/// Every group of the journal begins at such a boundary. Bytes.
const JOURNAL_BLOCK_BYTES: usize = 4096;

impl House {
    /// Where the newest group of the journal ends, in its one segment. Bytes.
    pub fn journal_end(&self) -> Result<u64> {
        let folder = self.terminal.data().join("journal");
        let names = fs::read_dir(&folder)?.flatten().map(|entry| entry.path());
        let segments: Vec<_> = names.filter(|path| path.extension().is_some_and(|end| end == "log")).collect();
        let [segment] = segments.as_slice() else { bail!("{} segments", segments.len()) };
        let bytes = fs::read(segment)?;
        let used = bytes.iter().rposition(|byte| *byte != 0).context("an empty segment")?;
        Ok((used / JOURNAL_BLOCK_BYTES + 1) as u64 * JOURNAL_BLOCK_BYTES as u64)
    }

    /// Starts the host so that no file of its can be written at or behind this offset: the kernel refuses, whether or
    /// not the file was that long before. The signal that goes with it is ignored, as a full disk sends none.
    pub fn start_with_files_up_to(&self, bytes: u64) -> Result<Host> {
        ensure!(bytes.is_multiple_of(LIMIT_UNIT_BYTES), "{bytes} bytes are not a whole number of units");
        let script = "trap '' XFSZ; ulimit -S -f \"$0\"; exec \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, &(bytes / LIMIT_UNIT_BYTES).to_string()]);
        command.arg(programs::acquit()?).arg("--config").arg(self.terminal.folder().join("terminal.toml"));
        command.args(["--json", "run"]).env_remove("ACQUIT_STOP_AT");
        match Host::ready(Process::spawn("the host", &mut command, &self.transcript)?)? {
            Ok(host) => Ok(host),
            Err(errors) => bail!("the host did not start:\n{errors}"),
        }
    }
}

impl Host {
    /// Files of this host may be of any length again.
    pub fn lift_file_limit(&self) -> Result<()> {
        let host = Pid::from_raw(i32::try_from(self.id())?).context("no such process")?;
        prlimit(Some(host), Resource::Fsize, Rlimit { current: None, maximum: None })?;
        Ok(())
    }
}
