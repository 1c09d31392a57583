//! A terminal in small: a context, a card, a renderer of templates, and answers of the acquirer.

use acquit_plugin_unionpay::{UnionPay, fields};
use sdk::iso8583::{Composer, Content};
use sdk::prelude::*;

/// The frames of the protocol's published examples, without their length prefix.
pub const U1: &str = "600000000060220000000008000038000000C0001200017217051005103530303830303031333039333130303833393835303038\
                      00110000017200300003435550";
pub const U2: &str = "60000000006022000000000810003800010AC00014000172100141051008030999883035313030303030303230333030353030383\
                      03030313330393331303038333938353030380011000000420030004051DBA323AF60599287F61C7E5A9484AEEF8DE29BD3E614FC\
                      B51122D4E9B84E2A608CD9C2A4DAABF2";
pub const U4: &str = "601012000060220000000004007038048002C08019161234567890123456000000000000000500681186233521052902106539386\
                      17874657374332D33303635383130353439393030303331353600082216052900162334156811860529284C79DC9A2E50FC";
pub const U5: &str = "60000400006022000000000200302004C020C0981100000000000008880010017502100012356200000123456787D30121010000000\
                      000003130343231363935383734333530333537323232343731313536F421C8F4FFE584DC200000000000000000082200000132463\
                      94433453536";
pub const U6: &str = "600004000060220000000004003020048002C080130000000000010020003002030210003938313034333132353838373434343033\
                      3435313132353130313536000822000705000330312\
                      03342463735343838";
pub const U13: &str = "600016000060220000000002007020048020C08811166200000123456787000000000000014959555556022000376200000123456\
                       787D301210100000000000000333333333333333332323232323232323232323232323231353610000000000000000008220000010\
                       01500000100100000103133394343433842";

pub const PAN: &str = "6200000123456787";
pub const TRACK_TWO: &str = "6200000123456787=301210100000000000";
pub const EXPIRY: &str = "3012";
pub const PIN_BLOCK: [u8; 8] = [0xF4, 0x21, 0xC8, 0xF4, 0xFF, 0xE5, 0x84, 0xDC];
pub const MAC: &[u8; 8] = b"2F9D3E56";

pub fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("a frame of this file is hexadecimal")
}

/// U5's terminal.
pub fn context(more: &[(&str, &str)]) -> Context {
    let base = [
        ("terminal", "10421695"),
        ("merchant", "874350357222471"),
        ("tpdu", "6000040000"),
        ("security-control", "2000000000000000"),
    ];
    let kept = base.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    let parameters = kept.chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Context {
        now: LocalTime { year: 2026, month: 5, day: 10, hour: 10, minute: 0, second: 0, utc_offset: 480 },
        transaction: "T1".to_owned(),
        operator: "01".to_owned(),
        locale: "en".to_owned(),
        parameters,
        memory: Vec::new(),
        counters: vec![("trace".to_owned(), 100_175)],
        keys: vec!["tmk".to_owned(), "pik".to_owned(), "mak".to_owned()],
        device: Device {
            serial: "S".to_owned(),
            model: "M".to_owned(),
            firmware: "F".to_owned(),
            reads: vec![Reader::Manual, Reader::Stripe],
            developer_kernel: false,
        },
    }
}

pub fn swiped(pin_length: u8) -> Presented {
    Presented {
        entry: Entry::Stripe,
        bin: PAN[..6].to_owned(),
        last_four: PAN[12..].to_owned(),
        pan_length: PAN.len() as u8,
        has_expiry: true,
        track_one_length: 0,
        track_two_length: TRACK_TWO.len() as u8,
        track_three_length: 0,
        sequence_number: None,
        service_code: Some("101".to_owned()),
        verification: if pin_length > 0 { Verification::OnlinePin } else { Verification::Signature },
        pin_length,
        fell_back: false,
        tags: Vec::new(),
    }
}

pub fn cny(minor: u64) -> Amount {
    Amount { minor, currency: 156, exponent: 2 }
}

pub fn payment(card: Presented) -> Payment {
    Payment { kind: PaymentKind::Sale, amount: cny(88_800), tip: None, cash: None, card: Some(card) }
}

pub fn sale(card: Presented) -> Operation {
    Operation::Pay(payment(card))
}

