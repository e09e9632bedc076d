//! A server that is down, a million DEBUG events, and a thousand ERROR events among them. Then the server comes back.
//!
//! ```sh
//! cargo run --release --example flood
//! ```
//!
//! Ends with an error unless every ERROR is delivered and every DEBUG either delivered or counted as lost.

use std::{error::Error, net::TcpListener, time::Duration};

use axonpush::{AxonPush, Event, OverflowPolicy, QueuePolicy, Severity};
use axonpush_dev::DevServer;

const DEBUGS: u64 = 1_000_000;
const ERRORS: u64 = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A port that is free, and where nobody listens yet.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let client = AxonPush::builder()
        .api_key("ak_dev")
        .base_url(format!("http://127.0.0.1:{port}"))
        .queue(QueuePolicy::new().overflow(OverflowPolicy::ShedLowestSeverity))
        .report_losses(false)
        .build()?;

    for n in 0..DEBUGS {
        client.events().enqueue(Event::new("debug").severity(Severity::Debug).attribute("n", n));
        if n % (DEBUGS / ERRORS) == 0 {
            client.events().enqueue(Event::new("error").severity(Severity::Error).attribute("n", n));
        }
    }
    println!("server down: {}\n             {}", client.stats(), client.stats().health());

    let server = DevServer::builder().port(port).start().await?;
    let report = client.shutdown(Duration::from_secs(60)).await;
    let stats = client.stats();
    let errors = server.events().iter().filter(|event| event.identifier == "error").count() as u64;
    println!("server up:   {stats}");
    println!("{errors} of {ERRORS} ERROR events arrived; {} of {DEBUGS} DEBUG events were lost", stats.lost().total());
    let exact = stats.is_balanced()
        && stats.accepted() == DEBUGS + ERRORS
        && stats.delivered() == server.len() as u64
        && report.left() == 0;
    if errors == ERRORS && exact { Ok(()) } else { Err(format!("not what was promised: {report}").into()) }
}
