//! Frames through the ISO 8583 codec, in several formats.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::message::check(input));
