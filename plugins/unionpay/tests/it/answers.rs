//! What each kind of answer means for each operation that moves money or asks about a card: the same rules for all.

use acquit_plugin_unionpay::{UnionPay, codes, fields};
use proptest::prelude::*;
use sdk::prelude::*;

use crate::support::{MAC, answer, cny, context, outcome, proven, render_nodes, sent, start, swiped};

/// An operation and what is owed where its answer settles nothing.
struct Case {
    operation: Operation,
    owed: Owed,
    /// Whether less than the whole amount may be approved.
    takes_part: bool,
}

fn original(operation: OperationKind, card: Presented) -> Original {
    let reference = [
        ("trace", "100001"),
        ("batch", "000001"),
        ("entry-mode", "021"),
        ("date", "0510"),
        ("rrn", "000000000111"),
        ("authorization", "A1B2C3"),
    ];
    Original {
        transaction: "T0".to_owned(),
        operation,
        amount: cny(88_800),
        at: context(&[]).now,
        card: Some(card),
        reference: reference.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    }
}

fn code_card() -> Presented {
    Presented { entry: Entry::CodeScan, track_two_length: 0, has_expiry: false, ..swiped(0) }
}

fn cases() -> Vec<Case> {
    let pay =
        |kind, card| Operation::Pay(Payment { kind, amount: cny(88_800), tip: None, cash: None, card: Some(card) });
    let follow = |kind, of, card: Presented| {
        let of = Subject::Known(original(of, card));
        Operation::FollowUp(FollowUp { kind, of, amount: cny(88_800), card: None, reason: None })
    };
    let case = |operation, owed, takes_part| Case { operation, owed, takes_part };
    use FollowUpKind::{CancelCompletion, CancelPreauthorization, Complete, Inquire, Refund, Void};
    use OperationKind as Kind;
    vec![
        case(pay(PaymentKind::Sale, swiped(6)), Owed::Reversal, true),
        case(pay(PaymentKind::Sale, Presented { entry: Entry::ContactChip, ..swiped(6) }), Owed::Reversal, true),
        case(pay(PaymentKind::Preauthorize, swiped(6)), Owed::Reversal, true),
        case(pay(PaymentKind::ScanToPay, code_card()), Owed::Inquiry, true),
        case(follow(Void, Kind::Sale, swiped(6)), Owed::Reversal, false),
        case(follow(Refund, Kind::Sale, swiped(6)), Owed::Repetition, false),
        case(follow(Complete, Kind::Preauthorize, swiped(6)), Owed::Reversal, false),
        case(follow(CancelPreauthorization, Kind::Preauthorize, swiped(6)), Owed::Reversal, false),
        case(follow(CancelCompletion, Kind::Complete, swiped(6)), Owed::Reversal, false),
        case(follow(Inquire, Kind::ScanToPay, code_card()), Owed::Inquiry, true),
    ]
}

/// Renders a request's nodes as far as an answer may echo them.
fn nodes(exchange: &Exchange) -> Vec<Vec<u8>> {
    let message = &exchange.message;
    let known = message.nodes.iter().take_while(|node| matches!(node, Node::Literal(_))).cloned().collect();
    render_nodes(&Message { nodes: known, whole: 0, http: None }, UndoReason::NoAnswer)
}

/// The acquirer's answer to a request: its own fields, and more that replace them.
fn reply(exchange: &Exchange, change: &[(u8, &str)], mac: Option<&[u8; 8]>) -> Reply {
    let message = &exchange.message;
    let at = |whole: &[u32]| -> Vec<u8> {
        whole
            .iter()
            .flat_map(
                |node| if let Node::Literal(bytes) = &message.nodes[*node as usize] { bytes.clone() } else { vec![] },
            )
            .collect()
    };
    // The four marked fields come first; message type, DE3 and DE60 stand in the literals between.
    let nodes = nodes(exchange);
    let (amount, trace) = (hex::encode(&nodes[0]), hex::encode(&nodes[1]));
    let text = |node: usize| String::from_utf8(nodes[node].clone()).expect("ASCII");
    let (terminal, merchant) = (text(2), text(3));
    let literals = at(&(4..message.nodes.len() as u32).collect::<Vec<_>>());
    let request = u16::from_be_bytes([literals[0], literals[1]]);
    let processing = hex::encode(processing(message));
    let fields = [
        (3, processing.as_str()),
        (4, &amount),
        (11, &trace),
        (12, "100141"),
        (13, "0510"),
        (25, "00"),
        (32, "03099988"),
        (37, "000000000203"),
        (39, "00"),
        (41, &terminal),
        (42, &merchant),
        (49, "156"),
    ];
    answer(request + 0x10, &[&fields[..], change].concat(), mac)
}

