//! HelloPay, the acquirer of `plugins/http-json/PROTOCOL.md`, on a socket of its own: HTTP over TLS, a few rules for what
//! goes wrong, and books.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use ring::hmac;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// The name its certificate holds.
pub const SERVER_NAME: &str = "pay.test";
/// The secret of its seals, like no other bytes, so that finding it means something; and the first bytes of the HMAC of
/// nothing under it, by Python's hmac.
pub const SEAL_KEY: &str = "7D41C90EB25F386A9C0D7E13F4A8625B";
pub const SEAL_CHECK_VALUE: &str = "29BE7A";

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// What is done about a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Charged, and said so.
    Approve,
    /// The same, in chunks and behind news that it is on its way.
    ApproveInChunks,
    /// Not charged, and said so.
    Decline,
    /// Charged, and a gateway on the way gives up.
    GatewayTimeout,
    /// Charged, and the answer's seal is another's.
    WrongSeal,
    /// Charged, and the answer breaks off.
    Half,
    /// Charged, and nothing comes back.
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub head: String,
    pub body: String,
}

/// The running acquirer.
pub struct HelloPay {
    pub address: SocketAddr,
    pub ca_pem: String,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    /// For the next sales; then all are approved.
    manners: VecDeque<Manner>,
    /// Orders that stand, and their amounts in minor units.
    charged: BTreeMap<String, i64>,
    requests: Vec<Request>,
    complaints: Vec<String>,
}

impl HelloPay {
    pub fn start(manners: &[Manner]) -> Result<HelloPay> {
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "TEST HelloPay authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let authority_key = KeyPair::generate()?;
        let ca_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new([SERVER_NAME.to_owned()])?.signed_by(&key, &issuer)?.der().clone();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Mutex::new(Desk { manners: manners.iter().copied().collect(), ..Desk::default() }));
        let (config, shared) = (Arc::new(config), Arc::clone(&desk));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, desk) = (Arc::clone(&config), Arc::clone(&shared));
                // A connection that fails is the terminal's to notice.
                thread::spawn(move || drop(serve(stream, config, &desk)));
            }
        });
        Ok(HelloPay { address, ca_pem, desk })
    }

    /// What the shop gets, minor units.
    pub fn total_minor(&self) -> i64 {
        lock(&self.desk).charged.values().sum()
    }

    /// Every request to this path, oldest first.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        let start = format!("POST {path} HTTP/1.1\r\n");
        lock(&self.desk).requests.iter().filter(|request| request.head.starts_with(&start)).cloned().collect()
    }

    /// What the terminal sent that it should not have.
    pub fn complaints(&self) -> Vec<String> {
        lock(&self.desk).complaints.clone()
    }
}

impl Desk {
    /// Books what a request moves; the body of its answer, and how it is given.
    fn receive(&mut self, head: &str, body: &str) -> Result<(String, Manner), String> {
        self.requests.push(Request { head: head.to_owned(), body: body.to_owned() });
        let sealed = header(head, "x-seal").ok_or("a request without a seal")?;
        if sealed != seal(body.as_bytes()) {
            return Err(format!("a wrong seal over {body}"));
        }
        for (name, value) in [("host", None), ("connection", Some("close")), ("content-type", Some("application/json"))]
        {
            let found = header(head, name).ok_or_else(|| format!("no header {name}"))?;
            if value.is_some_and(|value| value != found) {
                return Err(format!("the header {name} is {found}"));
            }
        }
        let asked: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        let (terminal, order, amount) = (text("terminal"), text("order"), text("amount"));
        let answer = |result: &str, code: &str| {
            format!(
                r#"{{"terminal":"{terminal}","order":"{order}","amount":"{amount}","result":"{result}","code":"{code}","authorization":"123456","reference":"000000000077"}}"#
            )
        };
        let path = head.split(' ').nth(1).unwrap_or_default();
        match path {
            "/v1/echo" => {
                let said = format!(r#"{{"terminal":"{terminal}","order":"{order}","result":"alive","code":"00"}}"#);
                Ok((said, Manner::Approve))
            }
            "/v1/sales" => {
                let minor = amount.parse().map_err(|_| format!("no amount: {body}"))?;
                let manner = self.manners.pop_front().unwrap_or(Manner::Approve);
                if manner == Manner::Decline {
                    return Ok((answer("declined", "51"), manner));
                }
                if self.charged.insert(order.clone(), minor).is_some() {
                    return Err(format!("the order {order} twice"));
                }
                Ok((answer("approved", "00"), manner))
            }
            "/v1/reversals" => {
                let result = if self.charged.remove(&order).is_some() { "reversed" } else { "unknown-order" };
                Ok((answer(result, "00"), Manner::Approve))
            }
            other => Err(format!("no such path: {other}")),
        }
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, desk: &Mutex<Desk>) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let (head, body) = read_request(&mut stream)?;
    let received = lock(desk).receive(&head, &body);
    match received {
        Ok((_, Manner::Silence)) => return wait_for_close(&mut stream),
        Ok((answer, manner)) => stream.write_all(&response(&answer, manner))?,
        Err(complaint) => {
            lock(desk).complaints.push(complaint);
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")?;
        }
    }
    stream.conn.send_close_notify();
    stream.flush()
}

fn response(answer: &str, manner: Manner) -> Vec<u8> {
    let sealed = if manner == Manner::WrongSeal { seal(b"another's") } else { seal(answer.as_bytes()) };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nX-Seal: {sealed}\r\n");
    let whole = format!("{head}content-length: {}\r\n\r\n{answer}", answer.len());
    match manner {
        Manner::GatewayTimeout => b"HTTP/1.1 504 Gateway Timeout\r\ncontent-length: 4\r\n\r\nlate".to_vec(),
        Manner::ApproveInChunks => {
            let (one, other) = answer.split_at(answer.len() / 2);
            let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
            let news = "HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n";
            format!("{news}{head}transfer-encoding: chunked\r\n\r\n{}{}0\r\n\r\n", chunk(one), chunk(other))
                .into_bytes()
        }
        Manner::Half => whole.as_bytes()[..whole.len() - answer.len() / 2].to_vec(),
        _ => whole.into_bytes(),
    }
}

/// A head, and as much behind it as it says.
fn read_request(stream: &mut Tls) -> io::Result<(String, String)> {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).map_err(io::Error::other)?;
    let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((head, String::from_utf8(body).map_err(io::Error::other)?))
}

/// The value of a header that is there once.
fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut found = head.lines().filter_map(|line| line.split_once(": ")).filter(|(known, _)| *known == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

fn seal(body: &[u8]) -> String {
    let key = hex::decode(SEAL_KEY).unwrap_or_default();
    hex::encode_upper(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), body))
}

fn wait_for_close(stream: &mut Tls) -> io::Result<()> {
    let mut ignored = [0; 64];
    while stream.read(&mut ignored)? > 0 {}
    Ok(())
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}
