//! `cargo xtask faults`: brings about every fault the client must survive and prints what came of it.

use crate::run;

/// A second or so for each row instead of full length.
pub(crate) const SHORT: &str = "--short";

pub(crate) fn run(short: bool) -> run::Result {
    // Optimised, as one of the limits is the time a caller waits.
    run::cargo(["build", "--release", "-p", PACKAGE, "--bin", PROGRAM])?;
    let program = std::env::current_dir()?
        .join("target")
        .join("release")
        .join(PROGRAM)
        .with_extension(std::env::consts::EXE_EXTENSION);
    let options: &[&str] = if short { &[SHORT] } else { &[] };
    run::program(&program.to_string_lossy(), options)
}

const PACKAGE: &str = "axonpush-tests";
const PROGRAM: &str = "faults";
