//! `cargo xtask soak`: many events a second for many minutes, with the dev server's page open in a browser.

use crate::{browser, run};

/// How long, in minutes.
pub(crate) const MINUTES: &str = "--minutes N";
/// How many events a second.
pub(crate) const RATE: &str = "--rate N";

pub(crate) fn run(options: &[String]) -> run::Result {
    let minutes = number(options, MINUTES, 10)?;
    let rate = number(options, RATE, 2_000)?;
    browser::run()?;
    // Optimised, as users run it. A few seconds of the same are among the tests.
    run::cargo_with_env(
        &[("AXONPUSH_SOAK_SECONDS", &(minutes * 60).to_string()), ("AXONPUSH_SOAK_RATE", &rate.to_string())],
        ["test", "--release", "-p", "axonpush-dev", "--test", "soak", "--", "--nocapture"],
    )
}

/// The word after an option, as a number above 0.
fn number(options: &[String], option: &str, default: u64) -> run::Result<u64> {
    let name = option.trim_end_matches(" N");
    let Some(at) = options.iter().position(|word| word == name) else { return Ok(default) };
    match options.get(at + 1).and_then(|word| word.parse().ok()).filter(|number| (1..=MOST).contains(number)) {
        Some(number) => Ok(number),
        None => Err(format!("`{name}` takes a number from 1 to {MOST}").into()),
    }
}

const MOST: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::{MINUTES, RATE, number};

    #[test]
    fn an_option_has_its_number_or_the_default() {
        let options = ["--rate", "500", "--minutes"].map(str::to_owned);
        assert_eq!(number(&options, RATE, 2_000).unwrap(), 500);
        assert_eq!(number(&[], RATE, 2_000).unwrap(), 2_000);
        assert!(number(&options, MINUTES, 10).is_err());
        assert!(number(&["--rate".to_owned(), "0".to_owned()], RATE, 1).is_err());
    }
}
