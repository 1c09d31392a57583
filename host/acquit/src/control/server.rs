//! The terminal's end of the socket.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, LazyLock};
use std::thread;

use super::{Reply, Request, Response, Told};
use crate::terminal::Event;

/// A request is a line; a longer one is not from our own commands.
const LINE_BYTES: u64 = 64 << 10;

/// Connections served at once: a counter has a handful of programs.
const CONNECTIONS: usize = 16;

/// Serves requests until the process ends. The journal's lock has been taken, so a socket that is there already was left
/// by a process that died.
///
/// # Errors
/// The socket cannot be made.
pub fn serve(socket: &Path, inbox: Sender<Event>) -> io::Result<()> {
    if socket.exists() {
        fs::remove_file(socket)?;
    }
    let listener = UnixListener::bind(socket)?;
    // Whoever may speak to it may take payments: its owner alone.
    fs::set_permissions(socket, fs::Permissions::from_mode(0o600))?;
    thread::Builder::new().name("control".into()).spawn(move || accept(&listener, &inbox))?;
    Ok(())
}

fn accept(listener: &UnixListener, inbox: &Sender<Event>) {
    static OPEN: LazyLock<Arc<AtomicUsize>> = LazyLock::new(|| Arc::new(AtomicUsize::new(0)));
    for stream in listener.incoming().flatten() {
        if OPEN.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
            OPEN.fetch_sub(1, Ordering::SeqCst);
            let _ = answer(&stream, Response::failed("too many commands at once; try again".into()));
            continue;
        }
        let inbox = inbox.clone();
        let spawned = thread::Builder::new().name("order".into()).spawn(move || {
            if let Err(error) = converse(&stream, &inbox) {
                tracing::debug!(%error, "a command went away");
            }
            OPEN.fetch_sub(1, Ordering::SeqCst);
        });
        if let Err(error) = spawned {
            OPEN.fetch_sub(1, Ordering::SeqCst);
            tracing::warn!(%error, "a command cannot be served");
        }
    }
}

fn converse(stream: &UnixStream, inbox: &Sender<Event>) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(stream).take(LINE_BYTES).read_line(&mut line)?;
    let request = match serde_json::from_str::<Request>(&line) {
        Ok(request) => request,
        Err(error) => return answer(stream, Response::failed(format!("not an order: {error}"))),
    };
    let meanwhile = request.meanwhile;
    let (reply, told) = mpsc::channel();
    if inbox.send(Event::Asked(request, Reply::new(reply))).is_err() {
        return answer(stream, Response::failed("the terminal is stopping".into()));
    }
    loop {
        match told.recv() {
            Ok(Told::Answer(response)) => return answer(stream, response),
            Ok(told) if meanwhile => write(stream, &told)?,
            Ok(_) => {}
            Err(_) => return answer(stream, Response::failed("the terminal is stopping".into())),
        }
    }
}

fn answer(stream: &UnixStream, response: Response) -> io::Result<()> {
    write(stream, &Told::Answer(response))
}

fn write(mut stream: &UnixStream, told: &Told) -> io::Result<()> {
    let mut line = serde_json::to_vec(told)?;
    line.push(b'\n');
    stream.write_all(&line)
}
