//! An event as the server keeps it.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::event::{
    AgentId, AppId, ChannelId, EnvironmentId, EventId, EventType, SpanId, TraceId,
    json::read::{first_text, is_yes, text},
};

/// An event as the server keeps it.
///
/// Fields the server left out, or that hold something else than they should, are empty, `None` or `Value::Null`;
/// fields this version does not know are ignored. A number or boolean where text should be is read as text.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct StoredEvent {
    /// The server's id of the event.
    pub event_id: EventId,
    /// The organization.
    pub org_id: String,
    /// The application.
    pub app_id: AppId,
    /// The channel.
    pub channel_id: ChannelId,
    /// The environment.
    pub environment_id: Option<EnvironmentId>,
    /// Its type.
    pub event_type: EventType,
    /// `app`, `sentry` or `otlp`.
    pub source: String,
    /// When the server took it in, RFC 3339.
    pub created_at: String,
    /// When it happened, RFC 3339.
    pub occurred_at: String,
    /// The identifier it was published under.
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
    pub payload_spilled: bool,
}

impl StoredEvent {
    /// Reads what is readable. Servers of every era are understood, and supersets of several: where a field has two
    /// names, the newer one counts unless it is empty.
    pub(super) fn read(event: Value) -> Self {
        let mut fields = match event {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let json = ["payload", "metadata", "attributes", "resourceAttributes"]
            .map(|name| fields.remove(name).unwrap_or_default());
        let [payload, metadata, attributes, resource_attributes] = json;
        let text = |names: &[&str]| first_text(&fields, names);
        Self {
            event_id: id(text(&["eventId", "id"])).unwrap_or_default(),
            org_id: text(&["orgId"]).unwrap_or_default(),
            app_id: id(text(&["appId"])).unwrap_or_default(),
            channel_id: id(text(&["channelId", "channel_id"])).unwrap_or_default(),
            environment_id: id(text(&["environmentId"])),
            event_type: id(text(&["eventType"])).unwrap_or_default(),
            source: text(&["source"]).unwrap_or_default(),
            created_at: text(&["createdAt"]).unwrap_or_default(),
            occurred_at: text(&["occurredAt"]).unwrap_or_default(),
            operation_name: text(&["operationName", "identifier"]),
            agent_id: id(text(&["agentId"])),
            agent_name: text(&["agentName"]),
            trace_id: id(text(&["traceId"])),
            span_id: id(text(&["spanId"])),
            parent_span_id: id(text(&["parentSpanId"])),
            session_id: text(&["sessionId"]),
            user_id: text(&["userId"]),
            status: text(&["status"]),
            semantic_kind: text(&["semanticKind"]),
            service_name: text(&["serviceName"]),
            tool_name: text(&["toolName"]),
            error_type: text(&["errorType"]),
            error_message: text(&["errorMessage"]),
            duration_ms: fields.get("durationMs").and_then(number),
            payload,
            metadata,
            attributes,
            resource_attributes,
            payload_spilled: fields.get("payloadSpilled").is_some_and(is_yes),
        }
    }
}

impl<'de> Deserialize<'de> for StoredEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::read)
    }
}

fn id<T: From<String>>(text: Option<String>) -> Option<T> {
    text.map(T::from)
}

fn number(value: &Value) -> Option<f64> {
    text(value)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn where_a_field_has_two_names_both_may_be_there() {
        let event = StoredEvent::read(json!({
            "eventId": "e1", "id": 17, "operationName": "op", "identifier": "other",
            "channelId": "", "channel_id": 7, "payload": {"42": 42.5}, "new": [1],
        }));
        assert_eq!((event.event_id.as_str(), event.channel_id.as_str()), ("e1", "7"));
        assert_eq!((event.operation_name.as_deref(), &event.payload), (Some("op"), &json!({"42": 42.5})));
    }

    #[test]
    fn fields_of_another_type_are_read_as_text_or_count_as_left_out() {
        let event = StoredEvent::read(json!({
            "eventId": 17, "orgId": 1, "status": 200, "userId": true, "sessionId": {"a": 1}, "traceId": [],
            "durationMs": "2.5", "payloadSpilled": 1, "createdAt": null, "eventType": 5, "metadata": "text",
        }));
        let expected = StoredEvent {
            event_id: "17".into(),
            org_id: "1".to_owned(),
            status: Some("200".to_owned()),
            user_id: Some("true".to_owned()),
            duration_ms: Some(2.5),
            payload_spilled: true,
            event_type: "5".into(),
            metadata: json!("text"),
            ..StoredEvent::default()
        };
        assert_eq!(event, expected);
        for odd in [json!(null), json!("x"), json!([1])] {
            assert_eq!(StoredEvent::read(odd), StoredEvent::default());
        }
    }
}
