//! The `traceparent` header.

#![no_main]

libfuzzer_sys::fuzz_target!(|header: &[u8]| axonpush::checks::traceparent(header));
