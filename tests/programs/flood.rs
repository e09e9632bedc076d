//! Offers a million events to a server that is down, and says what that cost.

use axonpush::{AxonPush, Event};

const OFFERED: u64 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = AxonPush::from_env()?;
    let payload = serde_json::json!({"text": "x".repeat(180), "n": 1});
    // The client itself, its thread and its connections are not what is measured.
    client.events().enqueue(Event::new("warm-up"));
    let before = resident_kib()?;
    for _ in 1..OFFERED {
        client.events().enqueue(Event::new("flood").payload(&payload)?);
    }
    let grown = resident_kib()?.saturating_sub(before);
    let stats = client.stats();
    assert!(stats.is_balanced(), "{stats}");
    let line = serde_json::json!({
        "grown_kib": grown,
        "accepted": stats.accepted(),
        "lost": stats.lost().total(),
        "here": stats.queued() + stats.in_flight(),
    });
    print(&line);
    Ok(())
}

/// Resident memory, from the fields of `/proc/self/status`.
fn resident_kib() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
