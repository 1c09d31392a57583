//! The sale: its bytes, its standby, and what each answer means.

use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

use crate::support::{
    ANSWERED, MAC, U5, answer, bytes, cny, context, outcome, payment, proven, render, render_nodes, resume, sale,
    sale_answer, sent, standby, start, swiped,
};

const NO_ANSWER: UndoReason = UndoReason::NoAnswer;

/// The sale of U5 and the answer to it.
fn answered(reply: Reply) -> Step {
    let (context, operation) = (context(&[]), sale(swiped(6)));
    let begun = start(&context, &operation);
    resume(&context, &operation, &begun.state, reply)
}

fn unknown(code: &str) -> Outcome {
    Outcome::Unknown(Unknown { code: code.to_owned(), owed: Owed::Reversal })
}

#[test]
fn a_swiped_sale_with_pin_is_u5_byte_for_byte() {
    let step = start(&context(&[]), &sale(swiped(6)));
    let exchange = sent(&step);
    assert_eq!((exchange.gravity, exchange.timeout), (Gravity::MovesMoney, 60_000));
    assert_eq!(exchange.uses, ["trace"]);
    assert_eq!(hex::encode_upper(render(&exchange.message, NO_ANSWER)), U5);
    let reference = [("trace", "100175"), ("batch", "000001"), ("entry-mode", "021")];
    assert_eq!(step.reference, reference.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn without_a_pin_there_is_neither_block_nor_security_control() {
    let step = start(&context(&[]), &sale(swiped(0)));
    let frame = render(&sent(&step).message, NO_ANSWER);
    let message = acquit_plugin_unionpay::fields::read(&frame).expect("reads");
    assert!([26, 52, 53].into_iter().all(|number| message.get(number).is_none()));
    assert_eq!(message.get(22).expect("entry mode").text(), "022");
}

#[test]
fn a_keyed_number_goes_with_its_expiry_and_a_fallback_says_so() {
    let keyed = Presented { entry: Entry::Manual, track_two_length: 0, ..swiped(0) };
    let frame = render(&sent(&start(&context(&[]), &sale(keyed))).message, NO_ANSWER);
    let message = acquit_plugin_unionpay::fields::read(&frame).expect("reads");
    let text = |number| message.get(number).map(|value| value.text()).unwrap_or_default();
    assert_eq!(
        (text(2), text(14), text(22), text(35)),
        ("6200000123456787".into(), "3012".into(), "012".into(), "".into())
    );
    let fell_back = Presented { fell_back: true, ..swiped(6) };
    let frame = render(&sent(&start(&context(&[]), &sale(fell_back))).message, NO_ANSWER);
    let message = acquit_plugin_unionpay::fields::read(&frame).expect("reads");
    assert_eq!(message.get(60).expect("custom").text(), "2200000100022");
}

#[test]
fn what_this_protocol_cannot_carry_is_refused_before_anything_is_sent() {
    let no_track = Presented { track_two_length: 0, ..swiped(0) };
    let code = Presented { entry: Entry::CodeScan, ..swiped(0) };
    let dollars = Payment { amount: Amount { currency: 840, ..cny(100) }, ..payment(swiped(0)) };
    let huge = Payment { amount: cny(1_000_000_000_000), ..payment(swiped(0)) };
    let cash = Payment { cash: Some(cny(1)), ..payment(swiped(0)) };
    let no_card = Payment { card: None, ..payment(swiped(0)) };
    let shown = Payment { kind: PaymentKind::ShowToPay, card: None, ..payment(swiped(0)) };
    let scanned = Payment { kind: PaymentKind::ScanToPay, ..payment(swiped(0)) };
    for payment in [payment(no_track), payment(code), dollars, huge, cash, no_card, shown, scanned] {
        let fault = UnionPay::start(&context(&[]), &Operation::Pay(payment.clone()));
        assert!(matches!(fault, Err(Fault::Unsupported(_))), "{payment:?}: {fault:?}");
    }
    let mut no_trace = context(&[]);
    no_trace.counters = vec![("trace".to_owned(), 0)];
    assert!(matches!(UnionPay::start(&no_trace, &sale(swiped(0))), Err(Fault::Internal(_))));
}

#[test]
fn a_wrong_parameter_is_a_configuration_fault_that_names_it() {
    let cases = [
        ("terminal", "1234567"),
        ("tpdu", "60000400F0"),
        ("mac", "x99"),
        ("timeout-ms", "0"),
        ("reversal-paid", ""),
        ("reversal-unmatched", "1"),
        ("original-data", "perhaps"),
        ("reversal-reasons", "98,A0,96"),
        ("reversal-reasons", "98,A0,96,06,17"),
        ("partial-approvals", "maybe"),
        ("reversal-answer-bitmaps", "303A00810AC0801"),
        ("reversal-answer-bitmaps", "303A00810AC08010"),
        ("acquirer-id-digits", "12"),
    ];
    for (name, value) in cases {
        let fault = UnionPay::start(&context(&[(name, value)]), &sale(swiped(6)));
        let Err(Fault::Configuration(text)) = fault else { panic!("{name}={value}: {fault:?}") };
        assert!(text.contains(name.split('-').next().unwrap_or(name)), "{text}");
    }
    let mut no_terminal = context(&[]);
    no_terminal.parameters.retain(|(name, _)| name != "terminal");
    assert!(matches!(UnionPay::start(&no_terminal, &sale(swiped(6))), Err(Fault::Configuration(_))));
}

#[test]
fn an_approval_carries_proofs_receipt_and_what_follows_will_need() {
    let reply = sale_answer(&[(38, "A1B2C3")]);
    let step = answered(reply.clone());
    let Outcome::Approved(approved) = outcome(&step) else { panic!("{step:?}") };
    assert_eq!(approved.amount, cny(88_800));
    assert_eq!((approved.authorization.as_str(), approved.retrieval_reference.as_str()), ("A1B2C3", "000000000203"));
    assert_eq!(approved.settlement_group, "domestic");
    assert!(approved.receipt.contains(&("issuer".to_owned(), "01020000".to_owned())));
    assert!(approved.receipt.contains(&("acquirer".to_owned(), "03099988".to_owned())));
    let referred = |name: &str| step.reference.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(
        (referred("trace"), referred("batch"), referred("rrn")),
        (Some("100175"), Some("000001"), Some("000000000203"))
    );
    assert_eq!((referred("entry-mode"), referred("settlement-date")), (Some("021"), Some("0510")));
    let nodes = render_nodes(&sent(&start(&context(&[]), &sale(swiped(6)))).message, NO_ANSWER);
    let echoes = vec![Echoed::Trace, Echoed::Terminal, Echoed::Merchant, Echoed::Amount];
    assert_eq!(proven(&step.proofs, &nodes, &reply.body), (echoes, true));
}

#[test]
fn another_amount_or_merchant_fails_its_echo() {
    let nodes = render_nodes(&sent(&start(&context(&[]), &sale(swiped(6)))).message, NO_ANSWER);
    let changes = [((4, "000000088801"), Echoed::Amount), ((42, "874350357222472"), Echoed::Merchant)];
    for (change, fails) in changes {
        let reply = sale_answer(&[change]);
        let (echoes, _) = proven(&answered(reply.clone()).proofs, &nodes, &reply.body);
        assert!(!echoes.contains(&fails) && echoes.len() == 3, "{fails:?}");
    }
}

#[test]
fn an_answer_of_another_message_counts_as_none() {
    for change in [(11, "100176"), (41, "10421696"), (3, "200000")] {
        let step = answered(sale_answer(&[change]));
        assert_eq!(step.action, Action::Listen(Stray::Foreign), "{change:?}");
        assert!(step.effects.is_empty() && step.reference.is_empty());
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_malformed_and_says_where() {
    let without = |number: u8| ANSWERED.iter().copied().filter(|(field, _)| *field != number).collect::<Vec<_>>();
    let cases = [
        (answer(0x0810, &ANSWERED, Some(MAC)), "MTI"),
        (answer(0x0210, &without(11), Some(MAC)), "DE11"),
        (answer(0x0210, &without(39), Some(MAC)), "DE39"),
        (answer(0x0210, &without(41), Some(MAC)), "DE41"),
        (Reply { status: 0, headers: Vec::new(), body: Vec::new() }, "MTI"),
    ];
    let (context, operation) = (context(&[]), sale(swiped(6)));
    let begun = start(&context, &operation);
    for (reply, expected) in cases {
        let fault = UnionPay::resume(&context, &operation, &begun.state, &Event::Received(reply));
        assert!(matches!(&fault, Err(Fault::Malformed(Malformed { path, .. })) if path == expected), "{fault:?}");
    }
}

#[test]
fn an_answer_without_a_mac_is_unknown_whatever_it_says() {
    for code in ["00", "51", "A0"] {
        let mut said = ANSWERED.to_vec();
        said.push((39, code));
        assert_eq!(outcome(&answered(answer(0x0210, &said, None))), &unknown(code));
    }
}

#[test]
fn a_code_nobody_knows_is_unknown_and_never_approved_or_declined() {
    for code in ["ZZ", "0A", "  ", "a0"] {
        assert_eq!(outcome(&answered(sale_answer(&[(39, code)]))), &unknown(code), "{code}");
    }
}

#[test]
fn a_partial_approval_is_the_lesser_amount_and_never_more() {
    let step = answered(sale_answer(&[(39, "10"), (4, "000000050000")]));
    assert!(matches!(outcome(&step), Outcome::Approved(approved) if approved.amount == cny(50_000)));
    assert!(!step.proofs.iter().any(|proof| matches!(proof, Proof::Echo(echo) if echo.what == Echoed::Amount)));
    assert!(step.proofs.iter().any(|proof| matches!(proof, Proof::Seal(_))));
    for amount in ["000000088801", "000000000000"] {
        assert_eq!(outcome(&answered(sale_answer(&[(39, "10"), (4, amount)]))), &unknown("10"), "{amount}");
    }
}

#[test]
fn a_code_that_asks_for_it_brings_a_sign_in() {
    for (code, asks) in [("77", true), ("99", true), ("A0", true), ("22", true), ("51", false), ("00", false)] {
        let requested = answered(sale_answer(&[(39, code)])).effects;
        let expected = if asks { vec![Effect::Request((OperationKind::SignIn, None))] } else { Vec::new() };
        assert_eq!(requested, expected, "{code}");
    }
}

#[test]
fn the_sentence_follows_the_locale() {
    let (mut context, operation) = (context(&[]), sale(swiped(6)));
    let begun = start(&context, &operation);
    context.locale = "zh-CN".to_owned();
    let step = resume(&context, &operation, &begun.state, sale_answer(&[(39, "51")]));
    let Outcome::Declined(declined) = outcome(&step) else { panic!("{step:?}") };
    assert_eq!((declined.message.as_str(), declined.reason), ("余额不足", Reason::InsufficientFunds));
}

#[test]
fn a_state_that_is_not_ours_is_an_internal_fault() {
    let (context, operation) = (context(&[]), sale(swiped(6)));
    let state = start(&context, &operation).state;
    assert!(state.len() < 64);
    let sign_in = start(&context, &Operation::Maintain(Maintenance::SignIn)).state;
    let other_version = [&[9], &state[1..]].concat();
    for wrong in [Vec::new(), state[1..].to_vec(), other_version, sign_in, vec![0xFF; state.len()]] {
        let fault = UnionPay::resume(&context, &operation, &wrong, &Event::Received(sale_answer(&[])));
        assert!(matches!(fault, Err(Fault::Internal(_))), "{wrong:?}: {fault:?}");
    }
    for event in [Event::Woke, Event::Cancelled] {
        assert!(matches!(UnionPay::resume(&context, &operation, &state, &event), Err(Fault::Internal(_))));
    }
}

#[test]
fn the_template_keeps_card_data_out_of_the_plugin() {
    let step = start(&context(&[]), &sale(swiped(6)));
    let exchange = sent(&step);
    let literals = [&exchange.message, &standby(exchange).message].into_iter().flat_map(|message| &message.nodes);
    let known: Vec<u8> = literals
        .filter_map(|node| if let Node::Literal(bytes) = node { Some(bytes.clone()) } else { None })
        .flatten()
        .collect();
    assert!(!hex::encode(&known).contains("00012345") && known.len() < 300);
    assert!(!known.windows(8).any(|window| window == bytes("6200000123456787")));
}
