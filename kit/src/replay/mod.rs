//! What another build, or another machine, makes of the same questions.

mod journal;

use engine::contract::Plugin;
use serde::Serialize;
use serde_json::Value;

use crate::recording::{Asked, RecordedCall};

pub use journal::{JournalReplay, Tally};

/// Characters of a value that are shown; the place says where the rest is.
const SHOWN_CHARACTERS: usize = 160;

/// Where a plugin first answers otherwise than it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The recorded call, counted from 1; of a journal, the entry's number in it.
    pub call: usize,
    /// What was asked: `start sale`, `resume reverse`, `decide sale`, `wait reverse`.
    pub asked: String,
    /// Where in the answer, from outside to inside, with dots.
    pub place: String,
    /// What was recorded there.
    pub was: String,
    /// What is there now.
    pub is: String,
}

/// Asks everything again, in order, until an answer differs.
pub fn first_difference(plugin: &dyn Plugin, recording: &[RecordedCall]) -> Option<Difference> {
    recording.iter().enumerate().find_map(|(at, call)| {
        let answer = call.asked.of(plugin, &call.context);
        if answer == call.answer {
            return None;
        }
        let value = |answer| serde_json::to_value(answer).unwrap_or_default();
        let (was, is) = (value(&call.answer), value(&answer));
        let (place, was, is) = innermost(&was, &is, String::new());
        Some(Difference { call: at + 1, asked: name(&call.asked), place, was, is })
    })
}

/// The first place at which two values differ, and what stands there.
fn innermost(was: &Value, is: &Value, place: String) -> (String, String, String) {
    let inside = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    match (was, is) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => {
            let differs = one.iter().find(|(name, value)| other.get(*name) != Some(value));
            match differs.and_then(|(name, value)| Some((name, value, other.get(name)?))) {
                Some((name, one, other)) => innermost(one, other, inside(name)),
                None => (place, short(was), short(is)),
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            match one.iter().zip(other).enumerate().find(|(_, (one, other))| one != other) {
                Some((at, (one, other))) => innermost(one, other, inside(&at.to_string())),
                None => (place, short(was), short(is)),
            }
        }
        _ => (place, short(was), short(is)),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

pub(crate) fn name(asked: &Asked) -> String {
    match asked {
        Asked::Start(operation) => format!("start {:?}", operation.kind()),
        Asked::Resume { operation, .. } => format!("resume {:?}", operation.kind()),
        Asked::Decide(situation) => format!("decide {:?}", situation.operation),
        Asked::Wait(debt) => format!("wait {:?}", debt.kind),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_innermost_place_is_named() {
        let was = json!({ "step": { "state": [1, 2, 3], "reference": [] } });
        let is = json!({ "step": { "state": [1, 9, 3], "reference": [] } });
        assert_eq!(innermost(&was, &is, String::new()), ("step.state.1".into(), "2".into(), "9".into()));
        let longer = json!({ "step": { "state": [1, 2], "reference": [] } });
        assert_eq!(innermost(&was, &longer, String::new()).0, "step.state");
        assert_eq!(innermost(&was, &json!({ "fault": "gone" }), String::new()).0, "");
    }
}
