//! An acquirer that follows a script: real TLS on a loopback socket, rules instead of a bank, and books of its own.

mod answer;
mod desk;
mod format;
mod http;
mod ledger;
pub(crate) mod rule;
mod script;
mod server;
#[cfg(test)]
mod tests;
mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use iso8583::outline;

use self::desk::Desk;
use self::rule::Rule;
use self::tls::Identity;

pub use self::desk::{Exchanged, Sender};
pub use self::ledger::Ledger;
pub use self::script::{Deployment, Script};
pub use self::tls::{SERVER_NAME, TlsError};

/// Fields that hold a card number or a track, as ISO 8583 numbers them.
const CARD_FIELDS: [u8; 4] = [2, 35, 36, 45];

/// A running acquirer. Dropping it ends it.
pub struct ScriptedAcquirer {
    desk: Arc<Desk>,
    address: SocketAddr,
    ca_pem: String,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No socket.
    #[error("the scripted acquirer finds no port on this machine: {0}")]
    Socket(#[from] io::Error),
    /// No certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl ScriptedAcquirer {
    /// Takes connections when this returns, and follows the script alone.
    ///
    /// # Errors
    /// No port is free, or no certificate can be made.
    pub fn following(script: Script) -> Result<Self, StartError> {
        ScriptedAcquirer::start(Arc::new(script), Vec::new())
    }

    /// Takes connections when this returns. `rules` are tried before those of the script.
    ///
    /// # Errors
    /// No port is free, or no certificate can be made.
    pub(crate) fn start(script: Arc<Script>, rules: Vec<Rule>) -> Result<Self, StartError> {
        let Identity { ca_pem, config } = Identity::make()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::new(script, rules));
        let shared = Arc::clone(&desk);
        thread::spawn(move || server::accept(&listener, &config, &shared));
        Ok(ScriptedAcquirer { desk, address, ca_pem })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that terminals pin.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Its books.
    pub fn ledger(&self) -> Ledger {
        self.desk.ledger()
    }

    /// Every message so far, oldest first.
    pub fn exchanged(&self) -> Vec<Exchanged> {
        self.desk.exchanged()
    }

    /// What the terminal sent that it should not have, and what the script has no answer for.
    pub fn complaints(&self) -> Vec<String> {
        self.desk.complaints()
    }

    /// Lets the answers go that are held.
    pub fn release(&self) {
        self.desk.release();
    }

    /// Waits until so many messages of a type have come; `false` where they have not in time.
    pub fn wait_received(&self, kind: u16, times: usize, patience: Duration) -> bool {
        self.desk.wait_received(kind, times, patience)
    }

    /// What a plugin names the bytes of: an HTTP body, or a frame in which those of one field are zeros.
    pub(crate) fn shown(&self, exchanged: &Exchanged, without: u8) -> Vec<u8> {
        exchanged.body.clone().unwrap_or_else(|| self.without_field(&exchanged.frame, without))
    }

    /// A message in which the bytes of this field are zeros.
    fn without_field(&self, frame: &[u8], number: u8) -> Vec<u8> {
        let script = &self.desk.script;
        let mut bytes = frame.to_vec();
        if let Ok(outline) = outline(script.format, frame, script.header_bytes)
            && let Some(value) = outline.values().find(|value| value.number() == number)
        {
            let range = value.offset()..value.offset() + value.bytes().len();
            bytes.get_mut(range).into_iter().for_each(|bytes| bytes.fill(0));
        }
        bytes
    }

    /// The card numbers and tracks that it was sent, each once.
    pub fn cards(&self) -> Vec<String> {
        let script = &self.desk.script;
        let mut cards: Vec<String> = Vec::new();
        for exchanged in self.exchanged() {
            let Ok(outline) = outline(script.format, &exchanged.frame, script.header_bytes) else { continue };
            let found =
                outline.values().filter(|value| CARD_FIELDS.contains(&value.number())).map(|value| value.text());
            cards.extend(found);
        }
        cards.sort();
        cards.dedup();
        cards
    }
}

impl Drop for ScriptedAcquirer {
    fn drop(&mut self) {
        self.desk.end();
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}
