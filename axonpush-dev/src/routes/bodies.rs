//! The fields of every body, as the contract has them.

use super::shape::{FILLED, Field, NAMED, Shape, TEXT, needed, optional};

pub(super) const NAME: &[Field] = &[needed("name", NAMED)];

pub(super) const EVENT: &[Field] = &[
    needed("identifier", Shape::Words),
    needed("payload", Shape::Object),
    optional("channel_id", Shape::Words),
    optional("eventType", Shape::Words),
    optional("agentId", Shape::Words),
    optional("traceId", Shape::Words),
    optional("spanId", Shape::Words),
    optional("parentSpanId", Shape::Words),
    optional("dedupKey", Shape::Words),
    optional("metadata", Shape::Object),
    optional("occurredAt", Shape::Time),
    optional("sync", Shape::Boolean),
];

pub(super) const APP_CHANGE: &[Field] =
    &[needed("name", NAMED), optional("defaultBranch", TEXT), optional("repoUrl", TEXT)];

pub(super) const OLD_CHANNEL: &[Field] = &[needed("name", NAMED), needed("appId", FILLED)];

pub(super) const ENVIRONMENT: &[Field] = &[
    needed("name", NAMED),
    optional("slug", NAMED),
    optional("color", COLOR),
    optional("isProduction", Shape::Boolean),
    optional("isDefault", Shape::Boolean),
];

pub(super) const ENVIRONMENT_CHANGE: &[Field] =
    &[optional("name", NAMED), optional("color", COLOR), optional("isProduction", Shape::Boolean)];

pub(super) const ENDPOINT: &[Field] = &[
    needed("url", Shape::Text(1, 2_048)),
    needed("channelId", FILLED),
    optional("eventTypes", Shape::Texts),
    optional("description", Shape::Text(0, 500)),
];

pub(super) const TOKEN: &[Field] =
    &[needed("name", Shape::Text(1, 60)), needed("channelId", FILLED), needed("environmentId", FILLED)];

pub(super) const PROFILE: &[Field] =
    &[optional("firstName", Shape::Text(0, 120)), optional("lastName", Shape::Text(0, 120))];

pub(super) const ACTIVE_ORGANIZATION: &[Field] = &[needed("orgId", FILLED)];

pub(super) const ORGANIZATION: &[Field] = &[optional("name", NAMED), optional("description", Shape::Text(0, 500))];

pub(super) const ROLE: &[Field] = &[needed("role", ROLES)];

pub(super) const INVITATION: &[Field] = &[needed("invitedEmail", Shape::Text(1, 320)), needed("role", ROLES)];

pub(super) const ACCEPTANCE: &[Field] = &[needed("code", FILLED)];

pub(super) const TRANSFER: &[Field] = &[needed("userId", FILLED)];

pub(super) const TRIAGE: &[Field] = &[
    needed("action", Shape::Choice(&["resolve", "unresolve", "ignore", "mute", "assign"])),
    optional("assignee", Shape::Text(0, 120)),
    optional("resolvedInRelease", TEXT),
    optional("snoozeUntil", Shape::Time),
    optional("snoozeUntilCount", Shape::Integer(1, u32::MAX as u64)),
    optional("snoozeUntilUsers", Shape::Integer(1, u32::MAX as u64)),
];

pub(super) const DIFF: &[Field] = &[
    needed("selection", Shape::Part(COHORT)),
    needed("baseline", Shape::Part(COHORT)),
    optional("keys", Shape::Texts),
    optional("limit", Shape::Integer(1, 20)),
];

const COHORT: &[Field] = &[
    optional("since", Shape::Time),
    optional("until", Shape::Time),
    optional("errorsOnly", Shape::Boolean),
    optional("minDurationMs", Shape::Number),
    optional("maxDurationMs", Shape::Number),
    optional("source", TEXT),
    optional("model", TEXT),
    optional("provider", TEXT),
    optional("app", TEXT),
    optional("channel", TEXT),
    optional("environment", TEXT),
    optional("apiKey", TEXT),
    optional("user", TEXT),
    optional("service", TEXT),
    optional("operation", TEXT),
    optional("errorType", TEXT),
    optional("filterTagKey", TEXT),
    optional("filterTagValue", TEXT),
];

pub(super) const ALERT: &[Field] = &[
    needed("name", NAMED),
    needed("metric", Shape::Choice(&["error_count", "error_rate", "latency_ms", "cost_usd", "lifecycle_open"])),
    needed("operator", Shape::Choice(&["gt", "gte", "lt", "lte"])),
    needed("threshold", Shape::Number),
    needed("destinationType", Shape::Choice(&["email", "webhook"])),
    needed("destination", FILLED),
    optional("enabled", Shape::Boolean),
    optional("appId", TEXT),
    optional("environmentId", TEXT),
    optional("model", TEXT),
    optional("release", TEXT),
    optional("service", TEXT),
];

