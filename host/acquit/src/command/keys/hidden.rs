//! Secrets read from whoever sits there, without an echo; or from a pipe, for machines. Never from the command line, whose
//! words any user of the machine can read, and which a shell keeps.

use std::io::{IsTerminal, Write, stderr, stdin};
use std::os::fd::AsFd;

use anyhow::{Result, bail};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Longest line read: four times the longest component.
const MAX_LINE_BYTES: usize = 256;

/// One line without its end. At a terminal it is asked for, twice if `twice`, and not echoed.
pub(super) fn line(prompt: &str, again: Option<&str>) -> Result<Zeroizing<String>> {
    let input = stdin();
    if !input.is_terminal() {
        return read(&input, None);
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

fn asked(input: &impl AsFd, prompt: &str) -> Result<Zeroizing<String>> {
    let quiet = Quiet::of(input)?;
    let mut out = stderr().lock();
    write!(out, "{prompt} ")?;
    out.flush()?;
    read(input, Some(quiet.interrupt()))
}

/// Byte by byte, so that no buffer is left with a part of it; up to the byte that interrupts, where there is one.
fn read(input: &impl AsFd, interrupt: Option<u8>) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_LINE_BYTES));
    let mut byte = Zeroizing::new([0_u8; 1]);
    while rustix::io::read(input, &mut byte[..])? == 1 && byte[0] != b'\n' {
        if interrupt == Some(byte[0]) {
            bail!("interrupted; nothing was kept");
        }
        if text.len() == MAX_LINE_BYTES || !(byte[0].is_ascii_graphic() || byte[0].is_ascii_whitespace()) {
            bail!("the line is longer than {MAX_LINE_BYTES} bytes, or has other characters than letters and digits");
        }
        text.push(char::from(byte[0]));
    }
    let end = text.trim_end().len();
    text.truncate(end);
    if text.is_empty() { bail!("nothing was entered") } else { Ok(text) }
}

/// A terminal that shows nothing of what is typed, until this is dropped. Meanwhile its keys raise no signal, which would
/// end the program and leave the terminal without an echo: the one that interrupts ends the line instead, and is read.
struct Quiet<'a, T: AsFd> {
    input: &'a T,
    before: Termios,
}

impl<'a, T: AsFd> Quiet<'a, T> {
    fn of(input: &'a T) -> Result<Self> {
        let before = tcgetattr(input)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        // The end of the line is shown, so that what follows begins on one of its own.
        quiet.local_modes.insert(LocalModes::ECHONL);
        quiet.special_codes[SpecialCodeIndex::VEOL] = before.special_codes[SpecialCodeIndex::VINTR];
        tcsetattr(input, OptionalActions::Flush, &quiet)?;
        Ok(Self { input, before })
    }

    /// What the key that interrupts sends: Ctrl-C, as a rule.
    fn interrupt(&self) -> u8 {
        self.before.special_codes[SpecialCodeIndex::VINTR]
    }
}

impl<T: AsFd> Drop for Quiet<'_, T> {
    /// What was typed and not read is dropped too: the shell would take it for a command, show it and keep it.
    fn drop(&mut self) {
        let _ = tcsetattr(self.input, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;

    use rustix::fs::OFlags;
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    /// A terminal: the side of the keyboard and the screen, and the side of the program.
    fn terminal() -> (File, File) {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let program = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, rustix::fs::Mode::empty()).unwrap();
        (File::from(keyboard), File::from(program))
    }

    fn modes(program: &File) -> LocalModes {
        tcgetattr(program).unwrap().local_modes
    }

    #[test]
    fn a_line_is_read_and_not_shown() {
        let (mut keyboard, program) = terminal();
        let before = modes(&program);
        let quiet = Quiet::of(&program).unwrap();
        keyboard.write_all(b"0123 4567\n").unwrap();
        assert_eq!(*read(&program, Some(quiet.interrupt())).unwrap(), "0123 4567");
        drop(quiet);
        assert_eq!(modes(&program), before);
        (&program).write_all(b".").unwrap();
        let mut shown = [0; 3];
        keyboard.read_exact(&mut shown).unwrap();
        assert_eq!(&shown, b"\r\n.", "the end of the line alone");
    }

    /// Ctrl-C at the prompt ended the program, and what was typed from then on was not shown: the custodian typed blind
    /// until `stty echo`.
    #[test]
    fn an_interruption_gives_the_echo_back() {
        let (mut keyboard, program) = terminal();
        let before = modes(&program);
        assert!(before.contains(LocalModes::ECHO | LocalModes::ISIG));
        let quiet = Quiet::of(&program).unwrap();
        keyboard.write_all(b"0123\x03").unwrap();
        let why = read(&program, Some(quiet.interrupt())).unwrap_err();
        assert!(why.to_string().contains("interrupted"), "{why}");
        drop(quiet);
        assert_eq!(modes(&program), before);
    }

    /// The rest of a line that was refused half way stayed in the terminal, and the shell took it for a command: part of
    /// a component, shown and in its history.
    #[test]
    fn what_is_left_of_a_refused_line_is_dropped() {
        let (mut keyboard, program) = terminal();
        let quiet = Quiet::of(&program).unwrap();
        keyboard.write_all(b"01\x1a23456789\n").unwrap();
        assert!(read(&program, Some(quiet.interrupt())).is_err());
        drop(quiet);
        keyboard.write_all(b"next\n").unwrap();
        assert_eq!(*read(&program, None).unwrap(), "next");
    }
}
