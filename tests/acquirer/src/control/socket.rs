//! The control socket: a Unix socket that takes JSON lines.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::Control;

/// Takes connections until it is dropped.
pub(crate) async fn accept(listener: UnixListener, control: Control) {
    while let Ok((stream, _)) = listener.accept().await {
        let control = control.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, control).await {
                tracing::warn!(%error, "control connection ended");
            }
        });
    }
}

async fn serve(stream: UnixStream, control: Control) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let worker = control.clone();
        // `await` blocks, and must not hold up the connections it waits for.
        let (answer, stop) = tokio::task::spawn_blocking(move || worker.execute_line(&line)).await?;
        writer.write_all(format!("{answer}\n").as_bytes()).await?;
        if stop {
            control.ask_to_stop();
        }
    }
    Ok(())
}
