//! `X-Forwarded-For` and `Forwarded`, both repeated, a value a line.

#![no_main]

libfuzzer_sys::fuzz_target!(|lines: &[u8]| {
    let values: Vec<_> = lines.split(|byte| *byte == b'\n').collect();
    axonpush::exchange::check_forwarded(&values);
});
