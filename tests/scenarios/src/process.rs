//! A child process: its output read line by line, all of it kept, and never left behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long anything may take before it counts as hanging. Everything waited for here takes well under a second; a
/// loaded machine needs more.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Everything a group of processes printed, for those who search it.
#[derive(Clone, Debug, Default)]
pub struct Transcript(Arc<Mutex<Vec<u8>>>);

impl Transcript {
    /// What was printed so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    /// Adds something said elsewhere, such as on a socket.
    pub fn note(&self, bytes: &[u8]) {
        let mut all = self.lock();
        all.extend_from_slice(bytes);
        all.push(b'\n');
    }

    /// Adds bytes as they are.
    pub(crate) fn append(&self, bytes: &[u8]) {
        self.lock().extend_from_slice(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running program. Dropping it kills it.
pub struct Process {
    name: String,
    child: Child,
    lines: Receiver<String>,
    errors: Transcript,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts a program; what it prints goes to the transcript too.
    pub fn spawn(name: &str, command: &mut Command, transcript: &Transcript) -> Result<Process> {
        Process::spawn_fed(name, command, transcript, None)
    }

    /// The same, with these bytes on its standard input.
    pub fn spawn_fed(
        name: &str,
        command: &mut Command,
        transcript: &Transcript,
        input: Option<&[u8]>,
    ) -> Result<Process> {
        let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{name} cannot be started"))?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            // Whoever reads no input has refused before; its answer says why.
            let _ = stdin.write_all(input);
        }
        let (sender, lines) = channel();
        let errors = Transcript::default();
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(read(stdout, vec![transcript.clone()], Some(sender)));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(read(stderr, vec![transcript.clone(), errors.clone()], None));
        }
        Ok(Process { name: name.to_owned(), child, lines, errors, readers })
    }

    /// The next line on standard output; none once it has ended.
    pub fn next_line(&self) -> Result<Option<String>> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                bail!("{} said nothing for {} seconds; its errors:\n{}", self.name, PATIENCE.as_secs(), self.errors())
            }
        }
    }

    /// What it has printed on standard error.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.errors.bytes()).into_owned()
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would: SIGKILL. Returns when it is gone and its last word is read.
    pub fn kill(mut self) -> Result<String> {
        self.child.kill().with_context(|| format!("{} cannot be killed", self.name))?;
        self.end()?;
        Ok(self.errors())
    }

    /// Reads what is left of its output and waits for its end.
    pub fn finish(mut self) -> Result<(ExitStatus, Vec<String>, String)> {
        let mut lines = Vec::new();
        while let Some(line) = self.next_line()? {
            lines.push(line);
        }
        let status = self.end()?;
        Ok((status, lines, self.errors()))
    }

    fn end(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait()?;
        for reader in self.readers.drain(..) {
            // A reader that panicked has lost nothing anybody waits for.
            let _ = reader.join();
        }
        Ok(status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: impl Read + Send + 'static, to: Vec<Transcript>, lines: Option<Sender<String>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            to.iter().for_each(|transcript| transcript.note(text.as_bytes()));
            if let Some(lines) = &lines {
                // Nobody listens any more; the transcript still does.
                let _ = lines.send(text);
            }
            line.clear();
        }
    })
}
