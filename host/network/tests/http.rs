//! HTTP/1.1 on a connection that stands: what leaves, what is an answer, and what may have left where there is none.

mod peer;

use std::sync::{Arc, Mutex};

use acquit_network::{Answer, Conversation, Failed, FailureDetail, Head, Outgoing, Route, RouteConfig, steps};
use engine::contract::acquirer::Framing;
use engine::contract::retry_policy::{Delivery, Failure};
use peer::{Identity, LONG, NAME, SHORT, config, permit, serve, write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::server::TlsStream;

const BODY: &[u8] = br#"{"order":"000000000001"}"#;

fn head() -> Head {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let headers = vec![header("content-type", "application/json"), header("x-seal", "00FF")];
    Head { method: "POST".into(), target: "/v1/sales".into(), headers }
}

fn request(head: &Head) -> Outgoing<'_> {
    Outgoing { head: Some(head), body: BODY }
}

fn http(port: u16, identity: &Identity) -> Route {
    Route::new(RouteConfig { framing: Framing::Http, ..config(port, &identity.root_pem) }).unwrap()
}

/// Reads one request on the peer's side: its head, and as much behind it as the head says.
async fn read_request(stream: &mut TlsStream<TcpStream>) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    let text = String::from_utf8(bytes).unwrap();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    text + &String::from_utf8(body).unwrap()
}

/// A conversation with a peer that reads the request, sends `reply` in one piece and closes, with a goodbye or without.
async fn answered(reply: &'static [u8], says_goodbye: bool) -> Conversation {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, move |mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, reply).await;
        match says_goodbye {
            true => stream.shutdown().await.unwrap(),
            false => stream.get_mut().0.shutdown().await.unwrap(),
        }
    })
    .await;
    let conversation = http(port, &identity).send(request(&head()), permit()).await.unwrap();
    peer.await.unwrap();
    conversation
}

async fn heard(reply: &'static [u8], says_goodbye: bool) -> Result<Answer, Failed> {
    answered(reply, says_goodbye).await.receive(LONG).await
}

#[tokio::test]
async fn a_request_leaves_whole_and_its_answer_comes_back() {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, |mut stream| async move {
        let request = read_request(&mut stream).await;
        write(&mut stream, b"HTTP/1.1 200 OK\r\nX-Seal: AB\r\nContent-Length: 2\r\n\r\n{}").await;
        request
    })
    .await;
    let mut conversation = http(port, &identity).send(request(&head()), permit()).await.unwrap();
    let answer = conversation.receive(LONG).await.unwrap();
    let headers = [("x-seal", "AB"), ("content-length", "2")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(answer, Answer { status: 200, headers: headers.to_vec(), body: b"{}".to_vec() });
    let said = peer.await.unwrap();
    let expected = format!(
        "POST /v1/sales HTTP/1.1\r\nhost: {NAME}:{port}\r\nconnection: close\r\naccept-encoding: identity\r\n\
         content-length: {}\r\ncontent-type: application/json\r\nx-seal: 00FF\r\n\r\n{}",
        BODY.len(),
        String::from_utf8_lossy(BODY)
    );
    assert_eq!(said, expected);
}

#[tokio::test]
async fn one_request_has_one_answer_and_the_connection_carries_no_other() {
    let mut conversation = answered(b"HTTP/1.1 504 Late\r\ncontent-length: 0\r\n\r\n", true).await;
    assert_eq!(conversation.receive(LONG).await.unwrap().status, 504);
    assert!(!conversation.goes_on());
    assert_eq!(conversation.receive(LONG).await.unwrap_err().detail, FailureDetail::Over);
    let next = conversation.send(request(&head()), permit()).await.unwrap_err();
    assert_eq!((next.delivery, next.detail), (Delivery::NotSent, FailureDetail::Over));
}

#[tokio::test]
async fn answers_of_every_shape_are_read() {
    for (reply, body) in [
        (&b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"[..], &b"hello"[..]),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", b"hello"),
        (b"HTTP/1.0 500 Sorry\r\ncontent-length: 0\r\n\r\n", b""),
        // A redirect is an answer like any other: nobody follows it.
        (b"HTTP/1.1 307 Elsewhere\r\nlocation: https://elsewhere/\r\ncontent-length: 0\r\n\r\n", b""),
    ] {
        assert_eq!(heard(reply, true).await.unwrap().body, body);
    }
}

