//! An axum service that runs until SIGTERM, then says what its last act came to.
//!
//! `service DRAIN_MILLIS`: how long it may take from the signal to the end.

use std::time::{Duration, Instant};

use axonpush::AxonPush;
use axonpush_axum::AxonPushLayer;
use axum::{Router, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let drain: u64 = std::env::args().nth(1).ok_or("usage: service DRAIN_MILLIS")?.parse()?;
    let client = AxonPush::from_env()?;
    let app = Router::new().route("/jobs/{n}", get(async || "done")).layer(AxonPushLayer::new(&client));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    print(&serde_json::json!({"addr": listener.local_addr()?.to_string()}));

    let (told, when) = tokio::sync::oneshot::channel();
    let signal = async move {
        axonpush_axum::shutdown_signal().await;
        let _ = told.send(Instant::now());
    };
    let report =
        axonpush_axum::serve(listener, app, &client).with_shutdown(signal).drain_timeout(Duration::from_millis(drain));
    let report = report.await?;
    let took = when.await?.elapsed();
    let stats = client.stats();
    assert!(stats.is_balanced(), "{stats}");
    print(&serde_json::json!({
        "took_ms": u64::try_from(took.as_millis())?,
        "drained": report.drained(),
        "left": report.flush().left(),
        "accepted": stats.accepted(),
        "delivered": stats.delivered(),
        "lost": stats.lost().total(),
    }));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
