//! What must stay true, whatever the protocol becomes.

use acquit_plugin_starter::{Starter, fields::TABLE};
use sdk::iso8583::{Composer, Content};
use sdk::prelude::*;

/// Bytes of a MAC; who checks it is the terminal.
const MAC: &str = "0011223344556677";

fn context() -> Context {
    let set = [("terminal", "TERM0001"), ("merchant", "MERCHANT0000001")];
    Context {
        now: LocalTime { year: 2026, month: 5, day: 10, hour: 10, minute: 0, second: 0, utc_offset: 480 },
        transaction: "T1".to_owned(),
        operator: "01".to_owned(),
        locale: "en".to_owned(),
        parameters: set.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        memory: Vec::new(),
        counters: vec![("trace".to_owned(), 42)],
        keys: vec!["pik".to_owned(), "mak".to_owned()],
        device: Device {
            serial: "S".to_owned(),
            model: "M".to_owned(),
            firmware: "F".to_owned(),
            reads: vec![Reader::Stripe],
            developer_kernel: false,
        },
    }
}

fn sale() -> Operation {
    Operation::Pay(Payment {
        kind: PaymentKind::Sale,
        amount: Amount { minor: 1234, currency: 156, exponent: 2 },
        tip: None,
        cash: None,
        card: Some(Presented {
            entry: Entry::Stripe,
            bin: "620000".to_owned(),
            last_four: "6787".to_owned(),
            pan_length: 16,
            has_expiry: true,
            track_one_length: 0,
            track_two_length: 35,
            track_three_length: 0,
            sequence_number: None,
            service_code: None,
            verification: Verification::OnlinePin,
            pin_length: 6,
            fell_back: false,
            tags: Vec::new(),
        }),
    })
}

/// An answer of the acquirer to the sale of this file, with some fields set otherwise; an empty one is left out.
fn answer(message_type: u16, otherwise: &[(u8, &str)]) -> Event {
    let usual = [
        (3, "000000"),
        (4, "000000001234"),
        (11, "000042"),
        (39, "00"),
        (41, "TERM0001"),
        (42, "MERCHANT0000001"),
        (64, MAC),
    ];
    let mut message = Composer::new(&TABLE, message_type);
    let is_changed = |number: u8| otherwise.iter().any(|(other, _)| *other == number);
    let unchanged = usual.into_iter().filter(|(number, _)| !is_changed(*number));
    for (number, text) in unchanged.chain(otherwise.iter().copied()).filter(|(_, text)| !text.is_empty()) {
        message.set(number, text).expect("fits");
    }
    Event::Received(Reply { status: 0, headers: Vec::new(), body: message.to_bytes().expect("no holes") })
}

fn begun() -> Step {
    Starter::start(&context(), &sale()).expect("a sale")
}

fn ended(event: &Event) -> Outcome {
    match Starter::resume(&context(), &sale(), &begun().state, event).expect("reads").action {
        Action::Finish(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_field_of_the_table_has_a_content_a_frame_can_hold() {
    assert!(TABLE.fields.iter().all(|field| field.content != Content::Text), "characters of one known code only");
}

#[test]
fn what_moves_money_has_a_remedy() {
    let Action::Send(exchange) = begun().action else { panic!("a message") };
    assert_eq!(exchange.gravity, Gravity::MovesMoney);
    let Some(Remedy::Undo(standby)) = exchange.remedy else { panic!("a reversal") };
    assert!(standby.answers.iter().all(|reading| reading.proofs.len() == 5), "a seal and four echoes");
}

#[test]
fn codes_decide_and_only_those_of_the_table() {
    assert!(matches!(ended(&answer(0x0210, &[])), Outcome::Approved(_)));
    let declined = ended(&answer(0x0210, &[(39, "51")]));
    assert!(matches!(declined, Outcome::Declined(Declined { reason: Reason::InsufficientFunds, .. })), "{declined:?}");
    assert!(matches!(ended(&answer(0x0210, &[(39, "X7")])), Outcome::Unknown(_)));
}

#[test]
fn an_answer_without_a_seal_is_never_an_approval() {
    assert!(matches!(ended(&answer(0x0210, &[(64, "")])), Outcome::Unknown(_)));
}

#[test]
fn an_answer_to_another_message_is_no_answer() {
    let step = Starter::resume(&context(), &sale(), &begun().state, &answer(0x0210, &[(11, "000041")])).expect("reads");
    assert_eq!(step.action, Action::Listen(Stray::Foreign));
}

/// The terminal reads the answer to a reversal by patterns where the plugin is gone; both must say the same.
#[test]
fn the_terminal_reads_an_answer_to_a_reversal_as_the_plugin_does() {
    let Action::Send(Exchange { remedy: Some(Remedy::Undo(standby)), .. }) = begun().action else { panic!("a sale") };
    let reversal = Operation::FollowUp(FollowUp {
        kind: FollowUpKind::Reverse,
        of: Subject::None,
        amount: Amount { minor: 1234, currency: 156, exponent: 2 },
        card: None,
        reason: None,
    });
    for (code, means) in [("00", Meaning::Paid), ("25", Meaning::Unmatched), ("96", Meaning::Refused)] {
        let event = answer(0x0410, &[(39, code)]);
        let step = Starter::resume(&context(), &reversal, &begun().state, &event).expect("reads");
        let Event::Received(reply) = &event else { panic!("a reply") };
        let fits = |reading: &&Reading| {
            reading.fits.at.iter().all(|BytesAt { offset, bytes }| reply.body[*offset as usize..].starts_with(bytes))
        };
        let reading = standby.answers.iter().find(fits).expect("one fits");
        assert_eq!(reading.means, means);
        assert_eq!(reading.proofs, step.proofs, "the same proofs, in the same order");
    }
}
