//! Builds, tests and demonstrates the house.

fn main() {}
