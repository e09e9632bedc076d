//! Logs in ways that have brought other layers to a halt, under a subscriber that is the default of the whole process: a
//! default of one scope keeps a record from leading to another, and so hides what goes wrong then.

use std::{fmt, time::Duration};

use axonpush::{AxonPush, Event, OverflowPolicy, QueuePolicy};
use tracing::{Span, field, info, info_span};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

const PATIENCE: Duration = Duration::from_secs(20);

/// Many more than the queue holds.
const FLOOD: u64 = 10_000;

/// Logs while it is shown, and has a say in the span around it.
struct Logs(&'static str);

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!("from within {}", self.0);
        Span::current().record("late", self.0);
        f.write_str("shown")
    }
}

/// Leads to another record of its own kind.
struct Endless;

impl fmt::Debug for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(deeper = ?Endless, "endless");
        f.write_str("shown")
    }
}

struct Panics;

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::panic::resume_unwind(Box::new("in Debug"))
    }
}

/// A hook of the application's that logs.
fn hook(events: &axonpush::LostEvents) {
    tracing::warn!(lost = events.len(), "from the hook");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let queue = QueuePolicy::new().max_events(100).overflow(OverflowPolicy::DropNewest);
    let client = AxonPush::builder().with_env().queue(queue).report_losses(false).on_loss(hook).build()?;
    tracing_subscriber::registry().with(client.tracing_layer()).init();

    let span = info_span!("work", late = field::Empty, early = ?Logs("a new span")).entered();
    info!(value = ?Logs("an event"), "outer");
    span.record("late", field::debug(Logs("a late value")));
    info!(value = ?Panics, "after a panic");
    info!(deeper = ?Endless, "endless");
    drop(span);
    let report = client.flush(PATIENCE).await;
    assert!(report.is_complete(), "{report}");
    let before = client.stats();

    for n in 0..FLOOD {
        info!(n, "flood");
    }
    client.events().enqueue(Event::new("last"));
    let report = client.shutdown(PATIENCE).await;
    assert!(report.is_complete(), "{report}");
    let stats = client.stats();
    assert!(stats.is_balanced(), "{stats}");
    print(&serde_json::json!({
        "heard": before.accepted(),
        "flood": stats.accepted() - before.accepted(),
        "lost": stats.lost().total(),
    }));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
