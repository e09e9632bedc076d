//! The parameters of every query, as the contract has them.

use super::parameter::{Declared, Parameter, choice, integer, named, of, text, time};
use super::shape::Shape;

pub(super) const EVENT_LIST: Declared = &[WINDOW, LIMIT, EVENTS, SEARCH];

pub(super) const OLDER_EVENTS: Declared = &[
    WINDOW,
    LIMIT,
    EVENTS,
    SEARCH,
    &[text("before")
        .about("The id of the last event of an earlier answer, to be sent along with when it arrived as `until`. That moment counts, too, then.")],
];

pub(super) const EVENT_STREAM: Declared = &[
    EVENTS,
    SEARCH,
    &[integer("lastEventId", 0, i64::MAX as u64)
        .about("The last event that was seen; the stream goes on after it. It wins over the header `last-event-id`.")],
];

pub(super) const TRACE_LIST: Declared = &[
    WINDOW,
    LIMIT,
    &named(&TRACE_FILTERS, Shape::Texts),
    &[
        integer("offset", 0, u32::MAX as u64).usually("0"),
        text("q").about("Text that an event of the trace contains, in whatever case."),
        of("errorsOnly", Shape::Boolean).usually("false"),
        of("minDurationMs", Shape::Number),
        choice("sort", &["last_seen_desc", "last_seen_asc", "duration_desc", "cost_desc", "tokens_desc"]),
    ],
];

pub(super) const INGESTION_STATUS: Declared = &[&[ENVIRONMENT]];

pub(super) const TIMESERIES: Declared = &[WINDOW, BUCKET, COHORT, COHORT_MORE];

pub(super) const BREAKDOWN: Declared =
    &[WINDOW, LIMIT, &[choice("dimension", &DIMENSIONS).usually("model"), TAG_KEY], COHORT, COHORT_MORE];

pub(super) const LATENCY: Declared = &[WINDOW, COHORT, COHORT_MORE];

pub(super) const OVERVIEW: Declared = &[
    WINDOW,
    LIMIT,
    BUCKET,
    &[of("dimensions", Shape::Choices(&DIMENSIONS)).usually("model,provider,status"), TAG_KEY],
    COHORT,
    COHORT_MORE,
];

pub(super) const HEATMAP: Declared = &[
    WINDOW,
    &[
        choice("bucket", &["hour", "day", "minute"]),
        integer("buckets", 1, 100).usually("25").about("How many bands the durations are sorted into."),
        choice("scale", &["log", "linear"]),
    ],
    COHORT,
    COHORT_MORE,
];

pub(super) const DIMENSION_LIST: Declared = &[LIMIT, &[ENVIRONMENT]];

pub(super) const DIMENSION_VALUES: Declared =
    &[&[text("key").about("The name of the attribute.").needed(), ENVIRONMENT], LIMIT];

pub(super) const ISSUE_LIST: Declared = &[
    WINDOW,
    LIMIT,
    &[
        choice("status", &["unresolved", "resolved", "ignored", "muted", "all"]),
        text("service"),
        text("assignee"),
        text("q").about("Text that the type, the message or the operation of the failure contains, in whatever case."),
    ],
];

pub(super) const ISSUE: Declared =
    &[&[time("since").about("Without it, since the failure was first seen."), time("until")]];

pub(super) const ISSUE_EVENTS: Declared = &[&[time("before"), time("after")], LIMIT];

pub(super) const OCCURRENCES: Declared = &[LIMIT];

pub(super) const DESTINATIONS: Declared = &[&[text("envSlug")]];

pub(super) const AUDIT_LOGS: Declared =
    &[LIMIT, &[time("before"), text("action"), text("resourceType"), text("source")]];

pub(super) const AUDIT_TRAIL: Declared = &[WINDOW, &[integer("limit", 1, 10_000).usually("1000"), text("traceId")]];

/// It stands in the address of Sentry's SDKs, and in the document it is a way to say who one is.
pub(super) const SENTRY: Declared = &[&[text("sentry_key")]];

/// What events can be told apart by. `apiKey` is missing: keys are not kept.
pub(super) const DIMENSIONS: [&str; 16] = [
    "agent",
    "app",
    "channel",
    "errorType",
    "eventType",
    "finishReason",
    "model",
    "operation",
    "provider",
    "semanticKind",
    "service",
    "source",
    "status",
    "tag",
    "tool",
    "user",
];

/// Parameters that are compared for equality, and the column each is compared with.
pub(super) const EVENT_FILTERS: [(&str, &str); 14] = [
    ("appId", "app_id"),
    ("channelId", "channel_id"),
    ("environmentId", "environment_id"),
    ("eventType", "event_type"),
    ("source", "source"),
    ("status", "status"),
    ("traceId", "trace_id"),
    ("agentId", "agent_id"),
    ("agentName", "agent_name"),
    ("toolName", "tool_name"),
    ("semanticKind", "semantic_kind"),
    ("serviceName", "service_name"),
    ("operationName", "operation_name"),
    ("errorType", "error_type"),
];

/// Parameters that may be repeated, and the column each is compared with. `apiKey` is missing on
/// purpose: keys are masked before anything is stored.
pub(super) const TRACE_FILTERS: [(&str, &str); 14] = [
    ("service", "service_name"),
    ("operation", "operation_name"),
    ("model", "request_model"),
    ("provider", "provider_name"),
    ("agent", "agent_id"),
    ("tool", "tool_name"),
    ("source", "source"),
    ("app", "app_id"),
    ("environment", "environment_id"),
    ("release", "release"),
    ("status", "status"),
    ("session", "session_id"),
    ("user", "user_id"),
    ("semanticKind", "semantic_kind"),
];

/// What is compared for equality, and the column each is compared with.
pub(super) const COHORT_FILTERS: [(&str, &str); 9] = [
    ("source", "source"),
    ("model", "request_model"),
    ("provider", "provider_name"),
    ("app", "app_id"),
    ("channel", "channel_id"),
    ("user", "user_id"),
    ("service", "service_name"),
    ("operation", "operation_name"),
    ("errorType", "error_type"),
];

const WINDOW: &[Parameter] = &[
    time("since").about("The first moment that counts. Without it, 24 hours before `until`."),
    time("until").about("The first moment that no longer counts. Without it, now."),
];

const LIMIT: &[Parameter] = &[integer("limit", 1, 500).usually("50")];

const EVENTS: &[Parameter] = &named(&EVENT_FILTERS, Shape::Words);

const SEARCH: &[Parameter] = &[
    text("q").about("Text that an event contains, in whatever case."),
    text("attrKey").about("The name of an attribute, to be sent along with `attrValue`."),
    text("attrValue").about("What that attribute is."),
];

/// Which events an analysis is about.
const COHORT: &[Parameter] = &named(&COHORT_FILTERS, Shape::Words);

const COHORT_MORE: &[Parameter] = &[
    ENVIRONMENT,
    text("filterTagKey").about("The name of an attribute, to be sent along with `filterTagValue`."),
    text("filterTagValue").about("What that attribute is."),
    text("apiKey").about("Refused with 501 by this server: it keeps no keys."),
];

const BUCKET: &[Parameter] = &[choice("bucket", &["hour", "day"])];

const ENVIRONMENT: Parameter = text("environment").about("The slug of an environment, or its id.");

const TAG_KEY: Parameter = text("tagKey").about("The attribute that the dimension `tag` stands for.");
