//! The acquirer against published vectors, its own laws, and a terminal on a socket.

mod books;
mod end_to_end;
mod line;
mod matching;
mod program;
mod support;
mod vectors;
