//! A debt leaves the books by the operator's signed word: durable before anybody is told, never under a running try.

use super::acquirer::Line;
use super::guest::yuan;
use super::teller::{Silence, approved_minor};
use super::{ACQUIRER, House, asked_later, duties};
use crate::books::Standing;
use crate::record::{NotSent, Outcome};
use crate::story::{Advice, Charged, Story, StoryEvent};
use crate::{Fact, NotWaived, Record, Request, Timestamp, TransactionId, Waiver};

const REASON: &str = "refunded in cash at the counter";

fn id(text: &str) -> TransactionId {
    TransactionId::try_from(text.to_owned()).unwrap()
}

/// A debt nobody answers: it blocks, and is tried again and again.
fn unheard() -> House {
    let mut house = House::new();
    house.acquirer.line = std::iter::once(Line::LostReply).chain(vec![Line::NotSent; 400]).collect();
    house.ask_sale("A1", 1234);
    house.run_for(40_000);
    house
}

fn refused() -> House {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.refuses_reversals = Some("58");
    house.sale("A1", 1234);
    house
}

fn unmatched() -> House {
    let mut house = House::new();
    house.acquirer.line = [Line::LostRequest].into();
    house.sale("A1", 1234);
    house
}

fn waivers(house: &House) -> usize {
    house.facts().iter().filter(|fact| matches!(fact, Fact::Waived { .. })).count()
}

#[test]
fn unheard_refused_and_unmatched_debts_can_be_waived_and_stay_in_the_books() {
    for (mut house, standing) in
        [(unheard(), Standing::Unheard), (refused(), Standing::Refused), (unmatched(), Standing::Unmatched)]
    {
        assert_eq!(house.books().debt(&id("A1R")).unwrap().standing, standing);
        house.waive("A1R", REASON);
        house.rest();
        for _ in 0..2 {
            assert_eq!(house.waived, [(id("A1R"), Ok(()))]);
            assert_eq!((house.books().owed(), house.books().open_debts().count()), (0, 0));
            let debt = house.books().debt(&id("A1R")).unwrap();
            assert_eq!(debt.standing, Standing::Waived);
            assert_eq!(debt.waived.as_ref().unwrap().reason, REASON);
            let story = Story::tell(house.books(), house.books().transaction(&id("A1")).unwrap());
            assert_eq!((story.charged, story.advice), (Charged::Perhaps, Advice::AsWaived));
            assert_eq!((story.owed, story.waived.unwrap().signed_by.as_str()), (None, "operator+1+k"));
            assert!(matches!(story.timeline.last().unwrap().event, StoryEvent::Waived { .. }));
            // A start changes nothing about it.
            house.start();
            house.rest();
        }
        let tried = house.acquirer.count("reversal");
        house.acquirer.line.clear();
        house.ask(Request::PayDebts { acquirer: ACQUIRER.into() });
        house.sign_in("S1");
        assert_eq!(house.acquirer.count("reversal"), tried, "a waived debt is not sent");
        assert!(matches!(house.sale("A2", 5), Outcome::Approved(_)));
    }
}

#[test]
fn what_cannot_be_waived_is_said_clearly_and_nothing_is_written() {
    let mut house = refused();
    house.waive("B9R", REASON);
    house.waive("A1", REASON);
    for bad in ["", "two\nlines", &"x".repeat(201)] {
        house.waive("A1R", bad);
    }
    assert_eq!(waivers(&house), 0);
    house.acquirer.refuses_reversals = None;
    house.sign_in("S1");
    house.waive("A1R", REASON);
    house.rest();
    let told: Vec<_> = house.waived.drain(..).map(|(_, result)| result.unwrap_err()).collect();
    assert_eq!(
        told,
        [
            NotWaived::Unknown(id("B9R")),
            NotWaived::Unknown(id("A1")),
            NotWaived::Reason,
            NotWaived::Reason,
            NotWaived::Reason,
            NotWaived::Paid(id("A1R")),
        ]
    );
    assert_eq!(waivers(&house), 0);
    house.assert_balanced();
}

#[test]
fn a_waiver_waits_for_the_try_that_runs() {
    let mut house = refused();
    house.acquirer.refuses_reversals = None;
    house.ask(Request::PayDebts { acquirer: ACQUIRER.into() });
    house.waive("A1R", REASON);
    assert_eq!(house.waived, [], "the try decides first");
    house.rest();
    assert_eq!(house.waived, [(id("A1R"), Err(NotWaived::Paid(id("A1R"))))]);
    house.assert_balanced();

    let mut house = refused();
    house.acquirer.line = [Line::LostRequest].into();
    house.ask(Request::PayDebts { acquirer: ACQUIRER.into() });
    house.waive("A1R", REASON);
    house.waive("A1R", REASON);
    house.rest();
    assert_eq!(house.waived, [(id("A1R"), Ok(())), (id("A1R"), Err(NotWaived::Waived(id("A1R"))))]);
    assert_eq!(waivers(&house), 1);
}

