//! Runs acquirer plugins on a payment terminal and proves to the cent what it owes.

use std::process::ExitCode;

fn main() -> ExitCode {
    acquit::command::main()
}
