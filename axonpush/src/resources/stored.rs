//! An event as the server keeps it.

use serde_json::Value;

use super::read::models;
use crate::event::{AgentId, AppId, ChannelId, EnvironmentId, EventId, EventType, SpanId, TraceId};

models! {
    /// An event as the server keeps it.
    StoredEvent in "events" {
        /// The server's id of the event.
        event_id: EventId = "eventId" | "id",
        /// The organization.
        org_id: String = "orgId",
        /// The application.
        app_id: AppId = "appId",
        /// The channel.
        channel_id: ChannelId = "channelId" | "channel_id",
        /// The environment.
        environment_id: Option<EnvironmentId> = "environmentId",
        /// Its type.
        event_type: EventType = "eventType",
        /// `app`, `sentry` or `otlp`.
        source: String = "source",
        /// When the server took it in, RFC 3339.
        created_at: String = "createdAt",
        /// When it happened, RFC 3339.
        occurred_at: String = "occurredAt",
        /// The identifier it was published under.
        operation_name: Option<String> = "operationName" | "identifier",
        /// The agent it speaks for.
        agent_id: Option<AgentId> = "agentId",
        /// That agent's name.
        agent_name: Option<String> = "agentName",
        /// Its trace.
        trace_id: Option<TraceId> = "traceId",
        /// Its span.
        span_id: Option<SpanId> = "spanId",
        /// The parent of that span.
        parent_span_id: Option<SpanId> = "parentSpanId",
        /// The session.
        session_id: Option<String> = "sessionId",
        /// The user.
        user_id: Option<String> = "userId",
        /// How it ended, in the server's words.
        status: Option<String> = "status",
        /// `agent`, `tool`, `llm`, `retriever`, `db`, `http` or `log`.
        semantic_kind: Option<String> = "semanticKind",
        /// The service that published it.
        service_name: Option<String> = "serviceName",
        /// The tool that was called.
        tool_name: Option<String> = "toolName",
        /// The provider of the model that was called.
        provider_name: Option<String> = "providerName",
        /// The model that was asked for.
        request_model: Option<String> = "requestModel",
        /// The model that answered.
        response_model: Option<String> = "responseModel",
        /// Why it stopped.
        finish_reason: Option<String> = "finishReason",
        /// The tokens it read.
        input_tokens: Option<u64> = "inputTokens",
        /// The tokens it wrote.
        output_tokens: Option<u64> = "outputTokens",
        /// Those of them that it thought with.
        reasoning_tokens: Option<u64> = "reasoningTokens",
        /// The tokens it found in its cache.
        cache_read_tokens: Option<u64> = "cacheReadTokens",
        /// The tokens it put there.
        cache_write_tokens: Option<u64> = "cacheWriteTokens",
        /// All tokens.
        total_tokens: Option<u64> = "totalTokens",
        /// What that cost, in US dollars.
        cost_usd: Option<f64> = "costUsd",
        /// How the cost is known.
        cost_source: Option<String> = "costSource",
        /// How long its first token took, in milliseconds.
        ttft_ms: Option<f64> = "ttftMs",
        /// The type of the error it reports.
        error_type: Option<String> = "errorType",
        /// That error's message.
        error_message: Option<String> = "errorMessage",
        /// How long it took, in milliseconds.
        duration_ms: Option<f64> = "durationMs",
        /// The payload.
        payload: Value = "payload",
        /// The metadata.
        metadata: Value = "metadata",
        /// The payload's attributes.
        attributes: Value = "attributes",
        /// The payload's resource.
        resource_attributes: Value = "resourceAttributes",
        /// Whether the payload is stored elsewhere.
        payload_spilled: bool = "payloadSpilled",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::read::Field;

    fn read(event: Value) -> StoredEvent {
        StoredEvent::of(event).unwrap_or_default()
    }

    #[test]
    fn where_a_field_has_two_names_both_may_be_there() {
        let event = read(json!({
            "eventId": "e1", "id": 17, "operationName": "op", "identifier": "other",
            "channelId": "", "channel_id": 7, "payload": {"42": 42.5}, "new": [1],
        }));
        assert_eq!((event.event_id.as_str(), event.channel_id.as_str()), ("e1", "7"));
        assert_eq!((event.operation_name.as_deref(), &event.payload), (Some("op"), &json!({"42": 42.5})));
    }

    #[test]
    fn fields_of_another_type_are_read_as_text_or_count_as_left_out() {
        let event = read(json!({
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
            assert_eq!(read(odd), StoredEvent::default());
        }
    }
}
