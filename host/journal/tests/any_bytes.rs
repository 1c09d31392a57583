//! A little of what the fuzz target `segment` does, on every run and without a fuzzer: its seeds, changed at random,
//! through the same check. What the long runs found and was repaired stands here by name.

extern crate acquit_journal as journal;

#[allow(dead_code, reason = "the seeds are made elsewhere")]
#[path = "../../../fuzz/src/segment.rs"]
mod segment;

use proptest::prelude::*;

const SEEDS: [&[u8]; 5] = [
    include_bytes!("../../../fuzz/corpus/segment/seed-one"),
    include_bytes!("../../../fuzz/corpus/segment/seed-aes"),
    include_bytes!("../../../fuzz/corpus/segment/seed-rotated"),
    include_bytes!("../../../fuzz/corpus/segment/seed-torn"),
    include_bytes!("../../../fuzz/corpus/segment/seed-version-1"),
];

/// One change of an input.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (place(), 1..600_usize).prop_map(|(at, bytes)| Change::Remove(at, bytes)),
        (place(), 1..600_usize).prop_map(|(at, bytes)| Change::Repeat(at, bytes)),
    ]
}

fn apply(input: &mut Vec<u8>, change: &Change) {
    if input.is_empty() {
        return;
    }
    let stretch = |at: &prop::sample::Index, bytes: usize| {
        let start = at.index(input.len());
        start..(start + bytes).min(input.len())
    };
    match change {
        Change::Set(at, byte) => *at.get_mut(input) = *byte,
        Change::Flip(at, bit) => *at.get_mut(input) ^= 1 << bit,
        Change::Remove(at, bytes) => drop(input.drain(stretch(at, *bytes))),
        Change::Repeat(at, bytes) => {
            let again = input[stretch(at, *bytes)].to_vec();
            input.extend(again);
        }
    }
}

#[test]
fn the_seeds_hold() {
    SEEDS.iter().for_each(|seed| segment::check(seed));
    segment::check(&[]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_journal_is_read_as_far_as_it_holds(
        seed in 0..SEEDS.len(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let mut input = SEEDS[seed].to_vec();
        changes.iter().for_each(|change| apply(&mut input, change));
        segment::check(&input);
    }

    #[test]
    fn any_bytes_are_a_journal_or_damage_or_an_error(input in prop::collection::vec(any::<u8>(), 0..2000)) {
        segment::check(&input);
    }
}
