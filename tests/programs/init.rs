//! A program that sets everything up by one call, logs in both ways, and leaves `main` without another thought.
#![expect(clippy::panic, reason = "panics are reported too")]

use std::{error::Error, time::Duration};

use axonpush::RequestContext;
use tracing::Instrument as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // One that is refused leaves room for the next.
    let refused = axonpush::init().configure(|client| client.timeout(Duration::ZERO)).install().err();
    let init = axonpush::init().service("orders", "1.4.2").levels("debug".parse()?);
    let keyless = std::env::args().nth(1).is_some_and(|arg| arg == "keyless");
    let axonpush = if keyless { init.optional_key().console() } else { init }.install()?;
    let again = axonpush::init().install().err().ok_or("a second init")?;

    let context = RequestContext::builder().request_id("req-init".parse()?).build();
    let work = async {
        tracing::debug!(n = 1, password = "canary-31337", "by tracing");
        log::warn!("by log");
        tracing::trace!("too fine");
        log::trace!("too fine");
        // Nothing but the span ties it to its request.
        let span = tracing::info_span!("work");
        let spawned = async { tracing::info!(found = RequestContext::current().is_some(), "spawned") };
        tokio::spawn(spawned.instrument(span)).await
    };
    context.scope(work).await?;
    let thread = std::thread::spawn(move || context.sync_scope(|| std::panic::panic_any("in a thread")));
    let panicked = thread.join().is_err();

    print(&serde_json::json!({
        "refused": refused.map(|error| error.to_string()),
        "again": again.to_string(),
        "panicked": panicked,
        "accepted": axonpush.client().stats().accepted(),
    }));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
