//! A route: where an acquirer is reached, and how it proves who it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::contract::acquirer::Framing;
use engine::contract::retry_policy::Delivery;
use journal::{Durable, Probe};
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::conversation::Conversation;
use crate::failure::{ConnectPhase, Failed, FailureDetail, NetworkError};
use crate::frame::MAX_FRAME_BYTES;
use crate::steps;
use crate::wire::{Outgoing, Wire};

/// What the terminal's configuration says of one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConfig {
    /// Name by which grants and plugins know it.
    pub name: String,
    /// Host name or address to connect to.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Name that the acquirer's certificate must carry; always checked.
    pub server_name: String,
    /// The only roots that are trusted on this route, in PEM form.
    pub roots_pem: Vec<u8>,
    /// Deadline for name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// Deadline for writing one frame.
    pub write_timeout: Duration,
    /// Limit of a frame in either direction, without its length field.
    pub max_frame_bytes: usize,
    /// How messages are told apart on the stream.
    pub framing: Framing,
}

/// A route that can be used.
#[derive(Clone)]
pub struct Route {
    name: Arc<str>,
    host: String,
    port: u16,
    server_name: ServerName<'static>,
    tls: TlsConnector,
    connect_timeout: Duration,
    write_timeout: Duration,
    wire: Wire,
    max_frame_bytes: usize,
    probe: Option<Probe>,
}

impl Route {
    /// Reads and checks the configuration. Nothing is connected yet.
    pub fn new(config: RouteConfig) -> Result<Self, NetworkError> {
        let RouteConfig { name: route, host, port, .. } = config;
        if host.is_empty() {
            return Err(NetworkError::Host { route });
        }
        if port == 0 {
            return Err(NetworkError::Port { route });
        }
        for (key, time) in [("connect_timeout", config.connect_timeout), ("write_timeout", config.write_timeout)] {
            if time.is_zero() {
                return Err(NetworkError::NoTime { route, key });
            }
        }
        if !(1..=MAX_FRAME_BYTES).contains(&config.max_frame_bytes) {
            let bytes = config.max_frame_bytes;
            return Err(NetworkError::FrameLimit { route, bytes, most: MAX_FRAME_BYTES });
        }
        let Ok(server_name) = ServerName::try_from(config.server_name.clone()) else {
            return Err(NetworkError::ServerName { route, name: config.server_name });
        };
        let roots = pinned_roots(&route, &config.roots_pem)?;
        Ok(Self {
            tls: connector(&route, roots, config.framing)?,
            name: route.into(),
            host,
            port,
            wire: Wire::of(config.framing, &server_name, port),
            server_name,
            connect_timeout: config.connect_timeout,
            write_timeout: config.write_timeout,
            max_frame_bytes: config.max_frame_bytes,
            probe: None,
        })
    }

    /// Sets a function that is called at the named [`steps`], so that a development build can stop the process exactly
    /// there. Frames are then written in two halves.
    pub fn with_probe(self, probe: Probe) -> Self {
        Self { probe: Some(probe), ..self }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Connects and sends one frame, or one request. The permit is the proof that what is sent, and what takes it back, is durable; it
    /// is used up whatever happens, so that every attempt is written down. The caller wipes the message; the copy made
    /// here is wiped too.
    ///
    /// # Errors
    ///
    /// Until the connection stands the delivery is `NotSent`. Nothing is tried again.
    pub async fn send<'a>(&self, message: impl Into<Outgoing<'a>>, permit: Durable) -> Result<Conversation, Failed> {
        let message = message.into();
        let not_sent = |detail| Failed::new(Delivery::NotSent, detail);
        // A frame that cannot be sent is refused before anybody is bothered.
        self.wire.encode(message, self.max_frame_bytes).map_err(not_sent)?;
        self.probe(steps::BEFORE_CONNECT);
        let started = Instant::now();
        let mut phase = ConnectPhase::Name;
        let connected = timeout(self.connect_timeout, self.connect(&mut phase)).await;
        let limit = self.connect_timeout;
        let stream = connected.unwrap_or_else(|_| Err(FailureDetail::ConnectTimeout { phase, limit }));
        let stream = stream.map_err(|detail| {
            tracing::debug!(route = %self.name, elapsed_ms = started.elapsed().as_millis(), %detail, "not connected");
            not_sent(detail)
        })?;
        tracing::debug!(route = %self.name, elapsed_ms = started.elapsed().as_millis(), "connected");
        self.probe(steps::CONNECTED);
        let probe = self.probe.clone();
        let mut conversation = Conversation::new(
            self.name.clone(),
            stream,
            self.write_timeout,
            self.wire.clone(),
            self.max_frame_bytes,
            probe,
        );
        conversation.send(message, permit).await?;
        Ok(conversation)
    }

    async fn connect(&self, phase: &mut ConnectPhase) -> Result<TlsStream<TcpStream>, FailureDetail> {
        let resolve = |error: std::io::Error| FailureDetail::Resolve(error.to_string());
        let addresses = lookup_host((self.host.as_str(), self.port)).await.map_err(resolve)?;
        *phase = ConnectPhase::Tcp;
        let mut refusal = FailureDetail::Resolve("the name has no address".to_owned());
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(|error| FailureDetail::Connect(error.to_string()))?;
                    *phase = ConnectPhase::Handshake;
                    let handshake = self.tls.connect(self.server_name.clone(), stream);
                    return handshake.await.map_err(|error| FailureDetail::handshake(&error));
                }
                Err(error) => refusal = FailureDetail::Connect(error.to_string()),
            }
        }
        Err(refusal)
    }

    fn probe(&self, step: &'static str) {
        if let Some(probe) = &self.probe {
            probe(step);
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("name", &self.name)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

fn pinned_roots(route: &str, pem: &[u8]) -> Result<RootCertStore, NetworkError> {
    let mut roots = RootCertStore::empty();
    for (certificate, index) in CertificateDer::pem_slice_iter(pem).zip(1..) {
        let unreadable = |reason| NetworkError::Root { route: route.to_owned(), index, reason };
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() { Err(NetworkError::NoRoots { route: route.to_owned() }) } else { Ok(roots) }
}

fn connector(route: &str, roots: RootCertStore, framing: Framing) -> Result<TlsConnector, NetworkError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| NetworkError::Tls { route: route.to_owned(), reason: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Without a session to resume there is nothing that early data could be sent under.
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    if framing == Framing::Http {
        // A server that would rather speak HTTP/2 is told at once (RFC 7301).
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    Ok(TlsConnector::from(Arc::new(config)))
}
