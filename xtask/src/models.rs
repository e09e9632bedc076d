//! `cargo xtask models`, a part of `test`: the unit tests of `axonpush` built once more, with a model
//! checker's locks in the place of `std`'s, and of those the ones written for it.
//!
//! The flag goes to that one crate; in RUSTFLAGS it would reach every dependency and rebuild the world.

use serde_json::Value;

use crate::{run, test::Tally};

/// Builds the models, runs them and counts them in.
pub(crate) fn run(models: &mut Tally) -> run::Result {
    let messages = run::cargo_messages(BUILD)?;
    let program = executable(&messages).ok_or("cargo built the models and named no program")?;
    // A verdict of the checker may be followed by an abort, which would take along what was captured.
    run::program_watched(&program, &[FILTER, "--nocapture"], |line| models.read(line))?;
    if models.passed == 0 {
        return Err("no model ran; are they still in modules called `models`?".into());
    }
    Ok(())
}

/// What a message of cargo's calls the program it built.
fn executable(messages: &str) -> Option<String> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut built = messages.filter_map(|message| Some(message["executable"].as_str()?.to_owned()));
    built.next()
}

const BUILD: &[&str] = &[
    "rustc",
    "-p",
    "axonpush",
    "--lib",
    "--features",
    "sinks",
    "--profile",
    "test",
    "--message-format",
    "json-render-diagnostics",
    "--",
    "--cfg",
    "axonpush_loom",
    // No other build sees the models.
    "-D",
    "warnings",
];

/// The modules they stand in; the other tests know nothing of such locks.
const FILTER: &str = "models::";

#[cfg(test)]
mod tests {
    use super::executable;

    #[test]
    fn the_program_is_the_one_that_cargo_names() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\nnot json\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"/target/axonpush-1\"}\n\
                        {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executable(messages).as_deref(), Some("/target/axonpush-1"));
        assert_eq!(executable("{\"reason\":\"build-finished\"}"), None);
    }
}
