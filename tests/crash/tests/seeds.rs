//! Long scripts by seed; `cargo xtask crash` runs ten thousand.

use acquit_crash::seeds;

#[test]
fn j2_j4_j5_j6_hold_in_long_scripts() {
    seeds::run(1_000_000, 100).unwrap_or_else(|violation| panic!("{violation}"));
}

#[test]
fn seeds_that_once_found_something_find_nothing_now() {
    for (seed, found) in seeds::REGRESSIONS {
        seeds::run(seed, 1).unwrap_or_else(|violation| panic!("{found}: {violation}"));
    }
}
