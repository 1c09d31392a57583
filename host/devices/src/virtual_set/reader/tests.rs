use engine::contract::card::Verification;
use engine::contract::types::{Amount, LocalTime};

use super::*;

const WAIT: Duration = Duration::from_millis(100);

fn request(pin: PinPolicy, allow_fallback: bool) -> CardRequest {
    CardRequest {
        wanted: Wanted::Card,
        at: LocalTime { year: 2026, month: 11, day: 22, hour: 9, minute: 30, second: 0, utc_offset: 480 },
        amount: Amount { minor: 1234, currency: 156, exponent: 2 },
        pin,
        allow_fallback,
        patience: Duration::from_secs(1),
    }
}

/// A session from its start to its last event, answering the PIN prompt: the events as words.
fn run(card: &str, request: &CardRequest) -> (Vec<String>, Option<CardSession>) {
    let mut reader = VirtualReader::new();
    reader.present(CardProfile::find(card).unwrap());
    play(&mut reader, request)
}

/// One session of this reader.
fn play(reader: &mut VirtualReader, request: &CardRequest) -> (Vec<String>, Option<CardSession>) {
    reader.start(request).unwrap();
    let mut words = Vec::new();
    loop {
        match reader.next(WAIT).unwrap() {
            None => words.push("-".to_owned()),
            Some(CardEvent::Online(session)) => return (words, Some(*session)),
            Some(CardEvent::Ended(ending)) => {
                words.push(format!("{ending:?}"));
                return (words, None);
            }
            Some(event) => {
                if matches!(event, CardEvent::PinWanted { .. }) {
                    reader.answer(Answer::Pin).unwrap();
                }
                words.push(format!("{event:?}"));
            }
        }
    }
}

#[test]
fn a_stripe_with_a_pin_gives_a_session_and_only_key_counts() {
    let (events, session) = run("unionpay-stripe", &request(PinPolicy::Required, false));
    assert_eq!(
        events,
        [
            "Detected(Stripe)",
            "PinWanted { optional: false }",
            "PinKeys(1)",
            "PinKeys(2)",
            "PinKeys(3)",
            "PinKeys(4)",
            "PinKeys(5)",
            "PinKeys(6)"
        ]
    );
    let presented = session.unwrap().presented();
    assert_eq!((presented.bin.as_str(), presented.last_four.as_str(), presented.pin_length), ("620000", "6787", 6));
    assert_eq!(presented.verification, Verification::OnlinePin);
    assert!(!presented.fell_back);
}

#[test]
fn no_pin_is_asked_for_where_none_is_wanted() {
    let (events, session) = run("visa-stripe", &request(PinPolicy::Never, false));
    assert_eq!(events, ["Detected(Stripe)"]);
    assert_eq!(session.unwrap().presented().pin_length, 0);
}

#[test]
fn a_holder_without_a_pin_goes_on_only_where_it_is_optional() {
    let (events, session) = run("unionpay-without-pin", &request(PinPolicy::Optional, false));
    assert_eq!(events, ["Detected(Stripe)", "PinWanted { optional: true }"]);
    assert_eq!(session.unwrap().presented().verification, Verification::None);

    let (events, session) = run("unionpay-without-pin", &request(PinPolicy::Required, false));
    assert_eq!(events.last().unwrap(), "TimedOut");
    assert!(session.is_none());
}

#[test]
fn a_wrong_pin_looks_like_a_right_one() {
    let right = run("unionpay-stripe", &request(PinPolicy::Required, false));
    let wrong = run("unionpay-wrong-pin", &request(PinPolicy::Required, false));
    assert_eq!(right.0, wrong.0);
    assert_eq!(right.1.unwrap().presented(), wrong.1.unwrap().presented());
}

#[test]
fn a_holder_who_gives_up_at_the_pin_ends_the_session() {
    let (events, session) = run("unionpay-cancelled", &request(PinPolicy::Optional, false));
    assert_eq!(events[2..], ["PinKeys(1)", "PinKeys(2)", "Cancelled"]);
    assert!(session.is_none());
}

#[test]
fn a_chip_card_that_is_swiped_is_sent_to_the_chip() {
    let (events, session) = run("visa-chip", &request(PinPolicy::Never, false));
    assert_eq!(events[..2], ["Detected(Stripe)", "Notice(UseChip)"]);
    assert_eq!(events.last().unwrap(), "TimedOut");
    assert!(session.is_none());
}

#[test]
fn a_chip_card_may_be_swiped_where_fallback_is_allowed_and_says_so() {
    let (events, session) = run("visa-chip", &request(PinPolicy::Never, true));
    assert_eq!(events, ["Detected(Stripe)"]);
    assert!(session.unwrap().presented().fell_back);
}

/// The holder of a broken chip inserts it, and swipes it when asked to: one card, two sessions.
#[test]
fn a_chip_that_cannot_be_read_is_tried_three_times_and_then_swiped_where_that_is_allowed() {
    let after_the_chip = |allow_fallback| {
        let mut reader = VirtualReader::new();
        reader.present(CardProfile::find("unionpay-broken-chip").unwrap());
        let (events, session) = play(&mut reader, &request(PinPolicy::Never, false));
        assert_eq!(events, ["Detected(ContactChip)", "Notice(TryAgain)", "Notice(TryAgain)", "Unreadable"]);
        assert!(session.is_none());
        play(&mut reader, &request(PinPolicy::Never, allow_fallback))
    };
    let (events, session) = after_the_chip(true);
    assert_eq!(events, ["Detected(Stripe)"]);
    let presented = session.unwrap().presented();
    assert_eq!((presented.entry, presented.fell_back), (Entry::Stripe, true));
    assert_eq!(presented.last_four, "6787");

    let (events, session) = after_the_chip(false);
    assert_eq!(events.last().unwrap(), "TimedOut", "its holder has nothing else to offer");
    assert!(session.is_none());
}

