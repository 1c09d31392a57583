//! A device that fails, is full or rots: each fault is reported or harmless.

use acquit_crash::{Script, faults};

#[test]
fn j6_no_error_of_any_operation_loses_or_invents_anything() {
    for (name, sector_bytes) in [("sale", 512), ("compaction", 4096)] {
        let script = Script::find(name).unwrap();
        let counts = faults::sweep(&script, script.lab(sector_bytes));
        let counts = counts.unwrap_or_else(|violation| panic!("{violation}"));
        assert!(counts.points > 100, "{name}: {counts:?}");
    }
}

#[test]
fn j4_rot_anywhere_is_reported_or_harmless_and_debts_are_still_written_down() {
    let counts = faults::rot(512, false).unwrap_or_else(|violation| panic!("{violation}"));
    assert!(counts.images > 5_000, "{counts:?}");
}
