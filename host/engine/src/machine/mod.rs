//! The state machines: one a family of operations, and the exchange they all share.

pub(crate) mod closing;
pub(crate) mod concluding;
pub(crate) mod deal;
pub(crate) mod debt;
pub(crate) mod deciding;
pub(crate) mod duty;
pub(crate) mod errand;
pub(crate) mod exchange;
pub(crate) mod following;
pub(crate) mod inquiring;
pub(crate) mod inquiry;
pub(crate) mod maintenance;
pub(crate) mod parts;
pub(crate) mod payment;
pub(crate) mod settlement;
pub(crate) mod settling;
pub(crate) mod table;
pub(crate) mod waiver;
pub(crate) mod world;

pub use table::{Row, Table, page};

/// Every machine's table, for diagrams and for the tests that hold them.
pub fn tables() -> [&'static Table; 7] {
    [
        &payment::TABLE,
        &maintenance::TABLE,
        &inquiry::TABLE,
        &debt::TABLE,
        &settlement::TABLE,
        &exchange::TABLE,
        &waiver::TABLE,
    ]
}
