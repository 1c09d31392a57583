//! The two published Python packages, measured by Python itself.

use std::process::Command;

use acquit_codec_bench::{CHARACTERS, Task, Work};
use anyhow::{Context, Result, bail};

use crate::table::{Row, Table};

/// Reads the messages as lines `message type, number, text`, and prints `package, task, nanoseconds`.
const SCRIPT: &str = include_str!("python.py");

/// Adds a row for each package that this Python has; the other is said to be left out.
pub fn measure(python: &str, table: &mut Table) -> Result<()> {
    let mut command = Command::new(python);
    command.arg("-c").arg(SCRIPT);
    for task in Task::ALL {
        let message = task.message();
        let fields: Vec<_> = message.fields.iter().map(|(number, text)| format!("{number}={text}")).collect();
        let frame: String = Work::new(&CHARACTERS, task).frame().iter().map(|byte| format!("{byte:02X}")).collect();
        command.arg(format!("{:04x}|{}|{}|{frame}", message.message_type, task.decodes(), fields.join("|")));
    }
    let output = command.output().with_context(|| format!("{python} cannot be started"))?;
    if !output.status.success() {
        bail!("{python} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split('\t');
        let (Some(name), Some(figures)) = (words.next(), words.next()) else { bail!("{python} printed {line:?}") };
        if figures.starts_with("left out") {
            table.left_out(name, figures.trim_start_matches("left out, "));
            continue;
        }
        let mut figures = figures.split(' ').map(|figure| figure.parse().ok());
        table.row(name, Row::of_some(|_| figures.next().flatten()));
    }
    Ok(())
}