/// DE3, which stands before the amount.
fn processing(message: &Message) -> Vec<u8> {
    let sealed = message.nodes.iter().find_map(|node| if let Node::Concat(parts) = node { Some(parts) } else { None });
    let parts = sealed.expect("the sealed part");
    let amount = parts.iter().position(|part| *part == 0).expect("the amount is the first node");
    let Node::Literal(before) = &message.nodes[parts[amount - 1] as usize] else { panic!("bytes before the amount") };
    before[before.len() - 3..].to_vec()
}

fn answered(case: &Case, change: &[(u8, &str)], mac: Option<&[u8; 8]>) -> (Step, Reply, Vec<Vec<u8>>) {
    let context = context(&[("scan-polls", "0")]);
    let begun = start(&context, &case.operation);
    let reply = reply(sent(&begun), change, mac);
    let event = Event::Received(reply.clone());
    let step = UnionPay::resume(&context, &case.operation, &begun.state, &event).expect("reads");
    (step, reply, nodes(sent(&begun)))
}

#[test]
fn an_approval_proves_trace_terminal_merchant_and_amount_under_its_seal() {
    for case in cases() {
        let (step, reply, nodes) = answered(&case, &[(38, "A1B2C3"), (63, "VIS")], Some(MAC));
        let Outcome::Approved(approved) = outcome(&step) else { panic!("{:?}: {step:?}", case.operation) };
        assert_eq!((approved.amount, approved.authorization.as_str()), (cny(88_800), "A1B2C3"));
        assert_eq!(approved.settlement_group, "foreign");
        let echoes = vec![Echoed::Trace, Echoed::Terminal, Echoed::Merchant, Echoed::Amount];
        assert_eq!(proven(&step.proofs, &nodes, &reply.body), (echoes, true), "{:?}", case.operation);
        let kept = |name: &str| step.reference.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!((kept("rrn"), kept("date"), kept("group")), (Some("000000000203"), Some("0510"), Some("foreign")));
    }
}

#[test]
fn a_wrong_echo_fails_and_another_message_is_none() {
    for case in cases() {
        for (change, fails) in [((4, "000000088801"), Echoed::Amount), ((42, "874350357222472"), Echoed::Merchant)] {
            let (step, reply, nodes) = answered(&case, &[change], Some(MAC));
            let (echoes, _) = proven(&step.proofs, &nodes, &reply.body);
            assert!(!echoes.contains(&fails) && echoes.len() == 3, "{:?}: {fails:?}", case.operation);
        }
        for change in [(11, "100176"), (41, "10421696"), (3, "999999")] {
            let (step, ..) = answered(&case, &[change], Some(MAC));
            assert_eq!(step.action, Action::Listen(Stray::Foreign), "{:?}: {change:?}", case.operation);
            assert!(step.effects.is_empty() && step.reference.is_empty());
        }
    }
}

#[test]
fn what_is_not_final_not_known_or_not_sealed_is_unknown_with_its_own_debt() {
    for case in cases() {
        for code in ["06", "09", "68", "94", "96", "98", "YM", "ZZ", "  "] {
            let (step, ..) = answered(&case, &[(39, code)], Some(MAC));
            let expected = Outcome::Unknown(Unknown { code: code.to_owned(), owed: case.owed });
            assert_eq!(outcome(&step), &expected, "{:?}", case.operation);
        }
        for code in ["00", "51"] {
            let (step, ..) = answered(&case, &[(39, code)], None);
            assert!(matches!(outcome(&step), Outcome::Unknown(unknown) if unknown.owed == case.owed));
        }
    }
}

#[test]
fn part_is_approved_of_a_charge_and_of_nothing_else() {
    for case in cases() {
        let (step, ..) = answered(&case, &[(39, "10"), (4, "000000050000")], Some(MAC));
        match outcome(&step) {
            Outcome::Approved(approved) => {
                assert!(case.takes_part && approved.amount == cny(50_000), "{:?}", case.operation);
                assert!(!step.proofs.iter().any(|p| matches!(p, Proof::Echo(echo) if echo.what == Echoed::Amount)));
                assert!(step.proofs.iter().any(|p| matches!(p, Proof::Seal(_))));
            }
            Outcome::Unknown(unknown) => assert!(!case.takes_part && unknown.owed == case.owed),
            other => panic!("{:?}: {other:?}", case.operation),
        }
    }
}

