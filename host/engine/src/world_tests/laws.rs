//! The journal's laws as far as they are the engine's, over random histories: a hostile plugin, a bad line, a journal
//! that fails, a plug that is pulled and an operator who waives.

use proptest::prelude::*;

use super::hostile::{Whim, day, hostile, hostile_or, lines, whims};
use super::teller::{self, Silence};
use super::{House, power_cuts};
use crate::books::Books;
use crate::contract::transaction::{Gravity, Operation};
use crate::{Duty, Fact, Outcome, Record, Recovery, TransactionId, Verdict};

/// What happens to a house, apart from what its plugin does.
#[derive(Clone, Debug)]
pub(crate) struct History {
    whims: Vec<Whim>,
    lines: Vec<super::acquirer::Line>,
    failing: Vec<bool>,
    cuts: Vec<usize>,
    /// After each sale: how long it is left alone before the waiver, and whether there is one.
    waivers: Vec<(u64, bool)>,
    /// After which sales the batch is to be closed.
    settles: Vec<bool>,
}

pub(crate) fn histories() -> impl Strategy<Value = History> {
    let failing = prop::collection::vec(prop::bool::weighted(0.03), 0..40);
    let cuts = prop::collection::vec(1_usize..60, 0..3);
    let waivers = prop::collection::vec((prop::sample::select(vec![0, 20, 31_000, 90_000]), any::<bool>()), 4);
    let settles = prop::collection::vec(prop::bool::weighted(0.4), 4);
    (whims(), lines(), failing, cuts, waivers, settles).prop_map(|(whims, lines, failing, cuts, waivers, settles)| {
        History { whims, lines, failing, cuts, waivers, settles }
    })
}

impl History {
    /// Lives through it, to where nothing is left to be done.
    pub(crate) fn live(self) -> House {
        let mut house = House::new().closing(hostile(self.whims));
        house.acquirer.line = self.lines.into();
        house.failing_commits = self.failing.into();
        house.points = 0;
        house.cuts = self.cuts.into();
        let days = self.waivers.into_iter().zip(self.settles);
        for (id, ((wait, waives), settles)) in ["A1", "A2", "A3", "A4"].into_iter().zip(days) {
            house.ask_sale(id, 5);
            if id == "A2" {
                house.ask_sign_in("S1");
            }
            house.run_for(wait);
            if waives {
                house.waive(&format!("{id}R"), "settled at the counter");
            }
            house.run_for(200_000);
            if settles {
                house.begin(&id.replace('A', "C"), crate::Order::Settle);
                house.run_for(200_000);
            }
        }
        house
    }
}

fn mentions(fact: &Fact, id: &TransactionId) -> bool {
    fact.subject() == Some(id)
}

/// Every message had its own record before it left; and what moves money, the message that takes it back.
fn j1_holds(house: &House) {
    let records = house.records();
    for (place, (transaction, length)) in house.sent.iter().enumerate() {
        let sends = house.sent[..=place].iter().filter(|(other, _)| other == transaction).count();
        let allows = |fact: &Fact| match fact {
            Fact::Intent(_) | Fact::Resent { .. } => mentions(fact, transaction),
            Fact::Tried { .. } => mentions(fact, &transaction.reversal()),
            _ => false,
        };
        let written = records[..*length].iter().filter(|record| allows(&record.fact)).count();
        assert!(written >= sends, "{transaction} was sent {sends} times and written down {written} times");
    }
    for Record { fact, .. } in records {
        if let Fact::Intent(intent) = fact {
            assert!(intent.gravity != Gravity::MovesMoney || intent.remedy.is_some(), "nothing takes it back");
        }
    }
}

/// Whatever a crash leaves, each intent is concluded and proven, or is owed. Never both, never neither.
fn j2_holds(records: &[Record], house: &House) {
    let recovery = Recovery::read(records, house.now());
    let mut books = recovery.books().clone();
    for record in recovery.closing() {
        books.apply(record).unwrap();
    }
    for record in records {
        let Fact::Intent(intent) = &record.fact else { continue };
        let closes = matches!(intent.operation, Operation::Settle(_) | Operation::Upload(_));
        if closes || books.debt(&intent.transaction).is_some() {
            // What closes a batch stays open until it is closed, and moves no money; what is owed is told under the
            // name of the debt.
            continue;
        }
        let known = books.transaction(&intent.transaction).expect("an intent without a record");
        let outcome = &known.conclusion.as_ref().expect("an intent without a conclusion").outcome;
        let needs_debt = matches!(outcome, Outcome::Unknown(_));
        let in_doubt = |debt: &crate::books::Debt| !matches!(debt.duty, Duty::Advise | Duty::ReportScripts);
        let has_debt = books.debts_of(known).any(in_doubt);
        assert_eq!(has_debt, needs_debt, "{}: {outcome:?}, {:?}", known.id, known.debts);
        assert!(!matches!(outcome, Outcome::NotSent(_)) || !known.may_have_moved_money(), "{}", known.id);
    }
}

