//! Kills a real process that writes a real journal, again and again, and reads what it left.
//!
//! The writer ([`writer`]) has eight threads that append through one journal and tell of every acknowledgement on a
//! pipe ([`message`]). The campaign ([`campaign`]) kills it with SIGKILL at a moment it draws: while it opens, while
//! it appends, while it tends the journal. Then it reads the journal itself and judges ([`judge`]): everything that was
//! acknowledged is there and where its token said, each thread's records are a prefix without gap, repeat or reorder,
//! an append is there whole or not at all, nothing judged before has changed. The same directory is used on, so that
//! sessions, rotations and torn tails add up.
//!
//! What this shows: the program itself may die at any instruction of any thread. What it cannot show: SIGKILL leaves
//! the kernel's cache alive, so a record that was written and never synced is still found. Power cuts are shown by
//! `acquit-crash`, which enumerates what a device may hold.

pub mod campaign;
pub mod chance;
pub mod judge;
pub mod message;
pub mod record;
pub mod store;
pub mod writer;

/// Threads that append at the same time.
pub const THREADS: usize = 8;