/// A question is refused for its own reasons too; only what can be said of a customer alone is said of the payment.
#[test]
fn a_refusal_is_a_decline_but_of_a_question_only_where_it_speaks_of_the_payment() {
    let speaks_of_the_customer = ["01", "05", "14", "51", "54", "55", "61", "62"];
    for case in cases() {
        let Operation::FollowUp(FollowUp { kind, .. }) = &case.operation else { continue };
        for row in codes::CODES {
            let (step, ..) = answered(&case, &[(39, row.code)], Some(MAC));
            let is_refusal = matches!(row.verdict, codes::Verdict::Declined(_) | codes::Verdict::Captured(_));
            match (outcome(&step), *kind) {
                (Outcome::Declined(declined), FollowUpKind::Inquire) => {
                    assert!(
                        is_refusal && !["03", "12", "22", "25", "30", "40", "77", "97", "99", "A0"].contains(&row.code)
                    );
                    assert_eq!(declined.reason, row.reason());
                }
                (Outcome::Unknown(unknown), FollowUpKind::Inquire) => {
                    assert!(!speaks_of_the_customer.contains(&row.code), "{}", row.code);
                    let owed = if row.code == "25" { Owed::Reversal } else { Owed::Inquiry };
                    assert_eq!(unknown.owed, owed, "{}", row.code);
                }
                (Outcome::Declined(declined), _) => assert!(is_refusal && declined.code == row.code),
                (_, _) => assert!(!is_refusal, "{}", row.code),
            }
        }
    }
}

#[test]
fn the_settlement_group_of_what_follows_is_its_originals() {
    let mut foreign = original(OperationKind::Sale, swiped(6));
    foreign.reference.push(("group".to_owned(), "foreign".to_owned()));
    foreign.reference.push(("scheme".to_owned(), "VIS".to_owned()));
    let of = Subject::Known(foreign);
    let operation =
        Operation::FollowUp(FollowUp { kind: FollowUpKind::Refund, of, amount: cny(100), card: None, reason: None });
    let case = Case { operation, owed: Owed::Repetition, takes_part: false };
    let (step, ..) = answered(&case, &[(4, "000000000100")], Some(MAC));
    assert!(matches!(outcome(&step), Outcome::Approved(approved) if approved.settlement_group == "foreign"));
}

/// The reversal and the repetition of a message number its echoed fields alike, so one state speaks for both.
#[test]
fn the_standby_has_the_nodes_of_the_message() {
    for case in cases() {
        let begun = start(&context(&[]), &case.operation);
        let exchange = sent(&begun);
        let standby = match &exchange.remedy {
            Some(Remedy::Undo(standby) | Remedy::Repeat(standby) | Remedy::Inquire(Some(standby))) => standby,
            _ => continue,
        };
        assert_eq!(exchange.message.nodes[..4], standby.message.nodes[..4], "{:?}", case.operation);
        assert!(begun.state.len() < 64);
    }
}

proptest! {
    /// Whatever arrives, in whatever state, the plugin answers and does not fall.
    #[test]
    fn any_bytes_and_any_state_are_answered(
        which in 0usize..10,
        changes in proptest::collection::vec((0usize..300, any::<u8>()), 0..4),
        cut in 0usize..300,
        state_changes in proptest::collection::vec((0usize..40, any::<u8>()), 0..3),
    ) {
        let case = &cases()[which];
        let context = context(&[]);
        let begun = start(&context, &case.operation);
        let mut reply = reply(sent(&begun), &[(38, "A1B2C3"), (54, "1002156C000000001000")], Some(MAC));
        for (at, byte) in changes {
            let at = at % reply.body.len();
            reply.body[at] = byte;
        }
        if cut < reply.body.len() && cut % 3 == 0 {
            reply.body.truncate(cut);
        }
        let mut state = begun.state;
        for (at, byte) in state_changes {
            let at = at % state.len();
            state[at] = byte;
        }
        let _ = UnionPay::resume(&context, &case.operation, &state, &Event::Received(reply.clone()));
        let _ = UnionPay::resume(&context, &case.operation, &state, &Event::Woke);
        let _ = fields::read(&reply.body);
        let _ = UnionPay::read(&reply.body);
    }
}