pub fn reverse(reason: Option<UndoReason>, reference: &[(&str, &str)]) -> Operation {
    let original = Original {
        transaction: "T1".to_owned(),
        operation: OperationKind::Sale,
        amount: cny(88_800),
        at: context(&[]).now,
        card: Some(swiped(6)),
        reference: reference.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let (of, amount) = (Subject::Known(original), cny(88_800));
    Operation::FollowUp(FollowUp { kind: FollowUpKind::Reverse, of, amount, card: None, reason })
}

pub fn sent(step: &Step) -> &Exchange {
    match &step.action {
        Action::Send(exchange) => exchange,
        other => panic!("expected a message to send, got {other:?}"),
    }
}

pub fn outcome(step: &Step) -> &Outcome {
    match &step.action {
        Action::Finish(outcome) => outcome,
        other => panic!("expected an end, got {other:?}"),
    }
}

pub fn standby(exchange: &Exchange) -> &Standby {
    match &exchange.remedy {
        Some(Remedy::Undo(standby)) => standby,
        other => panic!("expected a standby reversal, got {other:?}"),
    }
}

/// Renders every node as the terminal would, with the fixed PIN block and MAC above.
pub fn render_nodes(message: &Message, reason: UndoReason) -> Vec<Vec<u8>> {
    let mut rendered: Vec<Vec<u8>> = Vec::new();
    for node in &message.nodes {
        let bytes = match node {
            Node::Literal(bytes) => bytes.clone(),
            Node::Concat(nodes) => nodes.iter().flat_map(|node| rendered[*node as usize].clone()).collect(),
            Node::Secret(hole) => {
                assert_eq!((hole.encoding, hole.of_item), (Encoding::BcdRightZero, None));
                match hole.secret {
                    Secret::Pan => bytes(PAN),
                    Secret::Expiry => bytes(EXPIRY),
                    Secret::TrackTwo => bytes(&format!("{}0", TRACK_TWO.replace('=', "D"))),
                    other => panic!("no {other:?} in this protocol"),
                }
            }
            Node::PinBlock(key) => {
                assert_eq!(key, "pik");
                PIN_BLOCK.to_vec()
            }
            Node::Mac(hole) => {
                assert_eq!((hole.algorithm, hole.key.as_str()), (MacAlgorithm::UnionpayEcb, "mak"));
                assert!(rendered[hole.over as usize].starts_with(&[0x02, 0]) || rendered[hole.over as usize][0] == 4);
                MAC.to_vec()
            }
            Node::Reason(reasons) => {
                let found = reasons.iter().find(|spelled| spelled.reason == reason);
                found.expect("every reason is spelled").bytes.clone()
            }
            other => panic!("no {other:?} in this protocol"),
        };
        rendered.push(bytes);
    }
    rendered
}

pub fn render(message: &Message, reason: UndoReason) -> Vec<u8> {
    render_nodes(message, reason)[message.whole as usize].clone()
}

/// An answer of the acquirer: fields as text, sealed unless `mac` is `None`.
pub fn answer(mti: u16, set: &[(u8, &str)], mac: Option<&[u8; 8]>) -> Reply {
    let mut message = Composer::new(&fields::TABLE, mti);
    for (number, text) in set {
        let field = fields::TABLE.field(*number).expect("the answer of a test has known fields");
        let set = match field.content {
            Content::Bytes => message.set_bytes(*number, text.as_bytes()),
            _ => message.set(*number, text),
        };
        set.expect("the answer of a test fits its fields");
    }
    if let Some(mac) = mac {
        message.set_bytes(64, mac).expect("eight bytes");
    }
    let body = [bytes("6000000004602200000000"), message.to_bytes().expect("no holes")].concat();
    Reply { status: 0, headers: Vec::new(), body }
}

/// What U5's acquirer answers; later fields replace earlier ones.
pub fn sale_answer(change: &[(u8, &str)]) -> Reply {
    answer(0x0210, &[&ANSWERED[..], change].concat(), Some(MAC))
}

pub fn reversal_answer(change: &[(u8, &str)]) -> Reply {
    answer(0x0410, &[&ANSWERED[..], change].concat(), Some(MAC))
}

pub const ANSWERED: [(u8, &str); 15] = [
    (3, "000000"),
    (4, "000000088800"),
    (11, "100175"),
    (12, "100141"),
    (13, "0510"),
    (15, "0510"),
    (25, "00"),
    (32, "03099988"),
    (37, "000000000203"),
    (39, "00"),
    (41, "10421695"),
    (42, "874350357222471"),
    (44, "01020000   03099988   "),
    (49, "156"),
    (60, "22000001"),
];

pub fn start(context: &Context, operation: &Operation) -> Step {
    UnionPay::start(context, operation).expect("the operation can begin")
}

pub fn resume(context: &Context, operation: &Operation, state: &[u8], reply: Reply) -> Step {
    UnionPay::resume(context, operation, state, &Event::Received(reply)).expect("the answer can be read")
}

pub fn slice(body: &[u8], extent: Extent) -> &[u8] {
    let at = |offset: i32, is_end: bool| match offset {
        0 if is_end => body.len(),
        offset if offset < 0 => body.len() - offset.unsigned_abs() as usize,
        offset => offset as usize,
    };
    &body[at(extent.start, false)..at(extent.end, true)]
}

/// Whether every echo equals what was sent, and which there are; and whether there is a seal over the whole message.
pub fn proven(proofs: &[Proof], sent: &[Vec<u8>], body: &[u8]) -> (Vec<Echoed>, bool) {
    let (mut echoes, mut is_sealed) = (Vec::new(), false);
    for proof in proofs {
        match proof {
            Proof::Echo(echo) if slice(body, echo.got) == sent[echo.sent as usize] => echoes.push(echo.what),
            Proof::Echo(_) => {}
            Proof::Seal(seal) => {
                let [Node::Received(extent)] = &seal.over[..] else { panic!("a seal over what was received") };
                let Claim::Body(claimed) = &seal.claimed else { panic!("a seal in the body") };
                assert_eq!(seal.key, "mak");
                assert_eq!([slice(body, *extent), slice(body, *claimed)].concat(), body[11..]);
                is_sealed = slice(body, *claimed) == MAC;
            }
        }
    }
    (echoes, is_sealed)
}
