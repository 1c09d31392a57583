//! Seals and echoes on raw replies.

use engine::contract::template::{
    DigestAlgorithm, DigestHole, Encoding, LengthEncoding, LengthHole, MacAlgorithm, MacHole, Message, Node, Secret,
    SecretHole, SignatureAlgorithm, TextEncoding, TextHole,
};

use super::*;
use crate::testing::{PLUGIN, card, noon, signed_in};
use crate::{CardSource, NodeError, RenderInput, RouteGrant, Vault};

const PAN: &str = "1234567890123456";
/// The request's nodes: trace, card number, expiry, card number in hex.
const TRACE: u32 = 0;
const CARD: u32 = 1;
const EXPIRY: u32 = 2;
const CARD_IN_HEX: u32 = 3;

fn extent(start: i32, end: i32) -> Extent {
    Extent { start, end }
}

fn request(vault: &Vault) -> Rendered {
    let secret = |secret| Node::Secret(SecretHole { secret, encoding: Encoding::Ascii, of_item: None });
    let nodes = vec![
        Node::Literal(b"681186".to_vec()),
        secret(Secret::Pan),
        secret(Secret::Expiry),
        Node::Text(TextHole { of: CARD, encoding: TextEncoding::HexUpper }),
    ];
    let allowed = RouteGrant { secrets: vec![Secret::Pan, Secret::Expiry], ..RouteGrant::default() };
    let mut card = card();
    let input = RenderInput { card: CardSource::Live(&mut card), reason: None, allowed: &allowed, now: &noon() };
    vault.render(PLUGIN, &Message { nodes, whole: 0, http: None }, input).unwrap()
}

fn mac_of(vault: &Vault, body: &[u8]) -> Vec<u8> {
    let nodes = vec![
        Node::Literal(body.to_vec()),
        Node::Mac(MacHole { over: 0, algorithm: MacAlgorithm::UnionpayEcb, key: "mak".into() }),
    ];
    let input = RenderInput { card: CardSource::None, reason: None, allowed: &RouteGrant::default(), now: &noon() };
    vault.render(PLUGIN, &Message { nodes, whole: 1, http: None }, input).unwrap().whole().to_vec()
}

/// A reply that repeats trace and card number and ends in its MAC.
fn reply(vault: &Vault) -> RawReply {
    let body = format!("0210681186{PAN}00").into_bytes();
    let mac = mac_of(vault, &body);
    let headers = vec![
        ("Mac".to_owned(), hex::encode(&mac)),
        ("Mac64".to_owned(), String::from_utf8(base64::encode(&mac)).unwrap()),
        ("Twice".to_owned(), "1".to_owned()),
        ("twice".to_owned(), "1".to_owned()),
    ];
    RawReply::new(200, headers, [body, mac].concat())
}

fn seal(over: Vec<Node>, claimed: Claim) -> Proof {
    Proof::Seal(Seal { over, claimed, algorithm: SealAlgorithm::Mac(MacAlgorithm::UnionpayEcb), key: "mak".into() })
}

fn body_seal() -> Proof {
    seal(vec![Node::Received(extent(0, -8))], Claim::Body(extent(-8, 0)))
}

fn echo(sent: u32, start: i32, end: i32) -> Proof {
    Proof::Echo(Echo { what: Echoed::Trace, sent, got: extent(start, end) })
}

fn check(proof: Proof) -> Result<(), ProofFailure> {
    let (_folder, vault) = signed_in();
    let reply = reply(&vault);
    check_in(&vault, &[proof], &reply)
}

fn check_in(vault: &Vault, proofs: &[Proof], reply: &RawReply) -> Result<(), ProofFailure> {
    let (_, mask) = reply.scrub(&[&card().presented()]);
    vault.prove(PLUGIN, proofs, &request(vault), reply, &mask)
}

fn why(result: Result<(), ProofFailure>) -> SealFault {
    match result {
        Err(ProofFailure::SealUnusable { key, why }) if key == "mak" => why,
        other => panic!("expected an unusable seal, got {other:?}"),
    }
}