#[test]
fn no_try_begins_while_a_waiver_is_on_its_way_to_the_disk() {
    let mut house = refused();
    house.waive("A1R", REASON);
    house.ask(Request::PayDebts { acquirer: ACQUIRER.into() });
    house.ask_sale("A2", 5);
    house.rest();
    assert_eq!(house.acquirer.count("reversal"), 1, "the one that was refused");
    assert!(matches!(house.outcome("A2"), Outcome::Approved(_)), "what waited goes on");
}

/// A regression: a debt waived while it waited for its next try was tried when the time came, and acknowledged after it
/// had left the books.
#[test]
fn a_debt_that_was_due_again_is_not_tried_once_it_is_waived() {
    let mut house = unheard();
    house.waive("A1R", REASON);
    house.acquirer.line.clear();
    house.rest();
    assert_eq!(house.acquirer.count("reversal"), 0);
}

#[test]
fn a_waiver_that_cannot_be_written_waives_nothing() {
    let mut house = unmatched();
    house.failing_commits = [true].into();
    house.waive("A1R", REASON);
    house.waive("A1R", REASON);
    while house.advance(0).unwrap() {}
    assert!(house.waived.iter().all(|(_, told)| matches!(told, Err(NotWaived::Storage(_)))), "{:?}", house.waived);
    house.waive("A1R", REASON);
    while house.advance(0).unwrap() {}
    assert_eq!(house.waived.len(), 3);
    house.rest();
    assert_eq!((house.books().open_debts().count(), waivers(&house)), (1, 0));
}

/// The acquirer has been taken out of the configuration; what it is owed can still be given up.
#[test]
fn a_debt_of_an_acquirer_that_is_not_deployed_can_be_waived() {
    let mut house = unmatched();
    house.deployment.acquirer = "another".into();
    house.start();
    house.waive("A1R", REASON);
    house.rest();
    assert_eq!(house.waived, [(id("A1R"), Ok(()))]);
    assert_eq!(house.books().open_debts().count(), 0);
}

#[test]
fn the_statement_names_everything_and_is_the_same_for_everybody() {
    let house = refused();
    let at = Timestamp { unix_ms: 1_795_000_000_123, utc_offset_minutes: 480 };
    let waiver = Waiver { debt: id("A1R"), journal: "00ff".into(), reason: "退款已付".into(), at };
    let expected = "acquit waiver 1\njournal 00ff\ndebt A1R\noriginal A1\nacquirer model\namount 12.34 156\n\
        time 2026-11-18 19:06:40 +08:00 unix-ms 1795000000123\nreason 退款已付\n";
    assert_eq!(waiver.statement(house.books()).as_deref(), Ok(expected));
    let forged = Waiver { journal: "00ff\ndebt A2R".into(), ..waiver };
    assert_eq!(forged.statement(house.books()), Err(NotWaived::Journal));
}

/// Records no engine would write: a waiver is no way back, and no way out for what is paid.
#[test]
fn a_waived_debt_stays_waived_and_a_paid_one_paid() {
    let mut house = refused();
    house.waive("A1R", REASON);
    house.rest();
    let (reply, read_by) = (super::guest::reply(b"x"), crate::Reader::Plugin);
    let (verdict, code) = (crate::Verdict::Refused, "58".to_owned());
    let late = Fact::Answered { debt: id("A1R"), number: 1, reply, verdict, code, read_by };
    house.journal.push(super::record(late).encode().unwrap());
    let waived: Vec<Record> = house.records().into_iter().filter(|it| matches!(it.fact, Fact::Waived { .. })).collect();
    house.start();
    assert_eq!(house.books().debt(&id("A1R")).unwrap().standing, Standing::Waived);
    house.journal.push(waived[0].encode().unwrap());
    house.start();
    assert_eq!(house.books().debt(&id("A1R")).unwrap().standing, Standing::Waived);
    assert!(matches!(house.sale("A2", 5), Outcome::NotSent(NotSent::Storage(_))), "waived twice: a contradiction");
}

/// What a waiver of each duty leaves behind.
struct Left {
    name: &'static str,
    house: House,
    debt: TransactionId,
    standing: Standing,
    /// What was told of the payment, which a waiver does not change.
    approved: Option<u64>,
    /// Whether the customer was charged, and what to do, once it is waived.
    told: (Charged, Advice),
    /// What customers paid by these books, and what the acquirer's ledger took.
    sums: (u64, i64),
    /// Transactions of the open batch.
    members: usize,
}

