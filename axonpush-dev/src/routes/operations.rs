//! Every operation of the server: what `/openapi.json` lists and what the audit log calls it.

use super::bodies;
use super::shape::Field;

/// One method of one path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    /// As the router has it.
    pub(super) path: &'static str,
    /// What it is about, a dot, and what it does with it.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// The status of its success.
    pub(super) status: u16,
    pub(super) body: Body,
}

/// What an operation is sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    None,
    /// A closed JSON object.
    Fields(&'static [Field]),
    /// The same, of which any may be left out.
    Changes(&'static [Field]),
    /// Any JSON object.
    Anything,
    /// Something else, of one of these types.
    Media(&'static [&'static str]),
}

impl Operation {
    /// What the operation is about.
    pub(super) fn tag(&self) -> &'static str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// Whether it changes something that somebody may want to know of later. Events are their own record.
    pub(super) fn is_audited(&self) -> bool {
        self.method != "GET" && !["event", "otlp", "sentry", "analytics", "dev"].contains(&self.tag())
    }

    /// Whether it answers without a key.
    pub(super) fn is_open(&self) -> bool {
        ["health", "page", "openapi"].contains(&self.tag())
    }

    /// The operation that the router has under `path`.
    pub(super) fn find(method: &str, path: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|known| known.method == method && known.path == path)
    }
}

const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation { method: "GET", path, id, summary, status: 200, body: Body::None }
}

const fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation { method: "DELETE", ..get(path, id, summary) }
}

const fn post(path: &'static str, id: &'static str, summary: &'static str, body: Body) -> Operation {
    Operation { method: "POST", body, ..get(path, id, summary) }
}

const fn create(path: &'static str, id: &'static str, summary: &'static str, fields: &'static [Field]) -> Operation {
    Operation { status: 201, ..post(path, id, summary, Body::Fields(fields)) }
}

const fn put(path: &'static str, id: &'static str, summary: &'static str, fields: &'static [Field]) -> Operation {
    Operation { method: "PUT", ..post(path, id, summary, Body::Fields(fields)) }
}

const fn patch(path: &'static str, id: &'static str, summary: &'static str, body: Body) -> Operation {
    Operation { method: "PATCH", ..post(path, id, summary, body) }
}

const OTLP: Body = Body::Media(&["application/x-protobuf", "application/json"]);

