//! The laws of the books under every operation in any order: all accounts add up to zero, nothing is booked twice, an
//! operation and its reversal cancel exactly, and a batch sums to what was approved in it.

use std::collections::BTreeMap;

use acquit_test_acquirer::bank::{BatchTotals, Operation, State};
use acquit_test_acquirer::codec::Message;
use acquit_test_acquirer::config::{AcquirerConfig, AdjustedAmount};
use proptest::prelude::*;

use crate::requests::{Receipt, totals};
use crate::support::{Counter, MERCHANT, TERMINAL};

/// What is sent; indexes choose among what was sent before.
#[derive(Clone, Debug)]
enum Step {
    Sale(i64),
    Offline(i64),
    Scan(i64),
    Hold(i64),
    Void(usize),
    VoidHold(usize),
    VoidCompletion(usize),
    Complete(usize, i64),
    CompleteByAdvice(usize, i64),
    Refund(usize, i64),
    Tip(usize, i64),
    Reverse(usize),
    Again(usize),
}

fn step() -> impl Strategy<Value = Step> {
    use Step::{
        Again, Complete, CompleteByAdvice, Hold, Offline, Refund, Reverse, Sale, Scan, Tip, Void, VoidCompletion,
        VoidHold,
    };
    // 5100 is declined by its amount; the largest drain the cards.
    let amount = || prop_oneof![Just(1), Just(1234), Just(1300), Just(5100), Just(90_000), Just(60_000_000)];
    let at = || 0..40_usize;
    prop_oneof![
        3 => amount().prop_map(Sale),
        1 => amount().prop_map(Offline),
        1 => amount().prop_map(Scan),
        3 => amount().prop_map(Hold),
        3 => at().prop_map(Void),
        1 => at().prop_map(VoidHold),
        2 => at().prop_map(VoidCompletion),
        3 => (at(), amount()).prop_map(|(at, amount)| Complete(at, amount)),
        1 => (at(), amount()).prop_map(|(at, amount)| CompleteByAdvice(at, amount)),
        2 => (at(), amount()).prop_map(|(at, amount)| Refund(at, amount)),
        2 => (at(), amount()).prop_map(|(at, amount)| Tip(at, amount)),
        4 => at().prop_map(Reverse),
        2 => at().prop_map(Again),
    ]
}

/// What the terminal believes of one of its transactions.
struct Done {
    request: Message,
    receipt: Receipt,
    /// Above zero for what the merchant gets, below for what goes back, zero for what is only set aside.
    sign: i64,
    stands: bool,
}

/// A terminal with its own books, kept by answers alone.
struct Shop {
    counter: Counter,
    done: Vec<Done>,
    trace: u32,
}

impl Done {
    /// 60.1.
    fn kind(&self) -> &str {
        &self.request.digits(60).unwrap()[..2]
    }
}

impl Shop {
    fn open() -> Self {
        let told_alone = |config: &mut AcquirerConfig| config.adjustments.amount = AdjustedAmount::Difference;
        Self { counter: Counter::open(told_alone), done: Vec::new(), trace: 1 }
    }

    fn code(&mut self, message: Message) -> (String, Message) {
        let answer = self.counter.send(message).unwrap().message;
        (answer.text(39).unwrap().into(), answer)
    }

    /// Sends something new and writes it down if it is approved.
    fn attempt(&mut self, request: Message, sign: i64) {
        let (code, answer) = self.code(request.clone());
        if code == "00" {
            let receipt = Receipt::of(&request, &answer);
            self.done.push(Done { request, receipt, sign, stands: true });
        }
    }

    /// The receipt of one of the transactions of these types (60.1); of any, one time in eight, so that what does not fit
    /// is tried too.
    fn receipt(&self, at: usize, kinds: &[&str]) -> Option<Receipt> {
        let fits = |done: &&Done| at.is_multiple_of(8) || kinds.contains(&done.kind());
        let fitting: Vec<_> = self.done.iter().filter(fits).collect();
        fitting.get(at % fitting.len().max(1)).map(|done| done.receipt.clone())
    }