pub(super) const DASHBOARD: &[Field] = &[
    needed("name", NAMED),
    needed("spec", Shape::Part(&[needed("widgets", Shape::Parts(WIDGET))])),
    optional("description", TEXT),
];

const WIDGET: &[Field] = &[
    needed("type", Shape::Choice(&["kpi", "timeseries", "breakdown", "latency"])),
    optional("dimension", TEXT),
    optional("limit", Shape::Integer(1, 500)),
    optional("metric", TEXT),
    optional("scope", Shape::Object),
    optional("tagKey", TEXT),
    optional("title", TEXT),
];

pub(super) const FEEDBACK: &[Field] = &[
    needed("message", FILLED),
    optional("category", Shape::Choice(&["bug", "idea", "other", "praise"])),
    optional("context", Shape::Object),
];

pub(super) const ACCESS_REQUEST: &[Field] = &[
    needed("email", Shape::Text(1, 320)),
    needed("company", NAMED),
    needed("useCase", FILLED),
    optional("name", NAMED),
];

pub(super) const RULE: &[Field] = &[
    needed("name", NAMED),
    needed("detector", FILLED),
    needed("action", Shape::Choice(&["allow", "block", "flag", "redact"])),
    optional("pattern", TEXT),
    optional("target", Shape::Choice(&["request", "response", "tool_call"])),
];

pub(super) const GOVERN_POLICY: &[Field] = &[
    needed("name", NAMED),
    needed("rules", Shape::Part(GOVERN_RULES)),
    optional("enabled", Shape::Boolean),
    optional("enforcement", Shape::Choice(&["", "block", "enforce", "warn"])),
    optional("apiKeyId", TEXT),
    optional("appId", TEXT),
    optional("environmentId", TEXT),
    optional("model", TEXT),
    optional("provider", TEXT),
    optional("userId", TEXT),
];

const GOVERN_RULES: &[Field] = &[
    optional("allowedModels", Shape::Texts),
    optional("allowedTools", Shape::Texts),
    optional("deniedTools", Shape::Texts),
    optional("defaultModel", TEXT),
    optional("maxTokens", Shape::Integer(0, u32::MAX as u64)),
    optional("reasoningEffortCap", TEXT),
    optional("reasoningTokensCap", Shape::Integer(0, u32::MAX as u64)),
    optional("requireSafetyIdentifier", Shape::Boolean),
    optional("requireStructuredOutput", Shape::Boolean),
    optional("serviceTier", TEXT),
    optional("temperatureMax", Shape::Number),
];

pub(super) const SPEND_POLICY: &[Field] = &[
    needed("name", NAMED),
    needed("limitUsd", Shape::Number),
    needed("windowType", Shape::Choice(&["cumulative", "daily", "monthly", "weekly"])),
    needed("rungs", Shape::Parts(RUNG)),
    optional("cooldownMins", Shape::Integer(0, u32::MAX as u64)),
    optional("destination", TEXT),
    optional("destinationType", Shape::Choice(&["", "email", "webhook"])),
    optional("enabled", Shape::Boolean),
    optional("apiKeyId", TEXT),
    optional("appId", TEXT),
    optional("environmentId", TEXT),
    optional("model", TEXT),
    optional("provider", TEXT),
    optional("tagKey", TEXT),
    optional("tagValue", TEXT),
    optional("userId", TEXT),
];

const RUNG: &[Field] = &[
    needed("action", FILLED),
    needed("at_percent", Shape::Integer(0, 1_000)),
    optional("block_mode", TEXT),
    optional("fallback_model", TEXT),
];

pub(super) const DESTINATION: &[Field] = &[
    needed("name", NAMED),
    needed("envSlug", FILLED),
    needed("endpointUrl", FILLED),
    needed("signals", SIGNALS),
    optional("headers", Shape::Object),
    optional("eventTypeFilter", Shape::Texts),
    optional("serviceName", TEXT),
];

pub(super) const DESTINATION_CHANGE: &[Field] = &[
    optional("name", NAMED),
    optional("endpointUrl", FILLED),
    optional("signals", SIGNALS),
    optional("headers", Shape::Object),
    optional("eventTypeFilter", Shape::Texts),
    optional("serviceName", TEXT),
    optional("active", Shape::Boolean),
];

pub(super) const FAULTS: &[Field] = &[
    optional("latencyMs", Shape::Integer(0, 60_000)),
    optional("fail", Shape::Text(1, 64)),
    optional("rateLimit", Shape::Integer(0, u32::MAX as u64)),
];

const COLOR: Shape = Shape::Text(0, 32);
const ROLES: Shape = Shape::Choice(&["user", "admin", "owner"]);
const SIGNALS: Shape = Shape::Choices(&["logs", "traces"]);