#[test]
fn right_proofs_hold() {
    let (_folder, vault) = signed_in();
    let received = || vec![Node::Received(extent(0, -8))];
    let proofs = [
        body_seal(),
        seal(received(), Claim::HeaderHex("MAC".into())),
        seal(received(), Claim::HeaderBase64("mac64".into())),
        seal(
            vec![Node::Received(extent(0, 4)), Node::Received(extent(4, -8)), Node::Concat(vec![0, 1])],
            Claim::Body(extent(-8, 0)),
        ),
        echo(TRACE, 4, 10),
        echo(TRACE, 4, -26),
        echo(CARD, 10, 26),
    ];
    assert_eq!(check_in(&vault, &proofs, &reply(&vault)), Ok(()));
    assert_eq!(check_in(&vault, &[], &reply(&vault)), Ok(()));
}

#[test]
fn one_changed_bit_breaks_the_seal() {
    let (_folder, vault) = signed_in();
    let good = reply(&vault);
    for place in 0..good.body().len() {
        let mut body = good.body().to_vec();
        body[place] ^= 1;
        let changed = RawReply::new(0, Vec::new(), body);
        let failure = check_in(&vault, &[body_seal()], &changed).unwrap_err();
        assert_eq!(failure, ProofFailure::BadSeal { key: "mak".into() });
        assert!(failure.is_bad_mac());
    }
}

#[test]
fn a_wrong_echo_is_not_a_wrong_mac() {
    let failure = check(echo(TRACE, 3, 9)).unwrap_err();
    assert_eq!(failure, ProofFailure::BadEcho { what: Echoed::Trace });
    assert!(!failure.is_bad_mac());
    assert_eq!(check(echo(CARD, 11, 27)), Err(ProofFailure::BadEcho { what: Echoed::Trace }));
    assert_eq!(check(echo(TRACE, 4, 9)), Err(ProofFailure::BadEcho { what: Echoed::Trace }));
}

#[test]
fn echoes_over_nothing_or_outside_prove_nothing() {
    let length = 36;
    for (start, end) in [(4, 4), (10, 4), (0, length + 1), (length, 0), (-length - 1, 0), (i32::MIN, 0), (0, i32::MIN)]
    {
        let failure = check(echo(TRACE, start, end)).unwrap_err();
        let why = EchoFault::NoSuchBytes;
        assert_eq!(failure, ProofFailure::EchoUnusable { what: Echoed::Trace, why }, "{start}..{end}");
    }
    let why = EchoFault::NoSuchNode(9);
    assert_eq!(check(echo(9, 4, 10)), Err(ProofFailure::EchoUnusable { what: Echoed::Trace, why }));
}

/// By comparing scrubbed digits with digits of its own a plugin could have found the card number, one reply a guess.
#[test]
fn scrubbed_bytes_are_compared_with_a_bare_card_number_only() {
    let unusable = Err(ProofFailure::EchoUnusable { what: Echoed::Trace, why: EchoFault::CardData });
    assert_eq!(check(echo(TRACE, 12, 18)), unusable);
    assert_eq!(check(echo(TRACE, 5, 11)), unusable, "one scrubbed byte is enough");
    for secret in [EXPIRY, CARD_IN_HEX] {
        assert_eq!(check(echo(secret, 0, 4)), unusable, "nor other card data with anything");
    }
}

#[test]
fn seals_that_cover_nothing_of_the_reply_prove_nothing() {
    let claim = || Claim::Body(extent(-8, 0));
    let received = || Node::Received(extent(0, -8));
    let literal = || Node::Literal(b"0210".to_vec());
    let length = LengthHole { of: 0, encoding: LengthEncoding::BinaryU16 };
    for over in [vec![], vec![literal()], vec![received(), literal()], vec![received(), Node::LengthOf(length)]] {
        assert_eq!(why(check(seal(over, claim()))), SealFault::CoversNothing);
    }
    let over = vec![received(), Node::Concat(vec![])];
    assert_eq!(why(check(seal(over, claim()))), SealFault::CoversNothing);
    let digest = DigestHole { over: 0, algorithm: DigestAlgorithm::Sha256 };
    let failure = check(seal(vec![received(), Node::Digest(digest)], claim())).unwrap_err();
    assert!(failure.is_bad_mac(), "a digest of the reply covers it");
}

