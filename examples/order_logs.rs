//! A service that logs with `tracing` as ever, and one failed order among many: what happened to it is told from the
//! local server by its request id alone, in one query.
//!
//! ```sh
//! cargo run --example order_logs
//! ```
//!
//! Ends with an error unless the story is whole, in order, and without the card's number.

use std::{error::Error, fmt, time::Duration};

use axonpush::{AxonPush, EventQuery, StoredEvent};
use axonpush_axum::AxonPushLayer;
use axonpush_dev::DevServer;
use axum::{Router, extract::Path, http::StatusCode, routing::post};
use tokio::sync::oneshot;
use tracing::{Instrument as _, error, info, info_span, instrument, warn};
use tracing_subscriber::{Layer as _, filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// The order that fails, and its request.
const FAILS: u32 = 7;
const REQUEST_ID: &str = "req-7";

/// What has to be known of it, in this order.
const STORY: [&str; 6] = [
    "http.request.started",
    "order received",
    "stock reserved",
    "card declined, trying once more",
    "payment failed",
    "http.request.failed",
];

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = DevServer::start().await?;
    let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).service("orders", "1.4.2").build()?;
    // The lines that matter: one for logs, one for requests.
    tracing_subscriber::registry().with(client.tracing_layer().with_filter(LevelFilter::INFO)).init();
    let app = Router::new().route("/orders/{id}", post(order)).layer(AxonPushLayer::new(&client));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axonpush_axum::serve(listener, app, &client).with_shutdown(async {
        let _ = stopped.await;
    });
    let ordering = async {
        let http = reqwest::Client::new();
        for id in 1..=20 {
            let request = http.post(format!("{url}/orders/{id}")).header("x-request-id", format!("req-{id}"));
            request.send().await?;
        }
        let _ = stop.send(());
        Ok::<(), reqwest::Error>(())
    };
    let (report, ordered) = tokio::join!(serving.into_future(), ordering);
    ordered?;
    println!("{}\n", report?);

    // Nothing but the id, as a customer would report it.
    let reader = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    let mut events = reader.events().search(EventQuery::new().attribute("request.id", REQUEST_ID)).await?;
    events.sort_by_key(nanos);
    println!("{REQUEST_ID}:");
    for event in &events {
        let since = nanos(event).saturating_sub(events.first().map_or(0, nanos));
        println!("{:>7} µs  {:<5} {}", since / 1000, text(event, "severityText"), line(event));
    }
    let told: Vec<_> = events.iter().map(line).collect();
    let is_whole = told.len() == STORY.len() && told.iter().zip(STORY).all(|(told, part)| told.starts_with(part));
    let one_trace = events.iter().all(|event| event.trace_id == events[0].trace_id);
    let leaks = events.iter().any(|event| event.payload.to_string().contains("4111"));
    if !is_whole || !one_trace || leaks || !reader.shutdown(PATIENCE).await.is_complete() {
        return Err(format!("this is not what happened, which is {STORY:?}, or it says too much").into());
    }
    Ok(())
}

/// The service.
#[instrument]
async fn order(Path(id): Path<u32>) -> Result<String, StatusCode> {
    info!(items = 3, "order received");
    // Spawned as anyone would: the span is what ties it to its request.
    let reserved = tokio::spawn(reserve().instrument(info_span!("reserve")));
    reserved.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    pay(id, "4111 1111 1111 1111").map_err(|failure| {
        error!(error = &failure as &(dyn Error + 'static), "payment failed");
        StatusCode::BAD_GATEWAY
    })?;
    Ok(format!("order {id} is on its way"))
}

async fn reserve() {
    // In place of a call to the warehouse.
    tokio::task::yield_now().await;
    info!(warehouse = "north", "stock reserved");
}

fn pay(id: u32, card: &str) -> Result<(), Declined> {
    if id == FAILS {
        warn!(card, attempt = 1, "card declined, trying once more");
        return Err(Declined);
    }
    info!(amount = 129.95, currency = "EUR", "paid");
    Ok(())
}

#[derive(Debug)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the issuer said no")
    }
}

impl Error for Declined {}

/// When it happened, by the service's own clock.
fn nanos(event: &StoredEvent) -> u64 {
    text(event, "timeUnixNano").parse().unwrap_or_default()
}

fn text<'a>(event: &'a StoredEvent, field: &str) -> &'a str {
    event.payload[field].as_str().unwrap_or_default()
}

/// What it says, and the values that say more.
fn line(event: &StoredEvent) -> String {
    let name = event.operation_name.as_deref().unwrap_or_default();
    let said = if name.starts_with("http.") { name } else { text(event, "body") };
    let more = ["http.response.status_code", "warehouse", "card", "exception.type", "exception.message"];
    let values = more.iter().filter_map(|key| Some(format!(" {key}={}", event.attributes.get(key)?)));
    format!("{said}{}", values.collect::<String>())
}
