//! The event a test looks at.

use std::time::SystemTime;

use bytes::Bytes;
use serde_json::Value;

use super::Row;
use crate::requests::find_header;

/// One event the server accepted: its fields, and exactly what brought it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredEvent {
    /// The id the server gave it, a UUID.
    pub event_id: String,
    /// The operation's name.
    pub identifier: String,
    /// The type; `custom` when none was sent.
    pub event_type: String,
    /// The channel; `default` when none was sent.
    pub channel_id: String,
    /// The organization: the `x-tenant-id` header, else `org_dev`.
    pub org_id: String,
    /// The app the channel belongs to; `app_dev` when nobody created one.
    pub app_id: String,
    /// The door it came through: `app` for `POST /event`, `otlp` for OpenTelemetry's protocol.
    pub source: String,
    /// The environment's slug: the `X-Axonpush-Environment` header, else what the resource says.
    pub environment_id: Option<String>,
    /// The agent that published it.
    pub agent_id: Option<String>,
    /// The trace it belongs to, exactly as sent.
    pub trace_id: Option<String>,
    /// Its own span.
    pub span_id: Option<String>,
    /// The span it was caused by.
    pub parent_span_id: Option<String>,
    /// The payload, always a JSON object.
    pub payload: Value,
    /// The metadata, a JSON object when there is any.
    pub metadata: Option<Value>,
    /// The key by which repeats are recognized; OTLP carries it in the attribute
    /// `axonpush.dedup_key`.
    pub dedup_key: Option<String>,
    /// When it arrived.
    pub created_at: SystemTime,
    /// When it happened: the time it was sent with, else [`created_at`](Self::created_at).
    pub occurred_at: SystemTime,
    /// The exact bytes of the request's body. A record that came over OTLP shared its request with
    /// others, so for it this is the event it became, as `POST /event` would have brought it.
    pub body: Bytes,
    /// The headers of the request in the order they came: the name in lower case, and the value.
    /// Values of headers that carry credentials are masked.
    pub headers: Vec<(String, String)>,
}

impl StoredEvent {
    /// An entry of `payload.attributes`. Dots in `name` are plain characters, not a path.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.payload.get("attributes")?.get(name)
    }

    /// An entry of `payload.resource`. Dots in `name` are plain characters, not a path.
    pub fn resource(&self, name: &str) -> Option<&Value> {
        self.payload.get("resource")?.get(name)
    }

    /// The first value of the header `name`, which is compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    pub(crate) fn from_row(row: Row) -> Option<Self> {
        let (body, facts) = row.read()?;
        Some(Self {
            event_id: row.event_id,
            identifier: body.identifier,
            event_type: body.event_type,
            channel_id: body.channel_id,
            org_id: facts.org_id,
            app_id: row.app_id,
            source: row.source,
            environment_id: facts.environment_id,
            agent_id: body.agent_id,
            trace_id: body.trace_id,
            span_id: body.span_id,
            parent_span_id: body.parent_span_id,
            payload: Value::Object(body.payload),
            metadata: body.metadata.map(Value::Object),
            dedup_key: body.dedup_key,
            created_at: row.created_at.into(),
            occurred_at: facts.occurred_at.into(),
            body: row.body,
            headers: row.headers,
        })
    }
}
