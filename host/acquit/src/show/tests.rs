//! Papers and answers as people hold them.

use std::path::Path;

use engine::books::{Books, Conclusion, Transaction};
use engine::contract::acquirer::{Approved, Verdict};
use engine::contract::card::{Entry, Presented, Verification};
use engine::contract::retry_policy::{Delivery, Failure};
use engine::contract::template::UndoReason;
use engine::contract::transaction::{
    FollowUp, FollowUpKind, Operation, OperationKind, Original, Payment, PaymentKind, Subject, Totals,
};
use engine::contract::types::Amount;
use engine::{Doubt, Duty, Fact, Incident, Outcome, Party, Record, Sealed, Settlement, Timestamp, TransactionId};

use super::*;
use crate::config::Configuration;
use crate::messages::{Language, Messages};

mod copies;
mod ends;

const COLUMNS: usize = 40;

fn configuration() -> Configuration {
    Configuration::parse(Path::new("terminal.toml"), include_str!("../../examples/terminal.toml")).unwrap()
}

fn id(text: &str) -> TransactionId {
    TransactionId::parse(text).unwrap()
}

fn yuan(minor: u64) -> Amount {
    Amount { minor, currency: 156, exponent: 2 }
}

/// 2026-11-22 13:05 in Shanghai.
fn at(minute: i64) -> Timestamp {
    Timestamp { unix_ms: 1_795_323_900_000 + minute * 60_000, utc_offset_minutes: 480 }
}

fn card() -> Presented {
    Presented {
        entry: Entry::Stripe,
        bin: "620000".into(),
        last_four: "6787".into(),
        pan_length: 16,
        has_expiry: true,
        track_one_length: 0,
        track_two_length: 37,
        track_three_length: 0,
        sequence_number: None,
        service_code: None,
        verification: Verification::OnlinePin,
        pin_length: 6,
        fell_back: false,
        tags: Vec::new(),
    }
}

fn reference(trace: &str) -> Vec<(String, String)> {
    vec![("trace".into(), trace.into()), ("batch".into(), "000001".into())]
}

