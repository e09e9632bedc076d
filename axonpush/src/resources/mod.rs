//! What the service keeps beside events: what it shows of it, and what is asked for.
//!
//! Each resource is a method of [`AxonPush`](crate::AxonPush), such as [`apps`](crate::AxonPush::apps), and its calls go
//! one way: with the client's key and deadlines, retried as [`RetryPolicy`](crate::RetryPolicy) says, and failing with
//! its [`Error`](crate::Error). What there is no method for is asked for by
//! [`AxonPush::request`](crate::AxonPush::request). Code without async waits for any of them by
//! [`Blocking::wait`](crate::Blocking::wait).
//!
//! What changes something may be done though its answer is lost. A creation is therefore tried again only where the
//! server can't have heard of it; a deletion is, and a second attempt that finds nothing fails with 404.
//!
//! Dropping a future of these gives the request up, which the server may have got.

mod alerts;
mod analytics;
mod apps;
pub(crate) mod blocking;
mod channels;
mod dashboards;
mod environments;
pub(crate) mod events;
mod filters;
mod issues;
mod organizations;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod request;
pub(crate) mod secret;
mod service;
pub(crate) mod stored;
mod tokens;
mod traces;
mod users;
mod webhook_endpoints;

#[cfg(feature = "webhooks")]
pub(crate) use self::read::models;
pub use self::{
    alerts::{AlertMetric, AlertOccurrence, AlertOperator, AlertRule, AlertUpdate, Alerts, NewAlert},
    analytics::{
        Analytics, AnalyticsBreakdown, AnalyticsBucket, AnalyticsDimension, AnalyticsOverview, AnalyticsQuery,
        AnalyticsRow, Dimension, DimensionValue, DimensionValues, Heatmap, HeatmapBand, HeatmapCell, HeatmapScale,
        IngestionStatus, LatencyPercentiles, Timeseries, TimeseriesPoint,
    },
    apps::{App, AppUpdate, Apps},
    channels::{Channel, Channels},
    dashboards::{Dashboard, Dashboards, NewDashboard},
    environments::{Environment, EnvironmentUpdate, Environments, NewEnvironment},
    issues::{Issue, IssueBucket, IssueDetail, IssueEventQuery, IssueQuery, IssueStatus, IssueTriage, Issues, Triage},
    organizations::{
        AcceptedInvitation, Invitation, Member, Organization, OrganizationUpdate, Organizations, OwnOrganization, Role,
        TelemetryPolicy,
    },
    service::{
        AnalyticsControl, ApiKeyScope, AuditControl, Capabilities, Controls, FeatureFlags, License, ModerationControl,
        ServerHealth, SpendControl,
    },
    tokens::{CreatedToken, PublicToken, Tokens},
    traces::{Trace, TraceQuery, TraceSort, TraceSummary, Traces},
    users::{Me, Membership, Users},
    webhook_endpoints::{CreatedWebhook, NewWebhook, WebhookDelivery, WebhookEndpoint, Webhooks},
};
use self::{
    query::{SemanticKind, Source},
    request::ApiRequest,
    secret::Secret,
    stored::StoredEvent,
};
