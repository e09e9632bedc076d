//! What a delivery says.

use serde_json::Value;

use crate::{
    event::{AgentId, ChannelId, EventId, EventType, SpanId, TraceId},
    resources::models,
};

models! {
    /// An event, as it is delivered to a webhook endpoint.
    WebhookEvent {
        /// The server's id of the event: what deliveries of one event have in common.
        event_id: EventId = "eventId" | "id",
        /// What it was published under.
        identifier: String = "identifier" | "operationName",
        /// Its type.
        event_type: EventType = "eventType",
        /// The channel.
        channel_id: ChannelId = "channelId" | "channel_id",
        /// The agent it speaks for.
        agent_id: Option<AgentId> = "agentId",
        /// Its trace.
        trace_id: Option<TraceId> = "traceId",
        /// Its span.
        span_id: Option<SpanId> = "spanId",
        /// The payload.
        payload: Value = "payload",
        /// The metadata.
        metadata: Value = "metadata",
        /// When the server took it in.
        created_at: String = "createdAt",
    }
}
