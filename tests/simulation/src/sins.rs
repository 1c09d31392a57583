//! Engines that are wrong on purpose, and the worlds that must notice.

use anyhow::Result;
use engine::sabotage::{self, Sin};

use crate::laws::Broken;
use crate::seed;
use crate::world::{Ground, World};

/// Plays seeds under an engine that commits this sin until a law breaks; gives the seed and the law. None if none does.
pub fn first_caught(ground: &Ground, sin: Sin, seeds: impl IntoIterator<Item = u64>) -> Result<Option<(u64, Broken)>> {
    for seed in seeds {
        let (script, source) = seed::world(seed);
        sabotage::commit(Some(sin));
        let ended = World::play(ground, &script, source, false);
        sabotage::commit(None);
        if let Some(broken) = ended?.broken {
            return Ok(Some((seed, broken)));
        }
    }
    Ok(None)
}
