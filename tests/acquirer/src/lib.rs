//! An acquirer and issuer on a socket: double-entry ledger, faults to order.
//!
//! It speaks UnionPay's terminal protocol over TLS and shares no code with any plugin, so that each checks the other.
//! [`Acquirer::start`] runs it in a thread; [`Bank`] is acquirer and issuer without a socket. The program `acquirer`
//! is the same with a control socket.
//!
//! A sale that is approved has moved money in the ledger before its answer is written to the network.

pub mod bank;
pub mod codec;
pub mod config;
mod control;
pub mod crypto;
mod desk;
mod faults;
pub mod ledger;
mod running;
mod server;
mod tls;
mod traffic;

pub use bank::{Bank, Listed, SettlementFault, State};
pub use codec::Mti;
pub use config::AcquirerConfig;
pub use control::{Command, Control, WaitedInVain};
pub use desk::Stage;
pub use faults::{Fault, FaultOrder, On, OrderError};
pub use running::{Acquirer, Options, Running, StartError};
pub use tls::TlsError;
pub use traffic::{Direction, Exchanged, RawFrame};
