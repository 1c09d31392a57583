//! Connections: a thread each, frames in, answers out.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use engine::contract::acquirer::Framing;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::desk::{Desk, End, Wait};
use super::http::{Http, Request};

/// After this long without a byte a connection is given up, so that no thread outlives its scenario for long.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// Decimal digits of a length in characters.
const ASCII_LENGTH_DIGITS: usize = 4;
/// The longest frame that four digits can tell.
const ASCII_LENGTH_MAX: usize = 9_999;

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// Takes connections until the desk is over.
pub(super) fn accept(listener: &TcpListener, config: &Arc<ServerConfig>, desk: &Arc<Desk>) {
    for stream in listener.incoming().flatten() {
        if desk.is_over() {
            return;
        }
        let (config, desk) = (Arc::clone(config), Arc::clone(desk));
        // A connection that fails is the terminal's to notice.
        thread::spawn(move || drop(serve(stream, config, &desk)));
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, desk: &Desk) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let conversation = match &desk.script.http {
        Some(http) => exchange(&mut stream, desk, http),
        None => converse(&mut stream, desk),
    };
    stream.conn.send_close_notify();
    // However it ended, the terminal is told; if it has gone, there is nobody to tell.
    let _ = stream.flush();
    conversation
}

fn converse(stream: &mut Tls, desk: &Desk) -> io::Result<()> {
    let framing = desk.script.framing;
    while let Some(frame) = read_frame(stream, framing)? {
        let plan = desk.receive(&frame);
        match plan.wait {
            Wait::For(pause) => thread::sleep(pause),
            Wait::Release if desk.wait_for_release() => {}
            Wait::Release => return Ok(()),
        }
        for frame in &plan.frames {
            desk.sending(frame, None);
            let mut bytes = framed(frame, framing)?;
            if plan.end == End::Cut {
                bytes.truncate(bytes.len() / 2);
            }
            stream.write_all(&bytes)?;
            stream.flush()?;
        }
        match plan.end {
            End::Next => {}
            End::Silence => return wait_for_close(stream),
            End::Cut | End::Close => return Ok(()),
        }
    }
    Ok(())
}

/// One request and its answer: the terminal asks for no more on a connection.
fn exchange(stream: &mut Tls, desk: &Desk, http: &Http) -> io::Result<()> {
    let Some(request) = Request::read(stream)? else { return Ok(()) };
    let serial = http.serial(&request);
    let plan = desk.receive_body(http.frame(&desk.script, &request), &request.body, serial.clone());
    match plan.wait {
        Wait::For(pause) => thread::sleep(pause),
        Wait::Release if desk.wait_for_release() => {}
        Wait::Release => return Ok(()),
    }
    for frame in &plan.frames {
        let (mut bytes, body) = http.answer(&desk.script, frame, plan.status, serial.as_deref());
        desk.sending(frame, Some(body));
        if plan.end == End::Cut {
            bytes.truncate(bytes.len() / 2);
        }
        stream.write_all(&bytes)?;
        stream.flush()?;
    }
    if plan.end == End::Silence { wait_for_close(stream) } else { Ok(()) }
}

/// One frame without its length, or none when the terminal has closed between frames.
fn read_frame(stream: &mut Tls, framing: Framing) -> io::Result<Option<Vec<u8>>> {
    let mut first = [0; 1];
    match stream.read(&mut first) {
        Ok(0) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => drop(other?),
    }
    let mut prefix = vec![0; prefix_bytes(framing)];
    let (start, rest) = prefix.split_at_mut(1);
    start.copy_from_slice(&first);
    stream.read_exact(rest)?;
    let mut frame = vec![0; length_of(&prefix, framing)?];
    stream.read_exact(&mut frame)?;
    Ok(Some(frame))
}

fn prefix_bytes(framing: Framing) -> usize {
    if framing == Framing::LengthAsciiFour { ASCII_LENGTH_DIGITS } else { 2 }
}

fn length_of(prefix: &[u8], framing: Framing) -> io::Result<usize> {
    let number = |sum: usize, byte: &u8| match framing {
        Framing::LengthAsciiFour => byte.is_ascii_digit().then(|| sum * 10 + usize::from(byte - b'0')),
        _ => Some(sum << 8 | usize::from(*byte)),
    };
    let length = prefix.iter().try_fold(0, number);
    length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the length before a frame is no number"))
}

fn framed(frame: &[u8], framing: Framing) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "the answer is too long for its framing");
    let prefix = match framing {
        Framing::LengthAsciiFour if frame.len() <= ASCII_LENGTH_MAX => format!("{:04}", frame.len()).into_bytes(),
        Framing::LengthAsciiFour => return Err(too_long()),
        _ => u16::try_from(frame.len()).map_err(|_| too_long())?.to_be_bytes().to_vec(),
    };
    Ok([&prefix, frame].concat())
}

/// Reads and forgets until the terminal closes.
fn wait_for_close(stream: &mut Tls) -> io::Result<()> {
    let mut ignored = [0; 512];
    while stream.read(&mut ignored)? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_they_are_read_in_both_framings() {
        for (framing, frame, wire) in [
            (Framing::LengthU16, vec![7; 258], [vec![1, 2], vec![7; 258]].concat()),
            (Framing::LengthAsciiFour, vec![7; 12], [b"0012".to_vec(), vec![7; 12]].concat()),
        ] {
            assert_eq!(framed(&frame, framing).unwrap(), wire);
            assert_eq!(length_of(&wire[..prefix_bytes(framing)], framing).unwrap(), frame.len());
        }
        assert!(framed(&[0; 10_000], Framing::LengthAsciiFour).is_err());
        assert!(length_of(b"00x2", Framing::LengthAsciiFour).is_err());
    }
}