pub(super) const OPERATIONS: &[Operation] = &[
    get("/", "page.get", "What this server is and how to connect to it"),
    get("/healthz", "health.get", "Whether the server is up"),
    get("/openapi.json", "openapi.get", "This document"),
    post("/event", "event.publish", "Publish an event", Body::Fields(bodies::EVENT)),
    get("/events", "event.list", "Events, newest first"),
    get("/events/stream", "event.stream", "Events as they arrive, as server-sent events"),
    post("/v1/logs", "otlp.logs", "Publish OpenTelemetry's log records", OTLP),
    post("/v1/traces", "otlp.traces", "Publish OpenTelemetry's spans", OTLP),
    post("/api/{channel_id}/envelope/", "sentry.envelope", "What Sentry's SDKs send", ENVELOPE),
    post("/api/{channel_id}/envelope", "sentry.envelopePlain", "Likewise", ENVELOPE),
    post("/api/{channel_id}/store/", "sentry.store", "What they sent before there were envelopes", STORE),
    post("/api/{channel_id}/store", "sentry.storePlain", "Likewise", STORE),
    get("/traces", "trace.list", "Traces, summed up"),
    get("/traces/{trace_id}", "trace.get", "The events of a trace, in order"),
    get("/apps", "app.list", "Apps, newest first"),
    create("/apps", "app.create", "Create an app", bodies::NAME),
    get("/apps/{app_id}", "app.get", "An app"),
    patch("/apps/{app_id}", "app.update", "Change an app", Body::Fields(bodies::APP_CHANGE)),
    delete("/apps/{app_id}", "app.delete", "Delete an app and its channels"),
    get("/apps/{app_id}/channels", "channel.list", "The channels of an app"),
    create("/apps/{app_id}/channels", "channel.create", "Create a channel", bodies::NAME),
    get("/apps/{app_id}/channels/{channel_id}", "channel.get", "A channel"),
    put("/apps/{app_id}/channels/{channel_id}", "channel.update", "Rename a channel", bodies::NAME),
    delete("/apps/{app_id}/channels/{channel_id}", "channel.delete", "Delete a channel"),
    get("/channel", "channel.listOld", "Every channel, as earlier clients ask for them"),
    create("/channel", "channel.createOld", "Create a channel, as earlier clients do", bodies::OLD_CHANNEL),
    get("/channel/{channel_id}", "channel.getOld", "A channel, as earlier clients ask for it"),
    put("/channel/{channel_id}", "channel.replaceOld", "Rename a channel, as earlier clients do", bodies::NAME),
    patch("/channel/{channel_id}", "channel.updateOld", "Likewise", Body::Fields(bodies::NAME)),
    delete("/channel/{channel_id}", "channel.deleteOld", "Delete a channel, as earlier clients do"),
    get("/environments", "environment.list", "Environments"),
    create("/environments", "environment.create", "Create an environment", bodies::ENVIRONMENT),
    patch("/environments/{slug}", "environment.update", "Change one", Body::Fields(bodies::ENVIRONMENT_CHANGE)),
    delete("/environments/{slug}", "environment.delete", "Delete an environment"),
    post("/environments/{slug}/promote", "environment.promote", "Make an environment the default", Body::None),
    create("/webhooks/endpoints", "webhook.create", "Create a webhook endpoint", bodies::ENDPOINT),
    get("/webhooks/endpoints/channel/{channel_id}", "webhook.list", "The endpoints of a channel"),
    delete("/webhooks/endpoints/{endpoint_id}", "webhook.delete", "Delete an endpoint"),
    get("/webhooks/deliveries/{endpoint_id}", "webhook.deliveries", "What became of deliveries to an endpoint"),
    get("/public-ingest-tokens", "token.list", "Public tokens"),
    create("/public-ingest-tokens", "token.create", "Create a public token", bodies::TOKEN),
    delete("/public-ingest-tokens/{token_id}", "token.revoke", "Revoke a public token"),
    get("/user/me", "user.get", "Who is asking"),
    patch("/users/me", "user.update", "Change who is asking", Body::Fields(bodies::PROFILE)),
    patch("/users/me/active-org", "user.activate", "Choose one", Body::Fields(bodies::ACTIVE_ORGANIZATION)),
    get("/users/me/organizations", "user.organizations", "Organizations of whoever is asking"),
    get("/organization", "organization.get", "The organization that the request names"),
    patch("/organization", "organization.update", "Change it", Body::Fields(bodies::ORGANIZATION)),
    get("/capabilities", "capability.get", "What this server can do"),
    get("/feature-flags/me", "capability.flags", "The same, as flags"),
    get("/license", "capability.license", "What license it has"),
    delete("/organizations/{org_id}", "organization.delete", "Delete an organization"),
    get("/organizations/{org_id}/members", "member.list", "Its members"),
    patch("/organizations/{org_id}/members/{user_id}", "member.update", "Give a role", Body::Fields(bodies::ROLE)),
    delete("/organizations/{org_id}/members/{user_id}", "member.remove", "Remove a member"),
    get("/organizations/{org_id}/invitations", "invitation.list", "Who is invited"),
    create("/organizations/{org_id}/invitations", "invitation.create", "Invite somebody", bodies::INVITATION),
    delete("/organizations/{org_id}/invitations/{id}", "invitation.delete", "Take an invitation back"),
    post("/organizations/{org_id}/leave", "organization.leave", "Leave it", Body::None),
    post("/organizations/{org_id}/transfer-ownership", "organization.transfer", "Give it to another member", TRANSFER),
    post("/invitations/accept", "invitation.accept", "Accept one", Body::Fields(bodies::ACCEPTANCE)),
    get("/organizations/{org_id}/telemetry-policy", "telemetry.get", "What clients are asked to send"),
    patch("/organizations/{org_id}/telemetry-policy", "telemetry.update", "Ask for something else", Body::Anything),
    get("/analytics/ingestion-status", "analytics.status", "Whether any event is stored"),
    get("/analytics/timeseries", "analytics.timeseries", "Sums by hour or day"),
    get("/analytics/breakdown", "analytics.breakdown", "Sums by model, status, service and the like"),
    get("/analytics/latency", "analytics.latency", "Percentiles of durations"),
    get("/analytics/overview", "analytics.overview", "All of these in one"),
    get("/analytics/heatmap", "analytics.heatmap", "Durations by time"),
    get("/analytics/dimensions", "analytics.dimensions", "The attributes of stored events"),
    get("/analytics/dimensions/values", "analytics.values", "The values of one of them"),
    post("/analytics/diff", "analytics.diff", "What sets events apart from others", Body::Fields(bodies::DIFF)),
    get("/errors", "issue.list", "Failures, grouped by what they have in common"),
    get("/errors/{fingerprint}", "issue.get", "One group: where, when, and what led to it"),
    patch("/errors/{fingerprint}", "issue.triage", "Decide about a group", Body::Fields(bodies::TRIAGE)),
    get("/errors/{fingerprint}/events", "issue.events", "The failures of a group, newest first"),
    get("/v2/alerts", "alert.list", "Alert rules"),
    create("/v2/alerts", "alert.create", "Create an alert rule", bodies::ALERT),
    get("/v2/alerts/{id}", "alert.get", "An alert rule"),
    put("/v2/alerts/{id}", "alert.replace", "Replace an alert rule", bodies::ALERT),
    patch("/v2/alerts/{id}", "alert.update", "Change an alert rule", Body::Changes(bodies::ALERT)),
    delete("/v2/alerts/{id}", "alert.delete", "Delete an alert rule"),
    get("/v2/alerts/{id}/occurrences", "alert.occurrences", "When a rule held, newest first"),
    get("/dashboards", "dashboard.list", "Dashboards"),
    create("/dashboards", "dashboard.create", "Create a dashboard", bodies::DASHBOARD),
    get("/dashboards/{id}", "dashboard.get", "A dashboard"),
    put("/dashboards/{id}", "dashboard.replace", "Replace a dashboard", bodies::DASHBOARD),
    patch("/dashboards/{id}", "dashboard.update", "Change a dashboard", Body::Changes(bodies::DASHBOARD)),
    delete("/dashboards/{id}", "dashboard.delete", "Delete a dashboard"),
    get("/feedback", "feedback.list", "Feedback that was given"),
    create("/feedback", "feedback.create", "Give feedback", bodies::FEEDBACK),
    get("/feedback/{id}", "feedback.get", "One piece of feedback"),
    put("/feedback/{id}", "feedback.replace", "Replace it", bodies::FEEDBACK),
    patch("/feedback/{id}", "feedback.update", "Change it", Body::Changes(bodies::FEEDBACK)),
    delete("/feedback/{id}", "feedback.delete", "Delete it"),
    create("/access-requests", "access.request", "Ask for access to the hosted service", bodies::ACCESS_REQUEST),
    get("/moderation/rules", "moderation.list", "Moderation rules"),
    create("/moderation/rules", "moderation.create", "Create a rule", bodies::RULE),
    get("/moderation/rules/{id}", "moderation.get", "A rule"),
    put("/moderation/rules/{id}", "moderation.replace", "Replace a rule", bodies::RULE),
    patch("/moderation/rules/{id}", "moderation.update", "Change a rule", Body::Changes(bodies::RULE)),
    delete("/moderation/rules/{id}", "moderation.delete", "Delete a rule"),
    get("/govern-policies", "govern.list", "Govern policies"),
    create("/govern-policies", "govern.create", "Create a policy", bodies::GOVERN_POLICY),
    get("/govern-policies/{id}", "govern.get", "A policy"),
    put("/govern-policies/{id}", "govern.replace", "Replace a policy", bodies::GOVERN_POLICY),
    patch("/govern-policies/{id}", "govern.update", "Change a policy", Body::Changes(bodies::GOVERN_POLICY)),
    delete("/govern-policies/{id}", "govern.delete", "Delete a policy"),
    get("/spend-policies", "spend.list", "Spend policies"),
    create("/spend-policies", "spend.create", "Create a policy", bodies::SPEND_POLICY),
    get("/spend-policies/{id}", "spend.get", "A policy"),
    put("/spend-policies/{id}", "spend.replace", "Replace a policy", bodies::SPEND_POLICY),
    patch("/spend-policies/{id}", "spend.update", "Change a policy", Body::Changes(bodies::SPEND_POLICY)),
    delete("/spend-policies/{id}", "spend.delete", "Delete a policy"),
    get("/export-destinations", "export.list", "Where events are exported to"),
    create("/export-destinations", "export.create", "Create a destination", bodies::DESTINATION),
    get("/export-destinations/{id}", "export.get", "A destination"),
    put("/export-destinations/{id}", "export.replace", "Replace a destination", bodies::DESTINATION),
    patch("/export-destinations/{id}", "export.update", "Change it", Body::Changes(bodies::DESTINATION_CHANGE)),
    delete("/export-destinations/{id}", "export.delete", "Delete a destination"),
    get("/export-destinations/{id}/deliveries", "export.deliveries", "What was sent there"),
    Operation { status: 202, ..post("/export-destinations/{id}/test", "export.test", "Send it a test", Body::None) },
    get("/audit-logs", "audit.list", "What was changed, newest first"),
    get("/audit-logs/verify", "audit.verify", "Whether the log is as it was written"),
    get("/audit-trail", "audit.trail", "What agents, tools and models did, newest first"),
    get("/dev/events", "dev.events", "Events, newest first, from where an earlier answer ended"),
    get("/dev/faults", "dev.faults", "What goes wrong on request"),
    post("/dev/faults", "dev.setFaults", "Let things go wrong", Body::Fields(bodies::FAULTS)),
];

const ENVELOPE: Body = Body::Media(&["application/x-sentry-envelope"]);
const STORE: Body = Body::Media(&["application/json"]);
const TRANSFER: Body = Body::Fields(bodies::TRANSFER);
