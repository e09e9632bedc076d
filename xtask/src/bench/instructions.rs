//! Instructions of one hand-over, counted by valgrind. Neither load nor clock speed changes them; the compiler does.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::figures::Figures;
use super::table::{Against, Limit, Row, Table, Unit};
use crate::run;

/// Calls of the shorter run; the longer one makes twice as many.
const CALLS: u64 = 4000;

/// What one more hand-over may cost. A change that costs more on purpose raises the committed figure, and says why.
const LIMIT: Limit = Limit::AtMost(1.05);

pub(crate) const TABLE: Table = Table {
    title: "Instructions of one hand-over",
    rows: &[
        row("`enqueue` of an event with 200 bytes of payload", "instructions.enqueue", 6230.0),
        row("of these, encoding and redacting", "instructions.encode", 5570.0),
        row("`enqueue_again` of the same, encoded", "instructions.prepared", 660.0),
        row("building the event, which comes before", "instructions.build", 3530.0),
        row("`enqueue` of a log record for OTLP", "instructions.enqueue-log", 6630.0),
        row("building the record and its event, which comes before", "instructions.build-log", 1700.0),
        row("`info!` with three fields in a span and a request", "instructions.info", 7430.0),
        row("an exchange of an axum app, with both events", "instructions.exchange", 15220.0),
        row("an exchange of an actix app, with both events", "instructions.actix-exchange", 14020.0),
    ],
};

const fn row(what: &'static str, ours: &'static str, committed: f64) -> Row {
    Row { what, ours, unit: Unit::Count, against: Against::Committed(committed), limit: LIMIT }
}

pub(crate) fn count(target: &Path) -> run::Result<Figures> {
    if !run::succeeds("valgrind", &["--version"]) {
        return Err("counting instructions needs valgrind, which is not installed (Debian package: valgrind)".into());
    }
    let program = build(target)?;
    let each = |what| -> run::Result<f64> {
        let (once, twice) = (total(&program, target, what, CALLS)?, total(&program, target, what, 2 * CALLS)?);
        Ok((twice - once) / precisely(CALLS))
    };
    let (build, enqueue, prepared) = (each("build")?, each("enqueue")?, each("prepared")?);
    let (build_log, enqueue_log) = (each("build-log")?, each("enqueue-log")?);
    let info = each("info")?;
    let exchange = each("exchange")? - each("bare")?;
    let actix_exchange = each("actix-exchange")? - each("actix-bare")?;
    let enqueue = enqueue - build;
    let figures = [
        ("build", build),
        ("enqueue", enqueue),
        ("prepared", prepared),
        ("encode", enqueue - prepared),
        ("build-log", build_log),
        ("enqueue-log", enqueue_log - build_log),
        ("info", info),
        ("exchange", exchange),
        ("actix-exchange", actix_exchange),
    ];
    Ok(figures.map(|(name, value)| (format!("instructions.{name}"), value)).into())
}

/// Builds the bench program and says where it lies.
fn build(target: &Path) -> run::Result<String> {
    let target = target.to_string_lossy();
    let messages = run::cargo_output(&[
        "bench",
        "--manifest-path",
        "benches/Cargo.toml",
        "--target-dir",
        &target,
        "--bench",
        "instructions",
        "--no-run",
        "--message-format=json",
    ])?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter(|message| message["target"]["name"] == "instructions");
    let program = programs.find_map(|message| Some(message["executable"].as_str()?.to_owned()));
    program.ok_or_else(|| "cargo does not say where it put the bench `instructions`".into())
}

/// Instructions of the first thread of one run, which is the caller's.
fn total(program: &str, target: &Path, what: &str, calls: u64) -> run::Result<f64> {
    let out = target.join("callgrind.out");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--separate-threads=yes"]);
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.args([program, what, &calls.to_string()]).stdout(Stdio::null());
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("valgrind failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let path = format!("{}-01", out.display());
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let total = total.ok_or_else(|| format!("{path}: no totals in it"))?;
    Ok(precisely(total.trim().parse()?))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn precisely(number: u64) -> f64 {
    number as f64
}
