//! From a seed to a world: who is there, what they do, and how much goes wrong.

use crash::Dice;

use crate::cards;
use crate::dice::dice_for;
use crate::fault::KINDS;
use crate::ground;
use crate::script::{Act, Script, Shape, What, short_segments};
use crate::source::{Odds, Source};
use engine::FollowUpKind;

/// The most acts at one terminal.
const ACTS_MAX: usize = 40;
/// Between two acts: mostly long enough for what was asked for, sometimes not. Milliseconds.
const PAUSES_MS: [u64; 6] = [20_000, 5_000, 60_000, 200, 15_000, 300_000];
/// Chances of a kind of fault, in ten thousand at each step where it can strike.
const CHANCES: [u32; 6] = [0, 0, 30, 100, 300, 1_000];
/// Faults that people and time bring, one act in so many.
const TROUBLE: [usize; 4] = [0, 12, 6, 3];
/// What may follow a sale.
const AFTER_A_SALE: [FollowUpKind; 6] = [
    FollowUpKind::Void,
    FollowUpKind::Void,
    FollowUpKind::Refund,
    FollowUpKind::Inquire,
    FollowUpKind::Advise,
    FollowUpKind::Advise,
];
/// What can be downloaded.
const ROWS: [&str; 3] = ["parameters", "public-keys", "applications"];
/// What may follow a pre-authorisation or its completion.
const AFTER_A_HOLD: [FollowUpKind; 4] = [
    FollowUpKind::Complete,
    FollowUpKind::Complete,
    FollowUpKind::CancelPreauthorization,
    FollowUpKind::CancelCompletion,
];
/// Amounts the acquirer refuses, among others it takes. Minor units.
const REFUSED_MINOR: [u64; 4] = [5_100, 500, 9_800, 6_800];

/// A world by its seed, and where its faults come from.
pub fn world(seed: u64) -> (Script, Source) {
    let mut dice = dice_for(seed, &["world"], 0);
    let mut shape = shape(seed, &mut dice);
    let acts: Vec<Act> = (0..shape.terminals).flat_map(|terminal| acts(seed, &shape, terminal)).collect();
    shape.calm_from_ms = acts.iter().map(|act| act.at_ms).max().unwrap_or_default() + 120_000;
    let odds: Odds = KINDS.map(|_| one_of(&mut dice, &CHANCES));
    let source = Source::by_chance(seed, odds, shape.calm_from_ms);
    (Script { shape, acts, strikes: Vec::new() }, source)
}

fn shape(seed: u64, dice: &mut Dice) -> Shape {
    Shape {
        seed,
        terminals: 1 + dice.below(3),
        acquirers: 1 + dice.below(ground::ACQUIRERS.len()),
        latency_ms: one_of(dice, &[20, 200, 2_000]),
        timeout_ms: one_of(dice, &[10_000, 30_000, 60_000]),
        tombstones: !dice.one_in(3),
        forgets_reversals: dice.one_in(4),
        sector_bytes: one_of(dice, &[512, 4096]),
        refused_debts_max: one_of(dice, &[2, 10]),
        segment_bytes: short_segments(),
        second_route: dice_for(seed, &["routes"], 0).one_in(2),
        calm_from_ms: 0,
    }
}

fn acts(seed: u64, shape: &Shape, terminal: usize) -> Vec<Act> {
    let mut dice = dice_for(seed, &["acts"], terminal as u64);
    let trouble = one_of(&mut dice, &TROUBLE);
    let pauses = 1 + dice.below(PAUSES_MS.len());
    let mut at_ms = 1_000;
    let mut acts: Vec<Act> = Vec::new();
    for number in 0..4 + dice.below(ACTS_MAX) {
        let acquirer = dice.below(shape.acquirers);
        let name = format!("T{terminal}N{number}");
        let act = |name: String, what| Act { at_ms, terminal, acquirer, name, what };
        let paid = acts.iter().rev().filter(|act| has_what_follows(&act.what));
        let of = paid.clone().nth(dice.below(3)).filter(|_| dice.one_in(4)).cloned();
        acts.push(match earlier(&acts, &mut dice) {
            Some(earlier) => Act { at_ms, ..earlier },
            None if trouble > 0 && dice.one_in(trouble) => act(name, misfortune(&mut dice)),
            None => match of {
                Some(of) => Act { what: following(&mut dice, &of), name, at_ms, ..of },
                None => act(name, business(&mut dice)),
            },
        });
        at_ms += PAUSES_MS[dice.below(pauses)] + dice.below(1_000) as u64;
    }
    acts
}

