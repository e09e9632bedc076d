//! The axum app of the table.

use axonpush::{AxonPush, Event};
use axonpush_axum::{AxonPushLayer, RequestId};
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderName, StatusCode, header::CONTENT_LENGTH},
    routing::get,
};

use super::bodies;

pub(super) fn app(client: &AxonPush) -> Router {
    let orders = Router::new().route("/orders/{id}", get(|Path(id): Path<String>| async { id }));
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/users/{id}", get(|Path(id): Path<String>| async { id }))
        .nest("/api", orders)
        .route("/empty", get(|| async {}))
        .route("/no-content", get(|| async { StatusCode::NO_CONTENT }))
        .route("/not-modified", get(|| async { StatusCode::NOT_MODIFIED }))
        .route("/teapot", get(|| async { (StatusCode::IM_A_TEAPOT, "short and stout") }))
        .route("/fails", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "sorry") }))
        .route("/panics", get(|| async { panics() }))
        .route("/hangs", get(std::future::pending::<()>))
        .route("/own-id", get(|| async { ([(HeaderName::from_static("x-request-id"), "mine")], "hello") }))
        .route("/echo-id", get(|id: RequestId| async move { id.to_string() }))
        .route("/notes", get(notes))
        .route("/stream", get(|| async { Body::from_stream(bodies::whole()) }))
        .route("/short", get(|| async { ([(CONTENT_LENGTH, "10")], Body::from_stream(bodies::short())) }))
        .route("/long", get(|| async { ([(CONTENT_LENGTH, "4")], Body::from_stream(bodies::long())) }))
        .route("/blocks", get(|| async { bodies::blocking() }))
        .route("/drips", get(|| async { Body::from_stream(bodies::dripping()) }))
        .route("/breaks", get(|| async { Body::from_stream(bodies::breaking()) }))
        .route("/stream-panics", get(|| async { Body::from_stream(bodies::panicking()) }))
        .route("/stream-notes", get(|State(client)| async { Body::from_stream(bodies::telling(client)) }))
        .layer(AxonPushLayer::new(client))
        .with_state(client.clone())
}

async fn notes(State(client): State<AxonPush>) -> &'static str {
    client.events().enqueue(Event::new("app.note"));
    "noted"
}

fn panics() {
    std::panic::panic_any("out of cheese");
}
