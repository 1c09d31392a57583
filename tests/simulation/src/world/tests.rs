//! Laws on observations that are not true: each must be able to fail.

use engine::sabotage::{self, Sin};

use super::{Desk, Ground, World};
use crate::exhaustive::{Story, stories};
use crate::laws::Law;
use crate::source::Source;

/// The world of a sale, with books and ledgers compared, when so many milliseconds are over.
fn sale(until_ms: u64) -> World {
    let story: Story = stories().into_iter().find(|story| story.name == "sale").unwrap();
    let source = Source::listed(&story.script);
    let mut world = World::new(&Ground::native().unwrap(), &story.script, source, false).unwrap();
    world.around.watch.compare_at_each_step();
    world.run_until(until_ms).unwrap();
    assert_eq!(world.broken(), None);
    world
}

fn law(world: &World) -> Option<Law> {
    world.broken().map(|broken| broken.law)
}

#[test]
fn an_approved_sale_that_the_ledger_does_not_have_is_noticed_in_the_middle_of_the_day() {
    let mut world = sale(60_000);
    assert!(world.around.figures.comparisons > 0);
    world.around.desks[0] = Desk::new(&world.around.shape, 0).unwrap();
    world.terminals[0].judge_so_far(&mut world.around);
    assert_eq!(law(&world), Some(Law::ApprovedIsNotLost));
}

#[test]
fn a_sale_in_the_ledger_that_the_terminal_does_not_know_is_noticed_in_the_middle_of_the_day() {
    let mut world = sale(60_000);
    let World { terminals, around, .. } = &mut world;
    let books = engine::books::Books::default();
    assert!(terminals[0].books().is_some());
    around.watch.so_far(0, 0, &books, &around.desks[0].bank);
    assert_eq!(law(&world), Some(Law::BooksEqualLedgers));
}

#[test]
fn a_sale_at_a_terminal_whose_journal_is_damaged_is_noticed() {
    let mut world = sale(500);
    world.around.watch.rots(0);
    let books = engine::books::Books::default();
    world.around.watch.read_back(0, &books, Some("a checksum does not hold"));
    world.run_until(60_000).unwrap();
    assert_eq!(law(&world), Some(Law::DamageStopsSales));
}

#[test]
fn damage_that_nothing_explains_is_noticed() {
    let mut world = sale(500);
    let World { terminals, around, .. } = &mut world;
    around.watch.read_back(0, terminals[0].books().unwrap(), Some("a checksum does not hold"));
    assert_eq!(law(&world), Some(Law::JournalIsWhole));
}

#[test]
fn a_sale_that_may_have_left_on_one_route_and_leaves_on_another_is_noticed() {
    let ground = Ground::native().unwrap();
    let story = stories().into_iter().find(|story| story.name == "sale-with-reversal").unwrap();
    let play = || World::play(&ground, &story.script, Source::listed(&story.script), false).unwrap();
    assert_eq!(play().broken, None);
    sabotage::commit(Some(Sin::SendOnOtherRoute));
    let ended = play();
    sabotage::commit(None);
    assert_eq!(ended.broken.map(|broken| broken.law), Some(Law::OneRoute));
}

#[test]
fn what_never_left_on_a_route_that_is_down_leaves_on_the_other() {
    let ground = Ground::native().unwrap();
    let story = stories().into_iter().find(|story| story.name == "show-to-pay-first-route-down").unwrap();
    let ended = World::play(&ground, &story.script, Source::listed(&story.script), true).unwrap();
    let timeline = ended.timeline.join("\n");
    assert_eq!(ended.broken, None, "{timeline}");
    assert!(timeline.contains("A sends 0200") && timeline.contains("on backup"), "{timeline}");
    // A regression: a question that was not answered wiped out the numbers by which the next one asks.
    assert!(!timeline.contains("PluginFailed"), "{timeline}");
}
