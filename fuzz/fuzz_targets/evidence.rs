//! Evidence files through the verifier.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::evidence::check(input));
