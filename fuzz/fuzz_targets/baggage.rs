//! The `baggage` header.

#![no_main]

libfuzzer_sys::fuzz_target!(|header: &[u8]| axonpush::checks::baggage(header));
