//! Answers off the wire, in every framing.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::answer::check(input));
