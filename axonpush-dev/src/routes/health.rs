//! `GET /` and `GET /healthz`: the two routes that need no key.

use axum::response::Response;
use serde_json::json;

pub(super) async fn healthz() -> Response {
    super::json(&json!({"status": "ok", "service": "api", "version": env!("CARGO_PKG_VERSION")}))
}

pub(super) async fn welcome() -> &'static str {
    WELCOME
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
