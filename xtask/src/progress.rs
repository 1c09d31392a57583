//! Says what is being done, and for how long it has been going on.

use std::{
    io,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// Numbered steps on standard error.
pub struct Progress {
    began: Instant,
    step: u32,
}

impl Progress {
    /// The clock starts.
    pub fn start() -> Self {
        Self { began: Instant::now(), step: 0 }
    }

    /// Announces the next step.
    pub fn step(&mut self, what: &str) {
        self.step += 1;
        eprintln!("[{:>2} {}] {what}", self.step, clock(self.began.elapsed()));
    }

    /// Announces a step, runs it, and says how long it took; everything the child prints goes to standard error.
    pub fn run(&mut self, what: &str, command: &mut Command) -> Result<()> {
        self.step(what);
        let began = Instant::now();
        to_success(command)?;
        eprintln!("         {}", spent(began.elapsed()));
        Ok(())
    }

    /// Says that everything is done.
    pub fn done(&self, what: &str) {
        eprintln!("[ok {}] {what}", clock(self.began.elapsed()));
    }
}

/// Runs a child to its end, its output on our standard error; a failure names the command.
pub fn to_success(command: &mut Command) -> Result<()> {
    let status = status(command.stdout(Stdio::from(io::stderr())))?;
    if !status.success() {
        bail!("this command failed ({status}): {}", line(command));
    }
    Ok(())
}

/// Runs a child to its end and gives its exit status.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("this command could not be started: {}", line(command)))
}

/// What a child prints on standard output; its errors are shown, and a failure names the command.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("this command could not be started: {}", line(command)))?;
    if !output.status.success() {
        bail!("this command failed ({}): {}", output.status, line(command));
    }
    String::from_utf8(output.stdout).with_context(|| format!("this command printed no UTF-8: {}", line(command)))
}

/// Whether a child can be started and succeeds; it prints nothing.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// A command as one would type it.
pub fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let program = if program.ends_with("/cargo") { "cargo".to_owned() } else { program };
    let words = command.get_args().map(|word| {
        let word = word.to_string_lossy();
        if word.chars().any(|c| c.is_whitespace() || "'\"$;&|<>*".contains(c)) || word.is_empty() {
            format!("'{}'", word.replace('\'', "'\\''"))
        } else {
            word.into_owned()
        }
    });
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// A span of time as one would say it.
pub fn spent(elapsed: Duration) -> String {
    if elapsed < Duration::from_secs(60) { format!("{:.1} s", elapsed.as_secs_f32()) } else { clock(elapsed) + " min" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_times() {
        assert_eq!(clock(Duration::from_secs(754)), "12:34");
        assert_eq!(spent(Duration::from_millis(1_340)), "1.3 s");
        assert_eq!(spent(Duration::from_secs(61)), "01:01 min");
    }

    #[test]
    fn a_command_is_printed_as_one_would_type_it() {
        let mut command = Command::new("/opt/rust/bin/cargo");
        command.args(["clippy", "--", "-D", "warnings", "two words"]);
        assert_eq!(line(&command), "cargo clippy -- -D warnings 'two words'");
    }

    #[test]
    fn a_failing_command_is_named() {
        let error = to_success(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.ends_with("sh -c 'exit 3'"), "{error}");
        let error = format!("{:#}", to_success(&mut Command::new("no-such-program-here")).unwrap_err());
        assert!(error.contains("could not be started: no-such-program-here"), "{error}");
    }
}
