//! The other commands' end of the socket.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Order, Response};

/// Whether somebody answered.
pub enum Reached {
    /// The terminal did.
    Answered(Response),
    /// No terminal runs here.
    NobodyThere,
}

/// Asks the running terminal.
///
/// # Errors
/// It is there and does not answer in a line of JSON: it died meanwhile, or it is another version.
pub fn ask(socket: &Path, order: &Order) -> Result<Reached> {
    let mut stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(Reached::NobodyThere);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot reach {}", socket.display())),
    };
    let mut line = serde_json::to_string(order)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).context("the terminal went away")?;
    let mut answer = String::new();
    BufReader::new(&stream).read_line(&mut answer).context("the terminal went away before it answered")?;
    if answer.is_empty() {
        anyhow::bail!("the terminal stopped before it answered; start it again, then ask with `acquit explain`");
    }
    Ok(Reached::Answered(serde_json::from_str(&answer).context("the terminal's answer cannot be read")?))
}
