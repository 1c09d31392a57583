//! An acquirer and issuer on a socket: double-entry ledger, faults to order.
