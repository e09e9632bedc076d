//! `cargo xtask test`: builds the examples, runs every test, doc test and model, and then the examples that
//! judge themselves.
//!
//! All builds but that of the models select the whole workspace, so dependencies are compiled once.

use crate::{browser, models, run};

pub(crate) fn run() -> run::Result {
    // First, because some tests start a binary or an example as a program of its own. Not xtask:
    // it is running, and some systems refuse to replace a running program.
    run::cargo(["build", "--workspace", "--exclude", "xtask", "--bins", "--examples"])?;

    browser::run()?;

    let mut tests = Tally::default();
    let mut doc_tests = Tally::default();
    let mut modelled = Tally::default();
    let ran = [
        run::cargo_watched(&["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"], |line| {
            tests.read(line);
        }),
        run::cargo_watched(&["test", "--workspace", "--doc", "--no-fail-fast", "--features", DOCUMENTED], |line| {
            doc_tests.read(line);
        }),
        models::run(&mut modelled),
    ];

    // As built above; the quickstart is the README's first command.
    let examples = ["quickstart", "two_services", "order_logs", "otel_service", "three_sinks"].map(example);

    println!("\ntests:     {tests}\ndoc tests: {doc_tests}\nmodels:    {modelled}");
    for result in ran {
        result?;
    }
    for result in examples {
        result?;
    }
    if tests.passed == 0 {
        return Err("no test ran at all; is the workspace complete?".into());
    }
    Ok(())
}

/// Features whose items have examples in their docs. The tests do without: they run what users run.
const DOCUMENTED: &str = "axonpush/log-bridge,axonpush/metrics,axonpush/reqwest-middleware,axonpush/testing,\
                          axonpush/tower,axonpush/tracing-layer,axonpush-axum/ws";

/// Runs an example that judges itself.
fn example(name: &str) -> run::Result {
    let here = std::env::current_exe()?;
    let example = here.with_file_name("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    run::program(&example.to_string_lossy(), &[])
}

/// The sum of all `test result:` lines.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    failed: u64,
    ignored: u64,
    binaries: u64,
}

impl Tally {
    pub(crate) fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let count = |what: &str| {
            let mut words = result.split([' ', ';', '.']).filter(|word| !word.is_empty()).peekable();
            while let Some(word) = words.next() {
                if words.peek() == Some(&what) {
                    return word.parse().unwrap_or(0);
                }
            }
            0
        };
        self.passed += count("passed");
        self.failed += count("failed");
        self.ignored += count("ignored");
        self.binaries += 1;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { passed, failed, ignored, binaries } = self;
        write!(f, "{passed} passed, {failed} failed, {ignored} ignored, in {binaries} runs")
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn result_lines_add_up_and_other_lines_do_not_count() {
        let mut tally = Tally::default();
        tally.read("test queue::keeps_order ... ok");
        tally.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s");
        tally.read("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        assert_eq!(tally, Tally { passed: 15, failed: 2, ignored: 1, binaries: 2 });
    }
}