    fn take(&mut self, step: &Step) {
        self.trace += 1;
        let (terminal, trace) = (self.counter.terminal.clone(), self.trace);
        let receipt = |at: &usize, kinds: &[&str]| self.receipt(*at, kinds);
        let (sales, completions, holds) = (&["22"], &["20", "24"], &["10"]);
        let paid = &["20", "22", "24", "30"];
        let request = match step {
            Step::Sale(amount) => Some((terminal.plain_sale(trace, *amount), 1)),
            Step::Offline(amount) => Some((terminal.offline_sale(trace, *amount), 1)),
            Step::Scan(amount) => Some((terminal.scan(trace, *amount), 1)),
            Step::Hold(amount) => Some((terminal.pre_authorisation(trace, *amount), 0)),
            Step::Void(at) => receipt(at, sales).map(|of| (terminal.void(trace, &of), -1)),
            Step::VoidHold(at) => receipt(at, holds).map(|of| (terminal.pre_authorisation_void(trace, &of), 0)),
            Step::VoidCompletion(at) => receipt(at, completions).map(|of| (terminal.completion_void(trace, &of), -1)),
            Step::Complete(at, amount) => receipt(at, holds).map(|of| (terminal.completion(trace, &of, *amount), 1)),
            Step::CompleteByAdvice(at, amount) => {
                receipt(at, holds).map(|of| (terminal.completion_advice(trace, &of, *amount), 1))
            }
            Step::Refund(at, amount) => receipt(at, paid).map(|of| (terminal.refund(trace, &of, *amount), -1)),
            Step::Tip(at, amount) => {
                receipt(at, &["22", "30"]).map(|of| (terminal.adjustment("34", trace, &of, *amount), 1))
            }
            Step::Reverse(_) | Step::Again(_) => None,
        };
        match (request, step) {
            (Some((request, sign)), _) => self.attempt(request, sign),
            (None, Step::Reverse(at)) => self.reverse(*at),
            (None, Step::Again(at)) => self.again(*at),
            (None, _) => {}
        }
    }

    fn reverse(&mut self, at: usize) {
        let at = at % self.done.len().max(1);
        let Some(done) = self.done.get(at) else { return };
        let reversal = self.counter.terminal.reversal_of(&done.request);
        let (code, _) = self.code(reversal);
        match code.as_str() {
            "00" => self.done[at].stands = false,
            // Voided, completed or refunded since.
            "25" => {}
            other => panic!("a reversal of what was approved was answered {other}"),
        }
    }

    /// Sends something approved again: nothing may move, whatever the answer.
    fn again(&mut self, at: usize) {
        let Some(done) = self.done.get(at % self.done.len().max(1)) else { return };
        let mut repeat = done.request.clone();
        let (reference, stands) = (done.receipt.reference.clone(), done.stands);
        let before = self.counter.bank.ledger().entries().len();
        let first = repeat.mti.to_string();
        for mti in [first.clone(), format!("{}1", &first[..3])] {
            repeat.mti = mti.parse().unwrap();
            let (code, answer) = self.code(repeat.clone());
            let repeated = stands && answer.text(37) == Some(reference.as_str());
            assert!(code == "94" || repeated, "{repeat:?}: {code}");
        }
        assert_eq!(self.counter.bank.ledger().entries().len(), before, "booked twice");
    }

    /// What the merchant should have, and how much on which side of the settlement, by the shop's own books.
    fn sums(&self) -> (i64, String) {
        let side = |sign: i64| {
            let standing = self.done.iter().filter(|done| done.stands && done.sign == sign);
            let amounts: Vec<i64> = standing.map(|done| done.receipt.amount_minor).collect();
            (amounts.iter().sum::<i64>(), amounts.len())
        };
        let ((debit, debits), (credit, credits)) = (side(1), side(-1));
        (debit - credit, totals(debit, debits, credit, credits))
    }

    /// Whether something stands that names this DE38 or DE37.
    fn stands(&self, kinds: &[&str], field: u8, number: &str) -> bool {
        self.standing(kinds).any(|done| done.request.text(field) == Some(number))
    }

    fn standing(&self, kinds: &[&str]) -> impl Iterator<Item = &Done> {
        self.done.iter().filter(move |done| done.stands && kinds.contains(&done.kind()))
    }

