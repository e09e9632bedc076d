//! The shop as an axum application.

use std::convert::Infallible;

use axonpush::{AxonPush, Event};
use axonpush_axum::AxonPushLayer;
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};

use crate::{BEGINNING, CHUNKS, PANIC, SLOW};

/// Every route, with AxonPush around them.
pub fn app(client: &AxonPush) -> Router {
    Router::new()
        .route("/orders/{id}", get(order))
        .route("/fail", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/panic", get(panic))
        .route("/endless", get(async || Body::from_stream(endless())))
        .route("/slow", get(slow))
        .route("/stream", get(async || Body::from_stream(chunks())))
        .with_state(client.clone())
        // This is the line that matters.
        .layer(AxonPushLayer::new(client))
}

async fn order(State(client): State<AxonPush>, Path(id): Path<u32>) -> Json<Value> {
    // Tied to the request without saying so: same trace, same span, same request id.
    client.events().enqueue(Event::new("order.viewed").attribute("order.id", id));
    Json(json!({"order": id}))
}

async fn slow() -> &'static str {
    tokio::time::sleep(SLOW).await;
    "worth the wait"
}

async fn panic() {
    std::panic::panic_any(PANIC);
}

fn endless() -> impl futures_util::Stream<Item = Result<&'static str, Infallible>> {
    use futures_util::{StreamExt as _, stream};
    stream::iter([Ok(BEGINNING)]).chain(stream::pending())
}

fn chunks() -> impl futures_util::Stream<Item = Result<&'static str, Infallible>> {
    futures_util::stream::unfold(CHUNKS.into_iter(), async |mut chunks| {
        tokio::task::yield_now().await;
        chunks.next().map(|chunk| (Ok(chunk), chunks))
    })
}
