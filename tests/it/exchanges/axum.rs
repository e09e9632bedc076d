//! The axum app of the table.

use axonpush::{AxonPush, Event};
use axonpush_axum::{AxonPushLayer, RequestContext, RequestId};
use axum::{
    Form, Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderName, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::StreamBody;
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt as _, time::timeout};

use super::bodies;

pub(super) fn app(client: &AxonPush, layer: AxonPushLayer) -> Router {
    let orders = Router::new().route("/orders/{id}", get(|Path(id): Path<String>| async { id }));
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/users/{id}", get(|Path(id): Path<String>| async { id }))
        .nest("/api", orders)
        .route("/empty", get(|| async {}))
        .route("/no-content", get(|| async { StatusCode::NO_CONTENT }))
        .route("/no-content-body", get(|| async { (StatusCode::NO_CONTENT, "ignored") }))
        .route("/not-modified", get(|| async { StatusCode::NOT_MODIFIED }))
        .route("/not-modified-body", get(|| async { (StatusCode::NOT_MODIFIED, "ignored") }))
        .route("/moved", get(|| async { (StatusCode::SEE_OTHER, [(header::LOCATION, "/hello")]) }))
        .route("/teapot", get(|| async { (StatusCode::IM_A_TEAPOT, "short and stout") }))
        .route("/fails", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "sorry") }))
        .route("/panics", get(|| async { panics("out of cheese") }))
        .route("/panics-in-numbers", get(|| async { panics(42) }))
        .route("/hangs", get(std::future::pending::<()>))
        .route("/times-out", get(times_out))
        .route("/own-id", get(|| async { ([(HeaderName::from_static("x-request-id"), "mine")], "hello") }))
        .route("/echo-id", get(|id: RequestId| async move { id.to_string() }))
        .route("/notes", get(notes))
        .route("/told", get(told))
        .route("/upgrade", get(upgrade))
        .merge(streams())
        .route("/echo", post(async |body: Bytes| body))
        .route("/ignores", post(|| async { "not read" }))
        .route("/small", post(async |body: Bytes| body).layer(DefaultBodyLimit::max(16)))
        .route("/form", post(|_: Form<Vec<(String, String)>>| async { "read" }))
        .layer(layer)
        .with_state(client.clone())
}

fn streams() -> Router<AxonPush> {
    const EVENTS: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/event-stream")];
    let announced = |length: &'static str| [(header::CONTENT_LENGTH, length)];
    Router::new()
        .route("/large", get(|| async { bodies::large() }))
        .route("/large-stream", get(|| async { Body::from_stream(bodies::large_in_pieces()) }))
        .route("/stream", get(|| async { Body::from_stream(bodies::whole()) }))
        .route("/slow", get(|| async { Body::from_stream(bodies::slow()) }))
        .route("/empty-stream", get(|| async { Body::from_stream(stream::empty::<Result<Bytes, std::io::Error>>()) }))
        .route("/exact", get(move || async move { (announced("11"), Body::from_stream(bodies::whole())) }))
        .route("/short", get(move || async move { (announced("10"), Body::from_stream(bodies::short())) }))
        .route("/long", get(move || async move { (announced("4"), Body::from_stream(bodies::long())) }))
        .route("/blocks", get(|| async { bodies::blocking() }))
        .route("/drips", get(|| async { Body::from_stream(bodies::dripping()) }))
        .route("/sse", get(|| async { (EVENTS, Body::from_stream(bodies::ticking())) }))
        .route(
            "/sse-for-ever",
            get(|| async { (EVENTS, Body::from_stream(bodies::ticking().chain(stream::pending()))) }),
        )
        .route("/breaks", get(|| async { Body::from_stream(bodies::breaking()) }))
        .route("/breaks-at-once", get(|| async { Body::from_stream(bodies::breaking_at_once()) }))
        .route("/stream-panics", get(|| async { Body::from_stream(bodies::panicking()) }))
        .route("/stream-panics-at-once", get(|| async { Body::from_stream(bodies::panicking_at_once()) }))
        .route("/stream-notes", get(|State(client)| async { Body::from_stream(bodies::telling(client)) }))
        .route("/trailers", get(trailers))
}

async fn notes(State(client): State<AxonPush>) -> &'static str {
    client.events().enqueue(Event::new("app.note"));
    "noted"
}

async fn told(State(client): State<AxonPush>, context: RequestContext) -> impl IntoResponse {
    bodies::tell(&client, &context);
    ([("x-shelf", "7")], "told")
}

async fn times_out() -> impl IntoResponse {
    match timeout(bodies::SOON, std::future::pending::<()>()).await {
        Ok(()) => (StatusCode::OK, "in time"),
        Err(_elapsed) => (StatusCode::GATEWAY_TIMEOUT, "too late"),
    }
}

async fn upgrade(request: Request) -> impl IntoResponse {
    tokio::spawn(async {
        let mut upgraded = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
        upgraded.write_all(b"no longer HTTP").await.unwrap();
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "raw")])
}

async fn trailers() -> impl IntoResponse {
    let body = StreamBody::new(stream::iter(bodies::with_trailers()));
    ([(header::TRAILER, "x-checksum")], Body::new(body))
}

fn panics(payload: impl Send + 'static) {
    std::panic::panic_any(payload);
}
