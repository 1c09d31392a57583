//! A small TLS peer with a certificate to order, and what the tests on both sides need.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use acquit_network::{DEFAULT_MAX_FRAME_BYTES, Route, RouteConfig};
use engine::contract::acquirer::Framing;
use journal::keys::FixedKey;
use journal::memory::MemoryDisk;
use journal::{Durable, Journal, Options, Purpose};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub const NAME: &str = "acquirer.test";
/// For what is expected to succeed: never reached, however slow the machine.
pub const LONG: Duration = Duration::from_secs(60);
/// For where the peer stays silent for ever: any value would do.
pub const SHORT: Duration = Duration::from_millis(100);

/// A root of its own and a certificate under it.
pub struct Identity {
    pub root_pem: Vec<u8>,
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Identity {
    pub fn new(name: &str) -> Self {
        Self::of(CertificateParams::new(vec![name.to_owned()]).unwrap())
    }

    pub fn expired(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        Self::of(params)
    }

    fn of(params: CertificateParams) -> Self {
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(DnType::CommonName, "TEST root");
        let root_key = KeyPair::generate().unwrap();
        let root_pem = root.self_signed(&root_key).unwrap().pem().into_bytes();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &Issuer::from_params(&root, &root_key)).unwrap();
        Self { root_pem, chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }

    pub fn server(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap();
        Arc::new(config)
    }
}

/// Listens on a free port.
pub async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Accepts one TLS connection and hands it to `script`.
pub async fn serve<F, T>(
    identity: &Identity,
    script: impl FnOnce(TlsStream<TcpStream>) -> F + Send + 'static,
) -> (u16, JoinHandle<T>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (listener, port) = listen().await;
    let acceptor = TlsAcceptor::from(identity.server(rustls::ALL_VERSIONS));
    let task = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        script(acceptor.accept(tcp).await.unwrap()).await
    });
    (port, task)
}

/// Reads one frame on the peer's side, with its length.
pub async fn read_frame(stream: &mut TlsStream<TcpStream>) -> Vec<u8> {
    let length = stream.read_u16().await.unwrap();
    let mut frame = length.to_be_bytes().to_vec();
    frame.resize(2 + usize::from(length), 0);
    stream.read_exact(&mut frame[2..]).await.unwrap();
    frame
}

pub async fn write(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
    stream.flush().await.unwrap();
}

pub fn config(port: u16, roots_pem: &[u8]) -> RouteConfig {
    RouteConfig {
        name: "main".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        server_name: NAME.to_owned(),
        roots_pem: roots_pem.to_vec(),
        connect_timeout: LONG,
        write_timeout: LONG,
        max_frame_bytes: DEFAULT_MAX_FRAME_BYTES,
        framing: Framing::LengthU16,
    }
}

pub fn route(port: u16, identity: &Identity) -> Route {
    Route::new(config(port, &identity.root_pem)).unwrap()
}

/// A permit from a journal of its own.
pub fn permit() -> Durable {
    let options = Options { segment_bytes: 16384, ..Options::default() };
    let (disk, keys) = (Arc::new(MemoryDisk::default()), Arc::new(FixedKey::new(1)));
    let opened = Journal::create_in(disk, keys, options).unwrap();
    opened.journal.append(Purpose::Obligation, &[b"intent".into()]).unwrap()
}
