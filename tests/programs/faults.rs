//! Brings faults about and says what the client made of them: a line a row, and 1 as exit code when any is not ok.
//!
//! `faults [--short] [ROW…]`: all rows or those of the numbers given, at full length or in a second each.
#![expect(clippy::unwrap_used, reason = "a row that can't be set up has nothing to say")]

#[path = "../faults/mod.rs"]
mod faults;

use std::{
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use self::faults::{ENTRIES, Entry, Row, Scale};

/// A row that takes longer than this does not end.
const STUCK: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "--part") {
        args.remove(0);
        print(&faults::play_part(&args).to_string());
        return ExitCode::SUCCESS;
    }
    let scale = if args.iter().any(|arg| arg == "--short") { Scale::Short } else { Scale::Full };
    args.retain(|arg| arg != "--short");
    faults::lines::listen();
    let mut entries = Vec::new();
    for arg in &args {
        let Some(entry) = ENTRIES.iter().find(|entry| entry.number.to_string() == *arg) else {
            print(&format!("there is no row `{arg}`; usage: faults [--short] [ROW...]"));
            return ExitCode::FAILURE;
        };
        entries.push(entry);
    }
    if entries.is_empty() {
        entries.extend(ENTRIES);
    }
    print("| row | fault | figure | limit | s | verdict |\n|--:|---|---|---|--:|---|");
    let mut bad = Vec::new();
    for entry in entries {
        let began = Instant::now();
        let Row { number, fault, figure, limit, ok } = run(entry, scale);
        let (took, verdict) = (began.elapsed().as_secs_f64(), if ok { "ok" } else { "NOT OK" });
        let (figure, limit) = (figure.replace('|', "/"), limit.replace('|', "/"));
        print(&format!("| {number} | {fault} | {figure} | {limit} | {took:.1} | {verdict} |"));
        if !ok {
            bad.push(number.to_string());
        }
    }
    if bad.is_empty() {
        return ExitCode::SUCCESS;
    }
    print(&format!("\nnot ok: {}", bad.join(", ")));
    ExitCode::FAILURE
}

/// Runs a row on a thread of its own, so that one that panics or never ends is a row like any other.
fn run(entry: &'static Entry, scale: Scale) -> Row {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(entry.run(scale)));
    told.recv_timeout(STUCK).unwrap_or_else(|error| {
        let figure = match error {
            mpsc::RecvTimeoutError::Timeout => "never ended",
            mpsc::RecvTimeoutError::Disconnected => "panicked",
        };
        let (number, fault) = (entry.number, entry.fault);
        Row { number, fault, figure: figure.to_owned(), limit: String::new(), ok: false }
    })
}

#[expect(clippy::print_stdout, reason = "that is what the program is for")]
fn print(text: &str) {
    println!("{text}");
}
