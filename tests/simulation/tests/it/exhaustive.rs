//! Every single fault at every step of a sign-in and of a sale with its reversal; the rest is in the long checks.

use acquit_simulation::{Ground, exhaustive};

#[test]
fn no_single_fault_breaks_a_law() {
    let ground = Ground::native().unwrap();
    for story in exhaustive::stories().iter().filter(|story| ["sign-in", "sale-with-reversal"].contains(&story.name)) {
        let gone = exhaustive::singles(&ground, story, 1).unwrap();
        assert!(gone.found.is_empty(), "{}: {:?}", story.name, gone.found);
        assert!(gone.figures.worlds > 80 && gone.figures.faults.len() > 10, "{}: {}", story.name, gone.figures);
    }
}
