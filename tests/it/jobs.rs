//! The example that consumes jobs; it judges itself.

use std::process::Command;

#[test]
fn every_event_of_a_job_is_known_under_its_message() {
    // Next to this test's own directory; `cargo xtask test` builds it first.
    let here = std::env::current_exe().unwrap();
    let example = here.parent().and_then(std::path::Path::parent).unwrap().join("examples/jobs");
    let example = example.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(example.exists(), "cargo build --example jobs");
    let output = Command::new(example).env_remove("AXONPUSH_API_KEY").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
