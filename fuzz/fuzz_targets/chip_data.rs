//! Chip data through the vault's reader of objects.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::chip_data::check(input));
