//! Publishing with a receipt, in the background and in bulk, and finding it all again.
//!
//! ```sh
//! cargo run --example publish_and_search
//! ```

use std::{error::Error, time::Duration};

use axonpush::{Event, EventQuery, EventType, LogPayload, RequestContext, Severity};
use serde_json::json;
use support::client_or_dev_server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = client_or_dev_server().await?;

    // Await the receipt when it matters that the event has arrived.
    let event = Event::new("web_search")
        .event_type(EventType::AgentToolCallStart)
        .agent_id("researcher")
        .payload(&json!({"tool_name": "web_search", "query_length": 24, "api_key": "never leaves this process"}))?;
    let receipt = client.events().publish(event).await?;
    println!("published as {} ({})", receipt.event_id().map_or("-", |id| id.as_str()), receipt.status());

    // Hand over and go on when it doesn't. What happens in one context belongs together.
    let context = RequestContext::new();
    context.bind("job", "nightly-report");
    context.sync_scope(|| {
        let record = LogPayload::new("3 rows skipped").severity(Severity::Warn).attribute("rows", 3);
        client.events().enqueue(Event::log("report", record));
        client.events().enqueue(Event::new("report.finished").attribute("seconds", 12.5));
    });
    println!("flushed: {}", client.flush(Duration::from_secs(5)).await);

    // Many at once, one answer each.
    let answers = client.events().publish_many((0..5).map(|n| Event::new("batch.item").attribute("n", n))).await;
    println!("{} of {} published", answers.iter().filter(|answer| answer.is_ok()).count(), answers.len());

    let query = EventQuery::new().trace_id(context.trace_id()).limit(10);
    for found in client.events().search(query).await? {
        println!("{} {} {}", found.created_at, found.operation_name.unwrap_or_default(), found.payload);
    }
    println!("{}", client.shutdown(Duration::from_secs(5)).await);
    Ok(())
}
