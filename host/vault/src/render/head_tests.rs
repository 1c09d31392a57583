//! Heads of HTTP requests: filled from nodes, and never with a secret.

use engine::contract::template::{
    DigestAlgorithm, DigestHole, Encoding, HttpHead, HttpHeader, LengthEncoding, LengthHole, MacAlgorithm, MacHole,
    Message, Node, NodeId, Secret, SecretHole, TextEncoding, TextHole,
};
use engine::rules::HeadFault;

use super::*;
use crate::Vault;
use crate::testing::{PLUGIN, card, noon, signed_in};

const NUMBER: NodeId = 1;

fn grant() -> RouteGrant {
    RouteGrant { secrets: vec![Secret::Pan], pin: true, http: true, ..RouteGrant::default() }
}

fn mac(over: NodeId) -> Node {
    Node::Mac(MacHole { over, algorithm: MacAlgorithm::UnionpayEcb, key: "mak".into() })
}

/// A request whose body holds a card number, with the given nodes behind and these headers over them.
fn rendered(vault: &Vault, more: Vec<Node>, headers: &[(&str, NodeId)]) -> Result<Rendered, RenderError> {
    let number = Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: None });
    let mut nodes = vec![Node::Literal(b"{\"card\":\"".to_vec()), number, Node::Concat(vec![0, NUMBER])];
    nodes.extend(more);
    let header = |(name, value): &(&str, NodeId)| HttpHeader { name: (*name).to_owned(), value: *value };
    let headers = headers.iter().map(header).collect();
    let http = HttpHead { method: "POST".into(), target: "/v1/sales".into(), headers };
    let message = Message { nodes, whole: 2, http: Some(http) };
    let mut card = card();
    let input = RenderInput { card: CardSource::Live(&mut card), reason: None, allowed: &grant(), now: &noon() };
    vault.render(PLUGIN, &message, input)
}

#[test]
fn a_seal_over_the_body_stands_in_a_header() {
    let (_folder, vault) = signed_in();
    let hex = Node::Text(TextHole { of: 3, encoding: TextEncoding::HexUpper });
    let made = rendered(&vault, vec![mac(2), hex, Node::Literal(b"1".to_vec())], &[("x-seal", 4), ("x-version", 5)]);
    let made = made.unwrap();
    let head = made.head().unwrap();
    assert_eq!((head.method.as_str(), head.target.as_str()), ("POST", "/v1/sales"));
    // The MAC is eight characters; spelled in hex, sixteen.
    assert_eq!((head.headers[0].0.as_str(), head.headers[0].1.len()), ("x-seal", 16));
    assert_eq!(head.headers[1], ("x-version".to_owned(), b"1".to_vec()));
    assert_eq!(made.whole(), b"{\"card\":\"1234567890123456");
}

/// Servers and proxies write headers into logs, so no card data may stand there, in whatever disguise.
#[test]
fn no_secret_stands_in_a_header() {
    let (_folder, vault) = signed_in();
    let base64 = Node::Text(TextHole { of: NUMBER, encoding: TextEncoding::Base64 });
    let digest = Node::Digest(DigestHole { over: 3, algorithm: DigestAlgorithm::Sha256 });
    let again = Node::Text(TextHole { of: 3, encoding: TextEncoding::HexUpper });
    for (more, header) in [
        (Vec::new(), NUMBER),
        (Vec::new(), 2),
        (vec![base64], 3),
        (vec![Node::PinBlock("pik".into())], 3),
        (vec![Node::PinBlock("pik".into()), again], 4),
        (vec![Node::PinBlock("pik".into()), digest], 4),
    ] {
        let refused = rendered(&vault, more, &[("x", header)]).map(drop);
        assert_eq!(refused, Err(RenderError::SecretInHeader { name: "x".into() }));
    }
    let length = Node::LengthOf(LengthHole { of: NUMBER, encoding: LengthEncoding::AsciiTwoDigits });
    assert!(rendered(&vault, vec![length], &[("x", 3)]).is_ok());
}

/// A reversal without a head could never leave by a route that speaks HTTP: it is refused before the sale is sent.
#[test]
fn a_head_goes_with_the_route() {
    let (_folder, vault) = signed_in();
    let made = |http: Option<HttpHead>, speaks_http| {
        let message = Message { nodes: vec![Node::Literal(b"{}".to_vec())], whole: 0, http };
        let allowed = RouteGrant { http: speaks_http, ..RouteGrant::default() };
        let input = RenderInput { card: CardSource::None, reason: None, allowed: &allowed, now: &noon() };
        vault.render(PLUGIN, &message, input).map(drop)
    };
    let head = HttpHead { method: "POST".into(), target: "/".into(), headers: Vec::new() };
    assert_eq!(made(Some(head.clone()), false), Err(RenderError::NoHttpRoute));
    assert_eq!(made(None, true), Err(RenderError::NoHead));
    assert_eq!((made(None, false), made(Some(head), true)), (Ok(()), Ok(())));
}

#[test]
fn a_head_that_cannot_be_sent_is_not_rendered() {
    let (_folder, vault) = signed_in();
    let broken = Node::Literal(b"a\r\nhost: elsewhere".to_vec());
    for (headers, refusal) in [
        ([("x", 3)], RenderError::Head(HeadFault::Value("x".into()))),
        ([("Host", 0)], RenderError::Head(HeadFault::Terminals("Host".into()))),
        ([("x", 4)], RenderError::NoHeaderValue { name: "x".into(), value: 4 }),
    ] {
        assert_eq!(rendered(&vault, vec![broken.clone()], &headers).map(drop), Err(refusal));
    }
}
