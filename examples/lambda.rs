//! A function on AWS Lambda. Lambda freezes the process as soon as it has answered, and with it everything that works in
//! the background, so each invocation delivers its events before its answer leaves.
//!
//! ```sh
//! cargo build --release --example lambda    # the program to deploy; Lambda runs it with AXONPUSH_API_KEY set
//! ```
//!
//! Asked with `{"total_cents": 1200, "items": 3}` it answers the price of one.

use std::time::Duration;

use axonpush::{AxonPush, Event, RequestContext, RequestId, Severity, flush_after_invocation};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

/// What an unreachable server may add to an invocation; well below the timeout of the function.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // One client for all invocations: its connections stay open between them.
    let client = AxonPush::from_env()?;
    lambda_runtime::run(service_fn(|order| invoke(&client, order))).await
}

async fn invoke(client: &AxonPush, order: LambdaEvent<Value>) -> Result<Value, Error> {
    let request_id = order.context.request_id.parse().unwrap_or_else(|_| RequestId::generate());
    let context = RequestContext::builder().request_id(request_id).build();
    // Also flushes when the handler fails or panics.
    flush_after_invocation([client], FLUSH_TIMEOUT, context.scope(async { price(client, &order.payload) })).await
}

fn price(client: &AxonPush, order: &Value) -> Result<Value, Error> {
    client.events().enqueue(Event::new("order.received"));
    let figure = |name: &str| order[name].as_u64().ok_or(format!("`{name}` is missing"));
    let (total, items) = match (figure("total_cents"), figure("items")) {
        (Ok(total), Ok(items)) => (total, items),
        (Err(missing), _) | (_, Err(missing)) => {
            client.events().enqueue(
                Event::new("order.refused").severity(Severity::Warn).attribute("error.message", missing.as_str()),
            );
            return Err(missing.into());
        }
    };
    // Nobody thought of an order without items: this panics, and `order.received` is delivered all the same.
    let each = total / items;
    client.events().enqueue(Event::new("order.priced").attribute("cents_each", each));
    Ok(json!({ "cents_each": each }))
}
