//! Who is believed to be the acquirer, and what a failure to connect says of the delivery: never more than nothing.

mod peer;

use acquit_network::{CertificateFault, ConnectPhase, Failed, FailureDetail, NetworkError, Route, RouteConfig};
use engine::contract::retry_policy::{Delivery, Failure};
use peer::{Identity, LONG, NAME, SHORT, config, listen, permit, read_frame, route, serve, write};
use rustls::{HandshakeKind, ProtocolVersion};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

const GARBLED_PEM: &[u8] = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

async fn refused(route: Route) -> Failed {
    let failed = route.send(b"request", permit()).await.unwrap_err();
    assert_eq!(failed.delivery, Delivery::NotSent);
    failed
}

/// What a peer with `identity` is told when it is reached under `config`.
async fn refused_by(identity: Identity, change: impl FnOnce(&mut RouteConfig)) -> Failed {
    let (listener, port) = listen().await;
    let acceptor = TlsAcceptor::from(identity.server(rustls::ALL_VERSIONS));
    let peer = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        if let Ok(mut stream) = acceptor.accept(tcp).await {
            let _ = stream.read_to_end(&mut bytes).await;
        }
        bytes
    });
    let mut config = config(port, &identity.root_pem);
    change(&mut config);
    let failed = refused(Route::new(config).unwrap()).await;
    assert_eq!(peer.await.unwrap(), b"", "the peer must not have got a byte");
    failed
}

#[tokio::test]
async fn the_pinned_root_and_the_right_name_are_believed() {
    let identity = Identity::new(NAME);
    let (port, peer) = serve(&identity, |mut stream| async move {
        let frame = read_frame(&mut stream).await;
        write(&mut stream, b"\x00\x05reply").await;
        (frame, stream.get_ref().1.protocol_version())
    })
    .await;
    let mut conversation = route(port, &identity).send(b"request", permit()).await.unwrap();
    assert_eq!(conversation.receive(LONG).await.unwrap().body, b"reply");
    conversation.close().await;
    assert_eq!(peer.await.unwrap(), (b"\x00\x07request".to_vec(), Some(ProtocolVersion::TLSv1_3)));
}

#[tokio::test]
async fn a_peer_that_knows_only_tls_1_2_is_spoken_to() {
    let identity = Identity::new(NAME);
    let (listener, port) = listen().await;
    let acceptor = TlsAcceptor::from(identity.server(&[&rustls::version::TLS12]));
    let peer = tokio::spawn(async move {
        let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        read_frame(&mut stream).await;
        stream.get_ref().1.protocol_version()
    });
    let _conversation = route(port, &identity).send(b"request", permit()).await.unwrap();
    assert_eq!(peer.await.unwrap(), Some(ProtocolVersion::TLSv1_2));
}

#[tokio::test]
async fn no_session_is_resumed() {
    let identity = Identity::new(NAME);
    let (listener, port) = listen().await;
    let acceptor = TlsAcceptor::from(identity.server(rustls::ALL_VERSIONS));
    let peer = tokio::spawn(async move {
        for _ in 0..2 {
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            read_frame(&mut stream).await;
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
            write(&mut stream, b"\x00\x05reply").await;
        }
    });
    let route = route(port, &identity);
    for _ in 0..2 {
        let mut conversation = route.send(b"request", permit()).await.unwrap();
        conversation.receive(LONG).await.unwrap();
        conversation.close().await;
    }
    peer.await.unwrap();
}

#[tokio::test]
async fn certificates_are_refused_by_reason() {
    let other = Identity::new(NAME);
    let cases = [
        (refused_by(Identity::new(NAME), |c| c.roots_pem = other.root_pem).await, CertificateFault::Untrusted),
        (refused_by(Identity::new("somebody.else"), |_| {}).await, CertificateFault::WrongName),
        (refused_by(Identity::new(NAME), |c| c.server_name = "10.0.0.1".into()).await, CertificateFault::WrongName),
        (refused_by(Identity::expired(NAME), |_| {}).await, CertificateFault::Expired),
    ];
    for (failed, fault) in cases {
        assert_eq!((failed.failure, failed.detail), (Failure::Tls, FailureDetail::Certificate(fault)));
    }
}

