//! The acquirer against published vectors, its own laws, and a terminal on a socket.

mod authorisations;
mod books;
mod day;
mod end_to_end;
mod in_process;
mod laws;
mod line;
mod matching;
mod operations;
mod program;
mod requests;
mod settling;
mod support;
mod vectors;
