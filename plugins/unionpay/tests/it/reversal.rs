//! The reversal: the standby's bytes, the plugin's own, and how an answer is read with and without the plugin.

use acquit_plugin_unionpay::{UnionPay, fields};
use sdk::prelude::*;

use crate::support::{
    ANSWERED, MAC, answer, context, outcome, proven, render, render_nodes, resume, reversal_answer, reverse, sale,
    sent, standby, start, swiped,
};

const REFERENCE: [(&str, &str); 3] = [("trace", "100175"), ("batch", "000001"), ("entry-mode", "021")];

fn stored(parameters: &[(&str, &str)]) -> Standby {
    standby(sent(&start(&context(parameters), &sale(swiped(6))))).clone()
}

fn fits(pattern: &Pattern, body: &[u8]) -> bool {
    pattern.at.iter().all(|at| {
        let start = usize::try_from(at.offset).expect("these readings count from the start");
        body.get(start..start + at.bytes.len()) == Some(&at.bytes[..])
    })
}

/// What the terminal makes of an answer without the plugin: the first reading that fits and is proven.
fn read_alone(standby: &Standby, reply: &Reply) -> Option<Meaning> {
    let nodes = render_nodes(&standby.message, UndoReason::NoAnswer);
    let is_proven = |reading: &Reading| {
        let (echoes, is_sealed) = proven(&reading.proofs, &nodes, &reply.body);
        is_sealed && echoes == [Echoed::Trace, Echoed::Terminal, Echoed::Merchant, Echoed::Amount]
    };
    let mut readings = standby.answers.iter();
    readings.find(|reading| fits(&reading.fits, &reply.body) && is_proven(reading)).map(|reading| reading.means)
}

/// The bytes U4 and U6 show, for U5's sale: the original's trace and fields, DE2 and DE14 but no track and no PIN.
#[test]
fn the_standby_is_a_0400_of_the_same_trace() {
    let expected = concat!(
        "6000040000602200000000",
        "0400",
        "7024048002C08019",
        "166200000123456787",
        "000000",
        "000000088800",
        "100175",
        "3012",
        "0210",
        "00",
        "3938",
        "3130343231363935",
        "383734333530333537323232343731",
        "313536",
        "000822000001",
        "0012000001100175",
        "3246394433453536",
    );
    assert_eq!(hex::encode_upper(render(&stored(&[]).message, UndoReason::NoAnswer)), expected);
}

#[test]
fn every_reason_is_spelled() {
    let cases = [
        (UndoReason::NoAnswer, "98"),
        (UndoReason::BadMac, "A0"),
        (UndoReason::Malfunction, "96"),
        (UndoReason::CardRefused, "06"),
        (UndoReason::Cancelled, "98"),
    ];
    for (reason, code) in cases {
        let frame = render(&stored(&[]).message, reason);
        assert_eq!(fields::read(&frame).expect("reads").get(39).expect("reason").text(), code);
        let begun = start(&context(&[]), &reverse(Some(reason), &REFERENCE));
        assert_eq!(render(&sent(&begun).message, reason), frame, "with and without a stored standby");
    }
    let own = [("reversal-reasons", "08,08,17,06")];
    for (reason, code) in
        [(UndoReason::NoAnswer, "08"), (UndoReason::Malfunction, "17"), (UndoReason::CardRefused, "06")]
    {
        let frame = render(&stored(&own).message, reason);
        assert_eq!(fields::read(&frame).expect("reads").get(39).expect("reason").text(), code);
    }
    let frame = render(&stored(&[("reversal-cancelled", "17")]).message, UndoReason::Cancelled);
    assert_eq!(fields::read(&frame).expect("reads").get(39).expect("reason").text(), "17");
}

#[test]
fn original_data_can_be_left_out() {
    let frame = render(&stored(&[("original-data", "no")]).message, UndoReason::NoAnswer);
    assert!(fields::read(&frame).expect("reads").get(61).is_none());
}

#[test]
fn a_reversal_of_its_own_owes_and_takes_no_new_trace() {
    let step = start(&context(&[]), &reverse(None, &REFERENCE));
    let exchange = sent(&step);
    assert_eq!((exchange.gravity, exchange.uses.len()), (Gravity::Owes, 0));
    let nodes = &exchange.message.nodes;
    assert!(!nodes.iter().any(|node| matches!(node, Node::PinBlock(_) | Node::Track(_))));
    let secrets = nodes.iter().filter_map(|node| if let Node::Secret(hole) = node { Some(hole.secret) } else { None });
    assert_eq!(secrets.collect::<Vec<_>>(), [Secret::Pan, Secret::Expiry]);
    let broken = [("trace", "1"), ("batch", "x"), ("entry-mode", "021")];
    for reference in [&REFERENCE[..2], &broken[..]] {
        assert!(matches!(UnionPay::start(&context(&[]), &reverse(None, reference)), Err(Fault::Internal(_))));
    }
}

