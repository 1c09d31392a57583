//! Sign-in: the request, both shapes of a MAC key, the batch, the clock, refusals.

use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

use crate::support::{U2, answer, bytes, context, outcome, proven, render, render_nodes, resume, sent, start};

const SIGN_IN: Operation = Operation::Maintain(Maintenance::SignIn);
/// K1: a single-length MAC key in sixteen bytes.
const SINGLE_LENGTH_KEYS: &str = "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA";

fn of_u2() -> Context {
    let mut context = context(&[("terminal", "50080001"), ("merchant", "309310083985008"), ("tpdu", "6000000000")]);
    context.counters = vec![("trace".to_owned(), 172)];
    context.memory = vec![("batch".to_owned(), b"000172".to_vec())];
    context
}

fn u2() -> Reply {
    Reply { status: 0, headers: Vec::new(), body: bytes(U2) }
}

fn installed(step: &Step) -> Vec<(String, usize, Option<Vec<u8>>)> {
    let key = |effect: &Effect| match effect {
        Effect::InstallKey(key) => {
            assert_eq!((key.under.as_str(), key.wrapping), ("tmk", Wrapping::TdesEcb));
            Some((key.name.clone(), key.block.len(), key.check_value.clone()))
        }
        _ => None,
    };
    step.effects.iter().filter_map(key).collect()
}

#[test]
fn the_request_is_u1_without_its_time_and_with_our_operator() {
    let step = start(&of_u2(), &SIGN_IN);
    let exchange = sent(&step);
    assert_eq!((exchange.gravity, exchange.uses.clone()), (Gravity::Asks, vec!["trace".to_owned()]));
    assert!(exchange.remedy.is_none());
    let expected = "600000000060220000000008000020000000C00012000172353030383030303133303933313030383339383530303800110000\
                    01720030000330303\
                    1";
    assert_eq!(hex::encode_upper(render(&exchange.message, UndoReason::NoAnswer)), expected.replace(' ', ""));
}

#[test]
fn u2_brings_double_length_keys_the_batch_and_the_clock() {
    let context = of_u2();
    let begun = start(&context, &SIGN_IN);
    let step = resume(&context, &SIGN_IN, &begun.state, u2());
    assert_eq!(outcome(&step), &Outcome::Done);
    let keys = [("pik".to_owned(), 16, Some(bytes("EF8DE29B"))), ("mak".to_owned(), 16, Some(bytes("A4DAABF2")))];
    assert_eq!(installed(&step), keys);
    assert!(step.effects.contains(&Effect::Remember(("batch".to_owned(), b"000042".to_vec()))));
    let clock = LocalTime { year: 2026, month: 5, day: 10, hour: 10, minute: 1, second: 41, utc_offset: 480 };
    assert!(step.effects.contains(&Effect::SetClock(clock)));
    let nodes = render_nodes(&sent(&begun).message, UndoReason::NoAnswer);
    let echoes = vec![Echoed::Trace, Echoed::Terminal, Echoed::Merchant];
    assert_eq!(proven(&step.proofs, &nodes, &u2().body), (echoes, false));
}

#[test]
fn a_single_length_mac_key_loses_its_eight_zero_bytes() {
    let context = of_u2();
    let begun = start(&context, &SIGN_IN);
    let double = "51DBA323AF60599287F61C7E5A9484AEEF8DE29BD3E614FCB51122D4E9B84E2A608CD9C2A4DAABF2";
    let body = bytes(&U2.replace(double, SINGLE_LENGTH_KEYS));
    let step = resume(&context, &SIGN_IN, &begun.state, Reply { body, ..u2() });
    let keys = [("pik".to_owned(), 16, Some(bytes("8D0A74B8"))), ("mak".to_owned(), 8, Some(bytes("AB7153CA")))];
    assert_eq!(installed(&step), keys);
}

#[test]
fn keys_of_another_length_install_nothing() {
    let context = of_u2();
    let begun = start(&context, &SIGN_IN);
    let body = bytes(&U2.replace("004051DBA3", "003951DBA3"));
    let short = Reply { body: body[..body.len() - 1].to_vec(), ..u2() };
    let fault = UnionPay::resume(&context, &SIGN_IN, &begun.state, &Event::Received(short)).expect_err("39 bytes");
    assert!(matches!(fault, Fault::Malformed(Malformed { path, .. }) if path == "DE62"));
}

#[test]
fn a_refusal_is_declined_and_a_foreign_answer_is_not_ours() {
    let context = of_u2();
    let begun = start(&context, &SIGN_IN);
    let own = [(11, "000172"), (41, "50080001"), (42, "309310083985008")];
    let refused = answer(0x0810, &[&own[..], &[(39, "97")]].concat(), None);
    let step = resume(&context, &SIGN_IN, &begun.state, refused);
    let Outcome::Declined(declined) = outcome(&step) else { panic!("97 is a refusal: {step:?}") };
    assert_eq!((declined.code.as_str(), declined.reason), ("97", Reason::InvalidMerchant));
    assert!(step.effects.is_empty());
    let foreign = answer(0x0810, &[&own[1..], &[(11, "000173"), (39, "00")]].concat(), None);
    let step = resume(&context, &SIGN_IN, &begun.state, foreign);
    assert_eq!((step.action, step.state), (Action::Listen(Stray::Foreign), begun.state));
}

#[test]
fn a_terminal_that_never_signed_in_begins_with_batch_one() {
    let mut context = of_u2();
    context.memory.clear();
    let rendered = hex::encode(render(&sent(&start(&context, &SIGN_IN)).message, UndoReason::NoAnswer));
    assert!(rendered.contains("00110000000100300003"), "{rendered}");
}
