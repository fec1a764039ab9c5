#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| slipway::terminals::untrusted::message(bytes));
