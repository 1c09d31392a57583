//! A handful of worlds; thousands more are played by `cargo xtask simulate` and in the long checks.

use acquit_simulation::{Ground, campaign};

#[test]
fn no_law_breaks_in_a_handful_of_worlds() {
    let seeds = campaign::Seeds { from: 0, count: 40, until: None };
    let report = campaign::run(&Ground::native().unwrap(), seeds, 1, &|_| ()).unwrap();
    assert!(report.found.is_empty(), "{:?}", report.found);
    let figures = report.figures;
    assert!(figures.operations > 400 && figures.power_cuts > 40 && figures.faults.len() > 20, "{figures}");
}
