//! The rooms of the program: configuration, texts, and real parts wired together.

pub mod config;
pub mod messages;
