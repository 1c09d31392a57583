//! Segments through the journal's reader, with and without keys.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::segment::check(input));