/// A debt is open until it is acknowledged or waived, and what made and what ended it stay in the journal.
fn j3_holds(books: &Books, facts: &[Fact]) {
    for fact in facts {
        let Fact::Owed { debt, of, .. } = fact else { continue };
        let ends = |fact: &&Fact| {
            let is_its_own = matches!(fact, Fact::Answered { verdict: Verdict::Paid, .. } | Fact::Waived { .. });
            let by_settlement = matches!(fact, Fact::BatchClosed { closed, .. } if closed.contains(debt));
            by_settlement || (is_its_own && mentions(fact, debt))
        };
        let ended = facts.iter().filter(ends).count();
        assert!(ended <= 1, "{debt} ended {ended} times");
        let known = books.debt(debt).expect("a debt that is in no book");
        assert_eq!(known.is_open(), ended == 0, "{debt}: {:?}", known.standing);
        assert!(books.transaction(of).is_some_and(|original| original.debts.contains(debt)), "{debt} is not of {of}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn j1_nothing_leaves_before_it_is_durable(history in histories()) {
        j1_holds(&history.live());
    }

    #[test]
    fn j3_a_debt_leaves_by_acknowledgement_or_waiver_only(history in histories()) {
        let house = history.live();
        j3_holds(house.books(), &house.facts());
        let read = Recovery::read(&house.records(), house.now());
        j3_holds(read.books(), &house.facts());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// The journal is cut off after any of its records, even in the middle of what was written in one go.
    #[test]
    fn j2_every_prefix_of_a_journal_resolves(history in histories()) {
        let house = history.live();
        let records = house.records();
        for length in 0..=records.len() {
            j2_holds(&records[..length], &house);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// The same after a day of everything, with each remedy.
    #[test]
    fn j2_every_prefix_of_a_day_resolves(
        whims in whims(),
        lines in lines(),
        silence in prop::sample::select(vec![Silence::Undo, Silence::Repeat, Silence::Inquire, Silence::InquireBare]),
    ) {
        let honest: fn(&crate::Call) -> crate::Answer = match silence {
            Silence::Undo => |call| teller::answer(Silence::Undo, call),
            Silence::Repeat => |call| teller::answer(Silence::Repeat, call),
            Silence::Inquire | Silence::InquireBare => |call| teller::answer(Silence::Inquire, call),
        };
        let mut house = House::open(silence);
        let mut whims = hostile_or(honest, whims);
        let mut calls = 0;
        // Every third call is a whim: a day on which nothing goes right says little.
        house.guest = Box::new(move |call| {
            calls += 1;
            if calls % 3 == 0 { whims(call) } else { honest(call) }
        });
        house.acquirer.line = lines.into();
        for (id, order) in day() {
            house.begin(id, order);
            house.run_for(100_000);
        }
        let records = house.records();
        for length in 0..=records.len() {
            j2_holds(&records[..length], &house);
        }
    }
}

#[test]
fn j2_every_cut_resolves() {
    for (fate, after) in power_cuts::every_fate() {
        for cut in 1.. {
            let mut house = power_cuts::house(fate, after);
            house.points = 0;
            house.cuts = [cut].into();
            house.ask_sale("A1", 1234);
            house.run_until_cut();
            let was_cut = house.cuts.is_empty();
            j2_holds(&house.records(), &house);
            if !was_cut {
                break;
            }
        }
    }
}

/// The laws are looked at with eyes that see: each of these journals breaks one.
mod broken {
    use super::*;

    fn lost_reply() -> House {
        let mut house = House::new();
        house.acquirer.line = [super::super::acquirer::Line::LostReply].into();
        house.sale("A1", 5);
        house
    }

    #[test]
    #[should_panic(expected = "was sent 1 times and written down 0 times")]
    fn j1_sees_a_message_that_left_first() {
        let mut house = lost_reply();
        house.sent[0].1 = 0;
        j1_holds(&house);
    }

    #[test]
    #[should_panic(expected = "A1R: Paid")]
    fn j3_sees_a_debt_that_left_by_no_record() {
        let house = lost_reply();
        let facts: Vec<_> = house.facts().into_iter().filter(|it| !matches!(it, Fact::Answered { .. })).collect();
        j3_holds(house.books(), &facts);
    }

    #[test]
    #[should_panic(expected = "in no book")]
    fn j3_sees_a_debt_that_vanished() {
        j3_holds(&Books::default(), &lost_reply().facts());
    }
}
