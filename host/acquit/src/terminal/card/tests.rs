use devices::virtual_set::{CardProfile, VirtualReader};
use engine::contract::types::LocalTime;

use super::*;
use crate::messages::Language;

/// Remembers what it was told, and sets a flag when it is told this.
struct Watching {
    shown: Vec<String>,
    at: &'static str,
    cancel: Arc<AtomicBool>,
}

impl Display for Watching {
    fn show(&mut self, screen: &Screen) -> Result<(), DeviceError> {
        self.shown.extend(screen.lines.iter().cloned());
        if screen.lines.iter().any(|line| line == self.at) {
            self.cancel.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    fn beep(&mut self, _beep: devices::Beep) -> Result<(), DeviceError> {
        Ok(())
    }
}

fn request() -> CardRequest {
    CardRequest {
        wanted: Wanted::Card,
        at: LocalTime { year: 2026, month: 11, day: 22, hour: 13, minute: 5, second: 0, utc_offset: 480 },
        amount: Amount { minor: 8800, currency: 156, exponent: 2 },
        pin: PinPolicy::Optional,
        allow_fallback: false,
        patience: PATIENCE,
    }
}

/// What comes of asking for this card, and what is on the screen meanwhile; the cashier cancels when `cancelled_at`
/// shows.
fn asked(card: &str, fallback: bool, cancelled_at: &'static str) -> (Asked, Vec<String>) {
    let mut reader = VirtualReader::new();
    reader.present(CardProfile::find(card).unwrap());
    let cancel = Arc::new(AtomicBool::new(false));
    let display = Mutex::new(Watching { shown: Vec::new(), at: cancelled_at, cancel: Arc::clone(&cancel) });
    let asked = ask(&mut reader, &display, &Messages::new(Language::English), &request(), fallback, &cancel);
    assert!(reader.start(&request()).is_ok(), "no session of the reader is left open");
    (asked, display.into_inner().unwrap().shown)
}

const PRESENT: &str = "CNY 88.00 - please present your card";
const AGAIN: &str = "The card could not be read. Please try again.";
const SWIPE: &str = "The chip cannot be read. Please swipe the card.";
const PIN: &str = "CNY 88.00 - please enter your PIN";
const WAIT: &str = "Please wait";

#[test]
fn a_chip_that_cannot_be_read_falls_back_to_its_stripe_within_one_question() {
    let (asked, shown) = asked("unionpay-broken-chip", true, "");
    let Asked::Card(card) = asked else { panic!("there is a card") };
    let presented = card.presented();
    assert_eq!((presented.entry, presented.fell_back, presented.pin_length), (Entry::Stripe, true, 6));
    assert_eq!(shown, [PRESENT, AGAIN, AGAIN, SWIPE, PIN, WAIT]);
}

#[test]
fn without_the_setting_a_broken_chip_is_an_unreadable_card() {
    let (asked, shown) = asked("unionpay-broken-chip", false, "");
    assert!(matches!(asked, Asked::Problem(CardProblem::Unreadable)));
    assert_eq!(shown, [PRESENT, AGAIN, AGAIN]);
}

/// The setting once took the stripe of any chip card that was swiped, and told the acquirer that a chip had failed
/// which nobody had tried: just what a copied stripe needs.
#[test]
fn a_swiped_chip_card_is_sent_to_its_chip_whatever_the_setting() {
    for fallback in [false, true] {
        let (asked, shown) = asked("unionpay-chip", fallback, "");
        assert!(matches!(asked, Asked::Problem(CardProblem::UseChip)));
        assert_eq!(shown, [PRESENT, "This card has a chip. Please insert it."]);
    }
}

#[test]
fn an_unreadable_stripe_is_not_asked_for_once_more() {
    let (asked, shown) = asked("unreadable", true, "");
    assert!(matches!(asked, Asked::Problem(CardProblem::Unreadable)));
    assert_eq!(shown, [PRESENT, AGAIN, AGAIN]);
}

#[test]
fn the_cashier_may_cancel_while_the_stripe_is_waited_for() {
    for at in [PRESENT, AGAIN, SWIPE, PIN] {
        let (asked, shown) = asked("unionpay-broken-chip", true, at);
        assert!(matches!(asked, Asked::Cancelled), "at {at}");
        assert_eq!(shown.last().map(String::as_str), Some(at));
    }
}
