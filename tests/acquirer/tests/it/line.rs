//! A terminal's connection: TLS with a pinned root, frames with a length prefix.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use acquit_test_acquirer::codec::{Frame, Message};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::support::Terminal;

/// So that a broken acquirer fails a test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub struct Line {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Line {
    /// Connects with TLS 1.3 to the name `localhost`.
    pub fn connect(address: SocketAddr, ca_pem: &str) -> io::Result<Self> {
        Self::connect_as(address, ca_pem, "localhost", &rustls::version::TLS13)
    }

    /// Connects with a version and a name, and finishes the handshake.
    pub fn connect_as(
        address: SocketAddr,
        ca_pem: &str,
        name: &str,
        version: &'static SupportedProtocolVersion,
    ) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(connection, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { stream })
    }

    /// Sends a message of a terminal.
    pub fn send(&mut self, terminal: &Terminal, message: Message) {
        let body = terminal.body(message);
        let length = u16::try_from(body.len()).unwrap();
        self.write(&[length.to_be_bytes().as_slice(), &body].concat());
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    /// Receives one frame, without its length prefix.
    pub fn receive(&mut self) -> Vec<u8> {
        let prefix = self.read::<2>();
        let mut body = vec![0; usize::from(u16::from_be_bytes(prefix))];
        self.stream.read_exact(&mut body).unwrap();
        body
    }

    /// Receives some bytes.
    pub fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Everything until the acquirer closes in order.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Whether the acquirer has neither said anything more nor closed so far.
    pub fn is_open_and_silent(&mut self) -> bool {
        self.stream.sock.set_nonblocking(true).unwrap();
        let read = self.stream.read(&mut [0]);
        self.stream.sock.set_nonblocking(false).unwrap();
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Waits until the acquirer has closed, in order or not.
    pub fn until_closed(&mut self) {
        let mut ignored = Vec::new();
        if let Err(error) = self.stream.read_to_end(&mut ignored) {
            assert!(matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe), "{error}");
        }
        assert!(ignored.is_empty(), "the acquirer answered");
    }

    /// Says that nothing more will be sent.
    pub fn close(&mut self) {
        self.stream.conn.send_close_notify();
        self.stream.conn.complete_io(&mut self.stream.sock).unwrap();
    }

    /// Sends a message and reads its answer.
    pub fn ask(&mut self, terminal: &Terminal, message: Message) -> Frame {
        self.send(terminal, message);
        Frame::decode(&self.receive()).unwrap()
    }

    /// Sends a message and returns DE39 of its answer, whose MAC must be right.
    pub fn code(&mut self, terminal: &Terminal, message: Message) -> String {
        self.send(terminal, message);
        let body = self.receive();
        assert!(terminal.proves(&body));
        Frame::decode(&body).unwrap().message.text(39).unwrap().into()
    }
}