#[tokio::test]
async fn a_refused_answer_is_named_and_all_of_the_request_was_sent() {
    let http = FailureDetail::ReplyHttp;
    let cases: [(&[u8], bool, Failure, FailureDetail); 10] = [
        (b"", true, Failure::Closed, FailureDetail::ClosedSilently),
        (b"", false, Failure::Closed, FailureDetail::ClosedSilently),
        (b"HTTP/1.1 200", true, Failure::Closed, FailureDetail::ShortFrame { received: 12 }),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
            true,
            Failure::Closed,
            FailureDetail::ShortFrame { received: 43 },
        ),
        // Without a length and without a goodbye nobody knows whether this is all of it.
        (b"HTTP/1.1 200 OK\r\n\r\nhello", false, Failure::Closed, FailureDetail::ShortFrame { received: 24 }),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello and",
            true,
            Failure::Malformed,
            FailureDetail::BytesAfterReply { extra: 4 },
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 65536\r\n\r\n",
            true,
            Failure::Malformed,
            FailureDetail::ReplyTooLong { announced: 65_536, limit: 8_192 },
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx",
            true,
            Failure::Malformed,
            http("it is compressed"),
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", true, Failure::Malformed, http("it changes the protocol")),
        (b"\x00\x05hello", true, Failure::Malformed, http("its head cannot be read")),
    ];
    for (reply, says_goodbye, failure, detail) in cases {
        let failed = heard(reply, says_goodbye).await.unwrap_err();
        assert_eq!((failed.delivery, failed.failure, failed.detail), (Delivery::Sent, failure, detail));
    }
}

#[tokio::test]
async fn a_head_that_is_refused_bothers_nobody() {
    let identity = Identity::new(NAME);
    // Nobody listens there: a request that got as far as connecting would fail otherwise.
    let route = http(1, &identity);
    let bad = Head { headers: vec![("Host".into(), b"elsewhere".to_vec())], ..head() };
    for message in [request(&bad), Outgoing::from(BODY)] {
        let failed = route.send(message, permit()).await.unwrap_err();
        assert_eq!((failed.delivery, failed.failure), (Delivery::NotSent, Failure::PluginFault), "{failed}");
    }
}

#[tokio::test]
async fn silence_amid_the_answer_is_a_timeout_and_nothing_is_lost() {
    let identity = Identity::new(NAME);
    let (go_on, wait) = oneshot::channel();
    let (port, _peer) = serve(&identity, move |mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nla").await;
        wait.await.unwrap();
        write(&mut stream, b"te").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut conversation = http(port, &identity).send(request(&head()), permit()).await.unwrap();
    loop {
        let failed = conversation.receive(SHORT).await.unwrap_err();
        assert_eq!((failed.delivery, failed.failure), (Delivery::Sent, Failure::Timeout));
        match failed.detail {
            FailureDetail::ReadTimeout { received: 40, .. } => break,
            FailureDetail::ReadTimeout { .. } => {}
            other => panic!("{other}"),
        }
    }
    go_on.send(()).unwrap();
    assert_eq!(conversation.receive(LONG).await.unwrap().body, b"late");
}

#[tokio::test]
async fn the_probe_sees_every_step_of_a_request() {
    let identity = Identity::new(NAME);
    let (port, _peer) = serve(&identity, |mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, b"HTTP/1.1 204 Done\r\n\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let seen: Arc<Mutex<Vec<&str>>> = Arc::default();
    let steps_seen = seen.clone();
    let route = http(port, &identity).with_probe(Arc::new(move |step| steps_seen.lock().unwrap().push(step)));
    route.send(request(&head()), permit()).await.unwrap().receive(LONG).await.unwrap();
    let expected = [
        steps::BEFORE_CONNECT,
        steps::CONNECTED,
        steps::BEFORE_WRITE,
        steps::HALF_WRITTEN,
        steps::AFTER_WRITE,
        steps::REPLY_READ,
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}
