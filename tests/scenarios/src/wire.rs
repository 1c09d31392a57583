//! A TCP relay that keeps everything that passes: what somebody on the network would see.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Result;

use crate::process::Transcript;

/// Bytes read at once; a frame fits.
const READ_BYTES: usize = 4096;

/// A relay to one address. Dropping it ends it for new connections.
pub struct Wire {
    address: SocketAddr,
    seen: Seen,
    over: Arc<AtomicBool>,
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
        let (address, seen, over) = (listener.local_addr()?, Seen::default(), Arc::new(AtomicBool::new(false)));
        let (kept, ended) = (seen.clone(), Arc::clone(&over));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                // An acquirer that cannot be reached is a connection that closes at once.
                if let Ok(far) = TcpStream::connect(target) {
                    let _ = join(near, far, &kept);
                }
            }
        });
        Ok(Wire { address, seen, over })
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
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
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
