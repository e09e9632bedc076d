//! What is created, kept and shown again.

use super::super::bodies;
use super::{Model, Of, Property, always, sometimes};

/// What everything that is kept has. `id` is the name under which the service's first generation had every id.
pub(super) const KEPT: Model =
    Model::new("Kept", &[always("id", Of::Text), always("orgId", Of::Text), always("createdAt", Of::Time)]);

/// The same of what can be changed.
pub(super) const CHANGEABLE: Model = Model::new("Changeable", &[sometimes("updatedAt", Of::Time)]).like(&KEPT);

pub(in super::super) const APP: Model = Model::new(
    "App",
    &[
        always("appId", Of::Text),
        always("name", Of::Text),
        sometimes("creatorUserId", Of::Text),
        sometimes("defaultBranch", Of::Text),
        sometimes("repoUrl", Of::Text),
    ],
)
.like(&CHANGEABLE);

pub(in super::super) const APPS: Model = Model::new("Apps", &[always("apps", Of::Each(&APP))]);

pub(in super::super) const CHANNEL: Model =
    Model::new("Channel", &[always("channelId", Of::Text), always("appId", Of::Text), always("name", Of::Text)])
        .like(&CHANGEABLE);

pub(in super::super) const CHANNELS: Model = Model::new("Channels", &[always("channels", Of::Each(&CHANNEL))]);

pub(in super::super) const ENVIRONMENT: Model = Model::new(
    "Environment",
    &[
        always("environmentId", Of::Text),
        always("slug", Of::Text),
        always("name", Of::Text),
        always("color", Of::Text),
        always("isDefault", Of::Boolean),
        always("isProduction", Of::Boolean),
        always("isEphemeral", Of::Boolean),
    ],
)
.like(&CHANGEABLE);

pub(in super::super) const ENVIRONMENTS: Model =
    Model::new("Environments", &[always("environments", Of::Each(&ENVIRONMENT))]);

const ENDPOINT: Model = Model::new(
    "Endpoint",
    &[
        always("endpointId", Of::Text),
        always("channelId", Of::Text),
        always("url", Of::Text),
        always("eventTypes", Of::Texts),
        always("hasSecret", Of::Boolean),
        always("active", Of::Boolean),
        sometimes("description", Of::Text),
    ],
)
.like(&KEPT);

pub(in super::super) const NEW_ENDPOINT: Model =
    Model::new("NewEndpoint", &[always("rawSecret", Of::Text)]).like(&ENDPOINT);

pub(in super::super) const ENDPOINTS: Model = Model::new("Endpoints", &[always("data", Of::Each(&ENDPOINT))]);

/// What became of an event on its way to somebody else.
const ATTEMPTED: Model = Model::new(
    "Attempted",
    &[
        always("deliveryId", Of::Text),
        always("eventId", Of::Text),
        always("createdAt", Of::Time),
        always("status", Of::Choice(&["pending", "success", "failed", "retrying"])),
        always("attempts", Of::Integer),
        sometimes("statusCode", Of::Integer),
        sometimes("error", Of::Text),
    ],
);

const DELIVERY: Model =
    Model::new("Delivery", &[always("endpointId", Of::Text), sometimes("nextRetryAt", Of::Time)]).like(&ATTEMPTED);

pub(in super::super) const DELIVERIES: Model = Model::new("Deliveries", &[always("data", Of::Each(&DELIVERY))]);

pub(in super::super) const MESSAGE: Model = Model::new("Message", &[always("message", Of::Text)]);

const TOKEN: Model = Model::new(
    "Token",
    &[
        always("tokenId", Of::Text),
        always("name", Of::Text),
        always("prefix", Of::Text),
        always("channelId", Of::Text),
        always("environmentId", Of::Text),
        always("active", Of::Boolean),
        sometimes("lastUsedAt", Of::Time),
    ],
)
.like(&CHANGEABLE);

pub(in super::super) const NEW_TOKEN: Model = Model::new("NewToken", &[always("token", Of::Text)]).like(&TOKEN);

pub(in super::super) const TOKENS: Model = Model::new("Tokens", &[always("tokens", Of::Each(&TOKEN))]);

pub(in super::super) const DASHBOARD: Model =
    Model::new("Dashboard", &[always("dashboardId", Of::Text), always("createdBy", Of::Text)])
        .like(&CHANGEABLE)
        .with(bodies::DASHBOARD);

pub(in super::super) const DASHBOARDS: Model = Model::new("Dashboards", &[always("dashboards", Of::Each(&DASHBOARD))]);

pub(in super::super) const FEEDBACK: Model =
    Model::new("Feedback", &[always("feedbackId", Of::Text), always("status", Of::Text)])
        .like(&CHANGEABLE)
        .with(bodies::FEEDBACK);

pub(in super::super) const FEEDBACKS: Model = Model::new("FeedbackList", &[always("feedback", Of::Each(&FEEDBACK))]);

pub(in super::super) const ACCESS_REQUEST: Model =
    Model::new("AccessRequested", &[always("ok", Of::Boolean), always("requestId", Of::Text), always("id", Of::Text)]);

pub(in super::super) const RULE: Model = Model::new(
    "ModerationRule",
    &[
        always("ruleId", Of::Text),
        always("enabled", Of::Boolean),
        always("pattern", Of::Text),
        always("target", Of::Text),
    ],
)
.like(&CHANGEABLE)
.with(bodies::RULE);

pub(in super::super) const RULES: Model = Model::new("ModerationRules", &[always("rules", Of::Each(&RULE))]);

pub(in super::super) const GOVERN_POLICY: Model =
    Model::new("GovernPolicy", &[POLICY_ID, always("enabled", Of::Boolean), always("enforcement", Of::Text)])
        .like(&CHANGEABLE)
        .with(bodies::GOVERN_POLICY);

pub(in super::super) const GOVERN_POLICIES: Model =
    Model::new("GovernPolicies", &[always("policies", Of::Each(&GOVERN_POLICY))]);

pub(in super::super) const SPEND_POLICY: Model =
    Model::new("SpendPolicy", &[POLICY_ID, always("enabled", Of::Boolean), always("cooldownMins", Of::Integer)])
        .like(&CHANGEABLE)
        .with(bodies::SPEND_POLICY);

pub(in super::super) const SPEND_POLICIES: Model =
    Model::new("SpendPolicies", &[always("policies", Of::Each(&SPEND_POLICY))]);

const POLICY_ID: Property = always("policyId", Of::Text);

/// Of headers, which may be credentials, only the names are shown.
pub(in super::super) const DESTINATION: Model = Model::new(
    "Destination",
    &[
        always("destinationId", Of::Text),
        always("name", Of::Text),
        always("envSlug", Of::Text),
        always("endpointUrl", Of::Text),
        always("signals", Of::Texts),
        always("headerKeys", Of::Texts),
        always("eventTypeFilter", Of::Texts),
        always("active", Of::Boolean),
        sometimes("serviceName", Of::Text),
    ],
)
.like(&CHANGEABLE);

pub(in super::super) const DESTINATIONS: Model = Model::new("Destinations", &[always("data", Of::Each(&DESTINATION))]);

pub(in super::super) const EXPORTED: Model =
    Model::new("ExportTested", &[always("deliveryId", Of::Text), always("signal", Of::Text)]);

const EXPORT: Model = Model::new("ExportDelivery", &[always("signal", Of::Text)]).like(&ATTEMPTED);

pub(in super::super) const EXPORTS: Model = Model::new("ExportDeliveries", &[always("deliveries", Of::Each(&EXPORT))]);
