//! Turns a plugin into a component and a precompiled artefact.

fn main() {}
