//! State machines as tables: what may follow what, for the code to obey and for people to read.

use std::fmt::Write;

/// Every transition of one machine. A pair of state and event that has no row does not happen: the machine stays.
#[derive(Debug)]
pub struct Table {
    /// The machine's name.
    pub name: &'static str,
    /// Its states, the first one first.
    pub states: &'static [&'static str],
    /// Its events.
    pub events: &'static [&'static str],
    /// From, on, to: one of these follows.
    pub rows: &'static [Row],
}

/// In this state, on this event, one of these states follows.
pub type Row = (&'static str, &'static str, &'static [&'static str]);

impl Table {
    /// The states that may follow, or none when the event does not belong here.
    pub fn next(&self, from: &str, on: &str) -> Option<&'static [&'static str]> {
        self.rows.iter().find(|row| row.0 == from && row.1 == on).map(|row| row.2)
    }

    /// Whether a transition that was taken is in the table.
    pub fn allows(&self, from: &str, on: &str, to: &str) -> bool {
        self.next(from, on).is_some_and(|states| states.contains(&to))
    }

    /// Every state against every event, a line each, for a snapshot.
    pub fn matrix(&self) -> String {
        let mut text = String::new();
        for state in self.states {
            for event in self.events {
                let next = self.next(state, event).map_or("-".to_owned(), |states| states.join(" | "));
                let _ = writeln!(text, "{state:<12} {event:<14} {next}");
            }
        }
        text
    }

    /// The machine as a Mermaid state diagram.
    pub fn diagram(&self) -> String {
        let mut text = String::from("stateDiagram-v2\n");
        if let Some(first) = self.states.first() {
            let _ = writeln!(text, "    [*] --> {first}");
        }
        for (from, on, to) in self.rows {
            for to in *to {
                let _ = writeln!(text, "    {from} --> {to}: {on}");
            }
        }
        text
    }
}
