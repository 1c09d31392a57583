//! Programs that are run: their output read line by line, all of it kept, and never left behind.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

/// How long anything may take before it counts as hanging. Everything waited for takes well under a second, but for an
/// answer that does not come; a loaded machine needs more.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Everything the programs of a scenario printed.
#[derive(Clone, Default)]
pub(super) struct Transcript(Arc<Mutex<Vec<u8>>>);

/// A running program. Dropping it kills it.
pub(super) struct Process {
    child: Child,
    lines: Receiver<String>,
    errors: Transcript,
    readers: Vec<JoinHandle<()>>,
}

/// How a program ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    /// The exit code; none where it was killed.
    pub exit: Option<i32>,
    /// The last line of JSON it printed; null where there is none.
    pub answer: Value,
    /// What it printed on standard error.
    pub errors: String,
}

impl Transcript {
    /// All of it.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a line.
    pub fn note(&self, line: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(line);
        all.push(b'\n');
    }
}

impl Process {
    /// Starts a program; what it prints goes to the transcript too.
    pub fn spawn(command: &mut Command, transcript: &Transcript) -> io::Result<Process> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (sender, lines) = channel();
        let errors = Transcript::default();
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(read(stdout, vec![transcript.clone()], Some(sender)));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(read(stderr, vec![transcript.clone(), errors.clone()], None));
        }
        Ok(Process { child, lines, errors, readers })
    }

    /// The next line on standard output; none once it has ended.
    ///
    /// # Errors
    /// It said nothing for [`PATIENCE`].
    pub fn next_line(&self) -> io::Result<Option<String>> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                let what = format!("it said nothing for {} seconds", PATIENCE.as_secs());
                Err(io::Error::new(io::ErrorKind::TimedOut, what))
            }
        }
    }

    /// What it has printed on standard error.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.errors.bytes()).into_owned()
    }

    /// Ends it as a power cut would: SIGKILL. Returns when it is gone.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.readers.drain(..).for_each(|reader| drop(reader.join()));
        Ok(())
    }

    /// Reads what is left of its output and waits for its end.
    pub fn finish(mut self) -> io::Result<Ended> {
        let mut answer = Value::Null;
        while let Some(line) = self.next_line()? {
            answer = serde_json::from_str(&line).unwrap_or(answer);
        }
        let exit = self.child.wait()?.code();
        // A reader that panicked has lost nothing anybody waits for.
        self.readers.drain(..).for_each(|reader| drop(reader.join()));
        Ok(Ended { exit, answer, errors: self.errors() })
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