/// Every duty that can be owed, in every standing that it can have, but reversals.
fn owed_otherwise() -> Vec<Left> {
    let a1 = id("A1");
    let silent = || vec![Line::NotSent; 400].into();
    let cut = |mut house: House| {
        house.acquirer.line = silent();
        house.run_for(40_000);
        house
    };
    let refused = |mut house: House| {
        house.acquirer.refuses_advices = Some("58");
        house.rest();
        house
    };
    let unmatched = |mut house: House| {
        house.acquirer.refuses_advices = Some("25");
        house.rest();
        house
    };
    let open = (Charged::Perhaps, Advice::AsWaived);
    let good = (Charged::Yes, Advice::Nothing);
    let left = |name, house, debt, standing| {
        let (approved, told, sums, members) = (Some(500), good, (500, 500), 1);
        Left { name, house, debt, standing, approved, told, sums, members }
    };
    let waived = (Charged::Yes, Advice::AsWaived);
    let lost = |left: Left| Left { told: waived, sums: (500, 0), members: 0, ..left };
    let unknown = |left: Left| Left { approved: None, told: open, sums: (0, 500), members: 0, ..left };
    let repeated = cut(asked_later::unknown(Silence::Repeat, Line::LostReply));
    let asked = cut(asked_later::unknown(Silence::Inquire, Line::LostReply));
    vec![
        unknown(left("repetition", repeated, a1.repetition(), Standing::Unheard)),
        unknown(left("inquiry", asked, a1.inquiry(), Standing::Unheard)),
        lost(left("advice", cut(duties::stood_in()), a1.advice(), Standing::Unheard)),
        lost(left("refused advice", refused(duties::stood_in()), a1.advice(), Standing::Refused)),
        lost(left("unknown advice", unmatched(duties::stood_in()), a1.advice(), Standing::Unmatched)),
        left("report", cut(duties::scripted()), a1.report(), Standing::Unheard),
    ]
}

/// Whatever is owed, the operator can end it; what the books say of the money stays as it is, and shows what was lost.
#[test]
fn every_other_debt_can_be_waived_and_what_is_lost_shows() {
    for Left { name, mut house, debt, standing, approved, told, sums, members } in owed_otherwise() {
        assert_eq!(house.books().debt(&debt).unwrap().standing, standing, "{name}");
        let exposed =
            |house: &House| house.books().exposure(ACQUIRER).unwrap().iter().map(|sum| sum.minor).sum::<u64>();
        let is_advice = name.ends_with("advice");
        assert_eq!(exposed(&house), if is_advice { 500 } else { 0 }, "{name}");
        house.waive(debt.as_str(), REASON);
        house.run_while(|house| house.waived.is_empty());
        assert_eq!(house.waived, [(debt.clone(), Ok(()))], "{name}");
        house.acquirer.line.clear();
        let arrived = house.acquirer.arrived.len();
        for _ in 0..2 {
            house.ask(Request::PayDebts { acquirer: ACQUIRER.into() });
            house.rest();
            let books = house.books();
            assert_eq!((books.owed(), books.open_debts().count(), exposed(&house)), (0, 0, 0), "{name}");
            let known = books.transaction(&id("A1")).unwrap();
            assert_eq!(known.outcome().and_then(approved_minor), approved, "{name}");
            let story = Story::tell(books, known);
            assert_eq!((story.charged, story.advice), told, "{name}");
            assert!(matches!(story.timeline.last().unwrap().event, StoryEvent::DebtWaived { .. }), "{name}");
            assert_eq!((books.taken(ACQUIRER, yuan(0)).unwrap().minor, house.acquirer.sum()), sums, "{name}");
            assert_eq!(books.batch(ACQUIRER).members.len(), members, "{name}");
            house.start();
        }
        assert_eq!(house.acquirer.arrived.len(), arrived, "{name}: sent though it was waived");
        house.waive(debt.as_str(), REASON);
        house.rest();
        assert_eq!(house.waived.last().unwrap().1, Err(NotWaived::Waived(debt)), "{name}");
    }
}

/// What the acquirer took, or what became another debt, is nothing that could be given up.
#[test]
fn a_debt_that_is_paid_or_replaced_cannot_be_waived() {
    let houses = [
        (asked_later::unknown(Silence::Repeat, Line::LostReply), id("A1").repetition(), Standing::Paid),
        (asked_later::unknown(Silence::Inquire, Line::LostReply), id("A1").inquiry(), Standing::Paid),
        (asked_later::unknown(Silence::Inquire, Line::LostRequest), id("A1").inquiry(), Standing::Replaced),
        (duties::stood_in(), id("A1").advice(), Standing::Paid),
        (duties::scripted(), id("A1").report(), Standing::Paid),
    ];
    for (mut house, debt, standing) in houses {
        house.rest();
        assert_eq!(house.books().debt(&debt).unwrap().standing, standing, "{debt}");
        house.waive(debt.as_str(), REASON);
        house.rest();
        assert_eq!(house.waived, [(debt.clone(), Err(NotWaived::Paid(debt)))]);
        assert_eq!(waivers(&house), 0);
        house.assert_balanced();
    }
}
