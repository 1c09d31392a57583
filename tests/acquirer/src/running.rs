//! Starting and stopping: a thread of its own with its own runtime, so that plain tests can use it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Deref;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::{fs, io, thread};

use crate::bank::Bank;
use crate::config::{AcquirerConfig, ConfigError};
use crate::control::{Control, socket};
use crate::desk::Desk;
use crate::server;
use crate::tls::{Identity, TlsError};

/// Where the acquirer listens and what it writes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address of the TLS server; port 0 for any free one.
    pub listen: SocketAddr,
    /// Path of the control socket, if one is wanted.
    pub control: Option<PathBuf>,
    /// File for the certificate of the authority, if one is wanted.
    pub ca: Option<PathBuf>,
}

impl Default for Options {
    /// Any free port of this machine; no control socket, no file.
    fn default() -> Self {
        Self { listen: (Ipv4Addr::LOCALHOST, 0).into(), control: None, ca: None }
    }
}

/// The acquirer, to be started.
#[derive(Debug)]
pub struct Acquirer;

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration contradicts itself.
    #[error("configuration: {0}")]
    Config(#[from] ConfigError),
    /// No certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A file, socket or thread could not be had.
    #[error("{what}: {error}")]
    Io {
        /// What was wanted.
        what: String,
        /// What the system said.
        error: io::Error,
    },
}

/// A running acquirer. Every control operation is a method of [`Control`], to which it dereferences. Dropping it stops
/// it.
pub struct Running {
    control: Control,
    address: SocketAddr,
    ca_pem: String,
    thread: Option<JoinHandle<()>>,
    control_path: Option<PathBuf>,
}

impl Acquirer {
    /// Starts an acquirer; when this returns, it takes connections and its files are written.
    pub fn start(config: AcquirerConfig, options: Options) -> Result<Running, StartError> {
        let desk = Arc::new(Desk::new(Bank::new(config)?));
        let control = Control::new(Arc::clone(&desk));
        let Identity { ca_pem, acceptor } = Identity::make()?;

        let listening = || format!("listening on {}", options.listen);
        let listener = TcpListener::bind(options.listen).and_then(nonblocking).map_err(io_error(listening()))?;
        let address = listener.local_addr().map_err(io_error(listening()))?;
        let control_listener = options.control.as_deref().map(bind_control).transpose()?;
        if let Some(path) = &options.ca {
            fs::write(path, &ca_pem).map_err(io_error(format!("writing {}", path.display())))?;
        }

        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(io_error("starting the runtime".into()))?;
        let (listener, control_listener) = {
            let _inside = runtime.enter();
            let listener = tokio::net::TcpListener::from_std(listener).map_err(io_error(listening()))?;
            let control_listener = control_listener.map(tokio::net::UnixListener::from_std).transpose();
            (listener, control_listener.map_err(io_error("listening for control".into()))?)
        };
        let until = control.clone();
        let work = move || {
            runtime.block_on(async {
                if let Some(control_listener) = control_listener {
                    tokio::spawn(socket::accept(control_listener, until.clone()));
                }
                tokio::select! {
                    () = server::accept(listener, acceptor, desk) => {}
                    () = until.asked_to_stop() => {}
                }
            });
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("acquirer".into()).spawn(work);
        let thread = Some(thread.map_err(io_error("starting a thread".into()))?);
        Ok(Running { control, address, ca_pem, thread, control_path: options.control })
    }
}

impl Running {
    /// Where the TLS server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A handle for other threads.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops it and waits until it has; connections are cut.
    pub fn stop(self) {
        drop(self);
    }

    /// Waits until it is stopped by a control command.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic there was printed there; here it only matters that the thread is gone.
            let _ = thread.join();
        }
        if let Some(path) = self.control_path.take() {
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.control.ask_to_stop();
        self.join();
    }
}

impl Deref for Running {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

/// Binds the control socket; one left behind by a process that is gone is taken away first.
fn bind_control(path: &Path) -> Result<UnixListener, StartError> {
    let left_behind = fs::metadata(path).is_ok_and(|file| file.file_type().is_socket())
        && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    let what = || format!("control socket {}", path.display());
    if left_behind {
        fs::remove_file(path).map_err(io_error(what()))?;
    }
    let listener = UnixListener::bind(path).map_err(io_error(what()))?;
    listener.set_nonblocking(true).map_err(io_error(what()))?;
    Ok(listener)
}

fn nonblocking(listener: TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn io_error(what: String) -> impl FnOnce(io::Error) -> StartError {
    move |error| StartError::Io { what, error }
}
