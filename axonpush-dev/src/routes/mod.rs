//! The routes, one file for each thing they are about.

mod events;
mod health;
mod otlp;
mod publish;
mod query;
mod scripted;
mod traces;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::intake::Shared;
use crate::otlp::{LogRecord, Span};
use crate::problem::Problem;

pub(crate) use scripted::CloseConnection;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(health::welcome))
        .route("/healthz", get(health::healthz))
        .route("/event", post(publish::publish))
        .route(otlp::LOGS, post(otlp::ingest::<LogRecord>))
        .route(otlp::TRACES, post(otlp::ingest::<Span>))
        .route("/events", get(events::list))
        .route("/traces", get(traces::list))
        .route("/traces/{trace_id}", get(traces::detail))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no such route; check the path"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "the route exists, but not with this method")
        })
        .with_state(shared)
}

/// Whether `path` takes batches, which may be larger than single events.
pub(crate) fn is_otlp(path: &str) -> bool {
    path == otlp::LOGS || path == otlp::TRACES
}

/// A 200 with a JSON document.
fn json(document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(body) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response(),
        Err(_) => Problem::internal().into_response(),
    }
}

/// Does `work` on another thread: it may take long, and the server has one thread for everybody.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())
}
