//! Secrets read from whoever sits there, without an echo; or from a pipe, for machines. Never from the command line, whose
//! words any user of the machine can read, and which a shell keeps.

use std::io::{IsTerminal, Stdin, Write, stderr, stdin};

use anyhow::{Result, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Longest line read: four times the longest component.
const MAX_LINE_BYTES: usize = 256;

/// One line without its end. At a terminal it is asked for, twice if `twice`, and not echoed.
pub(super) fn line(prompt: &str, again: Option<&str>) -> Result<Zeroizing<String>> {
    let input = stdin();
    if !input.is_terminal() {
        return read(&input);
    }
    let first = asked(&input, prompt)?;
    match again {
        Some(again) if *asked(&input, again)? != *first => bail!("the two entries differ; nothing was kept"),
        _ => Ok(first),
    }
}

/// Somebody types.
pub(super) fn is_typed() -> bool {
    stdin().is_terminal()
}

fn asked(input: &Stdin, prompt: &str) -> Result<Zeroizing<String>> {
    let _quiet = Quiet::of(input)?;
    let mut out = stderr().lock();
    write!(out, "{prompt} ")?;
    out.flush()?;
    read(input)
}

/// Byte by byte, so that no buffer is left with a part of it.
fn read(input: &Stdin) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_LINE_BYTES));
    let mut byte = Zeroizing::new([0_u8; 1]);
    while rustix::io::read(input, &mut byte[..])? == 1 && byte[0] != b'\n' {
        if text.len() == MAX_LINE_BYTES || !(byte[0].is_ascii_graphic() || byte[0].is_ascii_whitespace()) {
            bail!("the line is longer than {MAX_LINE_BYTES} bytes, or has other characters than letters and digits");
        }
        text.push(char::from(byte[0]));
    }
    let end = text.trim_end().len();
    text.truncate(end);
    if text.is_empty() { bail!("nothing was entered") } else { Ok(text) }
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Quiet<'a> {
    input: &'a Stdin,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn of(input: &'a Stdin) -> Result<Self> {
        let before = tcgetattr(input)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // The end of the line is shown, so that what follows begins on one of its own.
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(input, OptionalActions::Flush, &quiet)?;
        Ok(Self { input, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.input, OptionalActions::Now, &self.before);
    }
}
