//! An event as the server keeps it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::event::{AgentId, AppId, ChannelId, EnvironmentId, EventId, EventType, SpanId, TraceId};

/// An event as the server keeps it.
///
/// Fields the server left out are empty, `None` or `Value::Null`; fields this version does not know are ignored.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct StoredEvent {
    /// The server's id of the event.
    #[serde(alias = "id", deserialize_with = "null_as_default")]
    pub event_id: EventId,
    /// The organization.
    #[serde(deserialize_with = "null_as_default")]
    pub org_id: String,
    /// The application.
    #[serde(deserialize_with = "null_as_default")]
    pub app_id: AppId,
    /// The channel.
    #[serde(alias = "channel_id", deserialize_with = "null_as_default")]
    pub channel_id: ChannelId,
    /// The environment.
    pub environment_id: Option<EnvironmentId>,
    /// Its type.
    #[serde(deserialize_with = "null_as_default")]
    pub event_type: EventType,
    /// `app`, `sentry` or `otlp`.
    #[serde(deserialize_with = "null_as_default")]
    pub source: String,
    /// When the server took it in, RFC 3339.
    #[serde(deserialize_with = "null_as_default")]
    pub created_at: String,
    /// When it happened, RFC 3339.
    #[serde(deserialize_with = "null_as_default")]
    pub occurred_at: String,
    /// The identifier it was published under.
    #[serde(alias = "identifier")]
    pub operation_name: Option<String>,
    /// The agent it speaks for.
    pub agent_id: Option<AgentId>,
    /// That agent's name.
    pub agent_name: Option<String>,
    /// Its trace.
    pub trace_id: Option<TraceId>,
    /// Its span.
    pub span_id: Option<SpanId>,
    /// The parent of that span.
    pub parent_span_id: Option<SpanId>,
    /// The session.
    pub session_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// How it ended, in the server's words.
    pub status: Option<String>,
    /// `agent`, `tool`, `llm`, `retriever`, `db`, `http` or `log`.
    pub semantic_kind: Option<String>,
    /// The service that published it.
    pub service_name: Option<String>,
    /// The tool that was called.
    pub tool_name: Option<String>,
    /// The type of the error it reports.
    pub error_type: Option<String>,
    /// That error's message.
    pub error_message: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// The payload.
    pub payload: Value,
    /// The metadata.
    pub metadata: Value,
    /// The payload's attributes.
    pub attributes: Value,
    /// The payload's resource.
    pub resource_attributes: Value,
    /// Whether the payload is stored elsewhere.
    #[serde(deserialize_with = "null_as_default")]
    pub payload_spilled: bool,
}

fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
