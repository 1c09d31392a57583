//! The plugin as the terminal sees it, called natively.

mod codes;
mod descriptor;
mod frames;
mod inspector;
mod policy;
mod reversal;
mod sale;
mod sign_in;
mod support;
