//! A real process killed on a real disk; the long tier does the same a thousand times.

use std::path::Path;

use acquit_kill::campaign::Campaign;
use acquit_kill::judge::Wrong;
use acquit_kill::writer::Tells;

const KILLS: u64 = 30;

fn campaign(directory: &Path, tells: Tells) -> Campaign {
    Campaign {
        writer: env!("CARGO_BIN_EXE_acquit-kill-writer").into(),
        directory: directory.to_owned(),
        kills: KILLS,
        seed: 1,
        tells,
    }
}

/// Below cargo's own folder: the system's temporary folder may be memory.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_however_the_writer_dies() {
    let folder = folder();
    let tally = campaign(folder.path(), Tells::WhenDurable).run(|_| {}).unwrap();
    assert_eq!(tally.kills, KILLS);
    assert!(tally.acknowledged > 0 && tally.segments > 1, "{tally:?}");
}

#[test]
fn a_writer_that_tells_too_early_is_caught() {
    let folder = folder();
    let wrong = campaign(folder.path(), Tells::TooEarly).run(|_| {}).unwrap_err();
    let wrong = wrong.downcast_ref::<Wrong>();
    assert!(matches!(wrong, Some(Wrong::Lost { .. })), "{wrong:?}");
}
