//! The two copies of a receipt, and printing one once more.

use super::*;
use crate::config::ReceiptCopy;
use crate::control::Paper;
use crate::show::{pages, reprint};

const BOTH: [ReceiptCopy; 2] = [ReceiptCopy::Merchant, ReceiptCopy::Cardholder];

/// What is printed of a sale whose payer proved themselves so.
fn printed(language: Language, entry: Entry, verification: Verification, outcome: Outcome) -> Vec<String> {
    let mut operation = payment(PaymentKind::Sale, 8800);
    let Operation::Pay(sale) = &mut operation else { unreachable!("a sale is a payment") };
    sale.card = Some(Presented { entry, verification, ..card() });
    let sale = transaction("A1", operation, outcome);
    let outcome = &sale.conclusion.as_ref().unwrap().outcome;
    let messages = Messages::new(language);
    let pages = pages(&Books::default(), &configuration(), &messages, &sale, outcome, Edition::First, &BOTH);
    pages.iter().map(|page| devices::layout(page, COLUMNS).join("\n")).collect()
}

#[test]
fn the_shop_and_the_payer_have_a_copy_each() {
    let english = printed(Language::English, Entry::ContactChip, Verification::Signature, approved(8800));
    insta::assert_snapshot!("copies-signature-en", english.join("\n=====\n"));
    let chinese = printed(Language::Chinese, Entry::ContactChip, Verification::OnlinePin, approved(8800));
    insta::assert_snapshot!("copies-pin-zh", chinese.join("\n=====\n"));
}

#[test]
fn only_whoever_proved_themselves_in_no_other_way_signs_and_only_on_the_shops_copy() {
    for (entry, verification, signs) in [
        (Entry::ContactChip, Verification::OnlinePin, false),
        (Entry::ContactChip, Verification::OfflinePin, false),
        (Entry::ContactlessChip, Verification::Device, false),
        (Entry::CodeScan, Verification::None, false),
        (Entry::ContactChip, Verification::Signature, true),
        (Entry::Stripe, Verification::None, true),
    ] {
        let papers = printed(Language::English, entry, verification, approved(8800));
        let asked = papers.iter().map(|paper| paper.contains("Signature  ")).collect::<Vec<_>>();
        assert_eq!(asked, [signs, false], "{entry:?} {verification:?}: {papers:?}");
    }
}

#[test]
fn an_unknown_outcome_has_one_slip_whoever_keeps_copies() {
    let papers =
        printed(Language::English, Entry::ContactChip, Verification::None, Outcome::Unknown(Doubt::Interrupted));
    assert_eq!(papers.len(), 1, "{papers:?}");
    assert!(papers[0].contains("Do not pay again"), "{papers:?}");
}

#[test]
fn a_receipt_is_printed_once_more_and_says_so() {
    let books = books(vec![("A1", payment(PaymentKind::Sale, 8800), approved(8800))], Vec::new());
    let messages = Messages::new(Language::English);
    let again = |what, copy| reprint(&books, &configuration(), &what, copy, &messages);
    for (copy, count, whose) in [
        (None, 2, "CARDHOLDER COPY"),
        (Some(ReceiptCopy::Merchant), 1, "MERCHANT COPY"),
        (Some(ReceiptCopy::Cardholder), 1, "CARDHOLDER COPY"),
    ] {
        let (response, pages) = again(Paper::Last, copy);
        let shown = response.lines.join("\n");
        assert!(response.ok && shown.contains("COPY - NOT A NEW PAYMENT") && shown.contains(whose), "{shown}");
        assert_eq!(pages.len(), count, "{copy:?}");
    }
    let (response, pages) = again(Paper::Settlement(None), None);
    assert!(!response.ok && pages.is_empty());
    let (response, _) = again(Paper::Receipt(id("NONE")), None);
    assert!(!response.ok && response.lines[0].contains("NONE"));
}
