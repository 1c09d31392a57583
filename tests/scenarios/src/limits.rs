//! A host whose disk takes no more: for real, by the kernel, and without being root.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::host::Host;
use crate::house::House;
use crate::process::Process;
use crate::programs;

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

    /// Starts the host so that files can be closed to it later: the signal that goes with a refusal is ignored, as a full
    /// disk sends none.
    pub fn start_for_limits(&self) -> Result<Host> {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        command.arg(programs::acquit()?).arg("--config").arg(self.terminal.folder().join("terminal.toml"));
        command.args(["--json", "run"]).env_remove("ACQUIT_STOP_AT");
        match Host::ready(Process::spawn("the host", &mut command, &self.transcript)?)? {
            Ok(host) => Ok(host),
            Err(errors) => bail!("the host did not start:\n{errors}"),
        }
    }

    /// Starts the host with its journal on a file system of its own, of this size and no larger: in a name space that only
    /// this host sees, so that it takes no privilege. None where this system allows no such thing.
    pub fn start_with_journal_of(&self, bytes: u64) -> Result<Option<Host>> {
        let allowed = Command::new("unshare").args(["-rm", "true"]).status().is_ok_and(|status| status.success());
        if !allowed {
            return Ok(None);
        }
        let journal = self.terminal.data().join("journal");
        let script = "cp -a \"$0\" \"$0.kept\" && mount -t tmpfs -o mode=700,size=$1 tmpfs \"$0\" \
                      && cp -a \"$0.kept/.\" \"$0\" && shift && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script]).arg(journal).arg(bytes.to_string());
        let program = self.terminal.command(&["--json", "run"]);
        command.arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        match Host::ready(Process::spawn("the host", &mut command, &self.transcript)?)? {
            Ok(host) => Ok(Some(host)),
            Err(errors) => bail!("the host did not start:\n{errors}"),
        }
    }

    /// The same, with no file that can be written at or behind this offset, whether or not it was that long before.
    pub fn start_with_files_up_to(&self, bytes: u64) -> Result<Host> {
        let host = self.start_for_limits()?;
        host.limit_files(Some(bytes))?;
        Ok(host)
    }
}

impl Host {
    /// The kernel refuses every byte that this host writes to a file at or behind this offset; none for no limit.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let host = Pid::from_raw(i32::try_from(self.id())?).context("no such process")?;
        prlimit(Some(host), Resource::Fsize, Rlimit { current: bytes, maximum: None })?;
        Ok(())
    }
}
