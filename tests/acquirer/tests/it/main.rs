//! The acquirer against published vectors, its own laws, and a terminal on a socket.

mod adjustments;
mod authorisations;
mod books;
mod day;
mod downloads;
mod end_to_end;
mod in_process;
mod laws;
mod line;
mod matching;
mod operations;
mod program;
mod requests;
mod settling;
mod sign_ins;
mod support;
mod vectors;
