//! An event as `GET /events` and `GET /traces/{traceId}` show it.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::{EventBody, Facts, Row};

/// The service's event document. Required fields are always there, absent ones are left out, and
/// JSON the client sent goes back as the text it was.
#[derive(Debug)]
pub(crate) struct EventView {
    row: Row,
    body: EventBody,
    facts: Facts,
}

impl EventView {
    pub(crate) fn from_row(row: Row) -> Option<Self> {
        let (body, facts) = row.read()?;
        Some(Self { row, body, facts })
    }
}

impl Serialize for EventView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { row, body, facts } = self;
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in [
            ("orgId", facts.org_id.as_str()),
            ("eventId", &row.event_id),
            ("appId", &row.app_id),
            ("channelId", &body.channel_id),
            ("eventType", &body.event_type),
            ("source", &row.source),
            ("createdAt", &row.created_at.to_string()),
            ("occurredAt", &facts.occurred_at.to_string()),
            // The contract has no field for the identifier; the operation's name is where it shows.
            ("operationName", &body.identifier),
        ] {
            map.serialize_entry(name, text)?;
        }
        map.serialize_entry("payloadSpilled", &false)?;

        for (name, text) in [
            ("environmentId", facts.environment_id.as_deref()),
            ("agentId", body.agent_id.as_deref()),
            ("agentName", facts.agent_name.as_deref()),
            ("traceId", body.trace_id.as_deref()),
            ("spanId", body.span_id.as_deref()),
            ("parentSpanId", body.parent_span_id.as_deref()),
            ("sessionId", facts.session_id.as_deref()),
            ("userId", facts.user_id.as_deref()),
            ("status", facts.status.as_deref()),
            ("semanticKind", facts.semantic_kind),
            ("serviceName", facts.service_name.as_deref()),
            ("toolName", facts.tool_name.as_deref()),
            ("providerName", facts.provider_name.as_deref()),
            ("requestModel", facts.request_model.as_deref()),
            ("responseModel", facts.response_model.as_deref()),
            ("finishReason", facts.finish_reason.as_deref()),
            ("errorType", facts.error_type.as_deref()),
            ("errorMessage", facts.error_message.as_deref()),
        ] {
            entry(&mut map, name, text)?;
        }
        for (name, count) in [
            ("inputTokens", facts.input_tokens),
            ("outputTokens", facts.output_tokens),
            ("totalTokens", facts.total_tokens),
            ("reasoningTokens", facts.reasoning_tokens),
            ("cacheReadTokens", facts.cache_read_tokens),
            ("cacheWriteTokens", facts.cache_write_tokens),
        ] {
            entry(&mut map, name, count)?;
        }
        entry(&mut map, "costUsd", facts.cost_usd)?;
        entry(&mut map, "durationMs", facts.duration_ms)?;
        entry(&mut map, "ttftMs", facts.ttft_ms)?;

        map.serialize_entry("payload", &body.payload_text)?;
        entry(&mut map, "metadata", body.metadata_text.as_ref())?;
        // What is stored was text, and was parsed once already, so this cannot fail; without its parts it still is a document.
        let text = body.payload_text.as_ref().map_or("{}", |text| text.get());
        let parts: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
        entry(&mut map, "attributes", parts.get("attributes"))?;
        entry(&mut map, "resourceAttributes", parts.get("resource"))?;
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(map: &mut M, name: &'static str, value: Option<T>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}