#[tokio::test]
async fn a_peer_without_tls_is_refused() {
    let (listener, port) = listen().await;
    let peer = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"\x00\x05hello, this is no TLS").await.unwrap();
        let mut heard = Vec::new();
        let _ = tcp.read_to_end(&mut heard).await;
        heard
    });
    let failed = refused(route(port, &Identity::new(NAME))).await;
    assert_eq!(failed.failure, Failure::Tls, "{failed}");
    let heard = peer.await.unwrap();
    assert!(!heard.windows(7).any(|window| window == b"request"));
}

#[tokio::test]
async fn a_peer_that_hangs_up_in_the_handshake_is_a_tls_failure() {
    let (listener, port) = listen().await;
    let peer = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    let failed = refused(route(port, &Identity::new(NAME))).await;
    assert_eq!(failed.failure, Failure::Tls, "{failed}");
    peer.await.unwrap();
}

#[tokio::test]
async fn a_silent_peer_costs_the_deadline_and_no_more() {
    // The listener's backlog accepts the connection; nobody ever speaks.
    let (_listener, port) = listen().await;
    let config = RouteConfig { connect_timeout: SHORT, ..config(port, &Identity::new(NAME).root_pem) };
    let failed = refused(Route::new(config).unwrap()).await;
    let detail = FailureDetail::ConnectTimeout { phase: ConnectPhase::Handshake, limit: SHORT };
    assert_eq!((failed.failure, failed.detail), (Failure::Timeout, detail));
}

#[tokio::test]
async fn nobody_listening_is_a_connect_failure() {
    let (listener, port) = listen().await;
    drop(listener);
    let failed = refused(route(port, &Identity::new(NAME))).await;
    assert!(matches!(failed.detail, FailureDetail::Connect(_)), "{failed}");
    assert_eq!(failed.failure, Failure::Connect);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_a_connect_failure() {
    let root = Identity::new(NAME).root_pem;
    // A label longer than 63 bytes is refused by every resolver without asking anybody.
    let route = Route::new(RouteConfig { host: "a".repeat(64) + ".invalid", ..config(1, &root) }).unwrap();
    let failed = refused(route).await;
    assert!(matches!(failed.detail, FailureDetail::Resolve(_)), "{failed}");
    assert_eq!(failed.failure, Failure::Connect);
}

#[test]
fn wrong_configuration_is_refused_by_name() {
    let root = Identity::new(NAME).root_pem;
    let wrong = |change: fn(&mut RouteConfig)| {
        let mut config = config(443, &root);
        change(&mut config);
        Route::new(config).unwrap_err()
    };
    assert!(matches!(wrong(|c| c.roots_pem.clear()), NetworkError::NoRoots { .. }));
    assert!(matches!(wrong(|c| c.roots_pem = b"not PEM at all".into()), NetworkError::NoRoots { .. }));
    let error = wrong(|c| c.roots_pem.extend_from_slice(GARBLED_PEM));
    assert!(matches!(error, NetworkError::Root { index: 2, .. }), "{error}");
    assert!(matches!(wrong(|c| c.host.clear()), NetworkError::Host { .. }));
    assert!(matches!(wrong(|c| c.port = 0), NetworkError::Port { .. }));
    assert!(matches!(wrong(|c| c.server_name = "no name".into()), NetworkError::ServerName { .. }));
    assert!(matches!(
        wrong(|c| c.connect_timeout = Duration::ZERO),
        NetworkError::NoTime { key: "connect_timeout", .. }
    ));
    assert!(matches!(wrong(|c| c.write_timeout = Duration::ZERO), NetworkError::NoTime { key: "write_timeout", .. }));
    for bytes in [0, 65_536] {
        let refused = Route::new(RouteConfig { max_frame_bytes: bytes, ..config(443, &root) });
        assert!(matches!(refused, Err(NetworkError::FrameLimit { .. })));
    }
}
