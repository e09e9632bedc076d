//! Ids of requests.

#![no_main]

libfuzzer_sys::fuzz_target!(|header: &[u8]| axonpush::checks::request_id(header));
