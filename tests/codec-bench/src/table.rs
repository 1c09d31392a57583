//! The table.

use std::fmt;

use acquit_codec_bench::Task;

/// The aim for a decode, natively, in nanoseconds.
const AIM_NS: f64 = 500.0;

/// One codec: a figure for each task, in the order of [`Task::ALL`].
#[derive(Debug, Clone, Copy)]
pub struct Row([Option<f64>; 4]);

/// All of them, and which were left out.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<(String, Row)>,
    notes: Vec<String>,
}

impl Row {
    /// Measures each task.
    pub fn of(mut measure: impl FnMut(Task) -> f64) -> Self {
        Row(Task::ALL.map(|task| Some(measure(task))))
    }

    /// Measures those that the codec can do.
    pub fn of_some(mut measure: impl FnMut(Task) -> Option<f64>) -> Self {
        Row(Task::ALL.map(&mut measure))
    }

    fn lower(&mut self, other: Row) {
        for (figure, other) in self.0.iter_mut().zip(other.0) {
            *figure = figure.zip(other).map(|(one, other)| one.min(other)).or(*figure).or(other);
        }
    }
}

impl Table {
    /// Adds a codec; of one that was measured before, the lower figures stay.
    pub fn row(&mut self, name: &str, row: Row) {
        match self.rows.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => known.lower(row),
            None => self.rows.push((name.to_owned(), row)),
        }
    }

    /// Says under the table what a reader must know of a row.
    pub fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }

    /// Says that a codec was not measured, and why.
    pub fn left_out(&mut self, name: &str, why: &str) {
        self.note(&format!("{name}: left out, {why}"));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{:<38}{:>12}{:>12}{:>12}{:>12}",
            "nanoseconds a call", "0200 decode", "encode", "0210 decode", "encode"
        )?;
        for (name, Row(figures)) in &self.rows {
            write!(out, "{name:<38}")?;
            for figure in figures {
                match figure {
                    Some(figure) => write!(out, "{figure:>12.0}")?,
                    None => write!(out, "{:>12}", "-")?,
                }
            }
            writeln!(out)?;
        }
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        let Some((_, Row([Some(request), _, Some(answer), _]))) = self.rows.first() else { return Ok(()) };
        let slower = request.max(*answer);
        let verdict = if slower <= AIM_NS { "met" } else { "missed" };
        writeln!(out, "aim: a decode in {AIM_NS:.0} ns natively: {verdict} ({slower:.0} ns)")
    }
}
