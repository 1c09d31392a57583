//! Where faults come from: chances drawn from the seed, or a list.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crash::Dice;

use crate::dice::{dice_for, happens};
use crate::fault::{Fault, KINDS, Occasion, STEPS, Step};
use crate::script::Script;

/// Chances of each kind, in ten thousand, at each step where it can strike.
pub type Odds = [u32; KINDS.len()];

/// Decides at every occasion whether something goes wrong, and remembers what did.
#[derive(Debug)]
pub struct Source {
    seed: u64,
    plan: Plan,
    counts: HashMap<(usize, Arc<str>), [u32; STEPS]>,
    /// When the phase of faults is over. Milliseconds.
    until_ms: u64,
    /// What struck, in order.
    pub struck: Vec<(Occasion, Fault)>,
    /// Every occasion there was, if they are to be known.
    pub seen: Option<Vec<Occasion>>,
}

#[derive(Debug)]
enum Plan {
    /// By chance.
    Chance { odds: Odds },
    /// These and no others.
    Listed(BTreeMap<Occasion, Fault>),
}

impl Source {
    /// Faults by chance until the calm begins.
    pub fn by_chance(seed: u64, odds: Odds, until_ms: u64) -> Source {
        Source::new(seed, Plan::Chance { odds }, until_ms)
    }

    /// The faults of this script and no others, and none in its calm.
    pub fn listed(script: &Script) -> Source {
        let plan = Plan::Listed(script.strikes.iter().cloned().collect());
        Source::new(script.shape.seed, plan, script.shape.calm_from_ms)
    }

    fn new(seed: u64, plan: Plan, until_ms: u64) -> Source {
        Source { seed, plan, counts: HashMap::new(), until_ms, struck: Vec::new(), seen: None }
    }

    /// Whether something goes wrong here; counts the occasion.
    pub fn strike(&mut self, terminal: usize, about: &Arc<str>, step: Step, now_ms: u64) -> Option<Fault> {
        if self.is_silent(now_ms) {
            return None;
        }
        let count = &mut self.counts.entry((terminal, Arc::clone(about))).or_insert([0; STEPS])[step as usize];
        let nth = *count;
        *count += 1;
        let occasion = || Occasion { terminal, about: about.as_ref().to_owned(), step, nth };
        if let Some(seen) = &mut self.seen {
            seen.push(occasion());
        }
        let fault = match &self.plan {
            Plan::Listed(strikes) => strikes.get(&occasion()).cloned(),
            Plan::Chance { odds } => {
                let number = (terminal as u64) << 40 | (step as u64) << 32 | u64::from(nth);
                chosen(&mut dice_for(self.seed, &[about], number), step, *odds)
            }
        };
        if let Some(fault) = &fault {
            self.struck.push((occasion(), fault.clone()));
        }
        fault
    }

    /// Chance that belongs to one occasion: what a power cut there leaves of the disk.
    pub fn dice_at(&self, terminal: usize, about: &str, number: u64) -> Dice {
        dice_for(self.seed, &["chance", about], (terminal as u64) << 32 | number)
    }

    /// Nothing can go wrong any more, and nobody counts.
    fn is_silent(&self, now_ms: u64) -> bool {
        now_ms >= self.until_ms
            || self.seen.is_none()
                && match &self.plan {
                    Plan::Chance { odds } => odds.iter().all(|chance| *chance == 0),
                    Plan::Listed(strikes) => strikes.is_empty(),
                }
    }
}

fn chosen(dice: &mut Dice, step: Step, odds: Odds) -> Option<Fault> {
    let kind = KINDS.into_iter().zip(odds).find(|(_, chance)| happens(dice, *chance)).map(|(kind, _)| kind)?;
    let mut faults = step.faults(kind, dice.below(200) as u32);
    if faults.is_empty() { None } else { Some(faults.swap_remove(dice.below(faults.len()))) }
}