fn has_what_follows(what: &What) -> bool {
    matches!(what, What::Sale { .. } | What::ScanToPay { .. } | What::Preauthorize { .. } | What::Follow { .. })
}

/// Asked for again, or cancelled.
fn earlier(acts: &[Act], dice: &mut Dice) -> Option<Act> {
    let sales: Vec<&Act> =
        acts.iter().filter(|act| matches!(act.what, What::Sale { .. } | What::ScanToPay { .. })).collect();
    if sales.is_empty() || !dice.one_in(8) {
        return None;
    }
    let last = sales.len() - 1;
    let sale = sales[if dice.one_in(2) { last } else { dice.below(sales.len()) }];
    let what = if dice.one_in(2) { What::Cancel } else { sale.what.clone() };
    Some(Act { what, ..sale.clone() })
}

fn business(dice: &mut Dice) -> What {
    let minor = 1 + dice.below(100_000) as u64;
    match dice.below(24) {
        0 => keeping(dice),
        1 => What::PayDebts,
        2 => What::Tend,
        3 => What::Settle,
        7 => What::ScanToPay { minor: if dice.one_in(2) { ground::ASKS_THE_CUSTOMER_MINOR as u64 } else { minor } },
        9 => What::ShowToPay { minor },
        8 if dice.one_in(2) => What::RefundBare { minor, card: card(dice) },
        8 => What::Waive,
        4 => What::Balance { card: card(dice) },
        5 | 6 => What::Preauthorize { minor, card: card(dice) },
        _ => {
            let refused = dice.one_in(10);
            let minor = if refused { one_of(dice, &REFUSED_MINOR) } else { minor };
            What::Sale { minor, card: card(dice) }
        }
    }
}

/// Whose card: each in turn, and more often one that approves alone, which is asked rarely.
fn card(dice: &mut Dice) -> usize {
    if dice.one_in(4) { cards::CHIP_ALONE } else { dice.below(cards::count()) }
}

/// What keeps a terminal in touch with its acquirer.
fn keeping(dice: &mut Dice) -> What {
    match dice.below(6) {
        0 => What::Echo,
        1 => What::SignOff,
        2 | 3 => What::Download { rows: one_of(dice, &ROWS).to_owned() },
        _ => What::SignIn,
    }
}

/// Something about an earlier payment: mostly what fits it, at the acquirer that has it.
fn following(dice: &mut Dice, of: &Act) -> What {
    let held = matches!(of.what, What::Preauthorize { .. } | What::Follow { .. });
    if dice.one_in(10) {
        return What::RefundTyped { of: of.name.clone(), minor: 1 + dice.below(1_000) as u64 };
    }
    let kinds: &[FollowUpKind] = if held { &AFTER_A_HOLD } else { &AFTER_A_SALE };
    let kind = if dice.one_in(12) { FollowUpKind::Refund } else { one_of(dice, kinds) };
    let takes_part = matches!(kind, FollowUpKind::Refund | FollowUpKind::Complete) && dice.one_in(2);
    let minor = (takes_part || kind == FollowUpKind::Advise).then(|| 1 + dice.below(1_000) as u64);
    What::Follow { kind, of: of.name.clone(), minor }
}

fn misfortune(dice: &mut Dice) -> What {
    let ms = one_of(dice, &[1_000, 30_000, 600_000]);
    match dice.below(10) {
        8 => What::RefuseAdvices { ms },
        9 => What::Miscount { fails: dice.one_in(2) },
        0 | 1 => What::Unplug { ms },
        2 => What::SetClock { by_ms: one_of(dice, &[-86_400_000, -3_600_000, 60_000, 86_400_000]) },
        3 => What::AcquirerDown { ms, silent: dice.one_in(2) },
        4 => What::RouteDown { ms, silent: dice.one_in(2) },
        5 => What::CutOver,
        6 => What::ForgetKeys,
        _ => What::BreakPlugin { ms },
    }
}

fn one_of<T: Copy>(dice: &mut Dice, choices: &[T]) -> T {
    choices[dice.below(choices.len())]
}
