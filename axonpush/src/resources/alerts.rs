//! Alert rules, and when they fired.

use http::Method;

use super::{
    filters::{Fields, at_most},
    read::models,
};
use crate::{
    client::AxonPush,
    error::Error,
    event::{AppId, EnvironmentId},
};

models! {
    /// A rule that says when somebody is to be told.
    AlertRule {
        /// Its id.
        alert_rule_id: String = "alertRuleId" | "alertId" | "id",
        /// The organization.
        org_id: String = "orgId",
        /// Its name.
        name: String = "name",
        /// What is measured.
        metric: String = "metric",
        /// How it is compared with the threshold.
        operator: String = "operator",
        /// The threshold.
        threshold: f64 = "threshold",
        /// `email` or `webhook`.
        destination_type: String = "destinationType",
        /// Who is told.
        destination: String = "destination",
        /// Whether it is in force.
        enabled: bool = "enabled",
        /// The application it looks at; all of them if there is none.
        app_id: Option<AppId> = "appId",
        /// The environment it looks at.
        environment_id: Option<EnvironmentId> = "environmentId",
        /// The model it looks at.
        model: Option<String> = "model",
        /// The release it looks at.
        release: Option<String> = "release",
        /// The service it looks at.
        service: Option<String> = "service",
        /// When it was created.
        created_at: String = "createdAt",
        /// When it was changed last.
        updated_at: Option<String> = "updatedAt",
    }

    /// One time that a rule fired.
    AlertOccurrence {
        /// Its id.
        occurrence_id: String = "occurrenceId" | "id",
        /// When.
        fired_at: String = "firedAt",
        /// What was measured.
        metric: String = "metric",
        /// What came of it.
        value: f64 = "value",
        /// The threshold then.
        threshold: f64 = "threshold",
        /// How it stands, in the server's words.
        state: String = "state",
        /// What was said.
        message: Option<String> = "message",
    }
}

/// What an alert measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlertMetric {
    /// Errors.
    ErrorCount,
    /// The share of events that are errors.
    ErrorRate,
    /// How long events took, in milliseconds.
    LatencyMs,
    /// What they cost, in US dollars.
    CostUsd,
    /// Lifecycles that began and did not end; newer servers know it.
    LifecycleOpen,
}

/// How an alert compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlertOperator {
    /// More than the threshold.
    GreaterThan,
    /// So much, or more.
    AtLeast,
    /// Less than the threshold.
    LessThan,
    /// So much, or less.
    AtMost,
}

impl AxonPush {
    /// Alert rules, and when they fired.
    ///
    /// ```
    /// use axonpush::{AxonPush, resources::{AlertMetric, AlertOperator, NewAlert}};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// let alert = NewAlert::email("slow checkout", "ops@shop.example")
    ///     .when(AlertMetric::LatencyMs, AlertOperator::GreaterThan, 2_000.0)
    ///     .service("checkout");
    /// let rule = client.alerts().create(alert).await?;
    /// assert_eq!(rule.metric, "latency_ms");
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn alerts(&self) -> Alerts<'_> {
        Alerts { client: self }
    }
}

/// Alert rules; made by [`AxonPush::alerts`].
#[derive(Debug, Clone, Copy)]
pub struct Alerts<'a> {
    client: &'a AxonPush,
}

impl Alerts<'_> {
    /// All of them. A disabled client has none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn list(&self) -> Result<Vec<AlertRule>, Error> {
        self.client.operation("listing alerts", Method::GET, "/v2/alerts").ask().await
    }

    /// Creates one.
    ///
    /// # Errors
    ///
    /// When the server refuses, or was not heard of; then it may have been created.
    pub async fn create(&self, alert: NewAlert) -> Result<AlertRule, Error> {
        self.client.operation("creating an alert", Method::POST, "/v2/alerts").json(&alert.0).ask().await
    }

    /// Changes one.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn update(&self, alert_rule_id: impl AsRef<str>, update: AlertUpdate) -> Result<AlertRule, Error> {
        let request = self.client.operation("changing an alert", Method::PATCH, "/v2/alerts/{alertRuleId}");
        request.segment(alert_rule_id).json(&update.0).ask().await
    }

    /// Deletes one.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the server refuses, or every attempt failed.
    pub async fn delete(&self, alert_rule_id: impl AsRef<str>) -> Result<(), Error> {
        let request = self.client.operation("deleting an alert", Method::DELETE, "/v2/alerts/{alertRuleId}");
        request.segment(alert_rule_id).ask().await
    }

    /// The last times that one fired: at most so many, 1 to 500; 50 if there is no `limit`. A disabled client knows of
    /// none.
    ///
    /// # Errors
    ///
    /// When there is none of this id, the limit is not in 1 to 500, the server refuses, or every attempt failed.
    pub async fn occurrences(
        &self,
        alert_rule_id: impl AsRef<str>,
        limit: Option<u32>,
    ) -> Result<Vec<AlertOccurrence>, Error> {
        let path = "/v2/alerts/{alertRuleId}/occurrences";
        let request = self.client.operation("listing an alert's occurrences", Method::GET, path);
        request.segment(alert_rule_id).filtered(at_most(limit)).ask().await
    }
}