    /// What should be set aside: neither voided, nor completed by what is not voided.
    fn held(&self) -> i64 {
        let free = |done: &&Done| {
            let of_it = |other: &&Done| other.request.text(38) == Some(done.receipt.authorisation.as_str());
            let mut completions = self.standing(&["20", "24"]).filter(of_it);
            self.standing(&["11"]).any(|void| of_it(&void))
                || completions.any(|completion| !self.stands(&["21"], 37, &completion.receipt.reference))
        };
        self.standing(&["10"]).filter(|done| !free(done)).map(|done| done.receipt.amount_minor).sum()
    }

    /// Whether some payment was refunded by more than it was.
    fn refunded_too_much(&self) -> bool {
        self.standing(&["20", "22", "24", "30"]).any(|done| {
            let of_it = |other: &&Done| other.request.text(37) == Some(done.receipt.reference.as_str());
            let sum = |kind| self.standing(&[kind]).filter(of_it).map(|other| other.receipt.amount_minor).sum::<i64>();
            sum("25") > done.receipt.amount_minor + sum("34")
        })
    }

    /// Every account that is not empty.
    fn accounts(&self) -> BTreeMap<String, i64> {
        let accounts = self.counter.bank.ledger().accounts().iter();
        accounts.filter(|(_, balance)| **balance != 0).map(|(name, balance)| (name.clone(), *balance)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_books_hold_whatever_is_done(steps in proptest::collection::vec(step(), 1..45)) {
        let mut shop = Shop::open();
        for step in &steps {
            shop.take(step);
            let (merchant_minor, claimed) = shop.sums();
            prop_assert_eq!(shop.accounts().values().sum::<i64>(), 0);
            prop_assert_eq!(shop.counter.merchant_total(), merchant_minor, "{:?}", step);
            prop_assert!(!shop.accounts().contains_key("clearing"));
            let held: i64 = shop.accounts().iter().filter(|(name, _)| name.starts_with("held:")).map(|(_, held)| held).sum();
            prop_assert_eq!(held, shop.held(), "{:?}", step);
            prop_assert!(!shop.refunded_too_much(), "{:?}", step);
            let held = shop.counter.bank.batch_totals(MERCHANT, TERMINAL, &shop.counter.terminal.batch);
            prop_assert_eq!(Some(held), BatchTotals::from_digits(&claimed));
        }
        let batch = shop.counter.terminal.batch.clone();
        for listed in shop.counter.bank.transactions(None, None) {
            prop_assert!(listed.refunded_minor <= listed.amount_minor + listed.adjusted_minor);
            prop_assert!(listed.amount_minor <= listed.asked_minor);
            prop_assert!(listed.state != State::Completed || listed.operation == Operation::PreAuthorisation);
        }
        let (_, claimed) = shop.sums();
        let (code, answer) = shop.code(shop.counter.terminal.settlement(900, &claimed));
        prop_assert_eq!(code, "00");
        prop_assert!(answer.digits(48).is_some_and(|digits| digits.ends_with('1')));
        let report = shop.counter.bank.batch(TERMINAL, Some(&batch)).unwrap();
        prop_assert_eq!(report.net_minor, shop.counter.merchant_total());
    }

    #[test]
    fn an_operation_and_its_reversal_cancel_exactly(
        steps in proptest::collection::vec(step(), 1..30),
        last in step(),
    ) {
        let mut shop = Shop::open();
        steps.iter().for_each(|step| shop.take(step));
        let (before, done) = (shop.accounts(), shop.done.len());
        let states = shop.counter.bank.transactions(None, None);
        shop.take(&last);
        prop_assume!(shop.done.len() > done);
        shop.reverse(done);
        prop_assert!(!shop.done[done].stands, "nothing happened in between, so it must be reversible");
        prop_assert_eq!(shop.accounts(), before);
        let trace = shop.done[done].receipt.trace;
        let others = shop.counter.bank.transactions(None, None).into_iter();
        let others: Vec<_> = others.filter(|listed| listed.trace != format!("{trace:06}")).collect();
        prop_assert_eq!(others, states, "every other transaction stands as before");
    }
}
