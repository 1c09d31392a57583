//! Every way a transaction can end, and the four questions of whoever asks after it.

use engine::books::Books;
use engine::contract::acquirer::{Approved, Declined, Reason, Reply};
use engine::contract::retry_policy::Failure;
use engine::contract::template::UndoReason;
use engine::contract::transaction::{FollowUpKind, Operation, PaymentKind, Subject};
use engine::{Doubt, Duty, Fact, NotSent, Outcome, Reader, Record, Verdict};

use super::{approved, at, books, following, id, original, payment, yuan};
use crate::messages::{Language, Messages};
use crate::show::explain;

/// What became of a debt.
#[derive(Clone, Copy)]
enum Then {
    Waits,
    Answered(Verdict),
    Waived,
}

/// An end: what is said of it in the snapshot, what was asked for, how it ended, and what was owed for it.
type End = (&'static str, Operation, Outcome, Option<(Duty, Then)>);

const REVERSAL: Duty = Duty::Reverse(UndoReason::NoAnswer);

fn sale() -> Operation {
    payment(PaymentKind::Sale, 8800)
}

fn unheard() -> Outcome {
    Outcome::Unknown(Doubt::Unheard(Failure::Timeout))
}

fn declined() -> Outcome {
    Outcome::Declined(Declined {
        code: "51".into(),
        reason: Reason::InsufficientFunds,
        message: String::new(),
        capture_card: false,
        chip_data: Vec::new(),
    })
}

fn part(minor: u64) -> Outcome {
    let Outcome::Approved(whole) = approved(minor) else { unreachable!() };
    Outcome::Approved(Approved { amount: yuan(minor), ..whole })
}

fn ends() -> Vec<End> {
    let owed = |then| Some((REVERSAL, then));
    let card_refused = || Outcome::Unknown(Doubt::CardRefused);
    let void = || following(FollowUpKind::Void, 8800, original());
    let refund = || following(FollowUpKind::Refund, 8800, original());
    vec![
        ("a sale, approved", sale(), approved(8800), None),
        ("a sale, approved in part", sale(), part(5000), None),
        ("a sale, declined", sale(), declined(), None),
        ("a sale that never left", sale(), Outcome::NotSent(NotSent::Unreachable(Failure::Connect)), None),
        ("a sale that was cancelled in time", sale(), Outcome::NotSent(NotSent::Cancelled), None),
        ("a sale nobody answered, its reversal on its way", sale(), unheard(), owed(Then::Waits)),
        ("its reversal taken", sale(), unheard(), owed(Then::Answered(Verdict::Paid))),
        ("its reversal refused", sale(), unheard(), owed(Then::Answered(Verdict::Refused))),
        ("its reversal not matched", sale(), unheard(), owed(Then::Answered(Verdict::Unmatched))),
        ("its reversal waived", sale(), unheard(), owed(Then::Waived)),
        ("a sale that the card refused", sale(), card_refused(), owed(Then::Waits)),
        ("a sale whose waiting was stopped", sale(), Outcome::Unknown(Doubt::StoppedWaiting), owed(Then::Waits)),
        ("a sale approved offline", sale(), approved(8800), Some((Duty::Advise, Then::Waits))),
        ("told and taken", sale(), approved(8800), Some((Duty::Advise, Then::Answered(Verdict::Paid)))),
        ("told and refused", sale(), approved(8800), Some((Duty::Advise, Then::Answered(Verdict::Refused)))),
        ("refused and waived", sale(), approved(8800), Some((Duty::Advise, Then::Waived))),
        ("a sale whose scripts are to be reported", sale(), approved(8800), Some((Duty::ReportScripts, Then::Waits))),
        (
            "a code whose outcome is asked for",
            payment(PaymentKind::ScanToPay, 8800),
            unheard(),
            Some((Duty::Inquire, Then::Waits)),
        ),
        ("a reservation", payment(PaymentKind::Preauthorize, 8800), approved(8800), None),
        ("a completion", following(FollowUpKind::Complete, 8800, original()), approved(8800), None),
        ("a void, approved", void(), approved(8800), None),
        ("a void, declined", void(), declined(), None),
        ("a void nobody answered", void(), unheard(), owed(Then::Waits)),
        ("a refund, approved", refund(), approved(8800), None),
        ("a refund nobody answered", refund(), unheard(), Some((Duty::Repeat, Then::Waits))),
        ("a refund of a receipt typed in", following(FollowUpKind::Refund, 500, Subject::None), declined(), None),
        ("a balance", payment(PaymentKind::Balance, 0), part(0), None),
    ]
}

fn after(operation: Operation, outcome: Outcome, owed: Option<(Duty, Then)>) -> Books {
    let mut books = books(vec![("A1", operation, outcome)], owed.iter().map(|(duty, _)| ("A1", *duty)).collect());
    let debt = id("A1D");
    let fact = match owed.map(|(_, then)| then) {
        None | Some(Then::Waits) => return books,
        Some(Then::Answered(verdict)) => {
            let reply = Reply { status: 0, headers: Vec::new(), body: Vec::new() };
            Fact::Answered { debt, number: 1, reply, verdict, code: "12".into(), read_by: Reader::Plugin }
        }
        Some(Then::Waived) => Fact::Waived {
            debt,
            reason: "paid by hand".into(),
            signed_by: "KEY".into(),
            statement: String::new(),
            signature: Vec::new(),
        },
    };
    books.apply(&Record { at: at(40), acquirer: "unionpay".into(), fact }).unwrap();
    books
}

fn told(language: Language) -> String {
    let messages = Messages::new(language);
    let mut text = String::new();
    for (what, operation, outcome, owed) in ends() {
        let answer = explain(&after(operation, outcome, owed), Some(&id("A1")), &messages);
        let facts = &answer.facts;
        let said = |question: &str| facts["answers"][question].as_str().unwrap_or("-").to_owned();
        let words = ["charged", "paid", "advice"].map(|word| facts[word].as_str().unwrap_or("-").to_owned());
        text += &format!(
            "# {what} ({})\n{}\n{}\n{}\n{}\n\n",
            words.join(", "),
            said("customer"),
            said("shop"),
            said("owed"),
            said("next"),
        );
    }
    text
}

#[test]
fn every_end_answers_the_four_questions() {
    insta::assert_snapshot!("every-end-en", told(Language::English));
    insta::assert_snapshot!("every-end-zh", told(Language::Chinese));
}

/// A tip is told by an advice under its sale's name: when it was refused, the whole sale read as lost.
#[test]
fn a_refused_tip_leaves_its_sale_paid() {
    let tip = following(FollowUpKind::Advise, 1000, original());
    let mut books =
        books(vec![("A1", sale(), approved(8800)), ("T1", tip, approved(1000))], vec![("A1", Duty::Advise)]);
    let reply = Reply { status: 0, headers: Vec::new(), body: Vec::new() };
    let (debt, verdict, code, read_by) = (id("A1D"), Verdict::Refused, "12".into(), Reader::Plugin);
    let fact = Fact::Answered { debt, number: 1, reply, verdict, code, read_by };
    books.apply(&Record { at: at(40), acquirer: "unionpay".into(), fact }).unwrap();
    let messages = Messages::new(Language::English);
    let facts = |name| explain(&books, Some(&id(name)), &messages).facts;
    let (sale, tip) = (facts("A1"), facts("T1"));
    assert_eq!((&sale["paid"], &tip["paid"]), (&"yes".into(), &"open".into()));
    assert_eq!((&sale["advice"], &tip["advice"]), (&"nothing".into(), &"call-acquirer".into()));
    let shop = tip["answers"]["shop"].as_str().unwrap();
    assert!(shop.contains("does not accept CNY 10.00"), "{shop}");
    assert_eq!(sale["answers"]["owed"], "Nothing.");
}