/// A card whose chip failed has been taken back by its holder when somebody else's payment begins.
#[test]
fn a_broken_chip_is_not_swiped_into_another_payment() {
    let mut reader = VirtualReader::new();
    reader.present(CardProfile::find("unionpay-broken-chip").unwrap());
    play(&mut reader, &request(PinPolicy::Never, false));
    play(&mut reader, &request(PinPolicy::Never, false));
    let (events, session) = play(&mut reader, &request(PinPolicy::Never, true));
    assert!(session.is_none(), "{events:?}");
}

#[test]
fn an_unreadable_tap_and_an_unreadable_stripe_are_not_turned() {
    let mut reader = VirtualReader::new();
    let tapped = include_str!("../../../cards/unionpay-tapped.toml");
    reader.present(CardProfile::parse(&format!("{tapped}fault = \"unreadable\"")).unwrap());
    for card in [None, Some("unreadable")] {
        if let Some(card) = card {
            reader.present(CardProfile::find(card).unwrap());
        }
        let (events, _) = play(&mut reader, &request(PinPolicy::Never, false));
        assert_eq!(events.last().unwrap(), "Unreadable");
        let (_, session) = play(&mut reader, &request(PinPolicy::Never, true));
        assert!(session.is_none());
    }
}

#[test]
fn an_unreadable_stripe_is_tried_three_times() {
    let (events, _) = run("unreadable", &request(PinPolicy::Never, false));
    assert_eq!(events, ["Detected(Stripe)", "Notice(TryAgain)", "Notice(TryAgain)", "Unreadable"]);
}

#[test]
fn a_card_taken_away_is_an_outcome() {
    let (events, _) = run("removed", &request(PinPolicy::Required, false));
    assert_eq!(events, ["Detected(Stripe)", "Removed"]);
}

#[test]
fn nobody_comes_and_the_session_ends_by_itself() {
    let mut reader = VirtualReader::new();
    reader.start(&request(PinPolicy::Never, false)).unwrap();
    let quiet = std::iter::from_fn(|| reader.next(WAIT).unwrap().is_none().then_some(())).count();
    assert_eq!(quiet, 9, "ten waits of 100 ms make up a second");
    assert!(reader.start(&request(PinPolicy::Never, false)).is_ok(), "the session is over");
}

#[test]
fn a_card_may_come_late_and_is_good_for_one_session() {
    let mut reader = VirtualReader::new();
    let request = request(PinPolicy::Never, false);
    reader.start(&request).unwrap();
    assert!(reader.next(WAIT).unwrap().is_none());
    reader.present(CardProfile::find("visa-stripe").unwrap());
    assert!(matches!(reader.next(WAIT).unwrap(), Some(CardEvent::Detected(Entry::Stripe))));
    assert!(matches!(reader.next(WAIT).unwrap(), Some(CardEvent::Online(_))));
    reader.start(&request).unwrap();
    assert!(reader.next(WAIT).unwrap().is_none());
}

#[test]
fn one_session_at_a_time() {
    let mut reader = VirtualReader::new();
    reader.start(&request(PinPolicy::Never, false)).unwrap();
    assert_eq!(reader.start(&request(PinPolicy::Never, false)), Err(DeviceError::Busy));
}

/// After each number of events of the longest session: what every answer does there.
#[test]
fn cancel_is_legal_in_every_state_and_a_pin_only_where_it_was_asked_for() {
    let request = request(PinPolicy::Required, false);
    let open = |events: usize| {
        let mut reader = VirtualReader::new();
        reader.present(CardProfile::find("unionpay-stripe").unwrap());
        reader.start(&request).unwrap();
        for _ in 0..events {
            if matches!(reader.next(WAIT).unwrap(), Some(CardEvent::PinWanted { .. })) && events > 2 {
                reader.answer(Answer::Pin).unwrap();
            }
        }
        reader
    };
    for events in 0..=8 {
        let mut reader = open(events);
        assert_eq!(reader.answer(Answer::Pin).is_ok(), events == 2, "after {events} events");
        // An answer out of turn changes nothing, so that cancelling is tried in the very same state.
        let mut reader = if events == 2 { open(events) } else { reader };
        reader.answer(Answer::Cancel).unwrap();
        assert!(
            matches!(reader.next(WAIT).unwrap(), Some(CardEvent::Ended(Ending::Cancelled))),
            "after {events} events"
        );
        assert!(reader.next(WAIT).unwrap().is_none(), "the session is over");
        assert!(reader.start(&request).is_ok());
    }
    assert_eq!(VirtualReader::new().answer(Answer::Cancel), Ok(()), "where no session runs");
    assert_eq!(VirtualReader::new().answer(Answer::Pin), Err(DeviceError::OutOfTurn { answer: "pin" }));
}

#[test]
fn events_print_without_card_data() {
    let (_, session) = run("unionpay-stripe", &request(PinPolicy::Required, false));
    assert_eq!(format!("{:?}", CardEvent::Online(Box::new(session.unwrap()))), "Online([redacted])");
}
