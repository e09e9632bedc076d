//! What the server is, what it can do, and whether it is well.

use http::Method;

use super::read::models;
use crate::{client::AxonPush, error::Error};

models! {
    /// What the server can do.
    Capabilities {
        /// Its version.
        version: String = "version",
        /// What API keys may be allowed.
        api_key_scopes: Vec<ApiKeyScope> = "apiKeyScopes",
        /// What is switched on.
        feature_flags: FeatureFlags = "featureFlags",
        /// The license it runs under.
        license: License = "license",
        /// What there is to set.
        controls: Controls = "controls",
    }

    /// Something that an API key may be allowed.
    ApiKeyScope {
        /// Its name, such as `events:publish`.
        scope: String = "scope",
        /// What it is about.
        category: String = "category",
        /// What it allows.
        description: String = "description",
    }

    /// What there is to set.
    Controls {
        /// Analytics.
        analytics: AnalyticsControl = "analytics",
        /// The audit trail.
        audit_trail: AuditControl = "auditTrail",
        /// Moderation of requests and responses; newer servers have none.
        inline_moderation: Option<ModerationControl> = "inlineModeration",
        /// Limits of spending; newer servers have none.
        spend_policies: Option<SpendControl> = "spendPolicies",
    }

    /// What analytics can do.
    AnalyticsControl {
        /// Whether there are any.
        enabled: bool = "enabled",
        /// Whether attributes are dimensions.
        custom_dimensions: bool = "customDimensions",
        /// Whether there are dashboards.
        dashboards: bool = "dashboards",
        /// Whether a tag filters.
        tag_filter: bool = "tagFilter",
        /// What sums are broken down by.
        breakdown_dimensions: Vec<String> = "breakdownDimensions",
    }

    /// What the audit trail can do.
    AuditControl {
        /// Whether there is one.
        enabled: bool = "enabled",
        /// What it is written in.
        formats: Vec<String> = "formats",
    }

    /// What moderation can do.
    ModerationControl {
        /// Whether there is any.
        enabled: bool = "enabled",
        /// What it does.
        actions: Vec<String> = "actions",
        /// What it looks for.
        detectors: Vec<String> = "detectors",
        /// What it looks at.
        targets: Vec<String> = "targets",
    }

    /// What limits of spending can do.
    SpendControl {
        /// Whether there are any.
        enabled: bool = "enabled",
        /// What they do.
        actions: Vec<String> = "actions",
        /// What they count by.
        dimensions: Vec<String> = "dimensions",
        /// What time they count over.
        windows: Vec<String> = "windows",
    }

    /// What is switched on for the caller.
    FeatureFlags {
        /// The second generation of analytics.
        analytics_v2: bool = "analyticsV2",
        /// Events are stored after they are answered.
        async_ingest: bool = "asyncIngest",
        /// Environments.
        environments: bool = "environments",
        /// The server for agents.
        mcp_server: bool = "mcpServer",
        /// Sentry clients may publish.
        sentry_ingest: bool = "sentryIngest",
        /// Billing; older servers don't say.
        billing: bool = "billing",
    }

    /// The license of the server.
    License {
        /// How it stands.
        status: String = "status",
        /// Which edition it is.
        edition: Option<String> = "edition",
        /// Which tier of that.
        tier: Option<String> = "tier",
        /// What is to be said of it.
        message: Option<String> = "message",
        /// When it ends.
        expires_at: Option<String> = "expiresAt",
    }

    /// Whether the server is well.
    ServerHealth {
        /// `ok` if it is.
        status: String = "status",
        /// Which part of the service answered.
        service: String = "service",
        /// Its version.
        version: String = "version",
    }
}

impl AxonPush {
    /// What the server can do.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn capabilities(&self) -> Result<Capabilities, Error> {
        self.operation("reading capabilities", Method::GET, "/capabilities").ask().await
    }

    /// What is switched on for the caller.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn feature_flags(&self) -> Result<FeatureFlags, Error> {
        self.operation("reading feature flags", Method::GET, "/feature-flags/me").ask().await
    }

    /// The license of the server.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn license(&self) -> Result<License, Error> {
        self.operation("reading the license", Method::GET, "/license").ask().await
    }

    /// Whether the server is well, asked of the server itself. How well events get there is
    /// [`Stats::health`](crate::Stats::health).
    ///
    /// # Errors
    ///
    /// When every attempt failed. The key is not looked at.
    pub async fn health(&self) -> Result<ServerHealth, Error> {
        self.operation("asking after the server", Method::GET, "/healthz").ask().await
    }
}
