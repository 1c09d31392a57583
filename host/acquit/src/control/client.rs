//! The other commands' end of the socket.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Request, Response, Told};

/// Whether somebody answered.
pub enum Reached {
    /// The terminal did.
    Answered(Response),
    /// No terminal runs here.
    NobodyThere,
}

/// Asks the running terminal. What it tells meanwhile, where that was asked for, goes to `meanwhile`.
///
/// # Errors
/// It is there and does not answer in lines of JSON: it died meanwhile, or it is another version.
pub fn ask(socket: &Path, request: &Request, meanwhile: &mut dyn FnMut(Told)) -> Result<Reached> {
    let mut stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(Reached::NobodyThere);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot reach {}", socket.display())),
    };
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).context("the terminal went away")?;
    let mut lines = BufReader::new(&stream);
    loop {
        line.clear();
        lines.read_line(&mut line).context("the terminal went away before it answered")?;
        if line.is_empty() {
            bail!("the terminal stopped before it answered; start it again, then ask with `acquit explain`");
        }
        match serde_json::from_str(&line).context("the terminal's answer cannot be read")? {
            Told::Answer(response) => return Ok(Reached::Answered(response)),
            told => meanwhile(told),
        }
    }
}
