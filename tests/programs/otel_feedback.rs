//! Hears everything: `tracing-opentelemetry` for the whole process, at TRACE, with the spans going to AxonPush. If the
//! requests that deliver spans made spans, one span would become a flood, and with a processor that holds a lock while it
//! waits for the delivery, a deadlock.

use std::time::Duration;

use axonpush::{AxonPush, DeliveryMode, DeliveryPolicy};
use axonpush_otel::{
    AxonPushSpanExporter, AxonPushSpanProcessor, opentelemetry::trace::TracerProvider as _,
    opentelemetry_sdk::trace::SdkTracerProvider,
};
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (by, mode, url) = (args.next().unwrap_or_default(), args.next(), args.next().ok_or("usage: BY MODE URL")?);
    let is_sync = mode.as_deref() == Some("sync");
    let mode = if is_sync { DeliveryMode::Sync } else { DeliveryMode::Background };
    let client = AxonPush::builder().with_env().delivery(DeliveryPolicy::new().mode(mode)).build()?;
    let provider = SdkTracerProvider::builder();
    let provider = match &*by {
        "simple" => provider.with_simple_exporter(AxonPushSpanExporter::new(&client)),
        "batch" => provider.with_batch_exporter(AxonPushSpanExporter::new(&client)),
        _ => provider.with_span_processor(AxonPushSpanProcessor::new(&client)),
    }
    .build();
    tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(provider.tracer("feedback"))).init();
    tracing::info_span!("seed").in_scope(|| tracing::info!("inside"));
    // Twice, so that an echo of the first would be caught by the second.
    for _ in 0..2 {
        provider.force_flush()?;
        let report = client.blocking().flush(PATIENCE);
        assert!(report.is_complete(), "{report}");
    }
    let seed = client.stats().accepted();

    // The application's own HTTP traffic is none of ours, and is heard as far as it has spans.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let _entered = tracing::info_span!("own").entered();
        reqwest::Client::builder().no_proxy().build()?.get(url).send().await
    })?;
    provider.shutdown()?;
    let report = client.blocking().shutdown(PATIENCE);
    assert!(report.is_complete(), "{report}");
    print(&serde_json::json!({"seed": seed, "accepted": client.stats().accepted()}));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
