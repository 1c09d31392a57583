//! Connections: frames in, answers or faults out.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::codec::{LENGTH_PREFIX_BYTES, MAX_FRAME_BYTES};
use crate::desk::{After, Before, Desk};

/// Takes connections until it is dropped.
pub(crate) async fn accept(listener: TcpListener, acceptor: TlsAcceptor, desk: Arc<Desk>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (acceptor, desk) = (acceptor.clone(), Arc::clone(&desk));
                tokio::spawn(async move {
                    if let Err(error) = serve(stream, acceptor, desk).await {
                        tracing::warn!(%error, "connection ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection taken");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, desk: Arc<Desk>) -> io::Result<()> {
    if desk.closes_on_connect() {
        return Ok(());
    }
    stream.set_nodelay(true)?;
    let mut stream = acceptor.accept(stream).await?;
    let conversation = converse(&mut stream, &desk).await;
    // However it ended, the terminal is told; if it has gone, there is nobody to tell.
    let _ = stream.shutdown().await;
    conversation
}

async fn converse(stream: &mut TlsStream<TcpStream>, desk: &Desk) -> io::Result<()> {
    while let Some(frame) = read_frame(stream).await? {
        let plan = desk.receive(&frame).map_err(|refused| io::Error::new(io::ErrorKind::InvalidData, refused))?;
        match plan.before {
            Before::Nothing => {}
            Before::Delay(pause) => tokio::time::sleep(pause).await,
            // The sender lives as long as the desk; if it goes, the answer is no longer wanted.
            Before::Release(released) => released.await.map_err(io::Error::other)?,
        }
        if let Some(bytes) = plan.bytes {
            desk.sending(bytes.clone(), plan.note);
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            desk.sent(plan.kind);
        }
        match plan.after {
            After::Continue => {}
            After::HoldOpen => return wait_for_close(stream).await,
            After::Close => return Ok(()),
        }
    }
    Ok(())
}

/// One frame with its length prefix, or none when the terminal has closed between frames.
async fn read_frame(stream: &mut TlsStream<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut prefix = [0; LENGTH_PREFIX_BYTES];
    if stream.read(&mut prefix[..1]).await? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut prefix[1..]).await?;
    let length = usize::from(u16::from_be_bytes(prefix));
    if length > MAX_FRAME_BYTES {
        let error = format!("terminal announced a frame of {length} bytes; at most {MAX_FRAME_BYTES} are taken");
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    let mut frame = vec![0; LENGTH_PREFIX_BYTES + length];
    let (start, body) = frame.split_at_mut(LENGTH_PREFIX_BYTES);
    start.copy_from_slice(&prefix);
    stream.read_exact(body).await?;
    Ok(Some(frame))
}

/// Reads and forgets until the terminal closes.
async fn wait_for_close(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    let mut ignored = [0; 512];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}
