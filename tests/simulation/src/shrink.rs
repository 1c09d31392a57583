//! A world that broke a law, made as small as it can be and still break it.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::laws::{Broken, Law};
use crate::script::Script;
use crate::source::Source;
use crate::world::{Ground, World};

/// Worlds played at most to shrink one.
const PLAYS_MAX: usize = 4_000;

/// A script that breaks a law, and what it does.
#[derive(Debug)]
pub struct Shrunk {
    /// The script.
    pub script: Script,
    /// The law it breaks, and how.
    pub broken: Broken,
    /// Worlds played to find it.
    pub plays: usize,
}

/// Takes away acts and faults as long as the same law is broken. None if the script as it stands breaks nothing.
pub fn shrink(ground: &Ground, script: Script) -> Result<Option<Shrunk>> {
    let Some(broken) = play(ground, &script)? else { return Ok(None) };
    let mut shrinking = Shrinking { ground, law: broken.law, best: Shrunk { script, broken, plays: 1 } };
    loop {
        let before = shrinking.size();
        shrinking.fewer(|script| &mut script.acts)?;
        shrinking.fewer(|script| &mut script.strikes)?;
        shrinking.simpler_world()?;
        if shrinking.size() == before || shrinking.best.plays >= PLAYS_MAX {
            return Ok(Some(shrinking.best));
        }
    }
}

struct Shrinking<'a> {
    ground: &'a Ground,
    law: Law,
    best: Shrunk,
}

impl Shrinking<'_> {
    fn size(&self) -> (usize, usize, usize) {
        let Script { shape, acts, strikes } = &self.best.script;
        (acts.len(), strikes.len(), shape.terminals + shape.acquirers)
    }

    /// Takes away halves, quarters and so on, down to one by one.
    fn fewer<T: Clone>(&mut self, part: impl Fn(&mut Script) -> &mut Vec<T>) -> Result<()> {
        let mut chunk = part(&mut self.best.script).len().next_power_of_two();
        while chunk > 0 {
            let mut from = 0;
            while from < part(&mut self.best.script).len() {
                let mut candidate = self.best.script.clone();
                let items = part(&mut candidate);
                let to = (from + chunk).min(items.len());
                items.drain(from..to);
                if !self.takes(candidate)? {
                    from += chunk;
                }
            }
            chunk /= 2;
        }
        Ok(())
    }

    /// Fewer terminals and acquirers, a plainer network.
    fn simpler_world(&mut self) -> Result<()> {
        let mut fewer = self.best.script.clone();
        let used = |of: fn(&crate::script::Act) -> usize| fewer.acts.iter().map(of).max().unwrap_or_default() + 1;
        let (terminals, acquirers) = (used(|act| act.terminal), used(|act| act.acquirer));
        fewer.shape.terminals = terminals;
        fewer.shape.acquirers = acquirers;
        self.takes(fewer)?;
        self.takes(renumbered(self.best.script.clone()))?;
        let mut plainer = self.best.script.clone();
        (plainer.shape.tombstones, plainer.shape.forgets_reversals) = (true, false);
        self.takes(plainer).map(drop)
    }

    fn takes(&mut self, candidate: Script) -> Result<bool> {
        if candidate == self.best.script || self.best.plays >= PLAYS_MAX {
            return Ok(false);
        }
        self.best.plays += 1;
        match play(self.ground, &candidate)? {
            Some(broken) if broken.law == self.law => {
                (self.best.script, self.best.broken) = (candidate, broken);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// The same with those terminals and acquirers alone that do something, counted from 0 again.
fn renumbered(mut script: Script) -> Script {
    let terminals: BTreeSet<usize> = script.acts.iter().map(|act| act.terminal).collect();
    let acquirers: BTreeSet<usize> = script.acts.iter().map(|act| act.acquirer).collect();
    let place = |among: &BTreeSet<usize>, number: usize| among.range(..number).count();
    script.strikes.retain(|(occasion, _)| terminals.contains(&occasion.terminal));
    for (occasion, _) in &mut script.strikes {
        occasion.terminal = place(&terminals, occasion.terminal);
    }
    for act in &mut script.acts {
        act.terminal = place(&terminals, act.terminal);
        act.acquirer = place(&acquirers, act.acquirer);
    }
    script.shape.terminals = terminals.len().max(1);
    script.shape.acquirers = acquirers.len().max(1);
    script
}

fn play(ground: &Ground, script: &Script) -> Result<Option<Broken>> {
    let source = Source::listed(script);
    Ok(World::play(ground, script, source, false)?.broken)
}

impl Shrunk {
    /// The script as a test, to be put into `tests/it/regressions.rs`.
    pub fn as_test(&self) -> String {
        let name = self.broken.law.word().replace('-', "_");
        let lines: String = self.script.to_string().lines().map(|line| format!("        {line}\n")).collect();
        let Broken { story, .. } = &self.broken;
        format!(
            "/// What went wrong: {story}\n#[test]\nfn {name}_after_seed_{}() {{\n    holds(\n        r#\"\n{lines}        \"#,\n    \
             );\n}}\n",
            self.script.shape.seed
        )
    }
}

#[cfg(test)]
mod tests {
    use engine::sabotage::{self, Sin};

    use super::*;
    use crate::seed;

    /// Seeds within which the sin is met.
    const SEEDS: u64 = 60;

    /// The first world that notices the sin, as a script without chance.
    fn caught(ground: &Ground) -> Script {
        for seed in 0..SEEDS {
            let (mut script, source) = seed::world(seed);
            let ended = World::play(ground, &script, source, false).unwrap();
            if ended.broken.is_some() {
                script.strikes = ended.source.struck;
                return script;
            }
        }
        panic!("no world notices it");
    }

    #[test]
    fn a_day_on_which_a_trace_number_came_twice_shrinks_to_a_few_acts() {
        let ground = Ground::native().unwrap();
        sabotage::commit(Some(Sin::ReuseTrace));
        let script = caught(&ground);
        let shrunk = shrink(&ground, script.clone());
        sabotage::commit(None);
        let shrunk = shrunk.unwrap().expect("its script plays it again");
        assert_eq!(shrunk.broken.law, Law::TraceIsUnique);
        let Script { shape, acts, strikes } = &shrunk.script;
        assert!(acts.len() <= 3 && strikes.len() <= 2 && shape.terminals == 1, "{}", shrunk.script);
        assert!(script.acts.len() > acts.len(), "it was short before");
        // What is handed over breaks the law again when read, and nothing without the sin.
        let read = Script::parse(&shrunk.script.to_string()).unwrap();
        assert_eq!(play(&ground, &read).unwrap(), None);
        sabotage::commit(Some(Sin::ReuseTrace));
        let again = play(&ground, &read);
        sabotage::commit(None);
        assert_eq!(again.unwrap(), Some(shrunk.broken));
    }
}