#[test]
fn which_code_means_what_is_the_acquirers_parameter() {
    let defaults = [("00", "paid"), ("12", "unmatched"), ("25", "unmatched"), ("01", "refused"), ("96", "refused")];
    let changed = [("00", "refused"), ("01", "paid"), ("12", "paid"), ("25", "refused"), ("64", "unmatched")];
    let settings: [&[(&str, &str)]; 2] = [&[], &[("reversal-paid", "01,12"), ("reversal-unmatched", "64")]];
    for (parameters, cases) in settings.into_iter().zip([defaults, changed]) {
        let (context, operation) = (context(parameters), sale(swiped(6)));
        let state = start(&context, &operation).state;
        let standby = stored(parameters);
        for (code, expected) in cases {
            let reply = reversal_answer(&[(39, code)]);
            let step = resume(&context, &reverse(None, &REFERENCE), &state, reply.clone());
            let (means, alone) = match outcome(&step) {
                Outcome::Acknowledged(said) if said == code => ("paid", Meaning::Paid),
                Outcome::Unmatched(said) if said == code => ("unmatched", Meaning::Unmatched),
                Outcome::Refused(said) if said == code => ("refused", Meaning::Refused),
                other => panic!("{code}: {other:?}"),
            };
            assert_eq!((means, Some(alone)), (expected, read_alone(&standby, &reply)), "{code}");
            let nodes = render_nodes(&standby.message, UndoReason::NoAnswer);
            assert_eq!(proven(&step.proofs, &nodes, &reply.body).0.len(), 4, "echoes of the standby, not of the sale");
        }
    }
}

#[test]
fn the_readings_know_answers_with_the_card_number_too() {
    let with_card = reversal_answer(&[(2, "6200000000006787")]);
    assert_eq!(read_alone(&stored(&[]), &with_card), Some(Meaning::Paid));
    let mut without_banks = ANSWERED.to_vec();
    without_banks.retain(|(number, _)| *number != 44);
    assert_eq!(read_alone(&stored(&[]), &answer(0x0410, &without_banks, Some(MAC))), Some(Meaning::Paid));
}

/// The seal is counted from the end, so what stands between merchant and seal moves nothing that is read.
#[test]
fn fields_after_the_merchant_make_no_difference() {
    let step = start(&context(&[]), &sale(swiped(6)));
    assert_eq!(standby(sent(&step)).answers.len(), 8, "two layouts, each paid, twice unmatched, and refused");
    for change in [(55, "9F26"), (63, "CUP"), (54, "1001156C000000001000")] {
        assert_eq!(read_alone(&stored(&[]), &reversal_answer(&[change])), Some(Meaning::Paid), "DE{}", change.0);
    }
    let bitmaps = [("reversal-answer-bitmaps", "303A00810AC08011,303A00810AD08011,303A00810AC08013")];
    assert_eq!(stored(&bitmaps).answers.len(), 4, "bitmaps that agree up to the merchant are one layout");
    let refused = read_alone(&stored(&[]), &reversal_answer(&[(39, "96"), (63, "CUP")]));
    assert_eq!(refused, Some(Meaning::Refused));
}

/// A reading that guesses wrong must fit nothing: "not read" leaves the money owed, "misread" loses it.
#[test]
fn a_wrong_assumption_falls_through() {
    let standby = stored(&[]);
    let cases: [(&str, &[(u8, &str)]); 7] = [
        ("DE32 of another length", &[(32, "0309998800")]),
        ("a field the layout does not have", &[(38, "A1B2C3")]),
        ("another field before the code", &[(14, "3012")]),
        ("another trace", &[(11, "100176")]),
        ("another terminal", &[(41, "10421696")]),
        ("another merchant", &[(42, "874350357222472")]),
        ("a card number of another length", &[(2, "620000000000678")]),
    ];
    for (what, change) in cases {
        assert_eq!(read_alone(&standby, &reversal_answer(change)), None, "{what}");
    }
    assert_eq!(read_alone(&standby, &reversal_answer(&[(4, "000000088801")])), None, "another amount fails its echo");
    assert_eq!(read_alone(&standby, &answer(0x0410, &ANSWERED, Some(b"00000000"))), None, "another MAC");
    assert_eq!(read_alone(&standby, &answer(0x0210, &ANSWERED, Some(MAC))), None, "the sale's own late answer");
    assert_eq!(read_alone(&standby, &answer(0x0410, &ANSWERED, None)), None, "no MAC");
    let other_lengths = stored(&[("acquirer-id-digits", "8,10")]);
    assert_eq!(read_alone(&other_lengths, &reversal_answer(&[(32, "0309998800")])), Some(Meaning::Paid));
}

#[test]
fn what_is_no_answer_to_this_reversal_settles_nothing() {
    let (context, operation) = (context(&[]), reverse(None, &REFERENCE));
    let state = start(&context, &operation).state;
    let step = resume(&context, &operation, &state, reversal_answer(&[(11, "100176")]));
    assert_eq!(step.action, Action::Listen(Stray::Foreign));
    let step = resume(&context, &operation, &state, answer(0x0410, &ANSWERED, None));
    assert_eq!(outcome(&step), &Outcome::Unknown(Unknown { code: "00".to_owned(), owed: Owed::Reversal }));
    let late_sale = Event::Received(answer(0x0210, &ANSWERED, Some(MAC)));
    assert!(matches!(UnionPay::resume(&context, &operation, &state, &late_sale), Err(Fault::Malformed(_))));
}
