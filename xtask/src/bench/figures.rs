//! What the benches measured, by name.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::run;

pub(crate) type Figures = HashMap<String, f64>;

/// Runs every bench, and collects the lines in which they say what they measured.
pub(crate) fn measure(target: &Path) -> run::Result<Figures> {
    let mut figures = Figures::new();
    let target_text = target.to_string_lossy();
    // It would look for a target directory of its own, and leave its figures there.
    let criterion = format!("env.CRITERION_HOME='{}'", target.join(CRITERION).display());
    let bench =
        ["bench", "--manifest-path", "benches/Cargo.toml", "--target-dir", &target_text, "--config", &criterion];
    // What an earlier run left must not pass for figures of this one.
    let _none = std::fs::remove_dir_all(target.join(CRITERION));
    run::cargo_watched(&bench, |line| figures.extend(figure(line)))?;
    for name in ["hand_over/enqueue", "hand_over/build_and_enqueue", "hand_over/serialise"] {
        figures.insert(name.to_owned(), mean_nanos(target, name)?);
    }
    Ok(figures)
}

/// `figure name value`, as the benches' `support` writes it.
fn figure(line: &str) -> Option<(String, f64)> {
    let (name, value) = line.strip_prefix("figure ")?.split_once(' ')?;
    Some((name.to_owned(), value.parse().ok()?))
}

/// Where criterion leaves the figures of its last run.
fn mean_nanos(target: &Path, bench: &str) -> run::Result<f64> {
    let path = target.join(CRITERION).join(bench).join("new/estimates.json");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let estimates: Value = serde_json::from_str(&text)?;
    let mean = estimates["mean"]["point_estimate"].as_f64();
    mean.ok_or_else(|| format!("{}: no mean in it", path.display()).into())
}

/// The directory of criterion's figures, in the target directory.
const CRITERION: &str = "criterion";

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn a_figure_is_told_from_what_else_benches_print() {
        assert_eq!(figure("figure otlp.cpu.json 1.5"), Some(("otlp.cpu.json".to_owned(), 1.5)));
        assert_eq!(figure("figure of speech"), None);
        assert_eq!(figure("hand_over/enqueue  time: [1 ns]"), None);
    }
}
