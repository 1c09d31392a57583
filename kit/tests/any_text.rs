//! Scripts, scenarios and recordings come from authors and from other machines: any text is one, or a mistake that says
//! where.

use std::path::Path;

use acquit_kit::scenario::Scenario;
use acquit_kit::scripted::Script;
use acquit_kit::{RecordingError, read_recording};
use proptest::prelude::*;

const SCRIPTS: [&str; 2] = [
    include_str!("../../plugins/starter/scenarios/acquirer.toml"),
    include_str!("../../plugins/http-json/scenarios/acquirer.toml"),
];
const SCENARIOS: [&str; 3] = [
    include_str!("../../plugins/starter/scenarios/power-cut.toml"),
    include_str!("../../plugins/starter/scenarios/approved.toml"),
    include_str!("../../plugins/http-json/scenarios/wrong-seal.toml"),
];
/// What a changed file may gain: what TOML and the words of these files are made of, and what neither expects.
const PIECES: [&str; 14] = [
    "",
    "\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    "\n",
    "[[steps]]\n",
    "99999999999999999999",
    "-1",
    "\0",
    "中",
    "[deployment]\n",
];

fn script() -> Script {
    Script::parse(Path::new("acquirer.toml"), SCRIPTS[0]).expect("the script of the starter is one")
}

/// One of the files, with a stretch of it replaced.
fn changed(files: &'static [&'static str]) -> impl Strategy<Value = String> {
    let place = any::<prop::sample::Index>();
    let changes = prop::collection::vec((place, 0..24_usize, prop::sample::select(&PIECES[..])), 1..4);
    (prop::sample::select(files), changes).prop_map(|(file, changes)| {
        let mut letters: Vec<char> = file.chars().collect();
        for (place, length, piece) in changes {
            let start = place.index(letters.len().max(1)).min(letters.len());
            let end = (start + length).min(letters.len());
            letters.splice(start..end, piece.chars());
        }
        letters.into_iter().collect()
    })
}

fn read_script(text: &str) -> Result<(), String> {
    Script::parse(Path::new("script.toml"), text).map(drop).map_err(|mistake| mistake.to_string())
}

fn read_scenario(text: &str, script: &Script) -> Result<(), String> {
    Scenario::parse(Path::new("scenario.toml"), text, script).map(drop).map_err(|mistake| mistake.to_string())
}

#[test]
fn the_files_are_read() {
    assert_eq!(SCRIPTS.map(read_script), [Ok(()), Ok(())]);
    let http = Script::parse(Path::new("acquirer.toml"), SCRIPTS[1]).expect("one");
    assert_eq!(read_scenario(SCENARIOS[0], &script()), Ok(()));
    assert_eq!(read_scenario(SCENARIOS[1], &script()), Ok(()));
    assert_eq!(read_scenario(SCENARIOS[2], &http), Ok(()));
}

#[test]
fn text_that_nests_for_ever_is_a_mistake() {
    for open in ["[", "{a=", "a."] {
        let text = format!("a = {}", open.repeat(50_000));
        assert!(read_script(&text).is_err_and(|mistake| mistake.contains("script.toml")));
        assert!(read_scenario(&text, &script()).is_err_and(|mistake| mistake.contains("scenario.toml")));
        let refused = read_recording(open.repeat(50_000).as_bytes());
        assert!(matches!(refused, Err(RecordingError::Line { line: 1, .. })));
    }
}

proptest! {
    #[test]
    fn any_text_is_a_script_or_a_mistake(text in prop_oneof![changed(&SCRIPTS), ".{0,200}"]) {
        if let Err(mistake) = read_script(&text) {
            prop_assert!(mistake.contains("script.toml"), "{mistake}");
        }
    }

    #[test]
    fn any_text_is_a_scenario_or_a_mistake(text in prop_oneof![changed(&SCENARIOS), ".{0,200}"]) {
        if let Err(mistake) = read_scenario(&text, &script()) {
            prop_assert!(mistake.contains("scenario.toml"), "{mistake}");
        }
    }

    /// Blank lines are nothing; of any other, the first that is no call is named.
    #[test]
    fn any_bytes_are_a_recording_or_an_error(
        blank in 0..4_usize,
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            r#"\{("(context|asked|answer|start|step|fault)"|[\[\]{}:,0-9]|null){0,30}"#.prop_map(String::into_bytes),
        ],
    ) {
        match read_recording(&[&b"\n".repeat(blank), &bytes[..]].concat()[..]) {
            Ok(calls) => prop_assert!(calls.is_empty() && bytes.trim_ascii().is_empty(), "nothing here is a call"),
            Err(RecordingError::Line { line, .. }) => {
                prop_assert!(line > blank && line <= blank + 1 + bytes.split(|byte| *byte == b'\n').count());
            }
            Err(other) => prop_assert!(std::str::from_utf8(&bytes).is_err(), "{other}"),
        }
    }
}
