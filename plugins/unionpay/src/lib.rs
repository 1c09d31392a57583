//! UnionPay ISO 8583 for card acquirers.
