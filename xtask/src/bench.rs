//! `cargo xtask bench`: runs the benches and prints their figures as a table, ratios against limits.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::run;

pub(crate) fn run() -> run::Result {
    // The benches are a workspace of their own; one target directory serves both.
    let target = std::env::current_dir()?.join("target");
    let manifest = ["bench", "--manifest-path", "benches/Cargo.toml"];
    run::cargo_with_env("CARGO_TARGET_DIR", &target.to_string_lossy(), manifest)?;

    let mut measured = Vec::new();
    for figure in FIGURES {
        measured.push((figure, mean_nanos(&target, figure.bench)?, mean_nanos(&target, figure.against)?));
    }
    print!("\n{}", table(&measured));
    let above: Vec<&str> = measured.iter().filter(|row| !fits(row)).map(|(figure, ..)| figure.bench).collect();
    if above.is_empty() { Ok(()) } else { Err(format!("above the limit: {}", above.join(", ")).into()) }
}

/// One bench, what it is held against in the same run, and how many times that it may cost.
struct Figure {
    bench: &'static str,
    against: &'static str,
    limit: Option<f64>,
}

type Row<'a> = (&'a Figure, f64, f64);

fn fits((figure, nanos, against): &Row<'_>) -> bool {
    figure.limit.is_none_or(|limit| nanos / against <= limit)
}

/// Where criterion leaves the figures of its last run.
fn mean_nanos(target: &Path, bench: &str) -> run::Result<f64> {
    let path = target.join("criterion").join(bench).join("new/estimates.json");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let estimates: Value = serde_json::from_str(&text)?;
    let mean = estimates["mean"]["point_estimate"].as_f64();
    mean.ok_or_else(|| format!("{}: no mean in it", path.display()).into())
}

fn table(rows: &[Row<'_>]) -> String {
    let mut table =
        String::from("| bench | ns | against | ns | ratio | limit | verdict |\n|---|--:|---|--:|--:|--:|---|\n");
    for row in rows {
        let (Figure { bench, against, limit }, nanos, other) = row;
        let limit = limit.map_or_else(|| "-".to_owned(), |limit| format!("{limit:.2}"));
        let verdict = if fits(row) { "ok" } else { "ABOVE" };
        let ratio = nanos / other;
        let _ = writeln!(table, "| {bench} | {nanos:.0} | {against} | {other:.0} | {ratio:.2} | {limit} | {verdict} |");
    }
    table
}

const FIGURES: &[Figure] = &[
    Figure { bench: "hand_over/enqueue", against: "hand_over/serialise", limit: Some(1.5) },
    Figure { bench: "hand_over/build_and_enqueue", against: "hand_over/serialise", limit: None },
];

#[cfg(test)]
mod tests {
    use super::{Figure, fits, table};

    #[test]
    fn a_ratio_above_its_limit_is_marked() {
        let figure = Figure { bench: "a/b", against: "a/c", limit: Some(1.5) };
        assert!(fits(&(&figure, 150.0, 100.0)) && !fits(&(&figure, 151.0, 100.0)));
        assert!(table(&[(&figure, 151.0, 100.0)]).contains("| 1.51 | 1.50 | ABOVE |"));
    }
}
