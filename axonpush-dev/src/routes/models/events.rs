//! Events and traces.

use super::{Model, Of, always, sometimes};

pub(in super::super) const RECEIPT: Model =
    Model::new("Receipt", &[always("eventId", Of::Text), always("id", Of::Text), always("status", Of::Text)]);

pub(in super::super) const EVENT: Model = Model::new(
    "Event",
    &[
        always("eventId", Of::Text),
        always("orgId", Of::Text),
        always("appId", Of::Text),
        always("channelId", Of::Text),
        always("eventType", Of::Text),
        always("source", Of::Text),
        always("operationName", Of::Text),
        always("createdAt", Of::Time),
        always("occurredAt", Of::Time),
        always("payload", Of::Object),
        always("payloadSpilled", Of::Boolean),
        sometimes("metadata", Of::Object),
        sometimes("attributes", Of::Anything),
        sometimes("resourceAttributes", Of::Anything),
        sometimes("environmentId", Of::Text),
        sometimes("agentId", Of::Text),
        sometimes("agentName", Of::Text),
        sometimes("traceId", Of::Text),
        sometimes("spanId", Of::Text),
        sometimes("parentSpanId", Of::Text),
        sometimes("sessionId", Of::Text),
        sometimes("userId", Of::Text),
        sometimes("status", Of::Text),
        sometimes("semanticKind", Of::Text),
        sometimes("serviceName", Of::Text),
        sometimes("toolName", Of::Text),
        sometimes("providerName", Of::Text),
        sometimes("requestModel", Of::Text),
        sometimes("responseModel", Of::Text),
        sometimes("finishReason", Of::Text),
        sometimes("errorType", Of::Text),
        sometimes("errorMessage", Of::Text),
        sometimes("inputTokens", Of::Integer),
        sometimes("outputTokens", Of::Integer),
        sometimes("totalTokens", Of::Integer),
        sometimes("reasoningTokens", Of::Integer),
        sometimes("cacheReadTokens", Of::Integer),
        sometimes("cacheWriteTokens", Of::Integer),
        sometimes("costUsd", Of::Number),
        sometimes("durationMs", Of::Number),
        sometimes("ttftMs", Of::Number),
    ],
);

pub(in super::super) const EVENTS: Model = Model::new("Events", &[always("events", Of::Each(&EVENT))]);

const TRACE: Model = Model::new(
    "Trace",
    &[
        always("traceId", Of::Text),
        always("startedAt", Of::Time),
        always("endedAt", Of::Time),
        always("durationMs", Of::Number),
        always("rootSpanName", Of::Text),
        always("serviceName", Of::Text),
        always("environment", Of::Text),
        always("release", Of::Text),
        always("sessionId", Of::Text),
        always("customer", Of::Text),
        always("workflow", Of::Text),
        always("outcome", Of::Choice(&["ok", "error"])),
        always("firstErrorType", Of::Text),
        always("spanCount", Of::Integer),
        always("errorCount", Of::Integer),
        always("totalTokens", Of::Integer),
        always("costUsd", Of::Number),
        always("providers", Of::Texts),
        always("models", Of::Texts),
    ],
);

pub(in super::super) const TRACES: Model = Model::new("Traces", &[always("traces", Of::Each(&TRACE))]);

pub(in super::super) const TRACE_DETAIL: Model =
    Model::new("TraceDetail", &[always("traceId", Of::Text), always("spans", Of::Each(&EVENT))]);

/// 64-bit integers are text in OTLP's JSON.
pub(in super::super) const LOGS_STORED: Model = Model::new(
    "LogsStored",
    &[sometimes("partialSuccess", Of::One(&Model::new("LogsRefused", &[always("rejectedLogRecords", Of::Text), WHY])))],
);

pub(in super::super) const SPANS_STORED: Model = Model::new(
    "SpansStored",
    &[sometimes("partialSuccess", Of::One(&Model::new("SpansRefused", &[always("rejectedSpans", Of::Text), WHY])))],
);

const WHY: super::Property = always("errorMessage", Of::Text);

pub(in super::super) const SENTRY_STORED: Model = Model::new("SentryStored", &[always("id", Of::Text)]);

const DECISION: Model = Model::new(
    "Decision",
    &[
        always("eventType", Of::Text),
        always("occurredAt", Of::Time),
        always("appId", Of::Text),
        always("semanticKind", Of::Choice(&["agent", "tool", "llm"])),
        always("costUsd", Of::Number),
        sometimes("model", Of::Text),
        sometimes("provider", Of::Text),
        sometimes("toolName", Of::Text),
        sometimes("status", Of::Text),
        sometimes("traceId", Of::Text),
        sometimes("spanId", Of::Text),
        sometimes("parentSpanId", Of::Text),
    ],
);

pub(in super::super) const DECISIONS: Model = Model::new("Decisions", &[always("decisions", Of::Each(&DECISION))]);
