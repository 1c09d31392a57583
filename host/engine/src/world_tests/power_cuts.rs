//! The plug is pulled at every single effect of a sale and of the reversal that follows, before it and after it; and
//! then at every effect of what comes after the first cut. Whatever was cut where: the books equal the ledger.

use super::House;
use super::acquirer::Line;

/// How the sale would go if nobody pulled the plug.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Approved,
    Declined,
    LostReply,
    LostRequest,
    WrongMac,
    NotSentAtFirst,
}

const FATES: [Fate; 6] =
    [Fate::Approved, Fate::Declined, Fate::LostReply, Fate::LostRequest, Fate::WrongMac, Fate::NotSentAtFirst];

/// What is different after the first cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Same,
    /// The plugin's file and its kept copy are broken.
    PluginGone,
    /// What was under way at the cut arrives after the terminal's next message.
    LateArrival,
}

pub(super) fn house(fate: Fate, after: After) -> House {
    let mut house = House::new();
    match fate {
        Fate::Approved => {}
        Fate::Declined => house.acquirer.sale_code = "51",
        Fate::LostReply => house.acquirer.line = [Line::LostReply].into(),
        Fate::LostRequest => house.acquirer.line = [Line::LostRequest].into(),
        Fate::WrongMac => house.acquirer.line = [Line::WrongMac].into(),
        Fate::NotSentAtFirst => house.acquirer.line = [Line::NotSent, Line::Good].into(),
    }
    house.delays_at_cut = after == After::LateArrival;
    house
}

/// Every way a sale can go, with everything that can be different after a cut.
pub(super) fn every_fate() -> impl Iterator<Item = (Fate, After)> {
    let afters = [After::Same, After::PluginGone, After::LateArrival];
    FATES.into_iter().flat_map(move |fate| afters.into_iter().map(move |after| (fate, after)))
}

/// Runs one sale with these cuts; tells how many points it had, or none when a cut lay beyond its end.
fn run(fate: Fate, after: After, cuts: &[usize]) -> Option<usize> {
    let mut house = house(fate, after);
    house.points = 0;
    house.cuts = cuts.iter().copied().collect();
    house.ask_sale("A1", 1234);
    while !house.cuts.is_empty() {
        let before = house.cuts.len();
        match house.advance(u64::MAX) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => {
                if after == After::PluginGone && before == cuts.len() {
                    house.break_plugin();
                }
                house.start();
            }
        }
    }
    let was_cut = house.cuts.is_empty();
    house.cuts.clear();
    house.rest();
    house.assert_balanced();
    was_cut.then_some(house.points)
}

#[test]
fn one_cut_anywhere() {
    for fate in FATES {
        let points = run(fate, After::Same, &[]).unwrap();
        assert!(points > 15, "{fate:?}: too few points to mean anything: {points}");
        for after in [After::Same, After::PluginGone, After::LateArrival] {
            let cuts = (1..).take_while(|cut| run(fate, after, &[*cut]).is_some()).count();
            assert_eq!(cuts, points, "{fate:?} {after:?}");
        }
    }
}

#[test]
fn two_cuts_anywhere() {
    for (fate, after) in
        [(Fate::LostReply, After::Same), (Fate::LostReply, After::LateArrival), (Fate::Approved, After::PluginGone)]
    {
        let points = run(fate, After::Same, &[]).unwrap();
        for first in 1..=points {
            let pairs = (1..).take_while(|second| run(fate, after, &[first, *second]).is_some()).count();
            assert!(pairs > 1, "{fate:?} {first}: the second cut never came");
        }
    }
}

#[test]
fn without_the_plugin_the_stored_message_is_sent_and_its_own_readings_decide() {
    let mut house = house(Fate::LostReply, After::Same);
    house.ask_sale("A1", 1234);
    house.run_while(|house| house.acquirer.count("sale") == 0);
    house.break_plugin();
    house.start();
    assert_eq!(house.books().owed(), 1);
    house.rest();
    house.assert_balanced();
    assert_eq!(house.acquirer.count("reversal"), 1);
    let read_by = house.facts().into_iter().find_map(|fact| match fact {
        crate::Fact::Answered { read_by, .. } => Some(read_by),
        _ => None,
    });
    assert_eq!(read_by, Some(crate::Reader::Standby));
}

#[test]
fn a_plugin_that_traps_on_the_reversals_answer_does_not_keep_the_debt_open() {
    let mut house = house(Fate::LostReply, After::Same);
    house.guest = Box::new(|call| match call {
        crate::Call::Resume(_, operation, ..) if super::guest::is_reversal(operation) => {
            crate::Answer::Step(Err(super::guest::trap()))
        }
        call => super::guest::honest(call),
    });
    house.sale("A1", 1234);
    house.assert_balanced();
    assert_eq!(house.acquirer.count("reversal"), 1);
}
