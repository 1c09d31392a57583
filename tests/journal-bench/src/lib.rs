//! What a durable commit of the journal costs, beside the least that is possible and two databases: calls and bytes
//! counted, times measured in one run on one disk with the same records.
//!
//! `cargo xtask bench journal` builds and runs it. The parts are a library so that tests can hold the counters to what
//! they promise.

pub mod commit;
pub mod counting;
pub mod engines;
pub mod fold;
pub mod kernel;
pub mod opening;
pub mod records;
pub mod report;
pub mod sharing;
pub mod space;
