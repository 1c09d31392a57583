//! What templates become, and every misuse by its error.

use engine::contract::template::{
    CipherAlgorithm, CipherHole, DigestAlgorithm, DigestHole, Encoding, Extent, LengthEncoding, LengthHole,
    MacAlgorithm, MacHole, Message, Node, NodeId, ReasonBytes, Secret, SecretHole, SignatureAlgorithm, SignatureHole,
    TextEncoding, TextHole, UndoReason,
};

use super::*;
use crate::testing::{PLUGIN, card, noon, signed_in, typed_card};
use crate::{MAX_RENDERINGS_WITH_SECRETS, SlotError, Vault};

const PAN: &str = "1234567890123456";

fn hole(secret: Secret, encoding: Encoding) -> Node {
    Node::Secret(SecretHole { secret, encoding, of_item: None })
}

fn pan() -> Node {
    hole(Secret::Pan, Encoding::Ascii)
}

fn literal(text: &str) -> Node {
    Node::Literal(text.as_bytes().to_vec())
}

fn mac(over: NodeId, algorithm: MacAlgorithm, key: &str) -> Node {
    Node::Mac(MacHole { over, algorithm, key: key.to_owned() })
}

fn text(of: NodeId, encoding: TextEncoding) -> Node {
    Node::Text(TextHole { of, encoding })
}

fn digest(over: NodeId) -> Node {
    Node::Digest(DigestHole { over, algorithm: DigestAlgorithm::Sha256 })
}

/// The last node is the whole message.
fn message(nodes: Vec<Node>) -> Message {
    Message { whole: NodeId::try_from(nodes.len().saturating_sub(1)).unwrap(), nodes, http: None }
}

fn everything() -> RouteGrant {
    RouteGrant {
        secrets: vec![Secret::Pan, Secret::Expiry, Secret::TrackOne, Secret::TrackTwo],
        pin: true,
        ..RouteGrant::default()
    }
}

fn render_with(vault: &Vault, nodes: Vec<Node>, card: CardSource<'_>) -> Result<Rendered, RenderError> {
    let input = RenderInput { card, reason: None, allowed: &everything(), now: &noon() };
    vault.render(PLUGIN, &message(nodes), input)
}

/// Bytes of the last node, in hex, rendered with a fresh card.
fn rendered(nodes: Vec<Node>) -> Result<String, RenderError> {
    let (_folder, vault) = signed_in();
    render_with(&vault, nodes, CardSource::Live(&mut card())).map(|rendered| hex::encode_upper(rendered.whole()))
}

/// The error of the last node.
fn refused(nodes: Vec<Node>) -> NodeError {
    let last = NodeId::try_from(nodes.len() - 1).unwrap();
    match rendered(nodes) {
        Err(RenderError::At { node, error }) if node == last => error,
        other => panic!("expected an error at node {last}, got {other:?}"),
    }
}

#[test]
fn nodes_become_bytes() {
    let sha_of_abc = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
    for (nodes, expected) in [
        (vec![literal("ab")], "6162"),
        (vec![literal("a"), literal("b"), Node::Concat(vec![1, 0, 1])], "626162"),
        (vec![Node::Concat(vec![])], ""),
        (vec![hole(Secret::Pan, Encoding::BcdRightZero)], PAN),
        (vec![hole(Secret::Expiry, Encoding::Ascii)], "33303132"),
        (vec![hole(Secret::TrackTwo, Encoding::BcdRightZero)], "1234567890123456D30121010000000000"),
        (vec![Node::PinBlock("pik".into())], "0A766E5460EED5FA"),
        (vec![literal("abc"), digest(0)], sha_of_abc),
        (vec![literal("ab"), text(0, TextEncoding::HexUpper)], "36313632"),
        (vec![pan(), Node::LengthOf(LengthHole { of: 0, encoding: LengthEncoding::BcdOneByte })], "16"),
        (vec![Node::Clock("%m%d".into())], "31313232"),
    ] {
        assert_eq!(rendered(nodes.clone()).as_deref(), Ok(expected), "{nodes:?}");
    }
}

