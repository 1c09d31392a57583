//! The whole house, over real sockets and processes: what tests and the demonstration stand on.
//!
//! [`House`] is a terminal and an acquirer in a temporary folder, joined by TLS over TCP: the terminal is the real
//! program in its own process, the acquirer runs inside the test, and a [`Wire`] between them keeps what was on the
//! network. [`Terminal`] and [`AcquirerProcess`] are the same parts, each its own process. [`Secrets`] looks for card
//! data and keys in whatever spelling they could have escaped.
//!
//! Nothing here sleeps: it waits for a line, an answer or an end, and gives up after [`PATIENCE`].

mod acquirer_process;
mod host;
mod house;
mod limits;
mod process;
pub mod programs;
mod secrets;
mod terminal;
mod wire;

pub use acquirer_process::AcquirerProcess;
pub use host::{Host, Seen};
pub use house::{Cardholder, House, TERMINAL};
pub use kit::{Found, Secrets};
pub use process::{PATIENCE, Process, Transcript};

pub use terminal::{Answer, Setup, Terminal};
pub use wire::{Mood, Wire};
