//! A suite that no wrong journal can fail proves nothing. Each of these journals is wrong in one way, and each is
//! caught by the part of the suite that is there for it.

use acquit_crash::{Bound, Counts, Lab, SINS, Script, Sin, Violation, faults, run, seeds};

fn lab(script: &Script, sector_bytes: usize, sin: Sin) -> Lab {
    Lab { sin: Some(sin), ..script.lab(sector_bytes) }
}

fn cuts(name: &str, sector_bytes: usize, sin: Sin) -> Result<Counts, Box<Violation>> {
    let script = Script::find(name).unwrap();
    run(&script, lab(&script, sector_bytes, sin), &Bound::quick())
}

fn errors(name: &str, sin: Sin) -> Result<Counts, Box<Violation>> {
    let script = Script::find(name).unwrap();
    faults::sweep(&script, lab(&script, 512, sin))
}

/// Runs what is there to catch this sin.
fn suite(sin: Sin) -> Result<Counts, Box<Violation>> {
    match sin {
        Sin::SkipDirectorySync => cuts("rotation", 512, sin),
        Sin::AcknowledgeBeforeSync => cuts("sale", 512, sin),
        Sin::RetryFailedSync | Sin::KeepCache => errors("sale", sin),
        Sin::ShareSectors => cuts("sale", 4096, sin),
        Sin::IgnoreWitness => faults::rot_in(lab(&faults::SMALL, 512, sin), false),
    }
}

#[test]
fn each_sin_is_caught() {
    for sin in SINS {
        let violation = suite(sin).expect_err(&format!("{sin:?} was not caught"));
        assert!(["J2", "J4", "J5"].contains(&violation.broken.law), "{sin:?}: {violation}");
        println!("{sin:?}: {violation}");
    }
}

#[test]
fn long_scripts_catch_them_too() {
    // All but the witness, which only rot can need.
    for sin in SINS.into_iter().filter(|sin| *sin != Sin::IgnoreWitness) {
        let violation = seeds::run_with(Some(sin), 0, 2_000).expect_err(&format!("{sin:?} was not caught"));
        println!("{sin:?}: {violation}");
    }
}
