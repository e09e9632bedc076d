//! Hears everything: a global subscriber at TRACE that turns every tracing event of the process into an AxonPush event.
//! If the SDK's own work were among them, one event would become a flood; if the key were in any, it would be in a log.

use std::time::Duration;

use axonpush::{AxonPush, Event};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

/// Looks for the key in whatever is logged.
struct NoKey;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for NoKey {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let key = std::env::var("AXONPUSH_API_KEY").unwrap_or_default();
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            assert!(!format!("{value:?} {value:#?}").contains(&key), "the key is in {}", field.name());
        });
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = AxonPush::from_env()?;
    tracing_subscriber::registry().with(NoKey).with(client.tracing_layer()).init();
    tracing::info!("seed");
    // Twice, so that an echo of the first would be caught by the second.
    for _ in 0..2 {
        let report = client.flush(PATIENCE).await;
        assert!(report.is_complete(), "{report}");
    }
    let after_seed = client.stats();
    assert!(after_seed.suppressed() > 0, "hyper is silent; this test hears nothing");

    client.events().publish(Event::new("awaited")).await?;
    assert_eq!(client.stats().accepted(), after_seed.accepted(), "an awaited publish echoes");

    // The application's own HTTP traffic is none of ours and must still be heard.
    let own = reqwest::Client::builder().no_proxy().build()?;
    own.get(std::env::args().nth(1).ok_or("usage: feedback URL")?).send().await?;
    let heard = client.stats().accepted() - after_seed.accepted();
    let report = client.shutdown(PATIENCE).await;
    assert!(report.is_complete(), "{report}");
    print(&serde_json::json!({
        "seed": after_seed.accepted(),
        "heard": heard,
        "accepted": client.stats().accepted(),
    }));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
