//! `GET /` and `GET /healthz`: the two routes that need no key.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde_json::json;

use crate::page;

pub(super) async fn healthz() -> Response {
    super::json(&json!({"status": "ok", "service": "api", "version": env!("CARGO_PKG_VERSION")}))
}

/// The page for a browser, and a few lines of text for everybody else.
pub(super) async fn welcome(headers: HeaderMap) -> Response {
    page::front(&headers).unwrap_or_else(|| WELCOME.into_response())
}

const WELCOME: &str = "This is a local AxonPush server.

Point a client at it:
  AXONPUSH_BASE_URL = this address
  AXONPUSH_API_KEY  = ak_dev (any key will do)

POST /event           publish
POST /v1/logs         OpenTelemetry's log records, with X-Axonpush-Channel
POST /v1/traces       OpenTelemetry's spans, likewise
GET  /events          what was published, newest first
GET  /events/stream   the same, as it arrives
GET  /traces          the same, by trace
GET  /healthz         is it up?
";
