//! The codec over a table that has a field of every shape.

mod bad_input;
mod laws;
mod shapes;
mod table;
