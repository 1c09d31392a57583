//! Runs acquirer plugins on a payment terminal and proves to the cent what it owes.

fn main() {}
