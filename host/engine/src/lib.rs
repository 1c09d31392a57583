//! Transactions, debts and safety rules; pure, no I/O.

pub mod contract;
