//! The program: command line, configuration, texts, and real parts wired together.

pub mod command;
pub mod config;
pub mod control;
mod faults;
pub mod messages;
pub mod operator;
pub mod show;
pub mod terminal;
