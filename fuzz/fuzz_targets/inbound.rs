//! A request whose headers are all repeated, a value a line.

#![no_main]

libfuzzer_sys::fuzz_target!(|lines: &[u8]| {
    let values: Vec<_> = lines.split(|byte| *byte == b'\n').collect();
    axonpush::checks::inbound(&values);
});
