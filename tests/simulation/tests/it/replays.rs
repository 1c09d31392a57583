//! The same seed is the same world: again, from its own script, and through Wasm.

use std::path::PathBuf;
use std::sync::Arc;

use acquit_simulation::{Ground, Native, Script, Source, World, seed};
use sandbox::Sandbox;
use sandbox::contract::Plugin;
use unionpay::UnionPay;

const SEEDS: std::ops::Range<u64> = 0..8;

/// What happens in the world of a seed.
fn timeline(ground: &Ground, seed: u64) -> Vec<String> {
    let (script, source) = seed::world(seed);
    World::play(ground, &script, source, true).unwrap().timeline
}

#[test]
fn a_seed_is_the_same_world_every_time_and_its_own_script_plays_it_again() {
    let ground = Ground::native().unwrap();
    for seed in SEEDS {
        let (mut script, source) = seed::world(seed);
        let first = World::play(&ground, &script, source, true).unwrap();
        same(seed, &first.timeline, &timeline(&ground, seed));
        script.strikes = first.source.struck;
        let read = Script::parse(&script.to_string()).unwrap();
        assert_eq!(read, script);
        let again = World::play(&ground, &read, Source::listed(&read), true).unwrap();
        same(seed, &first.timeline, &again.timeline);
    }
}

#[test]
fn a_seed_is_the_same_world_through_wasm() {
    let plugin = Sandbox::new().unwrap().load("unionpay", &artefact()).unwrap();
    let native = Ground::with(Arc::new(Native::<UnionPay>::under(plugin.digest()))).unwrap();
    let sandboxed = Ground::with(Arc::new(plugin)).unwrap();
    for seed in SEEDS {
        same(seed, &timeline(&native, seed), &timeline(&sandboxed, seed));
    }
}

/// Two timelines line by line, so that the first difference is what is shown.
fn same(seed: u64, one: &[String], other: &[String]) {
    for (number, (line, same)) in one.iter().zip(other).enumerate() {
        assert_eq!(line, same, "seed {seed}, line {number}");
    }
    assert_eq!(one.len(), other.len(), "seed {seed}");
}

fn artefact() -> PathBuf {
    let plugins = std::env::var_os("ACQUIT_PLUGINS").expect("ACQUIT_PLUGINS names the built plugins: cargo xtask test");
    PathBuf::from(plugins).join("unionpay.cwasm")
}
