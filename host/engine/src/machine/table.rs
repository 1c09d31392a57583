//! State machines as tables: what may follow what, for the code to obey and for people to read.

use std::fmt::Write;

use crate::effect::Effect;

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

    /// Holds one turn against the table, in tests: what the table does not know must change nothing and say so, all
    /// else must be in it. Outside of tests it costs nothing.
    pub(crate) fn hold(&self, from: &'static str, on: &'static str, to: &'static str, effects: &[Effect]) {
        #[cfg(test)]
        seen::hold(self, from, on, to, effects);
        #[cfg(not(test))]
        let _ = (from, on, to, effects);
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

    /// Every state against every event as a Markdown table.
    fn markdown(&self) -> String {
        let mut text = format!("| state | {} |\n|---|{}\n", self.events.join(" | "), "---|".repeat(self.events.len()));
        for state in self.states {
            let next = |event: &&str| self.next(state, event).map_or(String::new(), |states| states.join(", "));
            let cells: Vec<_> = self.events.iter().map(next).collect();
            let _ = writeln!(text, "| **{state}** | {} |", cells.join(" | "));
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
        for last in self.states.iter().filter(|state| !self.rows.iter().any(|row| row.0 == **state)) {
            let _ = writeln!(text, "    {last} --> [*]");
        }
        text
    }
}

/// The page of documentation that shows every machine: its diagram, and every state against every event.
pub fn page() -> String {
    let mut text = String::from(PAGE_HEAD);
    for table in super::tables() {
        let _ = write!(text, "\n## {}\n\n```mermaid\n{}```\n\n{}", table.name, table.diagram(), table.markdown());
    }
    text
}

const PAGE_HEAD: &str = "\
# State machines

Written by `cargo run -p acquit-engine --example diagrams -- docs/` from the tables the engine's tests hold it to; a
change here without a change there fails a test. An empty cell is an event that does not belong in that state: it
changes nothing and leaves a line in the log. An `exchange` inside another machine is the machine of that name.
";

/// What the machines did in a test, for their tables to be held against.
#[cfg(test)]
pub(crate) mod seen {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use super::Table;
    use crate::effect::Effect;

    /// Machine, from, on, to.
    pub(crate) type Transition = (&'static str, &'static str, &'static str, &'static str);

    thread_local! {
        static TAKEN: RefCell<BTreeSet<Transition>> = const { RefCell::new(BTreeSet::new()) };
    }

    /// Every transition this thread's machines have taken.
    pub(crate) fn taken() -> BTreeSet<Transition> {
        TAKEN.with_borrow(BTreeSet::clone)
    }

    /// Holds one turn against a table.
    pub(super) fn hold(table: &Table, from: &'static str, on: &'static str, to: &'static str, effects: &[Effect]) {
        let name = table.name;
        if matches!(effects, [Effect::Unexpected { state, .. }] if *state == from) {
            assert_eq!(from, to, "{name}: an unexpected {on} moved it");
            assert!(table.next(from, on).is_none(), "{name}: {on} is expected in {from}");
        } else {
            assert!(table.allows(from, on, to), "{name}: {from} --{on}--> {to} is not in the table");
            TAKEN.with_borrow_mut(|taken| taken.insert((name, from, on, to)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_matrix_and_diagram() {
        for table in crate::tables() {
            insta::assert_snapshot!(format!("{}_matrix", table.name), table.matrix());
            insta::assert_snapshot!(format!("{}_diagram", table.name), table.diagram());
        }
    }

    #[test]
    fn rows_name_only_states_and_events_there_are() {
        for Table { name, states, events, rows } in crate::tables() {
            for (from, on, to) in *rows {
                assert!(states.contains(from) && events.contains(on), "{name}: {from} {on}");
                assert!(to.iter().all(|to| states.contains(to)), "{name}: {from} {on}");
                assert_eq!(rows.iter().filter(|row| (row.0, row.1) == (*from, *on)).count(), 1, "{name}: {from} {on}");
            }
        }
    }

    #[test]
    fn the_page_in_the_documentation_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/state-machines.md");
        let written = fs::read_to_string(path).unwrap();
        assert_eq!(written, page(), "run: cargo run -p acquit-engine --example diagrams -- docs/");
    }
}
