//! The ciphers, MACs, PIN blocks and check values a slot may use. No function here decides who may use them.

pub(crate) mod base64;
pub(crate) mod check_value;
pub(crate) mod data;
pub(crate) mod dukpt;
pub(crate) mod key;
pub(crate) mod key_block;
pub(crate) mod mac;
pub(crate) mod pin_block;
pub(crate) mod signature;
pub(crate) mod tdes;
pub(crate) mod track;
pub(crate) mod wide;