fn approved(minor: u64) -> Outcome {
    Outcome::Approved(Approved {
        amount: yuan(minor),
        authorization: "123456".into(),
        retrieval_reference: "000000000042".into(),
        chip_data: Vec::new(),
        balance: None,
        settlement_group: "domestic".into(),
        receipt: [("merchant", "309310083985008"), ("trace", "000042"), ("issuer", "01020000")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    })
}

fn payment(kind: PaymentKind, minor: u64) -> Operation {
    Operation::Pay(Payment { kind, amount: yuan(minor), tip: None, cash: None, card: Some(card()) })
}

fn following(kind: FollowUpKind, minor: u64, of: Subject) -> Operation {
    Operation::FollowUp(FollowUp { kind, of, amount: yuan(minor), card: Some(card()), reason: None })
}

fn original() -> Subject {
    Subject::Known(Original {
        transaction: "A1".into(),
        operation: OperationKind::Sale,
        amount: yuan(8800),
        at: at(0).local(),
        card: Some(card()),
        reference: reference("000041"),
    })
}

fn transaction(name: &str, operation: Operation, outcome: Outcome) -> Transaction {
    Transaction {
        id: id(name),
        acquirer: "unionpay".into(),
        operation,
        exchanges: Vec::new(),
        conclusion: Some(Conclusion { at: at(1), outcome }),
        resolution: None,
        resealed: None,
        debts: Vec::new(),
        reference: reference("000042"),
        begun: at(1),
        timeline: Vec::new(),
        // As after a start from a snapshot: nothing says that it was approved offline.
        batch: None,
        summarised: true,
    }
}

fn paper(language: Language, known: &Transaction, edition: Edition) -> String {
    let outcome = &known.conclusion.as_ref().unwrap().outcome;
    let page = page(&Books::default(), &configuration(), &Messages::new(language), known, outcome, edition);
    page.map(|page| devices::layout(&page, COLUMNS).join("\n")).unwrap_or_default()
}

#[test]
fn a_void_names_its_original() {
    let void = transaction("V1", following(FollowUpKind::Void, 8800, original()), approved(8800));
    insta::assert_snapshot!("paper-void-en", paper(Language::English, &void, Edition::First));
    insta::assert_snapshot!("paper-void-zh", paper(Language::Chinese, &void, Edition::Copy));
}

#[test]
fn a_refund_of_a_payment_made_elsewhere_says_what_was_typed() {
    let typed = Subject::Typed(vec![("date".into(), "1122".into()), ("rrn".into(), "000000000042".into())]);
    let refund = transaction("R1", following(FollowUpKind::Refund, 500, typed), approved(500));
    insta::assert_snapshot!("paper-refund-typed-en", paper(Language::English, &refund, Edition::First));
}

#[test]
fn whoever_does_not_know_the_outcome_is_told_not_to_pay_again_and_whom_to_ask() {
    let sale = transaction("A2", payment(PaymentKind::Sale, 8800), Outcome::Unknown(Doubt::Interrupted));
    insta::assert_snapshot!("paper-unknown-sale-en", paper(Language::English, &sale, Edition::First));
    let void = following(FollowUpKind::Void, 8800, original());
    let void = transaction("V2", void, Outcome::Unknown(Doubt::Interrupted));
    insta::assert_snapshot!("paper-unknown-void-zh", paper(Language::Chinese, &void, Edition::First));
}

#[test]
fn a_part_an_offline_approval_and_a_tip_are_on_the_paper() {
    let Operation::Pay(mut sale) = payment(PaymentKind::Sale, 11_000) else { unreachable!() };
    sale.tip = Some(yuan(1000));
    let part = transaction("A3", Operation::Pay(sale.clone()), approved(5000));
    let english = paper(Language::English, &part, Edition::First);
    for said in ["CNY 50.00", "of which tip", "CNY 10.00", "asked for", "CNY 110.00"] {
        assert!(english.contains(said), "{said}: {english}");
    }
    let offline = Transaction { summarised: false, ..transaction("A4", Operation::Pay(sale), approved(11_000)) };
    assert!(paper(Language::English, &offline, Edition::First).contains("OFFLINE"));
    assert!(!english.contains("OFFLINE"));
}

#[test]
fn every_operation_that_moves_money_has_a_paper_and_every_paper_says_test() {
    use FollowUpKind::{CancelCompletion, CancelPreauthorization, Complete, Refund, Void};
    let payments = [PaymentKind::Sale, PaymentKind::Preauthorize, PaymentKind::ScanToPay, PaymentKind::ShowToPay];
    let following_ups = [Void, Refund, Complete, CancelPreauthorization, CancelCompletion];
    let operations = payments
        .map(|kind| payment(kind, 100))
        .into_iter()
        .chain(following_ups.map(|kind| following(kind, 100, Subject::None)));
    let mut titles = std::collections::BTreeSet::new();
    for operation in operations {
        let printed = paper(Language::English, &transaction("A5", operation, approved(100)), Edition::First);
        let mut lines = printed.lines().map(str::trim);
        assert_eq!(lines.next(), Some("TEST - NOT A PAYMENT"));
        assert!(titles.insert(lines.next().unwrap_or_default().to_owned()), "{printed}");
    }
    assert_eq!(titles.len(), 9);
    let balance = transaction("A6", payment(PaymentKind::Balance, 0), approved(0));
    assert_eq!(paper(Language::English, &balance, Edition::First), "");
}

#[test]
fn a_settlement_slip_has_every_sum_and_what_is_carried() {
    let sums =
        |group: &str, operation, count, minor| Totals { group: group.into(), operation, count, amount: yuan(minor) };
    let settlement = Settlement {
        batch: 7,
        balanced: false,
        totals: vec![
            sums("domestic", OperationKind::Sale, 12, 123_456),
            sums("domestic", OperationKind::Refund, 1, 500),
            sums("foreign", OperationKind::Sale, 1, 100),
        ],
        groups: vec![("domestic".into(), Verdict::Unbalanced), ("foreign".into(), Verdict::Balanced)],
        uploaded: 14,
        carried: vec![id("A2").reversal()],
        closed: Vec::new(),
    };
    let settled = transaction("B1", Operation::Settle(Vec::new()), Outcome::Settled(settlement.clone()));
    insta::assert_snapshot!("paper-settlement-en", paper(Language::English, &settled, Edition::First));
    insta::assert_snapshot!("paper-settlement-zh", paper(Language::Chinese, &settled, Edition::Copy));
    let english = Messages::new(Language::English);
    let told = super::settlement::lines(&Books::default(), &settlement, "unionpay", &english).join("\n");
    insta::assert_snapshot!("told-settlement-en", told);
}

/// A tip is told of by an advice, which names no group: its sums stood under "Group " and nothing.
#[test]
fn sums_of_no_group_have_no_heading() {
    let sums = |group: &str, operation, minor| Totals { group: group.into(), operation, count: 1, amount: yuan(minor) };
    let mut settlement = Settlement {
        batch: 7,
        balanced: true,
        totals: vec![sums("domestic", OperationKind::Sale, 8800), sums("", OperationKind::Advise, 500)],
        groups: vec![("domestic".into(), Verdict::Balanced)],
        uploaded: 0,
        carried: Vec::new(),
        closed: Vec::new(),
    };
    let slip = |settlement: &Settlement| {
        let outcome = Outcome::Settled(settlement.clone());
        paper(Language::English, &transaction("B1", Operation::Settle(Vec::new()), outcome), Edition::First)
    };
    let said = |slip: &str| slip.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    let printed = slip(&settlement);
    let lines = said(&printed);
    let place =
        |word: &str| lines.iter().position(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{printed}"));
    assert!(place("Tip (1)") < place("Group domestic") && place("Group domestic") < place("Sale (1)"), "{printed}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("Group")).count(), 1, "{printed}");
    let told = super::settlement::lines(&Books::default(), &settlement, "unionpay", &Messages::new(Language::English));
    assert!(told.contains(&"  Tip (1): CNY 5.00".to_owned()), "{told:?}");
    settlement.groups.push((String::new(), Verdict::Unbalanced));
    assert!(said(&slip(&settlement)).iter().any(|line| line.starts_with("Without a group")));
}

/// Books in which each of these operations ended so, with what is owed for it.
fn books(ended: Vec<(&str, Operation, Outcome)>, owed: Vec<(&str, Duty)>) -> Books {
    let mut books = Books::default();
    let mut write = |minute, fact| {
        let record = Record { at: at(minute), acquirer: "unionpay".into(), fact };
        books.apply(&record).unwrap();
    };
    for (minute, (name, operation, outcome)) in (1..).zip(ended) {
        let reference = reference(&format!("0000{minute:02}"));
        write(minute, Fact::Concluded { transaction: id(name), operation: Box::new(operation), outcome, reference });
    }
    for (name, duty) in owed {
        let (debt, of) = (id(&format!("{name}D")), id(name));
        write(
            30,
            match duty {
                Duty::Reverse(reason) => Fact::Owed { debt, of, reason },
                duty => Fact::Due { debt, of, duty, amount: None, sealed: Sealed::None },
            },
        );
    }
    books
}

#[test]
fn whoever_an_upload_passed_over_is_named_on_the_slip_and_in_its_own_story() {
    let sale = || payment(PaymentKind::Sale, 8800);
    let mut books = books(vec![("A1", sale(), approved(8800)), ("A2", sale(), approved(8800))], Vec::new());
    let fact = Fact::Incident { transaction: Some(id("A1")), party: Party::Storage, what: Incident::NotUploaded };
    books.apply(&Record { at: at(40), acquirer: "unionpay".into(), fact }).unwrap();
    let settlement = Settlement {
        batch: 1,
        balanced: false,
        totals: Vec::new(),
        groups: Vec::new(),
        uploaded: 1,
        carried: Vec::new(),
        closed: Vec::new(),
    };
    let facts = super::settlement::facts(&books, &settlement, "unionpay");
    assert_eq!((&facts["passed-over"], &facts["uploaded"]), (&json!(["A1"]), &json!(1)));
    let outcome = Outcome::Settled(settlement);
    let settled = transaction("B1", Operation::Settle(Vec::new()), outcome.clone());
    for (language, slip, story) in [
        (Language::English, "Not uploaded", "Left out of the batch upload"),
        (Language::Chinese, "未上送", "未随批上送"),
    ] {
        let messages = Messages::new(language);
        let page = page(&books, &configuration(), &messages, &settled, &outcome, Edition::First).unwrap();
        let printed = devices::layout(&page, COLUMNS).join("\n");
        assert!(printed.contains(slip) && printed.contains("A1") && !printed.contains("A2"), "{printed}");
        assert!(told(&books, "A1", language).contains(story));
        assert!(!told(&books, "A2", language).contains(story));
    }
}

fn told(books: &Books, name: &str, language: Language) -> String {
    explain(books, Some(&id(name)), &Messages::new(language)).lines.join("\n")
}

#[test]
fn each_operation_is_explained_by_what_it_does() {
    let books = books(
        vec![
            ("A1", payment(PaymentKind::Sale, 8800), approved(8800)),
            ("H1", payment(PaymentKind::Preauthorize, 50_000), approved(50_000)),
            ("V1", following(FollowUpKind::Void, 8800, original()), approved(8800)),
        ],
        Vec::new(),
    );
    insta::assert_snapshot!("told-voided-sale-en", told(&books, "A1", Language::English));
    insta::assert_snapshot!("told-preauthorisation-en", told(&books, "H1", Language::English));
    insta::assert_snapshot!("told-void-zh", told(&books, "V1", Language::Chinese));
}

#[test]
fn an_offline_payment_is_charged_and_its_advice_is_owed() {
    let sale = vec![("A1", payment(PaymentKind::Sale, 8800), approved(8800))];
    let books = books(sale, vec![("A1", Duty::Advise)]);
    insta::assert_snapshot!("told-offline-en", told(&books, "A1", Language::English));
    let english = Messages::new(Language::English);
    assert_eq!(
        standing(&books, &english),
        ["owed: 1", "not yet delivered: CNY 88.00, one offline payment of unionpay"]
    );
    let owed = owed(&books, at(90), &english);
    assert_eq!(owed.facts["exposure"][0]["amount"]["minor"], 8800);
    assert_eq!(owed.facts["debts"][0]["duty"], "advice");
    assert_eq!(owed.facts["debts"][0]["age-seconds"], 3600);
}

#[test]
fn an_unknown_void_asks_nobody_to_do_it_again() {
    let void = following(FollowUpKind::Void, 8800, original());
    let books = books(vec![("V1", void, Outcome::Unknown(Doubt::Interrupted))], vec![("V1", Duty::Repeat)]);
    let english = told(&books, "V1", Language::English);
    for said in ["not known yet", "owes unionpay a repetition", "Do not do it again"] {
        assert!(english.contains(said), "{said}: {english}");
    }
}

/// A report that nobody answered was told of as a reversal, which frightened whoever had made a good sale.
#[test]
fn every_debt_is_told_of_by_its_own_name() {
    let said = [
        (Duty::Reverse(UndoReason::NoAnswer), "Reversal", "冲正", "reversal-tried"),
        (Duty::Repeat, "Repetition", "重发", "debt-tried"),
        (Duty::Inquire, "Inquiry", "查询", "debt-tried"),
        (Duty::Advise, "Advice", "通知", "debt-tried"),
        (Duty::ReportScripts, "Script report", "脚本结果通知", "debt-tried"),
    ];
    for (duty, english, chinese, tag) in said {
        let mut books = books(vec![("A1", payment(PaymentKind::Sale, 8800), approved(8800))], vec![("A1", duty)]);
        let mut write = |fact| books.apply(&Record { at: at(40), acquirer: "unionpay".into(), fact }).unwrap();
        let debt = id("A1D");
        write(Fact::Tried { debt: debt.clone(), number: 1, route: "host".into() });
        let (delivery, failure) = (Delivery::MaybeSent, Failure::Timeout);
        write(Fact::Unheard { debt: debt.clone(), number: 1, delivery, failure });
        let (reason, signed_by) = (String::from("paid by hand"), String::from("KEY"));
        write(Fact::Waived { debt, reason, signed_by, statement: String::new(), signature: Vec::new() });
        let in_english = told(&books, "A1", Language::English);
        assert!(in_english.contains(&format!("{english} sent to host, try 1")), "{in_english}");
        assert_eq!(in_english.contains("eversal"), duty.reason().is_some(), "{in_english}");
        let in_chinese = told(&books, "A1", Language::Chinese);
        assert!(in_chinese.contains(&format!("{chinese}已发往 host，第 1 次")), "{in_chinese}");
        let facts = explain(&books, Some(&id("A1")), &Messages::new(Language::English)).facts;
        let event = &facts["timeline"].as_array().unwrap()[2]["event"];
        let named = event[tag]["duty"].as_str().unwrap_or("reversal");
        assert_eq!(named, duty.word(), "{event}");
    }
}