#[test]
fn seals_that_cannot_be_checked() {
    let over = || vec![Node::Received(extent(0, -8))];
    for claimed in [
        Claim::Body(extent(99, 0)),
        Claim::Body(extent(3, 3)),
        Claim::HeaderHex("absent".into()),
        Claim::HeaderHex("Twice".into()),
        Claim::HeaderHex("Mac64".into()),
        Claim::HeaderBase64("Twice".into()),
    ] {
        assert_eq!(why(check(seal(over(), claimed))), SealFault::NoClaim);
    }
    for (node, error) in [
        (Node::Received(extent(4, 4)), NodeError::NoSuchBytes { start: 4, end: 4, length: 36 }),
        (Node::ReceivedHeader("absent".into()), NodeError::NoSuchHeader("absent".into())),
        (Node::ReceivedHeader("twice".into()), NodeError::NoSuchHeader("twice".into())),
        (Node::Nonce(1), NodeError::NotInProof { what: "a nonce" }),
        (Node::Clock("%d".into()), NodeError::NotInProof { what: "a clock" }),
        (Node::Reason(vec![]), NodeError::NotInProof { what: "a reason" }),
        (Node::PinBlock("pik".into()), NodeError::NotInProof { what: "a PIN block" }),
        (
            Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: None }),
            NodeError::NotInProof { what: "card data" },
        ),
        (
            Node::Mac(MacHole { over: 0, algorithm: MacAlgorithm::UnionpayEcb, key: "mak".into() }),
            NodeError::NotInProof { what: "a MAC" },
        ),
    ] {
        let fault = why(check(seal(vec![node], Claim::Body(extent(-8, 0)))));
        assert_eq!(fault, SealFault::Over(RenderError::At { node: 0, error }));
    }
}

#[test]
fn seals_need_the_slot_for_their_algorithm() {
    let (_folder, vault) = signed_in();
    let with = |algorithm: SealAlgorithm, key: &str| {
        let over = vec![Node::Received(extent(0, -8))];
        let seal = Seal { over, claimed: Claim::Body(extent(-8, 0)), algorithm, key: key.into() };
        match check_in(&vault, &[Proof::Seal(seal)], &reply(&vault)) {
            Err(ProofFailure::SealUnusable { why, .. }) => why,
            other => panic!("expected an unusable seal, got {other:?}"),
        }
    };
    let ecb = || SealAlgorithm::Mac(MacAlgorithm::UnionpayEcb);
    assert!(matches!(with(ecb(), "pik"), SealFault::Slot(SlotError::WrongUse { .. })));
    assert!(matches!(with(ecb(), "none"), SealFault::Slot(SlotError::Unknown { .. })));
    let x919 = SealAlgorithm::Mac(MacAlgorithm::X919);
    assert_eq!(with(x919, "retail"), SealFault::Slot(SlotError::Empty { slot: "retail".into() }));
    let signature = SealAlgorithm::Signature(SignatureAlgorithm::Ed25519);
    assert!(matches!(with(signature, "mak"), SealFault::Slot(SlotError::WrongUse { .. })));
    let proofs = vec![body_seal(); MAX_PROOFS + 1];
    assert_eq!(check_in(&vault, &proofs, &reply(&vault)), Err(ProofFailure::TooMany(MAX_PROOFS + 1)));
}

#[test]
fn a_raw_reply_shows_itself_scrubbed_only() {
    let (_folder, vault) = signed_in();
    let reply = reply(&vault);
    assert_eq!(format!("{reply:?}"), "[redacted]");
    let (seen, mask) = reply.scrub(&[&card().presented()]);
    assert_eq!(&seen.body[..28], b"0210681186000000000000000000");
    assert!(mask.touches(&(10..11)) && !mask.touches(&(0..10)));
}
