//! Key blocks through the vault's doors, under transport keys of every version.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::key_block::check(input));
