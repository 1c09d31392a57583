//! A TCP relay that keeps everything that passes: what somebody on the network would see. It can become a bad one.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use crate::process::Transcript;

/// Bytes read at once; a frame fits.
const READ_BYTES: usize = 4096;

/// What somebody who floods sends again and again: a TLS handshake record of 16 KiB, whose content is none.
const FLOOD_RECORD: [u8; 5] = [0x16, 0x03, 0x03, 0x40, 0x00];
const FLOOD_BYTES: usize = 16 << 10;

/// What becomes of new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// They are relayed.
    Relays,
    /// They are closed at once, before TLS: whoever connects has sent nothing.
    Refuses,
    /// They are taken and never answered.
    Hangs,
    /// They are answered at once with bytes that never end.
    Floods,
}

/// A relay to one address. Dropping it ends it for new connections.
pub struct Wire {
    address: SocketAddr,
    seen: Seen,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    over: bool,
    /// Connections that hang, until the mood changes.
    held: Vec<TcpStream>,
}

/// Both directions apart, so that nothing seen in one is torn by the other.
#[derive(Clone, Default)]
struct Seen {
    out: Transcript,
    back: Transcript,
}

impl Wire {
    /// Relays from any free port to this address.
    pub fn to(target: SocketAddr) -> Result<Wire> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let state = Arc::new(Mutex::new(State { mood: Mood::Relays, over: false, held: Vec::new() }));
        let (address, seen) = (listener.local_addr()?, Seen::default());
        let (kept, shared) = (seen.clone(), Arc::clone(&state));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
                match state.mood {
                    _ if state.over => return,
                    Mood::Refuses => drop(near),
                    Mood::Hangs => state.held.push(near),
                    Mood::Floods => drop(thread::spawn(move || flood(near))),
                    // An acquirer that cannot be reached is a connection that closes at once.
                    Mood::Relays => {
                        if let Ok(far) = TcpStream::connect(target) {
                            let _ = join(near, far, &kept);
                        }
                    }
                }
            }
        });
        Ok(Wire { address, seen, state })
    }

    /// New connections fare like this from now on. Those that hang are closed, unless new ones hang too.
    pub fn set_mood(&self, mood: Mood) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.mood = mood;
        if mood != Mood::Hangs {
            state.held.clear();
        }
    }

    /// How many connections hang.
    pub fn hanging(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).held.len()
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that passed, both ways.
    pub fn seen(&self) -> Vec<u8> {
        [self.seen.out.bytes(), self.seen.back.bytes()].concat()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// Sends until nobody listens any more.
fn flood(mut to: TcpStream) {
    let record = [&FLOOD_RECORD[..], &[0; FLOOD_BYTES]].concat();
    while to.write_all(&record).is_ok() {}
}

fn join(near: TcpStream, far: TcpStream, seen: &Seen) -> Result<()> {
    for stream in [&near, &far] {
        stream.set_nodelay(true)?;
    }
    let (near_again, far_again) = (near.try_clone()?, far.try_clone()?);
    let (out, back) = (seen.out.clone(), seen.back.clone());
    thread::spawn(move || relay(near, far, &out));
    thread::spawn(move || relay(far_again, near_again, &back));
    Ok(())
}

/// Passes bytes on until one end closes, and closes the other as it did.
fn relay(mut from: TcpStream, mut to: TcpStream, seen: &Transcript) {
    let mut bytes = [0; READ_BYTES];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let passed = bytes.get(..count).unwrap_or_default();
        seen.append(passed);
        if to.write_all(passed).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}
