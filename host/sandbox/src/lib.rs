//! Runs acquirer plugins within limits: a fresh instance for every call, no imports, typed errors.

mod configuration;
pub mod limits;

pub use configuration::configuration;
