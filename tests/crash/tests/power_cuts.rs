//! Every power cut of the short scripts, within the quick bound. `cargo xtask crash` goes further.

use acquit_crash::{Bound, SCRIPTS, Script, run, run_nested};

#[test]
fn j2_j4_j5_hold_of_every_image_at_every_boundary() {
    for script in SCRIPTS {
        // The batch in sectors of 512 bytes is for the long tier.
        let sizes: &[usize] = if script.name == "settlement" { &[4096] } else { &[512, 4096] };
        for &sector_bytes in sizes {
            let counts = run(&script, script.lab(sector_bytes), &Bound::quick());
            let counts = counts.unwrap_or_else(|violation| panic!("{violation}"));
            assert!(counts.points > 15 && counts.images > 100, "{}: {counts:?}", script.name);
        }
    }
}

#[test]
fn j2_j4_j5_hold_when_the_power_goes_again_during_recovery() {
    for (name, sector_bytes) in [("sale", 512), ("restart", 4096), ("compaction", 4096)] {
        let script = Script::find(name).unwrap();
        let counts = run_nested(&script, script.lab(sector_bytes), &Bound::nested());
        let counts = counts.unwrap_or_else(|violation| panic!("{violation}"));
        assert!(counts.images > 300, "{name}: {counts:?}");
    }
}