/// An alert rule to be. It needs a condition: [`when`](Self::when).
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an alert is not there until it is passed to `create`"]
pub struct NewAlert(Fields);

impl NewAlert {
    /// A rule of this name that tells somebody by mail.
    pub fn email(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self(
            Fields::default()
                .set("name", name.into())
                .set("destinationType", "email")
                .set("destination", address.into()),
        )
    }

    /// A rule of this name that tells an address by HTTP.
    pub fn webhook(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self(
            Fields::default().set("name", name.into()).set("destinationType", "webhook").set("destination", url.into()),
        )
    }

    /// What it takes.
    pub fn when(self, metric: AlertMetric, operator: AlertOperator, threshold: f64) -> Self {
        Self(condition(self.0, metric, operator, threshold))
    }

    /// Whether it is in force; the service's choice unless set.
    pub fn enabled(self, is_enabled: bool) -> Self {
        Self(self.0.set("enabled", is_enabled))
    }

    /// Looks at this application only.
    pub fn app_id(self, id: impl Into<AppId>) -> Self {
        Self(self.0.set("appId", id.into().as_str()))
    }

    /// Looks at this environment only.
    pub fn environment_id(self, id: impl Into<EnvironmentId>) -> Self {
        Self(self.0.set("environmentId", id.into().as_str()))
    }

    /// Looks at calls of this model only.
    pub fn model(self, name: impl Into<String>) -> Self {
        Self(self.0.set("model", name.into()))
    }

    /// Looks at this release only.
    pub fn release(self, release: impl Into<String>) -> Self {
        Self(self.0.set("release", release.into()))
    }

    /// Looks at this service only.
    pub fn service(self, name: impl Into<String>) -> Self {
        Self(self.0.set("service", name.into()))
    }
}

/// What of an alert rule is to change; the rest stays.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use = "a change does nothing until it is passed to `update`"]
pub struct AlertUpdate(Fields);

impl AlertUpdate {
    /// Nothing, yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its name.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.set("name", name.into()))
    }

    /// Tells this address by mail.
    pub fn email(self, address: impl Into<String>) -> Self {
        Self(self.0.set("destinationType", "email").set("destination", address.into()))
    }

    /// Tells this address by HTTP.
    pub fn webhook(self, url: impl Into<String>) -> Self {
        Self(self.0.set("destinationType", "webhook").set("destination", url.into()))
    }

    /// What it takes.
    pub fn when(self, metric: AlertMetric, operator: AlertOperator, threshold: f64) -> Self {
        Self(condition(self.0, metric, operator, threshold))
    }

    /// Whether it is in force.
    pub fn enabled(self, is_enabled: bool) -> Self {
        Self(self.0.set("enabled", is_enabled))
    }
}

fn condition(fields: Fields, metric: AlertMetric, operator: AlertOperator, threshold: f64) -> Fields {
    let metric = match metric {
        AlertMetric::ErrorCount => "error_count",
        AlertMetric::ErrorRate => "error_rate",
        AlertMetric::LatencyMs => "latency_ms",
        AlertMetric::CostUsd => "cost_usd",
        AlertMetric::LifecycleOpen => "lifecycle_open",
    };
    let operator = match operator {
        AlertOperator::GreaterThan => "gt",
        AlertOperator::AtLeast => "gte",
        AlertOperator::LessThan => "lt",
        AlertOperator::AtMost => "lte",
    };
    fields.set("metric", metric).set("operator", operator).set("threshold", threshold)
}
