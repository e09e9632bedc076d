//! `cargo xtask ci`: every check, the quickest to fail first.

use std::time::{Duration, Instant};

use crate::{check, deps, run, test, tidy};

pub(crate) fn run() -> run::Result {
    let started = Instant::now();
    let mut done: Vec<(&str, Duration)> = Vec::new();
    for (name, step) in STEPS {
        println!("\n=== {name}");
        let step_started = Instant::now();
        if let Err(error) = step() {
            return Err(format!(
                "{error}\n\nci: FAILED in {name} after {}; {}",
                seconds(started.elapsed()),
                passed(&done),
            )
            .into());
        }
        done.push((name, step_started.elapsed()));
        println!("=== {name} passed in {}", seconds(step_started.elapsed()));
    }
    println!("\nci: passed in {}; {}", seconds(started.elapsed()), passed(&done));
    Ok(())
}

fn passed(done: &[(&str, Duration)]) -> String {
    if done.is_empty() {
        return "nothing had passed before".to_owned();
    }
    let steps: Vec<String> = done.iter().map(|(name, took)| format!("{name} {}", seconds(*took))).collect();
    format!("passed: {}", steps.join(", "))
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}s", duration.as_secs_f64())
}

type Step = fn() -> run::Result;

/// Reading text takes a second, counting crates a few, compiling minutes.
const STEPS: [(&str, Step); 4] =
    [("tidy", tidy::run), ("deps", deps::run), ("check", || check::run(false)), ("test", test::run)];
