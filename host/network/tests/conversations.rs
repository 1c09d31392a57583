//! Frames, deadlines and deliveries on a connection that stands.

mod peer;

use std::sync::{Arc, Mutex};

use acquit_network::{Conversation, FailureDetail, Route, RouteConfig, steps};
use engine::contract::acquirer::Framing;
use engine::contract::retry_policy::{Delivery, Failure};
use peer::{Identity, LONG, NAME, SHORT, config, permit, read_frame, route, serve, write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

/// A conversation with a peer that reads the request, sends `reply` in one piece and closes.
async fn answered(reply: &'static [u8]) -> Conversation {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, move |mut stream| async move {
        read_frame(&mut stream).await;
        write(&mut stream, reply).await;
        stream.shutdown().await.unwrap();
    })
    .await;
    let conversation = route(port, &identity).send(b"request", permit()).await.unwrap();
    peer.await.unwrap();
    conversation
}

/// A conversation with a peer that reads the request and then keeps silent until the other end is dropped.
async fn unanswered(change: impl FnOnce(&mut RouteConfig)) -> (Conversation, oneshot::Sender<Vec<u8>>) {
    let identity = Identity::new(NAME);
    let (say, said) = oneshot::channel::<Vec<u8>>();
    let (port, _peer) = serve(&identity, move |mut stream| async move {
        read_frame(&mut stream).await;
        if let Ok(bytes) = said.await {
            write(&mut stream, &bytes).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let mut config = config(port, &identity.root_pem);
    change(&mut config);
    (Route::new(config).unwrap().send(b"request", permit()).await.unwrap(), say)
}

#[tokio::test]
async fn a_refused_answer_is_named_and_ends_the_conversation() {
    let cases: [(&[u8], Failure, FailureDetail); 7] = [
        (b"", Failure::Closed, FailureDetail::ClosedSilently),
        (b"\x00", Failure::Closed, FailureDetail::ShortFrame { received: 1 }),
        (b"\x00\x05rep", Failure::Closed, FailureDetail::ShortFrame { received: 5 }),
        (b"\x00\x00", Failure::Malformed, FailureDetail::ReplyEmpty),
        (b"\x00\x05reply and", Failure::Malformed, FailureDetail::BytesAfterReply { extra: 4 }),
        (b"\xFF\xFF", Failure::Malformed, FailureDetail::ReplyTooLong { announced: 65_535, limit: 8_192 }),
        (b"HTTP/1.1 400", Failure::Malformed, FailureDetail::ReplyTooLong { announced: 0x4854, limit: 8_192 }),
    ];
    for (reply, failure, detail) in cases {
        let mut conversation = answered(reply).await;
        let failed = conversation.receive(LONG).await.unwrap_err();
        assert_eq!((failed.delivery, failed.failure, failed.detail), (Delivery::Sent, failure, detail));
        let again = conversation.receive(LONG).await.unwrap_err();
        assert_eq!((again.delivery, again.detail), (Delivery::Sent, FailureDetail::Over));
        let next = conversation.send(b"next", permit()).await.unwrap_err();
        assert_eq!((next.delivery, next.detail), (Delivery::NotSent, FailureDetail::Over));
    }
}

#[tokio::test]
async fn bytes_in_the_next_record_are_behind_the_frame_too() {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, |mut stream| async move {
        read_frame(&mut stream).await;
        stream.write_all(b"\x00\x05reply").await.unwrap();
        stream.write_all(b"\x00\x06second").await.unwrap();
        stream.flush().await.unwrap();
    })
    .await;
    let mut conversation = route(port, &identity).send(b"request", permit()).await.unwrap();
    peer.await.unwrap();
    let failed = conversation.receive(LONG).await.unwrap_err();
    assert_eq!(failed.detail, FailureDetail::BytesAfterReply { extra: 8 });
}

#[tokio::test]
async fn bytes_that_are_no_tls_are_not_an_answer() {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, |mut stream| async move {
        read_frame(&mut stream).await;
        stream.get_mut().0.write_all(b"\x00\x05reply, injected by somebody on the way").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut conversation = route(port, &identity).send(b"request", permit()).await.unwrap();
    let failed = conversation.receive(LONG).await.unwrap_err();
    assert_eq!((failed.delivery, failed.failure), (Delivery::Sent, Failure::Tls), "{failed}");
    drop(conversation);
    peer.await.unwrap();
}

#[tokio::test]
async fn an_answer_before_the_close_is_an_answer() {
    let mut conversation = answered(b"\x00\x05reply").await;
    assert_eq!(conversation.receive(LONG).await.unwrap().body, b"reply");
    let failed = conversation.receive(LONG).await.unwrap_err();
    assert_eq!((failed.failure, failed.detail), (Failure::Closed, FailureDetail::ClosedSilently));
}

#[tokio::test]
async fn the_largest_frame_passes_both_ways_and_one_byte_more_does_not_leave() {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, |mut stream| async move {
        let frame = read_frame(&mut stream).await;
        write(&mut stream, &frame).await;
        stream.read_to_end(&mut Vec::new()).await.unwrap()
    })
    .await;
    let config = RouteConfig { max_frame_bytes: 65_535, ..config(port, &identity.root_pem) };
    let route = Route::new(config).unwrap();
    let frame: Vec<u8> = (0..65_535_u32).map(|index| index as u8).collect();
    let mut conversation = route.send(&frame, permit()).await.unwrap();
    assert_eq!(conversation.receive(LONG).await.unwrap().body, frame);
    for (bytes, detail) in
        [(65_536, FailureDetail::FrameTooLong { bytes: 65_536, limit: 65_535 }), (0, FailureDetail::FrameEmpty)]
    {
        let failed = conversation.send(&vec![1; bytes], permit()).await.unwrap_err();
        assert_eq!((failed.delivery, failed.failure), (Delivery::NotSent, Failure::PluginFault));
        assert_eq!(failed.detail, detail);
    }
    conversation.close().await;
    assert_eq!(peer.await.unwrap(), 0, "nothing but the first frame arrived");
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_late_answer_is_still_heard() {
    let (mut conversation, say) = unanswered(|_| {}).await;
    let failed = conversation.receive(SHORT).await.unwrap_err();
    let detail = FailureDetail::ReadTimeout { limit: SHORT, received: 0 };
    assert_eq!((failed.delivery, failed.failure, failed.detail), (Delivery::Sent, Failure::Timeout, detail));
    say.send(b"\x00\x04late".to_vec()).unwrap();
    assert_eq!(conversation.receive(LONG).await.unwrap().body, b"late");
}

#[tokio::test]
async fn half_an_answer_is_kept_until_the_rest_arrives() {
    let identity = Identity::new(NAME);
    let (go_on, wait) = oneshot::channel();
    let (port, _peer) = serve(&identity, move |mut stream| async move {
        read_frame(&mut stream).await;
        write(&mut stream, b"\x00\x04la").await;
        wait.await.unwrap();
        write(&mut stream, b"te").await;
    })
    .await;
    let mut conversation = route(port, &identity).send(b"request", permit()).await.unwrap();
    loop {
        let failed = conversation.receive(SHORT).await.unwrap_err();
        match failed.detail {
            FailureDetail::ReadTimeout { received: 4, .. } => break,
            FailureDetail::ReadTimeout { received: 0, .. } => {}
            other => panic!("{other}"),
        }
    }
    go_on.send(()).unwrap();
    assert_eq!(conversation.receive(LONG).await.unwrap().body, b"late");
}

#[tokio::test]
async fn a_dribbling_peer_does_not_extend_the_deadline() {
    // It announces a long answer and lets it drip, so that every single read succeeds well within the deadline.
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, |mut stream| async move {
        read_frame(&mut stream).await;
        write(&mut stream, &[0x20, 0]).await;
        let mut drips = tokio::time::interval(SHORT / 10);
        while stream.write_all(b"x").await.is_ok() && stream.flush().await.is_ok() {
            drips.tick().await;
        }
    })
    .await;
    let mut conversation = route(port, &identity).send(b"request", permit()).await.unwrap();
    let failed = conversation.receive(SHORT).await.unwrap_err();
    assert_eq!((failed.delivery, failed.failure), (Delivery::Sent, Failure::Timeout));
    drop(conversation);
    peer.await.unwrap();
}

#[tokio::test]
async fn a_second_exchange_uses_the_same_connection() {
    let identity = Identity::new(NAME);
    let (port, _peer) = serve(&identity, |mut stream| async move {
        for _ in 0..2 {
            let frame = read_frame(&mut stream).await;
            write(&mut stream, &frame).await;
        }
    })
    .await;
    let mut conversation = route(port, &identity).send(b"one", permit()).await.unwrap();
    assert_eq!(conversation.receive(LONG).await.unwrap().body, b"one");
    conversation.send(b"two", permit()).await.unwrap();
    assert_eq!(conversation.receive(LONG).await.unwrap().body, b"two");
}

/// Lets the runtime see what has happened on its sockets.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nothing_is_sent_to_an_acquirer_that_has_hung_up() {
    let mut conversation = answered(b"\x00\x05reply").await;
    assert_eq!(conversation.receive(LONG).await.unwrap().body, b"reply");
    settle().await;
    let failed = conversation.send(b"next", permit()).await.unwrap_err();
    let expected = (Delivery::NotSent, Failure::Closed, FailureDetail::ClosedSilently);
    assert_eq!((failed.delivery, failed.failure, failed.detail), expected);
}

#[tokio::test]
async fn nothing_is_sent_over_bytes_that_answer_nothing() {
    // An answer to the first frame that came too late must not be taken for the answer to the second.
    let mut conversation = answered(b"\x00\x04late").await;
    settle().await;
    let failed = conversation.send(b"next", permit()).await.unwrap_err();
    let expected = (Delivery::NotSent, Failure::Malformed, FailureDetail::Unasked(6));
    assert_eq!((failed.delivery, failed.failure, failed.detail), expected);
}

#[tokio::test]
async fn a_peer_that_does_not_read_makes_a_maybe() {
    let (mut conversation, _say) = unanswered(|config| {
        config.write_timeout = SHORT;
        config.max_frame_bytes = 65_535;
    })
    .await;
    let frame = vec![7; 65_535];
    let failed = loop {
        if let Err(failed) = conversation.send(&frame, permit()).await {
            break failed;
        }
    };
    let detail = FailureDetail::WriteTimeout { limit: SHORT };
    assert_eq!((failed.delivery, failed.failure, failed.detail), (Delivery::MaybeSent, Failure::Timeout, detail));
    let after = conversation.receive(LONG).await.unwrap_err();
    assert_eq!((after.delivery, after.detail), (Delivery::MaybeSent, FailureDetail::Over));
}

#[tokio::test]
async fn a_write_that_is_given_up_ends_the_conversation_as_maybe() {
    let (mut conversation, _say) = unanswered(|config| config.max_frame_bytes = 65_535).await;
    let frame = vec![7; 65_535];
    while let Ok(sent) = tokio::time::timeout(SHORT, conversation.send(&frame, permit())).await {
        sent.unwrap();
    }
    let after = conversation.receive(LONG).await.unwrap_err();
    assert_eq!((after.delivery, after.detail), (Delivery::MaybeSent, FailureDetail::Over));
    let next = conversation.send(b"next", permit()).await.unwrap_err();
    assert_eq!((next.delivery, next.detail), (Delivery::NotSent, FailureDetail::Over));
}

#[tokio::test]
async fn the_probe_sees_every_step_in_order_and_the_frame_arrives_whole() {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, |mut stream| async move {
        let frame = read_frame(&mut stream).await;
        write(&mut stream, b"\x00\x05reply").await;
        frame
    })
    .await;
    let seen: Arc<Mutex<Vec<&str>>> = Arc::default();
    let steps_seen = seen.clone();
    let route = route(port, &identity).with_probe(Arc::new(move |step| steps_seen.lock().unwrap().push(step)));
    let mut conversation = route.send(b"request", permit()).await.unwrap();
    conversation.receive(LONG).await.unwrap();
    assert_eq!(peer.await.unwrap(), b"\x00\x07request");
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

#[tokio::test]
async fn without_a_probe_a_frame_leaves_in_one_piece() {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, |mut stream| async move {
        let mut first = vec![0; 64];
        let bytes = stream.read(&mut first).await.unwrap();
        first.truncate(bytes);
        first
    })
    .await;
    let _conversation = route(port, &identity).send(b"request", permit()).await.unwrap();
    assert_eq!(peer.await.unwrap(), b"\x00\x07request");
}

/// Some acquirers write the length as four characters; one that answers with two bytes of it is not understood.
#[tokio::test]
async fn a_length_in_four_characters_stands_before_each_frame_both_ways() {
    for (reply, heard) in [(&b"0006answer"[..], Ok(b"answer".to_vec())), (b"\x00\x06answer", Err(Failure::Malformed))] {
        let identity = Identity::new(NAME);
        let (port, peer) = serve(&identity, move |mut stream| async move {
            let mut request = [0; 11];
            stream.read_exact(&mut request).await.unwrap();
            write(&mut stream, reply).await;
            stream.shutdown().await.unwrap();
            request
        })
        .await;
        let config = RouteConfig { framing: Framing::LengthAsciiFour, ..config(port, &identity.root_pem) };
        let mut conversation = Route::new(config).unwrap().send(b"request", permit()).await.unwrap();
        assert_eq!(conversation.receive(LONG).await.map(|answer| answer.body).map_err(|failed| failed.failure), heard);
        assert_eq!(&peer.await.unwrap(), b"0007request");
    }
}