/// protocols: K4s and U4, through the slots of a plugin.
#[test]
fn macs_by_slot() {
    let (_folder, mut vault) = signed_in();
    let retail = "89ABCDEF0123456776543210FEDCBA98";
    let staged = vault.stage(PLUGIN, &[crate::testing::wrapped("retail", retail)]).unwrap();
    vault.activate(staged);
    let body = "0200302004C020C0981100000000000000005100183402100006326200000123456787D3012101000000393136363838303134\
        303030303030303030303030303030313536ACF46E73838A82F92600000000000000000822000001";
    let nodes = vec![Node::Literal(hex::decode(body).unwrap()), mac(0, MacAlgorithm::UnionpayEcb, "mak")];
    assert_eq!(render_with(&vault, nodes, CardSource::None).unwrap().whole(), b"D2B23093");
    let nodes = vec![literal("hello world"), mac(0, MacAlgorithm::X919, "retail")];
    assert_eq!(render_with(&vault, nodes, CardSource::None).unwrap().whole().len(), 8);
}

#[test]
fn nonces_are_alphanumeric_and_differ() {
    let (_folder, vault) = signed_in();
    let nonce = || {
        let rendered = render_with(&vault, vec![Node::Nonce(255)], CardSource::None).unwrap();
        String::from_utf8(rendered.whole().to_vec()).unwrap()
    };
    let (one, two) = (nonce(), nonce());
    assert!(one.len() == 255 && one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_ne!(one, two);
}

#[test]
fn a_reason_is_spelled_by_the_standby_message() {
    let (_folder, vault) = signed_in();
    let spelled = vec![ReasonBytes { reason: UndoReason::BadMac, bytes: b"A0".to_vec() }];
    let with = |reason| {
        let input = RenderInput { card: CardSource::None, reason, allowed: &everything(), now: &noon() };
        let rendered = vault.render(PLUGIN, &message(vec![Node::Reason(spelled.clone())]), input);
        rendered.map(|rendered| rendered.whole().to_vec())
    };
    let at = |error| Err(RenderError::At { node: 0, error });
    assert_eq!(with(Some(UndoReason::BadMac)), Ok(b"A0".to_vec()));
    assert_eq!(with(Some(UndoReason::NoAnswer)), at(NodeError::ReasonNotSpelled(UndoReason::NoAnswer)));
    assert_eq!(with(None), at(NodeError::NoReason));
}

#[test]
fn a_node_refers_to_earlier_ones_only() {
    assert_eq!(refused(vec![Node::Concat(vec![0])]), NodeError::NotBefore { to: 0 });
    assert_eq!(refused(vec![Node::Concat(vec![1])]), NodeError::NotBefore { to: 1 });
    for to in [1, 9, NodeId::MAX] {
        let not_before = NodeError::NotBefore { to };
        assert_eq!(refused(vec![literal(""), mac(to, MacAlgorithm::UnionpayEcb, "mak")]), not_before);
        assert_eq!(refused(vec![literal(""), digest(to)]), not_before);
        assert_eq!(refused(vec![literal(""), text(to, TextEncoding::Url)]), not_before);
        let length = LengthHole { of: to, encoding: LengthEncoding::Ber };
        assert_eq!(refused(vec![literal(""), Node::LengthOf(length)]), not_before);
    }
}

#[test]
fn the_whole_is_a_node() {
    let (_folder, vault) = signed_in();
    for (nodes, whole) in [(vec![], 0), (vec![literal("a")], 1), (vec![literal("a")], NodeId::MAX)] {
        let message = Message { nodes, whole, http: None };
        let input = RenderInput { card: CardSource::None, reason: None, allowed: &everything(), now: &noon() };
        assert_eq!(vault.render(PLUGIN, &message, input).map(drop), Err(RenderError::NoWhole { whole }));
    }
}

/// A template of a few bytes became gigabytes: each node was twice the one before.
#[test]
fn templates_are_bounded() {
    let doubling = |first: Node| {
        let mut nodes = vec![first];
        nodes.extend((0..40).map(|before| Node::Concat(vec![before, before])));
        rendered(nodes).map(drop).unwrap_err()
    };
    assert!(matches!(doubling(literal("a")), RenderError::At { error: NodeError::TooLarge, .. }));
    assert!(matches!(doubling(pan()), RenderError::At { error: NodeError::TooLarge, .. }));
    let nodes = vec![literal(""); MAX_TEMPLATE_NODES + 1];
    assert_eq!(rendered(nodes), Err(RenderError::TooManyNodes { nodes: MAX_TEMPLATE_NODES + 1 }));
    assert!(rendered(vec![literal(""); MAX_TEMPLATE_NODES]).is_ok());
    assert_eq!(refused(vec![Node::Literal(vec![0; MAX_RENDERED_BYTES + 1])]), NodeError::TooLarge);
    let many = Node::Concat(vec![0; MAX_REFERENCES + 1]);
    assert_eq!(refused(vec![literal(""), many]), NodeError::TooManyReferences);
    let mut nodes = vec![Node::Literal(vec![0; MAX_WORKED_BYTES])];
    nodes.extend([digest(0), digest(0)]);
    assert_eq!(refused(nodes), NodeError::TooMuchWork);
    let long = vec![Node::Literal(vec![0; MAX_RENDERED_BYTES / 2]), text(0, TextEncoding::HexUpper)];
    assert_eq!(refused(long), NodeError::TooLarge);
}

#[test]
fn secrets_need_a_grant() {
    let (_folder, vault) = signed_in();
    let with = |node: Node, allowed: &RouteGrant| {
        let input = RenderInput { card: CardSource::Live(&mut card()), reason: None, allowed, now: &noon() };
        vault.render(PLUGIN, &message(vec![node]), input).map(drop)
    };
    let nothing = RouteGrant::default();
    let at = |error| Err(RenderError::At { node: 0, error });
    for secret in [Secret::Pan, Secret::Expiry, Secret::TrackTwo, Secret::CardCode, Secret::ScannedCode] {
        assert_eq!(with(hole(secret, Encoding::Ascii), &nothing), at(NodeError::SecretNotGranted(secret)));
    }
    assert_eq!(with(Node::PinBlock("pik".into()), &nothing), at(NodeError::PinNotGranted));
    let pan_only = RouteGrant { secrets: vec![Secret::Pan], ..RouteGrant::default() };
    assert_eq!(with(pan(), &pan_only), Ok(()));
    assert!(with(hole(Secret::Expiry, Encoding::Ascii), &pan_only).is_err());
}

#[test]
fn secrets_that_are_not_there() {
    let (_folder, vault) = signed_in();
    let with = |node: Node, card: CardSource<'_>| render_with(&vault, vec![node], card).map(drop);
    let at = |error| Err(RenderError::At { node: 0, error });
    assert_eq!(with(pan(), CardSource::None), at(NodeError::NoCard));
    assert_eq!(with(Node::PinBlock("pik".into()), CardSource::None), at(NodeError::NoPin));
    let mut typed = typed_card(PAN);
    let track = || hole(Secret::TrackTwo, Encoding::Ascii);
    assert_eq!(with(track(), CardSource::Live(&mut typed)), at(NodeError::CardLacks(Secret::TrackTwo)));
    assert_eq!(with(Node::PinBlock("pik".into()), CardSource::Live(&mut typed)), at(NodeError::NoPin));
    let number = crate::Needed { secrets: vec![Secret::Pan], tags: Vec::new() };
    let sealed = vault.seal(&card(), &number, b"T1").unwrap();
    let unsealed = vault.unseal(&sealed, b"T1").unwrap();
    for _ in 0..=MAX_RENDERINGS_WITH_SECRETS {
        assert_eq!(with(pan(), CardSource::Unsealed(&unsealed)), Ok(()), "sealed cards are not counted");
    }
    let expiry = hole(Secret::Expiry, Encoding::Ascii);
    assert_eq!(with(expiry, CardSource::Unsealed(&unsealed)), at(NodeError::CardLacks(Secret::Expiry)));
    assert_eq!(with(Node::PinBlock("pik".into()), CardSource::Unsealed(&unsealed)), at(NodeError::NoPin));
    let mut short = typed_card("123456789012").with_pin(crate::Pin::parse("1234").unwrap());
    assert_eq!(with(Node::PinBlock("pik".into()), CardSource::Live(&mut short)), at(NodeError::PanTooShort));
}

#[test]
fn one_pin_makes_one_block_and_one_card_three_renderings() {
    let (_folder, vault) = signed_in();
    let mut session = card();
    let mut again = |nodes: Vec<Node>| render_with(&vault, nodes, CardSource::Live(&mut session)).map(drop);
    let pin = || Node::PinBlock("pik".into());
    assert_eq!(again(vec![pin(), pin()]), Err(RenderError::At { node: 1, error: NodeError::NoPin }));
    assert_eq!(again(vec![pin()]), Err(RenderError::At { node: 0, error: NodeError::NoPin }));
    assert_eq!(again(vec![literal("no secrets: not counted")]), Ok(()));
    assert_eq!(again(vec![pan()]), Ok(()));
    assert_eq!(again(vec![pan()]), Err(RenderError::CardUsedUp));
    assert_eq!(again(vec![literal("no secrets")]), Ok(()));
}

#[test]
fn oracles_are_refused() {
    assert_eq!(refused(vec![pan(), digest(0)]), NodeError::DigestOverCardData);
    let hidden = vec![pan(), literal("x"), Node::Concat(vec![1, 0]), text(2, TextEncoding::Base64), digest(3)];
    assert_eq!(refused(hidden), NodeError::DigestOverCardData);
    let twice = vec![pan(), text(0, TextEncoding::HexLower), text(1, TextEncoding::Base64)];
    assert_eq!(refused(twice), NodeError::CardDataEncodedTwice);
    assert!(rendered(vec![pan(), text(0, TextEncoding::JsonString), text(1, TextEncoding::Base64)]).is_ok());
    assert!(rendered(vec![pan(), mac(0, MacAlgorithm::UnionpayEcb, "mak"), digest(1)]).is_ok());
    assert!(rendered(vec![Node::PinBlock("pik".into()), digest(0)]).is_ok());
}

#[test]
fn slots_do_what_they_are_for() {
    let at = |slot: &str| slot.to_owned();
    let wrong = refused(vec![literal("a"), mac(0, MacAlgorithm::X919, "mak")]);
    assert!(matches!(wrong, NodeError::Slot(SlotError::WrongUse { slot, .. }) if slot == "mak"));
    let wrong = refused(vec![literal("a"), mac(0, MacAlgorithm::UnionpayEcb, "pik")]);
    assert!(matches!(wrong, NodeError::Slot(SlotError::WrongUse { slot, .. }) if slot == "pik"));
    let wrong = refused(vec![Node::PinBlock("mak".into())]);
    assert!(matches!(wrong, NodeError::Slot(SlotError::WrongUse { slot, .. }) if slot == "mak"));
    let empty = refused(vec![literal("a"), mac(0, MacAlgorithm::X919, "retail")]);
    assert_eq!(empty, NodeError::Slot(SlotError::Empty { slot: at("retail") }));
    let unknown = refused(vec![Node::PinBlock("none".into())]);
    assert!(matches!(unknown, NodeError::Slot(SlotError::Unknown { slot, .. }) if slot == "none"));
    assert_eq!(refused(vec![literal(""), mac(0, MacAlgorithm::UnionpayEcb, "mak")]), NodeError::MacOverNothing);
}

#[test]
fn what_is_not_granted_or_not_supported_is_named() {
    let key = || "key".to_owned();
    let cipher = CipherHole { over: 0, algorithm: CipherAlgorithm::TdesCbc, key: key() };
    let unknown = refused(vec![literal("a"), Node::Cipher(cipher)]);
    assert!(matches!(unknown, NodeError::Slot(SlotError::Unknown { slot, .. }) if slot == "key"));
}

/// What is enciphered counts as card data where card data went in, and differs each time.
#[test]
fn ciphers_over_card_data_are_no_oracle() {
    let (folder, mut vault) = signed_in();
    let key = crate::ClearKey::from_hex("89B07B35A1B3F47E89B07B35A1B3F488").unwrap();
    let check_value = key.check_value(engine::contract::acquirer::KeyAlgorithm::Tdes).unwrap();
    vault.load_fixed(PLUGIN, "data", key, &check_value).unwrap();
    let cipher = || Node::Cipher(CipherHole { over: 0, algorithm: CipherAlgorithm::TdesCbc, key: "data".to_owned() });
    let made = || {
        let made = render_with(&vault, vec![pan(), cipher()], CardSource::Live(&mut card())).unwrap();
        (made.whole().to_vec(), made.part(1).map(|part| part.holds))
    };
    let ((one, holds), (another, _)) = (made(), made());
    assert_eq!((one.len(), holds), (8 + 24, Some(Holds::Secrets)));
    assert!(one != another && one[..8] != another[..8], "the initial vector is fresh");
    let digested = render_with(&vault, vec![pan(), cipher(), digest(1)], CardSource::Live(&mut card())).map(drop);
    assert_eq!(digested, Err(RenderError::At { node: 2, error: NodeError::DigestOverCardData }));
    let open = render_with(&vault, vec![literal("a"), cipher(), digest(1)], CardSource::None).map(drop);
    assert_eq!(open, Ok(()));
    drop(folder);
}

#[test]
fn signatures_are_few_and_over_something() {
    let signature = |over, key: &str| {
        Node::Signature(SignatureHole { over, algorithm: SignatureAlgorithm::Ed25519, key: key.to_owned() })
    };
    assert_eq!(refused(vec![literal(""), signature(0, "sign")]), NodeError::MacOverNothing);
    let wrong = refused(vec![literal("a"), signature(0, "mak")]);
    assert!(matches!(wrong, NodeError::Slot(SlotError::WrongUse { slot, .. }) if slot == "mak"));
    let empty = refused(vec![literal("a"), signature(0, "sign")]);
    assert_eq!(empty, NodeError::Slot(SlotError::Empty { slot: "sign".into() }));
    assert_eq!(refused(vec![literal("a"), signature(1, "sign")]), NodeError::NotBefore { to: 1 });
}

/// FIPS 180-4 and GB/T 32905, the message `abc`.
#[test]
fn digests() {
    for (algorithm, digest) in [
        (DigestAlgorithm::Sha1, "A9993E364706816ABA3E25717850C26C9CD0D89D"),
        (DigestAlgorithm::Sha256, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
        (DigestAlgorithm::Sm3, "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0"),
    ] {
        let made = rendered(vec![literal("abc"), Node::Digest(DigestHole { over: 0, algorithm })]);
        assert_eq!(made.as_deref(), Ok(digest));
    }
}

#[test]
fn nodes_of_a_proof_stay_in_a_proof() {
    assert_eq!(refused(vec![Node::Received(Extent { start: 0, end: 0 })]), NodeError::OnlyInProof);
    assert_eq!(refused(vec![Node::ReceivedHeader("mac".into())]), NodeError::OnlyInProof);
}

#[test]
fn values_that_do_not_fit() {
    let length = LengthHole { of: 0, encoding: LengthEncoding::BcdOneByte };
    let long = vec![Node::Literal(vec![0; 100]), Node::LengthOf(length)];
    assert_eq!(refused(long), NodeError::Length { length: 100, encoding: LengthEncoding::BcdOneByte });
    assert_eq!(refused(vec![Node::Clock("%Q".into())]), NodeError::ClockPattern);
    assert_eq!(refused(vec![Node::Literal(vec![0xFF]), text(0, TextEncoding::JsonString)]), NodeError::NotText);
}

/// What fails may be logged; what is rendered may be printed by mistake.
#[test]
fn nothing_printed_holds_card_data() {
    let (_folder, vault) = signed_in();
    let rendered = render_with(&vault, vec![pan()], CardSource::Live(&mut card())).unwrap();
    assert!(rendered.holds_card_data());
    assert_eq!(format!("{rendered:?}"), "[redacted]");
    for error in [refused(vec![pan(), digest(0)]), refused(vec![pan(), Node::Clock("%".into())])] {
        assert!(!format!("{error} {error:?}").contains("1234"));
    }
}
