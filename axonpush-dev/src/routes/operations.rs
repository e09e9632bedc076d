//! Every operation of the server: what `/openapi.json` lists and what the audit log calls it.

// In tests, clippy has nothing against it.
#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the table names nearly all of them"))]
use super::models::*;
use super::operation::Answer::{Anything, Each, Media, One, Otlp};
use super::operation::Body::{Changes, Fields};
use super::operation::{Body, Operation, create, delete, get, patch, post, put};
use super::{bodies, parameters as query};

pub(super) const OPERATIONS: &[Operation] = &[
    get("/", "page.get", "What this server is and how to connect to it", Media(&["text/plain", "text/html"])),
    get("/healthz", "health.get", "Whether the server is up", One(&HEALTH)),
    get("/openapi.json", "openapi.get", "This document", Anything),
    post("/event", "event.publish", "Publish an event", Fields(bodies::EVENT), One(&RECEIPT)),
    get("/events", "event.list", "Events, newest first", One(&EVENTS)).asks(query::EVENT_LIST),
    get("/events/stream", "event.stream", "Events as they arrive, server-sent", Media(&["text/event-stream"]))
        .asks(query::EVENT_STREAM),
    post("/v1/logs", "otlp.logs", "Publish OpenTelemetry's log records", OTLP, Otlp(&LOGS_STORED)),
    post("/v1/traces", "otlp.traces", "Publish OpenTelemetry's spans", OTLP, Otlp(&SPANS_STORED)),
    post("/api/{channel_id}/envelope/", "sentry.envelope", "What Sentry's SDKs send", ENVELOPE, One(&SENTRY_STORED)),
    post(
        "/api/{channel_id}/envelope",
        "sentry.envelopePlain",
        "What Sentry's SDKs send",
        ENVELOPE,
        One(&SENTRY_STORED),
    ),
    post("/api/{channel_id}/store/", "sentry.store", "What Sentry's SDKs used to send", STORE, One(&SENTRY_STORED)),
    post("/api/{channel_id}/store", "sentry.storePlain", "What Sentry's SDKs used to send", STORE, One(&SENTRY_STORED)),
    get("/traces", "trace.list", "Traces, summed up", One(&TRACES)).asks(query::TRACE_LIST),
    get("/traces/{trace_id}", "trace.get", "The events of a trace, in order", One(&TRACE_DETAIL)),
    get("/apps", "app.list", "Apps, newest first", One(&APPS)),
    create("/apps", "app.create", "Create an app", bodies::NAME, One(&APP)),
    get("/apps/{app_id}", "app.get", "An app", One(&APP)),
    patch("/apps/{app_id}", "app.update", "Change an app", Fields(bodies::APP_CHANGE), One(&APP)),
    delete("/apps/{app_id}", "app.delete", "Delete an app and its channels"),
    get("/apps/{app_id}/channels", "channel.list", "The channels of an app", One(&CHANNELS)),
    create("/apps/{app_id}/channels", "channel.create", "Create a channel", bodies::NAME, One(&CHANNEL)),
    get("/apps/{app_id}/channels/{channel_id}", "channel.get", "A channel", One(&CHANNEL)),
    put("/apps/{app_id}/channels/{channel_id}", "channel.update", "Rename a channel", bodies::NAME, One(&CHANNEL)),
    delete("/apps/{app_id}/channels/{channel_id}", "channel.delete", "Delete a channel"),
    get("/channel", "channel.listOld", "Every channel, as earlier clients ask for them", Each(&CHANNEL)),
    create(
        "/channel",
        "channel.createOld",
        "Create a channel, as earlier clients do",
        bodies::OLD_CHANNEL,
        One(&CHANNEL),
    ),
    get("/channel/{channel_id}", "channel.getOld", "A channel, as earlier clients ask for it", One(&CHANNEL)),
    put(
        "/channel/{channel_id}",
        "channel.replaceOld",
        "Rename a channel, as earlier clients do",
        bodies::NAME,
        One(&CHANNEL),
    ),
    patch(
        "/channel/{channel_id}",
        "channel.updateOld",
        "Rename a channel, as earlier clients do",
        Fields(bodies::NAME),
        One(&CHANNEL),
    ),
    delete("/channel/{channel_id}", "channel.deleteOld", "Delete a channel, as earlier clients do"),
    get("/environments", "environment.list", "Environments", One(&ENVIRONMENTS)),
    create("/environments", "environment.create", "Create an environment", bodies::ENVIRONMENT, One(&ENVIRONMENT)),
    patch(
        "/environments/{slug}",
        "environment.update",
        "Change an environment",
        Fields(bodies::ENVIRONMENT_CHANGE),
        One(&ENVIRONMENT),
    ),
    delete("/environments/{slug}", "environment.delete", "Delete an environment"),
    post(
        "/environments/{slug}/promote",
        "environment.promote",
        "Make an environment the default",
        Body::None,
        One(&ENVIRONMENT),
    ),
    create("/webhooks/endpoints", "webhook.create", "Create a webhook endpoint", bodies::ENDPOINT, One(&NEW_ENDPOINT)),
    get("/webhooks/endpoints/channel/{channel_id}", "webhook.list", "The endpoints of a channel", One(&ENDPOINTS)),
    delete("/webhooks/endpoints/{endpoint_id}", "webhook.delete", "Delete an endpoint").answers(One(&MESSAGE)),
    get(
        "/webhooks/deliveries/{endpoint_id}",
        "webhook.deliveries",
        "What became of deliveries to an endpoint",
        One(&DELIVERIES),
    ),
    get("/public-ingest-tokens", "token.list", "Public tokens", One(&TOKENS)),
    create("/public-ingest-tokens", "token.create", "Create a public token", bodies::TOKEN, One(&NEW_TOKEN)),
    delete("/public-ingest-tokens/{token_id}", "token.revoke", "Revoke a public token"),
    get("/user/me", "user.get", "Who is asking", One(&ME)),
    patch("/users/me", "user.update", "Change the name of whoever is asking", Fields(bodies::PROFILE), One(&ME)),
    patch(
        "/users/me/active-org",
        "user.activate",
        "Choose the active organization",
        Fields(bodies::ACTIVE_ORGANIZATION),
        One(&DONE),
    ),
    get("/users/me/organizations", "user.organizations", "The organizations of whoever is asking", One(&ORGANIZATIONS)),
    get("/organization", "organization.get", "The organization that the request names", One(&ORGANIZATION)),
    patch(
        "/organization",
        "organization.update",
        "Change the organization that the request names",
        Fields(bodies::ORGANIZATION),
        One(&ORGANIZATION),
    ),
    get("/capabilities", "capability.get", "What this server can do", One(&CAPABILITIES)),
    get("/feature-flags/me", "capability.flags", "What this server can do, as flags", One(&FLAGS)),
    get("/license", "capability.license", "What license this server has", One(&LICENSE)),
    delete("/organizations/{org_id}", "organization.delete", "Delete an organization"),
    get("/organizations/{org_id}/members", "member.list", "The members of an organization", One(&MEMBERS)),
    patch(
        "/organizations/{org_id}/members/{user_id}",
        "member.update",
        "Give a member another role",
        Fields(bodies::ROLE),
        One(&CHANGED_MEMBER),
    ),
    delete("/organizations/{org_id}/members/{user_id}", "member.remove", "Remove a member"),
    get(
        "/organizations/{org_id}/invitations",
        "invitation.list",
        "Who is invited to an organization",
        One(&INVITATIONS),
    ),
    create(
        "/organizations/{org_id}/invitations",
        "invitation.create",
        "Invite somebody",
        bodies::INVITATION,
        One(&INVITATION),
    ),
    delete("/organizations/{org_id}/invitations/{id}", "invitation.delete", "Take an invitation back"),
    post("/organizations/{org_id}/leave", "organization.leave", "Leave an organization", Body::None, One(&DONE)),
    post(
        "/organizations/{org_id}/transfer-ownership",
        "organization.transfer",
        "Give an organization to another of its members",
        TRANSFER,
        One(&DONE),
    ),
    post(
        "/invitations/accept",
        "invitation.accept",
        "Accept an invitation",
        Fields(bodies::ACCEPTANCE),
        One(&ACCEPTED),
    ),
    get(
        "/organizations/{org_id}/telemetry-policy",
        "telemetry.get",
        "What clients are asked to send",
        One(&TELEMETRY_POLICY),
    ),
    patch(
        "/organizations/{org_id}/telemetry-policy",
        "telemetry.update",
        "Ask clients to send something else",
        Body::Anything,
        One(&TELEMETRY_POLICY),
    ),
    get("/analytics/ingestion-status", "analytics.status", "Whether any event is stored", One(&INGESTION_STATUS))
        .asks(query::INGESTION_STATUS),
    get("/analytics/timeseries", "analytics.timeseries", "Sums by hour or day", One(&TIMESERIES))
        .asks(query::TIMESERIES),
    get("/analytics/breakdown", "analytics.breakdown", "Sums by model, status, service and the like", One(&BREAKDOWN))
        .asks(query::BREAKDOWN),
    get("/analytics/latency", "analytics.latency", "Percentiles of durations", One(&LATENCY)).asks(query::LATENCY),
    get("/analytics/overview", "analytics.overview", "Sums by time, percentiles and breakdowns in one", One(&OVERVIEW))
        .asks(query::OVERVIEW),
    get("/analytics/heatmap", "analytics.heatmap", "Durations by time", One(&HEATMAP)).asks(query::HEATMAP),
    get("/analytics/dimensions", "analytics.dimensions", "The attributes of stored events", One(&DIMENSIONS))
        .asks(query::DIMENSION_LIST),
    get("/analytics/dimensions/values", "analytics.values", "The values of an attribute", One(&VALUES))
        .asks(query::DIMENSION_VALUES),
    post("/analytics/diff", "analytics.diff", "What sets events apart from others", Fields(bodies::DIFF), One(&DIFF)),
    get("/errors", "issue.list", "Failures, grouped by what they have in common", One(&ISSUES)).asks(query::ISSUE_LIST),
    get("/errors/{fingerprint}", "issue.get", "One group: where, when, and what led to it", One(&ISSUE_DETAIL))
        .asks(query::ISSUE),
    patch("/errors/{fingerprint}", "issue.triage", "Decide about a group", Fields(bodies::TRIAGE), One(&TRIAGED)),
    get("/errors/{fingerprint}/events", "issue.events", "The failures of a group, newest first", One(&EVENTS))
        .asks(query::ISSUE_EVENTS),
    get("/v2/alerts", "alert.list", "Alert rules", One(&ALERTS)),
    create("/v2/alerts", "alert.create", "Create an alert rule", bodies::ALERT, One(&ALERT)),
    get("/v2/alerts/{id}", "alert.get", "An alert rule", One(&ALERT)),
    put("/v2/alerts/{id}", "alert.replace", "Replace an alert rule", bodies::ALERT, One(&ALERT)),
    patch("/v2/alerts/{id}", "alert.update", "Change an alert rule", Changes(bodies::ALERT), One(&ALERT)),
    delete("/v2/alerts/{id}", "alert.delete", "Delete an alert rule").answers(One(&ALERT_DELETED)),
    get("/v2/alerts/{id}/occurrences", "alert.occurrences", "When a rule held, newest first", One(&OCCURRENCES))
        .asks(query::OCCURRENCES),
    get("/dashboards", "dashboard.list", "Dashboards", One(&DASHBOARDS)),
    create("/dashboards", "dashboard.create", "Create a dashboard", bodies::DASHBOARD, One(&DASHBOARD)),
    get("/dashboards/{id}", "dashboard.get", "A dashboard", One(&DASHBOARD)),
    put("/dashboards/{id}", "dashboard.replace", "Replace a dashboard", bodies::DASHBOARD, One(&DASHBOARD)),
    patch("/dashboards/{id}", "dashboard.update", "Change a dashboard", Changes(bodies::DASHBOARD), One(&DASHBOARD)),
    delete("/dashboards/{id}", "dashboard.delete", "Delete a dashboard"),
    get("/feedback", "feedback.list", "Feedback that was given", One(&FEEDBACKS)),
    create("/feedback", "feedback.create", "Give feedback", bodies::FEEDBACK, One(&FEEDBACK)),
    get("/feedback/{id}", "feedback.get", "One piece of feedback", One(&FEEDBACK)),
    put("/feedback/{id}", "feedback.replace", "Replace a piece of feedback", bodies::FEEDBACK, One(&FEEDBACK)),
    patch("/feedback/{id}", "feedback.update", "Change a piece of feedback", Changes(bodies::FEEDBACK), One(&FEEDBACK)),
    delete("/feedback/{id}", "feedback.delete", "Delete a piece of feedback"),
    create(
        "/access-requests",
        "access.request",
        "Ask for access to the hosted service",
        bodies::ACCESS_REQUEST,
        One(&ACCESS_REQUEST),
    ),
    get("/moderation/rules", "moderation.list", "Moderation rules", One(&RULES)),
    create("/moderation/rules", "moderation.create", "Create a moderation rule", bodies::RULE, One(&RULE)),
    get("/moderation/rules/{id}", "moderation.get", "A moderation rule", One(&RULE)),
    put("/moderation/rules/{id}", "moderation.replace", "Replace a moderation rule", bodies::RULE, One(&RULE)),
    patch("/moderation/rules/{id}", "moderation.update", "Change a moderation rule", Changes(bodies::RULE), One(&RULE)),
    delete("/moderation/rules/{id}", "moderation.delete", "Delete a moderation rule"),
    get("/govern-policies", "govern.list", "Govern policies", One(&GOVERN_POLICIES)),
    create("/govern-policies", "govern.create", "Create a govern policy", bodies::GOVERN_POLICY, One(&GOVERN_POLICY)),
    get("/govern-policies/{id}", "govern.get", "A govern policy", One(&GOVERN_POLICY)),
    put(
        "/govern-policies/{id}",
        "govern.replace",
        "Replace a govern policy",
        bodies::GOVERN_POLICY,
        One(&GOVERN_POLICY),
    ),
    patch(
        "/govern-policies/{id}",
        "govern.update",
        "Change a govern policy",
        Changes(bodies::GOVERN_POLICY),
        One(&GOVERN_POLICY),
    ),
    delete("/govern-policies/{id}", "govern.delete", "Delete a govern policy"),
    get("/spend-policies", "spend.list", "Spend policies", One(&SPEND_POLICIES)),
    create("/spend-policies", "spend.create", "Create a spend policy", bodies::SPEND_POLICY, One(&SPEND_POLICY)),
    get("/spend-policies/{id}", "spend.get", "A spend policy", One(&SPEND_POLICY)),
    put("/spend-policies/{id}", "spend.replace", "Replace a spend policy", bodies::SPEND_POLICY, One(&SPEND_POLICY)),
    patch(
        "/spend-policies/{id}",
        "spend.update",
        "Change a spend policy",
        Changes(bodies::SPEND_POLICY),
        One(&SPEND_POLICY),
    ),
    delete("/spend-policies/{id}", "spend.delete", "Delete a spend policy"),
    get("/export-destinations", "export.list", "Where events are exported to", One(&DESTINATIONS))
        .asks(query::DESTINATIONS),
    create(
        "/export-destinations",
        "export.create",
        "Create an export destination",
        bodies::DESTINATION,
        One(&DESTINATION),
    ),
    get("/export-destinations/{id}", "export.get", "An export destination", One(&DESTINATION)),
    put(
        "/export-destinations/{id}",
        "export.replace",
        "Replace an export destination",
        bodies::DESTINATION,
        One(&DESTINATION),
    ),
    patch(
        "/export-destinations/{id}",
        "export.update",
        "Change an export destination",
        Changes(bodies::DESTINATION_CHANGE),
        One(&DESTINATION),
    ),
    delete("/export-destinations/{id}", "export.delete", "Delete an export destination").answers(One(&MESSAGE)),
    get(
        "/export-destinations/{id}/deliveries",
        "export.deliveries",
        "What was sent to an export destination",
        One(&EXPORTS),
    ),
    post(
        "/export-destinations/{id}/test",
        "export.test",
        "Send a test to an export destination",
        Body::None,
        One(&EXPORTED),
    )
    .with_status(202),
    get("/audit-logs", "audit.list", "What was changed, newest first", One(&AUDIT_LOGS)).asks(query::AUDIT_LOGS),
    get("/audit-logs/verify", "audit.verify", "Whether the audit log is as it was written", One(&AUDIT_VERIFIED)),
    get("/audit-trail", "audit.trail", "What agents, tools and models did, newest first", One(&DECISIONS))
        .asks(query::AUDIT_TRAIL),
    get("/dev/events", "dev.events", "Events, newest first, from where an earlier answer ended", One(&EVENTS))
        .asks(query::OLDER_EVENTS),
    get("/dev/faults", "dev.faults", "What goes wrong on request", One(&FAULTS)),
    post("/dev/faults", "dev.setFaults", "Let things go wrong", Fields(bodies::FAULTS), One(&FAULTS)),
];

const ENVELOPE: Body = Body::Media(&["application/x-sentry-envelope"]);
const STORE: Body = Body::Media(&["application/json"]);
const TRANSFER: Body = Fields(bodies::TRANSFER);
const OTLP: Body = Body::Media(&["application/x-protobuf", "application/json"]);

/// The operation that the router has under `path`.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Operation> {
    // Whoever answers GET answers HEAD.
    let method = if method == "HEAD" { "GET" } else { method };
    OPERATIONS.iter().find(|known| known.method == method && known.path == path)
}
